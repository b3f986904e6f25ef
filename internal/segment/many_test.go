package segment

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/akashi-audit/akashi/internal/facets"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestManyRows asks segments of several blocks, groups and pages a day.
func TestManyRows(t *testing.T) {
	g := rand.New(rand.NewPCG(31, 1))
	var rows []stored
	for i := range 30_000 {
		x := testRecord(g, i, false)
		x.r.Time = month0() + int64(g.IntN(2))*86400e9 + g.Int64N(86400e7)*100
		x.r.EndTime = x.r.Time
		if g.IntN(8) > 0 {
			x.r.Path = fmt.Sprintf(`D:\共有\人事\%d\資料%d.xlsx`, g.IntN(40), g.IntN(300))
		}
		if g.IntN(40) > 0 {
			x.r.NewPath = ""
		}
		rows = append(rows, x)
	}
	whole, _ := buildSegment(t, rows, false)
	a, _ := buildSegment(t, rows[:11_000], false)
	b, _ := buildSegment(t, rows[11_000:], false)
	merged := mergeSegments(t, []*Segment{b, a}, View{})
	for _, s := range []*Segment{whole, merged} {
		if l, err := s.Check(context.Background()); len(l) > 0 || err != nil {
			t.Fatalf("Check = %v, %v", l, err)
		}
		for i := range 60 {
			q := testQuery(g)
			switch i % 4 {
			case 0:
				q.Files = []string{fmt.Sprintf(`d:\共有\人事\%d\資料%d.XLSX`, g.IntN(40), g.IntN(300)), fmt.Sprintf(`\\fs01\人事\%d\資料%d.XLSX`, g.IntN(40), g.IntN(300))}
			case 1:
				q.Words = []string{fmt.Sprintf(`%d\資料%d.`, g.IntN(40), g.IntN(300))}
			}
			v, hide := testView(g)
			checkFirst(t, s, rows, q, v, hide)
		}
	}
}

// checkFirst compares the first rows of each day and the counts.
func checkFirst(t *testing.T, s *Segment, rows []stored, q query.Query, v View, hide []query.Query) {
	t.Helper()
	want := naive(rows, q, v, hide)
	f := NewFilter(q)
	byDay := map[int][]stored{}
	for _, w := range want {
		day := facets.NewCalendar(tokyo()).At(w.r.Time).Day
		byDay[day] = append(byDay[day], w)
	}
	for _, d := range s.Meta().Days {
		l := byDay[d.Day]
		got, err := s.Top(context.Background(), f, v, d.Day, nil, 150)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(records(l[:min(len(l), 150)]), got, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("query %+v view %+v: %s", q, v, d)
		}
		if len(l) < 500 {
			continue
		}
		at := query.PositionOf(&l[400].r)
		got, err = s.Top(context.Background(), f, v, d.Day, &at, 50)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(records(l[401:min(len(l), 451)]), got, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("second page of query %+v view %+v: %s", q, v, d)
		}
	}
	a, b := facets.New(&q, tokyo()), facets.New(&q, tokyo())
	for i := range want {
		a.Add(&want[i].r)
	}
	countAnyhow(t, rand.New(rand.NewPCG(uint64(len(want)), 4)), s, q, v, b)
	if d := cmp.Diff(facetsOf(t, a), facetsOf(t, b), cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("counts of query %+v view %+v: %s", q, v, d)
	}
}
