package server

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/trail"
)

// entries is the whole trail, oldest first.
func entries(t *testing.T, e *engine.Engine) []trail.Entry {
	t.Helper()
	l, err := e.Trail(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, err := l.Read(t.Context(), trail.Filter{Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	var out []trail.Entry
	for _, x := range p.Lines {
		out = append(out, x.Entry)
	}
	slices.Reverse(out)
	return out
}

func TestFirstStartAndTrail(t *testing.T) {
	e, at, first := runFirst(t)
	f := func(name string, a ask, want int) string {
		t.Helper()
		got, body := a.do(t, at)
		if got != want {
			t.Errorf("%s: status %d, want %d: %.100s", name, got, want, body)
		}
		return body
	}
	f("wrong code", ask{method: "GET", path: "/first?code=x"}, 403)
	u, err := url.Parse(first)
	if err != nil {
		t.Fatal(err)
	}
	f("right code", ask{method: "GET", path: u.RequestURI()}, 200)
	cookie := firstAdmin(t, at, first)
	f("used code", ask{method: "GET", path: u.RequestURI()}, 403)
	in := []string{"Cookie", cookie}
	f("home", ask{method: "GET", path: "/", header: in}, 200)
	f("people", ask{method: "GET", path: "/settings/people", header: in}, 200)
	f("trail", ask{method: "GET", path: "/trail", header: in}, 200)
	f("approvals are for officers", ask{method: "GET", path: "/approvals", header: in}, 403)

	// A wrong log-in whose name is hostile, and one that is a password by mistake.
	for _, name := range []string{"boss", "x\n{\"who\":\"forged\"}", testPassword} {
		if res := post(t, at, "/login", url.Values{"name": {name}, "password": {"wrong password"}}, ""); res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("log-in of %q: %d", name, res.StatusCode)
		}
	}
	res := post(t, at, "/login", url.Values{"name": {"boss"}, "password": {testPassword}, "next": {"//evil.example/x"}}, "akashi_x=fixed")
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/" || cookieOf(res) == "" {
		t.Errorf("log-in: %d to %s", res.StatusCode, res.Header.Get("Location"))
	}
	mine := cookieOf(res)
	if res = post(t, at, "/logout", nil, mine); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/login" {
		t.Errorf("log-out: %d", res.StatusCode)
	}
	f("after the log-out", ask{method: "GET", path: "/", header: []string{"Cookie", mine}}, 303)
	b, err := os.ReadFile(filepath.Join(e.Dir(), "trail", time.Now().UTC().Format("2006-01")+".jsonl"))
	if err != nil || strings.Contains(string(b), "forged") || strings.Contains(string(b), testPassword) {
		t.Errorf("the trail holds what was typed in the wrong field: %s, %v", b, err)
	}
	var got []string
	for _, x := range entries(t, e) {
		if x.From != "127.0.0.1" {
			t.Errorf("address of %+v", x)
		}
		got = append(got, x.Who+" "+x.Action+" "+x.Result)
	}
	want := []string{"boss first ok", "boss trail ok", "boss page refused", "boss login failed", " login failed", "boss login ok", "boss logout ok"}
	if !slices.Equal(got, want) {
		t.Errorf("the trail tells %q, want %q", got, want)
	}
}

