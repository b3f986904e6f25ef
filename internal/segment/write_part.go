package segment

import (
	"cmp"
	"slices"
	"time"

	"github.com/akashi-audit/akashi/internal/facets"
	"github.com/akashi-audit/akashi/internal/record"
)

// run is a person's rows within a partition: from start to before the start of
// the next run.
type run struct {
	person uint32
	start  uint32
}

// blockInfo is what the directory of a partition says of a block.
type blockInfo struct {
	rows        int
	first, last int64
	chunks      [numCols]chunkRef
}

// page is a page of postings or of a roll-up.
type page struct {
	key  uint32 // first path or person
	n    int    // entries
	rows int    // of postings: row numbers in it
	chunkRef
}

// row is one row with the numbers of the output's dictionaries.
type row struct {
	person uint32
	v      [numCols]uint64
	gaps   []uint64 // zigzag differences of the raw record ids, the first to the first id
	detail []byte   // encoded; empty when there is none
}

// rollup is how many rows of one act a person made from a client.
type rollup struct {
	person, client, act uint32
	n                   uint64
	first, last         int64
}

// partWriter writes one partition; rows come in order.
type partWriter struct {
	f          *fileWriter
	info       partInfo
	at         int64
	*openBlock             // the block in the making
	closed     *openBlock  // the one before, which is being written
	blocks     []blockInfo // guarded by fileWriter.wait
	runs       []run
	paths      []uint32
	news       []uint64 // path << 32 | row
	person     []rollup // of the current person
	rolls      []rollup
	hours      [24][]uint64 // rows by hour and act
	table      hourTable
	ids        []idRange
	buf        []byte
	places     [3]int64 // of the postings of paths, of new paths and the roll-up
	pages      [3][]page
}

// openBlock is the rows of a block before it is written.
type openBlock struct {
	n           int
	gen         int // counts how often it was begun
	col         [numCols][blockRows]uint64
	first, rest []uint64 // differences of raw record ids: the first of each row, and the others
	details     interned[string]
}

func (f *fileWriter) partition(day int) *partWriter {
	f.wait()
	p := f.part
	if p == nil {
		p = &partWriter{f: f, openBlock: &openBlock{}, closed: &openBlock{}}
		f.part = p
	}
	p.info, p.at, p.ids = partInfo{day: day}, f.off, make([]idRange, len(f.tables.origins))
	p.blocks, p.runs, p.paths, p.news, p.rolls = p.blocks[:0], p.runs[:0], p.paths[:0], p.news[:0], p.rolls[:0]
	for h := range p.hours {
		p.hours[h] = make([]uint64, len(f.tables.kinds))
	}
	from := time.Unix(int64(day)*86400, 0).UTC()
	y, mo, d := from.Date()
	p.table = hourTable{cal: facets.NewCalendar(f.zone)}
	if 1700 < y && y < 2250 {
		p.table = newHourTable(time.Date(y, mo, d, 0, 0, 0, 0, f.zone).UnixNano(), time.Date(y, mo, d+1, 0, 0, 0, 0, f.zone).UnixNano()-1, f.zone)
	}
	p.resetBlock()
	return p
}

func (p *partWriter) resetBlock() {
	p.n, p.first, p.rest = 0, p.first[:0], p.rest[:0]
	p.gen++
	p.details = newInterned[string]()
	p.details.code("", same)
}

func same(s string) string { return s }

// add takes one row; the row is valid during the call only.
func (p *partWriter) add(r *row) {
	n := uint32(p.info.rows)
	t := int64(r.v[colTime])
	if n == 0 {
		p.info.first, p.info.last = t, t
	}
	p.info.first, p.info.last = min(p.info.first, t), max(p.info.last, t)
	if len(p.runs) == 0 || p.runs[len(p.runs)-1].person != r.person {
		p.endPerson()
		p.runs = append(p.runs, run{r.person, n})
	}
	if p.n == blockRows || p.n > 0 && len(p.first)+len(p.rest)+len(r.gaps) > maxRaw {
		p.flush()
	}
	if len(r.detail) > 0 {
		code, ok := p.details.at[string(r.detail)]
		if !ok {
			code = p.details.code(string(r.detail), same)
		}
		r.v[colDetail] = uint64(code)
	} else {
		r.v[colDetail] = 0
	}
	r.v[colRaw] = uint64(len(r.gaps))
	for c := range p.col {
		p.col[c][p.n] = r.v[c]
	}
	if n := r.v[colShare]; n > 0 {
		p.f.odd[n-1] = true
	}
	if len(r.gaps) > 0 {
		p.first, p.rest = append(p.first, r.gaps[0]), append(p.rest, r.gaps[1:]...)
	}
	p.paths = append(p.paths, uint32(r.v[colPath]))
	if r.v[colNewPath] != 0 {
		p.news = append(p.news, r.v[colNewPath]<<32|uint64(n))
	}
	p.n++
	p.info.rows++
	p.count(r.person, r.v[colStamp], r.v[colOrigin], r.v[colFirstID], r.v[colClient], r.v[colKind], t)
}

// count keeps the sums of the footer.
func (p *partWriter) count(person uint32, stamp, origin, firstID, by, kind uint64, t int64) {
	f := p.f
	f.stamps[stamp]++
	f.ids[origin].add(firstID)
	p.ids[origin].add(firstID)
	client, act := uint32(by), f.acts[kind]
	p.hours[p.table.find(t).Hour][act]++
	for i := range p.person {
		if e := &p.person[i]; e.client == client && e.act == act {
			e.n++
			e.last = t // rows of a person ascend
			return
		}
	}
	p.person = append(p.person, rollup{person, client, act, 1, t, t})
}

