package evtx

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
)

// Options of a Reader; the zero value reads everything with one worker.
type Options struct {
	// Workers decode chunks side by side; 0 means 1.
	Workers int
	// Want decides by provider and event id, once per distinct pair, before any
	// string of the payload is read; nil wants all.
	Want func(provider string, id uint32) bool
	// Fields tells which payload fields of an event are needed; the other values
	// may be left null. A nil set, or no function, needs all. It is asked now and
	// then, not for every event: the answer must not change.
	Fields func(provider string, id uint32, failed bool) *event.Fields
	// Recovered also yields old records from the space behind the log's own.
	Recovered bool
	// Intern is a string table to share between readers of one goroutine; nil
	// makes one.
	Intern *Interner

	reference bool // the tolerant path without caches, for tests
}

// Reader reads one log. It serves one goroutine at a time.
type Reader struct {
	r      io.ReaderAt
	size   int64
	close  func() error
	opt    Options
	head   fileHeader
	damage []Damage
}

// Record is one record of the log. It and its Event are valid only during the
// call that gets them; strings stay valid.
type Record struct {
	Event      *event.Event
	HeaderID   uint64         // id in the record header: order and gaps of the file, not the event's key
	HeaderTime event.Filetime // time in the record header
	Chunk      int            // chunk by its place in the file
	Offset     int64          // of the record in the file
	Recovered  bool           // from the slack behind the log's own records
}

// Damage is one place where the file is not as it should be.
type Damage struct {
	Chunk  int    `json:"chunk"`
	Offset int64  `json:"offset"`
	Kind   string `json:"kind"`
	Lost   int    `json:"lost"` // records lost here as far as ids tell; 0 for a warning
}

// Open opens a log. The error says "not an EVTX file: …" for a foreign file.
func Open(path string, opt Options) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("%w: not a regular file", ErrFormat)
	}
	var r *Reader
	if err == nil {
		r, err = NewReader(f, st.Size(), opt)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	r.close = f.Close
	return r, nil
}

// NewReader reads a log of size bytes through r.
func NewReader(r io.ReaderAt, size int64, opt Options) (*Reader, error) {
	h, err := openHeader(r, size)
	if err != nil {
		return nil, err
	}
	return &Reader{r: r, size: size, opt: opt, head: h}, nil
}

// Close closes the file of Open.
func (r *Reader) Close() error {
	if r.close == nil {
		return nil
	}
	c := r.close
	r.close = nil
	return c()
}

// Damage is what the last Events found, in file order. It is complete only when
// Events returned nil.
func (r *Reader) Damage() []Damage { return r.damage }

// Events calls fn for every record in record order. It stops with fn's error,
// with ctx's, or when the file cannot be read; content never stops it.
func (r *Reader) Events(ctx context.Context, fn func(*Record) error) error {
	r.damage = nil
	buf := make([]byte, readAhead)
	list, err := indexChunks(r.r, r.size, buf)
	if err != nil {
		return err
	}
	t := tally{r: r}
	list = order(list)
	t.spans = make([]span, 0, len(list))
	if r.opt.Workers > 1 && len(list) > 1 {
		err = r.parallel(ctx, list, fn, &t)
	} else {
		err = r.sequential(ctx, list, buf, fn, &t)
	}
	r.damage = t.finish()
	return err
}

// readAhead is the unit of reading: two chunks, so that what was read is still in
// the core's own cache when it is decoded, and most of what the reader's caller
// works on too.
const readAhead = 2 * chunkSize

func (r *Reader) newScanner(in *Interner) *scanner {
	d := newDecoder(in, r.opt.Want)
	d.fields = r.opt.Fields
	d.slow = r.opt.reference
	return &scanner{d: d, noCRC: r.head.flags&fileNoCRC != 0, slack: r.opt.Recovered}
}

func (r *Reader) sequential(ctx context.Context, list []chunkInfo, buf []byte, fn func(*Record) error, t *tally) error {
	s := r.newScanner(r.opt.Intern)
	s.emit = fn
	var from, to int64 // the bytes in buf
	for _, ci := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		if ci.zero {
			t.add(chunkResult{info: ci, head: -1, tail: -1})
			continue
		}
		if ci.off < from || ci.off+int64(ci.size) > to {
			n, err := readAt(r.r, buf[:min(readAhead, r.size-ci.off)], ci.off)
			if err != nil {
				return fmt.Errorf("read chunk at %d: %w", ci.off, err)
			}
			from, to = ci.off, ci.off+int64(n)
		}
		c, got := whole(buf[ci.off-from : min(ci.off-from+int64(ci.size), to-from)])
		ci.size = min(ci.size, got)
		err := s.scan(ci, c)
		t.add(s.res)
		if err != nil {
			return err
		}
	}
	return nil
}

