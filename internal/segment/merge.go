package segment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/akashi-audit/akashi/internal/query"
)

// ErrNoRows: after a merge nothing would be left. Nothing of use was written.
var ErrNoRows = errors.New("no rows")

// merge joins segments.
type merge struct {
	in     []*mergeInput
	drop   *View
	tables *tables
	dict   *packedPaths
	usual  []uint32
}

// mergeInput is one segment and what its numbers become.
type mergeInput struct {
	s                                                         *Segment
	usual                                                     []uint32 // usual share of each path
	sc                                                        *scan
	person, origin, stamp, client, kind, share, process, path []uint32
}

// Merge writes the rows of segments of one server, month and kind as one
// segment, without those that drop does not let count. Rows that came twice
// (same place, id and version of the rules) are kept once, of the highest seq.
// A damaged input ends the merge with its error.
func Merge(ctx context.Context, w io.Writer, in []*Segment, drop View, opt Options) (*Meta, error) {
	if len(in) == 0 {
		return nil, errors.New("merge of no segments")
	}
	first := in[0].Meta()
	if z := opt.zone().String(); z != first.Zone {
		return nil, fmt.Errorf("merge in zone %s of segments of zone %s", z, first.Zone)
	}
	m := &merge{drop: &drop}
	for _, s := range in {
		if x := s.Meta(); x.Server != first.Server || x.Superseded != first.Superseded || x.Month() != first.Month() || x.Zone != first.Zone {
			return nil, fmt.Errorf("merge %s and %s: another server, kind, month or zone", in[0].opt.Name, s.opt.Name)
		}
		sc, err := s.newScan(ctx, NewFilter(query.Query{}), &drop)
		if err != nil {
			return nil, err
		}
		sc.b, sc.strict = &binding{f: sc.b.f}, true
		m.in = append(m.in, &mergeInput{s: s, sc: sc})
	}
	pk, err := newPacker(opt.Level)
	if err != nil {
		return nil, err
	}
	defer pk.close()
	m.dict = newPackedPaths(pk)
	if err := m.number(ctx); err != nil {
		return nil, err
	}
	f := newFileWriter(w, pk, m.tables, m.usual, &opt)
	defer f.wait()
	for _, day := range m.days() {
		if err := m.day(ctx, f, day); err != nil {
			return nil, err
		}
	}
	if len(f.parts) == 0 {
		return nil, ErrNoRows
	}
	meta := &Meta{Server: first.Server, Superseded: first.Superseded, Zone: first.Zone}
	f.finish(meta, m.dict)
	return meta, f.err
}

func (m *merge) days() []int {
	var l []int
	for _, in := range m.in {
		for _, p := range in.s.parts {
			l = append(l, p.info.day)
		}
	}
	slices.Sort(l)
	return slices.Compact(l)
}

// number joins the dictionaries. When rows are dropped, only what the others
// use stays: what is erased must not live on in a dictionary.
func (m *merge) number(ctx context.Context) error {
	t := &tables{}
	var err error
	used := make([]*usedCodes, len(m.in))
	for i, in := range m.in {
		if in.sc.v.stamps != nil || in.sc.v.none || len(in.sc.v.hide) > 0 {
			if used[i], err = in.used(ctx); err != nil {
				return err
			}
		}
	}
	pick := func(i, table int) []bool {
		if used[i] == nil {
			return nil
		}
		return used[i].of[table]
	}
	n := len(m.in)
	t.people = union(n, func(i int) []person { return m.in[i].s.tables.people }, func(i int) []bool { return pick(i, usedPeople) },
		comparePeople, func(i int, l []uint32) { m.in[i].person = l })
	t.origins = union(n, func(i int) []origin { return m.in[i].s.tables.origins }, func(i int) []bool { return pick(i, colOrigin) },
		nil, func(i int, l []uint32) { m.in[i].origin = l })
	t.stamps = union(n, func(i int) []stamp { return m.in[i].s.tables.stamps }, func(i int) []bool { return pick(i, colStamp) },
		compareStamps, func(i int, l []uint32) { m.in[i].stamp = l })
	t.clients = union(n, func(i int) []client { return m.in[i].s.tables.clients }, func(i int) []bool { return pick(i, colClient) },
		nil, func(i int, l []uint32) { m.in[i].client = l })
	t.kinds = union(n, func(i int) []kind { return m.in[i].s.tables.kinds }, func(i int) []bool { return pick(i, colKind) },
		nil, func(i int, l []uint32) { m.in[i].kind = l })
	t.shares = union(n, func(i int) []share { return m.in[i].s.tables.shares }, func(i int) []bool { return pick(i, colShare) },
		nil, func(i int, l []uint32) { m.in[i].share = l })
	t.processes = union(n, func(i int) []string { return m.in[i].s.tables.processes }, func(i int) []bool { return pick(i, colProcess) },
		nil, func(i int, l []uint32) { m.in[i].process = l })
	m.tables = t
	return m.paths(ctx, used)
}

