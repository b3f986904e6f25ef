package evtx

import (
	"encoding/binary"

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
	texts []layText
	ev    event.Event // literals and texts
}

// layNum is a number: eight bytes at off, of which mask counts; a zero mask
// leaves the literal.
type layNum struct {
	off  int
	mask uint64
}

// layText is a text, and its bytes in the last record.
type layText struct {
	field  sysField
	vt     uint8
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
	if pos+18 > end || le32(c, pos) != fragmentMark || c[pos+4] != tokTemplate {
		return nil, 0
	}
	def := le32(c, pos+10)
	key := def<<2 | uint32(at)
	ref := &d.refs[(key*0x9e3779b1)>>24]
	if ref.key != key || ref.epoch != d.epoch || ref.id != le32(c, pos+6) || int(def) == pos+14 {
		return nil, 0
	}
	return ref.plan, pos + 14
}

// fragmentMark is the fragment header 0f 01 01 00.
const fragmentMark = fragmentVersion<<8&0xffffff00 | tokFragment

// quick decodes the usual record: known templates, System values as in the
// record before, payload in one value. done is false when it is not such a
// record: nothing was decided then.
func (d *decoder) quick(e *event.Event, c []byte, pos, end int, headID uint64, headTime event.Filetime) (ok, done bool, err error) {
	p, at := d.headAt(c, pos, end, atRoot)
	if p == nil || p.lay == nil {
		return false, false, nil
	}
	lay := p.lay
	count := le32(c, at)
	if count > uint32(end-at-4)/4 || int(count) <= p.nested[0].slot {
		return false, false, nil
	}
	n := int(count)
	lay.ok = lay.ok && n == lay.n
	desc := c[at+4 : at+4+4*n]
	k := 4 * p.nested[0].slot
	if !lay.ok || string(desc[:k]) != string(lay.desc[:k]) || string(desc[k+4:]) != string(lay.desc[k+4:]) || desc[k+2] != byte(event.KindXML) {
		d.filled = nil
		if !p.relay(desc) {
			return false, false, nil
		}
	}
	data := at + 4 + 4*n
	size := le16(desc, k)
	from, to := data+lay.start, data+lay.start+size
	if size == 0 || to+lay.rest > end || from+8 > len(c) {
		return false, false, nil
	}
	vals := c[data:from]
	for i := range lay.texts {
		if x := &lay.texts[i]; string(vals[x.off:x.off+x.n]) != string(x.raw) {
			d.retext(p, c, data)
			break
		}
	}
	nums := c[data : from+8]
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
	p := skipFragmentHeader(c, from, to)
	if p < to && c[p] == tokTemplate {
		in, err := readInstance(c, p, to)
		if err != nil {
			return false, err
		}
		if q, err := d.planFor(c, &in, at); err == nil && q.flat {
			return d.quickPayload(e, c, q, in.desc-4, to)
		}
	}
	d.filled = nil
	return d.fragmentAt(e, c, from, to, at, 1)
}

func (lay *layout) num(b []byte, f sysField) uint64 {
	x := &lay.nums[f]
	return binary.LittleEndian.Uint64(b[x.off:]) & x.mask
}

// fill sets the System fields of e that are numbers, and what is no System field;
// the others are those of lay.ev already. b begins with the values.
func (lay *layout) fill(e *event.Event, b []byte, headID uint64, headTime event.Filetime) error {
	e.Schema, e.Values, e.Raw, e.Generation = nil, nil, nil, 0
	x := &lay.ev
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
	lay.nums = [numSys]layNum{}
	lay.start, lay.rest = 0, 0
	for i := range lay.slot {
		lay.start += le16(desc, 4*i)
	}
	for i := lay.slot + 1; i < lay.n; i++ {
		lay.rest += le16(desc, 4*i)
	}
	texts := 0
	for _, y := range p.sysSlot {
		if int(y.slot) >= lay.n {
			continue
		}
		n, vt := le16(desc, 4*int(y.slot)), desc[4*y.slot+2]
		if n == 0 {
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
			if texts == len(lay.texts) {
				lay.texts = append(lay.texts, layText{})
			}
			x := &lay.texts[texts]
			x.field, x.vt, x.off, x.n, x.raw = y.field, vt, off, n, x.raw[:0]
			texts++
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
	}
	lay.texts = lay.texts[:texts]
	lay.ev = p.proto
	lay.ev.Schema = nil
	lay.ok = true
	return true
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
		x.raw = append(x.raw[:0], c[data+x.off:data+x.off+x.n]...)
	}
}

// quickPayload decodes the values of plan p whose count stands at at.
func (d *decoder) quickPayload(e *event.Event, c []byte, p *plan, at, end int) (bool, error) {
	count := le32(c, at)
	if count > uint32(end-at-4)/4 {
		return false, errValues
	}
	data := at + 4 + 4*int(count)
	e.Schema = p.proto.Schema
	if d.fields != nil {
		if n := d.needed(p, e); !n.all {
			return d.quickNeeded(e, c, n, c[at+4:data], data, end)
		}
	}
	e.Values = d.values(len(p.slots))
	return d.quickAll(e.Values, c, p, c[at+4:data], c[data:end], end)
}

