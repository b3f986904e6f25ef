package rawfile

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/akashi-audit/akashi/internal/column"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/klauspost/compress/zstd"
)

// ErrDamaged is wrapped by every error that the bytes of a block give.
var ErrDamaged = errors.New("damaged block of raw events")

// Unpacker reads packed blocks. It is safe for concurrent use.
type Unpacker struct {
	zstd *zstd.Decoder
	free sync.Pool // of *desk
}

// NewUnpacker makes an unpacker.
func NewUnpacker() (*Unpacker, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(maxSection))
	if err != nil {
		return nil, fmt.Errorf("make unpacker: %w", err)
	}
	return &Unpacker{zstd: dec}, nil
}

// Close ends the unpacker.
func (u *Unpacker) Close() { u.zstd.Close() }

// Events returns the events of a block, in their order. It takes any bytes:
// damaged ones give an error that wraps ErrDamaged.
func (u *Unpacker) Events(b []byte) ([]*event.Event, error) { return u.read(b, nil, true) }

// EventsByID returns the events of a block whose record id is one of ids, which
// are ascending, in the order of the block.
func (u *Unpacker) EventsByID(b []byte, ids []uint64) ([]*event.Event, error) {
	return u.read(b, ids, false)
}

func (u *Unpacker) read(b []byte, ids []uint64, all bool) ([]*event.Event, error) {
	if len(b) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrDamaged)
	}
	d := u.desk()
	defer u.done(d)
	r := &blockReader{Reader: column.NewReader(b[1:]), zstd: u.zstd, desk: d}
	r.n = int(r.Uvarint(MaxEvents))
	var l []*event.Event
	switch b[0] {
	case formColumns:
		if rows := r.columns(ids, all); len(rows) > 0 && r.Err() == nil {
			l = r.events(rows)
		}
	case formLog:
		l = r.log(ids, all)
	default:
		r.Fail("form %d", b[0])
	}
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return l, nil
}

// blockReader reads one block; the first error sticks.
type blockReader struct {
	*column.Reader
	*desk
	zstd *zstd.Decoder
	n    int

	kinds []kind
	l     *layout
	texts []string

	parts  []fieldPart // by field
	order  []int
	dicts  [][]event.Value
	rowsOf [][]uint32 // by field: the events that have it
	raw    int        // bytes unpacked so far
}

// fieldPart is the packed dictionary and column of a field.
type fieldPart struct{ dict, col section }

// section is a part of a block before it is unpacked.
type section struct {
	raw    int
	b      []byte
	packed bool
}

func (r *blockReader) section() section {
	s := section{raw: int(r.Uvarint(maxSection))}
	n := int(r.Uvarint(maxSection))
	if s.packed = n > 0; !s.packed {
		n = s.raw
	}
	s.b = r.Bytes(n)
	return s
}

// open unpacks a section and reads it with fn, which must read all of it.
func (r *blockReader) open(s section, fn func(*column.Reader)) {
	if r.Err() != nil {
		return
	}
	b := s.b
	if s.packed {
		var err error
		if b, err = r.zstd.DecodeAll(s.b, r.part[:0]); err != nil {
			r.Fail("unpack: %v", err)
			return
		}
		r.part = b
	}
	if len(b) != s.raw {
		r.Fail("part of %d bytes, want %d", len(b), s.raw)
		return
	}
	if r.raw += s.raw; r.raw > maxBlock {
		r.Fail("block of more than %d bytes", maxBlock)
		return
	}
	in := column.NewReader(b)
	fn(in)
	switch {
	case in.Err() != nil:
		r.Fail("%v", in.Err())
	case in.Len() != 0:
		r.Fail("%d bytes left over", in.Len())
	}
}

// log reads the form of log blocks.
func (r *blockReader) log(ids []uint64, all bool) []*event.Event {
	l := make([]*event.Event, 0, r.n)
	read := 0
	for read < r.n && r.Err() == nil {
		r.open(r.section(), func(in *column.Reader) {
			part, err := event.DecodeBlock(in.Bytes(in.Len()))
			if err != nil || len(part) == 0 {
				in.Fail("block of events: %v", err)
				return
			}
			read += len(part)
			for _, e := range part {
				if _, ok := slices.BinarySearch(ids, e.RecordID); ok || all {
					l = append(l, e)
				}
			}
		})
	}
	if r.Err() == nil && (read != r.n || r.Len() != 0) {
		r.Fail("%d events, want %d; %d bytes left over", read, r.n, r.Len())
	}
	return l
}

// columns reads the form of columns, and returns the places of the events that are
// wanted.
func (r *blockReader) columns(ids []uint64, all bool) []uint32 {
	r.open(r.section(), r.readKinds)
	sequence, times, recordIDs, texts := r.section(), r.section(), r.section(), r.section()
	r.of = sized(r.of, r.n)
	r.open(sequence, func(in *column.Reader) { column.Numbers(in, r.of, uint64(max(0, len(r.kinds)-1)), false) })
	if r.n > 0 && len(r.kinds) == 0 {
		r.Fail("events of no kind")
	}
	r.ids = sized(r.ids, r.n)
	r.open(recordIDs, func(in *column.Reader) { in.Differences(r.ids) })
	if r.Err() != nil {
		return nil
	}
	rows := r.wanted(ids, all)
	r.layout()
	r.sections()
	if r.Err() != nil || len(rows) == 0 {
		return nil
	}
	need := r.needed(rows, all)
	if r.Err() != nil {
		return nil
	}
	r.times = sized(r.times, r.n)
	r.open(times, func(in *column.Reader) { in.Differences(r.times) })
	r.open(texts, r.readTexts)
	r.spread(need)
	for at, f := range r.order {
		if need[f] && r.Err() == nil {
			r.field(at, f)
		}
	}
	if r.Err() != nil {
		return nil
	}
	return rows
}

