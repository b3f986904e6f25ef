package evtx

import (
	"encoding/binary"

	"github.com/akashi-audit/akashi/internal/event"
)

// Bounds of the caches.
const (
	maxPlans   = 4096 // compiled templates
	maxSchemas = 4096
	maxNames   = 8192
	tmplSlots  = 256 // references remembered per chunk, power of two
)

// plan is a compiled template: what to read from which value. Plans are
// immutable but for memos and want; a plan belongs to one decoder.
type plan struct {
	shape
	proto   event.Event // System fields that are literals, schema
	sysSlot []sysSlot   // System fields that are values
	sysMix  []sysSource // System fields of mixed text
	slots   []int32     // per payload value: its slot, or fromLit, fromParts
	memos   []*memo     // per payload value; values of one field share theirs
	flat    bool        // the values are the payload, one after the other
	lay     *layout     // of the last record; nil when quick cannot serve it
	want    []wantID    // answers of Options.Want by event id
	needs   [4]needID   // answers of Options.Fields, newest first
}

// needID is which values of an event are needed.
type needID struct {
	known    bool
	failed   bool
	all      bool // every value
	id       uint32
	provider string
	slots    uint64        // bit i is value i
	unread   uint64        // those that may be left unread
	steps    []step        // the same, one after the other
	vals     []event.Value // of the last event with them; those that are not needed are null
	lay      needLayout
}

// step is a value that is needed.
type step struct {
	slot   int
	unread bool // it may be left unread
	memo   *memo
}

type sysSlot struct {
	field sysField
	slot  int32
}

type wantID struct {
	provider string
	id       uint32
	ok       bool
}

// tmplRef is one entry of the chunk's table from template offset to plan.
type tmplRef struct {
	epoch uint32
	key   uint32 // offset, place
	id    uint32 // template id
	plan  *plan
}

// planFor returns the plan of the template that in refers to.
func (d *decoder) planFor(c []byte, in *instance, at place) (*plan, error) {
	key := uint32(in.def)<<2 | uint32(at)
	ref := &d.refs[(key*0x9e3779b1)>>24]
	if ref.key == key && ref.epoch == d.epoch && ref.id == in.id {
		return ref.plan, nil
	}
	p, err := d.compile(c, *in, at)
	if err != nil {
		return nil, err
	}
	*ref = tmplRef{epoch: d.epoch, key: key, id: in.id, plan: p}
	return p, nil
}

// compile finds the plan of a definition: the one of the same bytes in another
// chunk, else it parses the definition.
func (d *decoder) compile(c []byte, in instance, at place) (*plan, error) {
	if err := d.named(c, in); err != nil {
		return nil, err
	}
	k := keyOfImage(c, &in, at)
	if p := d.seenPlan(c, &in, k); p != nil {
		return p, nil
	}
	if err := parseDefinition(&d.frag, c, in); err != nil {
		return nil, err
	}
	p := d.plan(c, at)
	d.remember(c, &in, k, p)
	return p, nil
}

// plan finds the plan of the parsed definition by its structure, or makes it.
func (d *decoder) plan(c []byte, at place) *plan {
	d.key = appendStructure(append(d.key[:0], byte(at)), c, d.frag.toks)
	if p := d.plans[string(d.key)]; p != nil {
		return p
	}
	if len(d.plans) >= maxPlans || d.planBytes > 1<<22 {
		clear(d.plans)
		d.planBytes = 0
	}
	p := d.newPlan(c, d.frag.toks, at, nil)
	d.plans[string(d.key)] = p
	d.planBytes += len(d.key)
	return p
}

// appendStructure appends what makes a template what it is: tokens, names and
// literals, without sizes and offsets, which change from chunk to chunk. Two
// templates are the same only if these bytes are equal.
func appendStructure(b, c []byte, toks []tok) []byte {
	for _, t := range toks {
		b = append(b, byte(t.op), t.vt)
		switch t.op {
		case opOpen, opAttr, opText, opEntity, opInstance:
			b = binary.LittleEndian.AppendUint32(b, t.n)
			b = append(b, c[t.off:t.off+t.n]...)
		default:
			b = binary.LittleEndian.AppendUint16(b, t.slot)
		}
	}
	return b
}

