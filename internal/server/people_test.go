package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
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
	"github.com/akashi-audit/akashi/internal/config"
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
		if res := post(t, at, "/login", url.Values{"name": {name}, "password": {"wrong password"}}, ""); res.StatusCode != 422 {
			t.Errorf("log-in of %q: %d", name, res.StatusCode)
		}
	}
	res := post(t, at, "/login", url.Values{"name": {"boss"}, "password": {testPassword}, "next": {"//evil.example/x"}}, "akashi_x=fixed")
	if res.StatusCode != 303 || res.Header.Get("Location") != "/" || cookieOf(res) == "" {
		t.Errorf("log-in: %d to %s", res.StatusCode, res.Header.Get("Location"))
	}
	mine := cookieOf(res)
	if res = post(t, at, "/logout", nil, mine); res.StatusCode != 303 || res.Header.Get("Location") != "/login" {
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

// serveOn serves a folder on an address beside loopback.
func serveOn(t *testing.T, listen, toml string) (At, *engine.Engine) {
	t.Helper()
	dir := t.TempDir()
	if toml != "" {
		if err := os.WriteFile(filepath.Join(dir, config.FileName), []byte(toml), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e, err := engine.Open(t.Context(), dir, engine.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ready, ended := make(chan At, 1), make(chan error, 1)
	go func() {
		ended <- Serve(ctx, Config{Engine: e, Listen: listen, Ready: func(at At) { ready <- at }})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Serve ended with %v", err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	select {
	case at := <-ready:
		return at, e
	case err := <-ended:
		ended <- nil
		t.Fatalf("Serve: %v", err)
	}
	return At{}, nil
}

func TestTLS(t *testing.T) {
	at, e := serveOn(t, "0.0.0.0:0", "")
	if !strings.HasPrefix(at.URL, "https://") || strings.Contains(at.URL, "0.0.0.0") || len(at.Fingerprint) != 32*3-1 || !strings.HasPrefix(at.First, at.URL+"/first?code=") {
		t.Errorf("at %+v", at)
	}
	_, port, err := net.SplitHostPort(at.Addr)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	cert, err := os.ReadFile(filepath.Join(e.Dir(), "tls", "cert.pem"))
	if err != nil || !pool.AppendCertsFromPEM(cert) {
		t.Fatal("no certificate", err)
	}
	for _, n := range []string{"cert.pem", "key.pem"} {
		if st, err := os.Stat(filepath.Join(e.Dir(), "tls", n)); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", n, st.Mode(), err)
		}
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	defer tr.CloseIdleConnections()
	do := func(method, host, path, body string) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, "https://127.0.0.1:"+port+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := tr.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Fatal(err)
		}
		return res
	}
	own, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{"127.0.0.1:" + port: 200, own + ":" + port: 200, strings.ToUpper(own): 200, "192.0.2.7": 200, "[2001:db8::1]:8730": 200, "evil.example": 421, "akashi.corp.example:" + port: 421} {
		if res := do("GET", host, "/healthz", ""); res.StatusCode != want {
			t.Errorf("host %s: %d, want %d", host, res.StatusCode, want)
		}
	}
	res := do("GET", "127.0.0.1", "/login", "")
	if res.Header.Get("Strict-Transport-Security") != "" {
		t.Error("a certificate that akashi made asks browsers to let nobody pass")
	}
	u, err := url.Parse(at.First)
	if err != nil {
		t.Fatal(err)
	}
	v := url.Values{"code": {u.Query().Get("code")}, "name": {"boss"}, "password": {testPassword}, "again": {testPassword}}
	res = do("POST", "127.0.0.1", "/first", v.Encode())
	ok := false
	for _, c := range res.Cookies() {
		ok = ok || c.Name == "__Host-akashi" && c.Secure && c.HttpOnly && c.SameSite == http.SameSiteLaxMode && c.Path == "/"
	}
	if !ok {
		t.Errorf("cookies %v", res.Cookies())
	}
	// Plain HTTP on that port gets nothing.
	plain, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+port+"/login", nil)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := http.DefaultTransport.RoundTrip(plain); err == nil {
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("plain HTTP: %d", res.StatusCode)
		}
		_ = res.Body.Close()
	}
	// The certificate stays the same at the next start, and a new one comes in time.
	id, err := loadIdentity(e.Dir(), config.Serve{}, time.Now())
	if err != nil || id.fingerprint() != at.Fingerprint {
		t.Errorf("another certificate at the next start: %v", err)
	}
	if id, err = loadIdentity(e.Dir(), config.Serve{}, time.Now().Add(certLife-certRenew+time.Hour)); err != nil || id.fingerprint() == at.Fingerprint {
		t.Errorf("the certificate is not renewed: %v", err)
	}
	before := id.fingerprint()
	if id, err = loadIdentity(e.Dir(), config.Serve{Names: []string{"akashi.corp.example"}}, time.Now()); err != nil || id.fingerprint() == before || id.cert.Leaf.VerifyHostname("akashi.corp.example") != nil {
		t.Errorf("a new name is not in the certificate: %v", err)
	}
}

