package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"

	"github.com/akashi-audit/akashi/internal/paths"
)

// OpenOptions of Open.
type OpenOptions struct {
	Name    string             // names the segment in errors
	Cache   *Cache             // nil = a small one of its own
	Damaged func(*DamageError) // told once of each damaged place that is left out; may be nil
}

// DamageError says where a segment is damaged.
type DamageError struct {
	Name   string
	Offset int64
	Size   int64 // bytes concerned
	Reason string
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("segment %s is damaged at byte %d: %s", e.Name, e.Offset, e.Reason)
}

// errRead is wrapped by errors of the ReaderAt.
var errRead = errors.New("read segment")

// isDamage reports whether what was asked for is damaged and can be left out.
func isDamage(err error) bool {
	var d *DamageError
	return errors.As(err, &d)
}

// Segment is an open segment. It is safe for concurrent use.
type Segment struct {
	r       io.ReaderAt
	size    int64
	opt     OpenOptions
	number  uint64
	meta    Meta
	tables  *tables
	acts    []act
	actOf   []uint32 // of each kind
	usual   []usualRun
	odd     []bool // shares that rows name themselves
	usualAt section
	tabsAt  section
	indexAt section
	foot    section
	pages   []pageRef // of the path dictionary
	dict    *paths.Dict
	parts   []*part // ascending by day
	lazy    int64   // lazyNames, but in tests

	mu       sync.Mutex // guards the fields below
	reported map[int64]bool
	bound    []boundFilter // last used first
}

// usualRun says that the paths before end, and not in an earlier run, have this
// usual share.
type usualRun struct{ end, share uint32 }

type pageRef struct {
	off int64
	chunkRef
}

// Open reads the footer and the dictionaries of a segment; rows are read when
// they are asked for.
func Open(r io.ReaderAt, size int64, opt OpenOptions) (*Segment, error) {
	if opt.Cache == nil {
		c, err := NewCache(8 << 20)
		if err != nil {
			return nil, err
		}
		opt.Cache = c
	}
	s := &Segment{r: r, size: size, opt: opt, number: opt.Cache.number(), lazy: lazyNames, reported: make(map[int64]bool)}
	head, err := s.bytes(0, len(magicHead))
	if err != nil {
		return nil, err
	}
	if string(head) != magicHead {
		_ = s.damage(0, int64(len(magicHead)), "does not begin as a segment does") // noted: the rest can be read
	}
	if s.foot, err = s.trailer(); err != nil {
		return nil, err
	}
	b, err := s.section(s.foot)
	if err != nil {
		return nil, err
	}
	if err := s.footer(b); err != nil {
		return nil, s.damaged(s.foot.off, s.foot.size, err)
	}
	if b, err = s.section(s.tabsAt); err != nil {
		return nil, err
	}
	d := &decoder{b: b}
	s.tables = decodeTables(d)
	if err := d.end(); err != nil {
		return nil, s.damaged(s.tabsAt.off, s.tabsAt.size, err)
	}
	s.acts, s.actOf = actsOf(s.tables.kinds)
	if b, err = s.section(s.usualAt); err != nil {
		return nil, err
	}
	if err := s.readUsual(b); err != nil {
		return nil, s.damaged(s.usualAt.off, s.usualAt.size, err)
	}
	if b, err = s.section(s.indexAt); err != nil {
		return nil, err
	}
	if s.dict, err = paths.Open(b, s.pathPage); err != nil {
		return nil, s.damaged(s.indexAt.off, s.indexAt.size, err)
	}
	if s.dict.Len() != s.meta.Paths || len(s.usual) > 0 && int(s.usual[len(s.usual)-1].end) != s.meta.Paths {
		return nil, s.damaged(s.indexAt.off, s.indexAt.size, fmt.Errorf("%w: number of paths", errFormat))
	}
	return s, nil
}

// Meta is what the segment says of itself; it must not be changed.
func (s *Segment) Meta() *Meta { return &s.meta }

