package segment

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestKnownPaths: a segment that is told the paths of a pattern finds what it finds by
// itself, also when it is told of paths that it does not have.
func TestKnownPaths(t *testing.T) {
	rows := testRecords(1, 500, false)
	s, _ := buildSegment(t, rows, false)
	others, _ := buildSegment(t, testRecords(2, 500, false), false)
	g := rand.New(rand.NewPCG(5, 5))
	told, found := 0, 0
	for range 400 {
		q := testQuery(g)
		if len(q.Words)+len(q.Paths)+len(q.Not.Paths) == 0 {
			continue
		}
		f := NewFilter(q)
		for _, c := range f.clauses {
			for _, p := range c.patterns {
				var l []string
				for _, d := range []*paths.Dict{s.dict, others.dict} {
					set, err := d.Search(t.Context(), paths.Meets(p))
					if err != nil {
						t.Fatal(err)
					}
					for id := range set.All() {
						path, err := d.Path(id)
						if err != nil {
							t.Fatal(err)
						}
						l = append(l, path)
					}
				}
				slices.SortFunc(l, paths.Compare)
				if l = slices.Compact(l); len(l) <= fewKnown {
					told++
				}
				f.Know(s.meta.Server, p, l)
			}
		}
		want := records(naive(rows, q, View{}, nil))
		found += len(want)
		if d := cmp.Diff(want, topAll(t, s, f, View{}, 100), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("query %+v: %s", q, d)
		}
	}
	if told < 50 || found < 100 {
		t.Errorf("%d patterns with few paths, %d records: too few to prove anything", told, found)
	}
	c := NewFilter(query.Query{Words: []string{"見積"}})
	c.Know("another", query.NewWord("見積"), nil)
	if l := topAll(t, s, c, View{}, 100); len(l) == 0 {
		t.Error("what one server has was taken for what all have")
	}
}
