package facets

import (
	"context"
	"maps"
	"slices"

	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/query"
)

// The paths with the most records, without a list of all of them in memory.

// maxLooks is how many paths are looked for in other sources at most, in all; with
// more, all names are read in order.
const maxLooks = 20_000

// topPaths lists the paths with the most records, and how many are left out.
func (c *Counter) topPaths(ctx context.Context) ([]query.Count, int, error) {
	if len(c.sources) == 0 {
		l, more := c.most(c.paths)
		return l, more, nil
	}
	b := &best{most: c.top}
	if len(c.sources) == 1 && len(c.paths) == 0 {
		s := &c.sources[0]
		least := max(1, s.nth(c.top))
		err := s.spell(ctx, least, b.add)
		if err == nil && least > 1 && len(b.l) < c.top { // some of those cannot be read
			b.l = nil
			err = s.spell(ctx, 1, b.add)
		}
		l := b.list()
		return l, s.distinct - len(l), err
	}
	if c.near {
		l, more, ok, err := c.likely(ctx)
		if ok || err != nil {
			return l, more, err
		}
	}
	distinct, err := c.inOrder(ctx, b)
	l := b.list()
	return l, distinct - len(l), err
}

// spell calls fn for the paths that were counted at least so often.
func (s *counted) spell(ctx context.Context, least uint64, fn func(path []byte, n uint64)) error {
	read, steps := s.names.Reader(), 0
	for n, ok := s.next(0, least); ok; n, ok = s.next(n+1, least) {
		if steps++; steps%4096 == 0 {
			if err := pace.Yield(ctx); err != nil {
				return err
			}
		}
		p, err := read(n)
		if err != nil {
			return err
		}
		if len(p) > 0 {
			fn(p, s.at(n))
		}
	}
	return nil
}

// best keeps the entries with the most records.
type best struct {
	most int
	l    []query.Count
	full bool
	last query.Count // when full: what does not come before it is not among the best
}

func (b *best) add(path []byte, n uint64) {
	if b.full && (n < b.last.N || n == b.last.N && string(path) >= b.last.Value) {
		return
	}
	if b.l = append(b.l, query.Count{Value: string(path), N: n}); len(b.l) >= 2*b.most+64 {
		b.prune()
	}
}

func (b *best) prune() {
	slices.SortFunc(b.l, moreFirst)
	if len(b.l) >= b.most {
		clear(b.l[b.most:])
		b.l = b.l[:b.most]
		b.full, b.last = true, b.l[b.most-1]
	}
}

func (b *best) list() []query.Count {
	b.prune()
	return slices.Clone(b.l)
}

// likely finds the list by looking only at paths that one of k sources counted
// often: one among the best has at least a k-th of their least count in one source.
// more is too low when sources have different paths, but not 0. ok is false when
// there are too many such paths, or so few paths that all of them can be read.
func (c *Counter) likely(ctx context.Context) (l []query.Count, more int, ok bool, err error) {
	most, k := len(c.paths), uint64(len(c.sources))
	if most > 0 {
		k++
	}
	for i := range c.sources {
		most = max(most, c.sources[i].distinct)
	}
	if most <= c.top {
		return nil, 0, false, nil
	}
	found := make(map[string]uint64)
	least := uint64(1)
	for round := range 2 {
		if round == 1 {
			b := best{most: c.top}
			for p, n := range found {
				b.add([]byte(p), n)
			}
			if b.prune(); b.full {
				least = (b.last.N + k - 1) / k
			}
		}
		if ok, err = c.look(ctx, found, least, round == 0); !ok || err != nil {
			return nil, 0, false, err
		}
	}
	b := best{most: c.top}
	for p, n := range found {
		b.add([]byte(p), n)
	}
	l = b.list()
	return l, most - len(l), len(l) == c.top, nil
}

// look adds to found the paths that a source counted at least so often, with the sum
// of all sources; with first, those that each source counted most. false: they are too
// many.
func (c *Counter) look(ctx context.Context, found map[string]uint64, least uint64, first bool) (bool, error) {
	add := func(p []byte, _ uint64) {
		if _, ok := found[string(p)]; !ok {
			found[string(p)] = 0
		}
	}
	for i := range c.sources {
		s, from := &c.sources[i], least
		if first {
			if from = s.nth(c.top); from == 0 {
				continue
			}
			if s.atLeast(from) > 2*c.top { // many that were counted as often
				from++
			}
		}
		if (len(found)+s.atLeast(from))*len(c.sources) > maxLooks {
			return false, nil
		}
		if err := s.spell(ctx, from, add); err != nil {
			return false, err
		}
	}
	for p, n := range c.paths {
		if n >= least && !first {
			add([]byte(p), n)
		}
	}
	if len(found)*len(c.sources) > maxLooks {
		return false, nil
	}
	for _, p := range slices.Sorted(maps.Keys(found)) {
		if found[p] > 0 {
			continue
		}
		sum := c.paths[p]
		for i := range c.sources {
			n, ok, err := c.sources[i].names.Number(p)
			if err != nil {
				return false, err
			}
			if ok {
				sum += c.sources[i].at(n)
			}
		}
		found[p] = sum
	}
	return true, nil
}
