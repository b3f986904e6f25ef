package catalogue

import (
	"context"
	"slices"
	"sort"

	"github.com/akashi-audit/akashi/internal/paths"
)

// What many paths have is found among the paths that have the most records, without
// looking through all names: only the best are shown.

const (
	// quickPaths is how many paths a part has at least for which that is worth it.
	quickPaths = 50_000
	// rankedMost is how many paths with the most records a part remembers.
	rankedMost = 4096
	// rankedStep is how many of them are looked at together; the first ones tell
	// whether enough will be found.
	rankedStep = 256
	// fewShare: one path in so many is looked at by itself.
	fewShare = 100
)

// completing is the search of one part for what was typed.
type completing struct {
	p     *Part
	ctx   context.Context
	a     *wanted
	set   *paths.Set    // the paths that have it; nil = not looked for yet
	below []paths.Range // of folders that have it, ascending
}

// all finds the paths that have what was typed.
func (c *completing) all() (*paths.Set, error) {
	if c.set != nil {
		return c.set, nil
	}
	s, err := c.p.dict.Search(c.ctx, paths.Contains(c.a.text))
	if err != nil {
		return nil, err
	}
	for _, only := range [2][]string{c.a.local, one(c.a.under)} {
		if only == nil {
			continue
		}
		if err := c.p.keep(s, only); err != nil {
			return nil, err
		}
	}
	c.set = s
	return s, nil
}

// folders finds the shortest folders that have what was typed. Neighbours that stand
// for one folder are counted together: a sum over many paths goes by whole blocks.
func (c *completing) folders() (map[string]*Hit, error) {
	folders := make(map[string]*Hit)
	var folder *Hit         // of run
	var run paths.Range     // not counted yet
	count := func() error { // the word is in the folder, so in all of them
		if run.Len() == 0 {
			return nil
		}
		n, m, err := c.p.sum(run)
		folder.N, folder.Month = folder.N+n, max(folder.Month, m)
		if k := len(c.below) - 1; k >= 0 && c.below[k].To == run.From {
			c.below[k].To = run.To
		} else {
			c.below = append(c.below, run)
		}
		run = paths.Range{}
		return err
	}
	err := c.p.dict.Candidates(c.ctx, c.a.word, func(in, short []byte, ids paths.Range) error {
		if c.set != nil && !c.set.Meets(ids) {
			return nil
		}
		if short = c.a.visible(short, in); len(short) == 0 {
			return nil
		}
		if same := folder != nil && folder.Path == string(short); same && run.To == ids.From {
			run.To = ids.To
			return nil
		} else if err := count(); err != nil {
			return err
		} else if !same {
			folder = folders[string(short)]
		}
		if folder == nil {
			folder = &Hit{Path: string(short), Folder: true, named: true, begins: paths.HasPrefix(string(short), c.a.text)}
			folders[folder.Path] = folder
		}
		run = ids
		return nil
	})
	if err == nil {
		err = count()
	}
	return folders, err
}

// within reports whether a path lies in one of the ranges, which ascend.
func within(l []paths.Range, id uint32) bool {
	i := sort.Search(len(l), func(i int) bool { return l[i].To > id })
	return i < len(l) && l[i].From <= id
}

// named are the best paths that have what was typed while no folder of them has it.
func (c *completing) named(most int) (*topN, error) {
	others := c.others()
	var s *paths.Set
	var err error
	if c.set == nil {
		if s, err = c.fewOf(others); err != nil {
			return nil, err
		}
		if s == nil {
			top, ok, err := c.often(most, func(id uint32) (wanted, sure bool) { return !within(c.below, id), false })
			if ok || err != nil {
				return top, err
			}
		}
	}
	if s == nil {
		if s, err = c.all(); err != nil {
			return nil, err
		}
	}
	top := &topN{most: most}
	for _, r := range others {
		if err := c.p.rank(top, s, r); err != nil {
			return nil, err
		}
	}
	return top, nil
}

// others are the paths that lie in no folder that has what was typed.
func (c *completing) others() (l []paths.Range) {
	from := uint32(0)
	for _, r := range c.below {
		if r.From > from {
			l = append(l, paths.Range{From: from, To: r.From})
		}
		from = r.To
	}
	if n := uint32(c.p.dict.Len()); n > from {
		l = append(l, paths.Range{From: from, To: n})
	}
	return l
}

