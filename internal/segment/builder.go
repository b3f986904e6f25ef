package segment

import (
	"cmp"
	"encoding/binary"
	"io"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/facets"
	"github.com/akashi-audit/akashi/internal/paths"
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
	raw        []byte // of each row: number of raw record ids, then differences
	people     interned[person]
	origins    interned[origin]
	stamps     interned[stamp]
	clients    interned[client]
	kinds      interned[kind]
	shares     interned[share]
	processes  interned[string]
	paths      interned[string]
	details    interned[string]
	usual      []uint32 // share of each path, as first seen; + 1
	text       int      // bytes of all texts
	buf        []byte
}

// NewBuilder makes an empty Builder for records of one server, either those
// that hold or superseded ones.
func NewBuilder(server string, superseded bool, opt Options) *Builder {
	b := &Builder{
		server: strings.Clone(server), superseded: superseded, opt: opt, cal: facets.NewCalendar(opt.zone()),
		people: newInterned[person](), origins: newInterned[origin](), stamps: newInterned[stamp](), clients: newInterned[client](),
		kinds: newInterned[kind](), shares: newInterned[share](), processes: newInterned[string](), paths: newInterned[string](), details: newInterned[string](),
	}
	b.path("")
	return b
}

func (b *Builder) keep(s string) string {
	b.text += len(s) + 64
	return strings.Clone(s)
}

func (b *Builder) path(s string) uint32 {
	if s == "" && len(b.usual) > 0 {
		return 0
	}
	n := b.paths.codeNear(s, tail(s), b.keep)
	if int(n) == len(b.usual) {
		b.usual = append(b.usual, 0)
	}
	return n
}

// Add takes a copy of a record of the commit seq. The record's server must be
// the Builder's.
func (b *Builder) Add(r *record.Record, seq uint64) {
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
	x.path, x.newPath = b.path(r.Path), b.path(r.NewPath)
	x.share = b.shares.codeNear(shareOf(r), tail(r.Share)+uint(r.ShareRoot)*31, func(s share) share { s.unc, s.text = b.keep(s.unc), b.keep(s.text); return s })
	if b.usual[x.path] == 0 {
		b.usual[x.path] = x.share + 1
	}
	b.buf = encodeDetail(b.buf[:0], r.Detail)
	n, ok := b.details.at[string(b.buf)]
	if !ok {
		n = b.details.code(string(b.buf), b.keep)
	}
	x.detail = n
	b.raw = binary.AppendUvarint(b.raw, uint64(len(r.RawIDs)))
	prev := r.FirstID
	for _, id := range r.RawIDs {
		b.raw = binary.AppendUvarint(b.raw, zigzag(id-prev))
		prev = id
	}
	b.rows.add(&x)
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
	return len(b.rows.chunks)*builtChunk*builtRowSize + cap(b.raw) + b.text
}

