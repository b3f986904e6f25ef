package engine

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/hold"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
	"github.com/akashi-audit/akashi/internal/verify"
)

// asked are forms of questions over what the fake converter makes.
func asked() []query.Query {
	all := query.Query{Classes: query.AllClasses(), Limit: 1 << 20}
	forms := []query.Query{all}
	for _, set := range []func(q *query.Query){
		func(q *query.Query) { q.Superseded = true },
		func(q *query.Query) { q.Oldest = true },
		func(q *query.Query) { q.Paths = []string{"*h3"} },
		func(q *query.Query) { q.Words = []string{"security0x"} },
		func(q *query.Query) { q.Words = []string{"h1"}; q.Servers = []string{"A"} },
		func(q *query.Query) { q.Users = []string{"u"}; q.Not.Paths = []string{"*h2"} },
		func(q *query.Query) { q.Users = []string{"nobody"} },
		func(q *query.Query) { q.Within = query.Extent{Servers: []string{"b"}} },
		func(q *query.Query) { q.Within = query.Extent{Folders: []string{`D:\none`}} },
	} {
		q := all
		set(&q)
		forms = append(forms, q)
	}
	return forms
}

// sameAnswers compares all that two folders answer. The days of which they say that they
// were reached may differ.
func sameAnswers(t *testing.T, at string, want, got *Engine) {
	t.Helper()
	for _, q := range asked() {
		a, err := want.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		b, err := got.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		sameRecords(t, fmt.Sprintf("%s: %+v", at, q), a.Records, b.Records)
		sameSlots(t, at, got, q, b.Records)
		q.Limit = 7
		paged(t, at, got, q, b.Records)
		f, err := want.Facets(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		g, err := got.Facets(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(f, g, cmpopts.IgnoreFields(query.Facets{}, "Reached")); d != "" {
			t.Fatalf("%s: counts of %+v:\n%.2000s", at, q, d)
		}
	}
	l, err := want.Search(t.Context(), query.Query{Classes: query.AllClasses(), Limit: 30})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range l.Records {
		a, err := want.Record(t.Context(), r.ID())
		if err != nil {
			t.Fatal(err)
		}
		b, err := got.Record(t.Context(), r.ID())
		if err != nil {
			t.Fatalf("%s: record %s: %v", at, r.ID(), err)
		}
		sameRecords(t, at, []record.Record{*a}, []record.Record{*b})
		x, err := want.Raw(t.Context(), r.ID())
		if err != nil {
			t.Fatal(err)
		}
		y, err := got.Raw(t.Context(), r.ID())
		if err != nil || !bytes.Equal(event.AppendBlock(nil, x), event.AppendBlock(nil, y)) {
			t.Fatalf("%s: raw events of %s: %d and %d, %v", at, r.ID(), len(x), len(y), err)
		}
	}
}

// paged compares the pages of an answer with the whole.
func paged(t *testing.T, at string, e *Engine, q query.Query, want []record.Record) {
	t.Helper()
	var l []record.Record
	for len(l) < 30 {
		p, err := e.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		l = append(l, p.Records...)
		if q.Cursor = p.Next; q.Cursor == "" {
			break
		}
	}
	if q.Cursor != "" {
		want = want[:min(len(l), len(want))]
	}
	if d := cmp.Diff(want, l, cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("%s: pages of %+v:\n%.2000s", at, q, d)
	}
}

// sealedClean checks that a folder is as it was sealed.
func sealedClean(t *testing.T, at, dir string) {
	t.Helper()
	r, err := verify.Folder(t.Context(), dir, verify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		if strings.HasPrefix(f.File, "archive/_log/") { // put there after the folder was sealed
			continue
		}
		if f.State == verify.Damaged || f.State == verify.Missing || f.State == verify.Extra || strings.HasPrefix(f.File, "restored/") && f.State != verify.Note {
			t.Errorf("%s: %+v", at, f)
		}
	}
}

func restoreAll(t *testing.T, e *Engine) *RestoreSummary {
	t.Helper()
	s, err := e.Restore(t.Context(), RestoreRequest{By: "担当"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The store before a deletion, the archive after it, and what is restored of it answer
// the same: with supplements, holds, late data and erasures.
func TestRestoredAnswersAsTheStore(t *testing.T) {
	for seed := range uint64(2) {
		dir := t.TempDir()
		clock := laterDeps(nil).now()
		d := laterDeps(nil)
		d.now = func() time.Time { return clock }
		e, err := open(t.Context(), dir, Options{Create: true}, d)
		if err != nil {
			t.Fatal(err)
		}
		paths := fakeFiles(t, seed, 50)
		n := len(paths)
		for part := range 3 { // supplements: records of open handles change
			clock = clock.Add(time.Hour)
			importAll(t, e, paths[part*n/3:(part+1)*n/3]...)
			if _, err := e.SealArchive(t.Context(), SealRequest{By: "t"}); err != nil {
				t.Fatal(err)
			}
		}
		if seed == 1 {
			if err := e.AddHold(t.Context(), hold.Hold{Case: "件", Scope: hold.Scope{Servers: []string{"A"}}, Ground: "g", By: "b"}); err != nil {
				t.Fatal(err)
			}
		}
		err = errors.Join(e.ProposeRetention(t.Context(), store.Term{Months: 12, By: "担当"}), e.ConfirmRetention(t.Context(), "責任者", "規程"), e.Close())
		if err != nil {
			t.Fatal(err)
		}
		whole := openEngine(t, copied(t, dir), d)
		plain := openEngine(t, copied(t, dir), d)
		quick := openEngine(t, copied(t, dir), d)
		for _, x := range []*Engine{plain, quick} {
			if out, err := x.Expire(t.Context(), false); err != nil || len(out.Deleted) == 0 {
				t.Fatalf("nothing is deleted: %v", err)
			}
		}
		sameAnswers(t, "archive", whole, plain)
		s := restoreAll(t, quick)
		if s.Days == 0 || s.Records == 0 || seed == 1 && s.Held == 0 {
			t.Fatalf("restored: %+v", s)
		}
		p, err := quick.Search(t.Context(), query.Query{Classes: query.AllClasses(), Limit: 1 << 20})
		if err != nil || len(p.Restored) == 0 || len(p.Archived) > 0 {
			t.Fatalf("reached: %+v, %v", p.Reached, err)
		}
		sameAnswers(t, "restored", whole, quick)
		sealedClean(t, "restored", quick.Dir())
		if again := restoreAll(t, quick); again.Days != 0 || again.Current != s.Days {
			t.Errorf("restored again: %+v", again)
		}

		x := store.Erasure{Servers: [][]string{nil, {"B"}}[seed], Files: []string{pathOn("B", p.Records)}, Ground: "請求", By: "責任者"}
		for _, f := range []*Engine{whole, plain, quick} {
			if _, err := f.Erase(t.Context(), x); err != nil {
				t.Fatal(err)
			}
		}
		if l := textIn(t, filepath.Join(quick.Dir(), "restored"), x.Files[0]); seed == 0 && len(l) > 0 {
			t.Errorf("what is erased is in %v", l)
		}
		sameAnswers(t, "erased", plain, quick)
		sealedClean(t, "erased", quick.Dir())
		restoreAll(t, quick)
		sameAnswers(t, "erased and restored", plain, quick)

		clock = clock.Add(time.Hour)
		late := fakeFiles(t, seed+100, 20)
		for _, f := range []*Engine{plain, quick} {
			importAll(t, f, late...)
			if _, err := f.SealArchive(t.Context(), SealRequest{By: "t"}); err != nil {
				t.Fatal(err)
			}
		}
		sameAnswers(t, "late", plain, quick)
		restoreAll(t, quick)
		sameAnswers(t, "late and restored", plain, quick)
		gone, err := quick.Release(t.Context(), Period{}, "担当")
		if err != nil || gone.Days == 0 {
			t.Fatalf("released: %+v, %v", gone, err)
		}
		sameAnswers(t, "released", plain, quick)
		sealedClean(t, "released", quick.Dir())
		if l, _ := filepath.Glob(filepath.Join(quick.Dir(), "restored", "*", "*")); len(l) > 0 {
			t.Errorf("released, and there is %v", l)
		}
	}
}

// pathOn is a path of a server's records.
func pathOn(server string, l []record.Record) string {
	for i := range l {
		if l[i].Server == server {
			return l[i].Path
		}
	}
	return ""
}

// deletedFolder is a closed folder whose records are in the archive alone.
func deletedFolder(t *testing.T) string {
	t.Helper()
	dir := expiring(t)
	e := openEngine(t, dir, laterDeps(nil))
	if _, err := e.Expire(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A full disk refuses before anything is written.
func TestRestoreNeedsRoom(t *testing.T) {
	f := fsx.NewFault(fsx.OS{}, -1)
	e := openEngine(t, deletedFolder(t), laterDeps(f))
	f.FreeBytes = 100 << 20
	_, err := e.Restore(t.Context(), RestoreRequest{By: "t"})
	var full *store.SpaceError
	if !errors.As(err, &full) {
		t.Fatalf("a full disk: %v", err)
	}
	if _, err := os.Stat(filepath.Join(e.Dir(), "restored")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was written: %v", err)
	}
	f.FreeBytes = 0
}

// A disk that dies at any call of a restore: the days are answered as before, the
// folder is what was sealed, and the next restore ends the work.
func TestRestoreOnADyingDisk(t *testing.T) {
	dir := deletedFolder(t)
	plain := openEngine(t, copied(t, dir), laterDeps(nil))
	restore := func(e *Engine) error {
		_, err := e.Restore(t.Context(), RestoreRequest{By: "t"})
		return err
	}
	opening := stopAt(t, dir, laterDeps(nil), -1, restore).opening
	failed := 0
	for n := 0; ; n += 15 {
		s := stopAt(t, dir, laterDeps(nil), opening+n, restore)
		if !s.fired {
			break
		}
		if failed++; s.err == nil && n < 15 {
			t.Errorf("call %d failed and nobody was told", n)
		}
		again := openEngine(t, s.dir, laterDeps(nil))
		sameAnswers(t, fmt.Sprintf("call %d", n), plain, again)
		restoreAll(t, again)
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
		sealedClean(t, fmt.Sprintf("call %d", n), s.dir)
	}
	if failed < 3 {
		t.Errorf("%d calls failed", failed)
	}
}

// Files that vanish are no loss, and a snapshot does without them.
func TestRestoredFilesMayGo(t *testing.T) {
	e := openEngine(t, deletedFolder(t), laterDeps(nil))
	plain := records(t, e)
	restoreAll(t, e)
	dest := filepath.Join(t.TempDir(), "copy")
	if _, err := e.Snapshot(t.Context(), dest, nil); err != nil {
		t.Fatal(err)
	}
	sealedClean(t, "snapshot", dest)
	if err := os.RemoveAll(filepath.Join(e.Dir(), "restored")); err != nil {
		t.Fatal(err)
	}
	sealedClean(t, "removed by hand", e.Dir())
	if r, err := Check(t.Context(), dest, nil); err != nil || len(r.Findings) > 0 {
		t.Errorf("check of a snapshot: %+v, %v", r, err)
	}
	again := openEngine(t, copied(t, dest), laterDeps(nil))
	sameRecords(t, "snapshot", plain, records(t, again))
}
