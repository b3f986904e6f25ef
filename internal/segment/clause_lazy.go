package segment

import (
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/akashi-audit/akashi/internal/query"
)

// lazyClause makes a clause whose rows are asked one by one, by their texts.
func (s *Segment) lazyClause(c *clause) *boundClause {
	return &boundClause{clause: c, lazy: true, texts: s.sharesMatter(c), memo: make(map[[3]uint32]bool), known: make(map[uint32]bool)}
}

// remembers reports whether a clause can be bound without a search of names, because
// the same was searched before.
func (s *Segment) remembers(c *clause) bool {
	return !slices.ContainsFunc(c.patterns, func(p query.Pattern) bool {
		return strings.ContainsAny(p.Literal(), `\/`) || !s.dict.Remembers(paths.Meets(p))
	})
}

// sharesMatter reports whether the UNC form of a row can meet one of the patterns
// where its path does not.
func (s *Segment) sharesMatter(c *clause) bool {
	for i := range s.tables.shares {
		sh := &s.tables.shares[i]
		if sh.unc == "" || sh.root == 0 || !sh.known {
			continue
		}
		if !sh.tidy {
			return true
		}
		unc := query.Fold(sh.unc)
		for _, p := range c.patterns {
			if word := p.Literal(); p.Wild() || strings.Contains(unc, word) || strings.ContainsAny(word, `\/`) {
				return true
			}
		}
	}
	return false
}

// learn finds out which of the paths of some rows meet a lazy clause, page by page
// of the dictionary.
func (s *Segment) learn(c *boundClause, path, newPath []uint64) error {
	var ids []uint32
	c.mu.Lock()
	for _, l := range [2][]uint64{path, newPath} {
		for _, v := range l {
			if _, ok := c.known[uint32(v)]; !ok && v < uint64(s.dict.Len()) {
				ids = append(ids, uint32(v))
			}
		}
	}
	c.mu.Unlock()
	slices.Sort(ids)
	ids = slices.Compact(ids)
	c.asked.Add(int64(len(ids) + len(path)/askedRows))
	c.f.looks.Add(int64(len(ids) + len(path)/askedRows))
	ok, err := s.dict.MeetsAny(ids, c.patterns)
	if err != nil {
		return s.pathError(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, id := range ids {
		c.known[id] = ok[i]
	}
	return nil
}

// lazyClause leaves the rows that meet a lazy clause.
func (sc *scan) lazyClause(c *boundClause, sel []uint16, path, newPath, share []uint64) ([]uint16, error) {
	s := sc.s
	if err := s.learn(c, path, newPath); err != nil && (!isDamage(err) || sc.strict) {
		return nil, err
	}
	return sc.keepMeeting(c, sel, func(i int) (bool, error) {
		c.mu.Lock()
		ok, known := c.known[uint32(path[i])]
		if !ok && newPath[i] != 0 {
			var more bool
			ok, more = c.known[uint32(newPath[i])]
			known = known && more
		}
		c.mu.Unlock()
		if ok || known && !c.texts {
			return ok, nil
		}
		return s.meetsText(c, uint32(path[i]), uint32(newPath[i]), share[i])
	})
}

// later is the clause that takes over from a lazy one, if it is time.
func (sc *scan) later(c *boundClause) (*boundClause, error) {
	if x := c.later.Load(); x != nil {
		return x, nil
	}
	if c.asked.Load() <= max(sc.s.lazy, int64(sc.s.dict.Len()/searchShare)) {
		return c, nil
	}
	x, err := sc.s.bindClause(sc.ctx, c.clause)
	if isDamage(err) {
		x, err = sc.s.textClause(c.clause), nil
	}
	if err == nil {
		c.later.Store(x)
	}
	return x, err
}