// whole returns b as a full chunk, with zeros behind a cut end.
func whole(b []byte) (c []byte, got int) {
	if len(b) == chunkSize {
		return b, chunkSize
	}
	c = make([]byte, chunkSize)
	return c, copy(c, b)
}

// tally joins the results of the chunks: losses between chunks are measured by
// the ids around them.
type tally struct {
	r         *Reader
	damage    []Damage
	spans     []span
	recovered int
}

// span is one chunk in record order.
type span struct {
	num         int
	off         int64
	first, last uint64
	have, zero  bool
	head, tail  int // open losses in damage; -1
}

func (t *tally) add(res chunkResult) {
	base := len(t.damage)
	t.damage = append(t.damage, res.damage...)
	sp := span{num: res.info.num, off: res.info.off, first: res.first, last: res.last, have: res.have, zero: res.info.zero, head: -1, tail: -1}
	if res.head >= 0 {
		sp.head = base + res.head
	}
	if res.tail >= 0 {
		sp.tail = base + res.tail
	}
	t.recovered += res.recovered
	t.spans = append(t.spans, sp)
}

// finish measures the losses between chunks and returns all damage in file
// order.
func (t *tally) finish() []Damage {
	var prev span
	var pending []span // chunks without a record since prev
	for _, sp := range t.spans {
		if !sp.have {
			pending = append(pending, sp)
			continue
		}
		if !prev.have && sp.head >= 0 && t.damage[sp.head].Lost == 0 && t.damage[sp.head].Kind == damageRecordHeader {
			t.damage[sp.head].Lost = 1 // nothing tells how many: at least one
		}
		if prev.have && sp.first > prev.last+1 {
			t.hole(sp.first-prev.last-1, prev, pending, sp)
		}
		if !prev.have || sp.last > prev.last {
			prev = sp
		}
		pending = pending[:0]
	}
	h := t.r.head
	if h.ok && prev.have && h.next > prev.last+1 && (prev.tail >= 0 || len(pending) > 0 || t.cut()) {
		t.hole(h.next-prev.last-1, prev, pending, span{head: -1, tail: -1})
	}
	if !h.ok {
		t.damage = append(t.damage, Damage{Kind: damageFileHeader})
	}
	slices.SortStableFunc(t.damage, func(a, b Damage) int {
		switch {
		case a.Offset < b.Offset:
			return -1
		case a.Offset > b.Offset:
			return 1
		}
		return 0
	})
	return t.damage
}

// cut reports whether the file is shorter than its header says.
func (t *tally) cut() bool {
	return t.r.head.chunks > 0 && t.r.size < fileHeaderSize+int64(t.r.head.chunks)*chunkSize
}

// hole charges n missing ids to the damage that explains them.
func (t *tally) hole(n uint64, prev span, pending []span, next span) {
	room := uint64(2+len(pending)) * (chunkSize / recordMin)
	if !next.have {
		room += uint64(max(0, t.r.head.chunks-len(t.spans))) * (chunkSize / recordMin)
	}
	if n > room {
		return // another series of ids, not a loss
	}
	lost := int(n)
	for _, i := range []int{prev.tail, next.head} {
		if i >= 0 {
			t.damage[i].Lost += lost
			return
		}
	}
	for _, p := range pending {
		if p.head >= 0 {
			t.damage[p.head].Lost += lost
			return
		}
	}
	if len(pending) > 0 {
		t.damage = append(t.damage, Damage{Chunk: pending[0].num, Offset: pending[0].off, Kind: damageEmpty, Lost: lost})
		return
	}
	if !next.have {
		t.damage = append(t.damage, Damage{Chunk: prev.num + 1, Offset: t.r.size, Kind: damageTruncated, Lost: lost})
		return
	}
	t.damage = append(t.damage, Damage{Chunk: next.num, Offset: next.off, Kind: damageMissing, Lost: lost})
}
