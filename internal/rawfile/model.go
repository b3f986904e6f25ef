package rawfile

import (
	"github.com/akashi-audit/akashi/internal/event"
)

// Bounds of a block of columns; what does not keep within them is written as
// log blocks.
const (
	// MaxEvents is the most events of a block.
	MaxEvents = 1 << 16
	// MaxText is how many bytes of text the events of a block may have.
	MaxText = 256 << 20

	maxTypes   = 1 << 12
	maxSlots   = 1 << 15 // values and names of all kinds together
	maxValues  = 1 << 20 // values of a block
	maxCells   = 1 << 23 // fields times events
	maxFolders = 1 << 14
	maxKinds   = 1 << 22 // bytes of the part that describes the kinds

	maxEvent      = 32 << 20  // bytes of text of an event
	maxColumnText = 32 << 20  // bytes of text of a block of columns
	maxLogText    = 8 << 20   // bytes of text after which a log block ends
	maxSection    = 64 << 20  // bytes of a part, unpacked
	maxBlock      = 512 << 20 // bytes of all parts, unpacked
)

// kind is what the events of a block that differ in values only have in common.
type kind struct {
	provider, channel, computer string
	keywords                    uint64
	id, generation              uint32
	task, qualifiers            uint16
	version, level, opcode      uint8
	schema                      *event.Schema
	values                      int
}

func kindOf(e *event.Event) kind {
	return kind{
		provider: e.Provider, channel: e.Channel, computer: e.Computer, keywords: e.Keywords,
		id: e.ID, generation: e.Generation, task: e.Task, qualifiers: e.Qualifiers,
		version: e.Version, level: e.Level, opcode: e.Opcode, schema: e.Schema, values: len(e.Values),
	}
}

// is reports whether it is the kind of an event.
func (k *kind) is(e *event.Event) bool {
	return k.schema == e.Schema && k.id == e.ID && k.values == len(e.Values) && k.keywords == e.Keywords &&
		k.generation == e.Generation && k.task == e.Task && k.qualifiers == e.Qualifiers &&
		k.version == e.Version && k.level == e.Level && k.opcode == e.Opcode &&
		k.channel == e.Channel && k.provider == e.Provider && k.computer == e.Computer
}

// Fields that every event has; those of its values come behind them.
const (
	fieldPID = iota
	fieldTID
	fieldActivity
	fieldRelated
	fieldUser
	systemFields
)

// systemValue is the value of a system field.
func systemValue(e *event.Event, field int) event.Value {
	switch field {
	case fieldPID:
		return event.Value{Num: uint64(e.PID)}
	case fieldTID:
		return event.Value{Num: uint64(e.TID)}
	case fieldActivity:
		return event.Value{Str: e.ActivityID}
	case fieldRelated:
		return event.Value{Str: e.RelatedID}
	}
	return event.Value{Str: e.UserID}
}

// setSystem is the inverse of systemValue.
func setSystem(e *event.Event, field int, v *event.Value) {
	switch field {
	case fieldPID:
		e.PID = uint32(v.Num)
	case fieldTID:
		e.TID = uint32(v.Num)
	case fieldActivity:
		e.ActivityID = v.Str
	case fieldRelated:
		e.RelatedID = v.Str
	case fieldUser:
		e.UserID = v.Str
	}
}

// slotName tells fields apart: the same name in two kinds is one field, the
// second value of the same name in one kind is another.
type slotName struct {
	name string
	nth  int
}

// layout says which field each value of each kind belongs to.
type layout struct {
	fields int
	names  []string   // of each field
	slots  [][]uint16 // by kind, by place in Values: the field
	place  [][]int16  // by field, by kind: the place in Values, -1 when the kind has it not
}

// newLayout lays out the fields of kinds. Writer and reader come to the same.
func newLayout(kinds []kind) *layout {
	l := &layout{fields: systemFields, names: make([]string, systemFields)}
	known := make(map[slotName]int)
	for _, k := range kinds {
		seen := make(map[string]int)
		slots := make([]uint16, k.values)
		for s := range slots {
			name := ""
			if k.schema != nil && s < len(k.schema.Names) {
				name = k.schema.Names[s]
			}
			key := slotName{name, seen[name]}
			seen[name]++
			f, ok := known[key]
			if !ok {
				f = l.fields
				known[key] = f
				l.fields++
				l.names = append(l.names, name)
			}
			slots[s] = uint16(min(f, 1<<16-1))
		}
		l.slots = append(l.slots, slots)
	}
	return l
}

// places fills place; the caller has bounded fields and kinds.
func (l *layout) places() {
	l.place = make([][]int16, l.fields)
	all := make([]int16, l.fields*len(l.slots))
	for i := range all {
		all[i] = -1
	}
	for f := range l.place {
		l.place[f], all = all[:len(l.slots)], all[len(l.slots):]
	}
	for k, slots := range l.slots {
		for s, f := range slots {
			l.place[f][k] = int16(s)
		}
	}
}

// leads are the fields that others follow, and so are written first.
var leads = [...]event.Field{event.SubjectLogonId, event.TargetLogonId, event.HandleId, event.ProcessId}

// order is the order in which the columns are written.
func (l *layout) order() []int {
	var o []int
	first := make([]bool, l.fields)
	for _, lead := range leads {
		for f := systemFields; f < l.fields; f++ {
			if !first[f] && l.names[f] == lead.String() {
				first[f] = true
				o = append(o, f)
			}
		}
	}
	for f := range l.fields {
		if !first[f] {
			o = append(o, f)
		}
	}
	return o
}

// A rule says what a column follows: nothing (the row before), the kind of the
// event, an earlier column, or such a column and the kind.
type rule struct {
	parent int // field, or byNothing or byKind
	kind   bool
}

const (
	byNothing = -1
)

// memory is how many contexts a column remembers the last value of.
const memory = 1 << 14

// contexts fills ctx with the context of each row.
func (r rule) contexts(ctx, rows, kinds []uint32, code [][]uint32, count int) {
	switch {
	case r.parent == byNothing && !r.kind:
		clear(ctx[:len(rows)])
	case r.parent == byNothing:
		for i, row := range rows {
			ctx[i] = kinds[row] % memory
		}
	case !r.kind:
		p := code[r.parent]
		for i, row := range rows {
			ctx[i] = p[row] % memory
		}
	default:
		p := code[r.parent]
		for i, row := range rows {
			ctx[i] = (p[row]*uint32(count) + kinds[row]) % memory
		}
	}
}