// Paths is the dictionary of paths and new paths.
func (s *Segment) Paths() *paths.Dict { return s.dict }

// damage notes a damaged place and returns the error that names it.
func (s *Segment) damage(off, size int64, reason string) *DamageError {
	e := &DamageError{s.opt.Name, off, size, reason}
	s.mu.Lock()
	told := s.reported[off]
	s.reported[off] = true
	s.mu.Unlock()
	if !told && s.opt.Damaged != nil {
		s.opt.Damaged(e)
	}
	return e
}

func (s *Segment) damaged(off int64, size int, err error) error {
	if isDamage(err) {
		return err
	}
	return s.damage(off, int64(size), err.Error())
}

// bytes reads n bytes.
func (s *Segment) bytes(off int64, n int) ([]byte, error) { return s.bytesIn(nil, off, n) }

// bytesIn is bytes into the memory of dst, where that is enough.
func (s *Segment) bytesIn(dst []byte, off int64, n int) ([]byte, error) {
	if off < 0 || n < 0 || int64(n) > s.size || off > s.size-int64(n) {
		return nil, s.damage(off, int64(n), "lies beyond the end of the file")
	}
	b := slices.Grow(dst[:0], n)[:n]
	if k, err := s.r.ReadAt(b, off); k < n {
		if err == nil || errors.Is(err, io.EOF) {
			return nil, s.damage(off, int64(n), "lies beyond the end of the file")
		}
		return nil, fmt.Errorf("%w %s: %w", errRead, s.opt.Name, err)
	}
	return b, nil
}

// chunk reads bytes that stand once and checks their sum.
func (s *Segment) chunk(off int64, c chunkRef) ([]byte, error) { return s.chunkIn(nil, off, c) }

// chunkIn is chunk into the memory of dst, where that is enough.
func (s *Segment) chunkIn(dst []byte, off int64, c chunkRef) ([]byte, error) {
	b, err := s.bytesIn(dst, off, int(c.size))
	if err != nil {
		return nil, err
	}
	if checksum(b) != c.sum {
		return nil, s.damage(off, int64(c.size), "checksum does not match")
	}
	return b, nil
}

// section reads what is kept twice.
func (s *Segment) section(at section) ([]byte, error) {
	var failed error
	for i := range int64(2) {
		b, err := s.chunk(at.off+i*int64(at.size), chunkRef{uint32(at.size), at.sum})
		if err == nil {
			if b, err = s.opt.Cache.un.unpackAny(b); err == nil {
				return b, nil
			}
			err = s.damaged(at.off, at.size, err)
		}
		if !isDamage(err) {
			return nil, err
		}
		failed = err
	}
	return nil, failed
}

// trailer finds the footer.
func (s *Segment) trailer() (section, error) {
	var failed error
	for i := range int64(2) {
		off := s.size - (i+1)*trailerSize
		b, err := s.bytes(max(off, 0), trailerSize)
		if err != nil {
			return section{}, err
		}
		at, err := s.readTrailer(b, off)
		if err == nil || !isDamage(err) {
			return at, err
		}
		failed = err
	}
	return section{}, failed
}

// readTrailer reads one of the two trailers.
func (s *Segment) readTrailer(b []byte, off int64) (section, error) {
	le := binary.LittleEndian
	if string(b[trailerSize-len(magicTail):]) != magicTail || le.Uint32(b[24:]) != checksum(b[:24]) {
		return section{}, s.damage(off, trailerSize, "does not end as a segment does")
	}
	if v := le.Uint32(b[20:]); v != FormatVersion {
		return section{}, fmt.Errorf("segment %s has format %d, this akashi reads up to %d", s.opt.Name, v, FormatVersion)
	}
	at, n := le.Uint64(b), le.Uint64(b[8:])
	if at > uint64(s.size) || n > uint64(s.size) {
		return section{}, s.damage(off, trailerSize, "footer lies beyond the end of the file")
	}
	return section{int64(at), int(n), le.Uint32(b[16:])}, nil
}

