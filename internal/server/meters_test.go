package server

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/query"
)

func TestMetrics(t *testing.T) {
	e, err := engine.Open(t.Context(), t.TempDir(), engine.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	s, err := prepare(t.Context(), Config{Engine: e, Listen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)}, &errands{ctx: t.Context()})
	if err != nil {
		t.Fatal(err)
	}
	h, _, err := s.handler(t.Context(), Serving{Addr: "127.0.0.1:8730", Token: "x"})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(path string) (int, string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
		r.Host, r.RemoteAddr = "127.0.0.1:8730", "127.0.0.1:50000"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	for range 3 {
		if _, err := s.src.Search(account.With(t.Context(), &account.Visitor{}), query.Query{}); err != nil {
			t.Fatal(err)
		}
		if code, _ := ask("/healthz"); code != 200 {
			t.Fatalf("status %d", code)
		}
	}
	if code, _ := ask("/api/v1/records"); code != 401 {
		t.Fatalf("status %d without log-in", code)
	}
	code, body := ask("/metrics")
	if code != 200 {
		t.Fatalf("%d %s", code, body)
	}
	for _, want := range []string{
		`akashi_searches_total{kind="records"} 3`, `akashi_search_duration_seconds_count{kind="records"} 3`, `akashi_http_requests_total{code="200"} 3`, `akashi_http_requests_total{code="401"} 1`,
		`akashi_search_duration_seconds_bucket{kind="records",le="120"} 3`, `# TYPE akashi_search_duration_seconds histogram`, `akashi_records 0`, `akashi_raw_events 0`, `akashi_imports 0`, `akashi_damage 0`, `akashi_archive_days_unsealed 0`, `akashi_import_running 0`,
	} {
		if !strings.Contains(body, want+"\n") {
			t.Errorf("no %q", want)
		}
	}
	if !regexp.MustCompile(`(?m)^akashi_disk_free_bytes [1-9]`).MatchString(body) {
		t.Error("no free space")
	}
	for line := range strings.Lines(body) {
		if !regexp.MustCompile(`^(akashi_[a-z_]+(\{[^}]*\})? \S+|# TYPE akashi_[a-z_]+ (counter|gauge|histogram))\n$`).MatchString(line) {
			t.Errorf("line %q", line)
		}
	}
}

func TestWhoMayMeasure(t *testing.T) {
	f := func(name string, who *account.Visitor, remote string, want bool, header ...string) {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody)
		r.RemoteAddr = remote
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		if got := mayMeasure(r.WithContext(account.With(r.Context(), who))); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	manager := &account.Visitor{Rights: account.Manage}
	narrow := &account.Visitor{Rights: account.AllRights, Scope: account.Scope{Servers: []string{"FS01"}}}
	f("this machine", nil, "127.0.0.1:999", true)
	f("this machine, IPv6", nil, "[::1]:999", true)
	f("behind a proxy", nil, "127.0.0.1:999", false, "X-Forwarded-For", "192.0.2.1")
	f("behind a proxy that says Forwarded", nil, "[::1]:999", false, "Forwarded", "for=192.0.2.1")
	f("another machine", nil, "192.0.2.1:999", false)
	f("no address", nil, "@", false)
	f("a manager", manager, "192.0.2.1:999", true)
	f("a manager behind a proxy", manager, "127.0.0.1:999", true, "X-Forwarded-For", "192.0.2.1")
	f("a manager of one server", narrow, "192.0.2.1:999", false)
	f("a viewer", &account.Visitor{Rights: account.See}, "192.0.2.1:999", false)
}
