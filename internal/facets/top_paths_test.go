package facets

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/google/go-cmp/cmp"
)

// listed is a source whose paths are a list; those that begin with "?" cannot be read.
type listed []string

func (l listed) Reader() func(uint32) ([]byte, error) {
	last := -1
	var buf []byte
	return func(n uint32) ([]byte, error) {
		if int(n) <= last {
			return nil, fmt.Errorf("%d was asked for after %d", n, last)
		}
		last = int(n)
		if l[n] == "" || l[n][0] == '?' {
			return nil, nil
		}
		buf = append(buf[:0], l[n]...)
		return buf, nil
	}
}

func (l listed) Number(path string) (uint32, bool, error) {
	i := slices.Index(l, path)
	return uint32(max(i, 0)), i >= 0, nil
}

// source makes a source of about n of the paths of a simulated folder tree, and counts
// them with a few paths that come often.
func source(g *rand.Rand, n, tree int) (listed, []uint32) {
	have := map[string]bool{}
	for range n {
		name := []string{"a", "B", "資料", "見積"}[g.IntN(4)]
		have[fmt.Sprintf(`D:\%s%d\%s%d.xlsx`, name, g.IntN(9), name, g.IntN(tree))] = true
	}
	l := make(listed, 0, len(have))
	for p := range have {
		l = append(l, p)
	}
	slices.SortFunc(l, paths.Compare)
	counts := make([]uint32, len(l))
	for i := range counts {
		switch g.IntN(20) {
		case 0: // none
		case 1:
			counts[i] = uint32(200 + g.IntN(100)) // around the largest count of a byte
		case 2:
			counts[i] = uint32(g.IntN(1 << 20))
		default:
			counts[i] = 1 + uint32(g.IntN(3))
		}
	}
	return l, counts
}

// TestTopPaths: the paths of sources, counted by number, are what texts give.
func TestTopPaths(t *testing.T) {
	g := rand.New(rand.NewPCG(4, 1))
	near := 0
	for round := range 25 {
		q := query.Query{Lists: query.ListPaths, Top: []int{1, 7, 50, 3000, 100_000}[g.IntN(5)]}
		naive := New(&q, nil)
		q.Near = g.IntN(2) == 0
		parts := []*Counter{New(&q, nil), New(&q, nil)}
		for range 1 + g.IntN(4) {
			c := parts[g.IntN(2)]
			l, counts := source(g, 1000+g.IntN(9000), 2000)
			if err := c.AddPaths(l, counts); err != nil {
				t.Fatal(err)
			}
			for i, p := range l {
				if counts[i] > 0 {
					naive.AddPath(p, uint64(counts[i]))
				}
			}
			clear(counts) // they may be used again
		}
		for range g.IntN(3) * 500 {
			p, n := fmt.Sprintf(`D:\a1\a%d.xlsx`, g.IntN(2000)), uint64(1+g.IntN(400))
			naive.AddPath(p, n)
			parts[0].AddPath(p, n)
		}
		parts[0].Merge(parts[1])
		want := answer(t, naive)
		got := answer(t, parts[0])
		if q.Near && got.PathsMore != want.PathsMore {
			near++
			if got.PathsMore > want.PathsMore || got.PathsMore <= 0 {
				t.Errorf("round %d: %d paths beyond the list, want at most %d and some", round, got.PathsMore, want.PathsMore)
			}
			got.PathsMore = want.PathsMore
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("round %d, top %d, near %v (-texts +numbers):\n%.2000s", round, q.Top, q.Near, d)
		}
		if err := parts[0].Settle(); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, answer(t, parts[0])); d != "" {
			t.Fatalf("round %d, settled (-texts +settled):\n%.2000s", round, d)
		}
	}
	if near == 0 {
		t.Error("no answer was found by likely paths alone")
	}
}

// TestUnreadPaths: paths that cannot be read are counted, not listed.
func TestUnreadPaths(t *testing.T) {
	q := query.Query{Lists: query.ListPaths, Top: 10}
	for sources := 1; sources <= 2; sources++ {
		c := New(&q, nil)
		for range sources {
			l, counts := make(listed, 3000), make([]uint32, 3000)
			for i := range l {
				l[i], counts[i] = fmt.Sprintf(`D:\%06d`, i), 1
				if i%100 == 50 {
					l[i], counts[i] = "?", 9
				}
			}
			if err := c.AddPaths(l, counts); err != nil {
				t.Fatal(err)
			}
		}
		f := answer(t, c)
		if len(f.Paths) != 10 || f.Paths[0].Value != `D:\000000` || f.Paths[0].N != uint64(sources) || len(f.Paths)+f.PathsMore != 2970+30*sources {
			t.Errorf("%d sources: %+v and %d more", sources, f.Paths, f.PathsMore)
		}
	}
}
