package segment

import (
	"context"
	"math"
	"slices"
)

// scan goes through the rows of one segment that match. It belongs to one
// goroutine.
type scan struct {
	ctx     context.Context // of the call that the scan is for
	s       *Segment
	b       *binding
	v       *boundView
	p       *part
	dir     *directory
	buf     []uint64
	buf2    []uint64
	buf3    []uint64
	rows    []uint16
	first   bool     // conditions on paths are looked at before the kinds
	driven  []uint32 // rows of the partition to which postings lead; nil = all
	posted  []uint32 // memory of driven
	bits    []uint64 // scratch: rows of a partition
	ids     []uint64 // scratch: entries of a page of postings
	steps   []uint64 // scratch: rows of an entry
	found   []uint16 // scratch of plainClause
	named   []uint16 // scratch of plainClause; so the next two
	odd     []uint16
	special []uint16
	every   []uint16 // the rows of a block, all
	near    *passing
	pages   *postingMemory
	lo, hi  int64 // only rows from lo to hi, both included
	strict  bool  // damage is an error
}

func (s *Segment) newScan(ctx context.Context, f *Filter, v *View) (*scan, error) {
	b, err := s.bind(ctx, f)
	if err != nil {
		return nil, err
	}
	bv, err := s.bindView(ctx, v)
	if err != nil {
		return nil, err
	}
	sc := &scan{ctx: ctx, s: s, b: b, v: bv, lo: math.MinInt64, hi: math.MaxInt64}
	n := s.blockRows()
	buf := make([]uint64, 3*n)
	sc.buf, sc.buf2, sc.buf3 = buf[:n:n], buf[n:2*n:2*n], buf[2*n:]
	return sc, nil
}

// blockRows is the most rows of a block, and entries of a page of a roll-up, in this
// segment: what a buffer must take.
func (s *Segment) blockRows() int { return int(min(blockRows, s.meta.Rows)) }

// parts lists the partitions that can hold a row.
func (sc *scan) parts() []*part {
	if sc.b.none || sc.v.none {
		return nil
	}
	var l []*part
	for _, p := range sc.s.parts {
		if some, _ := sc.b.f.times(p.info.first, p.info.last); some {
			l = append(l, p)
		}
	}
	return l
}

// open makes a partition the current one; false when it is damaged.
func (sc *scan) open(p *part) (bool, error) {
	dir, err := p.directory()
	if err != nil {
		if isDamage(err) {
			return false, nil
		}
		return false, err
	}
	sc.p, sc.dir, sc.first = p, dir, sc.b.first(dir)
	if _, err := sc.drive(); err != nil {
		return false, err
	}
	return true, nil
}

// start lists the rows of a block whose person matches.
func (sc *scan) start(b *block) []uint16 {
	if sc.driven != nil {
		return sc.startDriven(b)
	}
	sel := sc.rows[:0]
	if sc.b.people == nil {
		if sc.every == nil {
			sc.every = make([]uint16, sc.s.blockRows())
			for i := range sc.every {
				sc.every[i] = uint16(i)
			}
		}
		sc.rows = append(sel, sc.every[:b.rows]...)
		return sc.rows
	}
	end := b.start + b.rows
	for i := sc.dir.runAt(b.start); i < len(sc.dir.runs)-1 && int(sc.dir.runs[i].start) < end; i++ {
		r := sc.dir.runs[i]
		if !sc.b.people[r.person] {
			continue
		}
		lo, hi := max(int(r.start), b.start), min(int(sc.dir.runs[i+1].start), end)
		for k := lo; k < hi; k++ {
			sel = append(sel, uint16(k-b.start))
		}
	}
	sc.rows = sel
	return sel
}