// quickAll decodes all values of plan p.
func (d *decoder) quickAll(vals []event.Value, c []byte, p *plan, desc, rest []byte, end int) (bool, error) {
	memos := p.memos[:len(vals)]
	in := d.in
	for i := range vals {
		dst := &vals[i]
		if len(desc) < 4 {
			*dst = event.Value{}
			continue
		}
		w := binary.LittleEndian.Uint32(desc)
		desc = desc[4:]
		n := int(w & 0xffff)
		if n > len(rest) {
			return false, errValues
		}
		raw := rest[:n]
		rest = rest[n:]
		switch vt := uint8(w >> 16); {
		case vt == uint8(event.KindString):
			raw = trimNUL(raw)
			dst.Kind, dst.Num = event.KindString, 0
			if len(raw) == 0 {
				dst.Str = ""
				continue
			}
			dst.Str = in.recall(memos[i], event.KindString, raw)
		case n == 8 && (vt == uint8(event.KindHex64) || vt == uint8(event.KindUint64)):
			dst.Kind, dst.Num, dst.Str = event.Kind(vt), binary.LittleEndian.Uint64(raw), ""
		case n == 4 && (vt == uint8(event.KindHex32) || vt == uint8(event.KindUint32)):
			dst.Kind, dst.Num, dst.Str = event.Kind(vt), uint64(binary.LittleEndian.Uint32(raw)), ""
		case isSID(vt, raw), vt == uint8(event.KindGUID) && n == 16:
			dst.Kind, dst.Num, dst.Str = event.Kind(vt), 0, in.recall(memos[i], event.Kind(vt), raw)
		default:
			off := end - len(rest) - n
			d.otherValue(dst, vt, c, off, n)
		}
	}
	for len(desc) >= 4 {
		n := le16(desc, 0)
		desc = desc[4:]
		if n > len(rest) {
			return false, errValues
		}
		rest = rest[n:]
	}
	return true, nil
}

func isSID(vt uint8, raw []byte) bool {
	return vt == uint8(event.KindSID) && len(raw) >= 8 && len(raw) == 8+4*int(raw[1])
}

// quickNeeded decodes the values that are needed; the values of all descriptors
// stand one after the other in c[at:end].
func (d *decoder) quickNeeded(e *event.Event, c []byte, n *needID, desc []byte, at, end int) (bool, error) {
	vals := n.vals // those that are not needed stay null in it
	e.Values, e.Raw = vals, c
	from := 0 // of desc
	for i := range n.steps {
		st := &n.steps[i]
		dst := &vals[st.slot]
		k := 4 * st.slot
		if k+4 > len(desc) {
			*dst = event.Value{}
			continue
		}
		for ; from < k; from += 4 {
			at += int(binary.LittleEndian.Uint16(desc[from:]))
		}
		w := binary.LittleEndian.Uint32(desc[k:])
		from = k + 4
		off, size := at, int(w&0xffff)
		if at += size; at > end {
			return false, errValues
		}
		raw := c[off:at]
		switch vt := uint8(w >> 16); {
		case vt == uint8(event.KindString):
			raw = trimNUL(raw)
			switch {
			case len(raw) == 0:
				setNumber(dst, event.KindString, 0)
			case st.unread:
				setNumber(dst, event.KindUnread, event.Unread(event.KindString, off, len(raw)).Num)
			default:
				dst.Kind, dst.Num, dst.Str = event.KindString, 0, d.in.recall(st.memo, event.KindString, raw)
			}
		case size == 8 && (vt == uint8(event.KindHex64) || vt == uint8(event.KindUint64)):
			setNumber(dst, event.Kind(vt), binary.LittleEndian.Uint64(raw))
		case size == 4 && (vt == uint8(event.KindHex32) || vt == uint8(event.KindUint32)):
			setNumber(dst, event.Kind(vt), uint64(binary.LittleEndian.Uint32(raw)))
		case isSID(vt, raw), vt == uint8(event.KindGUID) && size == 16:
			if st.unread {
				setNumber(dst, event.KindUnread, event.Unread(event.Kind(vt), off, size).Num)
			} else {
				dst.Kind, dst.Num, dst.Str = event.Kind(vt), 0, d.in.recall(st.memo, event.Kind(vt), raw)
			}
		default:
			d.otherValue(dst, vt, c, off, size)
		}
	}
	for ; from+4 <= len(desc); from += 4 {
		at += int(binary.LittleEndian.Uint16(desc[from:]))
	}
	if at > end {
		return false, errValues
	}
	return true, nil
}

// setNumber sets a value without a text. It writes the text only when there was
// one.
func setNumber(dst *event.Value, k event.Kind, n uint64) {
	dst.Kind, dst.Num = k, n
	if dst.Str != "" {
		dst.Str = ""
	}
}
