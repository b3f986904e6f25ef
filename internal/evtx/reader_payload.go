package evtx

import (
	"encoding/binary"

	"github.com/akashi-audit/akashi/internal/event"
)

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

// Descriptors of numbers: size and kind.
const (
	descHex64  = 8 | uint32(event.KindHex64)<<16
	descUint64 = 8 | uint32(event.KindUint64)<<16
	descHex32  = 4 | uint32(event.KindHex32)<<16
	descUint32 = 4 | uint32(event.KindUint32)<<16
)

// needLayout is how the needed values of the last event with them lie. Where the
// next one has the same descriptors, only its numbers are read and what a value
// must be to stay unread is looked at: all else is in needID.vals already. Offsets
// count from the first value.
type needLayout struct {
	known bool
	desc  []byte // of all values
	size  int    // of all values
	left  []needLeft
	nums  []needNum
	texts []needText
	sids  []needText
	rest  []needRest
}

// needLeft is a value that is left unread.
type needLeft struct {
	dst  *event.Value
	slot int
}

// needNum is a number of eight bytes, of which mask counts.
type needNum struct {
	dst  *event.Value
	slot int
	off  int
	mask uint64
}

// needText is what must hold of a value that is left unread: the last unit of a text,
// at off, is not NUL; the count of parts of a SID, at off, is parts.
type needText struct {
	slot  int
	off   int
	parts byte
}

// needRest is a value that is decoded each time.
type needRest struct {
	st  *step
	off int
	w   uint32 // its descriptor
}

// quickNeeded decodes the values that are needed; the values of all descriptors
// stand one after the other in c[at:end].
func (d *decoder) quickNeeded(e *event.Event, c []byte, n *needID, desc []byte, at, end int) (bool, error) {
	lay := &n.lay
	if !lay.known || string(desc) != string(lay.desc) && !n.move(desc) {
		n.relay(desc)
	}
	if lay.size > end-at || end+4 > len(c) { // the record's size stands behind it
		return false, errValues
	}
	b := c[at:]
	e.Values, e.Raw = n.vals, b
	nums, texts := lay.nums, lay.texts
	for i := range nums {
		x := &nums[i]
		x.dst.Num = le64(b, x.off) & x.mask
	}
	for i := range texts {
		if le16(b, texts[i].off) == 0 {
			return d.needEach(n, desc, c, at)
		}
	}
	for i := range lay.sids {
		if x := &lay.sids[i]; b[x.off] != x.parts {
			return d.needEach(n, desc, c, at)
		}
	}
	for i := range lay.rest {
		x := &lay.rest[i]
		d.step(&n.vals[x.st.slot], x.st, x.w, c, at, x.off)
	}
	return true, nil
}

// relay computes the layout of these descriptors.
func (n *needID) relay(desc []byte) {
	lay := &n.lay
	lay.known = true
	lay.desc = append(lay.desc[:0], desc...)
	lay.left, lay.nums, lay.texts, lay.sids, lay.rest = lay.left[:0], lay.nums[:0], lay.texts[:0], lay.sids[:0], lay.rest[:0]
	off, k := 0, 0
	for i := 0; len(desc) >= 4; i++ {
		w := binary.LittleEndian.Uint32(desc)
		desc = desc[4:]
		if k < len(n.steps) && n.steps[k].slot == i {
			n.place(&n.steps[k], w&0xffffff, off)
			k++
		}
		off += int(w & 0xffff)
	}
	for ; k < len(n.steps); k++ {
		n.place(&n.steps[k], 0, off)
	}
	lay.size = off
}

// place tells how the value at off, whose descriptor is w, is decoded, and sets what
// is known of it by that alone.
func (n *needID) place(st *step, w uint32, off int) {
	lay, dst := &n.lay, &n.vals[st.slot]
	kind, size := event.Kind(w>>16), int(w&0xffff)
	left := false
	switch {
	case w == descHex64 || w == descUint64:
		setNumber(dst, kind, 0)
		lay.nums = append(lay.nums, needNum{dst, st.slot, off, ^uint64(0)})
	case w == descHex32 || w == descUint32:
		setNumber(dst, kind, 0)
		lay.nums = append(lay.nums, needNum{dst, st.slot, off, 1<<32 - 1})
	case kind == event.KindString && size < 2, kind == event.KindNull:
		setNumber(dst, kind, 0)
	case st.unread && textOf(w):
		left = true
		lay.texts = append(lay.texts, needText{slot: st.slot, off: off + size - 2})
	case st.unread && kind == event.KindGUID && size == 16:
		left = true
	case st.unread && kind == event.KindSID && size >= 8 && size <= 8+4*255 && size&3 == 0:
		left = true
		lay.sids = append(lay.sids, needText{st.slot, off + 1, uint8(size/4 - 2)})
	default:
		lay.rest = append(lay.rest, needRest{st, off, w})
	}
	if left {
		setNumber(dst, event.KindUnread, event.Unread(kind, off, size).Num)
		lay.left = append(lay.left, needLeft{dst, st.slot})
	}
}

