package archive

import (
	"bufio"
	"cmp"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/record"
)

const (
	// sortBytes is how many bytes of records a sorter holds before it writes them to
	// its scratch file: some 100,000 records.
	sortBytes = 48 << 20
	// sortBlock is how many records of a run are in memory while runs are merged.
	sortBlock = 512
	// recordBytes is what a record takes beside its texts.
	recordBytes = 448
	maxSortBody = 1 << 30 // bytes of a block of a run
)

// errScratch: the scratch file does not give back what it took.
var errScratch = errors.New("records that were put aside to be sorted came back as other ones")

// sorter puts records into the order of the file (by user, SID, time and id) in
// little memory: what is more than limit goes to a scratch file in runs, which are
// merged. With each record goes its print, so that what was lost or changed on the
// way is seen in the end.
type sorter struct {
	open  func() (fsx.File, error) // makes the scratch file
	limit int                      // bytes

	recs  []record.Record
	marks []print
	pairs []record.Pair // what details of recs are cut from
	ids   []uint64
	bytes int
	f     fsx.File
	w     *bufio.Writer
	at    int64 // bytes in f
	runs  []sortRun
	enc   *record.Encoder
	buf   []byte

	count       int64
	first, last int64 // bounds of the times, Unix ns
}

// sortRun is a run in the scratch file.
type sortRun struct{ off, size int64 }

// add takes a copy of a record.
func (s *sorter) add(r *record.Record, mark print) error {
	if n := len(s.recs); n == cap(s.recs) {
		s.recs, s.marks = slices.Grow(s.recs, max(n, chunkRows)), slices.Grow(s.marks, max(n, chunkRows))
	}
	s.recs, s.marks = append(s.recs, *r), append(s.marks, mark)
	c := &s.recs[len(s.recs)-1]
	s.pairs, c.Detail = share(s.pairs, r.Detail)
	s.ids, c.RawIDs = share(s.ids, r.RawIDs)
	s.bytes += recordBytes + len(r.Path) + len(r.NewPath) + 8*len(r.RawIDs)
	for _, d := range r.Detail {
		s.bytes += 32 + len(d.Value)
	}
	if s.count == 0 {
		s.first, s.last = r.Time, r.Time
	}
	s.first, s.last = min(s.first, r.Time), max(s.last, r.Time)
	s.count++
	if s.bytes < s.limit {
		return nil
	}
	return s.spill()
}

// share copies l into memory that many lists share; nil stays nil.
func share[T any](mem, l []T) (rest, own []T) {
	if len(l) == 0 {
		return mem, nil
	}
	if cap(mem)-len(mem) < len(l) {
		mem = make([]T, 0, max(len(l), chunkRows))
	}
	from := len(mem)
	mem = append(mem, l...)
	return mem, mem[from:len(mem):len(mem)]
}

// spill writes what is held as a run.
func (s *sorter) spill() (err error) {
	if len(s.recs) == 0 {
		return nil
	}
	if s.f == nil {
		if s.f, err = s.open(); err != nil {
			return err
		}
		s.w, s.enc = bufio.NewWriterSize(s.f, 1<<20), record.NewEncoder()
	}
	run := sortRun{off: s.at}
	l := order(s.recs)
	part := make([]record.Record, 0, sortBlock)
	for len(l) > 0 {
		n := min(len(l), sortBlock)
		part = part[:0]
		for _, i := range l[:n] {
			part = append(part, s.recs[i])
		}
		s.buf = s.enc.AppendBlock(append(s.buf[:0], make([]byte, 8)...), part)
		binary.LittleEndian.PutUint32(s.buf, uint32(len(s.buf)-8))
		binary.LittleEndian.PutUint32(s.buf[4:], uint32(n))
		for _, i := range l[:n] {
			s.buf = append(s.buf, s.marks[i][:]...)
		}
		if _, err := s.w.Write(s.buf); err != nil {
			return fmt.Errorf("write records to be sorted: %w", err)
		}
		s.at += int64(len(s.buf))
		l = l[n:]
	}
	if err := s.w.Flush(); err != nil {
		return fmt.Errorf("write records to be sorted: %w", err)
	}
	run.size = s.at - run.off
	s.runs = append(s.runs, run)
	clear(s.recs)
	s.recs, s.marks, s.bytes = s.recs[:0], s.marks[:0], 0
	s.pairs, s.ids = nil, nil
	return nil
}

