package convert

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"reflect"
	"slices"
)

// The canonical form of a state is what matters for the events to come, in one
// order: two converters with one form go on alike. Acts and the order of timers
// are numbered by rank, entries of tables and maps are sorted, and what counts
// from the beginning is left out: state_agree.go compares that by itself.

// actRefs are the fields that hold numbers of acts, by type. Values of maps are
// named by the map's field.
func actRefs() map[reflect.Type][]string {
	return map[reflect.Type][]string{
		reflect.TypeFor[state]():     {"Plugs", "Viruses", "Screens", "Refused"},
		reflect.TypeFor[session]():   {"Renames", "Reads", "Fresh", "LogonAct", "LogoffAct"},
		reflect.TypeFor[handle]():    {"Act"},
		reflect.TypeFor[pending]():   {"Read", "Write", "Delete", "Denied", "Copy", "Perm", "Attr", "List"},
		reflect.TypeFor[desk]():      {"List", "Moved", "Saved", "Temp"},
		reflect.TypeFor[act]():       {"Seq", "Burst"},
		reflect.TypeFor[edit]():      {"Reads"},
		reflect.TypeFor[walk]():      {"Lists", "Top", "Steps"},
		reflect.TypeFor[powerSign](): {"Act"},
		reflect.TypeFor[clockSet]():  {"Act"},
	}
}

// apart are the fields of the state that have no place in the canonical form:
// what follows from the others, what counts from the beginning, records that are
// ready, and what is compared entry by entry.
func apart() []string {
	return []string{"Seq", "Gaps", "GapAt", "Facts", "Sessions", "Edits", "Jobs", "Denials", "Channels", "Unused", "Out", "Backs", "Boots", "Crowded"}
}

// canon writes the canonical form.
type canon struct {
	b      []byte
	refs   map[reflect.Type][]bool // by field: holds numbers of acts
	fields exported
	gaps   uint32
	rank   map[uint64]uint64 // of the acts that are there, from 1
	alive  bool              // the number of such an act was written
}

func (s *state) canon() *canon {
	x := &canon{refs: map[reflect.Type][]bool{}, fields: exported{}, gaps: s.Gaps, rank: map[uint64]uint64{}}
	for t, names := range actRefs() {
		l := make([]bool, t.NumField())
		for i := range l {
			l[i] = slices.Contains(names, t.Field(i).Name)
		}
		x.refs[t] = l
	}
	seqs := make([]uint64, 0, s.Acts.len())
	for q := range s.Acts.all() {
		seqs = append(seqs, q)
	}
	slices.Sort(seqs)
	for i, q := range seqs {
		x.rank[q] = uint64(i) + 1
	}
	return x
}

// canonical is the canonical form of a state but for the fields that stand
// apart.
func (s *state) canonical() []byte {
	x, v := s.canon(), reflect.ValueOf(s).Elem()
	for _, i := range x.fields.of(v.Type()) {
		if !slices.Contains(apart(), v.Type().Field(i).Name) {
			x.value(v.Field(i), x.refs[v.Type()][i])
		}
	}
	return x.b
}

func (x *canon) uint(n uint64) { x.b = binary.AppendUvarint(x.b, n) }

func (x *canon) string(s string) {
	x.uint(uint64(len(s)))
	x.b = append(x.b, s...)
}

// act writes the number of an act: 0 for none, 1 for one that is there no more,
// of which nothing is left but that there was one.
func (x *canon) act(n uint64) {
	r, ok := x.rank[n]
	switch {
	case ok:
		x.alive = true
		x.uint(r + 1)
	case n != 0:
		x.uint(1)
	default:
		x.uint(0)
	}
}

// value writes a value; ref says that its numbers, or those of its elements, are
// of acts.
func (x *canon) value(v reflect.Value, ref bool) {
	if v.Kind() == reflect.Struct && v.CanAddr() {
		if own, ok := v.Addr().Interface().(interface{ canonical(x *canon) }); ok {
			own.canonical(x)
			return
		}
	}
	switch v.Kind() {
	case reflect.Bool:
		n := uint64(0)
		if v.Bool() {
			n = 1
		}
		x.uint(n)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		x.b = binary.AppendVarint(x.b, v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if ref {
			x.act(v.Uint())
		} else {
			x.uint(v.Uint())
		}
	case reflect.String:
		x.string(v.String())
	case reflect.Array, reflect.Slice:
		x.uint(uint64(v.Len()))
		for i := range v.Len() {
			x.value(v.Index(i), ref)
		}
	case reflect.Map:
		var l entries
		for it := v.MapRange(); it.Next(); {
			l.add(x, func() {
				x.value(it.Key(), false)
				x.value(it.Value(), ref)
			})
		}
		l.write(x)
	case reflect.Pointer:
		x.value(v.Elem(), ref)
	case reflect.Struct:
		refs := x.refs[v.Type()]
		for _, i := range x.fields.of(v.Type()) {
			x.value(v.Field(i), refs != nil && refs[i])
		}
	default: // a field of a new kind: TestCanonical meets it at once
		x.b = append(x.b, 0xff)
	}
}

// entries are those of a table or map, each in its canonical form.
type entries struct{ list [][]byte }

func (l *entries) add(x *canon, write func()) {
	at := len(x.b)
	write()
	l.list = append(l.list, bytes.Clone(x.b[at:]))
	x.b = x.b[:at]
}

func (l *entries) write(x *canon) {
	slices.SortFunc(l.list, bytes.Compare)
	x.uint(uint64(len(l.list)))
	for _, e := range l.list {
		x.b = append(x.b, e...)
	}
}

func (t *table[V]) canonical(x *canon) {
	var l entries
	for k, v := range t.all() {
		l.add(x, func() {
			x.uint(k)
			x.value(reflect.ValueOf(v).Elem(), false)
		})
	}
	l.write(x)
}

// canonical of acts: an act knows its number.
func (t *acts) canonical(x *canon) {
	var l entries
	for _, a := range t.all() {
		l.add(x, func() { x.value(reflect.ValueOf(a).Elem(), false) })
	}
	l.write(x)
}

func (t *nameTable[V]) canonical(x *canon) {
	var l entries
	for k, v := range t.all() {
		l.add(x, func() {
			x.uint(k.Logon)
			x.string(k.Key)
			x.value(reflect.ValueOf(v).Elem(), false)
		})
	}
	l.write(x)
}

func (h *handles) canonical(x *canon) {
	var l entries
	for k, v := range h.all() {
		l.add(x, func() {
			x.uint(k.PID)
			x.uint(k.Handle)
			c := *v
			if c.Gap = 0; v.Gap != x.gaps { // whether there was a hole since
				c.Gap = 1
			}
			x.value(reflect.ValueOf(&c).Elem(), false)
		})
	}
	l.write(x)
}

// canonical of timers: in the order in which they were set, which decides among
// those of one instant.
func (q *timers) canonical(x *canon) {
	l := slices.Clone(q.Heap)
	for i := range q.Lanes {
		l = append(l, q.Lanes[i].queue[q.Lanes[i].head:]...)
	}
	slices.SortFunc(l, func(a, b timer) int { return cmp.Compare(a.Order, b.Order) })
	x.uint(uint64(len(l)))
	for i := range l {
		t := &l[i]
		x.uint(uint64(t.Kind))
		x.uint(uint64(t.Due))
		if t.Kind == timeAct {
			x.act(t.Seq)
		} else {
			x.uint(t.Seq)
		}
		if t.Kind.forHandle() {
			x.uint(t.Num)
		}
		x.string(t.Key)
	}
}
