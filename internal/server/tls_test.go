package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/engine"
)

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
