package seal_test

import (
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
`

// authority is openssl ts behind a server. While down is set it answers 503.
type authority struct {
	dir, url string
	roots    *x509.CertPool
	down     atomic.Bool
}

func (a *authority) run(t testing.TB, args ...string) {
	t.Helper()
	cmd := exec.Command("openssl", args...)
	cmd.Dir = a.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
}

func startAuthority(t testing.TB) *authority {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed: no time-stamp authority to test against")
	}
	a := &authority{dir: t.TempDir()}
	conf := filepath.Join(a.dir, "tsa.cnf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, tsaConfig, a.dir), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(a.dir, "serial"), []byte("01\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a.run(t, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "3650", "-config", conf, "-extensions", "ca")
	a.run(t, "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-config", conf, "-subj", "/CN=stamps")
	a.run(t, "x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "3000", "-extfile", conf, "-extensions", "stamp", "-out", "tsa.pem")
	pem, err := os.ReadFile(filepath.Join(a.dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	a.roots = x509.NewCertPool()
	a.roots.AppendCertsFromPEM(pem)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		b, err := io.ReadAll(r.Body)
		if err == nil {
			err = os.WriteFile(filepath.Join(a.dir, "q.tsq"), b, 0o600)
		}
		cmd := exec.Command("openssl", "ts", "-reply", "-config", conf, "-section", "one", "-queryfile", "q.tsq")
		cmd.Dir = a.dir
		out, err2 := cmd.Output()
		if err != nil || err2 != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/timestamp-reply")
		_, _ = w.Write(out)
	}))
	t.Cleanup(s.Close)
	a.url = s.URL
	return a
}

func (a *authority) client() *seal.Authority {
	return &seal.Authority{URL: a.url, Client: http.DefaultClient, Roots: a.roots}
}

func TestStampsAreThoseOfOpenSSL(t *testing.T) {
	a := startAuthority(t)
	dir := t.TempDir()
	l := openLog(t, nil, dir, seal.LogOptions{})
	add(t, l, "a")
	c := sign(t, l)
	a.down.Store(true)
	if _, err := l.Stamp(t.Context(), a.client()); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("authority down: %v", err)
	}
	if !l.NeedsStamp() {
		t.Error("after an outage no stamp is owed")
	}
	a.down.Store(false)
	s, err := l.Stamp(t.Context(), a.client())
	if err != nil {
		t.Fatal(err)
	}
	if l.NeedsStamp() || l.Unsealed() != 0 || !strings.Contains(s.Authority, "stamps") {
		t.Errorf("stamp owed %v, %d unsealed, by %s", l.NeedsStamp(), l.Unsealed(), s.Authority)
	}
	name := filepath.Join(dir, seal.DirName, filepath.FromSlash(seal.StampFile(c.Size)))
	if err := os.WriteFile(filepath.Join(a.dir, "checkpoint.txt"), c.Text, 0o600); err != nil {
		t.Fatal(err)
	}
	a.run(t, "ts", "-verify", "-data", "checkpoint.txt", "-in", name, "-CAfile", "ca.pem")
	a.run(t, "ts", "-verify", "-queryfile", strings.TrimSuffix(name, "r")+"q", "-in", name, "-CAfile", "ca.pem")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	digest := seal.Hash(sha256.Sum256(c.Text))
	if s, err := seal.VerifyStamp(b, digest, x509.NewCertPool()); err != nil || s.Trusted {
		t.Errorf("a stranger's authority is trusted, or %v", err)
	}
	if _, err := seal.VerifyStamp(b, seal.Hash{}, a.roots); err == nil {
		t.Error("a stamp of other bytes holds")
	}
	untold := 0
	for i := range b { // no byte of a stamp can be another one unnoticed, but for those outside of what is signed
		bad := append([]byte(nil), b...)
		bad[i] ^= 1
		if s, err := seal.VerifyStamp(bad, digest, a.roots); err == nil && s.Trusted {
			untold++
		}
	}
	t.Logf("%d of %d bytes are not covered by the signature; the leaf of the stamp covers them", untold, len(b))
	if untold > len(b)/2 { // the authority's own root, which it sends along
		t.Errorf("%d of %d bytes can be others", untold, len(b))
	}
	stranger := a.client()
	stranger.Roots = x509.NewCertPool()
	add(t, l, "b")
	sign(t, l)
	if _, err := l.Stamp(t.Context(), stranger); err == nil {
		t.Error("the stamp of an authority that is not trusted is kept")
	}
}

func FuzzVerifyStamp(f *testing.F) {
	f.Add([]byte{0x30, 0x03, 0x02, 0x01, 0x00})
	if _, err := exec.LookPath("openssl"); err == nil {
		a := startAuthority(f)
		if q, b, _, err := a.client().Ask(f.Context(), seal.Hash{1}); err == nil {
			f.Add(q)
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := seal.VerifyStamp(b, seal.Hash{1}, x509.NewCertPool()); err == nil && s.Trusted {
			t.Error("a stamp is trusted without roots")
		}
		_ = seal.CheckQuery(b, b)
	})
}

// A stamp that somebody else signed is not trusted because it carries the
// certificate of a trusted authority along.
func TestBorrowedCertificateIsNotTrusted(t *testing.T) {
	good, other := startAuthority(t), startAuthority(t)
	b, err := os.ReadFile(filepath.Join(good.dir, "tsa.pem"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(other.dir, "ca.pem"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	ask := other.client()
	ask.Roots = good.roots
	_, _, s, err := ask.Ask(t.Context(), seal.Hash{1})
	if err != nil {
		t.Fatal(err)
	}
	if s.Trusted {
		t.Error("it is trusted")
	}
}