func (d *decoder) section() section {
	return section{int64(d.max(1<<62, "offset")), int(d.max(math.MaxInt32, "size")), d.sum()}
}

func (d *decoder) sum() uint32 {
	if b := d.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (d *decoder) chunkRef() chunkRef { return chunkRef{uint32(d.max(math.MaxInt32, "size")), d.sum()} }

func (s *Segment) footer(b []byte) error {
	d := &decoder{b: b}
	m := &s.meta
	m.Version, m.Size = FormatVersion, s.size
	m.decode(d)
	for range d.count() {
		p := &part{seg: s, info: partInfo{day: int(d.i()), rows: int64(d.max(1<<32, "rows")), first: d.i(), last: d.i(), dir: d.section()}}
		if n := len(s.parts); n > 0 && s.parts[n-1].info.day >= p.info.day {
			d.fail("days do not ascend")
		}
		s.parts = append(s.parts, p)
		if m.Rows == 0 {
			m.First, m.Last = p.info.first, p.info.last
		}
		m.Rows += p.info.rows
		m.First, m.Last = min(m.First, p.info.first), max(m.Last, p.info.last)
		m.Days = append(m.Days, DayMeta{p.info.day, p.info.rows, p.info.first, p.info.last})
	}
	// A block of blockRows takes at least three bytes for each column; a row has
	// at most two paths.
	if m.Rows > blockRows*(s.size/(3*numCols)+1) || int64(m.Paths) > 2*m.Rows+1 {
		d.fail("more rows or paths than the file can hold")
	}
	s.tabsAt, s.usualAt, s.indexAt = d.section(), d.section(), d.section()
	off := int64(d.max(1<<62, "offset"))
	for range d.count() {
		c := d.chunkRef()
		s.pages = append(s.pages, pageRef{off, c})
		off += int64(c.size)
	}
	return d.end()
}

func (s *Segment) readUsual(b []byte) error {
	d := &decoder{b: b}
	at := uint64(0)
	shares := uint64(len(s.tables.shares))
	runs := d.count()
	s.usual = make([]usualRun, 0, runs)
	for range runs {
		at += d.max(1<<31, "run")
		n := d.u()
		if n >= shares || at > uint64(s.meta.Paths) {
			d.fail("usual share")
			break
		}
		s.usual = append(s.usual, usualRun{uint32(at), uint32(n)})
	}
	if d.err == nil && at != uint64(s.meta.Paths) {
		d.fail("usual shares do not cover the paths")
	}
	s.odd = make([]bool, shares)
	for range d.count() {
		if n := d.u(); n < shares {
			s.odd[n] = true
		} else {
			d.fail("share beyond the table")
		}
	}
	return d.end()
}

// usualShare is the share that rows of this path have when they do not say.
func (s *Segment) usualShare(path uint32) uint32 {
	i, found := slices.BinarySearchFunc(s.usual, path, func(r usualRun, p uint32) int { return int(int64(r.end) - int64(p)) })
	if found {
		i++
	}
	if i >= len(s.usual) {
		return 0
	}
	return s.usual[i].share
}

// usualWindow is how many paths an entry of usualShares stands for.
const usualWindow = 4096

// usualShares finds the usual shares of many paths: runs are few and long.
type usualShares struct {
	runs  []usualRun
	first []uint32 // of each window, the run of its first path
}

func (s *Segment) usualShares() *usualShares {
	l := &usualShares{runs: s.usual}
	run := 0
	for at := 0; at < s.meta.Paths; at += usualWindow {
		for run < len(s.usual) && int(s.usual[run].end) <= at {
			run++
		}
		l.first = append(l.first, uint32(run))
	}
	return l
}

// of is the usual share of a path of the segment.
func (l *usualShares) of(path uint32) uint32 {
	for i := l.first[path/usualWindow]; int(i) < len(l.runs); i++ {
		if path < l.runs[i].end {
			return l.runs[i].share
		}
	}
	return 0
}
