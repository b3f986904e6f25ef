package seal_test

import (
	"crypto/sha256"
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/seal/sealtest"
)

func TestStampsAreThoseOfOpenSSL(t *testing.T) {
	a := sealtest.Start(t)
	dir := t.TempDir()
	l := openLog(t, nil, dir, seal.LogOptions{})
	add(t, l, "a")
	c := sign(t, l)
	a.Down.Store(true)
	if _, err := l.Stamp(t.Context(), a.Client()); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("authority down: %v", err)
	}
	if !l.NeedsStamp() {
		t.Error("after an outage no stamp is owed")
	}
	a.Down.Store(false)
	s, err := l.Stamp(t.Context(), a.Client())
	if err != nil {
		t.Fatal(err)
	}
	if l.NeedsStamp() || l.Unsealed() != 0 || !strings.Contains(s.Authority, "stamps") {
		t.Errorf("stamp owed %v, %d unsealed, by %s", l.NeedsStamp(), l.Unsealed(), s.Authority)
	}
	name := filepath.Join(dir, seal.DirName, filepath.FromSlash(seal.StampFile(c.Size)))
	if err := os.WriteFile(filepath.Join(a.Dir, "checkpoint.txt"), c.Text, 0o600); err != nil {
		t.Fatal(err)
	}
	a.Run(t, "ts", "-verify", "-data", "checkpoint.txt", "-in", name, "-CAfile", "ca.pem")
	a.Run(t, "ts", "-verify", "-queryfile", strings.TrimSuffix(name, "r")+"q", "-in", name, "-CAfile", "ca.pem")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	digest := seal.Hash(sha256.Sum256(c.Text))
	if s, err := seal.VerifyStamp(b, digest, x509.NewCertPool()); err != nil || s.Trusted {
		t.Errorf("a stranger's authority is trusted, or %v", err)
	}
	if _, err := seal.VerifyStamp(b, seal.Hash{}, a.Roots); err == nil {
		t.Error("a stamp of other bytes holds")
	}
	untold := 0
	for i := range b { // no byte of a stamp can be another one unnoticed, but for those outside of what is signed
		bad := append([]byte(nil), b...)
		bad[i] ^= 1
		if s, err := seal.VerifyStamp(bad, digest, a.Roots); err == nil && s.Trusted {
			untold++
		}
	}
	t.Logf("%d of %d bytes are not covered by the signature; the leaf of the stamp covers them", untold, len(b))
	if untold > len(b)/2 { // the authority's own root, which it sends along
		t.Errorf("%d of %d bytes can be others", untold, len(b))
	}
	stranger := a.Client()
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
		a := sealtest.Start(f)
		if q, b, _, err := a.Client().Ask(f.Context(), seal.Hash{1}); err == nil {
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
	good, other := sealtest.Start(t), sealtest.Start(t)
	b, err := os.ReadFile(filepath.Join(good.Dir, "tsa.pem"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(other.Dir, "ca.pem"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	ask := other.Client()
	ask.Roots = good.Roots
	_, _, s, err := ask.Ask(t.Context(), seal.Hash{1})
	if err != nil {
		t.Fatal(err)
	}
	if s.Trusted {
		t.Error("it is trusted")
	}
}
