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

// joinTexts finds the runs of the texts. Nothing is known of their bytes yet. A GUID
// between two texts belongs to the run: it is the provider's.
func (lay *layout) joinTexts() {
	lay.runs = lay.runs[:0]
	slices.SortFunc(lay.texts, func(a, b layText) int { return a.off - b.off })
	for _, x := range lay.texts {
		if n := len(lay.runs); n > 0 {
			r := &lay.runs[n-1]
			if end := r.off + r.n; end == x.off || lay.guid(end) && end+16 == x.off {
				r.n = x.off + x.n - r.off
				continue
			}
		}
		lay.runs = append(lay.runs, layRun{off: x.off, n: x.n})
	}
}

// guid reports whether a GUID stands at this offset from the first value.
func (lay *layout) guid(at int) bool {
	off := 0
	for i := 0; i < 4*lay.slot && off <= at; i += 4 {
		w := le32(lay.desc, i)
		if off == at && w&0xffffff == 16|uint32(event.KindGUID)<<16 {
			return true
		}
		off += int(w & 0xffff)
	}
	return false
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
