package segment

import (
	"encoding/binary"
	"io"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/column"
	"github.com/akashi-audit/akashi/internal/facets"
	"github.com/akashi-audit/akashi/internal/record"
)

// builtRow is one row of a Builder, in its own numbers.
type builtRow struct {
	time, length                                   int64
	firstID, session                               uint64
	raw                                            uint32 // where its raw record ids begin
	day                                            int32
	person, path, newPath, kind, client, share     uint32
	process, origin, stamp, ordinal, count, detail uint32
}

// builtRowSize is what a builtRow takes, in bytes.
const builtRowSize = 32 + 8 + 12*4

// rowsAhead is how many rows are fetched at a time when they are written.
const rowsAhead = 64

// builtChunk is how many rows are kept in one piece.
const builtChunk = 4096

// builtRows is rows in pieces, which never move.
type builtRows struct {
	n      int
	chunks [][]builtRow
}

func (l *builtRows) add(r *builtRow) {
	if l.n%builtChunk == 0 {
		l.chunks = append(l.chunks, make([]builtRow, builtChunk))
	}
	l.chunks[l.n/builtChunk][l.n%builtChunk] = *r
	l.n++
}

func (l *builtRows) at(i uint32) *builtRow { return &l.chunks[i/builtChunk][i%builtChunk] }

// Builder collects rows of one server in memory until they are written as
// segments, one per month. It belongs to one goroutine.
type Builder struct {
	server     string
	superseded bool
	opt        Options
	cal        *facets.Calendar
	rows       builtRows
	days       struct{ first, last int32 } // of all rows
	raw        []byte                      // of each row: number of raw record ids, then differences
	people     interned[person]
	origins    interned[origin]
	stamps     interned[stamp]
	clients    interned[client]
	kinds      interned[kind]
	shares     interned[share]
	processes  interned[string]
	paths      *column.Table
	names      []namedPath         // of paths
	keepText   func(string) string // keep, made once
	folders    interned[string]    // of paths
	recent     [1024]uint32        // paths asked for last, by a weak hash
	room       *strings.Builder    // holds texts, many in one piece of memory
	details    interned[string]
	usual      []uint32 // share of each path, as first seen; + 1
	text       int      // bytes of all texts
	written    *ordered // the month that was written last
	buf        []byte
}

// NewBuilder makes an empty Builder for records of one server, either those
// that hold or superseded ones.
func NewBuilder(server string, superseded bool, opt Options) *Builder {
	b := &Builder{
		server: strings.Clone(server), superseded: superseded, opt: opt, cal: facets.NewCalendar(opt.zone()),
		people: newInterned[person](), origins: newInterned[origin](), stamps: newInterned[stamp](), clients: newInterned[client](),
		kinds: newInterned[kind](), shares: newInterned[share](), processes: newInterned[string](), paths: column.NewTable(), folders: newInterned[string](), room: &strings.Builder{}, details: newInterned[string](),
	}
	b.keepText = b.keep
	b.path("")
	b.details.code("", same)
	return b
}

// roomBytes is the size of a piece of memory for texts.
const roomBytes = 64 << 10

// keep is a copy of a text.
func (b *Builder) keep(s string) string {
	b.text += len(s) + 40
	if len(s) > roomBytes/16 {
		return strings.Clone(s)
	}
	if b.room.Cap()-b.room.Len() < len(s) { // it never grows: what it gave out stays where it is
		b.room = &strings.Builder{}
		b.room.Grow(roomBytes)
	}
	at := b.room.Len()
	b.room.WriteString(s)
	return b.room.String()[at:]
}

func (b *Builder) path(s string) uint32 {
	if s == "" && len(b.usual) > 0 {
		return 0
	}
	near := &b.recent[tail(s)%uint(len(b.recent))]
	if int(*near) < b.paths.Len() && b.paths.Text(*near) == s {
		return *near
	}
	n, fresh := b.paths.Keep(s, b.keepText)
	if fresh {
		b.addPath(b.paths.Text(n), n)
	}
	*near = n
	return n
}

// Hint finds the paths of records that AddHinted will be called with, all at a
// time, which is quicker than one by one: hints has room for one of each record.
func (b *Builder) Hint(l []record.Record, hints []uint32) {
	var paths [64]string
	for len(l) > 0 {
		n := min(len(l), len(paths))
		for i := range n {
			paths[i] = l[i].Path
		}
		b.paths.FindAll(paths[:n], hints)
		l, hints = l[n:], hints[n:]
	}
}