// each calls fn for the records in order, once, and lets go of them. The record is
// valid during the call.
func (s *sorter) each(ctx context.Context, fn func(*record.Record, print) error) error {
	if len(s.runs) == 0 {
		for _, i := range order(s.recs) {
			if err := fn(&s.recs[i], s.marks[i]); err != nil {
				return err
			}
		}
		s.recs, s.marks = nil, nil
		return nil
	}
	if err := s.spill(); err != nil {
		return err
	}
	s.recs, s.marks, s.buf = nil, nil, nil
	var h sortHeap
	for i, run := range s.runs {
		c := &sortCursor{r: bufio.NewReaderSize(io.NewSectionReader(s.f, run.off, run.size), 64<<10), rank: i}
		if ok, err := c.next(); err != nil {
			return err
		} else if ok {
			h = append(h, c)
		}
	}
	heap.Init(&h)
	for n := 0; len(h) > 0; n++ {
		if n%chunkRows == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		c := h[0]
		if err := fn(&c.recs[c.i], c.marks[c.i]); err != nil {
			return err
		}
		ok, err := c.next()
		if err != nil {
			return err
		}
		if ok {
			heap.Fix(&h, 0)
		} else {
			heap.Pop(&h)
		}
	}
	if err := s.f.Truncate(0); err != nil { // the room is wanted for what comes now
		return fmt.Errorf("empty the file of records to be sorted: %w", err)
	}
	return nil
}

// sortCursor is a place in a run.
type sortCursor struct {
	r     *bufio.Reader
	rank  int // of equal records that of the first run comes first
	recs  []record.Record
	marks []print
	i     int
	buf   []byte
}

// next goes on to the next record; false at the end of the run.
func (c *sortCursor) next() (bool, error) {
	if c.i++; c.i < len(c.recs) {
		return true, nil
	}
	var head [8]byte
	if _, err := io.ReadFull(c.r, head[:]); errors.Is(err, io.EOF) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("read sorted records: %w", err)
	}
	size, n := int(binary.LittleEndian.Uint32(head[:])), int(binary.LittleEndian.Uint32(head[4:]))
	if size > maxSortBody || n < 1 || n > sortBlock {
		return false, fmt.Errorf("read sorted records: block of %d records and %d bytes", n, size)
	}
	if all := size + n*len(print{}); cap(c.buf) < all {
		c.buf = make([]byte, all)
	} else {
		c.buf = c.buf[:all]
	}
	if _, err := io.ReadFull(c.r, c.buf); err != nil {
		return false, fmt.Errorf("read sorted records: %w", err)
	}
	b, err := record.DecodeBlock(c.buf[:size])
	if err != nil {
		return false, fmt.Errorf("read sorted records: %w", err)
	}
	if b.Len() != n {
		return false, fmt.Errorf("read sorted records: %d of %d", b.Len(), n)
	}
	c.i, c.recs, c.marks = 0, c.recs[:0], c.marks[:0]
	for i := range n {
		c.recs = append(c.recs, b.Record(i))
		c.marks = append(c.marks, print(c.buf[size+i*len(print{}):]))
	}
	return true, nil
}

// sortHeap is cursors, that with the least record on top.
type sortHeap []*sortCursor

func (h sortHeap) Len() int      { return len(h) }
func (h sortHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h sortHeap) Less(i, j int) bool {
	a, b := &h[i].recs[h[i].i], &h[j].recs[h[j].i]
	return cmp.Or(strings.Compare(a.User, b.User), strings.Compare(a.SID, b.SID), cmp.Compare(a.Time, b.Time), compareIDs(a, b), cmp.Compare(h[i].rank, h[j].rank)) < 0
}
func (h *sortHeap) Push(x any) { *h = append(*h, x.(*sortCursor)) }
func (h *sortHeap) Pop() any {
	c := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return c
}
