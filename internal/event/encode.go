package event

import (
	"encoding/binary"

	"github.com/akashi-audit/akashi/internal/column"
)

// blockColumns is the version of the blocks that an Encoder writes.
const blockColumns = 2

// roomy is the most values of a block whose columns may take no bytes for a
// value, so that a small block cannot become a large one.
const roomy = 64 * BlockEvents

// parents is the number of parents that a column tells apart.
const parents = 256

// Places in numColumns of the fields that are written as differences.
const (
	timeColumn     = 7
	recordIDColumn = 8
)

// Encoder makes blocks. It keeps its memory from block to block and belongs to
// one goroutine. The zero Encoder is not ready: use NewEncoder.
//
// Columns follow a parent: a row whose value is that of the last row with the
// same parent is a bit. The parent of a system field is the schema, that of a
// value the first value of its event, both modulo parents.
type Encoder struct {
	plain   *column.Table // texts
	known   uint32        // how many of them the columns so far have named
	schemas map[*Schema]uint32
	shapes  []*Schema

	group  []uint32   // schema of each event
	rows   [][]*Event // events of each schema
	parent []uint8
	ofText []uint8 // parents of the rows that have text
	ofNum  []uint8 // parents of those that have a number
	same   []bool
	codes  []uint32
	nums   []uint64
	diffs  []uint64
	texts  []string
	b      []byte
}

// NewEncoder makes an encoder.
func NewEncoder() *Encoder {
	return &Encoder{plain: column.NewTable(), schemas: make(map[*Schema]uint32)}
}

// AppendBlock is Encoder.AppendBlock with an encoder of its own.
func AppendBlock(b []byte, events []*Event) []byte { return NewEncoder().AppendBlock(b, events) }

// AppendBlock appends the block form of at most BlockEvents events, by column
// and exact in every field; it does not compress.
func (e *Encoder) AppendBlock(b []byte, events []*Event) []byte {
	e.b = e.b[:0]
	e.plain.Add("")
	e.known = 1
	total := e.split(events)
	e.b = column.AppendNumbers(e.b, e.group, false)
	e.system(events)
	e.codes = e.codes[:0]
	for _, ev := range events {
		e.codes = append(e.codes, uint32(len(ev.Values)))
	}
	e.b = column.AppendNumbers(e.b, e.codes, false)
	for g := range e.rows {
		e.values(e.rows[g], total > roomy)
	}
	b = binary.AppendUvarint(append(b, blockColumns), uint64(len(events)))
	b = e.plain.Append(b)
	b = append(b, e.b...)
	e.forget()
	return b
}

// forget lets go of the events; the encoder outlives them.
func (e *Encoder) forget() {
	e.plain.Reset()
	clear(e.schemas)
	clear(e.shapes)
	clear(e.texts[:cap(e.texts)])
	for _, l := range e.rows {
		clear(l[:cap(l)])
	}
}

// split sorts the events by schema, writes the schemas and counts the values.
func (e *Encoder) split(events []*Event) (total int) {
	e.shapes, e.group = e.shapes[:0], e.group[:0]
	for g := range e.rows {
		e.rows[g] = e.rows[g][:0]
	}
	var last *Schema
	n := uint32(0)
	for _, ev := range events {
		if ev.Schema != last {
			last, n = ev.Schema, e.schema(ev.Schema)
		}
		for int(n) >= len(e.rows) {
			e.rows = append(e.rows, nil)
		}
		e.group = append(e.group, n)
		e.rows[n] = append(e.rows[n], ev)
		total += len(ev.Values)
	}
	e.rows = e.rows[:min(len(e.rows), len(e.shapes)+1)]
	e.b = binary.AppendUvarint(e.b, uint64(len(e.shapes)))
	for _, s := range e.shapes {
		e.name(s.Payload)
		e.b = binary.AppendUvarint(e.b, uint64(len(s.Names)))
		for _, name := range s.Names {
			e.name(name)
		}
	}
	return total
}

// name writes a text of a schema.
func (e *Encoder) name(s string) {
	e.b = binary.AppendUvarint(e.b, uint64(fresh(e.plain.Add(s), &e.known)))
}

// fresh is 0 for the first number that was not yet written, known, and else the
// number plus one.
func fresh(n uint32, known *uint32) uint32 {
	if n == *known {
		*known++
		return 0
	}
	return n + 1
}