// Add takes a copy of a record of the commit seq. The record's server must be
// the Builder's. It returns the numbers of the path and the new path, by which
// EachPath names them.
func (b *Builder) Add(r *record.Record, seq uint64) (path, newPath uint32) {
	return b.AddHinted(r, seq, 0)
}

// AddHinted is Add; hint is what Hint said of the record, or 0.
func (b *Builder) AddHinted(r *record.Record, seq uint64, hint uint32) (path, newPath uint32) {
	x := builtRow{
		time: r.Time, length: r.EndTime - r.Time, firstID: r.FirstID, session: r.Session, raw: uint32(len(b.raw)),
		day: int32(b.cal.At(r.Time).Day), ordinal: r.Ordinal, count: r.Count,
	}
	x.person = b.people.codeNear(person{r.User, r.SID}, tail(r.User)*31+tail(r.SID), func(p person) person { return person{b.keep(p.user), b.keep(p.sid)} })
	x.origin = b.origins.codeNear(origin{r.Channel, r.Generation, r.Source}, 0, func(o origin) origin { return origin{b.keep(o.channel), o.gen, b.keep(o.source)} })
	x.stamp = b.stamps.codeNear(stamp{seq, r.Received}, 0, func(s stamp) stamp { return s })
	x.client = b.clients.codeNear(client{r.ClientIP, r.ClientName}, tail(r.ClientIP)*31+tail(r.ClientName), func(c client) client { return client{b.keep(c.ip), b.keep(c.name)} })
	x.kind = b.kinds.codeNear(kind{r.Op, r.Object, r.Result, r.Confidence, r.Class, r.Rule, r.RulesVersion, r.SupersededBy, isNet(r)},
		tail(r.Rule)*7+uint(r.Op)+uint(r.Result)*64+uint(r.Class)*128+uint(r.Object),
		func(k kind) kind { k.rule = b.keep(k.rule); return k })
	x.process = b.processes.codeNear(r.Process, tail(r.Process), b.keep)
	if hint != 0 && b.paths.Text(hint-1) == r.Path {
		x.path = hint - 1
	} else {
		x.path = b.path(r.Path)
	}
	x.newPath = b.path(r.NewPath)
	x.share = b.shares.codeNear(shareOf(r), tail(r.Share)+uint(r.ShareRoot)*31, func(s share) share { s.unc, s.text = b.keep(s.unc), b.keep(s.text); return s })
	if b.usual[x.path] == 0 {
		b.usual[x.path] = x.share + 1
	}
	x.detail = b.detail(r.Detail)
	b.raw = binary.AppendUvarint(b.raw, uint64(len(r.RawIDs)))
	prev := r.FirstID
	for _, id := range r.RawIDs {
		b.raw = binary.AppendUvarint(b.raw, zigzag(id-prev))
		prev = id
	}
	if b.rows.n == 0 {
		b.days.first, b.days.last = x.day, x.day
	}
	b.days.first, b.days.last = min(b.days.first, x.day), max(b.days.last, x.day)
	b.rows.add(&x)
	return x.path, x.newPath
}

// detail is the number of a set of details; 0 for none.
func (b *Builder) detail(l []record.Pair) uint32 {
	if len(l) == 0 {
		return 0
	}
	b.buf = encodeDetail(b.buf[:0], l)
	n, ok := b.details.at[string(b.buf)]
	if !ok {
		n = b.details.code(string(b.buf), b.keep)
	}
	return n
}

// encodeDetail is the stored form of a set of details; nothing for none.
func encodeDetail(dst []byte, l []record.Pair) []byte {
	if len(l) == 0 {
		return dst
	}
	e := encoder{dst}
	e.u(uint64(len(l)))
	for _, p := range l {
		e.str(p.Key)
		e.str(p.Value)
	}
	return e.b
}

// Len is the number of rows.
func (b *Builder) Len() int { return b.rows.n }

// Bytes estimates the memory that the Builder holds.
func (b *Builder) Bytes() int {
	return len(b.rows.chunks)*builtChunk*builtRowSize + cap(b.raw) + b.text + len(b.names)*namedPathSize
}

// Months lists the months that have rows, ascending.
func (b *Builder) Months() []Month {
	var l []Month
	if m := MonthOf(int(b.days.first)); b.rows.n > 0 && m == MonthOf(int(b.days.last)) {
		return append(l, m)
	}
	last := int32(-1 << 31)
	for i := range b.rows.n {
		if d := b.rows.at(uint32(i)).day; d != last {
			last = d
			if m := MonthOf(int(d)); !slices.Contains(l, m) {
				l = append(l, m)
			}
		}
	}
	slices.Sort(l)
	return l
}