// union joins a table of all inputs and tells each the new numbers.
func union[T comparable](n int, table func(int) []T, used func(int) []bool, compare func(a, b T) int, set func(int, []uint32)) []T {
	l := newInterned[T]()
	codes := make([][]uint32, n)
	for i := range n {
		pick := used(i)
		codes[i] = make([]uint32, len(table(i)))
		for k, v := range table(i) {
			if pick == nil || pick[k] {
				codes[i][k] = l.code(v, func(v T) T { return v })
			}
		}
	}
	out := l.all
	if compare != nil {
		all := make([]bool, len(l.all))
		for i := range all {
			all[i] = true
		}
		var number []uint32
		out, number = keepUsed(l.all, all, compare)
		for i := range codes {
			for k, c := range codes[i] {
				if pick := used(i); pick == nil || pick[k] {
					codes[i][k] = number[c]
				}
			}
		}
	}
	for i := range n {
		set(i, codes[i])
	}
	return out
}

// usedPaths goes through the paths of an input that are used.
type usedPaths struct {
	in   *mergeInput
	used *usedCodes // nil = all
	c    *paths.Cursor
}

func (p *usedPaths) Next() bool {
	for p.c.Next() {
		if id := p.c.ID(); p.used == nil || id == 0 || p.used.of[colPath][id] {
			return true
		}
	}
	return false
}

func (p *usedPaths) Path() []byte { return p.c.Path() }
func (p *usedPaths) Err() error   { return p.in.s.pathError(p.c.Err()) }

