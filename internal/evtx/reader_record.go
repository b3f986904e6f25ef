package evtx

import (
	"encoding/binary"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
)

// decoder turns records into events. One per worker.
type decoder struct {
	in     *Interner
	want   func(string, uint32) bool
	fields func(string, uint32, bool) *event.Fields
	copied bool // events outlive the chunk: no text may be left unread
	wants  map[wantKey]bool
	slow   bool // reference path: no plan cache, no string table

	epoch       uint32
	refs        [tmplSlots]tmplRef
	plans       map[string]*plan
	planBytes   int
	images      map[imageKey][]*image
	imageBytes  int
	schemas     map[string]*event.Schema
	schemaBytes int
	names       map[string]string
	frag        fragment
	key         []byte
	sysMemo     [numSys]memo
	fieldMemos  map[event.Field]*memo
	owns        []ownName               // in this chunk
	offs        [maxNested + 1][]uint64 // descriptors with offsets, per depth
	vals        []event.Value           // of the event, but those of a needID
	head        recordHead
	filled      *layout // whose System fields the event has that quick filled last
	filledEvent *event.Event
	schemaKey   []byte
}

type wantKey struct {
	provider string
	id       uint32
}

func newDecoder(in *Interner, want func(string, uint32) bool) *decoder {
	if in == nil {
		in = NewInterner()
	}
	return &decoder{
		in: in, want: want, wants: map[wantKey]bool{}, epoch: 1,
		plans: map[string]*plan{}, images: map[imageKey][]*image{}, fieldMemos: map[event.Field]*memo{}, schemas: map[string]*event.Schema{}, names: map[string]string{},
	}
}

// startChunk forgets the template references of the chunk before.
func (d *decoder) startChunk() {
	d.epoch++
	d.owns = d.owns[:0]
	d.head.n = 0
}

// maxNested bounds fragments inside fragments.
const maxNested = 8

// record decodes the BinXML in c[pos:end] into e. ok is false when the event is
// not wanted. Values of e are reused.
func (d *decoder) record(e *event.Event, c []byte, pos, end int, headID uint64, headTime event.Filetime) (ok bool, err error) {
	if !d.slow {
		if ok, done, err := d.quick(e, c, pos, end, headID, headTime); done {
			return ok, err
		}
	}
	d.filled = nil
	e.Values = e.Values[:0]
	e.Schema, e.Time, e.RecordID = nil, headTime, headID
	p := skipFragmentHeader(c, pos, end)
	if p >= end {
		return false, errShort
	}
	if c[p] == tokTemplate {
		in, err := readInstance(c, p, end)
		if err != nil {
			return false, err
		}
		ok, err = d.instance(e, c, &in, atRoot, 0)
		if err != nil || !ok {
			return ok, err
		}
	} else {
		ok, err = d.literal(e, c, pos, end, atRoot, 0)
		if err != nil || !ok {
			return ok, err
		}
	}
	if e.Schema == nil {
		e.Schema = d.schema("", nil)
	}
	return true, nil
}

// clearSystem forgets the System fields of the event before: e is reused.
func clearSystem(e *event.Event) {
	*e = event.Event{Values: e.Values, Schema: e.Schema, Time: e.Time, RecordID: e.RecordID}
}

// instance applies a template instance to e.
func (d *decoder) instance(e *event.Event, c []byte, in *instance, at place, depth int) (bool, error) {
	if d.slow {
		p, err := d.freshPlan(c, *in, at)
		if err != nil {
			return false, err
		}
		return d.apply(e, c, in, p, at, depth)
	}
	p, err := d.planFor(c, in, at)
	if err == nil && p.dynamic {
		p, err = d.freshPlan(c, *in, at)
	}
	if err != nil {
		return false, err
	}
	return d.apply(e, c, in, p, at, depth)
}

// freshPlan compiles a template for one record: its names depend on values.
func (d *decoder) freshPlan(c []byte, in instance, at place) (*plan, error) {
	if err := d.definition(c, in); err != nil {
		return nil, err
	}
	return d.newPlan(c, d.frag.toks, at, func(slot int) string { return d.slotText(c, &in, slot) }), nil
}

func (d *decoder) slotText(c []byte, in *instance, slot int) string {
	if slot >= in.n {
		return ""
	}
	vt, off, n := in.slot(c, slot)
	v := d.slowValue(vt, c, off, n)
	return v.Text()
}

