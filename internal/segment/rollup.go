package segment

import "github.com/akashi-audit/akashi/internal/record"

// rollPage is a page of a roll-up, by column. Every number in it names an entry
// of its table.
type rollPage struct {
	n   int
	col [rollCols]*numbers
}

// Columns of a page of a roll-up, in stored order.
const (
	rollPerson = iota
	rollClient
	rollAct
	rollRows
	rollFirst
	rollLength // last - first
	rollCols
)

// rollPage reads a page of a roll-up.
func (p *part) rollPage(at *pageAt) (*rollPage, error) {
	s := p.seg
	k := cacheKey{s.number, at.off}
	if v, ok := s.opt.Cache.get(k).(*rollPage); ok {
		return v, nil
	}
	b, err := s.chunk(at.off, at.chunkRef)
	if err != nil {
		return nil, err
	}
	d := &decoder{b: b}
	if at.n > pageRows || int64(at.n) > p.info.rows { // each tells of a row or more
		d.fail("entries of a page")
	}
	v := &rollPage{n: at.n}
	size := 0
	for c := range v.col {
		part := d.part()
		if d.err != nil {
			break
		}
		if v.col[c], err = readNumbers(s.opt.Cache.un, part, at.n); err != nil {
			return nil, s.damaged(at.off, int(at.size), err)
		}
		size += v.col[c].bytes()
	}
	if err := d.end(); err != nil {
		return nil, s.damaged(at.off, int(at.size), err)
	}
	buf := make([]uint64, at.n)
	for c, limit := range [...]int{rollPerson: len(s.tables.people), rollClient: len(s.tables.clients), rollAct: len(s.acts)} {
		v.col[c].read(buf, 0)
		if most(buf) >= uint64(limit) && at.n > 0 {
			return nil, s.damage(at.off, int64(at.size), "roll-up names what no table has")
		}
	}
	s.opt.Cache.put(k, v, size)
	return v, nil
}

func most(l []uint64) uint64 {
	m := uint64(0)
	for _, v := range l {
		m = max(m, v)
	}
	return m
}

// rollRows lists the entries of a page that count.
func (c *counting) rollRows(v *rollPage, acts []bool) []uint16 {
	x := c.sc.b
	sel := c.rolls[:0]
	for i := range v.n {
		sel = append(sel, uint16(i))
	}
	sel = keepCodes(v.col[rollAct], sel, acts, c.buf[0])
	sel = keepCodes(v.col[rollPerson], sel, x.people, c.buf[0])
	return keepCodes(v.col[rollClient], sel, x.clients, c.buf[0])
}

// rollEntries counts the entries of a page, adding the rows of each act to perAct.
func (c *counting) rollEntries(v *rollPage, acts []bool, perAct []uint64) {
	sel := c.rollRows(v, acts)
	if len(sel) == 0 {
		return
	}
	var col [rollCols][]uint64
	for i := range col {
		col[i] = c.buf[i][:len(sel)]
		v.col[i].pick(c.buf[i], sel)
	}
	s := c.sc.s
	for i := range sel {
		person, client, act, n := uint32(col[rollPerson][i]), uint32(col[rollClient][i]), col[rollAct][i], col[rollRows][i]
		first := int64(col[rollFirst][i])
		last := first + int64(col[rollLength][i])
		perAct[act] += n
		c.clients[client] += n
		c.into.AddTotal(n, first, last)
		if q := c.person(person); q != nil {
			a := &s.acts[act]
			q.Add(a.op, n, a.result != record.Success, first, last)
			c.name(q, person, client)
		}
	}
}
