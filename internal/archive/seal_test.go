package archive

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

var now = time.Unix(0, start+10*dayNS)

// naive is the answer of a plain list.
func (s *fakeStore) naive(q query.Query) []record.Record {
	var l []record.Record
	m := query.NewMatcher(q)
	for _, recs := range s.recs {
		for i := range recs {
			if (recs[i].SupersededBy != 0) == q.Superseded && m.Match(&recs[i]) {
				l = append(l, recs[i])
			}
		}
	}
	slices.SortFunc(l, func(x, y record.Record) int {
		a, b := query.PositionOf(&x), query.PositionOf(&y)
		if q.Oldest {
			return b.Compare(&a)
		}
		return a.Compare(&b)
	})
	return l
}

// pages walks all pages of a search.
func pages(t *testing.T, a *Archive, q query.Query) []record.Record {
	t.Helper()
	var l []record.Record
	for {
		p, err := a.Search(t.Context(), q, nil)
		if err != nil {
			t.Fatal(err)
		}
		if q.Limit > 0 && len(p.Records) > q.Limit {
			t.Fatalf("a page of %d records, want at most %d", len(p.Records), q.Limit)
		}
		l = append(l, p.Records...)
		if q.Cursor = p.Next; q.Cursor == "" {
			return l
		}
	}
}

// queries are forms of search over what change makes.
func queries(rng *rand.Rand) []query.Query {
	all := query.Query{Classes: query.AllClasses(), Limit: 1 + rng.IntN(9)}
	user, word, late, old, oldest := all, all, all, all, all
	user.Users = []string{"u1"}
	word.Words = []string{"見積"}
	late.From, late.To = start+dayNS/2, start+2*dayNS
	old.Superseded = true
	oldest.Oldest = true
	server := all
	server.Servers, server.Oldest = []string{"FS2"}, true
	return []query.Query{all, user, word, late, old, oldest, server}
}

// Whatever comes, changes and goes between seals: the archive holds what the
// store holds, and every event that it ever held, once.
func TestArchiveFollowsStore(t *testing.T) {
	rounds := 3
	if os.Getenv("AKASHI_LONG") != "" {
		rounds = 60
	}
	for seed := range uint64(rounds) {
		rng := rand.New(rand.NewPCG(seed, 1))
		s, fs, l := newFakeStore(), fsx.NewCrash(), &log{}
		if err := fs.MkdirAll("/d", 0o700); err != nil {
			t.Fatal(err)
		}
		a := openTest(t, fs, l)
		if seed%2 == 1 {
			a.sortBytes = 4 * recordBytes // runs of three or four records, which are merged
		}
		for round := range 4 {
			change(s, rng, round*100)
			if _, err := a.Seal(t.Context(), s, SealOptions{Now: now, By: "t"}); err != nil {
				t.Fatal(err)
			}
			fresh := openTest(t, fs, l) // nothing but what is on disk
			if err := fresh.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, q := range queries(rng) {
				if d := cmp.Diff(s.naive(q), pages(t, fresh, q)); d != "" {
					t.Fatalf("seed %d round %d %+v (-store +archive):\n%s", seed, round, q, d)
				}
			}
			sameEvents(t, s, fresh)
		}
		if made, err := a.Seal(t.Context(), s, SealOptions{Now: now, By: "t"}); err != nil || len(made) != 0 {
			t.Errorf("nothing changed, and %d parts were made: %v", len(made), err)
		}
	}
}

// change lets records come, change, become superseded and go.
func change(s *fakeStore, rng *rand.Rand, from int) {
	for n := range 30 {
		path := []string{`D:\a.txt`, `D:\御見積書.xlsx`, "D:\\\xed\xa0\x80"}[rng.IntN(3)]
		s.act([]string{"FS1", "FS2"}[rng.IntN(2)], from+n, start+rng.Int64N(3*dayNS), path)
	}
	for name, l := range s.recs {
		s.recs[name] = slices.DeleteFunc(l, func(record.Record) bool { return rng.IntN(10) == 0 })
		for i := range s.recs[name] {
			if r := &s.recs[name][i]; rng.IntN(8) == 0 && r.SupersededBy == 0 {
				old := *r
				old.SupersededBy = 2
				r.RulesVersion, r.Received, r.Count = 2, r.Received+1000, r.Count+1
				s.recs[name] = append(s.recs[name], old)
			}
		}
	}
	s.commit++
}

