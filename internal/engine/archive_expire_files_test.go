package engine

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/hold"
	"github.com/akashi-audit/akashi/internal/store"
	"github.com/akashi-audit/akashi/internal/verify"
)

// A kept input file goes by its own term, when no hold is in force and its bytes are
// what was imported; the check of the folder tells on whose order.
func TestKeptFilesExpire(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	d := at2028(nil)
	d.now = func() time.Time { return now }
	e := openEngine(t, dir, d)
	files := yearFiles(t, 4)
	if _, err := e.Import(t.Context(), ImportRequest{Paths: files, Importer: "t", KeepOriginal: true}, nil); err != nil {
		t.Fatal(err)
	}
	kept, err := filepath.Glob(filepath.Join(dir, originalsDir, "*.zst"))
	if err != nil || len(kept) != 2 {
		t.Fatal(kept, err)
	}
	if err := e.ProposeRetention(t.Context(), store.Term{Class: store.KeepOriginals, Server: "A", Months: 1, By: "b"}); !errors.Is(err, store.ErrTerm) {
		t.Errorf("a term of one server: %v", err)
	}
	if _, err := e.ExpireKept(t.Context()); !errors.Is(err, ErrNoKeptTerm) {
		t.Errorf("nothing is confirmed: %v", err)
	}
	agreed(t, e, store.Term{Class: store.KeepOriginals, Months: 3})
	f := func(name string, deleted, stays int) *KeptExpiry {
		t.Helper()
		x, err := e.ExpireKept(t.Context())
		if err != nil || len(x.Deleted.Files) != deleted || len(x.Kept.Files) != stays {
			t.Errorf("%s: %+v, %v", name, x, err)
		}
		return x
	}
	f("within the term", 0, 0)
	now = now.AddDate(0, 5, 0)
	if err := e.AddHold(t.Context(), hold.Hold{Case: "c", Scope: hold.Scope{Servers: []string{"Z"}}, By: "b", Ground: "g"}); err != nil {
		t.Fatal(err)
	}
	f("held", 0, 2)
	if err := e.ReleaseHold(t.Context(), hold.Release{Case: "c", By: "b", Ground: "g"}); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(kept[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept[0], whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	f("one is damaged", 1, 1)
	if err := os.WriteFile(kept[0], whole, 0o600); err != nil {
		t.Fatal(err)
	}
	f("it is whole again", 1, 0)
	f("nothing is left", 0, 0)
	if _, err := e.Snapshot(t.Context(), filepath.Join(t.TempDir(), "copy"), nil); err != nil {
		t.Errorf("copy of the folder: %v", err)
	}
	if r, err := verify.Check(t.Context(), dir, verify.Options{}); err != nil || r.Damage() {
		t.Errorf("%+v, %v", r.Findings, err)
	}
}
