package segment

import (
	"fmt"
	"slices"
	"sync"

	"github.com/akashi-audit/akashi/internal/record"
)

// part is a partition: the rows of one calendar day.
type part struct {
	seg  *Segment
	info partInfo

	mu  sync.Mutex // guards dir
	dir *directory // read when first asked for
}

// directory says where the parts of a partition are. It is immutable.
type directory struct {
	runs   []run // and an end
	blocks []block
	paths  []pageAt
	news   []pageAt
	rolls  []pageAt
	hours  []hourCount
	ids    []idRange // by origin
}

// block is one block of a partition.
type block struct {
	blockInfo
	start int   // first row within the partition
	at    int64 // where its first column is
}

// leastBlock is how many bytes of a directory a block takes at least.
const leastBlock = 3 + numCols*5

// off is where a column is.
func (b *block) off(col int) int64 {
	at := b.at
	for _, c := range b.chunks[:col] {
		at += int64(c.size)
	}
	return at
}

type pageAt struct {
	page
	off int64
}

type hourCount struct {
	n    uint64
	act  uint32
	hour uint8
}

// directory reads the directory of the partition, once.
func (p *part) directory() (*directory, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dir != nil {
		return p.dir, nil
	}
	b, err := p.seg.section(p.info.dir)
	if err != nil {
		return nil, err
	}
	dir, err := p.decode(b)
	if err != nil {
		return nil, p.seg.damaged(p.info.dir.off, p.info.dir.size, err)
	}
	p.dir = dir
	return dir, nil
}

func (p *part) decode(b []byte) (*directory, error) {
	d, dir := &decoder{b: b}, &directory{}
	t := p.seg.tables
	at := int64(d.max(1<<62, "offset"))
	prev := run{}
	n := d.count()
	dir.runs = make([]run, 0, n+1)
	for i := range n {
		prev.person += uint32(d.max(1<<32-1, "person"))
		step := d.max(1<<32-1, "run")
		if i > 0 && step == 0 || i == 0 && step != 0 || int(prev.person) >= len(t.people) {
			d.fail("runs of people")
		}
		prev.start += uint32(step)
		dir.runs = append(dir.runs, prev)
	}
	dir.runs = append(dir.runs, run{person: 1<<32 - 1, start: uint32(p.info.rows)})
	rows := 0
	n = d.count()
	dir.blocks = make([]block, 0, min(n, len(d.b)/leastBlock))
	for range n {
		bl := block{start: rows, at: at}
		bl.rows = int(d.max(blockRows, "rows of a block"))
		bl.first, bl.last = p.info.first+d.i(), p.info.first+d.i()
		for c := range bl.chunks {
			bl.chunks[c] = d.chunkRef()
			at += int64(bl.chunks[c].size)
		}
		rows += bl.rows
		dir.blocks = append(dir.blocks, bl)
	}
	if int64(rows) != p.info.rows || len(dir.runs) > 1 && int64(dir.runs[len(dir.runs)-2].start) >= p.info.rows {
		d.fail("number of rows")
	}
	dir.paths, dir.news, dir.rolls = d.pages(), d.pages(), d.pages()
	n = d.count()
	dir.hours = make([]hourCount, 0, min(n, len(d.b)/3)) // each takes three bytes
	for range n {
		h := hourCount{hour: uint8(d.max(23, "hour")), act: uint32(d.max(uint64(len(p.seg.acts)), "act")), n: d.u()}
		if int(h.act) >= len(p.seg.acts) {
			d.fail("act beyond the table")
		}
		dir.hours = append(dir.hours, h)
	}
	for range d.count() {
		lo := d.u()
		dir.ids = append(dir.ids, idRange{lo, lo + d.u(), true})
	}
	if d.err == nil && len(dir.ids) != len(t.origins) {
		d.fail("number of origins")
	}
	return dir, d.end()
}

func (d *decoder) pages() []pageAt {
	off := int64(d.max(1<<62, "offset"))
	key, n := uint32(0), d.count()
	l := make([]pageAt, 0, min(n, len(d.b)/8)) // each takes eight bytes
	for range n {
		key += uint32(d.max(1<<32-1, "key"))
		pg := page{key, int(d.max(1<<24, "entries")), int(d.max(1<<32, "rows")), chunkRef{}}
		pg.chunkRef = d.chunkRef()
		l = append(l, pageAt{pg, off})
		off += int64(pg.size)
	}
	return l
}

// runAt is the run that holds a row.
func (d *directory) runAt(row int) int {
	i, ok := slices.BinarySearchFunc(d.runs, uint32(row), func(r run, s uint32) int { return int(int64(r.start) - int64(s)) })
	if !ok {
		i--
	}
	return i
}

