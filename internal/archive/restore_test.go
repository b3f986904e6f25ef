package archive

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/akashi-audit/akashi/internal/erasure"
	"github.com/akashi-audit/akashi/internal/facets"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/restored"
	"github.com/akashi-audit/akashi/internal/seal"
)

// openShelved opens an archive with what is restored of it.
func openShelved(t *testing.T, fs fsx.FS, rec seal.Recorder) (*Archive, *restored.Shelf) {
	t.Helper()
	shelf, err := restored.Open("/d", restored.Options{FS: fs, Zone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(NewFolder(fs, "/d/archive"), Options{FS: fs, Zone: time.UTC, Dir: "/d", Recorder: rec, Restored: shelf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); shelf.Close() })
	if err := a.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a, shelf
}

func newDisk(t *testing.T) *fsx.Crash {
	t.Helper()
	fs := fsx.NewCrash()
	if err := errors.Join(fs.MkdirAll("/d", 0o700), fs.SyncDir("/")); err != nil {
		t.Fatal(err)
	}
	return fs
}

// oddStore is a store of odd records in four days of two servers.
func oddStore(rng *rand.Rand, n int) *fakeStore {
	s := newFakeStore()
	for i := range n {
		s.odd(rng, i)
	}
	s.commit++
	return s
}

func (s *fakeStore) odd(rng *rand.Rand, n int) {
	r := oddRecord(rng, n)
	r.Server, r.Time = pick(rng, "FS1", "FS2"), start+rng.Int64N(4*dayNS)
	r.EndTime, r.Received = r.Time, start+rng.Int64N(1000)
	s.recs[r.Server] = append(s.recs[r.Server], r)
}

// change replaces, removes and adds some records, as a conversion does.
func (s *fakeStore) change(rng *rand.Rand, n int) {
	for server, l := range s.recs {
		l = slices.Clone(l)
		rng.Shuffle(len(l), func(i, j int) { l[i], l[j] = l[j], l[i] })
		l = l[len(l)/8:]
		for i := range l[:len(l)/8] {
			l[i].Path += "x"
			l[i].Received++
		}
		s.recs[server] = l
	}
	for i := range 30 {
		s.odd(rng, n+i)
	}
	s.commit++
}

// restoreSome restores days by chance.
func restoreSome(t *testing.T, rng *rand.Rand, a *Archive, share int) (n int) {
	t.Helper()
	for _, d := range a.Stored() {
		if rng.IntN(share) > 0 {
			continue
		}
		s, err := a.Restore(t.Context(), d.Server, d.Day, RestoreOptions{By: "t", At: now.UnixNano() + rng.Int64N(1e9)})
		if err != nil || s == nil {
			t.Fatalf("restore %s of %s: %v", d.Day, d.Server, err)
		}
		n++
	}
	return n
}

// counted is what a plain list counts.
func counted(l []record.Record, q query.Query) *query.Facets {
	c := facets.New(&q, time.UTC)
	for i := range l {
		c.Add(&l[i])
	}
	f, err := c.Facets(context.Background())
	if err != nil {
		panic(err) // without names of a source there is nothing to read
	}
	return f
}

// answers compares everything that the archive answers with a plain list.
func answers(t *testing.T, at string, n int, rng *rand.Rand, a *Archive, s *fakeStore, hidden *erasure.Set) {
	t.Helper()
	for range n {
		q := oddQuery(rng)
		if rng.IntN(4) == 0 {
			q.Within = query.Extent{Servers: []string{pick(rng, "fs1", "fs2")}, Folders: []string{pick(rng, `d:\共有`, `D:\共有\人事`)}}
		}
		q.Oldest, q.Limit = rng.IntN(2) == 0, 5+rng.IntN(60)
		want := slices.DeleteFunc(s.naive(q), func(r record.Record) bool { return hidden.Hides(&r) })
		if d := cmp.Diff(want, pages(t, a, q), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("%s %+v (-list +archive):\n%.3000s", at, q, d)
		}
		c := facets.New(&q, time.UTC)
		if _, err := a.Count(t.Context(), q, nil, nil, c); err != nil {
			t.Fatal(err)
		}
		got, err := c.Facets(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(counted(want, q), got); d != "" {
			t.Fatalf("%s counts of %+v (-list +archive):\n%.3000s", at, q, d)
		}
	}
	for range n {
		l := s.recs[pick(rng, "FS1", "FS2")]
		id := l[rng.IntN(len(l))].ID()
		var want *record.Record
		for i := range l {
			if r := &l[i]; r.ID() == id && !hidden.Hides(r) && (want == nil || r.SupersededBy == 0 || want.SupersededBy != 0 && r.Received > want.Received) {
				want = r
			}
		}
		got, err := a.Record(t.Context(), id)
		if want == nil && errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", at, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("%s: record %s:\n%s", at, id, d)
		}
	}
}

// Days that are restored, stale, read in the archive, or some of each answer the same
// as a plain list of what holds: after supplements, erasures and new opening too.
func TestRestoredAnyQuery(t *testing.T) {
	for seed := range uint64(2) {
		rng := rand.New(rand.NewPCG(seed, 41))
		s, fs, l := oddStore(rng, 150), newDisk(t), &log{}
		a, _ := openShelved(t, fs, l)
		hidden := erasure.NewSet(nil)
		var erased []erasure.Erasure
		for step := range 5 {
			at := fmt.Sprintf("seed %d step %d", seed, step)
			if _, err := a.Seal(t.Context(), s, SealOptions{Now: now, By: "t"}); err != nil {
				t.Fatal(err)
			}
			answers(t, at+", stale", 5, rng, a, s, hidden)
			restoreSome(t, rng, a, 1+rng.IntN(2))
			answers(t, at+", restored", 5, rng, a, s, hidden)
			switch step {
			case 1, 3:
				x := erasure.Erasure{Ground: "g", By: "b", Time: int64(step)}
				x.Users, x.Folders = [][]string{{"sato"}, nil}[step/2], [][]string{nil, {`D:\共有\人事`}}[step/2]
				erased = append(erased, x)
				hidden = erasure.NewSet(erased)
				a.Honour(erased)
				answers(t, at+", honoured", 5, rng, a, s, hidden)
				gone, err := a.Purge(t.Context())
				if err != nil || len(gone) == 0 {
					t.Fatalf("%s: %d restored days removed, %v", at, len(gone), err)
				}
				answers(t, at+", purged", 5, rng, a, s, hidden)
				if gone, err := a.Purge(t.Context()); err != nil || len(gone) > 0 {
					t.Fatalf("%s: again: %d, %v", at, len(gone), err)
				}
				restoreSome(t, rng, a, 2)
			case 2:
				a, _ = openShelved(t, fs, l)
				a.Honour(erased)
			}
			answers(t, at+", at last", 5, rng, a, s, hidden)
			s.change(rng, 1000*(step+1))
		}
	}
}

// A search says which days came from where.
func TestReached(t *testing.T) {
	s, fs := newFakeStore(), newDisk(t)
	for n := range 40 {
		s.act("FS1", n, start+int64(n%4)*dayNS, `D:\a`)
	}
	a, _ := openShelved(t, fs, &log{})
	sealed := func() {
		if _, err := a.Seal(t.Context(), s, SealOptions{Now: now, By: "t"}); err != nil {
			t.Fatal(err)
		}
	}
	sealed()
	for _, day := range []string{"2026-04-01", "2026-04-03"} {
		if _, err := a.Restore(t.Context(), "FS1", day, RestoreOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	s.act("FS1", 100, start+2*dayNS, `D:\late`)
	sealed()
	want := query.Reached{Archived: []string{"2026-04-02", "2026-04-03", "2026-04-04"}, Restored: []string{"2026-04-01"}, Stale: []string{"2026-04-03"}}
	p, err := a.Search(t.Context(), query.Query{Limit: 100}, nil)
	if err != nil || len(p.Records) != 41 {
		t.Fatalf("%d records, %v", len(p.Records), err)
	}
	if d := cmp.Diff(want, p.Reached); d != "" {
		t.Error(d)
	}
	got, err := a.Count(t.Context(), query.Query{}, nil, nil, facets.New(&query.Query{}, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, *got); d != "" {
		t.Error(d)
	}
	for _, x := range a.Restored() {
		if x.Stale != (x.Day == "2026-04-03") {
			t.Errorf("%s: stale %v", x.Day, x.Stale)
		}
	}
	if _, err := a.Restore(t.Context(), "FS1", "2026-04-09", RestoreOptions{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a day that is not there: %v", err)
	}
	no := func(seal.Hash) bool { return false }
	if _, err := a.Restore(t.Context(), "FS1", "2026-04-02", RestoreOptions{Sealed: no}); !errors.Is(err, ErrUnsealed) {
		t.Errorf("a part that the log does not know: %v", err)
	}
}

// filesOf lists files below a folder of a disk.
func filesOf(t *testing.T, fs fsx.FS, dir string) (l []string) {
	t.Helper()
	entries, err := fs.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := filepath.Join(dir, e.Name()); e.IsDir() {
			l = append(l, filesOf(t, fs, name)...)
		} else {
			l = append(l, name)
		}
	}
	return l
}

// The machine stops at any call while days are restored, made anew, purged and
// released: the answers stay the same, no file is left that belongs to no set, and what
// was stopped can be done again.
func TestRestoreStoppedAnywhere(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	s := oddStore(rng, 80)
	base := newDisk(t)
	a, _ := openShelved(t, base, &log{})
	seals := func(a *Archive) error {
		_, err := a.Seal(t.Context(), s, SealOptions{Now: now, By: "t"})
		return err
	}
	if err := seals(a); err != nil {
		t.Fatal(err)
	}
	restoreSome(t, rng, a, 1)
	s.change(rng, 1000)
	if err := seals(a); err != nil {
		t.Fatal(err)
	}
	erased := []erasure.Erasure{{Users: []string{"sato"}, Ground: "g", By: "b", Time: 1}}
	hidden := erasure.NewSet(erased)
	work := func(a *Archive, shelf *restored.Shelf) error {
		for i, d := range a.Stored() {
			if _, err := a.Restore(t.Context(), d.Server, d.Day, RestoreOptions{At: int64(i)}); err != nil {
				return err
			}
		}
		a.Honour(erased)
		if _, err := a.Purge(t.Context()); err != nil {
			return err
		}
		for _, x := range shelf.List() {
			if _, err := shelf.Remove(x.Key()); err != nil {
				return err
			}
		}
		return nil
	}
	stops := 0
	for n := 1; ; n += 11 {
		fs := base.Fork()
		a, shelf := openShelved(t, fs, &log{})
		fs.StopAt(n)
		if err := work(a, shelf); err == nil {
			break
		}
		stops++
		after := fs.Image(uint64(n))
		b, again := openShelved(t, after, &log{})
		b.Honour(erased)
		if _, err := b.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		at := fmt.Sprintf("stopped at %d", n)
		answers(t, at, 2, rng, b, s, hidden)
		sets := make(map[string]bool)
		for _, x := range again.List() {
			for _, f := range x.Files {
				sets[f.Name] = true
			}
		}
		for _, f := range filesOf(t, after, "/d/restored") {
			if strings.HasSuffix(f, ".tmp") || strings.HasSuffix(f, ".seg") && !sets[filepath.Base(f)] {
				t.Errorf("%s: %s is left", at, f)
			}
		}
		if l, err := again.Check(t.Context(), nil); err != nil || len(l) > 0 {
			t.Errorf("%s: %v %v", at, l, err)
		}
		if err := work(b, again); err != nil {
			t.Errorf("%s: again: %v", at, err)
		}
		if l := filesOf(t, after, "/d/restored"); len(l) > 1 {
			t.Errorf("%s: released, and there is %v", at, l)
		}
	}
	if stops < 8 {
		t.Errorf("stopped at %d calls only", stops)
	}
}
