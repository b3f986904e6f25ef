// Package sealtest runs a time-stamp authority for tests: openssl ts behind a server.
package sealtest

import (
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/akashi-audit/akashi/internal/seal"
)

const tsaConfig = `
[ req ]
distinguished_name = dn
prompt = no
[ dn ]
CN = akashi test authority
[ ca ]
basicConstraints = critical,CA:TRUE
keyUsage = keyCertSign
[ stamp ]
basicConstraints = CA:FALSE
extendedKeyUsage = critical,timeStamping
[ tsa ]
default_tsa = one
[ one ]
serial = %[1]s/serial
signer_cert = %[1]s/tsa.pem
certs = %[1]s/ca.pem
signer_key = %[1]s/tsa.key
signer_digest = %[2]s
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = %[2]s
`

// Authority is openssl ts behind a server.
type Authority struct {
	Dir   string // of its certificates; ca.pem is the root
	URL   string
	Roots *x509.CertPool
	Down  atomic.Bool // it answers 503
}

// Run runs openssl in its folder.
func (a *Authority) Run(t testing.TB, args ...string) {
	t.Helper()
	cmd := exec.Command("openssl", args...)
	cmd.Dir = a.Dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
}

// Certify gives the authority a new certificate that ends after so many days.
func (a *Authority) Certify(t testing.TB, days int) {
	t.Helper()
	a.Run(t, "x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", strconv.Itoa(days), "-extfile", "tsa.cnf", "-extensions", "stamp", "-out", "tsa.pem")
}

// Sign makes it sign by another hash algorithm from now on.
func (a *Authority) Sign(t testing.TB, digest string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(a.Dir, "tsa.cnf"), fmt.Appendf(nil, tsaConfig, a.Dir, digest), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Start runs an authority until the test ends.
func Start(t testing.TB) *Authority {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed: no time-stamp authority to test against")
	}
	a := &Authority{Dir: t.TempDir()}
	conf := filepath.Join(a.Dir, "tsa.cnf")
	a.Sign(t, "sha256")
	if err := os.WriteFile(filepath.Join(a.Dir, "serial"), []byte("01\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a.Run(t, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "3650", "-config", conf, "-extensions", "ca")
	a.Run(t, "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-config", conf, "-subj", "/CN=stamps")
	a.Certify(t, 3000)
	pem, err := os.ReadFile(filepath.Join(a.Dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	a.Roots = x509.NewCertPool()
	a.Roots.AppendCertsFromPEM(pem)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.Down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		b, err := io.ReadAll(r.Body)
		if err == nil {
			err = os.WriteFile(filepath.Join(a.Dir, "q.tsq"), b, 0o600)
		}
		cmd := exec.Command("openssl", "ts", "-reply", "-config", conf, "-section", "one", "-queryfile", "q.tsq")
		cmd.Dir = a.Dir
		out, err2 := cmd.Output()
		if err != nil || err2 != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/timestamp-reply")
		_, _ = w.Write(out)
	}))
	t.Cleanup(s.Close)
	a.URL = s.URL
	return a
}

// Client asks it.
func (a *Authority) Client() *seal.Authority {
	return &seal.Authority{URL: a.URL, Client: http.DefaultClient, Roots: a.Roots}
}
