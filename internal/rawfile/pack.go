package rawfile

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"

	"github.com/akashi-audit/akashi/internal/column"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/klauspost/compress/zstd"
)

// Forms of a block.
const (
	formColumns = 1
	formLog     = 2
)

// Packer makes packed blocks. It keeps its memory from block to block and
// belongs to one goroutine. The zero Packer is not ready: use NewPacker.
type Packer struct {
	zstd  *zstd.Encoder
	check *Unpacker // nil = blocks are not read back
	seed  maphash.Seed
	kinds map[kind]uint32
	shape map[*event.Schema]uint32

	list    []kind
	after   []uint32 // the kind that came after each kind last
	schemas []*event.Schema
	of      []uint32 // kind of each event
	dicts   []*dict
	code    [][]uint32 // by field, by event: number of the value plus one, 0 = none
	rows    [][]uint32 // by field: the events that have it
	texts   *column.Table
	known   uint32
	folders *column.Folders

	prev    []numbered // by field: its last value
	lastSys [systemFields]event.Value
	ctx     []uint32
	last    []uint32
	same    []bool
	vals    []uint32
	nums    []uint64
	b       []byte // of one section
	out     []byte // of the fields
	packed  []byte
}

// NewPacker makes a packer.
func NewPacker() (*Packer, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("make packer: %w", err)
	}
	return &Packer{
		zstd: enc, seed: maphash.MakeSeed(), kinds: make(map[kind]uint32), shape: make(map[*event.Schema]uint32),
		texts: column.NewTable(), folders: column.NewFolders(maxFolders), known: 1, last: make([]uint32, memory),
	}, nil
}

// ReadBack makes Append unpack each block with u, and fail when that does not give its
// events.
func (p *Packer) ReadBack(u *Unpacker) { p.check = u }

// Close ends the packer.
func (p *Packer) Close() { _ = p.zstd.Close() }

// Append appends the packed form of at most MaxEvents events. Everything of
// them comes back as it was.
func (p *Packer) Append(b []byte, events []*event.Event) ([]byte, error) {
	if len(events) > MaxEvents {
		return b, fmt.Errorf("pack %d events: a block takes %d", len(events), MaxEvents)
	}
	size := 0
	for _, e := range events {
		n := textBytes(e)
		if n > maxEvent {
			return b, fmt.Errorf("pack event %d with %d bytes of text: a block takes %d", e.RecordID, n, maxEvent)
		}
		size += n
	}
	if size > MaxText {
		return b, fmt.Errorf("pack events with %d bytes of text: a block takes %d", size, MaxText)
	}
	defer p.forget()
	at := len(b)
	b = p.pack(b, events, size)
	if p.check != nil {
		if err := p.readBack(b[at:], events); err != nil {
			return b, fmt.Errorf("read a packed block back: %w", err)
		}
	}
	return b, nil
}

// pack appends the packed form of events with size bytes of text.
func (p *Packer) pack(b []byte, events []*event.Event, size int) []byte {
	l, ok := p.split(events)
	if !ok || size > maxColumnText {
		return p.appendLog(b, events)
	}
	if p.b = p.appendKinds(p.b[:0]); len(p.b) > maxKinds {
		return p.appendLog(b, events)
	}
	b = binary.AppendUvarint(append(b, formColumns), uint64(len(events)))
	b = p.section(b)
	p.b = column.AppendNumbers(p.b[:0], p.of, false)
	b = p.section(b)
	p.nums = p.nums[:0]
	for _, e := range events {
		p.nums = append(p.nums, uint64(e.Time))
	}
	p.b = column.AppendDifferences(p.b[:0], p.nums)
	b = p.section(b)
	p.nums = p.nums[:0]
	for _, e := range events {
		p.nums = append(p.nums, e.RecordID)
	}
	p.b = column.AppendDifferences(p.b[:0], p.nums)
	b = p.section(b)
	p.out = p.out[:0]
	order := l.order()
	p.number(events, l)
	for at, f := range order {
		p.field(l, order[:at], f)
	}
	p.b = p.appendTexts(p.b[:0])
	b = p.section(b)
	return append(b, p.out...)
}

