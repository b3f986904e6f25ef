package store

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// again commits another conversion of the events below 30 under rules 2: the
// records of every fourth change, those of every seventh are gone.
func again(t *testing.T, s *Store, note string, received int64) {
	t.Helper()
	var recs []record.Record
	for i := range 30 {
		r := testRecord("FS", i)
		if i%7 == 0 {
			continue
		}
		if i%4 == 0 {
			r.Path += note
		}
		r.RulesVersion = 2
		recs = append(recs, r)
	}
	c := &Commit{Server: "FS", Rewind: new(uint64), Records: recs, SetTail: true, Checkpoint: []byte("x"), Basis: Basis{Rules: 2}, Received: received}
	if _, err := s.Append(context.Background(), c); err != nil {
		t.Fatal(err)
	}
}

func idOf(i int) record.ID {
	r := testRecord("FS", i)
	return r.ID()
}

func TestSupersede(t *testing.T) {
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "d")
	s := openTest(t, dir, Options{Create: true})
	put(t, s, "FS", 0, 30)
	old := query.Query{Classes: query.AllClasses(), Superseded: true, Limit: 3}
	ids := func(s *Store) (l []string) {
		for _, r := range all(t, s, old) {
			l = append(l, fmt.Sprintf("%d by %d %s", r.FirstID, r.SupersededBy, r.Path[len(r.Path)-2:]))
		}
		slices.Sort(l)
		return l
	}
	var want []string
	for i := range 30 {
		if i%7 == 0 || i%4 == 0 {
			want = append(want, fmt.Sprintf("%d by 2 sx", i))
		}
	}
	want = append(want, "1000000 by 2 sx") // the tail
	slices.Sort(want)
	again(t, s, "!a", 10)
	// Half a comparison, as a kill leaves it: it must not count.
	half := &Commit{Server: "FS", superseded: []record.Record{testRecord("FS", 1)}, step: supersedeFirst}
	if _, err := s.Append(ctx, half); err != nil {
		t.Fatal(err)
	}
	if l := ids(s); len(l) != 0 || !s.State("FS").Unsettled {
		t.Errorf("half a comparison counts: %v, unsettled %v", l, s.State("FS").Unsettled)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, dir, Options{})
	d, err := s.Supersede(ctx, "FS", 2)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, ids(s)); diff != "" || s.State("FS").Unsettled {
		t.Errorf("superseded (-want +got):\n%s", diff)
	}
	if want := (Difference{Same: 30 - 11, Changed: 6, Gone: 6}); d != want {
		t.Errorf("difference %+v, want %+v", d, want)
	}
	// Two more: a version of its own for each, several with one id and time.
	again(t, s, "!b", 20)
	again(t, s, "!c", 30)
	if d, err = s.Supersede(ctx, "FS", 3); err != nil || d.Changed != 12 || d.Gone != 0 {
		t.Errorf("two at once: %+v, %v", d, err)
	}
	if d, err = s.Supersede(ctx, "FS", 3); err != nil || d != (Difference{}) {
		t.Errorf("nothing to compare: %+v, %v", d, err)
	}
	l, err := s.Versions(ctx, idOf(4))
	var got []string
	for _, r := range l {
		got = append(got, fmt.Sprintf("%d %s", r.SupersededBy, r.Path[len(r.Path)-2:]))
	}
	if diff := cmp.Diff([]string{"3 !b", "3 !a", "2 sx"}, got); diff != "" || err != nil {
		t.Errorf("versions (-want +got):\n%s %v", diff, err)
	}
	if n := len(ids(s)); n != len(want)+12 {
		t.Errorf("pages of superseded records give %d, want %d", n, len(want)+12)
	}
	ro := openTest(t, dir, Options{ReadOnly: true})
	if diff := cmp.Diff(ids(s), ids(ro)); diff != "" {
		t.Errorf("read again (-want +got):\n%s", diff)
	}
	r, err := s.Record(ctx, idOf(7))
	if err != nil || r.SupersededBy != 2 {
		t.Errorf("a record that is gone: %+v, %v", r, err)
	}
	in, err := s.Info()
	if err != nil || in.Superseded != int64(len(want)+12) || len(in.Servers) != 1 || !cmp.Equal(in.Servers[0].Bases, []Basis{{Rules: 2}}) {
		t.Errorf("info %+v, %v", in, err)
	}
}

func TestFacts(t *testing.T) {
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "d")
	s := openTest(t, dir, Options{Create: true})
	add := func(l ...Fact) {
		t.Helper()
		if _, err := s.Append(ctx, &Commit{Server: "DC", Facts: l}); err != nil {
			t.Fatal(err)
		}
	}
	find := func(s *Store, from, to int64) (l []Fact) {
		t.Helper()
		if err := s.Facts(ctx, from, to, func(f Fact) { l = append(l, f) }); err != nil {
			t.Fatal(err)
		}
		return sortFacts(l)
	}
	if _, _, _, ok := s.Unspread(); ok || s.HasFacts() {
		t.Error("an empty folder has facts")
	}
	a, b, c := Fact{10, "x", "192.0.2.1"}, Fact{-5, "資料\xed\xa0\x80", ""}, Fact{20, "x", "192.0.2.2"}
	add(a, b, a)
	add(c)
	if d := cmp.Diff([]Fact{b, a, c}, find(s, -100, 100)); d != "" {
		t.Errorf("facts (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]Fact{a}, find(s, -4, 19)); d != "" {
		t.Errorf("facts of a range (-want +got):\n%s", d)
	}
	from, to, seq, ok := s.Unspread()
	if from != -5 || to != 20 || seq != 2 || !ok {
		t.Errorf("Unspread = %d, %d, %d, %v", from, to, seq, ok)
	}
	if _, err := s.Append(ctx, &Commit{Spread: 1}); err != nil {
		t.Fatal(err)
	}
	ro := openTest(t, dir, Options{ReadOnly: true})
	if from, to, _, ok := ro.Unspread(); from != 20 || to != 20 || !ok {
		t.Errorf("Unspread = %d, %d, %v", from, to, ok)
	}
	if d := cmp.Diff(find(s, -100, 100), find(ro, -100, 100), cmpopts.EquateEmpty()); d != "" {
		t.Errorf("facts read again:\n%s", d)
	}
}

func FuzzDecodeFacts(f *testing.F) {
	f.Add(appendFacts([]Fact{{1, "a", "b"}, {-1, "a", ""}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := decodeFacts(b)
		if err != nil {
			return
		}
		if again, err := decodeFacts(appendFacts(l)); err != nil || !slices.Equal(l, again) {
			t.Errorf("%v does not read back: %v %v", l, again, err)
		}
	})
}
