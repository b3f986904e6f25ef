package segment

import (
	"slices"

	"github.com/akashi-audit/akashi/internal/paths"
)

// rareShare: postings lead to the rows when a condition names at most one in so
// many paths; else the column of paths is read.
const rareShare = 20

// candidates lists the paths and new paths of all rows that can meet the clause;
// ok is false when that is not known or too many. exact: every such row does
// meet it.
func (s *Segment) candidates(c *boundClause) (of, news *paths.Set, exact, ok bool) {
	if c.not || c.open {
		return nil, nil, false, false
	}
	exact = len(c.lives) == 0 && c.check.Empty()
	of, news = &paths.Set{}, &paths.Set{}
	of.Or(c.full)
	of.Or(c.check)
	news.Or(c.ids)
	for i, x := range c.shares {
		if x == nil {
			continue
		}
		if x.news {
			news.Or(x.ids)
			exact = false
		}
		if s.odd[i] {
			of.Or(x.ids)
			of.Or(x.ask)
			exact = false
		}
	}
	if c.shares != nil && slices.Contains(s.odd, true) {
		exact = false // a path can be met below its usual share only
	}
	few := of.Len()+news.Len() <= max(64, s.dict.Len()/rareShare)
	return of, news, exact, few && !of.Has(0)
}

// drive finds the rows of the current partition to which the rarest condition
// on paths leads; false when there is none that is rare.
func (sc *scan) drive() (bool, error) {
	sc.driven = nil
	x := sc.b.rarest
	if x == nil {
		return false, nil
	}
	rows := []uint32{}
	for i, l := range [2][]pageAt{sc.dir.paths, sc.dir.news} {
		set := x.of
		if i == 1 {
			set = x.news
		}
		for k := range l {
			r := paths.Range{From: l[k].key, To: 1<<32 - 1}
			if k+1 < len(l) {
				r.To = l[k+1].key
			}
			if !set.Meets(r) {
				continue
			}
			var err error
			if rows, err = sc.p.posted(rows, &l[k], set); err != nil {
				if isDamage(err) {
					return false, nil // the column of paths knows too
				}
				return false, err
			}
		}
	}
	slices.Sort(rows)
	sc.driven = slices.Compact(rows)
	return true, nil
}

// driver is what leads to the rows of a binding.
type driver struct {
	clause   *boundClause
	of, news *paths.Set
	exact    bool
}

// rarest finds the condition on paths that names the fewest.
func (s *Segment) rarest(b *binding) *driver {
	var best *driver
	least := 0
	for _, c := range b.clauses {
		of, news, exact, ok := s.candidates(c)
		if !ok {
			continue
		}
		if n := of.Len() + news.Len(); best == nil || n < least {
			best, least = &driver{c, of, news, exact}, n
		}
	}
	return best
}

// postingPage is a page of postings.
type postingPage struct{ ids, counts, first, further *numbers }

// posted appends the rows of the paths in set that the page has.
func (p *part) posted(rows []uint32, at *pageAt, set *paths.Set) ([]uint32, error) {
	pg, err := p.postingPage(at)
	if err != nil {
		return nil, err
	}
	buf := make([]uint64, 3*pg.ids.n+pg.further.n)
	ids, counts, first, further := buf[:pg.ids.n], buf[pg.ids.n:2*pg.ids.n], buf[2*pg.ids.n:3*pg.ids.n], buf[3*pg.ids.n:]
	pg.ids.read(ids, 0)
	pg.counts.read(counts, 0)
	pg.first.read(first, 0)
	pg.further.read(further, 0)
	k := 0
	for i, id := range ids {
		n := int(counts[i]) - 1
		if n < 0 || n > len(further)-k {
			return nil, p.seg.damage(at.off, int64(at.size), "postings do not add up")
		}
		if set.Has(uint32(id)) {
			row := first[i]
			for j := -1; j < n; j++ {
				if j >= 0 {
					row += further[k+j]
				}
				if row >= uint64(p.info.rows) {
					return nil, p.seg.damage(at.off, int64(at.size), "posting beyond the rows")
				}
				rows = append(rows, uint32(row))
			}
		}
		k += n
	}
	return rows, nil
}

func (p *part) postingPage(at *pageAt) (*postingPage, error) {
	s := p.seg
	k := cacheKey{s.number, at.off}
	if v, ok := s.opt.Cache.get(k).(*postingPage); ok {
		return v, nil
	}
	b, err := s.chunk(at.off, at.chunkRef)
	if err != nil {
		return nil, err
	}
	d := &decoder{b: b}
	v := &postingPage{}
	un := s.opt.Cache.un
	if at.rows < at.n || int64(at.rows) > 2*p.info.rows {
		d.fail("number of rows of a page")
	}
	for i, to := range [4]**numbers{&v.ids, &v.counts, &v.first, &v.further} {
		n, part := at.n, d.b
		if i < 3 {
			part = d.part()
		} else {
			n = at.rows - at.n
		}
		if d.err != nil {
			break
		}
		if *to, err = readNumbers(un, part, n); err != nil {
			return nil, s.damaged(at.off, at.size, err)
		}
	}
	if d.err != nil {
		return nil, s.damaged(at.off, at.size, d.err)
	}
	s.opt.Cache.put(k, v, v.ids.bytes()+v.counts.bytes()+v.first.bytes()+v.further.bytes())
	return v, nil
}

// rollPage is a page of a roll-up, spelled out.
func (p *part) rollPage(at *pageAt) ([]rollup, error) {
	s := p.seg
	k := cacheKey{s.number, at.off}
	if v, ok := s.opt.Cache.get(k).([]rollup); ok {
		return v, nil
	}
	b, err := s.chunk(at.off, at.chunkRef)
	if err != nil {
		return nil, err
	}
	d := &decoder{b: b}
	if at.n > pageRows {
		d.fail("entries of a page")
	}
	var v [6][]uint64
	for c := range v {
		part := d.part()
		if d.err != nil {
			break
		}
		col, err := readNumbers(s.opt.Cache.un, part, at.n)
		if err != nil {
			return nil, s.damaged(at.off, at.size, err)
		}
		v[c] = make([]uint64, at.n)
		col.read(v[c], 0)
	}
	if err := d.end(); err != nil {
		return nil, s.damaged(at.off, at.size, err)
	}
	l := make([]rollup, at.n)
	for i := range l {
		l[i] = rollup{uint32(v[0][i]), uint32(v[1][i]), uint32(v[2][i]), v[3][i], int64(v[4][i]), int64(v[4][i] + v[5][i])}
		if v[0][i] >= uint64(len(s.tables.people)) || v[1][i] >= uint64(len(s.tables.clients)) || v[2][i] >= uint64(len(s.acts)) {
			return nil, s.damage(at.off, int64(at.size), "roll-up names what no table has")
		}
	}
	s.opt.Cache.put(k, l, 40*len(l))
	return l, nil
}
