package evtx

import (
	"encoding/binary"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
)

// layout is how the System values of a template's last record lay: most records
// of a template repeat the sizes and the texts, and then only numbers are read.
type layout struct {
	ok    bool // the descriptors are those of desc, and quick can serve them
	n     int  // values
	slot  int  // the value that holds the payload
	desc  []byte
	start int // offset of the payload from the first value
	rest  int // bytes of the values behind the payload

	nums  [numSys]layNum
	near  bool // all of them begin in the first 256 bytes
	texts []layText
	runs  []layRun    // where the texts stand
	ev    event.Event // literals and texts
}

// layNum is a number: eight bytes at off, of which mask counts; a zero mask
// leaves the literal.
type layNum struct {
	off  int
	mask uint64
}

// layText is a text.
type layText struct {
	field  sysField
	vt     uint8
	off, n int
}

// layRun is a run of texts one behind the other, and its bytes in the last record.
type layRun struct {
	off, n int
	raw    []byte
}

// quickable reports whether records of p can be decoded by quick: the System
// fields are single values or literals, and one value holds the payload.
func (p *plan) quickable(at place) bool {
	if at != atRoot || p.found || p.dynamic || len(p.sysSlot) == 0 || len(p.sysMix) > 0 ||
		len(p.nested) != 1 || p.nested[0].slot < 0 {
		return false
	}
	var seen [numSys]bool
	for _, y := range p.sys {
		if seen[y.field] {
			return false
		}
		seen[y.field] = true
	}
	return true
}

// payloadOnly reports whether a record of p is its values one after the other.
func (p *plan) payloadOnly(at place) bool {
	if at == atRoot || p.dynamic || !p.found || len(p.nested) > 0 || at == atEvent && len(p.sys) > 0 {
		return false
	}
	for i, s := range p.slots {
		if int(s) != i {
			return false
		}
	}
	return true
}

// headAt reads the start of a fragment that is a template instance whose
// definition stands elsewhere: the plan, and the offset of the value count.
func (d *decoder) headAt(c []byte, pos, end int, at place) (*plan, int) {
	if pos+templateHead+4 > end || pos < 0 || end > len(c) {
		return nil, 0
	}
	// The fragment header, the token, a byte that says nothing, the id (2 bytes and 2), the offset.
	h := c[pos : pos+templateHead]
	w := binary.LittleEndian.Uint64(h)
	if w&0xffffffffff != fragmentMark|tokTemplate<<32 {
		return nil, 0
	}
	x := binary.LittleEndian.Uint64(h[6:])
	def := uint32(x >> 32)
	key := def<<2 | uint32(at)
	ref := &d.refs[(key*0x9e3779b1)>>24]
	if ref.key != key || ref.epoch != d.epoch || ref.id != uint32(x) || int(def) == pos+templateHead {
		return nil, 0
	}
	return ref.plan, pos + templateHead
}

// templateHead is the size of the start of a fragment that is a template instance: up to
// the count of values, or the definition.
const templateHead = 14

// fragmentMark is the fragment header 0f 01 01 00.
const fragmentMark = fragmentVersion<<8&0xffffff00 | tokFragment

// recordHead is how the last record began that quick decoded. Most records of a chunk
// begin with the same bytes: up to the size of the payload.
type recordHead struct {
	plan *plan
	n    int // bytes up to the payload's descriptor; 0 where the next record cannot begin with them
	at   int // where they stand in this chunk
	def  int // offset of the definition
	slot int // from the record's first byte to the payload's descriptor
	data int // … and to the first value
}

// sameHead reports whether the record in c[pos:end] begins as d.head says.
func (d *decoder) sameHead(c []byte, pos, end int) bool {
	h := &d.head
	if h.n == 0 || pos+h.data > end || pos+templateHead == h.def || string(c[pos:pos+h.n]) != string(c[h.at:h.at+h.n]) {
		return false
	}
	behind := c[pos+h.n : pos+h.data]
	return behind[2] == byte(event.KindXML) && (len(behind) == 4 || string(behind[4:]) == string(h.plan.lay.desc[h.n-templateHead:]))
}

// newHead reads how the record in c[pos:end] begins into d.head. It reports false for a
// record that quick cannot decode.
func (d *decoder) newHead(c []byte, pos, end int) bool {
	h := &d.head
	*h = recordHead{}
	p, at := d.headAt(c, pos, end, atRoot)
	inline := p == nil
	if inline {
		p, at = d.inlineHead(c, pos, end, atRoot)
	}
	if p == nil || p.lay == nil {
		return false
	}
	lay := p.lay
	count := le32(c, at)
	if count > uint32(end-at-4)/4 || int(count) <= p.nested[0].slot {
		return false
	}
	n := int(count)
	lay.ok = lay.ok && n == lay.n
	desc := c[at+4 : at+4+4*n]
	k := 4 * p.nested[0].slot
	if lay.ok { // the size of the payload alone may differ
		lay.desc[k], lay.desc[k+1] = desc[k], desc[k+1]
	}
	if !lay.ok || string(desc) != string(lay.desc) {
		d.filled = nil
		if !p.relay(desc) {
			return false
		}
	}
	*h = recordHead{plan: p, at: pos, slot: at + 4 + k - pos, data: at + 4 + 4*n - pos}
	if !inline {
		h.n, h.def = h.slot, int(le32(c, pos+10))
	}
	return true
}

