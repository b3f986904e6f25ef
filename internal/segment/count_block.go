package segment

import (
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// block counts the selected rows of a block.
func (c *counting) block(b *block, sel []uint16, perAct []uint64) error {
	p := c.sc.p
	kinds, err := c.gather(0, b, colKind, sel)
	if err != nil {
		return err
	}
	clients, ids := blockClients{}, []uint64(nil)
	if c.into.Wants(query.ListClients) || c.into.Wants(query.ListPeople) {
		if clients, err = c.clientsOf(b, sel); err != nil {
			return err
		}
	}
	if c.paths != nil || c.files != nil {
		if ids, err = c.gather(2, b, colPath, sel); err != nil {
			return err
		}
	}
	if err := c.codesFit(kinds, clients.codes(), ids); err != nil {
		return p.seg.damage(b.off(colKind), int64(b.chunks[colKind].size), err.Error())
	}
	if c.into.Wants(query.ListHours) || c.files != nil {
		if err := c.timed(b, sel, ids); err != nil {
			return err
		}
	}
	if err := c.runs(b, sel, kinds, clients, perAct); err != nil {
		return err
	}
	if c.into.Wants(query.ListClients) {
		for _, v := range clients.rows {
			c.clients[v]++
		}
	}
	if c.paths != nil {
		c.addPaths(ids, kinds)
	}
	return nil
}

func (c *counting) gather(n int, b *block, col int, sel []uint16) ([]uint64, error) {
	v, err := c.sc.column(b, col)
	if err != nil {
		return nil, err
	}
	v.pick(c.buf[n], sel)
	return c.buf[n][:len(sel)], nil
}

// codesFit makes sure that every number names an entry.
func (c *counting) codesFit(kinds, clients, ids []uint64) error {
	t := c.sc.s.tables
	for _, x := range []struct {
		v     []uint64
		limit int
	}{{kinds, len(t.kinds)}, {clients, len(t.clients)}, {ids, c.sc.s.dict.Len()}} {
		most := uint64(0)
		for _, v := range x.v {
			most = max(most, v)
		}
		if len(x.v) > 0 && most >= uint64(x.limit) {
			return errFormat
		}
	}
	return nil
}

// timed counts what needs the time of every row.
func (c *counting) timed(b *block, sel []uint16, ids []uint64) error {
	times, err := c.gather(3, b, colTime, sel)
	if err != nil {
		return err
	}
	if c.into.Wants(query.ListHours) {
		for _, t := range times {
			at := c.hours.find(int64(t))
			c.into.AddHour(at.Weekday, at.Hour, 1)
		}
	}
	if c.files == nil {
		return nil
	}
	news, err := c.gather(4, b, colNewPath, sel)
	if err != nil {
		return err
	}
	if err := c.codesFit(nil, nil, news); err != nil {
		return c.sc.s.damage(b.off(colNewPath), int64(b.chunks[colNewPath].size), err.Error())
	}
	for i, t := range times {
		c.files[ids[i]].add(int64(t))
		if n := news[i]; n != 0 && n != ids[i] {
			c.files[n].add(int64(t))
		}
	}
	return nil
}

func (f *fileSum) add(t int64) {
	if f.n == 0 {
		f.first, f.last = t, t
	}
	f.n++
	f.first, f.last = min(f.first, t), max(f.last, t)
}

// personRows is the selected rows of a block that are of one person.
type personRows struct {
	from, to int // in the selection
	person   uint32
}

// runs counts by person: the rows of one ascend by time, so that the first and
// the last of them say when.
func (c *counting) runs(b *block, sel []uint16, kinds []uint64, clients blockClients, perAct []uint64) error {
	dir := c.sc.dir
	parts, ends := c.parts[:0], c.bounds[:0]
	run := dir.runAt(b.start + int(sel[0]))
	for i := 0; i < len(sel); {
		row := uint32(b.start + int(sel[i]))
		for dir.runs[run+1].start <= row {
			run++
		}
		j := i + 1
		for end := dir.runs[run+1].start; j < len(sel) && uint32(b.start+int(sel[j])) < end; {
			j++
		}
		parts = append(parts, personRows{i, j, dir.runs[run].person})
		ends = append(ends, sel[i], sel[j-1])
		i = j
	}
	c.parts, c.bounds = parts, ends
	var times []uint64
	if c.ends == nil {
		v, err := c.sc.column(b, colTime)
		if err != nil {
			return err
		}
		times = make([]uint64, len(ends))
		v.gather(times, ends)
	}
	s := c.sc.s
	for i, x := range parts {
		var first, last int64
		if c.ends != nil {
			c.ends.note(c.sc.p, b, x.person, ends[2*i], ends[2*i+1])
		} else {
			first, last = int64(times[2*i]), int64(times[2*i+1])
			c.into.AddTotal(uint64(x.to-x.from), first, last)
		}
		c.tally(kinds[x.from:x.to])
		p := c.person(x.person)
		for _, k := range c.touched {
			n, t := c.kinds[k], &s.tables.kinds[k]
			c.kinds[k] = 0
			perAct[s.actOf[k]] += n
			switch {
			case c.ends != nil:
				c.ends.count(x.person, s.actOf[k], len(s.acts), n)
			case p != nil:
				p.Add(t.op, n, t.result != record.Success, first, last)
			}
		}
		c.touched = c.touched[:0]
		if p != nil {
			c.nameClients(p, x, sel, &clients)
		}
	}
	return nil
}

// tally adds up kinds, and lists those that occur.
func (c *counting) tally(kinds []uint64) {
	if len(kinds) < len(c.kinds) {
		for _, k := range kinds {
			if c.kinds[k]++; c.kinds[k] == 1 {
				c.touched = append(c.touched, uint32(k))
			}
		}
		return
	}
	l := c.kinds
	for _, k := range kinds {
		l[k]++
	}
	for k, n := range l {
		if n > 0 {
			c.touched = append(c.touched, uint32(k))
		}
	}
}
