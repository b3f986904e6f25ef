package catalogue

import (
	"context"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/akashi-audit/akashi/internal/query"
)

// Hit is a path or a folder that what was typed can become.
type Hit struct {
	Path   string // server-local
	UNC    string // the same below a share, "" when none is known
	Folder bool
	N      uint64 // records that name it or, of a folder, something below it
	Month  Month  // of the last of them; 0 = not known
	Last   int64  // Unix ns of the last of them, when it is among the Recent ones; else 0
	begins bool   // with what was typed
	named  bool   // its own name has it, not that of a folder above
}

// wanted is what paths are looked for: any part of one, folded as in searches, in
// the local form or below a share.
type wanted struct {
	text  string   // as typed, / as a backslash
	word  string   // folded
	local []string // the only folders, as local paths; nil = all
	under string   // only below this one, "" = anywhere
	// shares are the folders of shares whose name has the word.
	shares []string
}

// asks prepares what was typed for a part. Words of a UNC path are looked for
// below the folders of the shares that they can mean.
func asks(roots []Root, typed string, within query.Extent) []wanted {
	text := strings.ReplaceAll(typed, "/", `\`)
	a := wanted{text: text, word: foldPath(text)}
	if len(within.Folders) > 0 {
		a.local = []string{}
		for _, f := range within.Folders {
			for _, l := range localsOf(roots, f) {
				if l != "" {
					a.local = append(a.local, l)
				}
			}
		}
	}
	l := []wanted{a}
	for _, r := range roots {
		below := strings.TrimRight(r.Folder, `\`)
		for _, rest := range crossing(query.Fold(r.Share), a.word) {
			if rest == "" { // the share itself, which is found without looking
				l[0].shares = append(l[0].shares, below)
				continue
			}
			b := a
			b.text, b.under = below+rest, below
			b.word = query.Fold(below) + rest
			l = append(l, b)
		}
	}
	return l
}

// crossing lists the ways in which a word can end in or behind a share: what of
// it stands behind, "" when the share has all of it.
func crossing(share, word string) (rests []string) {
	if word == "" {
		return nil
	}
	if strings.Contains(share, word) {
		return []string{""}
	}
	for i := 1; i < len(word); i++ {
		if word[i] == '\\' && strings.HasSuffix(share, word[:i]) {
			rests = append(rests, word[i:])
		}
	}
	return rests
}

// Complete is the paths and folders that what is typed can become, at most
// limit: first those that begin with it, and of each kind those whose own name has
// it; of these the ones with the most records, then those that were named last. A
// path of which only a folder has what was typed stands for that folder, and by
// itself behind those. Recent adds what is in no part yet.
// Nothing outside the folders of within is found; whether a record names a hit
// that can be seen, and how many do, is not known here.
func (l Parts) Complete(ctx context.Context, typed string, limit int, within query.Extent, recent ...*Recent) ([]Hit, error) {
	found := newHits(4 * limit)
	for _, p := range l {
		for _, a := range asks(p.roots, typed, within) {
			if err := p.complete(ctx, &a, limit, found); err != nil {
				return nil, err
			}
		}
	}
	sums := make([]map[string]*Hit, len(recent))
	for i, r := range recent {
		var err error
		if sums[i], err = r.complete(ctx, typed, limit, within, found); err != nil {
			return nil, err
		}
	}
	best := found.best(2 * limit)
	for i := range best {
		if err := l.weigh(&best[i]); err != nil {
			return nil, err
		}
		for k, r := range recent {
			r.weigh(&best[i], sums[k])
		}
	}
	slices.SortFunc(best, func(a, b Hit) int { return a.Compare(&b) })
	return best[:min(limit, len(best))], nil
}

// weigh counts a hit in all parts and finds its form below a share.
func (l Parts) weigh(h *Hit) error {
	h.N, h.Month = 0, 0
	for _, p := range l {
		own, err := p.dict.Find(h.Path)
		if err != nil {
			return err
		}
		r := []paths.Range{own}
		below, err := p.dict.Below(h.Path + `\`)
		if err != nil {
			return err
		}
		h.Folder = h.Folder || len(below) > 0
		for _, r := range append(r, below...) {
			n, m, err := p.sum(r)
			if err != nil {
				return err
			}
			h.N, h.Month = h.N+n, max(h.Month, m)
		}
		h.below(p.roots)
	}
	return nil
}

// below finds the form below the share that lies deepest.
func (h *Hit) below(roots []Root) {
	deepest := -1
	for _, root := range roots {
		f := strings.TrimRight(root.Folder, `\`)
		if rest, ok := query.Lies(h.Path, f); ok && len(f) > deepest {
			h.UNC, deepest = root.Share+rest, len(f)
		}
	}
}

// sum adds up the records of paths and finds their last month.
func (p *Part) sum(r paths.Range) (n uint64, last Month, err error) {
	for id := r.From; id < r.To; {
		v, err := p.valuesAt(int(id) / valuesPerBlock)
		if err != nil {
			return 0, 0, err
		}
		if id%valuesPerBlock == 0 && r.To-id >= uint32(len(v.counts)) && len(v.counts) > 0 { // all of it
			n, last = n+v.sum, max(last, v.last)
			id += uint32(len(v.counts))
			continue
		}
		from, to := id%valuesPerBlock, min(uint32(len(v.counts)), id%valuesPerBlock+r.To-id)
		set := uint32(1<<32 - 1)
		for i := from; i < to; i++ {
			n += v.counts[i]
			if v.sets[i] != set {
				set = v.sets[i]
				last = max(last, p.lastOf(set))
			}
		}
		id += to - from
		if to == from {
			break
		}
	}
	return n, last, nil
}

func (p *Part) lastOf(set uint32) Month {
	if m := p.sets[set]; len(m) > 0 {
		return m[len(m)-1]
	}
	return 0
}

// complete adds what one part has.
func (p *Part) complete(ctx context.Context, a *wanted, limit int, found *hits) error {
	c := &completing{p: p, ctx: ctx, a: a}
	if a.local != nil || a.under != "" || p.dict.Len() < p.quick {
		if _, err := c.all(); err != nil {
			return err
		}
	}
	folders, err := c.folders()
	if err != nil {
		return err
	}
	var shared []paths.Range
	for _, f := range a.shares {
		l, err := p.share(a, f, found)
		if err != nil {
			return err
		}
		shared = append(shared, l...)
	}
	for _, h := range folders {
		found.add(*h)
	}
	top, err := c.named(4 * limit)
	if err != nil {
		return err
	}
	if err := p.spell(top, a, true, found); err != nil {
		return err
	}
	n := len(folders) + len(top.list)
	for _, f := range a.shares {
		if folders[f] == nil {
			n++
		}
	}
	if n >= limit {
		return nil
	}
	rest, err := c.rest(limit, shared)
	if err != nil {
		return err
	}
	return p.spell(rest, a, false, found)
}

func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// share adds the folder of a share, and gives what lies in it.
func (p *Part) share(a *wanted, folder string, found *hits) ([]paths.Range, error) {
	if !a.holds(folder) {
		return nil, nil
	}
	l, err := p.dict.Below(folder)
	if err != nil || len(l) == 0 {
		return nil, err
	}
	h := Hit{Path: folder, Folder: true, named: true, begins: a.unc()}
	for _, r := range l {
		n, m, err := p.sum(r)
		if err != nil {
			return nil, err
		}
		h.N, h.Month = h.N+n, max(h.Month, m)
	}
	found.add(h)
	return l, nil
}

// unc reports whether the beginning of a UNC path was typed.
func (a *wanted) unc() bool { return strings.HasPrefix(a.word, `\\`) }

// spell adds ranked paths as hits.
func (p *Part) spell(t *topN, a *wanted, named bool, found *hits) error {
	t.prune()
	for _, x := range t.list {
		path, err := p.dict.Path(x.id)
		if err != nil {
			return err
		}
		if path != "" {
			found.add(Hit{Path: path, N: x.n, Month: x.month, begins: paths.HasPrefix(path, a.text), named: named})
		}
	}
	return nil
}

// rank adds the paths of a range that are in the set, nil for all, to the best.
func (p *Part) rank(t *topN, s *paths.Set, r paths.Range) error {
	for id := r.From; id < r.To; {
		v, err := p.valuesAt(int(id) / valuesPerBlock)
		if err != nil {
			return err
		}
		from := int(id % valuesPerBlock)
		to := min(len(v.counts), from+int(r.To-id))
		if from >= to {
			return nil
		}
		for i, n := range v.counts[from:to] {
			if n >= t.least && (s == nil || s.Has(id+uint32(i))) {
				t.add(scored{id + uint32(i), n, p.lastOf(v.sets[from+i])})
			}
		}
		id += uint32(to - from)
	}
	return nil
}

// visible is the folder that stands for what lies in a folder of which it is the
// beginning: one above the folders that can be seen gives way to that of them in
// which the other lies, nil when that is not in one.
func (a *wanted) visible(short, in []byte) []byte {
	if a.local == nil || short == nil {
		return short
	}
	for _, f := range a.local {
		if inFolder(string(short), f) {
			return short
		}
	}
	for _, f := range a.local {
		if inFolder(string(in), f) {
			return []byte(f)
		}
	}
	return nil
}

// inFolder reports whether a path is a folder or lies below it.
func inFolder(path, folder string) bool {
	_, ok := query.Lies(path, folder)
	return ok
}

// keep leaves the ids of paths in these folders.
func (p *Part) keep(s *paths.Set, folders []string) error {
	var in paths.Set
	for _, f := range folders {
		if err := p.dict.AddWithin(&in, f); err != nil {
			return err
		}
	}
	s.And(&in)
	return nil
}
