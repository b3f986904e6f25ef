package engine

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/pool"
	"github.com/akashi-audit/akashi/internal/store"
	"github.com/akashi-audit/akashi/internal/verify"
)

// Stopped at any call, a deletion of archived days leaves each day whole or deleted by
// order, the check of the folder finds no damage, and the next deletion ends the work.
func TestKeptDeletionStoppedAnywhere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	e, err := open(t.Context(), dir, Options{Create: true}, at2028(nil))
	if err != nil {
		t.Fatal(err)
	}
	importAll(t, e, yearFiles(t, 5)...)
	sealAll(t, e)
	agreed(t, e, store.Term{Months: 1}, store.Term{Class: store.KeepArchive, Months: 24})
	if _, err := e.Expire(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	before := daysIn(archived(t, e))
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	due := func(k [2]string) bool { return k[1] < "2026-06-01" }
	stop := func(n int) stopped {
		return stopAt(t, dir, at2028(nil), n, func(e *Engine) error {
			_, err := e.ExpireKept(t.Context())
			return err
		})
	}
	whole := stop(-1)
	if whole.err != nil {
		t.Fatal(whole.err)
	}
	step := inLong(23, 1)
	half := 0
	for n := whole.opening; n < whole.calls; n += step {
		s := stop(n)
		if !s.fired {
			t.Fatalf("call %d did not fail", n)
		}
		if s.err == nil && n < whole.calls-2 {
			t.Errorf("call %d failed and nobody was told", n)
		}
		e := openEngine(t, s.dir, at2028(nil))
		got := daysIn(archived(t, e))
		if len(got) < len(before) {
			half++
		}
		for k, m := range before {
			if got[k] != m && (got[k] != 0 || !due(k)) {
				t.Errorf("call %d: %v has %d records of %d", n, k, got[k], m)
			}
		}
		r, err := verify.Check(t.Context(), s.dir, verify.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.Findings { // what was put last may not be in a list yet, or the list in no checkpoint
			if f.What == "checkpoint_missing" {
				continue
			}
			if f.State == verify.Damaged || f.State == verify.Missing || f.State == verify.Extra && !strings.HasPrefix(f.File, archiveDir+"/_erasures/") {
				t.Errorf("call %d: %+v", n, f)
			}
		}
		if _, err := e.ExpireKept(t.Context()); err != nil {
			t.Fatalf("call %d: again: %v", n, err)
		}
		for k := range daysIn(archived(t, e)) {
			if due(k) {
				t.Errorf("call %d: again: %v is there", n, k)
			}
		}
		for k := range before {
			if l, _ := filepath.Glob(filepath.Join(s.dir, archiveDir, k[0], k[1], "*")); due(k) != (len(l) == 0) {
				t.Errorf("call %d: again: %v: %v", n, k, l)
			}
		}
		if r, err := verify.Check(t.Context(), s.dir, verify.Options{}); err != nil || r.Damage() {
			t.Fatalf("call %d, again: %+v, %v", n, r.Findings, err)
		}
	}
	t.Logf("calls %d to %d, after %d of them days were deleted", whole.opening, whole.calls, half)
	if half == 0 {
		t.Error("no stop came after an order")
	}
}

// A volume that comes back brings nothing back, in the folder and in a new pool that
// knows nothing of the deletion but what the volumes say.
func TestDeletedDaysStayDeleted(t *testing.T) {
	e := openEngine(t, filepath.Join(t.TempDir(), "d"), at2028(nil))
	importAll(t, e, yearFiles(t, 6)...)
	dirs := pooledFolder(t, e, "b", "c")
	p, err := e.Pool()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Set(t.Context(), pool.Change{Copies: new(3)}); err != nil {
		t.Fatal(err)
	}
	sealAll(t, e)
	agreed(t, e, store.Term{Months: 1}, store.Term{Class: store.KeepArchive, Months: 24})
	if _, err := e.Expire(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(t.TempDir(), "old")
	if err := os.CopyFS(old, os.DirFS(dirs["c"])); err != nil {
		t.Fatal(err)
	}
	away := dirs["c"] + ".away"
	if err := os.Rename(dirs["c"], away); err != nil {
		t.Fatal(err)
	}
	x, err := e.ExpireKept(t.Context())
	if err != nil || len(x.Deleted.Days) > 0 || len(x.Kept.Days) == 0 {
		t.Fatalf("a volume is away: %+v, %v", x, err)
	}
	if err := os.Rename(away, dirs["c"]); err != nil {
		t.Fatal(err)
	}
	if _, err := p.CatchUp(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if x, err = e.ExpireKept(t.Context()); err != nil || len(x.Deleted.Days) == 0 || len(x.Kept.Days) > 0 {
		t.Fatalf("%+v, %v", x, err)
	}
	want := daysIn(archived(t, e))
	// An old copy of the volume lies beside the order now.
	err = filepath.WalkDir(old, func(path string, d os.DirEntry, err error) error {
		rel, relErr := filepath.Rel(old, path)
		if err = errors.Join(err, relErr); err != nil || d.IsDir() {
			return err
		}
		to := filepath.Join(dirs["c"], rel)
		if _, err := os.Stat(to); err == nil {
			return nil
		}
		b, err := os.ReadFile(path)
		return errors.Join(err, os.MkdirAll(filepath.Dir(to), 0o700), os.WriteFile(to, b, 0o600))
	})
	if err != nil {
		t.Fatal(err)
	}
	again := openEngine(t, filepath.Join(t.TempDir(), "d"), at2028(nil))
	if _, err := again.RebuildFromArchive(t.Context(), dirs["c"], nil); err != nil {
		t.Fatal(err)
	}
	same(t, "made again from a volume with old parts", want, daysIn(records(t, again)))
	if _, err := p.Heal(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	same(t, "looked through", want, daysIn(archived(t, e)))
}