func sameEvents(t *testing.T, s *fakeStore, a *Archive) {
	t.Helper()
	for name, want := range s.events {
		var got []*event.Event
		days, err := a.Days(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		last := ""
		for _, d := range days {
			if d.Server != name || d.Day == last {
				continue
			}
			last = d.Day
			err := a.Events(t.Context(), name, d.Day, nil, nil, func(l []*event.Event) error { got = append(got, l...); return nil })
			if err != nil {
				t.Fatal(err)
			}
		}
		byID := func(a, b *event.Event) int { return int(a.RecordID) - int(b.RecordID) }
		want = slices.SortedFunc(slices.Values(want), byID)
		slices.SortFunc(got, byID)
		if string(eventsSum(want)) != string(eventsSum(got)) {
			t.Fatalf("%s: %d events of %d, or others", name, len(got), len(want))
		}
	}
}

// A record of the archive is found by its id, with the events behind it.
func TestRecordAndRaw(t *testing.T) {
	s, fs := newFakeStore(), fsx.NewCrash()
	if err := fs.MkdirAll("/d", 0o700); err != nil {
		t.Fatal(err)
	}
	for n := range 20 {
		s.act("FS1", n, start+int64(n)*dayNS/5, `D:\a.txt`)
	}
	s.recs["FS1"][7].RawIDs = []uint64{8, 15} // of two days
	a := openTest(t, fs, &log{})
	if _, err := a.Seal(t.Context(), s, SealOptions{Now: now}); err != nil {
		t.Fatal(err)
	}
	want := s.recs["FS1"][7]
	got, err := a.Record(t.Context(), want.ID())
	if err != nil || !cmp.Equal(*got, want) {
		t.Fatalf("%v: %s", err, cmp.Diff(&want, got))
	}
	l, err := a.Raw(t.Context(), got)
	if err != nil || len(l) != 2 || l[0].RecordID != 8 || l[1].RecordID != 15 {
		t.Errorf("%d events, %v", len(l), err)
	}
	if _, err := a.Record(t.Context(), record.ID{Server: "FS1", Channel: "Security", FirstID: 99}); !errors.Is(err, ErrNotFound) {
		t.Errorf("an unknown id: %v", err)
	}
}

// What the store lost or gave away by retention stays in the archive.
func TestNoVoidsForWhatIsLost(t *testing.T) {
	s, fs := newFakeStore(), fsx.NewCrash()
	if err := fs.MkdirAll("/d", 0o700); err != nil {
		t.Fatal(err)
	}
	for n := range 10 {
		s.act("FS1", n, start+int64(n), `D:\a.txt`)
	}
	a := openTest(t, fs, &log{})
	if _, err := a.Seal(t.Context(), s, SealOptions{Now: now}); err != nil {
		t.Fatal(err)
	}
	short := newFakeStore()
	short.commit, short.short = s.commit, true
	short.act("FS1", 50, start+9, `D:\late.txt`)
	anew := newFakeStore() // knows less than the archive
	anew.act("FS1", 60, start+9, `D:\later.txt`)
	for i, x := range []*fakeStore{short, anew} {
		made, err := a.Seal(t.Context(), x, SealOptions{Now: now})
		if err != nil || len(made) != 1 || made[0].Voids != 0 || made[0].Records != 1 {
			t.Fatalf("%+v, %v", made, err)
		}
		if got := pages(t, a, query.Query{}); len(got) != 11+i {
			t.Errorf("%d records, want %d", len(got), 11+i)
		}
	}
}

// Open days wait, unless all are wanted; an open part is followed by a closed one.
func TestClosedDays(t *testing.T) {
	s, fs := newFakeStore(), fsx.NewCrash()
	if err := fs.MkdirAll("/d", 0o700); err != nil {
		t.Fatal(err)
	}
	s.act("FS1", 1, start+dayNS-1, `D:\a.txt`)
	a := openTest(t, fs, &log{})
	at := func(off time.Duration, all bool) int {
		t.Helper()
		made, err := a.Seal(t.Context(), s, SealOptions{Now: time.Unix(0, start+dayNS).Add(off), All: all})
		if err != nil {
			t.Fatal(err)
		}
		return len(made)
	}
	if n := at(time.Hour-1, false); n != 0 {
		t.Errorf("%d parts of a day that is open", n)
	}
	if n := at(time.Minute, true); n != 1 {
		t.Errorf("%d parts with All", n)
	}
	mark, _ := s.SealMark("FS1", 0, 0)
	if a.Archived("FS1", int(start/dayNS), mark) {
		t.Error("an open part counts as archived")
	}
	if n := at(time.Hour, false); n != 1 {
		t.Errorf("%d parts when the day is over", n)
	}
	if !a.Archived("FS1", int(start/dayNS), mark) || a.Archived("FS1", int(start/dayNS), "other") {
		t.Error("what is archived")
	}
}

// Whatever call fails or wherever the power goes: the next seal goes on, nothing is
// doubled, and every part has its leaf once.
func TestSealSurvivesEverything(t *testing.T) {
	s := newFakeStore()
	for n := range 12 {
		s.act("FS1", n, start+int64(n)*dayNS/6, `D:\a.txt`)
	}
	step := 4
	if os.Getenv("AKASHI_LONG") != "" {
		step = 1
	}
	for stop := 1; ; stop += step {
		fs, l := fsx.NewCrash(), &log{}
		if err := errors.Join(fs.MkdirAll("/d", 0o700), fs.SyncDir("/")); err != nil {
			t.Fatal(err)
		}
		base := fs.Calls()
		fs.StopAt(base + stop)
		_, err := openTest(t, fs, l).Seal(context.WithoutCancel(t.Context()), s, SealOptions{Now: now})
		after := fs.Image(uint64(stop))
		a := openTest(t, after, l)
		if _, err := a.Seal(t.Context(), s, SealOptions{Now: now}); err != nil {
			t.Fatalf("stopped at %d: %v", stop, err)
		}
		if d := cmp.Diff(s.naive(query.Query{}), pages(t, a, query.Query{Limit: 5})); d != "" {
			t.Fatalf("stopped at %d (-store +archive):\n%s", stop, d)
		}
		sameEvents(t, s, a)
		days, derr := a.Days(t.Context())
		if derr != nil || len(days) != 2 {
			t.Fatalf("stopped at %d: %d parts, %v", stop, len(days), derr)
		}
		leaves := map[string]bool{}
		for _, e := range l.l {
			leaves[fmt.Sprintf("%s%x", e.Kind, e.Hash)] = true
		}
		if len(leaves) != 2 {
			t.Fatalf("stopped at %d: %d different leaves of 2 parts", stop, len(leaves))
		}
		if err == nil {
			return // it came to its end
		}
	}
}
