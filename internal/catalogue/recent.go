package catalogue

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// Recent is the paths of records of one server that are in no part yet, for
// completion. The zero Recent is of no use: see NewRecent.
// Add may not run beside anything else.
type Recent struct {
	paths map[string]*recentPath
	list  []*recentPath
	roots []Root
}

type recentPath struct {
	path, folded string
	n            uint64
	last         int64 // Unix ns
}

// NewRecent makes an empty Recent.
func NewRecent() *Recent { return &Recent{paths: make(map[string]*recentPath)} }

// Add takes a record. It keeps no reference to it.
func (r *Recent) Add(rec *record.Record) {
	for _, p := range [2]string{rec.Path, rec.NewPath} {
		if p == "" {
			continue
		}
		x := r.paths[p]
		if x == nil {
			x = &recentPath{path: strings.Clone(p), last: rec.Time}
			x.folded = query.Fold(x.path)
			r.paths[x.path] = x
			r.list = append(r.list, x)
		}
		x.n++
		x.last = max(x.last, rec.Time)
	}
	if k := int(rec.ShareRoot); rec.Share != "" && k > 0 && k <= len(rec.Path) {
		root := Root{rec.Share, rec.Path[:k]}
		for _, have := range r.roots {
			if have == root {
				return
			}
		}
		r.roots = append(r.roots, Root{strings.Clone(root.Share), strings.Clone(root.Folder)})
	}
}

// complete adds what the records have. It returns the sums of folders.
func (r *Recent) complete(ctx context.Context, typed string, limit int, within query.Extent, found *hits) (sums map[string]*Hit, err error) {
	sums = make(map[string]*Hit)
	for _, a := range asks(r.roots, typed, within) {
		folders := make(map[string]*Hit)
		var top, below topRecent
		for i, x := range r.list {
			if i%4096 == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if !strings.Contains(x.folded, a.word) || !a.holds(x.path) {
				continue
			}
			short := string(a.visible([]byte(paths.ShortestOf(x.path, x.folded, a.word)), []byte(x.path)))
			if short == x.path || short == "" {
				top.add(x, 4*limit)
				continue
			}
			h := folders[short]
			if h == nil {
				h = &Hit{Path: short, Folder: true, named: true, begins: paths.HasPrefix(short, a.text)}
				folders[short] = h
			}
			h.N, h.Last = h.N+x.n, max(h.Last, x.last)
			below.add(x, limit)
		}
		for _, f := range a.shares {
			if !a.holds(f) {
				continue
			}
			h := &Hit{Path: f, Folder: true, named: true, begins: a.unc()}
			for _, x := range r.list {
				if rest, ok := query.Lies(x.path, f); ok && rest != "" {
					h.N, h.Last = h.N+x.n, max(h.Last, x.last)
					below.add(x, limit)
				}
			}
			if h.N > 0 {
				folders[f] = h
			}
		}
		for path, h := range folders {
			found.add(*h)
			sums[path] = h
		}
		for i, t := range [2]topRecent{top, below} {
			t.sort()
			for _, x := range t[:min(len(t), 4*limit)] {
				found.add(Hit{Path: x.path, N: x.n, Last: x.last, named: i == 0, begins: paths.HasPrefix(x.path, a.text)})
			}
		}
	}
	return sums, nil
}

// topRecent keeps the best, and a few more between two sorts.
type topRecent []*recentPath

func (t *topRecent) add(x *recentPath, most int) {
	if *t = append(*t, x); len(*t) >= 8*most+1024 {
		t.sort()
		*t = (*t)[:most]
	}
}

func (t topRecent) sort() {
	slices.SortFunc(t, func(a, b *recentPath) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(b.last, a.last), strings.Compare(a.path, b.path))
	})
}

// holds reports whether a path may be shown.
func (a *wanted) holds(path string) bool {
	if a.under != "" && !inFolder(path, a.under) {
		return false
	}
	if a.local == nil {
		return true
	}
	for _, f := range a.local {
		if inFolder(path, f) {
			return true
		}
	}
	return false
}

// weigh adds the counts of a hit to those of the parts.
func (r *Recent) weigh(h *Hit, sums map[string]*Hit) {
	if h.UNC == "" {
		h.below(r.roots)
	}
	if x := r.paths[h.Path]; x != nil {
		h.N, h.Last = h.N+x.n, max(h.Last, x.last)
	}
	if f := sums[h.Path]; f != nil {
		h.N, h.Last, h.Folder = h.N+f.N, max(h.Last, f.Last), true
	}
}
