package evtx

import (
	"encoding/binary"

	"github.com/akashi-audit/akashi/internal/event"
)

// appendText appends the text of a value whose Str holds it.
func appendText(b []byte, k event.Kind, raw []byte) []byte {
	switch k {
	case event.KindString:
		return event.AppendUTF16(b, raw)
	case event.KindGUID:
		return event.AppendGUID(b, raw)
	case event.KindSID:
		b, _ = event.AppendSID(b, raw)
		return b
	case event.KindArray | event.KindString:
		return appendStringArray(b, raw)
	}
	return append(b, raw...)
}

// loadUint reads up to 8 little-endian bytes.
func loadUint(raw []byte) uint64 {
	switch len(raw) {
	case 8:
		return binary.LittleEndian.Uint64(raw)
	case 4:
		return uint64(binary.LittleEndian.Uint32(raw))
	case 2:
		return uint64(binary.LittleEndian.Uint16(raw))
	case 1:
		return uint64(raw[0])
	}
	var n uint64
	for i := min(len(raw), 8) - 1; i >= 0; i-- {
		n = n<<8 | uint64(raw[i])
	}
	return n
}

func signExtend(n uint64, size int) uint64 {
	if size <= 0 || size >= 8 {
		return n
	}
	s := 64 - 8*size
	return uint64(int64(n<<s) >> s)
}

// valueKind says how a value of type vt with this many bytes is kept: the kind,
// and whether it is a number. Values of an impossible size become binary, so
// that nothing is lost.
func valueKind(vt uint8, raw []byte) (k event.Kind, number bool) {
	k = event.Kind(vt)
	switch k {
	case event.KindString, event.KindANSI, event.KindBinary, event.KindXML, event.KindArray | event.KindString:
		return k, false
	case event.KindNull: // null whatever its size: Windows leaves 16 stale bytes for an unset GUID
		return k, false
	case event.KindInt8, event.KindUint8, event.KindInt16, event.KindUint16, event.KindInt32,
		event.KindUint32, event.KindInt64, event.KindUint64, event.KindBool, event.KindSizeT,
		event.KindFiletime, event.KindHex32, event.KindHex64, event.KindReal32, event.KindReal64:
		if len(raw) == 0 {
			return event.KindNull, false
		}
		if len(raw) > 8 {
			return event.KindBinary, false
		}
		return k, true
	case event.KindGUID, event.KindSystemTime:
		if len(raw) != 16 {
			break
		}
		return k, false
	case event.KindSID:
		if len(raw) < 8 || len(raw) != 8+4*int(raw[1]) {
			break
		}
		return k, false
	default:
		if vt&0x80 != 0 && arrayElement(k&^event.KindArray) {
			return k, false
		}
	}
	if len(raw) == 0 {
		return event.KindNull, false
	}
	return event.KindBinary, false
}

// value decodes c[off:off+n] as type vt into dst.
func (d *decoder) value(dst *event.Value, m *memo, vt uint8, c []byte, off, n int) {
	raw := c[off : off+n]
	switch vt { // the values of nearly every event, first
	case uint8(event.KindString):
		raw = trimNUL(raw)
		dst.Kind, dst.Num = event.KindString, 0
		if len(raw) == 0 {
			dst.Str = ""
			return
		}
		dst.Str = d.in.recall(m, event.KindString, raw)
		return
	case uint8(event.KindHex64), uint8(event.KindUint64):
		if n == 8 {
			dst.Kind, dst.Num, dst.Str = event.Kind(vt), le64(raw, 0), ""
			return
		}
	case uint8(event.KindUint32), uint8(event.KindHex32):
		if n == 4 {
			dst.Kind, dst.Num, dst.Str = event.Kind(vt), uint64(le32(raw, 0)), ""
			return
		}
	}
	if vt == uint8(event.KindSID) && n >= 8 && n == 8+4*int(raw[1]) {
		dst.Kind, dst.Num, dst.Str = event.KindSID, 0, d.in.recall(m, event.KindSID, raw)
		return
	}
	d.otherValue(dst, vt, c, off, n)
}

func (d *decoder) otherValue(dst *event.Value, vt uint8, c []byte, off, n int) {
	raw := c[off : off+n]
	k, number := valueKind(vt, raw)
	dst.Kind, dst.Num, dst.Str = k, 0, ""
	switch {
	case number:
		dst.Num = loadUint(raw)
		switch k {
		case event.KindInt8, event.KindInt16, event.KindInt32, event.KindInt64:
			dst.Num = signExtend(dst.Num, n)
		}
	case k == event.KindXML:
		dst.Str = d.xmlText(c, off, n)
	case k == event.KindANSI:
		for len(raw) > 0 && raw[len(raw)-1] == 0 {
			raw = raw[:len(raw)-1]
		}
		dst.Str = d.in.text(k, raw)
	case k != event.KindNull && n > 0:
		dst.Str = d.in.text(k, raw)
	}
}

// slowValue is value without the string table: for templates, and as the
// reference that tests compare with.
func (d *decoder) slowValue(vt uint8, c []byte, off, n int) event.Value {
	raw := c[off : off+n]
	k, number := valueKind(vt, raw)
	switch {
	case k == event.KindNull:
		return event.Value{}
	case number:
		num := loadUint(raw)
		switch k {
		case event.KindInt8, event.KindInt16, event.KindInt32, event.KindInt64:
			num = signExtend(num, n)
		}
		return event.Uint(k, num)
	case k == event.KindXML:
		return event.Value{Kind: k, Str: d.xmlText(c, off, n)}
	case k == event.KindString:
		return event.Value{Kind: k, Str: string(slowWTF8(trimNUL(raw)))}
	case k == event.KindANSI:
		for len(raw) > 0 && raw[len(raw)-1] == 0 {
			raw = raw[:len(raw)-1]
		}
	}
	return event.Value{Kind: k, Str: string(appendText(nil, k, raw))}
}

// slowWTF8 is event.AppendUTF16 unit by unit.
func slowWTF8(raw []byte) []byte {
	var b []byte
	for i := 0; i+1 < len(raw); i += 2 {
		u := uint16(le16(raw, i))
		if u&0xfc00 == 0xd800 && i+3 < len(raw) {
			if l := uint16(le16(raw, i+2)); l&0xfc00 == 0xdc00 {
				b = append(b, string(rune(0x10000+(int(u)&0x3ff)<<10+int(l)&0x3ff))...)
				i += 2
				continue
			}
		}
		b = event.AppendUnit(b, u)
	}
	return b
}
