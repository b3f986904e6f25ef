package engine

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/hold"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/store"
)

// laterDeps are fakeDeps two years after the events of fakeFiles.
func laterDeps(fs fsx.FS) deps {
	d := fakeDeps(16)
	d.now = func() time.Time { return time.Date(2028, 6, 1, 0, 0, 0, 0, time.UTC) }
	d.fs, d.flushRows = fs, -1
	return d
}

// expiring is a closed folder whose records are past a confirmed term.
func expiring(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	e, err := open(t.Context(), dir, Options{Create: true}, laterDeps(nil))
	if err != nil {
		t.Fatal(err)
	}
	importAll(t, e, fakeFiles(t, 1, 40)...)
	err = errors.Join(e.ProposeRetention(t.Context(), store.Term{Months: 12, By: "担当"}), e.ConfirmRetention(t.Context(), "責任者", "規程"), e.Close())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// deletions counts the sealed deletions by server.
func deletions(t *testing.T, e *Engine) map[string]int {
	t.Helper()
	n := make(map[string]int)
	for leaf, err := range e.seal.Entries(0, e.seal.Size()) {
		if err != nil {
			t.Fatal(err)
		}
		if server, _, _ := strings.Cut(leaf.Entry.Subject, " "); leaf.Entry.Kind == seal.KindDeletion {
			n[server]++
		}
	}
	return n
}

func perServer(t *testing.T, e *Engine) map[string]int {
	t.Helper()
	n := make(map[string]int)
	for _, r := range records(t, e) {
		n[r.Server]++
	}
	return n
}

// A disk that dies at any call of a deletion: after it nothing is gone that was not
// sealed before, and the next deletion ends the work.
func TestDeletionStoppedAnywhere(t *testing.T) {
	dir := expiring(t)
	whole := openEngine(t, copied(t, dir), laterDeps(nil))
	before := perServer(t, whole)
	if x, err := whole.Expire(t.Context(), true); err != nil || len(x.Deleted) != 2 {
		t.Fatalf("%+v, %v", x, err)
	}
	after := perServer(t, whole)
	expire := func(e *Engine) error {
		_, err := e.Expire(t.Context(), true)
		return err
	}
	opening := stopAt(t, dir, laterDeps(nil), -1, expire).opening
	failed, unchanged, done := 0, 0, 0
	step := inLong(2, 1)
	for n := 0; ; n += step {
		s := stopAt(t, dir, laterDeps(nil), opening+n, expire)
		if !s.fired {
			break
		}
		if failed++; s.err == nil && n < 3 {
			t.Errorf("call %d failed and nobody was told", n)
		}
		e := openEngine(t, s.dir, laterDeps(nil))
		got, sealed := perServer(t, e), deletions(t, e)
		for server, had := range before {
			switch {
			case got[server] == had:
				unchanged++
			case got[server] == after[server] && sealed[server] > 0:
				done++
			default:
				t.Errorf("call %d: %s has %d records of %d, want all or %d; %d entries", n, server, got[server], had, after[server], sealed[server])
			}
		}
		if _, err := e.Expire(t.Context(), true); err != nil {
			t.Errorf("call %d: again: %v", n, err)
		}
		for server, want := range after {
			if n := perServer(t, e)[server]; n != want {
				t.Errorf("again: %s has %d records, want %d", server, n, want)
			}
		}
	}
	if failed < 10 || unchanged == 0 || done == 0 {
		t.Errorf("%d faults: %d times unchanged, %d times done", failed, unchanged, done)
	}
}

// A hold that was acknowledged is in force after any fault, and its register opens.
func TestHoldStoppedAnywhere(t *testing.T) {
	dir := expiring(t)
	add := func(e *Engine) error {
		return e.AddHold(t.Context(), hold.Hold{Case: "事案", By: "法務", Ground: "訴訟"})
	}
	opening := stopAt(t, dir, laterDeps(nil), -1, add).opening
	for n := 0; ; n++ {
		s := stopAt(t, dir, laterDeps(nil), opening+n, add)
		e := openEngine(t, s.dir, laterDeps(nil))
		l, err := e.Holds()
		if err != nil || s.err == nil && len(l) != 1 {
			t.Errorf("call %d: %+v, %v", n, l, err)
		}
		x, err := e.Expire(t.Context(), true)
		if err != nil || (len(x.Deleted) == 0) != (len(l) == 1) {
			t.Errorf("call %d: %d holds, %+v, %v", n, len(l), x, err)
		}
		if !s.fired {
			if n < 4 {
				t.Errorf("only %d calls", n)
			}
			break
		}
	}
}

func TestHoldsWhenReadOnly(t *testing.T) {
	dir := expiring(t)
	w := openEngine(t, dir, laterDeps(nil))
	if err := w.AddHold(t.Context(), hold.Hold{Case: "事案", Scope: hold.Scope{Servers: []string{"A"}}, By: "法務", Ground: "訴訟"}); err != nil {
		t.Fatal(err)
	}
	r, err := open(context.Background(), dir, Options{ReadOnly: true}, laterDeps(nil))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	if l, err := r.Holds(); err != nil || len(l) != 1 {
		t.Errorf("beside the writer: %+v, %v", l, err)
	}
	_, due, err := r.Retention(t.Context())
	if err != nil || len(due) != 2 || len(due[0].Held) != 1 || len(due[1].Held) != 0 {
		t.Errorf("%+v, %v", due, err)
	}
	_, expire := r.Expire(t.Context(), true)
	_, erase := r.Erase(t.Context(), store.Erasure{Users: []string{"u"}, By: "x", Ground: "g"})
	for what, err := range map[string]error{
		"add": r.AddHold(t.Context(), hold.Hold{Case: "c", By: "b", Ground: "g"}), "release": r.ReleaseHold(t.Context(), hold.Release{Case: "事案", By: "b", Ground: "g"}),
		"rebuild": r.RebuildHolds(t.Context(), "b"), "expire": expire, "erase": erase,
	} {
		if !errors.Is(err, ErrReadOnly) {
			t.Errorf("%s: %v", what, err)
		}
	}
	var held *hold.HeldError
	if _, err := w.Erase(t.Context(), store.Erasure{Users: []string{"u"}, By: "x", Ground: "g"}); !errors.As(err, &held) || len(w.st.Erasures()) != 0 {
		t.Errorf("erase what is held: %v, %d tombstones", err, len(w.st.Erasures()))
	}
	if _, err := w.Erase(t.Context(), store.Erasure{Servers: []string{"B"}, Users: []string{"u"}, By: "x", Ground: "g"}); err != nil {
		t.Errorf("erase beside what is held: %v", err)
	}
}