func (p *Packer) forget() {
	clear(p.kinds)
	clear(p.shape)
	clear(p.list)
	clear(p.schemas)
	p.list, p.schemas, p.after = p.list[:0], p.schemas[:0], p.after[:0]
	for _, d := range p.dicts {
		if len(d.vals) > 0 {
			d.reset()
		}
	}
	p.texts.Reset()
	p.known = 1
	p.folders.Reset()
}

// appendLog appends the events as log blocks.
func (p *Packer) appendLog(b []byte, events []*event.Event) []byte {
	b = binary.AppendUvarint(append(b, formLog), uint64(len(events)))
	enc := event.NewEncoder()
	for len(events) > 0 {
		n, size := 0, 0
		for n < min(len(events), event.BlockEvents) && size < maxLogText {
			size += textBytes(events[n])
			n++
		}
		p.b = enc.AppendBlock(p.b[:0], events[:n])
		b = p.section(b)
		events = events[n:]
	}
	return b
}

// textBytes is the size of what is text in an event.
func textBytes(e *event.Event) int {
	n := len(e.Provider) + len(e.Channel) + len(e.Computer) + len(e.ActivityID) + len(e.RelatedID) + len(e.UserID)
	for i := range e.Values {
		n += len(e.Values[i].Str)
	}
	return n
}

// minPacked is the size up to which a part stays as it is.
const minPacked = 64

// section appends p.b: its size, its size as packed or 0, the bytes.
func (p *Packer) section(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(p.b)))
	if len(p.b) > minPacked {
		p.packed = p.zstd.EncodeAll(p.b, p.packed[:0])
	}
	if len(p.b) > minPacked && len(p.packed) < len(p.b) {
		b = append(binary.AppendUvarint(b, uint64(len(p.packed))), p.packed...)
	} else {
		b = append(binary.AppendUvarint(b, 0), p.b...)
	}
	return b
}

// split finds the kinds of the events; ok is false when they break a bound.
func (p *Packer) split(events []*event.Event) (l *layout, ok bool) {
	p.of = p.of[:0]
	values := 0
	n := uint32(0)
	for _, e := range events {
		if n = p.kindAfter(n, e); len(p.list) > maxTypes {
			return nil, false
		}
		p.of = append(p.of, n)
		values += len(e.Values)
	}
	slots := 0
	for i := range p.list {
		slots += p.list[i].values
		if s := p.list[i].schema; s != nil {
			slots += len(s.Names)
		}
	}
	if values > maxValues || slots > maxSlots {
		return nil, false
	}
	l = newLayout(p.list)
	if l.fields*len(events) > maxCells || l.fields*len(p.list) > maxCells {
		return nil, false
	}
	l.places()
	for len(p.dicts) < l.fields {
		p.dicts, p.code, p.rows = append(p.dicts, newDict(p.seed)), append(p.code, nil), append(p.rows, nil)
	}
	for f := range l.fields {
		p.rows[f] = p.rows[f][:0]
		p.code[f] = sized(p.code[f], len(events))
	}
	for i, k := range p.of {
		for _, f := range l.slots[k] {
			p.rows[f] = append(p.rows[f], uint32(i))
		}
	}
	for f := range systemFields {
		for i := range events {
			p.rows[f] = append(p.rows[f], uint32(i))
		}
	}
	for f := range l.fields {
		if len(p.rows[f]) < len(events) { // else every cell is written
			clear(p.code[f])
		}
	}
	return l, true
}

// kindAfter is the kind of an event behind one of kind n. Kinds come in the order in
// which they came before: mostly no look-up is needed.
func (p *Packer) kindAfter(n uint32, e *event.Event) uint32 {
	if len(p.list) > 0 {
		if next := p.after[n]; p.list[next].is(e) {
			return next
		}
	}
	k := kindOf(e)
	next, known := p.kinds[k]
	if !known {
		next = uint32(len(p.list))
		p.kinds[k] = next
		p.list, p.after = append(p.list, k), append(p.after, 0)
	}
	p.after[n] = next
	return next
}