func TestOtherSitesAndFrames(t *testing.T) {
	_, at, first := runFirst(t)
	cookie := firstAdmin(t, at, first)
	for _, path := range []string{"/login", "/logout", "/login/demo", "/me/password", "/settings/people", "/settings/people/1/disable", "/approvals/1", "/first", "/look"} {
		for _, h := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
			if got, _ := (ask{method: "POST", path: path, header: append(h, "Cookie", cookie)}).do(t, at); got != 403 {
				t.Errorf("POST %s with %v: status %d, want 403", path, h, got)
			}
		}
		if got, _ := (ask{method: "GET", path: path, header: []string{"Cookie", cookie}}).do(t, at); path != "/login" && path != "/settings/people" && path != "/first" && got != 404 && got != 405 {
			t.Errorf("GET %s changes something? status %d", path, got)
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+at.Addr+"/login", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	for k, want := range map[string]string{"Content-Security-Policy": "frame-ancestors 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"} {
		if !strings.Contains(res.Header.Get(k), want) {
			t.Errorf("%s: %q, want %q", k, res.Header.Get(k), want)
		}
	}
	if res.Header.Get("Strict-Transport-Security") != "" {
		t.Error("plain HTTP asks for TLS")
	}
	for _, path := range []string{"/static/../../etc/passwd", "/static/%2e%2e/%2e%2e/etc/passwd", "/..%2fserve.json", "/serve.json", "/state.sqlite", "/trail/2026-11.jsonl", "/tls/key.pem", "/seal/key"} {
		if got, body := (ask{method: "GET", path: path, header: []string{"Cookie", cookie}}).do(t, at); got == 200 {
			t.Errorf("GET %s: status 200: %.60s", path, body)
		}
	}
}

// TestEveryMount: what is beside the pages says who may ask for it. A mount that is
// not here fails the test.
func TestEveryMount(t *testing.T) {
	e, at, first := runFirst(t)
	cookie := firstAdmin(t, at, first)
	book, err := e.People(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, err := book.Add(t.Context(), account.Actor{Name: "t"}, account.NewPerson{Name: "viewer", Roles: []account.Role{account.Viewer}, Password: testPassword})
	if err != nil {
		t.Fatal(err)
	}
	plain, _, err := book.AddToken(t.Context(), p.ID, "script", account.See, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	s := &service{cfg: Config{Engine: e}}
	want := map[string]struct{ nobody, admin, token, owner int }{
		"GET /healthz":         {200, 200, 200, 200},
		"POST /api/v1/imports": {401, 401, 401, 400},
		"POST /local/people":   {401, 401, 401, 400},
		"POST /local/evidence": {401, 401, 401, 400},
		"POST /local/renewal":  {401, 401, 401, 400},
		"GET /static/":         {404, 404, 404, 404},
		"/":                    {303, 200, 303, 303},
		"/api/v1/":             {404, 404, 404, 404}, // the table of routes is in package api
		"GET /metrics":         {200, 200, 200, 200}, // from this machine
	}
	for _, m := range s.mounts(t.Context(), &door{}, http.NotFoundHandler(), "x") {
		x, ok := want[m.pattern]
		if !ok {
			t.Errorf("%s: nobody decided who may ask for it", m.pattern)
			continue
		}
		method, path, ok := strings.Cut(m.pattern, " ")
		if !ok {
			method, path = "GET", m.pattern
		}
		for who, c := range map[string]struct {
			header []string
			want   int
		}{
			"nobody": {nil, x.nobody}, "admin": {[]string{"Cookie", cookie}, x.admin},
			"token": {[]string{"Authorization", "Bearer " + plain}, x.token}, "owner": {[]string{"Authorization", "Bearer " + at.Token}, x.owner},
		} {
			if got, body := (ask{method: method, path: path, header: c.header}).do(t, at); got != c.want {
				t.Errorf("%s as %s: status %d, want %d: %.80s", m.pattern, who, got, c.want, body)
			}
		}
	}
}

func TestDemonstration(t *testing.T) {
	dir := t.TempDir()
	e, err := engine.Open(t.Context(), dir, engine.Options{Create: true, Demo: true})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for listen, open := range map[string]bool{"127.0.0.1:0": true, "0.0.0.0:0": false} {
		s, err := prepare(t.Context(), Config{Engine: e, Listen: listen}, &errands{ctx: t.Context()})
		if err != nil {
			t.Fatal(err)
		}
		h, first, err := s.handler(t.Context(), Serving{Addr: "127.0.0.1:8730", Token: "x"})
		if err != nil || (first == "") != open {
			t.Errorf("%s: first start %q, %v", listen, first, err)
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1:8730/login/demo", nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if (w.Code == http.StatusSeeOther) != open {
			t.Errorf("%s: entry to the demonstration: %d", listen, w.Code)
		}
	}
}

func TestCommandLineIsHandedOver(t *testing.T) {
	e, at, first := runFirst(t)
	cookie := firstAdmin(t, at, first)
	body, err := json.Marshal(account.Command{Act: "reset", Name: "boss", By: "root@here"})
	if err != nil {
		t.Fatal(err)
	}
	code, answer := ask{method: "POST", path: "/local/people", body: string(body), header: []string{"Authorization", "Bearer " + at.Token}}.do(t, at)
	var a account.Answer
	if err := json.Unmarshal([]byte(answer), &a); err != nil || code != 200 || a.Password == "" {
		t.Fatalf("%d %s, %v", code, answer, err)
	}
	if got, _ := (ask{method: "GET", path: "/", header: []string{"Cookie", cookie}}).do(t, at); got != 303 {
		t.Errorf("the session of before goes on: %d", got)
	}
	res := post(t, at, "/login", url.Values{"name": {"boss"}, "password": {a.Password}}, "")
	if res.StatusCode != http.StatusSeeOther {
		t.Fatalf("log-in with the new password: %d", res.StatusCode)
	}
	if got, _ := (ask{method: "GET", path: "/search", header: []string{"Cookie", cookieOf(res)}}).do(t, at); got != 303 {
		t.Errorf("the password that another one chose opens the search: %d", got)
	}
	l := entries(t, e)
	if x := l[len(l)-2]; x.Action != "people.reset" || x.Who != "root@here" || x.From != "console" || x.Object != "boss" {
		t.Errorf("the trail tells %+v", x)
	}
}