func (p *partWriter) endPerson() {
	slices.SortFunc(p.person, func(a, b rollup) int { return cmp.Or(cmp.Compare(a.client, b.client), cmp.Compare(a.act, b.act)) })
	p.rolls = append(p.rolls, p.person...)
	p.person = p.person[:0]
}

// flush writes the block in the making while the next one is filled.
func (p *partWriter) flush() {
	if p.n == 0 {
		return
	}
	p.f.wait()
	b := p.openBlock
	p.openBlock, p.closed = p.closed, b
	p.resetBlock()
	p.f.start(func() { p.write(b) })
}

// write writes a block.
func (p *partWriter) write(l *openBlock) {
	b := blockInfo{rows: l.n}
	t := l.col[colTime][:l.n]
	b.first, b.last = int64(t[0]), int64(t[0])
	for _, x := range t {
		b.first, b.last = min(b.first, int64(x)), max(b.last, int64(x))
	}
	for c := range numCols {
		p.buf = p.chunk(p.buf[:0], l, c)
		b.chunks[c] = chunkRef{uint32(len(p.buf)), checksum(p.buf)}
		p.f.write(p.buf)
		p.f.cols[c] += int64(len(p.buf))
	}
	p.blocks = append(p.blocks, b)
}

// chunk appends the stored form of a column.
func (p *partWriter) chunk(dst []byte, l *openBlock, c int) []byte {
	v := l.col[c][:l.n]
	switch c {
	case colTime, colLength:
		return p.f.pk.numbers(dst, v, true, true)
	case colRaw:
		return p.rawChunk(dst, v, l)
	case colDetail:
		e := &encoder{b: dst}
		e.part(p.f.pk.numbers(nil, v, false, false))
		if len(l.details.all) > 1 {
			sets := &encoder{}
			sets.u(uint64(len(l.details.all) - 1))
			for _, s := range l.details.all[1:] {
				sets.b = append(sets.b, s...)
			}
			e.b = p.f.pk.pack(e.b, sets.b)
		}
		return e.b
	}
	return p.f.pk.numbers(dst, v, false, false)
}

// rawChunk is how many raw record ids each row has, the first differences and the
// others.
func (p *partWriter) rawChunk(dst []byte, counts []uint64, l *openBlock) []byte {
	e := &encoder{b: dst}
	e.part(p.f.pk.numbers(nil, counts, false, false))
	e.part(p.f.pk.numbers(nil, l.first, false, false))
	e.b = p.f.pk.numbers(e.b, l.rest, false, false)
	return e.b
}

// close writes what is left of the partition.
func (p *partWriter) close() {
	p.end()
	p.f.addPart(p, 0)
}

// end writes the last block, the postings and the roll-up.
func (p *partWriter) end() {
	p.flush()
	p.endPerson()
	f := p.f
	f.wait()
	p.places[0] = f.off
	p.pages[0] = f.postings(p.paths)
	p.places[1] = f.off
	p.pages[1] = f.newPostings(p.news)
	p.places[2] = f.off
	p.pages[2] = f.rollPages(p.rolls)
}

// addPart writes the directory of a partition whose places count from base.
func (f *fileWriter) addPart(p *partWriter, base int64) {
	e := &encoder{}
	e.u(uint64(p.at + base))
	e.u(uint64(len(p.runs)))
	prev := run{}
	for _, r := range p.runs {
		e.u(uint64(r.person - prev.person))
		e.u(uint64(r.start - prev.start))
		prev = r
	}
	e.u(uint64(len(p.blocks)))
	for i := range p.blocks {
		b := &p.blocks[i]
		e.u(uint64(b.rows))
		e.i(b.first - p.info.first)
		e.i(b.last - p.info.first)
		e.chunks(b.chunks[:])
	}
	for i, l := range p.pages {
		e.pages(p.places[i]+base, l)
	}
	e.hours(&p.hours)
	e.u(uint64(len(p.ids)))
	for _, r := range p.ids {
		e.u(r.lo)
		e.u(r.hi - r.lo)
	}
	p.info.dir = f.section(e.b, "directory")
	f.parts = append(f.parts, p.info)
}

func (e *encoder) pages(at int64, l []page) {
	e.u(uint64(at))
	e.u(uint64(len(l)))
	prev := uint32(0)
	for _, p := range l {
		e.u(uint64(p.key - prev))
		e.u(uint64(p.n))
		e.u(uint64(p.rows))
		e.u(uint64(p.size))
		e.sum(p.sum)
		prev = p.key
	}
}

func (e *encoder) hours(hours *[24][]uint64) {
	n := 0
	l := &encoder{}
	for h, acts := range hours {
		for a, k := range acts {
			if k > 0 {
				l.u(uint64(h))
				l.u(uint64(a))
				l.u(k)
				n++
			}
		}
	}
	e.u(uint64(n))
	e.b = append(e.b, l.b...)
}

// isNet reports whether the record is a successful network log-on or log-off.
func isNet(r *record.Record) bool {
	return (r.Op == record.OpLogon || r.Op == record.OpLogoff) && r.Result == record.Success && r.Get("logon_type") == "3"
}