func TestOwnCertificate(t *testing.T) {
	dir := t.TempDir()
	cert, key, err := makeCertificate([]string{"localhost", "akashi.corp.example"}, []net.IP{net.IPv4(127, 0, 0, 1)}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	c, k := filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem")
	if err := errors.Join(os.WriteFile(c, cert, 0o600), os.WriteFile(k, key, 0o600)); err != nil {
		t.Fatal(err)
	}
	at, e := serveOn(t, "127.0.0.1:0", "[serve]\ncert = '"+c+"'\nkey = '"+k+"'\n")
	if !strings.HasPrefix(at.URL, "https://127.0.0.1:") || at.Fingerprint != "" {
		t.Errorf("at %+v", at)
	}
	if _, err := os.Stat(filepath.Join(e.Dir(), "tls")); !errors.Is(err, os.ErrNotExist) {
		t.Error("a certificate was made although there is one")
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // a test with its own certificate
	defer tr.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at.URL+"/login", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := tr.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(res.Header.Get("Strict-Transport-Security"), "max-age=") {
		t.Error("no strict transport with an own certificate")
	}
	if _, err := loadIdentity(dir, config.Serve{Cert: k, Key: c}, time.Now()); err == nil {
		t.Error("a key was taken for a certificate")
	}
}

func TestHosts(t *testing.T) {
	local := newHosts(true, []string{"akashi.corp.example"}, nil)
	wide := newHosts(false, []string{"Akashi.Corp.Example"}, &identity{cert: tls.Certificate{Leaf: &x509.Certificate{DNSNames: []string{"*.lan.example"}}}})
	f := func(h hosts, host string, want bool) {
		t.Helper()
		if got := h.answers(host); got != want {
			t.Errorf("answers(%q) = %v, want %v", host, got, want)
		}
	}
	for _, h := range []hosts{local, wide} {
		f(h, "127.0.0.1:8730", true)
		f(h, "LOCALHOST", true)
		f(h, "[::1]", true)
		f(h, "akashi.corp.example:8730", true)
		f(h, "akashi.corp.example.", true)
		f(h, "evil.example", false)
		f(h, "akashi.corp.example.evil.example", false)
		f(h, "", false)
		f(h, "127.0.0.1.evil.example", false)
	}
	f(local, "192.0.2.1", false)
	f(wide, "192.0.2.1:1", true)
	f(wide, "[fe80::1%25eth0]:1", true)
	f(wide, "a.lan.example", true)
	f(wide, "a.b.lan.example", false)
}

func TestListen(t *testing.T) {
	e, err := engine.Open(t.Context(), t.TempDir(), engine.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	f := func(listen string, secure bool) {
		t.Helper()
		s, err := prepare(t.Context(), Config{Engine: e, Listen: listen}, &errands{ctx: t.Context()})
		if err != nil || (s.id != nil) != secure || s.local == secure {
			t.Errorf("prepare(%q): %+v, %v, want TLS %v", listen, s, err, secure)
		}
	}
	f("127.0.0.1:8730", false)
	f("127.8.8.8:0", false)
	f("[::1]:8730", false)
	f("localhost:1", false)
	f(":8730", true)
	f("0.0.0.0:8730", true)
	f("192.0.2.1:8730", true)
	f("localhost.example:1", true)
	if _, err := prepare(t.Context(), Config{Engine: e, Listen: "8730"}, &errands{ctx: t.Context()}); err == nil {
		t.Error("an address without a port was taken")
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
	if res.StatusCode != 303 {
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
