package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/akashi-audit/akashi/internal/verify"
)

// A folder in use agrees with its seal, whatever the store replaces meanwhile, and
// one changed byte of a file that never changes stays damage.
func TestVerifyInUse(t *testing.T) {
	dir := t.TempDir()
	e := openEngine(t, dir, fakeDeps(16))
	importAll(t, e, fakeFiles(t, 1, 60)...)
	if _, err := e.SealArchive(t.Context(), SealRequest{By: "t"}); err != nil {
		t.Fatal(err)
	}
	r, err := e.Verify(t.Context(), nil)
	if err != nil || r.Damage() || r.Files == 0 {
		t.Fatalf("verify %+v, %v", r, err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "segments", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no segments: %v", err)
	}
	if _, err := e.SealNow(t.Context()); err != nil { // the file is listed
		t.Fatal(err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(files[0], b, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err = e.Verify(t.Context(), nil)
	if err != nil || !r.Damage() {
		t.Fatalf("a changed byte: %+v, %v", r, err)
	}
	if f := r.Findings[0]; f.State != verify.Damaged || f.File != "segments/"+filepath.Base(files[0]) {
		t.Errorf("finding %+v", f)
	}
}

func TestSealedAndCopies(t *testing.T) {
	e := openEngine(t, t.TempDir(), fakeDeps(16))
	importAll(t, e, fakeFiles(t, 1, 60)...)
	count := func() (whole, all int) {
		m, err := e.Sealed(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range m {
			if x.Whole {
				whole++
			}
		}
		return whole, len(m)
	}
	if whole, all := count(); whole != 0 || all == 0 {
		t.Errorf("%d of %d days archived before anything was", whole, all)
	}
	parts, err := e.SealArchive(t.Context(), SealRequest{By: "t"})
	if err != nil {
		t.Fatal(err)
	}
	if whole, all := count(); whole != all {
		t.Errorf("%d of %d days archived", whole, all)
	}
	names := []string{parts[0].Objects[0].Name, "nothing"}
	for _, pooled := range []bool{false, true} {
		if pooled {
			p, err := e.Pool()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Heal(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		m, err := e.Copies(t.Context(), names)
		if err != nil || m[names[0]] != 1 {
			t.Errorf("pooled %v: copies %v, %v", pooled, m, err)
		}
	}
}
