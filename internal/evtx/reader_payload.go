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

// descriptors are those of a payload with the offsets of their values: as split
// takes them apart. A needID has at most so many values.
type descriptors [64]uint64

// pack reads descriptors whose values stand one after the other from at. It returns
// the end of the last value. What is behind the last descriptor is null, up to most.
func (t *descriptors) pack(desc []byte, at, most int) (end int) {
	q, n := uint64(at), 0
	for len(desc) >= 8 && n < len(t)-1 {
		w := binary.LittleEndian.Uint64(desc)
		desc = desc[8:]
		t[n&63] = w<<32 | q
		q += w & 0xffff
		t[(n+1)&63] = w&^0xffffffff | q
		q += w >> 32 & 0xffff
		n += 2
	}
	for ; len(desc) >= 4; desc = desc[4:] {
		w := uint64(binary.LittleEndian.Uint32(desc))
		if n < len(t) {
			t[n&63] = w<<32 | q
			n++
		}
		q += w & 0xffff
	}
	for ; n < most; n++ {
		t[n&63] = 0
	}
	return int(q)
}

// Descriptors of numbers: size and kind.
const (
	descHex64  = 8 | uint32(event.KindHex64)<<16
	descUint64 = 8 | uint32(event.KindUint64)<<16
	descHex32  = 4 | uint32(event.KindHex32)<<16
	descUint32 = 4 | uint32(event.KindUint32)<<16
)

// quickNeeded decodes the values that are needed; the values of all descriptors
// stand one after the other in c[at:end].
func (d *decoder) quickNeeded(e *event.Event, c []byte, n *needID, desc []byte, at, end int) (bool, error) {
	vals := n.vals // those that are not needed stay null in it
	e.Values, e.Raw = vals, c
	t := &d.descs
	if last := t.pack(desc, at, len(vals)); last > end || end > len(c) {
		return false, errValues
	}
	for i := range n.steps {
		st := &n.steps[i]
		x := t[st.slot&63]
		from, size := int(uint32(x)), int(x>>32&0xffff)
		dst := &vals[st.slot]
		var num uint64
		var kind event.Kind
		switch w := uint32(x>>32) & 0xffffff; {
		case w == descHex64 || w == descUint64:
			kind, num = event.Kind(w>>16), binary.LittleEndian.Uint64(c[from:])
		case w == descHex32 || w == descUint32:
			kind, num = event.Kind(w>>16), uint64(binary.LittleEndian.Uint32(c[from:]))
		case !st.unread || size < 2 || !ofUnread(c[from:from+size], uint8(w>>16)):
			d.step(dst, st, x, c)
			continue
		default:
			kind, num = event.KindUnread, uint64(w>>16)<<56|uint64(from)<<32|uint64(size)
		}
		if dst.Str != "" {
			setNumber(dst, kind, num)
			continue
		}
		dst.Kind, dst.Num = kind, num
	}
	return true, nil
}

// ofUnread reports whether a value of two bytes or more can stay unread as it is: a
// text without a NUL at its end, a SID or a GUID.
func ofUnread(raw []byte, vt uint8) bool {
	switch event.Kind(vt) {
	case event.KindString:
		return len(raw)&1 == 0 && raw[len(raw)-2]|raw[len(raw)-1] != 0
	case event.KindGUID:
		return len(raw) == 16
	}
	return isSID(vt, raw)
}

// step decodes a value that is needed.
//
//go:noinline
func (d *decoder) step(dst *event.Value, st *step, x uint64, c []byte) {
	vt, off, size := split(x)
	raw := c[off : off+size]
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
		d.otherValue(dst, vt, c, off, size)
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