// move is relay where values only have other sizes than in the layout, and needed ones
// only if they are texts left unread: names and paths. It reports false elsewhere.
func (n *needID) move(desc []byte) bool {
	old := n.lay.desc
	if len(desc) != len(old) {
		return false
	}
	for i := 0; i+4 <= len(old); i += 4 {
		if i+8 <= len(old) && le64(desc, i) == le64(old, i) {
			i += 4
			continue
		}
		if w := le32(desc, i); w != le32(old, i) && !n.resize(i/4, w) {
			return false
		}
	}
	return true
}

// resize is move for one value and what stands behind it.
func (n *needID) resize(slot int, w uint32) bool {
	lay := &n.lay
	was := le32(lay.desc, 4*slot)
	by := int(w&0xffff) - int(was&0xffff)
	binary.LittleEndian.PutUint32(lay.desc[4*slot:], w)
	lay.size += by
	if n.slots>>slot&1 != 0 && (n.unread>>slot&1 == 0 || !textOf(w) || !textOf(was)) {
		return false
	}
	left, nums, texts := lay.left, lay.nums, lay.texts
	for i := range left {
		switch x := &left[i]; {
		case x.slot > slot:
			x.dst.Num += uint64(by) << 32
		case x.slot == slot:
			x.dst.Num += uint64(by)
		}
	}
	for i := range nums {
		if x := &nums[i]; x.slot > slot {
			x.off += by
		}
	}
	for i := range texts {
		if x := &texts[i]; x.slot >= slot { // the end of its own text too
			x.off += by
		}
	}
	for i := range lay.sids {
		if x := &lay.sids[i]; x.slot > slot {
			x.off += by
		}
	}
	for i := range lay.rest {
		if x := &lay.rest[i]; x.st.slot > slot {
			x.off += by
		}
	}
	return true
}

// textOf reports whether a descriptor is that of a text of whole units.
func textOf(w uint32) bool {
	return event.Kind(w>>16) == event.KindString && w&1 == 0 && w&0xffff != 0
}

// needEach decodes the values that are needed one by one: one of them is not what its
// descriptor lets expect.
func (d *decoder) needEach(n *needID, desc, c []byte, at int) (bool, error) {
	n.lay.known = false
	off, k := 0, 0
	for i := 0; k < len(n.steps); i++ {
		w := uint32(0)
		if len(desc) >= 4 {
			w = binary.LittleEndian.Uint32(desc) & 0xffffff
			desc = desc[4:]
		}
		if st := &n.steps[k]; st.slot == i {
			d.step(&n.vals[i], st, w, c, at, off)
			k++
		}
		off += int(w & 0xffff)
	}
	return true, nil
}

// step decodes a value that is needed, whose descriptor is w: it stands at c[at+off:],
// and the first value at c[at:].
//
//go:noinline
func (d *decoder) step(dst *event.Value, st *step, w uint32, c []byte, at, off int) {
	vt, size := uint8(w>>16), int(w&0xffff)
	raw := c[at+off : at+off+size]
	kind := event.Kind(vt)
	switch {
	case kind == event.KindString:
		raw = trimNUL(raw)
		switch {
		case len(raw) == 0:
			setNumber(dst, kind, 0)
		case st.unread:
			setNumber(dst, event.KindUnread, event.Unread(kind, off, len(raw)).Num)
		default:
			d.setText(dst, st.memo, kind, raw)
		}
	case isSID(vt, raw), kind == event.KindGUID && size == 16:
		if st.unread {
			setNumber(dst, event.KindUnread, event.Unread(kind, off, size).Num)
		} else {
			d.setText(dst, st.memo, kind, raw)
		}
	default:
		d.otherValue(dst, vt, c, at+off, size)
	}
}

// setText sets a text, SID or GUID.
//
//go:noinline
func (d *decoder) setText(dst *event.Value, m *memo, k event.Kind, raw []byte) {
	dst.Kind, dst.Num, dst.Str = k, 0, d.in.recall(m, k, raw)
}

// setNumber sets a value without a text. It writes the text only when there was
// one.
//
//go:noinline
func setNumber(dst *event.Value, k event.Kind, n uint64) {
	dst.Kind, dst.Num = k, n
	if dst.Str != "" {
		dst.Str = ""
	}
}
