package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/evtx"
	"github.com/akashi-audit/akashi/internal/trail"
)

// run serves a new data folder until the test ends and returns the engine and
// what serve.json says.
func run(t *testing.T) (*engine.Engine, Serving) {
	t.Helper()
	e, at, _ := runFirst(t)
	return e, at
}

// runFirst is run with the address of the first start.
func runFirst(t *testing.T) (*engine.Engine, Serving, string) {
	t.Helper()
	dir := t.TempDir()
	e, err := engine.Open(t.Context(), dir, engine.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ready, ended := make(chan At, 1), make(chan error, 1)
	go func() {
		ended <- Serve(ctx, Config{Engine: e, Listen: "127.0.0.1:0", Ready: func(at At) { ready <- at }})
	}()
	first := ""
	select {
	case x := <-ready:
		first = x.First
	case err := <-ended:
		t.Fatalf("Serve: %v", err)
	}
	name := filepath.Join(e.Dir(), FileName)
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Serve ended with %v", err)
		}
		if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", FileName, err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var at Serving
	if err := json.Unmarshal(b, &at); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(name); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%s has mode %v, %v", FileName, st.Mode(), err)
	}
	return e, at, first
}

type ask struct {
	method, path, host, body string
	header                   []string
}

func (a ask) do(t *testing.T, at Serving) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), a.method, "http://"+at.Addr+a.path, strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = a.host
	for i := 0; i+1 < len(a.header); i += 2 {
		r.Header.Set(a.header[i], a.header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r) // a redirect is an answer
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func TestWhoGetsIn(t *testing.T) {
	_, at := run(t)
	bearer := []string{"Authorization", "Bearer " + at.Token}
	f := func(name string, a ask, want int) {
		t.Helper()
		if got, body := a.do(t, at); got != want {
			t.Errorf("%s: status %d, want %d: %.100s", name, got, want, body)
		}
	}
	_, port, err := net.SplitHostPort(at.Addr)
	if err != nil {
		t.Fatal(err)
	}
	f("page", ask{method: "GET", path: "/"}, 303)
	f("log-in", ask{method: "GET", path: "/login"}, 200)
	f("health", ask{method: "GET", path: "/healthz"}, 200)
	f("localhost", ask{method: "GET", path: "/login", host: "localhost:" + port}, 200)
	f("IPv6 name", ask{method: "GET", path: "/login", host: "[::1]:" + port}, 200)
	f("foreign name", ask{method: "GET", path: "/", host: "evil.example:" + port}, 421)
	f("foreign name that begins well", ask{method: "GET", path: "/healthz", host: "localhost.evil.example"}, 421)
	f("no token", ask{method: "POST", path: "/api/v1/imports", body: `{"paths":["/x"]}`}, 401)
	f("wrong token", ask{method: "POST", path: "/api/v1/imports", body: `{}`, header: []string{"Authorization", "Bearer x"}}, 401)
	f("other site", ask{method: "POST", path: "/api/v1/imports", body: `{}`, header: append([]string{"Sec-Fetch-Site", "cross-site"}, bearer...)}, 403)
	f("no paths", ask{method: "POST", path: "/api/v1/imports", body: `{}`, header: bearer}, 400)
	f("relative path", ask{method: "POST", path: "/api/v1/imports", body: `{"paths":["a"]}`, header: bearer}, 400)
	f("unknown key", ask{method: "POST", path: "/api/v1/imports", body: `{"path":"/a"}`, header: bearer}, 400)
	f("GET of imports", ask{method: "GET", path: "/api/v1/imports", header: bearer}, 404)
	f("people without token", ask{method: "POST", path: "/local/people", body: `{"act":"list"}`}, 401)
	f("people", ask{method: "POST", path: "/local/people", body: `{"act":"list"}`, header: bearer}, 200)
	f("unknown act", ask{method: "POST", path: "/local/people", body: `{"act":"burn","name":"x"}`, header: bearer}, 422)
}

func TestImport(t *testing.T) {
	e, at, first := runFirst(t)
	cookie := firstAdmin(t, at, first)
	dir := t.TempDir()
	writeLog(t, filepath.Join(dir, "Security.evtx"))
	if err := os.WriteFile(filepath.Join(dir, "broken.evtx"), []byte("no log at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(engine.ImportRequest{Paths: []string{dir}, Importer: "tester"})
	if err != nil {
		t.Fatal(err)
	}
	code, answer := ask{method: "POST", path: "/api/v1/imports", body: string(body), header: []string{"Authorization", "Bearer " + at.Token}}.do(t, at)
	if code != 200 {
		t.Fatalf("status %d: %s", code, answer)
	}
	if l := entries(t, e); !slices.ContainsFunc(l, func(x trail.Entry) bool {
		return x.Action == "import" && x.Who == "tester" && x.From == "console" && x.Object == dir
	}) {
		t.Errorf("the trail does not tell of the import: %+v", l)
	}
	var last importLine
	lines := 0
	for sc := bufio.NewScanner(strings.NewReader(answer)); sc.Scan(); lines++ {
		last = importLine{}
		if err := json.Unmarshal(sc.Bytes(), &last); err != nil {
			t.Fatalf("line %q: %v", sc.Text(), err)
		}
	}
	if last.Summary == nil || lines < 2 {
		t.Fatalf("%d lines, the last is no summary: %s", lines, answer)
	}
	if last.Summary.Events != 2 || last.Summary.Skipped != 1 {
		t.Errorf("%d events, %d files skipped, want 2 and 1", last.Summary.Events, last.Summary.Skipped)
	}
	if _, page := (ask{method: "GET", path: "/data", header: []string{"Cookie", cookie}}).do(t, at); !strings.Contains(page, "Security.evtx") || !strings.Contains(page, "tester") {
		t.Error("the data page does not show the import")
	}
}

// writeLog makes a log of two log-ons.
func writeLog(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	w, err := evtx.NewWriter(f, evtx.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	schema := event.NewSchema("EventData", []string{"TargetUserSid", "TargetUserName", "TargetDomainName", "TargetLogonId", "LogonType"})
	for i := range 2 {
		err := w.Write(&event.Event{
			Provider: "Microsoft-Windows-Security-Auditing", ID: 4624, Version: 2, Keywords: event.AuditSuccess | 1<<63,
			Time: event.FromUnixNano(1_790_000_000_000_000_000 + int64(i)*1e9), RecordID: uint64(100 + i), Channel: "Security", Computer: "FS01.example.jp",
			Schema: schema, Values: []event.Value{
				{Kind: event.KindSID, Str: "S-1-5-21-1-2-3-1001"}, event.String("tanaka"), event.String("CORP"),
				event.Uint(event.KindHex64, uint64(0x1000+i)), event.Uint(event.KindUint32, 2),
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestPortInUse(t *testing.T) {
	e, at := run(t)
	err := Serve(t.Context(), Config{Engine: e, Listen: at.Addr})
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("Serve on a used port = %v, want EADDRINUSE", err)
	}
}

// testPassword is the password of everybody in these tests.
const testPassword = "correct horse battery"

// firstAdmin makes the first administrator and returns the cookie of his session.
func firstAdmin(t *testing.T, at Serving, first string) string {
	t.Helper()
	u, err := url.Parse(first)
	if err != nil || u.Query().Get("code") == "" {
		t.Fatalf("address of the first start %q: %v", first, err)
	}
	v := url.Values{"code": {u.Query().Get("code")}, "name": {"boss"}, "password": {testPassword}, "again": {testPassword}}
	res := post(t, at, "/first", v, "")
	c := cookieOf(res)
	if res.StatusCode != http.StatusSeeOther || c == "" {
		t.Fatalf("first start: status %d, cookie %q", res.StatusCode, c)
	}
	return c
}

// post sends a form with a cookie and returns the answer, whose body is closed.
func post(t *testing.T, at Serving, path string, v url.Values, cookie string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+at.Addr+path, strings.NewReader(v.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Cookie", cookie)
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return res
}

// cookieOf is the cookie of the session that an answer sets, "" for none.
func cookieOf(res *http.Response) string {
	for _, c := range res.Cookies() {
		if strings.Contains(c.Name, "akashi") && !strings.Contains(c.Name, "device") && !strings.Contains(c.Name, "lang") && c.MaxAge >= 0 {
			return c.Name + "=" + c.Value
		}
	}
	return ""
}