// paths joins the dictionaries of paths and the usual shares.
func (m *merge) paths(ctx context.Context, used []*usedCodes) error {
	l := make([]*usedPaths, len(m.in))
	sources := make([]paths.Source, len(m.in))
	for i, in := range m.in {
		in.path, in.usual = make([]uint32, in.s.dict.Len()), in.s.usualShares()
		l[i] = &usedPaths{in: in, used: used[i], c: in.s.dict.With(in.s.readPathPage).Cursor()}
		sources[i] = l[i]
	}
	u := paths.NewUnion(sources)
	for u.Next() {
		n := uint32(len(m.usual))
		if err := m.dict.enc.Add(string(u.Path())); err != nil {
			return err
		}
		m.usual = append(m.usual, 0)
		for _, i := range slices.Backward(u.On()) {
			p := l[i]
			id := p.c.ID()
			if sh := p.in.usual[id]; p.used == nil || p.used.of[colShare][sh] {
				m.usual[n] = p.in.share[sh]
			}
			p.in.path[id] = n
		}
		if n%blockRows == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return u.Err()
}

// mergeCursor goes through the rows of one partition of an input.
type mergeCursor struct {
	in    *mergeInput
	order int
	rd    reader
	block int
	sel   []uint16
	at    int
	row   row
	done  bool
}

// next makes the next row the current one.
func (c *mergeCursor) next() error {
	sc := c.in.sc
	for c.at++; c.at >= len(c.sel); c.at++ {
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
		c.sel, c.at = slices.Clone(sel), -1
		if err := c.rd.load(sc.p, sc.dir, b, c.sel); err != nil {
			return err
		}
	}
	return c.fill()
}

func (c *mergeCursor) fill() error {
	in, i := c.in, c.at
	v := func(col int) uint64 { return c.rd.v[col][i] }
	r := &c.row
	r.person = in.person[c.rd.people[i]]
	for _, col := range [...]int{colTime, colLength, colFirstID, colOrdinal, colSession, colCount} {
		r.v[col] = v(col)
	}
	r.v[colStamp] = uint64(in.stamp[v(colStamp)])
	r.v[colOrigin] = uint64(in.origin[v(colOrigin)])
	r.v[colClient] = uint64(in.client[v(colClient)])
	r.v[colKind] = uint64(in.kind[v(colKind)])
	r.v[colProcess] = uint64(in.process[v(colProcess)])
	r.v[colPath], r.v[colNewPath] = uint64(in.path[v(colPath)]), uint64(in.path[v(colNewPath)])
	sh := uint64(in.usual[v(colPath)])
	if v(colShare) > 0 {
		sh = v(colShare) - 1
	}
	r.v[colShare] = uint64(in.share[sh])
	r.detail = r.detail[:0]
	if d := v(colDetail); d > 0 {
		r.detail = encodeDetail(r.detail, c.rd.det.sets[d-1])
	}
	r.gaps = c.rd.raw.gaps(r.gaps[:0], int(c.sel[i]))
	return nil
}

// day merges one partition of all inputs.
func (m *merge) day(ctx context.Context, f *fileWriter, day int) error {
	var cs []*mergeCursor
	for i, in := range m.in {
		for _, p := range in.s.parts {
			if p.info.day != day || in.sc.v.none {
				continue
			}
			dir, err := p.directory()
			if err != nil {
				return err
			}
			in.sc.p, in.sc.dir = p, dir
			c := &mergeCursor{in: in, order: i, rd: reader{once: true}}
			if err := c.next(); err != nil {
				return err
			}
			if !c.done {
				cs = append(cs, c)
			}
		}
	}
	if len(cs) == 0 {
		return nil
	}
	out := f.partition(day)
	for n := 0; len(cs) > 0; {
		best, second := m.firstTwo(cs)
		c := cs[best]
		var next *mergeCursor // whose row comes behind those of c
		if second >= 0 {
			next = cs[second]
		}
		for ; next == nil || m.compare(c, next) < 0; n++ { // most rows of a person lie together
			if !m.twice(c, next, cs) {
				if m.usual[c.row.v[colPath]] == uint32(c.row.v[colShare]) {
					c.row.v[colShare] = 0
				} else {
					c.row.v[colShare]++
				}
				out.add(&c.row)
			}
			if err := c.next(); err != nil {
				return err
			}
			if c.done {
				cs = slices.Delete(cs, best, best+1)
				break
			}
			if n%blockRows == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	out.close()
	return f.err
}

// firstTwo finds the cursors whose rows come first; the second is -1 when there is
// one only.
func (m *merge) firstTwo(cs []*mergeCursor) (best, second int) {
	second = -1
	for i := 1; i < len(cs); i++ {
		switch {
		case m.compare(cs[i], cs[best]) < 0:
			best, second = i, best
		case second < 0 || m.compare(cs[i], cs[second]) < 0:
			second = i
		}
	}
	return best, second
}

// compare is the stored order.
func (m *merge) compare(a, b *mergeCursor) int {
	if a.row.person != b.row.person {
		return cmp.Compare(a.row.person, b.row.person)
	}
	if x, y := int64(a.row.v[colTime]), int64(b.row.v[colTime]); x != y {
		return cmp.Compare(x, y)
	}
	t := m.tables
	return cmp.Or(m.compareIDs(a, b), compareArrival(t.stamps[a.row.v[colStamp]], t.stamps[b.row.v[colStamp]]), cmp.Compare(a.order, b.order))
}

func (m *merge) compareIDs(a, b *mergeCursor) int {
	o := m.tables.origins
	return cmp.Or(compareOrigins(&o[a.row.v[colOrigin]], &o[b.row.v[colOrigin]]),
		cmp.Compare(a.row.v[colFirstID], b.row.v[colFirstID]), cmp.Compare(a.row.v[colOrdinal], b.row.v[colOrdinal]))
}

// twice reports whether another input's current row is the same record and came
// as late or later. next is the cursor whose row comes behind that of c; nil = none.
func (m *merge) twice(c, next *mergeCursor, cs []*mergeCursor) bool {
	if next == nil || next.row.person != c.row.person || next.row.v[colTime] != c.row.v[colTime] {
		return false
	}
	t := m.tables
	k := &t.kinds[c.row.v[colKind]]
	for _, o := range cs {
		if o == c || o.row.person != c.row.person || o.row.v[colTime] != c.row.v[colTime] || m.compareIDs(c, o) != 0 {
			continue
		}
		x := &t.kinds[o.row.v[colKind]]
		if x.rules != k.rules || x.superseded != k.superseded {
			continue
		}
		a, b := t.stamps[c.row.v[colStamp]], t.stamps[o.row.v[colStamp]]
		if k.superseded != 0 && a != b { // of superseded ones each counts
			continue
		}
		if a.seq < b.seq || a.seq == b.seq && c.order < o.order {
			return true
		}
	}
	return false
}
