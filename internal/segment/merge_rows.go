package segment

import (
	"context"
	"slices"
)

// A merge goes by column: of each block that is read, the numbers of all rows are
// turned into those of the output at once, and rows that follow each other in the
// output are copied together. A person's day comes from two or three inputs, one after
// the other in time, so most pieces have some hundred rows.

// mergeCursor goes through the rows of one partition of an input.
type mergeCursor struct {
	in    *mergeInput
	order int
	sc    *scan
	rd    reader
	block int // the next one
	n     int // rows that were read
	at    int // the current row of them
	done  bool
	raw   rawRows
	sets  detailCodes
}

// rawRows are the raw record ids of rows, as differences.
type rawRows struct {
	first, rest     []uint64
	firstAt, restAt []uint32 // of each row, and the end
}

// detailCodes are what the codes of sets of details become in a block of the output.
type detailCodes struct {
	of   *openBlock
	gen  int
	code []uint64 // 0 = not known yet
	buf  []byte
}

// cursor stands at the first row of a partition; nil when it has none.
func (m *merge) cursor(ctx context.Context, in *mergeInput, order int, p *part) (*mergeCursor, error) {
	sc, err := in.s.newScan(ctx, m.all, m.drop)
	if err != nil {
		return nil, err
	}
	sc.b, sc.strict = &binding{f: sc.b.f}, true
	if sc.v.none {
		return nil, nil
	}
	dir, err := p.directory()
	if err != nil {
		return nil, err
	}
	sc.p, sc.dir = p, dir
	c := &mergeCursor{in: in, order: order, sc: sc, rd: reader{once: true}}
	if err := c.load(m); err != nil || c.done {
		return nil, err
	}
	return c, nil
}

// load reads the next block that has rows, in the numbers of the output.
func (c *mergeCursor) load(m *merge) error {
	sc := c.sc
	for c.n, c.at = 0, 0; c.n == 0; {
		if c.block == len(sc.dir.blocks) {
			c.done = true
			return nil
		}
		b := &sc.dir.blocks[c.block]
		c.block++
		sel, err := sc.match(b)
		if err != nil {
			return err
		}
		if len(sel) == 0 {
			continue
		}
		if err := c.rd.load(sc.p, sc.dir, b, sel); err != nil {
			return err
		}
		c.n = len(sel)
		c.raw.read(c.rd.raw, sel, b.rows)
		c.sets.code = append(c.sets.code[:0], make([]uint64, len(c.rd.det.sets)+1)...)
		c.sets.of = nil
	}
	c.number(m)
	return nil
}

// number turns the numbers of the input into those of the output.
func (c *mergeCursor) number(m *merge) {
	in, v := c.in, &c.rd.v
	for i, p := range c.rd.people {
		c.rd.people[i] = in.person[p]
	}
	// The share comes first: it goes by the path of the input.
	shares := v[colShare]
	for i, s := range shares {
		switch {
		case s > 0:
			shares[i] = uint64(in.share[s-1]) + 1
		case in.usual != nil:
			shares[i] = uint64(in.share[in.usual.of(uint32(v[colPath][i]))]) + 1
		}
	}
	for _, x := range [...]struct {
		col int
		to  []uint32
	}{
		{colStamp, in.stamp}, {colOrigin, in.origin}, {colClient, in.client}, {colKind, in.kind}, {colProcess, in.process},
	} {
		l, to := v[x.col], x.to
		for i, n := range l {
			l[i] = uint64(to[n])
		}
	}
	for _, l := range [...][]uint64{v[colPath], v[colNewPath]} {
		for i, n := range l {
			l[i] = uint64(in.path.At(uint32(n)))
		}
	}
	for i, s := range shares {
		if s > 0 && m.usual[v[colPath][i]] == uint32(s-1) {
			shares[i] = 0
		}
	}
}

// read spells out the raw record ids of some rows of a block of n.
func (r *rawRows) read(ids *rawIDs, sel []uint16, n int) {
	some, all := int(ids.firsts[n]), int(ids.starts[n])
	r.first, r.rest = sized(r.first, some), sized(r.rest, all-some)
	ids.first.read(r.first, 0)
	ids.rest.read(r.rest, 0)
	r.firstAt, r.restAt = sized(r.firstAt, len(sel)+1), sized(r.restAt, len(sel)+1)
	if len(sel) == n {
		for i := range n + 1 {
			r.firstAt[i], r.restAt[i] = ids.firsts[i], ids.starts[i]-ids.firsts[i]
		}
		return
	}
	var first, rest uint32 // rows between are left out: what stays moves up
	for i, row := range sel {
		a, b := ids.firsts[row], ids.firsts[row+1]
		x, y := ids.starts[row]-a, ids.starts[row+1]-b
		r.firstAt[i], r.restAt[i] = first, rest
		first += uint32(copy(r.first[first:], r.first[a:b]))
		rest += uint32(copy(r.rest[rest:], r.rest[x:y]))
	}
	r.firstAt[len(sel)], r.restAt[len(sel)] = first, rest
}

// sized is v with n elements of any content.
func sized[T any](v []T, n int) []T {
	if cap(v) < n {
		return make([]T, n)
	}
	return v[:n]
}

func (c *mergeCursor) person() uint32       { return c.rd.people[c.at] }
func (c *mergeCursor) time() int64          { return int64(c.rd.v[colTime][c.at]) }
func (c *mergeCursor) value(col int) uint64 { return c.rd.v[col][c.at] }

// before is the end of the rows that were read and come before the current one of
// another cursor by person or time; nil = all.
func (c *mergeCursor) before(next *mergeCursor) int {
	if next == nil {
		return c.n
	}
	person, at := next.person(), next.time()
	people, times := c.rd.people[:c.n], c.rd.v[colTime][:c.n]
	i := c.at
	for i < len(people) && people[i] < person {
		i++
	}
	for i < len(people) && people[i] == person && int64(times[i]) < at {
		i++
	}
	return i
}

// put copies rows up to end to the output.
func (c *mergeCursor) put(m *merge, out *partWriter, end int) error {
	for c.at < end {
		c.at += out.addRows(c, c.at, end)
	}
	if c.at == c.n {
		return c.load(m)
	}
	return nil
}

// cursors are those of all inputs that have rows of a day.
func (m *merge) cursors(ctx context.Context, day int) (cs []*mergeCursor, err error) {
	for i, in := range m.in {
		for _, p := range in.s.parts {
			if p.info.day != day {
				continue
			}
			c, err := m.cursor(ctx, in, i, p)
			if err != nil {
				return nil, err
			}
			if c != nil {
				cs = append(cs, c)
			}
		}
	}
	return cs, nil
}

// day merges one partition of all inputs; the directory is left to the caller. It
// returns nil when no row is left.
func (m *merge) day(ctx context.Context, f *fileWriter, day int) (*partWriter, error) {
	cs, err := m.cursors(ctx, day)
	if err != nil || len(cs) == 0 {
		return nil, err
	}
	out := f.partition(day)
	for len(cs) > 0 {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		best, second := m.firstTwo(cs)
		c := cs[best]
		var next *mergeCursor // whose row comes behind that of c
		if second >= 0 {
			next = cs[second]
		}
		end := c.before(next)
		if end == c.at { // the same person and time
			end++
			if m.twice(c, next, cs) {
				c.at, end = c.at+1, c.at+1
			}
		}
		if err := c.put(m, out, end); err != nil {
			return nil, err
		}
		if c.done {
			cs = slices.Delete(cs, best, best+1)
		}
	}
	out.end()
	return out, f.err
}