// literal decodes BinXML that stands without a template.
func (d *decoder) literal(e *event.Event, c []byte, pos, end int, at place, depth int) (bool, error) {
	if err := parseLiteral(&d.frag, c, pos, end); err != nil {
		return false, err
	}
	p := d.newPlan(c, d.frag.toks, at, nil)
	return d.apply(e, c, &instance{}, p, at, depth)
}

// apply fills e by plan p from the values of in.
func (d *decoder) apply(e *event.Event, c []byte, in *instance, p *plan, at place, depth int) (bool, error) {
	offs := d.offs[depth]
	if cap(offs) < in.n {
		offs = make([]uint64, in.n, max(64, in.n)) // at most 16,384: the descriptors fit the record
		d.offs[depth] = offs
	}
	offs = offs[:in.n]
	q := uint64(in.data)
	desc := c[in.desc:in.data]
	for i := range offs {
		if len(desc) < 4 {
			break
		}
		w := uint64(binary.LittleEndian.Uint32(desc))
		desc = desc[4:]
		offs[i] = w<<32 | q
		q += w & 0xffff
	}
	if depth == 0 && len(p.sys) == 0 {
		clearSystem(e)
	}
	if at <= atEvent && len(p.sys) > 0 {
		if ok, err := d.system(e, c, offs, p); !ok {
			return false, err
		}
	}
	if p.found && e.Schema == nil {
		d.payload(e, c, offs, p)
	}
	for _, n := range p.nested {
		if ok, err := d.nested(e, c, offs, n, depth); err != nil || !ok {
			return ok, err
		}
	}
	return true, nil
}

// split takes a packed descriptor apart.
func split(w uint64) (vt uint8, off, n int) {
	return uint8(w >> 48), int(uint32(w)), int(w >> 32 & 0xffff)
}

// values returns room for n values.
func (d *decoder) values(n int) []event.Value {
	if cap(d.vals) < n {
		d.vals = make([]event.Value, n, max(32, n))
	}
	return d.vals[:n]
}

func (d *decoder) payload(e *event.Event, c []byte, offs []uint64, p *plan) {
	vals := d.values(len(p.slots))
	need := ^uint64(0)
	if d.fields != nil {
		need = d.needed(p, e).slots
	}
	for i, s := range p.slots {
		if need>>min(i, 63)&1 == 0 {
			vals[i] = event.Value{}
			continue
		}
		if uint(s) < uint(len(offs)) {
			vt, off, n := split(offs[s])
			if d.slow {
				vals[i] = d.slowValue(vt, c, off, n)
			} else {
				d.value(&vals[i], p.memos[i], vt, c, off, n)
			}
			continue
		}
		vals[i] = d.mixed(c, offs, &p.values[i])
	}
	e.Values, e.Schema = vals, p.proto.Schema
}

// mixed is the value of a source that is not one present slot.
func (d *decoder) mixed(c []byte, offs []uint64, s *source) event.Value {
	switch {
	case s.slot == fromLit:
		return s.lit
	case s.slot >= 0:
		if s.slot < len(offs) {
			vt, off, n := split(offs[s.slot])
			return d.slowValue(vt, c, off, n)
		}
		return event.Value{}
	}
	var b strings.Builder
	for i := range s.parts {
		v := d.mixed(c, offs, &s.parts[i])
		b.WriteString(v.Text())
	}
	return event.String(b.String())
}

// nested decodes a fragment inside the event: the payload, as a rule.
func (d *decoder) nested(e *event.Event, c []byte, offs []uint64, n nested, depth int) (bool, error) {
	if depth >= maxNested {
		return true, nil
	}
	off, end := n.off, n.end
	if n.slot >= 0 {
		if n.slot >= len(offs) {
			return true, nil
		}
		vt, o, size := split(offs[n.slot])
		if vt != uint8(event.KindXML) || size == 0 {
			return true, nil
		}
		off, end = o, o+size
	}
	if n.at == atEventData || n.at == atUserData {
		e.Schema = nil // the element held a fragment: that is the payload
		e.Values = e.Values[:0]
	}
	return d.fragmentAt(e, c, off, end, n.at, depth+1)
}

// fragmentAt decodes the fragment in c[off:end].
func (d *decoder) fragmentAt(e *event.Event, c []byte, off, end int, at place, depth int) (bool, error) {
	p := skipFragmentHeader(c, off, end)
	if p < end && c[p] == tokTemplate {
		in, err := readInstance(c, p, end)
		if err != nil {
			return false, err
		}
		return d.instance(e, c, &in, at, depth)
	}
	if p >= end || c[p] == tokEOF {
		return true, nil // an empty fragment: no payload
	}
	return d.literal(e, c, off, end, at, depth)
}
