package segment

import (
	"math/bits"
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
	if c.lazy || c.not || c.open {
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
	if c.every { // the path must be met whatever the new path is
		news, exact = &paths.Set{}, false
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
	if sc.posted == nil {
		sc.posted = make([]uint32, 0, 64) // not nil: no rows are another thing than all rows
	}
	rows := sc.posted[:0]
	for i, l := range [2][]pageAt{sc.dir.paths, sc.dir.news} {
		ids := x.of
		if i == 1 {
			ids = x.news
		}
		for k := range l {
			from, _ := slices.BinarySearch(ids, l[k].key)
			ids = ids[from:]
			n := len(ids)
			if k+1 < len(l) {
				n, _ = slices.BinarySearch(ids, l[k+1].key)
			}
			if n == 0 {
				continue
			}
			var err error
			if rows, err = sc.postings(rows, &l[k], ids[:n]); err != nil {
				if isDamage(err) {
					return false, nil // the column of paths knows too
				}
				return false, err
			}
		}
	}
	sc.posted = rows
	sc.driven = sc.sorted(rows)
	return true, nil
}

// sorted puts rows of the current partition in order, each once.
func (sc *scan) sorted(rows []uint32) []uint32 {
	if len(rows) < 128 || int64(len(rows)) < sc.p.info.rows/1024 {
		slices.Sort(rows)
		return slices.Compact(rows)
	}
	words := int(sc.p.info.rows+63) / 64
	sc.bits = slices.Grow(sc.bits[:0], words)[:words]
	clear(sc.bits)
	for _, r := range rows {
		sc.bits[r/64] |= 1 << (r % 64)
	}
	rows = rows[:0]
	for i, w := range sc.bits {
		for ; w != 0; w &= w - 1 {
			rows = append(rows, uint32(64*i+bits.TrailingZeros64(w)))
		}
	}
	return rows
}

// driver is what leads to the rows of a binding.
type driver struct {
	clause   *boundClause
	of, news []uint32 // paths and new paths, ascending
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
			best, least = &driver{c, slices.Collect(of.All()), slices.Collect(news.All()), exact}, n
		}
	}
	return best
}

// postingPage is a page of postings.
type postingPage struct{ ids, ends, first, further *numbers }

// seekFew: so many of a page's entries for each wanted path make it cheaper to
// look each path up than to read the page from end to end.
const seekFew = 200

// postings appends the rows of those of the paths, which ascend, that the page
// has.
func (sc *scan) postings(rows []uint32, at *pageAt, wanted []uint32) ([]uint32, error) {
	pg, err := sc.postingPage(at, wanted)
	if err != nil || pg == nil {
		return rows, err
	}
	n := pg.ids.n
	if pg.ids.form == formDelta && len(wanted)*seekFew < n {
		for _, id := range wanted {
			i, ok := pg.ids.find(uint64(id))
			if !ok {
				continue
			}
			start, end := pg.ends.pair(i)
			if rows, err = sc.post(rows, at, pg, i, start, end); err != nil {
				return nil, err
			}
		}
		return rows, nil
	}
	sc.ids = slices.Grow(sc.ids[:0], 2*n)[:2*n]
	ids, ends := sc.ids[:n], sc.ids[n:]
	pg.ids.read(ids, 0)
	pg.ends.read(ends, 0)
	start := uint64(0)
	for i, id := range ids {
		for len(wanted) > 0 && uint64(wanted[0]) < id {
			wanted = wanted[1:]
		}
		if len(wanted) == 0 {
			break
		}
		if uint64(wanted[0]) == id {
			if rows, err = sc.post(rows, at, pg, i, start, ends[i]); err != nil {
				return nil, err
			}
		}
		start = ends[i]
	}
	return rows, nil
}

// post appends the rows of entry i, which are start to end of the page's.
func (sc *scan) post(rows []uint32, at *pageAt, pg *postingPage, i int, start, end uint64) ([]uint32, error) {
	p := sc.p
	if start < uint64(i) || end <= start || end > uint64(at.rows) || end-uint64(i)-1 > uint64(pg.further.n) {
		return nil, p.seg.damage(at.off, int64(at.size), "postings do not add up")
	}
	n := int(end - start)
	sc.steps = slices.Grow(sc.steps[:0], n)[:n]
	l := sc.steps
	l[0] = pg.first.at(i)
	pg.further.read(l[1:], int(start)-i)
	row := uint64(0)
	for _, d := range l {
		if row += d; row >= uint64(p.info.rows) {
			return nil, p.seg.damage(at.off, int64(at.size), "posting beyond the rows")
		}
		rows = append(rows, uint32(row))
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
	v, err := p.readPostings(b, at, nil)
	if err == nil {
		s.opt.Cache.put(k, v, v.ids.bytes()+v.ends.bytes()+v.first.bytes()+v.further.bytes())
	}
	return v, err
}

// readPostings reads a page of postings, into memory from before where that is not nil;
// then it gives nil for a page that has none of the paths that are wanted.
func (p *part) readPostings(b []byte, at *pageAt, m *postingMemory) (v *postingPage, err error) {
	s := p.seg
	d := &decoder{b: b}
	v = &postingPage{}
	un := s.opt.Cache.un
	if at.rows < at.n || int64(at.rows) > 2*p.info.rows {
		d.fail("number of rows of a page")
	}
	for i, to := range [4]**numbers{&v.ids, &v.ends, &v.first, &v.further} {
		n, part := at.n, d.b
		if i < 3 {
			part = d.part()
		} else {
			n = at.rows - at.n
		}
		if d.err != nil {
			break
		}
		var planes *planeMemory
		if m != nil {
			planes = &m.planes[i]
		}
		if *to, err = readNumbersIn(planes, un, part, n); err != nil {
			return nil, s.damaged(at.off, int(at.size), err)
		}
		if i == 0 && m.none(*to) {
			return nil, nil
		}
	}
	if d.err != nil {
		return nil, s.damaged(at.off, int(at.size), d.err)
	}
	return v, nil
}