// startDriven is start for the rows to which postings lead.
func (sc *scan) startDriven(b *block) []uint16 {
	sel := sc.rows[:0]
	at, _ := slices.BinarySearch(sc.driven, uint32(b.start))
	end := uint32(b.start + b.rows)
	run := -1
	for ; at < len(sc.driven) && sc.driven[at] < end; at++ {
		row := sc.driven[at]
		if sc.b.people != nil {
			if run < 0 {
				run = sc.dir.runAt(int(row))
			}
			for sc.dir.runs[run+1].start <= row {
				run++
			}
			if !sc.b.people[sc.dir.runs[run].person] {
				continue
			}
		}
		sel = append(sel, uint16(int(row)-b.start))
	}
	sc.rows = sel
	return sel
}

// match leaves the rows of the block that match and count. A damaged column
// leaves none, without an error.
func (sc *scan) match(b *block) ([]uint16, error) {
	if some, _ := sc.b.f.times(b.first, b.last); !some {
		return nil, nil
	}
	if b.first > sc.hi || b.last < sc.lo {
		return nil, nil
	}
	sel := sc.start(b)
	var err error
	if len(sel) > 0 && (b.first < sc.lo || b.last > sc.hi) {
		sel, err = sc.between(b, sel)
	}
	if err == nil {
		sel, err = sc.filter(sc.b, b, sel)
	}
	if err == nil {
		sel, err = sc.counting(b, sel)
	}
	if isDamage(err) && !sc.strict {
		return nil, nil
	}
	return sel, err
}

// counting leaves the rows that the view lets count.
func (sc *scan) counting(b *block, sel []uint16) ([]uint16, error) {
	sel, err := sc.codes(b, colStamp, sel, sc.v.stamps)
	for _, h := range sc.v.hide {
		if err != nil || len(sel) == 0 {
			break
		}
		var hidden []uint16
		if hidden, err = sc.hidden(h, b, sel); len(hidden) > 0 {
			sel = slices.DeleteFunc(sel, func(r uint16) bool { _, ok := slices.BinarySearch(hidden, r); return ok })
		}
	}
	return sel, err
}

// hidden lists the rows of sel that match h.
func (sc *scan) hidden(h *binding, b *block, sel []uint16) ([]uint16, error) {
	if some, _ := h.f.times(b.first, b.last); !some {
		return nil, nil
	}
	l := slices.Clone(sel)
	if h.people != nil {
		l = slices.DeleteFunc(l, func(r uint16) bool {
			return !h.people[sc.dir.runs[sc.dir.runAt(b.start+int(r))].person]
		})
	}
	return sc.filter(h, b, l)
}

// codes leaves the rows whose code in a column is wanted.
func (sc *scan) codes(b *block, col int, sel []uint16, want []bool) ([]uint16, error) {
	if len(sel) == 0 || want == nil {
		return sel, nil
	}
	c, err := sc.column(b, col)
	if err != nil {
		return nil, err
	}
	return keepCodes(c, sel, want, sc.buf), nil
}

// filter leaves the rows that meet the conditions but for the person.
func (sc *scan) filter(x *binding, b *block, sel []uint16) (_ []uint16, err error) {
	first := sc.first && x == sc.b
	if first {
		sel, err = sc.clauses(x, b, sel)
	}
	if err == nil {
		sel, err = sc.codes(b, colKind, sel, x.kinds)
	}
	if err == nil {
		sel, err = sc.timeRange(x.f, b, sel)
	}
	if err == nil {
		sel, err = sc.codes(b, colClient, sel, x.clients)
	}
	if err == nil {
		sel, err = sc.codes(b, colProcess, sel, x.processes)
	}
	if err == nil && len(x.f.sessions)+len(x.f.notSessions) > 0 && len(sel) > 0 {
		sel, err = sc.sessions(x.f, b, sel)
	}
	if err == nil && !first {
		sel, err = sc.clauses(x, b, sel)
	}
	return sel, err
}

// clauses leaves the rows that meet the conditions on paths.
func (sc *scan) clauses(x *binding, b *block, sel []uint16) (_ []uint16, err error) {
	for _, c := range x.clauses {
		if err != nil || len(sel) == 0 {
			break
		}
		if x := sc.b.rarest; x != nil && x.exact && x.clause == c && sc.driven != nil {
			continue // the postings say so
		}
		sel, err = sc.clause(c, b, sel)
	}
	return sel, err
}