// quick decodes the usual record: known templates, System values as in the
// record before, payload in one value. done is false when it is not such a
// record: nothing was decided then.
func (d *decoder) quick(e *event.Event, c []byte, pos, end int, headID uint64, headTime event.Filetime) (ok, done bool, err error) {
	if !d.sameHead(c, pos, end) && !d.newHead(c, pos, end) {
		return false, false, nil
	}
	h := &d.head
	p := h.plan
	lay := p.lay
	size, data := le16(c, pos+h.slot), pos+h.data
	from, to := data+lay.start, data+lay.start+size
	if size == 0 || to+lay.rest > end || from+8 > len(c) {
		return false, false, nil
	}
	vals := c[data:from]
	for i := range lay.runs {
		if x := &lay.runs[i]; string(vals[x.off:x.off+x.n]) != string(x.raw) {
			d.retext(p, c, data)
			break
		}
	}
	nums := c[data:]
	if d.want != nil {
		id := lay.ev.ID | uint32(lay.num(nums, sysEventID))
		if !d.wantID(p, lay.ev.Provider, id) {
			return false, true, nil
		}
	}
	if d.filled != lay || d.filledEvent != e {
		*e = lay.ev
		d.filled, d.filledEvent = lay, e
	}
	if err := lay.fill(e, nums, headID, headTime); err != nil {
		return false, true, err
	}
	at0 := p.nested[0].at
	q, at := d.headAt(c, from, to, at0)
	if q == nil || !q.flat {
		ok, err = d.inlinePayload(e, c, from, to, at0)
	} else {
		ok, err = d.quickPayload(e, c, q, at, to)
	}
	if ok && e.Schema == nil {
		e.Schema = d.schema("", nil)
	}
	return ok, true, err
}

// inlineHead is headAt for a template that is not known in this chunk yet: its
// definition stands in the instance, as a rule.
func (d *decoder) inlineHead(c []byte, pos, end int, at place) (*plan, int) {
	p := skipFragmentHeader(c, pos, end)
	if p >= end || c[p] != tokTemplate {
		return nil, 0
	}
	in, err := readInstance(c, p, end)
	if err != nil {
		return nil, 0
	}
	q, err := d.planFor(c, &in, at)
	if err != nil {
		return nil, 0
	}
	return q, in.desc - 4
}

// inlinePayload decodes a payload whose template is not known in this chunk yet:
// its definition stands in this record, as a rule.
func (d *decoder) inlinePayload(e *event.Event, c []byte, from, to int, at place) (bool, error) {
	if q, count := d.inlineHead(c, from, to, at); q != nil && q.flat {
		return d.quickPayload(e, c, q, count, to)
	}
	d.filled = nil
	return d.fragmentAt(e, c, from, to, at, 1)
}

func (lay *layout) num(b []byte, f sysField) uint64 {
	x := &lay.nums[f]
	return binary.LittleEndian.Uint64(b[x.off:]) & x.mask
}

// nearBytes hold every number that begins in the first 256 bytes.
type nearBytes [256 + 8]byte

// nearNum is num where the numbers are near.
func (lay *layout) nearNum(b *nearBytes, f sysField) uint64 {
	x := &lay.nums[f]
	i := int(uint8(x.off))
	return binary.LittleEndian.Uint64(b[i:i+8]) & x.mask
}

