package segment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/akashi-audit/akashi/internal/query"
)

// ErrNoRows: after a merge nothing would be left. Nothing of use was written.
var ErrNoRows = errors.New("no rows")

// merge joins segments.
type merge struct {
	in     []*mergeInput
	all    *Filter
	drop   *View
	tables *tables
	dict   *packedPaths
	usual  []uint32

	partial bool // the dictionary has not all paths of the inputs
}

// mergeInput is one segment and what its numbers become.
type mergeInput struct {
	s                                                   *Segment
	usual                                               *usualShares // of its paths; nil = those of the output
	sc                                                  *scan
	person, origin, stamp, client, kind, share, process []uint32
	path                                                *paths.Numbers
}

// Union is how the path dictionaries of the inputs of a merge became one.
type Union struct {
	Dict    *paths.Packed
	Numbers []*paths.Numbers // by input and number there
}

// Merge writes the rows of segments of one server, month and kind as one
// segment, without those that drop does not let count. Rows that came twice
// (same place, id and version of the rules) are kept once, of the highest seq.
// A damaged input ends the merge with its error.
func Merge(ctx context.Context, w io.Writer, in []*Segment, drop View, opt Options) (*Meta, error) {
	m, err := newMerge(ctx, in, drop, opt)
	if err != nil {
		return nil, err
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
	joined := m.tell(opt.Joined)
	meta, err := m.write(ctx, w, pk, &opt)
	return meta, cmp.Or(err, <-joined)
}

// tell tells what became of the paths, beside the rows; the channel has its error.
func (m *merge) tell(joined func(*Union) error) <-chan error {
	out := make(chan error, 1)
	u := m.union()
	if joined == nil || u == nil {
		out <- nil
		return out
	}
	go func() { out <- joined(u) }()
	return out
}

// write writes the rows and what is behind them.
func (m *merge) write(ctx context.Context, w io.Writer, pk *packer, opt *Options) (*Meta, error) {
	f := newFileWriter(w, pk, m.tables, m.usual, opt)
	defer f.wait()
	if err := m.days(ctx, f, opt); err != nil {
		return nil, err
	}
	if len(f.parts) == 0 {
		return nil, ErrNoRows
	}
	first := m.in[0].s.Meta()
	meta := &Meta{Server: first.Server, Superseded: first.Superseded, Zone: first.Zone}
	f.finish(meta, m.dict)
	return meta, f.err
}

// newMerge makes sure that the inputs belong together.
func newMerge(ctx context.Context, in []*Segment, drop View, opt Options) (*merge, error) {
	if len(in) == 0 {
		return nil, errors.New("merge of no segments")
	}
	first := in[0].Meta()
	if z := opt.zone().String(); z != first.Zone {
		return nil, fmt.Errorf("merge in zone %s of segments of zone %s", z, first.Zone)
	}
	m := &merge{drop: &drop, all: NewFilter(query.Query{})}
	for _, s := range in {
		if x := s.Meta(); x.Server != first.Server || x.Superseded != first.Superseded || x.Month() != first.Month() || x.Zone != first.Zone {
			return nil, fmt.Errorf("merge %s and %s: another server, kind, month or zone", in[0].opt.Name, s.opt.Name)
		}
		sc, err := s.newScan(ctx, m.all, &drop)
		if err != nil {
			return nil, err
		}
		sc.b, sc.strict = &binding{f: sc.b.f}, true
		m.in = append(m.in, &mergeInput{s: s, sc: sc})
	}
	return m, nil
}

// days merges the days, in their order.
func (m *merge) days(ctx context.Context, f *fileWriter, opt *Options) error {
	rows := make(map[int]int64)
	for _, in := range m.in {
		for _, p := range in.s.parts {
			rows[p.info.day] += p.info.rows
		}
	}
	l, most := slices.Sorted(maps.Keys(rows)), int64(0)
	for _, n := range rows {
		most = max(most, n)
	}
	if n := min(opt.Days, len(l)); n > 1 && most <= maxBeside {
		return m.daysBeside(ctx, f, l, n, opt.Level)
	}
	for _, day := range l {
		p, err := m.day(ctx, f, day)
		if err != nil {
			return err
		}
		if p != nil {
			f.addPart(p, 0)
		}
	}
	return nil
}

// union is what became of the paths.
func (m *merge) union() *Union {
	if m.partial {
		return nil
	}
	u := &Union{Dict: &m.dict.Packed}
	for _, in := range m.in {
		u.Numbers = append(u.Numbers, in.path)
	}
	return u
}

// number joins the dictionaries. When rows are dropped, only what the others
// use stays: what is erased must not live on in a dictionary.
func (m *merge) number(ctx context.Context) error {
	t := &tables{}
	var err error
	used := make([]*usedCodes, len(m.in))
	for i, in := range m.in {
		if in.sc.v.stamps != nil || in.sc.v.none || len(in.sc.v.hide) > 0 {
			m.partial = true
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

// usedPaths goes through the paths of an input that are used, and their usual shares.
type usedPaths struct {
	in      *mergeInput
	used    *usedCodes // nil = all
	c       *paths.Cursor
	run     int  // of the usual shares, where the path is
	differs bool // some path has another usual share in the output
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

// number gives the number n to the paths before end that have none yet: the last of them,
// and others that nothing uses.
func (p *usedPaths) number(end, n uint32) {
	for l := p.in.path; l.Len() < int(end); {
		l.Append(n)
	}
}

// usual is the usual share of the path in the numbers of the output; false when no
// row that counts has it.
func (p *usedPaths) usual() (uint32, bool) {
	l, id := p.in.s.usual, p.c.ID()
	for p.run < len(l) && l[p.run].end <= id {
		p.run++
	}
	sh := uint32(0)
	if p.run < len(l) {
		sh = l[p.run].share
	}
	if p.used != nil && !p.used.of[colShare][sh] {
		return 0, false
	}
	return p.in.share[sh], true
}

// paths joins the dictionaries of paths and the usual shares.
func (m *merge) paths(ctx context.Context, used []*usedCodes) error {
	l := make([]*usedPaths, len(m.in))
	sources := make([]paths.Source, len(m.in))
	for i, in := range m.in {
		in.path = paths.NewNumbers(in.s.dict.Len())
		l[i] = &usedPaths{in: in, used: used[i], c: in.s.dict.With(in.s.readPathPage).Cursor()}
		sources[i] = l[i]
	}
	u := paths.NewUnion(sources)
	feed := paths.NewFeed(func(path string, _ struct{}) error { return m.dict.enc.Add(path) })
	defer feed.Close() //nolint:errcheck // for the returns with another error
	for u.Next() {
		n := uint32(len(m.usual))
		if !feed.Add(u.Path(), struct{}{}) {
			break
		}
		usual, known := uint32(0), false
		for _, i := range u.On() {
			p := l[i]
			p.number(p.c.ID()+1, n)
			sh, ok := p.usual()
			if ok && !known {
				usual, known = sh, true
			}
			p.differs = p.differs || !ok || sh != usual
		}
		m.usual = append(m.usual, usual)
		if n%blockRows == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	for _, p := range l {
		p.number(uint32(p.in.s.dict.Len()), uint32(len(m.usual)))
		if p.differs {
			p.in.usual = p.in.s.usualShares()
		}
	}
	if err := cmp.Or(u.Err(), feed.Close()); err != nil {
		return err
	}
	return m.dict.finish()
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
	if x, y := a.person(), b.person(); x != y {
		return cmp.Compare(x, y)
	}
	if x, y := a.time(), b.time(); x != y {
		return cmp.Compare(x, y)
	}
	t := m.tables
	return cmp.Or(m.compareIDs(a, b), compareArrival(t.stamps[a.value(colStamp)], t.stamps[b.value(colStamp)]), cmp.Compare(a.order, b.order))
}

func (m *merge) compareIDs(a, b *mergeCursor) int {
	o := m.tables.origins
	return cmp.Or(compareOrigins(&o[a.value(colOrigin)], &o[b.value(colOrigin)]),
		cmp.Compare(a.value(colFirstID), b.value(colFirstID)), cmp.Compare(a.value(colOrdinal), b.value(colOrdinal)))
}

// twice reports whether another input's current row is the same record and came
// as late or later. next is the cursor whose row comes behind that of c; nil = none.
func (m *merge) twice(c, next *mergeCursor, cs []*mergeCursor) bool {
	if next == nil || next.person() != c.person() || next.time() != c.time() {
		return false
	}
	t := m.tables
	k := &t.kinds[c.value(colKind)]
	for _, o := range cs {
		if o == c || o.person() != c.person() || o.time() != c.time() || m.compareIDs(c, o) != 0 {
			continue
		}
		x := &t.kinds[o.value(colKind)]
		if x.rules != k.rules || x.superseded != k.superseded {
			continue
		}
		a, b := t.stamps[c.value(colStamp)], t.stamps[o.value(colStamp)]
		if k.superseded != 0 && a != b { // of superseded ones each counts
			continue
		}
		if a.seq < b.seq || a.seq == b.seq && c.order < o.order {
			return true
		}
	}
	return false
}