func (sc *scan) timeRange(f *Filter, b *block, sel []uint16) ([]uint16, error) {
	if _, all := f.times(b.first, b.last); all || len(sel) == 0 {
		return sel, nil
	}
	c, err := sc.column(b, colTime)
	if err != nil {
		return nil, err
	}
	c.pick(sc.buf, sel)
	n := 0
	for i, r := range sel {
		if _, all := f.times(int64(sc.buf[i]), int64(sc.buf[i])); all {
			sel[n] = r
			n++
		}
	}
	return sel[:n], nil
}

// between leaves the rows from lo to hi.
func (sc *scan) between(b *block, sel []uint16) ([]uint16, error) {
	c, err := sc.column(b, colTime)
	if err != nil {
		return nil, err
	}
	c.pick(sc.buf, sel)
	n := 0
	for i, r := range sel {
		if t := int64(sc.buf[i]); t >= sc.lo && t <= sc.hi {
			sel[n] = r
			n++
		}
	}
	return sel[:n], nil
}

func (sc *scan) sessions(f *Filter, b *block, sel []uint16) ([]uint16, error) {
	c, err := sc.column(b, colSession)
	if err != nil {
		return nil, err
	}
	c.pick(sc.buf, sel)
	n := 0
	for i, r := range sel {
		v := sc.buf[i]
		if (len(f.sessions) == 0 || slices.Contains(f.sessions, v)) && !slices.Contains(f.notSessions, v) {
			sel[n] = r
			n++
		}
	}
	return sel[:n], nil
}

// clause leaves the rows that meet a condition on paths.
func (sc *scan) clause(c *boundClause, b *block, sel []uint16) ([]uint16, error) {
	if c.plain() {
		return sc.plainClause(c, b, sel)
	}
	cols := [3][]uint64{sc.buf, sc.buf2, sc.buf3}
	for i, col := range [3]int{colPath, colNewPath, colShare} {
		v, err := sc.column(b, col)
		if err != nil {
			return nil, err
		}
		v.pick(cols[i], sel)
	}
	path, newPath, share := cols[0][:len(sel)], cols[1][:len(sel)], cols[2][:len(sel)]
	if c.lazy && !c.byText {
		x, err := sc.later(c)
		if err != nil {
			return nil, err
		}
		c = x
	}
	switch {
	case c.byText:
		return sc.textClause(c, b, sel, path, newPath, share)
	case c.every:
		return sc.everyClause(c, sel, path, newPath, share), nil
	case len(c.lives) > 0:
		return sc.livesClause(c, b, sel, path, newPath)
	case c.lazy:
		return sc.lazyClause(c, sel, path, newPath, share)
	case c.plain():
		return sc.plainClause(c, b, sel)
	}
	ask := !c.check.Empty()
	return sc.keepMeeting(c, sel, func(i int) (bool, error) {
		p := uint32(path[i])
		if share[i] == 0 && c.full.Has(p) {
			return true, nil
		}
		if newPath[i]|share[i] == 0 && !ask {
			return false, nil
		}
		return sc.s.meets(c, p, uint32(newPath[i]), share[i])
	})
}

// livesClause leaves the rows that have one of the names at its time.
func (sc *scan) livesClause(c *boundClause, b *block, sel []uint16, path, newPath []uint64) ([]uint16, error) {
	v, err := sc.column(b, colTime)
	if err != nil {
		return nil, err
	}
	v.pick(sc.buf3, sel)
	times := sc.buf3[:len(sel)]
	n := 0
	for i, r := range sel {
		t := int64(times[i])
		for k := range c.clause.lives {
			l, set := &c.clause.lives[k], c.lives[k]
			if (l.From == 0 || t >= l.From) && (l.To == 0 || t < l.To) && (set.Has(uint32(path[i])) || newPath[i] != 0 && set.Has(uint32(newPath[i]))) {
				sel[n] = r
				n++
				break
			}
		}
	}
	return sel[:n], nil
}
