package segment

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/akashi-audit/akashi/internal/facets"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// TestDamagedNames damages each page of the dictionary of paths: every condition on
// paths still finds just those of the rows whose names can be read that meet it, and
// what an erasure may hide is not served.
func TestDamagedNames(t *testing.T) {
	g := rand.New(rand.NewPCG(8, 8))
	rows := testRecords(8, 4000, false)
	for i := range rows {
		r := &rows[i].r
		if dir := r.Path; r.ShareRoot == 0 && dir != "" {
			r.Path = dir + fmt.Sprintf(`\%x%x%x%x.xlsx`, g.Uint64(), g.Uint64(), g.Uint64(), g.Uint64())
		}
		r.SID = "S-1-5-21-1" // words are looked for in all names, not row by row
	}
	pristine, data := buildSegment(t, rows, false)
	if len(pristine.pages) < 3 {
		t.Fatalf("%d pages of names", len(pristine.pages))
	}
	all := query.Query{Classes: query.AllClasses()}
	one := rows[slices.IndexFunc(rows, func(s stored) bool { return len(s.r.Path) > 60 })].r
	with := func(set func(q *query.Query)) query.Query {
		q := all
		set(&q)
		return q
	}
	queries := []query.Query{
		with(func(q *query.Query) { q.Words = []string{"給与"} }),
		with(func(q *query.Query) { q.Words, q.Users = []string{"a"}, []string{"tanaka"} }),
		with(func(q *query.Query) { q.Paths = []string{"*.xlsx"} }),
		with(func(q *query.Query) { q.Files = []string{one.Path} }),
		with(func(q *query.Query) { q.Folders = []string{`D:\共有\人事`, `\\FS01\Eigyo`} }),
		with(func(q *query.Query) { q.Not.Folders = []string{`D:\共有\人事`} }),
		with(func(q *query.Query) { q.Not.Paths = []string{"1"} }),
		with(func(q *query.Query) { q.Within.Folders = []string{`E:\data`, `\\fs01\人事`, `d:\共有\営業`} }),
		with(func(q *query.Query) {
			q.Lives = []query.Life{{Server: one.Server, Path: `D:\共有\人事`, Folder: true, To: one.Time}, {Server: one.Server, Path: one.Path}}
		}),
	}
	lost := 0
	for i, page := range pristine.pages {
		at := page.off + int64(page.size)/2
		data[at] ^= 1
		open := func() *Segment {
			s, err := Open(bytes.NewReader(data), int64(len(data)), OpenOptions{Name: "x", Damaged: func(*DamageError) {}})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		served := eachOf(t, open(), all, View{})
		lost += len(rows) - len(served)
		for _, q := range queries {
			m, hidden := query.NewMatcher(q), []record.ID{}
			var want []record.ID
			for id, r := range served {
				if m.Match(r) {
					want = append(want, id)
				}
			}
			got := eachOf(t, open(), q, View{})
			for _, id := range want {
				if got[id] == nil {
					t.Fatalf("page %d, %+v: %s can be read and is not found", i, q, id)
				}
			}
			if len(got) != len(want) {
				t.Fatalf("page %d, %+v: %d records, want %d", i, q, len(got), len(want))
			}
			c := facets.New(&q, tokyo())
			if err := open().Count(context.Background(), NewFilter(q), View{}, c); err != nil {
				t.Fatalf("page %d, %+v: count: %v", i, q, err)
			}
			for id, r := range eachOf(t, open(), all, View{Hide: []*Filter{NewFilter(q)}}) {
				if m.Match(r) {
					hidden = append(hidden, id)
				}
			}
			if len(hidden) > 0 {
				t.Fatalf("page %d: of what %+v hides, %v are served", i, q, hidden)
			}
			left := uint64(0) // what is surely not hidden
			for j := range rows {
				if !m.Match(&rows[j].r) {
					left++
				}
			}
			c = facets.New(&all, tokyo())
			if err := open().Count(context.Background(), NewFilter(all), View{Hide: []*Filter{NewFilter(q)}}, c); err != nil {
				t.Fatalf("page %d, %+v hidden: count: %v", i, q, err)
			}
			f, err := c.Facets(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if n := f.Total; n > left {
				t.Fatalf("page %d: of what %+v hides, %d are counted", i, q, n-left)
			}
		}
		data[at] ^= 1
	}
	if lost == 0 {
		t.Error("no page cost a record")
	}
}

// eachOf are the records that a query finds.
func eachOf(t *testing.T, s *Segment, q query.Query, v View) map[record.ID]*record.Record {
	t.Helper()
	l := map[record.ID]*record.Record{}
	err := s.Each(context.Background(), NewFilter(q), v, func(r *record.Record, _ uint64) error {
		c := *r
		l[r.ID()] = &c
		return nil
	})
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	return l
}