// column reads a column of numbers of a block.
func (p *part) column(b *block, c int) (*numbers, error) {
	s := p.seg
	k := cacheKey{s.number, b.off(c)}
	if v, ok := s.opt.Cache.get(k).(*numbers); ok {
		return v, nil
	}
	raw, err := s.chunk(b.off(c), b.chunks[c])
	if err != nil {
		return nil, err
	}
	v, err := readNumbers(s.opt.Cache.un, raw, b.rows)
	if err != nil {
		return nil, s.damaged(b.off(c), int(b.chunks[c].size), err)
	}
	s.opt.Cache.put(k, v, v.bytes())
	return v, nil
}

// rawIDs is the column of raw record ids.
type rawIDs struct {
	starts []uint32 // of each row in the differences, and the end
	firsts []uint32 // how many rows before have any
	first  *numbers
	rest   *numbers
}

// rawIDs reads the column of raw record ids; with keep the cache keeps it.
func (p *part) rawIDs(b *block, keep bool) (*rawIDs, error) {
	s := p.seg
	k := cacheKey{s.number, b.off(colRaw)}
	if v, ok := s.opt.Cache.get(k).(*rawIDs); ok {
		return v, nil
	}
	raw, err := s.chunk(b.off(colRaw), b.chunks[colRaw])
	if err != nil {
		return nil, err
	}
	v, err := readRaw(s.opt.Cache.un, raw, b.rows)
	if err != nil {
		return nil, s.damaged(b.off(colRaw), int(b.chunks[colRaw].size), err)
	}
	if keep {
		s.opt.Cache.put(k, v, 8*b.rows+v.first.bytes()+v.rest.bytes())
	}
	return v, nil
}

func readRaw(u *unpacker, b []byte, n int) (*rawIDs, error) {
	d := &decoder{b: b}
	counts, err := readNumbers(u, d.part(), n)
	if err != nil {
		return nil, err
	}
	v := &rawIDs{starts: make([]uint32, n+1), firsts: make([]uint32, n+1)}
	l := make([]uint64, n)
	counts.read(l, 0)
	some, all := uint32(0), uint32(0)
	for i, c := range l {
		v.starts[i], v.firsts[i] = all, some
		if c > 0 {
			some++
		}
		if c > 1<<26 || all > 1<<27 {
			return nil, fmt.Errorf("%w: too many raw record ids", errFormat)
		}
		all += uint32(c)
	}
	v.starts[n], v.firsts[n] = all, some
	if v.first, err = readNumbers(u, d.part(), int(some)); err != nil {
		return nil, err
	}
	if v.rest, err = readNumbers(u, d.b, int(all-some)); err != nil {
		return nil, err
	}
	return v, d.err
}

// gaps appends the zigzag differences of a row's raw record ids.
func (v *rawIDs) gaps(dst []uint64, row int) []uint64 {
	n := int(v.starts[row+1] - v.starts[row])
	if n == 0 {
		return dst
	}
	at := len(dst)
	dst = append(dst, make([]uint64, n)...)
	l := dst[at:]
	v.first.read(l[:1], int(v.firsts[row]))
	v.rest.read(l[1:], int(v.starts[row]-v.firsts[row]))
	return dst
}

// ids appends the raw record ids of a row.
func (v *rawIDs) ids(dst []uint64, row int, firstID uint64) []uint64 {
	at := len(dst)
	dst = v.gaps(dst, row)
	prev := firstID
	for i, g := range dst[at:] {
		prev += unzigzag(g)
		dst[at+i] = prev
	}
	return dst
}

// details is the column of details.
type details struct {
	codes *numbers
	sets  [][]record.Pair // of the codes from 1 on
}

// details reads the column of details; with keep the cache keeps it.
func (p *part) details(b *block, keep bool) (*details, error) {
	s := p.seg
	k := cacheKey{s.number, b.off(colDetail)}
	if v, ok := s.opt.Cache.get(k).(*details); ok {
		return v, nil
	}
	raw, err := s.chunk(b.off(colDetail), b.chunks[colDetail])
	if err != nil {
		return nil, err
	}
	v, size, err := readDetails(s.opt.Cache.un, raw, b.rows)
	if err != nil {
		return nil, s.damaged(b.off(colDetail), int(b.chunks[colDetail].size), err)
	}
	if keep {
		s.opt.Cache.put(k, v, size)
	}
	return v, nil
}

func readDetails(u *unpacker, b []byte, n int) (v *details, size int, err error) {
	d := &decoder{b: b}
	v = &details{}
	if v.codes, err = readNumbers(u, d.part(), n); err != nil {
		return nil, 0, err
	}
	size = v.codes.bytes()
	if len(d.b) == 0 {
		return v, size, d.err
	}
	sets, err := u.unpackAny(d.b)
	if err != nil {
		return nil, 0, err
	}
	size += 3 * len(sets)
	d = &decoder{b: sets}
	v.sets = make([][]record.Pair, d.count())
	for i := range v.sets {
		l := make([]record.Pair, d.count())
		for j := range l {
			l[j] = record.Pair{Key: d.str(), Value: d.str()}
		}
		v.sets[i] = l
	}
	return v, size, d.end()
}
