package event

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// BlockEvents is the most events that AppendBlock takes.
const BlockEvents = 4096

// blockVersion is the older version of a block, which is read only.
const blockVersion = 1

// errBlock is wrapped by every error of DecodeBlock.
var errBlock = errors.New("event block")

func unzigzag(u uint64) uint64 { return u>>1 ^ -(u & 1) }

// numColumns are the system fields that are plain numbers.
var numColumns = [...]struct {
	get   func(*Event) uint64
	set   func(*Event, uint64)
	max   uint64
	delta bool // in blocks of blockVersion
}{
	{func(e *Event) uint64 { return uint64(e.ID) }, func(e *Event, n uint64) { e.ID = uint32(n) }, 1<<32 - 1, false},
	{func(e *Event) uint64 { return uint64(e.Version) }, func(e *Event, n uint64) { e.Version = uint8(n) }, 1<<8 - 1, false},
	{func(e *Event) uint64 { return uint64(e.Level) }, func(e *Event, n uint64) { e.Level = uint8(n) }, 1<<8 - 1, false},
	{func(e *Event) uint64 { return uint64(e.Opcode) }, func(e *Event, n uint64) { e.Opcode = uint8(n) }, 1<<8 - 1, false},
	{func(e *Event) uint64 { return uint64(e.Task) }, func(e *Event, n uint64) { e.Task = uint16(n) }, 1<<16 - 1, false},
	{func(e *Event) uint64 { return uint64(e.Qualifiers) }, func(e *Event, n uint64) { e.Qualifiers = uint16(n) }, 1<<16 - 1, false},
	{func(e *Event) uint64 { return e.Keywords }, func(e *Event, n uint64) { e.Keywords = n }, 1<<64 - 1, true},
	{func(e *Event) uint64 { return uint64(e.Time) }, func(e *Event, n uint64) { e.Time = Filetime(n) }, 1<<64 - 1, true},
	{func(e *Event) uint64 { return e.RecordID }, func(e *Event, n uint64) { e.RecordID = n }, 1<<64 - 1, true},
	{func(e *Event) uint64 { return uint64(e.PID) }, func(e *Event, n uint64) { e.PID = uint32(n) }, 1<<32 - 1, false},
	{func(e *Event) uint64 { return uint64(e.TID) }, func(e *Event, n uint64) { e.TID = uint32(n) }, 1<<32 - 1, false},
	{func(e *Event) uint64 { return uint64(e.Generation) }, func(e *Event, n uint64) { e.Generation = uint32(n) }, 1<<32 - 1, false},
}

// strColumns are the system fields that are text.
var strColumns = [...]func(*Event) *string{
	func(e *Event) *string { return &e.Provider },
	func(e *Event) *string { return &e.Channel },
	func(e *Event) *string { return &e.Computer },
	func(e *Event) *string { return &e.ActivityID },
	func(e *Event) *string { return &e.RelatedID },
	func(e *Event) *string { return &e.UserID },
}

// eachSlot calls fn for the first value of every event, then for the second and
// so on, until fn returns false. It changes the list.
func eachSlot(events []*Event, fn func(*Value) bool) {
	for slot := 0; ; slot++ {
		rest := events[:0]
		for _, e := range events {
			if slot < len(e.Values) {
				rest = append(rest, e)
			}
		}
		if events = rest; len(events) == 0 {
			return
		}
		for _, e := range events {
			if !fn(&e.Values[slot]) {
				return
			}
		}
	}
}

func (k Kind) usesStr() bool {
	return k.textual() || k == KindBinary || k == KindSystemTime || k&KindArray != 0
}

func (k Kind) usesNum() bool { return k != KindNull && !k.usesStr() }

// blockReader reads a block; the first error sticks and ends every loop.
type blockReader struct {
	b    []byte
	err  error
	text []string
}

func (r *blockReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", errBlock, fmt.Sprintf(format, args...))
	}
	r.b = nil
}

func (r *blockReader) u(limit uint64) uint64 {
	if len(r.b) > 0 && r.b[0] < 0x80 && uint64(r.b[0]) <= limit { // most numbers
		n := uint64(r.b[0])
		r.b = r.b[1:]
		return n
	}
	n, k := binary.Uvarint(r.b)
	if k <= 0 || n > limit {
		r.fail("bad number %d, want at most %d", n, limit)
		return 0
	}
	r.b = r.b[k:]
	return n
}