// sized is v with n elements of any content.
func sized[T any](v []T, n int) []T {
	if cap(v) < n {
		return make([]T, n)
	}
	return v[:n]
}

// number gives the values of all fields their numbers, event by event: so each
// is read once, in the order of memory.
func (p *Packer) number(events []*event.Event, l *layout) {
	p.prev = sized(p.prev, l.fields)
	clear(p.prev)
	p.lastSys = [systemFields]event.Value{}
	for row, e := range events {
		for f := range systemFields {
			v := systemValue(e, f)
			if n := p.prev[f].n; n > 0 && v.Num == p.lastSys[f].Num && v.Str == p.lastSys[f].Str {
				p.code[f][row] = n
				continue
			}
			n := p.dicts[f].add(&v) + 1
			p.prev[f].n, p.lastSys[f] = n, v
			p.code[f][row] = n
		}
		values := e.Values
		for s, f := range l.slots[p.of[row]] {
			v, last := &values[s], &p.prev[f]
			if w := last.v; w == nil || v.Num != w.Num || v.Kind != w.Kind || v.Str != w.Str {
				last.n = p.dicts[f].add(v) + 1
			}
			last.v = v // its text is near, and often the very one that comes next
			p.code[f][row] = last.n
		}
	}
	clear(p.prev)
}

// numbered is a value of a field and its number plus one.
type numbered struct {
	v *event.Value
	n uint32
}

// field writes the dictionary and the column of a field.
func (p *Packer) field(l *layout, before []int, f int) {
	p.b = p.appendDict(p.b[:0], p.dicts[f].vals)
	p.out = p.section(p.out)
	rows := p.rows[f]
	p.b = p.b[:0]
	if len(p.dicts[f].vals) > 1 {
		best, at := p.choose(before, f)
		p.b = binary.AppendUvarint(p.b, at)
		p.predict(best, f, rows)
		known, code := uint32(1), p.code[f]
		p.vals = p.vals[:0]
		for i, row := range rows {
			if !p.same[i] {
				p.vals = append(p.vals, fresh(code[row], &known))
			}
		}
		p.b = column.AppendNumbers(column.AppendBits(p.b, p.same), p.vals, false)
	}
	p.out = p.section(p.out)
}

// fresh is 0 for the first number that was not yet written, known, and else the
// number.
func fresh(n uint32, known *uint32) uint32 {
	if n == *known {
		*known++
		return 0
	}
	return n
}

// predict fills p.same: which rows of a field have the value of the last row
// with the same context. It returns how many have not.
func (p *Packer) predict(r rule, f int, rows []uint32) (miss int) {
	code := p.code[f]
	p.ctx, p.same = sized(p.ctx, len(rows)), sized(p.same, len(rows))
	r.contexts(p.ctx, rows, p.of, p.code, len(p.list))
	for i, row := range rows {
		c, n := p.ctx[i], code[row]
		same := p.last[c] == n
		p.same[i] = same
		if !same {
			p.last[c] = n
			miss++
		}
	}
	if len(rows) < memory/4 { // last is as it was: all 0
		for _, c := range p.ctx {
			p.last[c] = 0
		}
	} else {
		clear(p.last)
	}
	return miss
}

// sample is how many rows choose looks at.
const sample = 1024

// choose finds the rule that leaves the fewest values of a sample to write, and
// its number: 2 for each column before, and one more with the kind.
func (p *Packer) choose(before []int, f int) (best rule, at uint64) {
	rows := p.rows[f]
	if len(rows) > sample {
		from := (len(rows) - sample) / 2
		rows = rows[from : from+sample]
	}
	least := 1 << 62
	try := func(r rule, n int) {
		if m := p.predict(r, f, rows); m < least {
			least, best, at = m, r, uint64(n)
		}
	}
	try(rule{byNothing, false}, 0)
	for i, b := range before {
		if least > 0 && len(p.dicts[b].vals) > 1 {
			try(rule{b, false}, 2*i+2)
		}
	}
	if least > 0 {
		try(rule{byNothing, true}, 1)
		try(rule{best.parent, true}, int(at|1))
	}
	return best, at
}
