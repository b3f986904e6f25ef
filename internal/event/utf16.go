package event

import "encoding/binary"

// AppendUTF16 appends little-endian UTF-16 as WTF-8. An odd last byte is dropped.
func AppendUTF16(b, raw []byte) []byte {
	i := 0
	for i+1 < len(raw) {
		for i+8 <= len(raw) {
			w := binary.LittleEndian.Uint64(raw[i:])
			if w&0xff80ff80ff80ff80 != 0 {
				break
			}
			b = append(b, byte(w), byte(w>>16), byte(w>>32), byte(w>>48))
			i += 8
		}
		if i+1 >= len(raw) {
			break
		}
		u := uint16(raw[i]) | uint16(raw[i+1])<<8
		i += 2
		if u&0xfc00 == 0xd800 && i+1 < len(raw) {
			if l := uint16(raw[i]) | uint16(raw[i+1])<<8; l&0xfc00 == 0xdc00 {
				r := 0x10000 + (uint32(u)&0x3ff)<<10 + uint32(l)&0x3ff
				b = append(b, 0xf0|byte(r>>18), 0x80|byte(r>>12)&0x3f, 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f)
				i += 2
				continue
			}
		}
		b = AppendUnit(b, u)
	}
	return b
}

// AppendUnit appends one UTF-16 unit that is not part of a pair: a lone
// surrogate keeps its three-byte form (WTF-8).
func AppendUnit(b []byte, u uint16) []byte {
	switch {
	case u < 0x80:
		return append(b, byte(u))
	case u < 0x800:
		return append(b, 0xc0|byte(u>>6), 0x80|byte(u)&0x3f)
	}
	return append(b, 0xe0|byte(u>>12), 0x80|byte(u>>6)&0x3f, 0x80|byte(u)&0x3f)
}