// count reads the number of things that take at least one byte each.
func (r *blockReader) count() int { return int(r.u(uint64(len(r.b)))) }

func (r *blockReader) str() string {
	n := r.u(1 << 62)
	if n >= uint64(len(r.text)) {
		r.fail("string %d of %d", n, len(r.text))
		return ""
	}
	return r.text[n]
}

func (r *blockReader) table() {
	lengths := make([]int, r.count())
	total := 0
	for i := range lengths {
		lengths[i] = r.count()
		total += lengths[i]
		if total > len(r.b) {
			r.fail("string table of %d bytes", total)
			return
		}
	}
	if r.err != nil {
		return
	}
	all := string(r.b[:total])
	r.b = r.b[total:]
	r.text = make([]string, len(lengths))
	for i, n := range lengths {
		r.text[i], all = all[:n], all[n:]
	}
}

func (r *blockReader) value() Value {
	head := r.u(1<<9 - 1)
	v := Value{Kind: Kind(head >> 1)}
	if head&1 != 0 {
		v.Str = r.str()
		v.Num = r.u(1<<64 - 1)
		return v
	}
	switch {
	case v.Kind.usesStr():
		v.Str = r.str()
	case v.Kind.usesNum():
		v.Num = r.u(1<<64 - 1)
	}
	return v
}

func (r *blockReader) schemas() []*Schema {
	l := make([]*Schema, 1, 8)
	for range r.count() {
		payload := r.str()
		names := make([]string, r.count())
		for j := range names {
			names[j] = r.str()
		}
		if r.err != nil {
			return l
		}
		l = append(l, NewSchema(payload, names))
	}
	return l
}

// DecodeBlock is the inverse of AppendBlock. It takes any bytes: damaged ones
// give an error, and memory is bounded by a small multiple of len(b).
func DecodeBlock(b []byte) ([]*Event, error) {
	if len(b) > 0 && b[0] == blockColumns {
		return decodeColumns(b[1:])
	}
	if len(b) == 0 || b[0] != blockVersion {
		return nil, fmt.Errorf("%w: unknown version", errBlock)
	}
	r := &blockReader{b: b[1:]}
	r.table()
	schemas := r.schemas()
	n := int(r.u(BlockEvents))
	if n > len(r.b) {
		r.fail("%d events in %d bytes", n, len(r.b))
	}
	if r.err != nil {
		return nil, r.err
	}
	store := make([]Event, n)
	for _, c := range numColumns {
		var prev uint64
		for i := range store {
			v := r.u(c.max)
			if c.delta {
				v = prev + unzigzag(v)
				prev = v
			}
			c.set(&store[i], v)
		}
	}
	for _, c := range strColumns {
		for i := range store {
			*c(&store[i]) = r.str()
		}
	}
	bySchema := r.shapesOf(store, schemas)
	for s := range schemas {
		eachSlot(bySchema[s], func(v *Value) bool {
			*v = r.value()
			return r.err == nil
		})
	}
	if r.err == nil && len(r.b) != 0 {
		r.fail("%d bytes left over", len(r.b))
	}
	if r.err != nil {
		return nil, r.err
	}
	events := make([]*Event, n)
	for i := range store {
		events[i] = &store[i]
	}
	return events, nil
}

// shapesOf reads schema and number of values of each event and makes room for
// the values.
func (r *blockReader) shapesOf(store []Event, schemas []*Schema) [][]*Event {
	bySchema := make([][]*Event, len(schemas))
	counts := make([]int, len(store))
	total := 0
	for i := range store {
		s := int(r.u(uint64(len(schemas) - 1)))
		counts[i] = r.count()
		total += counts[i]
		store[i].Schema = schemas[s]
		bySchema[s] = append(bySchema[s], &store[i])
	}
	if total > len(r.b) {
		r.fail("%d values in %d bytes", total, len(r.b))
	}
	if r.err != nil {
		return make([][]*Event, len(schemas))
	}
	values := make([]Value, total)
	for i, n := range counts {
		if n > 0 {
			store[i].Values, values = values[:n:n], values[n:]
		}
	}
	return bySchema
}