// WriteMonth writes the rows of a month as one segment. Its dictionary of paths is made
// beside them.
func (b *Builder) WriteMonth(w io.Writer, m Month) (*Meta, error) {
	pk, err := newPacker(b.opt.Level)
	if err != nil {
		return nil, err
	}
	defer pk.close()
	x := b.order(m)
	b.written = x
	dict := b.makeDictionary(x)
	f := newFileWriter(w, pk, x.tables, x.usual, &b.opt)
	defer f.wait()
	b.writeRows(f, x)
	made := <-dict
	if made.err != nil {
		return nil, made.err
	}
	meta := &Meta{Server: b.server, Superseded: b.superseded, Zone: b.opt.zone().String()}
	f.finish(meta, made.paths)
	if f.err != nil {
		return nil, f.err
	}
	x.dict = &made.paths.Packed
	return meta, nil
}

// writeRows writes the rows of a month, day by day.
func (b *Builder) writeRows(f *fileWriter, x *ordered) {
	var out row
	var near [rowsAhead]builtRow // rows lie apart in memory: some are fetched at a time
	day := int32(0)
	for l := range slices.Chunk(x.rows, len(near)) {
		for i, at := range l {
			near[i] = *b.rows.at(at)
		}
		fetch(b.raw, near[:len(l)])
		for i := range l {
			r := &near[i]
			if x.part == nil || r.day != day {
				if x.part != nil {
					x.part.close()
				}
				day = r.day
				x.part = f.partition(int(day))
			}
			b.fill(&out, r, x)
			x.part.add(&out)
		}
	}
	if x.part != nil {
		x.part.close()
	}
}

// fetch reads where the raw record ids of rows begin, so that their lines of memory come.
// The sum means nothing.
//
//go:noinline
func fetch(raw []byte, l []builtRow) (sum byte) {
	for i := range l {
		sum += raw[l[i].raw]
	}
	return sum
}

// madePaths is a dictionary that another goroutine made, or its error.
type madePaths struct {
	paths *packedPaths
	err   error
}

// makeDictionary makes the dictionary of the sorted paths in another goroutine.
func (b *Builder) makeDictionary(x *ordered) <-chan madePaths {
	out := make(chan madePaths, 1)
	go func() {
		dict, err := packSorted(x.sorted, b.opt.Level)
		out <- madePaths{dict, err}
	}()
	return out
}

// packSorted makes a dictionary of sorted paths.
func packSorted(sorted []string, level int) (*packedPaths, error) {
	pk, err := newPacker(level)
	if err != nil {
		return nil, err
	}
	defer pk.close()
	dict := newPackedPaths(pk)
	for l := range slices.Chunk(sorted, rowsAhead) {
		touch(l) // texts lie apart in memory: some are fetched at a time
		for _, p := range l {
			if err := dict.enc.Add(p); err != nil {
				return nil, err
			}
		}
	}
	return dict, dict.finish()
}

// touch reads of each text what is needed for its lines of memory to come. The sum means
// nothing.
//
//go:noinline
func touch(l []string) (sum byte) {
	for _, s := range l {
		if n := len(s); n > 0 {
			sum += s[0] + s[n/2] + s[n-1]
		}
	}
	return sum
}

// fill turns a row into the numbers of the output.
func (b *Builder) fill(out *row, r *builtRow, x *ordered) {
	out.person = x.person[r.person]
	path := x.path[r.path]
	share := uint64(0)
	if s := x.share[r.share]; x.usual[path] != s {
		share = uint64(s) + 1
	}
	out.v = [numCols]uint64{
		colTime: uint64(r.time), colLength: uint64(r.length), colStamp: uint64(x.stamp[r.stamp]), colOrigin: uint64(x.origin[r.origin]),
		colFirstID: r.firstID, colOrdinal: uint64(r.ordinal), colClient: uint64(x.client[r.client]), colSession: r.session,
		colKind: uint64(x.kind[r.kind]), colPath: uint64(path), colNewPath: uint64(x.path[r.newPath]), colShare: share,
		colProcess: uint64(x.process[r.process]), colCount: uint64(r.count),
	}
	raw := b.raw[r.raw:]
	n, k := binary.Uvarint(raw)
	raw = raw[k:]
	out.gaps = out.gaps[:0]
	for range n {
		g, k := binary.Uvarint(raw)
		raw = raw[k:]
		out.gaps = append(out.gaps, g)
	}
	b.buf = append(b.buf[:0], b.details.all[r.detail]...)
	out.detail = b.buf
}
