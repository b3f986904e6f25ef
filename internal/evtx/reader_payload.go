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
		vt := uint8(w >> 16)
		kind, num := event.Kind(vt), uint64(0)
		switch {
		case vt == uint8(event.KindString):
			if raw = trimNUL(raw); len(raw) == 0 {
				break
			}
			if !st.unread {
				d.setText(dst, st.memo, kind, raw)
				continue
			}
			kind, num = event.KindUnread, event.Unread(event.KindString, off, len(raw)).Num
		case size == 8 && (vt == uint8(event.KindHex64) || vt == uint8(event.KindUint64)):
			num = binary.LittleEndian.Uint64(raw)
		case size == 4 && (vt == uint8(event.KindHex32) || vt == uint8(event.KindUint32)):
			num = uint64(binary.LittleEndian.Uint32(raw))
		case isSID(vt, raw), vt == uint8(event.KindGUID) && size == 16:
			if !st.unread {
				d.setText(dst, st.memo, kind, raw)
				continue
			}
			kind, num = event.KindUnread, event.Unread(kind, off, size).Num
		default:
			d.otherValue(dst, vt, c, off, size)
			continue
		}
		setNumber(dst, kind, num)
	}
	for ; from+4 <= len(desc); from += 4 {
		at += int(binary.LittleEndian.Uint16(desc[from:]))
	}
	if at > end {
		return false, errValues
	}
	return true, nil
}

// setText sets a text, SID or GUID.
//
//go:noinline
func (d *decoder) setText(dst *event.Value, m *memo, k event.Kind, raw []byte) {
	dst.Kind, dst.Num, dst.Str = k, 0, d.in.recall(m, k, raw)
}

// setNumber sets a value without a text. It writes the text only when there was
// one.
func setNumber(dst *event.Value, k event.Kind, n uint64) {
	dst.Kind, dst.Num = k, n
	if dst.Str != "" {
		dst.Str = ""
	}
}