// fewOf finds those of some paths that have what was typed; nil when they are so many
// that all names are searched better.
func (c *completing) fewOf(l []paths.Range) (*paths.Set, error) {
	n := 0
	for _, r := range l {
		n += r.Len()
	}
	if n > c.p.dict.Len()/fewShare {
		return nil, nil
	}
	ids := make([]uint32, 0, n)
	for _, r := range l {
		for id := r.From; id < r.To; id++ {
			ids = append(ids, id)
		}
	}
	have, err := c.p.dict.Have(ids, paths.Contains(c.a.text))
	s := &paths.Set{}
	for i, ok := range have {
		if ok {
			s.Add(ids[i])
		}
	}
	return s, err
}

// rest are the best paths of what lies in folders that have what was typed, or in
// shares. Their folder has it, so they have it, too.
func (c *completing) rest(most int, shared []paths.Range) (*topN, error) {
	slices.SortFunc(shared, func(a, b paths.Range) int { return int(int64(a.From) - int64(b.From)) })
	if c.set == nil {
		top, ok, err := c.often(most, func(id uint32) (wanted, sure bool) {
			sure = within(c.below, id) || slices.ContainsFunc(shared, func(r paths.Range) bool { return r.From <= id && id < r.To })
			return sure, sure
		})
		if ok || err != nil {
			return top, err
		}
	}
	top := &topN{most: most}
	for _, r := range shared {
		if err := c.p.rank(top, nil, r); err != nil {
			return nil, err
		}
	}
	for _, r := range c.below {
		if err := c.p.rank(top, c.set, r); err != nil { // a set has only what may be shown
			return nil, err
		}
	}
	return top, nil
}

// often finds the best among the paths with the most records. want says of a path
// whether it can be shown, and whether it is sure without looking that it has what was
// typed. ok is false when there are not enough of them.
func (c *completing) often(most int, want func(id uint32) (wanted, sure bool)) (top *topN, ok bool, err error) {
	l, err := c.p.most()
	if err != nil {
		return nil, false, err
	}
	top = &topN{most: most}
	for at := 0; at < len(l); at += rankedStep {
		if err := c.ctx.Err(); err != nil {
			return nil, false, err
		}
		step := l[at:min(at+rankedStep, len(l))]
		found, err := c.have(step, want)
		if err != nil {
			return nil, false, err
		}
		for i, x := range step {
			if found[i] && len(top.list) < most {
				top.list = append(top.list, x)
			}
		}
		if len(top.list) == most {
			return top, true, nil
		}
		if at == 0 && len(top.list)*len(l) < most*len(step) {
			break
		}
	}
	return nil, false, nil
}

// have tells which of some paths are wanted and have what was typed.
func (c *completing) have(l []scored, want func(id uint32) (wanted, sure bool)) ([]bool, error) {
	found := make([]bool, len(l))
	var order []int
	for i, x := range l {
		wanted, sure := want(x.id)
		if found[i] = wanted && sure; wanted && !sure {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(i, j int) int { return int(int64(l[i].id) - int64(l[j].id)) })
	ids := make([]uint32, len(order))
	for k, i := range order {
		ids[k] = l[i].id
	}
	ok, err := c.p.dict.Have(ids, paths.Contains(c.a.text))
	for k, i := range order[:len(ok)] {
		found[i] = ok[k]
	}
	return found, err
}

// most is the paths with the most records, the best first.
func (p *Part) most() ([]scored, error) {
	r := p.ranked
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.l != nil {
		return r.l, nil
	}
	least, err := p.leastOf(rankedMost)
	if err != nil {
		return nil, err
	}
	t := topN{most: rankedMost, least: least}
	if err := p.rank(&t, nil, paths.Range{From: 0, To: uint32(p.dict.Len())}); err != nil {
		return nil, err
	}
	t.prune()
	r.l = slices.Clip(t.list)
	return r.l, nil
}

// leastOf is a number of records that at least most paths have, all paths when there
// are not so many: what has less need not be put in order to find the best.
func (p *Part) leastOf(most int) (uint64, error) {
	var by [1024]int // paths by records, the last for all that have more
	for i := range p.values {
		v, err := p.valuesAt(i)
		if err != nil {
			return 0, err
		}
		for _, n := range v.counts {
			by[min(n, uint64(len(by)-1))]++
		}
	}
	for n := len(by) - 1; n > 0; n-- {
		if most -= by[n]; most <= 0 {
			return uint64(n), nil
		}
	}
	return 0, nil
}
