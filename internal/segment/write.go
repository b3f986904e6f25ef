package segment

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/akashi-audit/akashi/internal/paths"
)

// Options of writing.
type Options struct {
	Zone  *time.Location // calendar days; nil = UTC
	Level int            // of zstd, 1 to 22; 0 = 3
	Days  int            // of a merge that are made side by side; 0 = one after the other
	// Joined, when it is set, is told by a merge how the path dictionaries of its inputs
	// became one, in another goroutine beside the rows; its error ends the merge. It is not
	// called when the dictionary does not hold all of the inputs, because rows were left out.
	Joined func(*Union) error
}

func (o *Options) zone() *time.Location {
	if o.Zone == nil {
		return time.UTC
	}
	return o.Zone
}

// section is the place of bytes that are kept twice, the second right behind
// the first.
type section struct {
	off  int64
	size int
	sum  uint32
}

// chunkRef is the size and checksum of a chunk; its place follows from what
// comes before it.
type chunkRef struct{ size, sum uint32 }

// fileWriter writes the parts of a segment one after the other; the first error
// sticks.
type fileWriter struct {
	w      io.Writer
	pk     *packer
	off    int64
	err    error
	tables *tables
	usual  []uint32 // usual share of each path
	odd    []bool   // shares that rows have which are not the usual ones of their paths
	acts   []uint32 // act of each kind
	parts  []partInfo
	cols   [numCols]int64 // bytes
	extra  map[string]int64
	stamps []uint64 // rows of each
	ids    []idRange
	zone   *time.Location
	part   *partWriter   // used again for each partition
	busy   chan struct{} // closed when the block that is being written is; nil = none
}

// start runs fn beside the caller. Until wait returns fn alone writes and packs.
func (f *fileWriter) start(fn func()) {
	f.wait()
	busy := make(chan struct{})
	f.busy = busy
	go func() {
		defer close(busy)
		fn()
	}()
}

// wait waits for what start began.
func (f *fileWriter) wait() {
	if f.busy != nil {
		<-f.busy
		f.busy = nil
	}
}

// idRange is the lowest and highest first record id of an origin.
type idRange struct {
	lo, hi uint64
	any    bool
}

func (r *idRange) add(id uint64) {
	if !r.any {
		r.lo, r.hi, r.any = id, id, true
	}
	r.lo, r.hi = min(r.lo, id), max(r.hi, id)
}

// partInfo is what the footer says of a partition.
type partInfo struct {
	day         int
	rows        int64
	first, last int64
	dir         section
}

func newFileWriter(w io.Writer, pk *packer, t *tables, usual []uint32, opt *Options) *fileWriter {
	f := &fileWriter{w: w, pk: pk, tables: t, usual: usual, extra: make(map[string]int64), stamps: make([]uint64, len(t.stamps)),
		odd: make([]bool, len(t.shares)), ids: make([]idRange, len(t.origins)), zone: opt.zone()}
	_, f.acts = actsOf(t.kinds)
	f.write([]byte(magicHead))
	return f
}

// actsOf lists the distinct acts of the kinds and the act of each kind.
func actsOf(kinds []kind) (acts []act, of []uint32) {
	l := newInterned[act]()
	of = make([]uint32, len(kinds))
	for i := range kinds {
		of[i] = l.code(kinds[i].act(), func(a act) act { return a })
	}
	return l.all, of
}

func (f *fileWriter) write(b []byte) {
	if f.err != nil {
		return
	}
	if _, err := f.w.Write(b); err != nil {
		f.err = fmt.Errorf("write segment: %w", err)
	}
	f.off += int64(len(b))
}

// chunk writes bytes that stand once.
func (f *fileWriter) chunk(b []byte, name string) chunkRef {
	f.write(b)
	f.extra[name] += int64(len(b))
	return chunkRef{uint32(len(b)), checksum(b)}
}

// section packs bytes and writes them twice.
func (f *fileWriter) section(b []byte, name string) section {
	packed := f.pk.pack(nil, b)
	s := section{f.off, len(packed), checksum(packed)}
	f.write(packed)
	f.write(packed)
	f.extra[name] += 2 * int64(len(packed))
	return s
}

func (e *encoder) section(s section) {
	e.u(uint64(s.off))
	e.u(uint64(s.size))
	e.sum(s.sum)
}

func (e *encoder) sum(s uint32) { e.b = binary.LittleEndian.AppendUint32(e.b, s) }

func (e *encoder) chunks(l []chunkRef) {
	for _, c := range l {
		e.u(uint64(c.size))
		e.sum(c.sum)
	}
}

