package segment

import (
	"fmt"
	"testing"

	"github.com/akashi-audit/akashi/internal/facets"
	"github.com/akashi-audit/akashi/internal/query"
)

// TestOnceLeavesNothing: what a count reads with a filter that is used once is not kept,
// and neither is what was made ready for it.
func TestOnceLeavesNothing(t *testing.T) {
	rows := testRecords(3, 6000, false)
	for i := range rows {
		rows[i].r.Path = fmt.Sprintf(`D:\共有\%d\見積_%05d_%s.xlsx`, i%7, i, "長い名前のファイル")
		rows[i].r.Share, rows[i].r.ShareRoot, rows[i].r.NewPath = "", 0, ""
	}
	_, data := buildSegment(t, rows, false)
	for _, q := range []query.Query{
		{Words: []string{"見積_00"}, Classes: query.AllClasses(), Lists: query.ListPeople},
		{Words: []string{"見積_012"}, Classes: query.AllClasses(), Lists: query.ListPeople | query.ListPaths},
	} {
		var used [2][2]int
		var total [2]uint64
		for once := range 2 {
			s := openSegment(t, data) // with a cache of its own
			f := NewFilter(q)
			if once == 1 {
				f.Once(true, true)
			}
			c := facets.New(&q, tokyo())
			if err := s.Count(t.Context(), f, View{}, c); err != nil {
				t.Fatal(err)
			}
			total[once] = facetsOf(t, c).Total
			for i := range used[once] {
				used[once][i] = s.opt.Cache.shelves[i].used
			}
			if len(s.bound) != 0 {
				t.Errorf("%d filters are remembered", len(s.bound))
			}
		}
		if total[0] == 0 || total[0] != total[1] {
			t.Errorf("%+v: %d records and %d", q, total[0], total[1])
		}
		if used[1][0] >= used[0][0] || used[1][1] >= used[0][1] {
			t.Errorf("%+v: %d bytes of pages and %d of rows were kept, of %d and %d", q, used[1][0], used[1][1], used[0][0], used[0][1])
		}
	}
}
