package store

import (
	"context"
	"fmt"
	"testing"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/google/go-cmp/cmp"
)

// TestLateGateOfPeople: with a word, the few rows of a person are looked at in all months
// without a search of all names; for a person with many rows the catalogue is asked.
func TestLateGateOfPeople(t *testing.T) {
	ctx := context.Background()
	s := openTest(t, t.TempDir(), Options{Create: true, FlushRows: -1})
	const months, rows = 6, 1500
	for m := range months {
		var l []record.Record
		for i := range rows {
			r := testRecord("FS", rows*m+i)
			r.Time += int64(m) * 31 * 86400e9
			r.EndTime, r.Class, r.User = r.Time, record.ClassUser, `EX\many`
			r.Path = fmt.Sprintf(`D:\共有\%d\%d.txt`, m, i)
			if i < 3 {
				r.User = `EX\few`
			}
			if (m == 1 || m == 4) && i < 8 {
				r.Path = fmt.Sprintf(`D:\共有\稀\%d.txt`, i)
			}
			l = append(l, r)
		}
		if _, err := s.Append(ctx, &Commit{Server: "FS", Records: l}); err != nil {
			t.Fatal(err)
		}
		if err := s.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	f := func(user string, want, segments, skipped int) {
		t.Helper()
		for _, counts := range []bool{false, true} {
			q := query.Query{Users: []string{user}, Words: []string{"稀"}, Limit: 100, Trace: &query.Trace{}}
			n := 0
			if counts {
				f, err := s.Facets(ctx, q)
				if err != nil {
					t.Fatal(err)
				}
				n = int(f.Total)
			} else {
				page, err := s.Search(ctx, q)
				if err != nil {
					t.Fatal(err)
				}
				n = len(page.Records)
			}
			sum, left := q.Trace.Summary(), 0
			for _, x := range sum.Skipped {
				if x.Reason == query.SkipPath {
					left += x.N
				}
			}
			if counts && skipped > 0 { // two segments at a time: one more may be open before the names cost too much
				if left == 0 || sum.Segments+left != months || n != want {
					t.Errorf("%s: %d records, %d segments, %d left out; want %d", user, n, sum.Segments, left, want)
				}
				continue
			}
			if n != want || sum.Segments != segments || left != skipped {
				t.Errorf("%s, counts %v: %d records, %d segments, %d left out; want %d, %d, %d", user, counts, n, sum.Segments, left, want, segments, skipped)
			}
		}
	}
	f("few", 6, months, 0)
	f("many", 10, 4, 2) // months 5, 4, 3 and 1
	f("nobody", 0, months, 0)
}

// TestWordOverManyMonths: counts of a rare word, whose paths the catalogue tells to the
// segments, are those of the records.
func TestWordOverManyMonths(t *testing.T) {
	ctx := context.Background()
	s := openTest(t, t.TempDir(), Options{Create: true, FlushRows: -1})
	want := make(map[string]uint64)
	for m := range 6 {
		var l []record.Record
		for i := range 300 {
			r := testRecord("FS", 1000*m+i)
			r.Time += int64(m) * 31 * 86400e9
			r.EndTime, r.Class = r.Time, record.ClassUser
			r.Path = fmt.Sprintf(`D:\共有\%d\%d.txt`, m%2, i)
			switch {
			case i%50 == m:
				r.Path = fmt.Sprintf(`D:\共有\Rare%d.txt`, i%100)
			case i%100 == 7:
				r.Path = fmt.Sprintf(`d:\共有\RARE%d.TXT`, i%100)
			}
			if i%50 == m || i%100 == 7 {
				want[r.Path]++
			}
			l = append(l, r)
		}
		if _, err := s.Append(ctx, &Commit{Server: "FS", Records: l}); err != nil {
			t.Fatal(err)
		}
		if err := s.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for _, q := range []query.Query{{Words: []string{"rare"}}, {Paths: []string{"ＲＡＲＥ*"}}, {Words: []string{"rare", "txt"}}} {
		f, err := s.Facets(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		got := make(map[string]uint64)
		for _, c := range f.Paths {
			got[c.Value] = c.N
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%+v: %s", q, d)
		}
	}
}

// TestLargeCounts: counts that go past the caches, and those for which the catalogue is
// not asked, are those of any others.
func TestLargeCounts(t *testing.T) {
	ctx := context.Background()
	s := openTest(t, t.TempDir(), Options{Create: true, FlushRows: -1})
	for m := range 6 {
		var l []record.Record
		for i := range 1500 {
			r := testRecord("FS", 2000*m+i)
			r.Time += int64(m) * 31 * 86400e9
			r.EndTime, r.Class, r.User = r.Time, record.ClassUser, fmt.Sprintf(`EX\%d`, i%(3+m))
			r.Path = fmt.Sprintf(`D:\共有\%d\月%d_%d.txt`, i%3, m*(i%2), i)
			l = append(l, r)
		}
		if _, err := s.Append(ctx, &Commit{Server: "FS", Records: l}); err != nil {
			t.Fatal(err)
		}
		if err := s.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	skips := [2]int{}
	for _, q := range []query.Query{
		{Words: []string{"月3_"}, Lists: query.ListPeople},
		{Words: []string{"月"}, Lists: query.ListPeople | query.ListFolders | query.ListOps},
		{Paths: []string{"*_7?.txt"}, Words: []string{"月2"}, Lists: query.ListPeople | query.ListHours | query.ListDays},
		{Folders: []string{`D:\共有\2`}, Lists: query.ListPaths | query.ListPeople},
		{Users: []string{`EX\1`}, Words: []string{"月"}, Lists: query.ListPaths},
		{Lists: query.ListPaths | query.ListFiles},
	} {
		var got [2]*query.Facets
		for large := range got {
			s.cheapNames, s.onceRows, s.onceNames = cheapNames, onceRows, onceNames
			if large == 1 {
				s.cheapNames, s.onceRows, s.onceNames = 0, 0, 0
			}
			q.Trace = &query.Trace{}
			f, err := s.Facets(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			got[large] = f
			for _, x := range q.Trace.Summary().Skipped {
				if x.Reason == query.SkipPath && len(q.Users) == 0 {
					skips[large] += x.N
				}
			}
		}
		if d := cmp.Diff(got[0], got[1]); d != "" || got[0].Total == 0 {
			t.Errorf("%+v: %d records (-usual +large) %s", q, got[0].Total, d)
		}
	}
	if skips[0] == 0 || skips[1] != 0 { // the names of the segments are nearly those of the catalogue
		t.Errorf("the catalogue left out %d and %d segments, want some and none", skips[0], skips[1])
	}
}