// wanted lists the places of the events to return.
func (r *blockReader) wanted(ids []uint64, all bool) []uint32 {
	var rows []uint32
	if all {
		rows = make([]uint32, r.n)
		for i := range rows {
			rows[i] = uint32(i)
		}
		return rows
	}
	for i, id := range r.ids {
		if _, ok := slices.BinarySearch(ids, id); ok {
			rows = append(rows, uint32(i))
		}
	}
	return rows
}

// layout lays out the fields, within the bounds of the writer.
func (r *blockReader) layout() {
	slots, values := 0, 0
	for i := range r.kinds {
		slots += r.kinds[i].values
	}
	if slots > maxSlots {
		r.Fail("%d values of all kinds", slots)
		return
	}
	for _, k := range r.of {
		values += r.kinds[k].values
	}
	if values > maxValues {
		r.Fail("%d values", values)
		return
	}
	r.l = newLayout(r.kinds)
	if r.l.fields*r.n > maxCells || r.l.fields*len(r.kinds) > maxCells {
		r.Fail("%d fields of %d events", r.l.fields, r.n)
		return
	}
	r.l.places()
	r.order = r.l.order()
}

// sections finds the parts of all fields.
func (r *blockReader) sections() {
	if r.Err() != nil {
		return
	}
	r.parts = make([]fieldPart, r.l.fields)
	for _, f := range r.order {
		r.parts[f] = fieldPart{r.section(), r.section()}
	}
	if r.Err() == nil && r.Len() != 0 {
		r.Fail("%d bytes left over", r.Len())
	}
}

// needed tells which fields must be read for some rows: theirs, and what these
// follow.
func (r *blockReader) needed(rows []uint32, all bool) []bool {
	need := make([]bool, r.l.fields)
	if all {
		for f := range need {
			need[f] = true
		}
		return need
	}
	for f := range systemFields {
		need[f] = true
	}
	for _, row := range rows {
		for _, f := range r.l.slots[r.of[row]] {
			need[f] = true
		}
	}
	for at, f := range slices.Backward(r.order) {
		if !need[f] || r.parts[f].col.raw == 0 {
			continue
		}
		r.open(r.parts[f].col, func(in *column.Reader) {
			if rl := r.rule(in, at); rl.parent >= 0 {
				need[rl.parent] = true
			}
			in.Bytes(in.Len())
		})
	}
	return need
}

// spread lists the events that have each of the fields that are needed.
func (r *blockReader) spread(need []bool) {
	count := make([]int, r.l.fields)
	kinds := make([]int, len(r.kinds))
	for _, k := range r.of {
		kinds[k]++
	}
	total := 0
	for k, slots := range r.l.slots {
		for _, f := range slots {
			if need[f] {
				count[f] += kinds[k]
				total += kinds[k]
			}
		}
	}
	r.rowsOf = make([][]uint32, r.l.fields)
	r.rows = sized(r.rows, r.n+total)
	all := r.rows
	every := all[:r.n]
	for i := range every {
		every[i] = uint32(i)
	}
	all = all[r.n:]
	for f, n := range count {
		if f < systemFields {
			r.rowsOf[f] = every
			continue
		}
		r.rowsOf[f], all = all[:0:n], all[n:]
	}
	for i, k := range r.of {
		for _, f := range r.l.slots[k] {
			if need[f] {
				r.rowsOf[f] = append(r.rowsOf[f], uint32(i))
			}
		}
	}
}

// field reads dictionary and column of a field.
func (r *blockReader) field(at, f int) {
	if r.dicts == nil {
		r.dicts, r.code = make([][]event.Value, r.l.fields), r.codes(r.l.fields, r.n)
	}
	rows := r.rowsOf[f]
	r.open(r.parts[f].dict, func(in *column.Reader) { r.dicts[f] = r.readDict(in, len(rows)) })
	code := r.cells[f*r.n : (f+1)*r.n : (f+1)*r.n]
	if len(rows) < r.n {
		clear(code)
	}
	r.code[f] = code
	if r.Err() != nil || len(rows) == 0 {
		return
	}
	if len(r.dicts[f]) < 2 {
		if len(r.dicts[f]) == 0 || r.parts[f].col.raw != 0 {
			r.Fail("column of %d values", len(r.dicts[f]))
		}
		for _, row := range rows {
			code[row] = 1
		}
		return
	}
	r.open(r.parts[f].col, func(in *column.Reader) { r.column(in, r.rule(in, at), f, rows) })
}

func (r *blockReader) column(in *column.Reader, rl rule, f int, rows []uint32) {
	r.ctx, r.same = sized(r.ctx, len(rows)), sized(r.same, len(rows))
	r.vals = sized(r.vals, len(rows)-in.Bits(r.same))
	vals, limit := r.vals, uint32(len(r.dicts[f]))
	column.Numbers(in, vals, uint64(limit), false)
	if in.Err() != nil {
		return
	}
	rl.contexts(r.ctx, rows, r.of, r.code, len(r.kinds))
	clear(r.last)
	known, code := uint32(1), r.code[f]
	for i, row := range rows {
		c := r.ctx[i]
		if !r.same[i] {
			n := vals[0]
			if vals = vals[1:]; n == 0 {
				n = known
				known++
			}
			r.last[c] = n
		}
		code[row] = r.last[c]
	}
	for _, row := range rows {
		if code[row]-1 >= limit { // also 0
			in.Fail("value %d of %d", code[row], limit)
			return
		}
	}
}