// newPlan shapes toks. text resolves values for names that depend on them.
func (d *decoder) newPlan(c []byte, toks []tok, at place, text func(int) string) *plan {
	p := &plan{}
	s := shaper{d: d, c: c, toks: toks, text: text, out: &p.shape}
	if at == atEventData {
		p.found, p.payload = true, "EventData"
	}
	s.run(at)
	for _, y := range p.sys {
		switch {
		case y.src.slot >= 0:
			p.sysSlot = append(p.sysSlot, sysSlot{y.field, int32(y.src.slot)})
		case y.src.slot == fromLit:
			setSys(&p.proto, y.field, y.src.lit)
		default:
			p.sysMix = append(p.sysMix, y)
		}
	}
	for _, v := range p.values {
		p.slots = append(p.slots, int32(v.slot))
	}
	p.memos = d.memosOf(p.names)
	p.proto.Schema = d.schema(p.payload, p.names)
	p.flat = p.payloadOnly(at)
	if p.quickable(at) {
		p.lay = &layout{}
	}
	return p
}

// memosOf returns a memo for each name. Events that follow each other name the
// same person and object, whatever their ids; what they list of rights differs.
func (d *decoder) memosOf(names []string) []*memo {
	l := make([]*memo, len(names))
	for i, n := range names {
		f, ok := event.FieldByName(n)
		if !ok || f == event.AccessList || f == event.AccessReason {
			l[i] = &memo{}
			continue
		}
		if d.fieldMemos[f] == nil {
			d.fieldMemos[f] = &memo{}
		}
		l[i] = d.fieldMemos[f]
	}
	return l
}

// schema returns the shared schema of these names.
func (d *decoder) schema(payload string, names []string) *event.Schema {
	k := append(d.schemaKey[:0], payload...)
	for _, n := range names {
		k = binary.LittleEndian.AppendUint32(k, uint32(len(n)))
		k = append(k, n...)
	}
	d.schemaKey = k
	if s := d.schemas[string(k)]; s != nil {
		return s
	}
	if len(d.schemas) >= maxSchemas || d.schemaBytes > 1<<21 {
		clear(d.schemas)
		d.schemaBytes = 0
	}
	s := event.NewSchema(payload, append([]string(nil), names...))
	d.schemas[string(k)] = s
	d.schemaBytes += len(k) + 512
	return s
}

// nameText is the text of an element or attribute name.
func (d *decoder) nameText(raw []byte) string {
	if s, ok := d.names[string(raw)]; ok {
		return s
	}
	s := string(event.AppendUTF16(nil, trimNUL(raw)))
	if len(raw) > 512 {
		return s
	}
	if len(d.names) >= maxNames {
		clear(d.names)
	}
	d.names[string(raw)] = s
	return s
}

// needed tells which values of the payload p of e someone asked for.
func (d *decoder) needed(p *plan, e *event.Event) *needID {
	failed := e.Failed()
	for i := range p.needs {
		if n := &p.needs[i]; n.known && n.id == e.ID && n.failed == failed && n.provider == e.Provider {
			return n
		}
	}
	return d.newNeed(p, e, failed)
}

func (d *decoder) newNeed(p *plan, e *event.Event, failed bool) *needID {
	n := needID{known: true, failed: failed, all: true, id: e.ID, provider: e.Provider, slots: ^uint64(0)}
	if set := d.fields(e.Provider, e.ID, failed); set != nil && len(p.slots) <= 64 {
		slots, unread := set.Slots(p.proto.Schema)
		if d.copied {
			unread = 0
		}
		n.all, n.slots, n.unread, n.vals = false, slots, unread, make([]event.Value, len(p.slots))
		for i := range p.slots {
			if slots>>i&1 != 0 {
				n.steps = append(n.steps, step{slot: i, unread: unread>>i&1 != 0, memo: p.memos[i]})
			}
		}
	}
	copy(p.needs[1:], p.needs[:])
	p.needs[0] = n
	return &p.needs[0]
}
