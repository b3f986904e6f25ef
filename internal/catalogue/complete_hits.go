package catalogue

import (
	"cmp"
	"slices"

	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/akashi-audit/akashi/internal/query"
)

// hits collects what parts find; the same path is one hit.
type hits struct {
	list []Hit
	most int
}

func newHits(most int) *hits { return &hits{most: most} }

func (h *hits) add(x Hit) {
	if h.list = append(h.list, x); len(h.list) > 16*h.most+4096 {
		h.list = h.best(4 * h.most)
	}
}

// best joins the hits of one path and gives the best.
func (h *hits) best(n int) []Hit {
	slices.SortFunc(h.list, func(a, b Hit) int { return paths.Compare(a.Path, b.Path) })
	out := h.list[:0]
	for _, x := range h.list {
		if k := len(out) - 1; k >= 0 && query.EqualPath(out[k].Path, x.Path) {
			o := &out[k]
			o.N, o.Month, o.Last = o.N+x.N, max(o.Month, x.Month), max(o.Last, x.Last)
			o.Folder, o.begins, o.named = o.Folder || x.Folder, o.begins || x.begins, o.named || x.named
			continue
		}
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b Hit) int { return a.Compare(&b) })
	return out[:min(n, len(out))]
}

// Compare orders hits, the best first.
func (a *Hit) Compare(b *Hit) int {
	first := func(x, y bool) int {
		switch {
		case x == y:
			return 0
		case x:
			return -1
		}
		return 1
	}
	return cmp.Or(first(a.begins, b.begins), first(a.named, b.named), cmp.Compare(b.N, a.N), cmp.Compare(b.Month, a.Month), cmp.Compare(b.Last, a.Last), paths.Compare(a.Path, b.Path))
}

// scored is a path that can be shown.
type scored struct {
	id    uint32
	n     uint64
	month Month
}

// topN keeps the best, and a few more between two sorts.
type topN struct {
	list  []scored
	most  int
	least uint64 // what has less is not among the best
}

func (t *topN) add(s scored) {
	if t.list = append(t.list, s); len(t.list) >= 8*t.most+1024 {
		t.prune()
	}
}

func (t *topN) prune() {
	slices.SortFunc(t.list, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(b.month, a.month), cmp.Compare(a.id, b.id))
	})
	if len(t.list) > t.most {
		t.list = t.list[:t.most]
		if t.most > 0 {
			t.least = t.list[t.most-1].n
		}
	}
}