// schema is 0 for none, or the index in shapes plus one.
func (e *Encoder) schema(s *Schema) uint32 {
	if s == nil {
		return 0
	}
	n, ok := e.schemas[s]
	if !ok {
		for i, o := range e.shapes {
			if o.equal(s) {
				n = uint32(i + 1)
			}
		}
		if n == 0 {
			e.shapes = append(e.shapes, s)
			n = uint32(len(e.shapes))
		}
		e.schemas[s] = n
	}
	return n
}

func (s *Schema) equal(o *Schema) bool {
	if s.Payload != o.Payload || len(s.Names) != len(o.Names) {
		return false
	}
	for i, n := range s.Names {
		if n != o.Names[i] {
			return false
		}
	}
	return true
}

// system writes the system fields.
func (e *Encoder) system(events []*Event) {
	e.parent = e.parent[:0]
	for _, g := range e.group {
		e.parent = append(e.parent, uint8(g%parents))
	}
	for k, c := range numColumns {
		e.nums = e.nums[:0]
		for _, ev := range events {
			e.nums = append(e.nums, c.get(ev))
		}
		if k == timeColumn || k == recordIDColumn {
			e.b = column.AppendDifferences(e.b, e.nums)
		} else {
			e.follow(e.parent)
		}
	}
	for _, c := range strColumns {
		e.texts = e.texts[:0]
		for _, ev := range events {
			e.texts = append(e.texts, *c(ev))
		}
		e.followTexts(e.parent, nil)
	}
}

// follow writes e.nums as a column.
func (e *Encoder) follow(parent []uint8) {
	var last [parents]uint64
	e.same, e.diffs = e.same[:0], e.diffs[:0]
	for i, n := range e.nums {
		p := parent[i]
		same := last[p] == n
		e.same = append(e.same, same)
		if !same {
			last[p] = n
			e.diffs = append(e.diffs, n)
		}
	}
	e.b = column.AppendNumbers(column.AppendBits(e.b, e.same), e.diffs, false)
}

// followTexts writes e.texts as a column. number, when it is not nil, takes the
// number of each text.
func (e *Encoder) followTexts(parent []uint8, number []uint8) {
	var last [parents]uint32
	e.same, e.codes = e.same[:0], e.codes[:0]
	for i, s := range e.texts {
		p := parent[i]
		n := last[p]
		same := e.plain.Text(n) == s
		e.same = append(e.same, same)
		if !same {
			n = e.plain.Add(s)
			last[p] = n
			e.codes = append(e.codes, fresh(n, &e.known))
		}
		if number != nil {
			number[i] = uint8(n % parents)
		}
	}
	e.b = column.AppendNumbers(column.AppendBits(e.b, e.same), e.codes, false)
}

// values writes the values of the events of one schema, slot by slot. It
// changes the list.
func (e *Encoder) values(rows []*Event, wide bool) {
	e.parent = append(e.parent[:0], make([]uint8, len(rows))...)
	for slot := 0; ; slot++ {
		n := 0
		for i, ev := range rows {
			if slot < len(ev.Values) {
				rows[n], e.parent[n] = ev, e.parent[i]
				n++
			}
		}
		rows, e.parent = rows[:n], e.parent[:n]
		if n == 0 {
			return
		}
		e.slot(rows, slot, wide)
	}
}

// slot writes one value of each event: the kinds, each with a bit for a value
// that uses the half that its kind does not, then the texts, then the numbers.
func (e *Encoder) slot(rows []*Event, slot int, wide bool) {
	e.codes, e.texts, e.nums = e.codes[:0], e.texts[:0], e.nums[:0]
	e.ofText, e.ofNum = e.ofText[:0], e.ofNum[:0]
	for i, ev := range rows {
		v := &ev.Values[slot]
		head := uint32(v.Kind) << 1
		str, num := v.Kind.usesStr(), v.Kind.usesNum()
		if v.Str != "" && !str || v.Num != 0 && !num {
			str, num, head = true, true, head|1
		}
		e.codes = append(e.codes, head)
		if str {
			e.texts, e.ofText = append(e.texts, v.Str), append(e.ofText, e.parent[i])
		}
		if num {
			e.nums, e.ofNum = append(e.nums, v.Num), append(e.ofNum, e.parent[i])
		}
	}
	e.b = column.AppendNumbers(e.b, e.codes, wide)
	switch {
	case slot == 0 && len(e.texts) == len(rows):
		e.followTexts(e.ofText, e.parent)
	case len(e.texts) > 0:
		e.followTexts(e.ofText, nil)
	}
	if len(e.nums) > 0 {
		e.follow(e.ofNum)
	}
}