// fill sets the System fields of e that are numbers, and what is no System field;
// the others are those of lay.ev already. b begins with the values.
func (lay *layout) fill(e *event.Event, b []byte, headID uint64, headTime event.Filetime) error {
	e.Schema, e.Values, e.Raw, e.Generation = nil, nil, nil, 0
	x := &lay.ev
	if lay.near && len(b) >= len(nearBytes{}) {
		b := (*nearBytes)(b)
		e.ID = x.ID | uint32(lay.nearNum(b, sysEventID))
		e.Qualifiers = x.Qualifiers | uint16(lay.nearNum(b, sysQualifiers))
		e.Version = x.Version | uint8(lay.nearNum(b, sysVersion))
		e.Level = x.Level | uint8(lay.nearNum(b, sysLevel))
		e.Task = x.Task | uint16(lay.nearNum(b, sysTask))
		e.Opcode = x.Opcode | uint8(lay.nearNum(b, sysOpcode))
		e.Keywords = x.Keywords | lay.nearNum(b, sysKeywords)
		e.Time = x.Time | event.Filetime(lay.nearNum(b, sysTime))
		e.RecordID = x.RecordID | lay.nearNum(b, sysRecordID)
		e.PID = x.PID | uint32(lay.nearNum(b, sysPID))
		e.TID = x.TID | uint32(lay.nearNum(b, sysTID))
	} else {
		e.ID = x.ID | uint32(lay.num(b, sysEventID))
		e.Qualifiers = x.Qualifiers | uint16(lay.num(b, sysQualifiers))
		e.Version = x.Version | uint8(lay.num(b, sysVersion))
		e.Level = x.Level | uint8(lay.num(b, sysLevel))
		e.Task = x.Task | uint16(lay.num(b, sysTask))
		e.Opcode = x.Opcode | uint8(lay.num(b, sysOpcode))
		e.Keywords = x.Keywords | lay.num(b, sysKeywords)
		e.Time = x.Time | event.Filetime(lay.num(b, sysTime))
		e.RecordID = x.RecordID | lay.num(b, sysRecordID)
		e.PID = x.PID | uint32(lay.num(b, sysPID))
		e.TID = x.TID | uint32(lay.num(b, sysTID))
	}
	if lay.nums[sysRecordID].mask == 0 && e.RecordID == 0 {
		e.RecordID = headID
	}
	if e.Time == 0 {
		if e.ID == 0 {
			return errValues
		}
		e.Time = headTime
	}
	return nil
}

// relay computes the layout of these descriptors. It reports false when a System
// value is none that quick reads.
func (p *plan) relay(desc []byte) bool {
	lay := p.lay
	lay.ok, lay.n, lay.slot = false, len(desc)/4, p.nested[0].slot
	lay.desc = append(lay.desc[:0], desc...)
	if desc[4*lay.slot+2] != byte(event.KindXML) {
		return false
	}
	lay.nums, lay.near = [numSys]layNum{}, true
	lay.start, lay.rest = 0, 0
	for i := range lay.slot {
		lay.start += le16(desc, 4*i)
	}
	for i := lay.slot + 1; i < lay.n; i++ {
		lay.rest += le16(desc, 4*i)
	}
	lay.texts = lay.texts[:0]
	for _, y := range p.sysSlot {
		if int(y.slot) >= lay.n {
			continue
		}
		n, vt := le16(desc, 4*int(y.slot)), desc[4*y.slot+2]
		if n == 0 || vt == byte(event.KindNull) { // Windows leaves bytes of values that are not set
			continue
		}
		if int(y.slot) >= lay.slot {
			return false
		}
		off := 0
		for i := range int(y.slot) {
			off += le16(desc, 4*i)
		}
		switch y.field {
		case sysProvider, sysChannel, sysComputer, sysActivity, sysRelated, sysUserID:
			if vt == byte(event.KindXML) {
				return false
			}
			lay.texts = append(lay.texts, layText{y.field, vt, off, n})
			continue
		}
		switch event.Kind(vt) {
		case event.KindUint8, event.KindUint16, event.KindUint32, event.KindUint64, event.KindHex32,
			event.KindHex64, event.KindFiletime:
		default:
			return false
		}
		if n > 8 {
			return false
		}
		lay.nums[y.field] = layNum{off, ^uint64(0) >> (64 - 8*n)}
		lay.near = lay.near && off < 256
	}
	lay.joinTexts()
	lay.ev = p.proto
	lay.ev.Schema = nil
	lay.ok = true
	return true
}

// joinTexts finds the runs of the texts. Nothing is known of their bytes yet.
func (lay *layout) joinTexts() {
	lay.runs = lay.runs[:0]
	slices.SortFunc(lay.texts, func(a, b layText) int { return a.off - b.off })
	for _, x := range lay.texts {
		if n := len(lay.runs); n > 0 && lay.runs[n-1].off+lay.runs[n-1].n == x.off {
			lay.runs[n-1].n += x.n
			continue
		}
		lay.runs = append(lay.runs, layRun{off: x.off, n: x.n})
	}
}

// retext reads the texts of System anew.
func (d *decoder) retext(p *plan, c []byte, data int) {
	lay := p.lay
	d.filled = nil
	lay.ev = p.proto
	lay.ev.Schema = nil
	for i := range lay.texts {
		x := &lay.texts[i]
		d.sysValue(&lay.ev, x.field, x.vt, c, data+x.off, x.n)
	}
	for i := range lay.runs {
		x := &lay.runs[i]
		x.raw = append(x.raw[:0], c[data+x.off:data+x.off+x.n]...)
	}
}