// packedPaths is a path dictionary in the making. Its pages stay in memory,
// packed.
type packedPaths struct {
	enc *paths.Encoder
	paths.Packed
}

func newPackedPaths(pk *packer) *packedPaths {
	d := &packedPaths{}
	var packed []byte
	d.enc = paths.NewEncoder(func(page []byte) error {
		packed = pk.pack(packed[:0], page) // its memory is as large as the page: only what is packed stays
		d.Pages, d.Plain = append(d.Pages, bytes.Clone(packed)), append(d.Plain, len(page))
		return nil
	})
	return d
}

// finish ends the dictionary after its last path.
func (d *packedPaths) finish() (err error) {
	d.N = d.enc.Len()
	d.Index, err = d.enc.Finish()
	return err
}

// finish writes the dictionaries and the footer. That of paths is finished.
func (f *fileWriter) finish(m *Meta, dict *packedPaths) {
	pagesAt := f.off
	var refs []chunkRef
	for _, p := range dict.Pages {
		refs = append(refs, f.chunk(p, "paths"))
	}
	at := f.section(dict.Index, "paths")
	tabs := f.section(f.tables.encode(), "tables")
	usual := f.section(f.encodeUsual(), "tables")
	m.Columns = make(map[string]int64)
	for i, name := range columnNames() {
		m.Columns[name] = f.cols[i]
	}
	for name, n := range f.extra {
		m.Columns[name] += n
	}
	m.Paths, m.Version = dict.N, FormatVersion
	f.fillMeta(m)
	e := &encoder{}
	m.encode(e)
	e.u(uint64(len(f.parts)))
	for _, p := range f.parts {
		e.i(int64(p.day))
		e.u(uint64(p.rows))
		e.i(p.first)
		e.i(p.last)
		e.section(p.dir)
	}
	e.section(tabs)
	e.section(usual)
	e.section(at)
	e.u(uint64(pagesAt))
	e.u(uint64(len(refs)))
	e.chunks(refs)
	f.trailer(f.pk.pack(nil, e.b))
	m.Size = f.off
}

// trailer writes the packed footer twice and says twice where it is.
func (f *fileWriter) trailer(footer []byte) {
	at := f.off
	f.write(footer)
	f.write(footer)
	var t []byte
	t = binary.LittleEndian.AppendUint64(t, uint64(at))
	t = binary.LittleEndian.AppendUint64(t, uint64(len(footer)))
	t = binary.LittleEndian.AppendUint32(t, checksum(footer))
	t = binary.LittleEndian.AppendUint32(t, FormatVersion)
	t = binary.LittleEndian.AppendUint32(t, checksum(t))
	t = append(t, magicTail...)
	f.write(t)
	f.write(t)
}

// encodeUsual is the usual share of each path, as runs over their ids, and the
// shares that rows name themselves.
func (f *fileWriter) encodeUsual() []byte {
	runs, n := &encoder{}, uint64(0)
	for i := 0; i < len(f.usual); {
		j := i + 1
		for j < len(f.usual) && f.usual[j] == f.usual[i] {
			j++
		}
		runs.u(uint64(j - i))
		runs.u(uint64(f.usual[i]))
		i = j
		n++
	}
	e := &encoder{}
	e.u(n)
	e.b = append(e.b, runs.b...)
	odd := &encoder{}
	n = 0
	for i, ok := range f.odd {
		if ok {
			odd.u(uint64(i))
			n++
		}
	}
	e.u(n)
	return append(e.b, odd.b...)
}

// fillMeta adds what writing the rows found out.
func (f *fileWriter) fillMeta(m *Meta) {
	for i, p := range f.parts {
		if i == 0 {
			m.First, m.Last = p.first, p.last
		}
		m.Rows += p.rows
		m.First, m.Last = min(m.First, p.first), max(m.Last, p.last)
		m.Days = append(m.Days, DayMeta{p.day, p.rows, p.first, p.last})
	}
	for i, n := range f.stamps {
		if n > 0 {
			m.Seqs = append(m.Seqs, SeqRows{f.tables.stamps[i].seq, int64(n)})
		}
	}
	slices.SortStableFunc(m.Seqs, func(a, b SeqRows) int { return cmp.Compare(a.Seq, b.Seq) })
	m.Seqs = joinSeqs(m.Seqs)
	for i, r := range f.ids {
		if r.any {
			m.addIDs(f.tables.origins[i].channel, f.tables.origins[i].gen, r.lo, r.hi)
		}
	}
}