// Months lists the months that have rows, ascending.
func (b *Builder) Months() []Month {
	var l []Month
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

// WriteMonth writes the rows of a month as one segment.
func (b *Builder) WriteMonth(w io.Writer, m Month) (*Meta, error) {
	pk, err := newPacker(b.opt.Level)
	if err != nil {
		return nil, err
	}
	defer pk.close()
	x := b.order(m)
	f := newFileWriter(w, pk, x.tables, x.usual, &b.opt)
	var out row
	for i, at := range x.rows {
		if i == 0 || b.rows.at(at).day != b.rows.at(x.rows[i-1]).day {
			if i > 0 {
				x.part.close()
			}
			x.part = f.partition(int(b.rows.at(at).day))
		}
		b.fill(&out, b.rows.at(at), x)
		x.part.add(&out)
	}
	if x.part != nil {
		x.part.close()
	}
	meta := &Meta{Server: b.server, Superseded: b.superseded, Zone: b.opt.zone().String()}
	f.finish(meta, x.sorted)
	if f.err != nil {
		return nil, f.err
	}
	return meta, nil
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

// ordered is the rows of a month in stored order and the output's dictionaries.
type ordered struct {
	rows                                                      []uint32
	tables                                                    *tables
	sorted                                                    []string
	usual                                                     []uint32
	person, origin, stamp, client, kind, share, process, path []uint32
	part                                                      *partWriter
}

// order sorts the rows of a month and numbers what they use anew.
func (b *Builder) order(m Month) *ordered {
	x := &ordered{tables: &tables{}}
	first, last := int32(1<<31-1), int32(-1<<31)
	for i := range b.rows.n {
		if d := b.rows.at(uint32(i)).day; d < first || d > last { // days that were not asked about yet
			if MonthOf(int(d)) == m {
				first, last = min(first, d), max(last, d)
			}
		}
	}
	for i := range b.rows.n {
		if d := b.rows.at(uint32(i)).day; d >= first && d <= last {
			x.rows = append(x.rows, uint32(i))
		}
	}
	each := func(code func(*builtRow) uint32, n int) []bool {
		used := make([]bool, n)
		for _, i := range x.rows {
			used[code(b.rows.at(i))] = true
		}
		return used
	}
	x.tables.people, x.person = keepUsed(b.people.all, each(func(r *builtRow) uint32 { return r.person }, len(b.people.all)), comparePeople)
	x.tables.origins, x.origin = keepUsed(b.origins.all, each(func(r *builtRow) uint32 { return r.origin }, len(b.origins.all)), nil)
	x.tables.stamps, x.stamp = keepUsed(b.stamps.all, each(func(r *builtRow) uint32 { return r.stamp }, len(b.stamps.all)), compareStamps)
	x.tables.clients, x.client = keepUsed(b.clients.all, each(func(r *builtRow) uint32 { return r.client }, len(b.clients.all)), nil)
	x.tables.kinds, x.kind = keepUsed(b.kinds.all, each(func(r *builtRow) uint32 { return r.kind }, len(b.kinds.all)), nil)
	x.tables.processes, x.process = keepUsed(b.processes.all, each(func(r *builtRow) uint32 { return r.process }, len(b.processes.all)), nil)
	used := each(func(r *builtRow) uint32 { return r.path }, len(b.paths.all))
	usedShares := each(func(r *builtRow) uint32 { return r.share }, len(b.shares.all))
	for i, ok := range used { // the usual share may be that of another month's row
		if ok {
			usedShares[b.usual[i]-1] = true
		}
	}
	used[0] = true
	for _, i := range x.rows {
		used[b.rows.at(i).newPath] = true
	}
	x.tables.shares, x.share = keepUsed(b.shares.all, usedShares, nil)
	x.sorted, x.path = sortPaths(b.paths.all, used)
	x.usual = make([]uint32, len(x.sorted))
	for i, n := range x.path {
		if used[i] && b.usual[i] != 0 && usedShares[b.usual[i]-1] {
			x.usual[n] = x.share[b.usual[i]-1]
		}
	}
	b.sortRows(x, first, last)
	return x
}

// sortRows sorts by day and person in one go, then each person's rows.
func (b *Builder) sortRows(x *ordered, first, last int32) {
	if len(x.rows) == 0 {
		return
	}
	people := len(x.tables.people)
	starts := make([]uint32, (int(last-first)+1)*people+1)
	bucket := func(i uint32) int { return int(b.rows.at(i).day-first)*people + int(x.person[b.rows.at(i).person]) }
	for _, i := range x.rows {
		starts[bucket(i)+1]++
	}
	for i := 1; i < len(starts); i++ {
		starts[i] += starts[i-1]
	}
	sorted, next := make([]uint32, len(x.rows)), slices.Clone(starts)
	for _, i := range x.rows {
		k := bucket(i)
		sorted[next[k]] = i
		next[k]++
	}
	compare := func(i, j uint32) int { return b.compare(b.rows.at(i), b.rows.at(j), x) }
	for k := range len(starts) - 1 {
		if l := sorted[starts[k]:starts[k+1]]; !slices.IsSortedFunc(l, compare) {
			slices.SortFunc(l, compare)
		}
	}
	x.rows = sorted
}

// sortPaths is keepUsed for paths: it sorts the folders first and then the names
// within each.
func sortPaths(all []string, used []bool) (kept []string, number []uint32) {
	folders := newInterned[string]()
	var in [][]uint32 // used paths of each folder
	for i, ok := range used {
		if !ok {
			continue
		}
		p := all[i]
		f := folders.code(p[:strings.LastIndexByte(p, '\\')+1], same)
		if int(f) == len(in) {
			in = append(in, nil)
		}
		in[f] = append(in[f], uint32(i))
	}
	order := make([]uint32, len(folders.all))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int { return paths.Compare(folders.all[a], folders.all[b]) })
	number = make([]uint32, len(all))
	for i := 0; i < len(order); {
		l := in[order[i]]
		j := i + 1
		for ; j < len(order) && strings.EqualFold(folders.all[order[i]], folders.all[order[j]]); j++ { // one folder for NTFS
			l = append(l, in[order[j]]...)
		}
		i = j
		slices.SortFunc(l, func(a, b uint32) int { return paths.Compare(all[a], all[b]) })
		for _, k := range l {
			number[k] = uint32(len(kept))
			kept = append(kept, all[k])
		}
	}
	return kept, number
}

func compareStamps(a, b stamp) int {
	return cmp.Or(cmp.Compare(a.seq, b.seq), cmp.Compare(a.received, b.received))
}

// keepUsed leaves the used entries, sorted when compare is not nil, and gives
// the new number of each.
func keepUsed[T any](all []T, used []bool, compare func(a, b T) int) (kept []T, number []uint32) {
	order := make([]uint32, 0, len(all))
	for i, ok := range used {
		if ok {
			order = append(order, uint32(i))
		}
	}
	if compare != nil {
		slices.SortFunc(order, func(a, b uint32) int { return compare(all[a], all[b]) })
	}
	number = make([]uint32, len(all))
	for n, i := range order {
		kept = append(kept, all[i])
		number[i] = uint32(n)
	}
	return kept, number
}

// compare is the stored order: day, person, time, id, arrival.
func (b *Builder) compare(p, q *builtRow, x *ordered) int {
	if p.day != q.day {
		return cmp.Compare(p.day, q.day)
	}
	if p.person != q.person {
		return cmp.Compare(x.person[p.person], x.person[q.person])
	}
	if p.time != q.time {
		return cmp.Compare(p.time, q.time)
	}
	return cmp.Or(compareOrigins(&b.origins.all[p.origin], &b.origins.all[q.origin]), cmp.Compare(p.firstID, q.firstID), cmp.Compare(p.ordinal, q.ordinal),
		compareArrival(b.stamps.all[p.stamp], b.stamps.all[q.stamp]))
}

func compareArrival(a, b stamp) int {
	return cmp.Or(cmp.Compare(a.received, b.received), cmp.Compare(a.seq, b.seq))
}

// compareOrigins orders as ids do.
func compareOrigins(a, b *origin) int {
	return cmp.Or(strings.Compare(a.channel, b.channel), cmp.Compare(a.gen, b.gen))
}
