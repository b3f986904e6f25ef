package evtx

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// appendUnit appends one UTF-16 unit that is not part of a pair: a lone
// surrogate keeps its three-byte form (WTF-8).
func appendUnit(b []byte, u uint16) []byte {
	switch {
	case u < 0x80:
		return append(b, byte(u))
	case u < 0x800:
		return append(b, 0xc0|byte(u>>6), 0x80|byte(u)&0x3f)
	}
	return append(b, 0xe0|byte(u>>12), 0x80|byte(u>>6)&0x3f, 0x80|byte(u)&0x3f)
}

// appendWTF8 appends raw little-endian UTF-16 as WTF-8. An odd last byte is
// dropped.
func appendWTF8(b, raw []byte) []byte {
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
		b = appendUnit(b, u)
	}
	return b
}

// trimNUL drops the trailing NUL units of raw UTF-16, and an odd last byte.
func trimNUL(raw []byte) []byte {
	n := len(raw) &^ 1
	for n >= 2 && raw[n-1] == 0 && raw[n-2] == 0 {
		n -= 2
	}
	return raw[:n]
}

// appendStringArray appends a string array: strings each ended by NUL.
func appendStringArray(b, raw []byte) []byte {
	start := len(b)
	b = appendWTF8(b, raw)
	if len(b) > start && b[len(b)-1] != 0 {
		b = append(b, 0)
	}
	return b
}

// appendGUID appends 16 bytes as "{XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}".
func appendGUID(b, g []byte) []byte {
	order := [...]int{3, 2, 1, 0, -1, 5, 4, -1, 7, 6, -1, 8, 9, -1, 10, 11, 12, 13, 14, 15}
	const digits = "0123456789ABCDEF"
	b = append(b, '{')
	for _, i := range order {
		if i < 0 {
			b = append(b, '-')
		} else {
			b = append(b, digits[g[i]>>4], digits[g[i]&15])
		}
	}
	return append(b, '}')
}

// appendSID appends a security identifier as "S-1-…". It reports false when the
// bytes are none.
func appendSID(b, s []byte) ([]byte, bool) {
	if len(s) < 8 || len(s) != 8+4*int(s[1]) {
		return b, false
	}
	b = append(b, "S-"...)
	b = strconv.AppendUint(b, uint64(s[0]), 10)
	var auth uint64
	for _, c := range s[2:8] {
		auth = auth<<8 | uint64(c)
	}
	b = append(b, '-')
	if auth >= 1<<32 {
		b = append(b, "0x"...)
		b = append(b, hex.EncodeToString(s[2:8])...)
	} else {
		b = strconv.AppendUint(b, auth, 10)
	}
	for i := 8; i+4 <= len(s); i += 4 {
		b = append(b, '-')
		b = strconv.AppendUint(b, uint64(binary.LittleEndian.Uint32(s[i:])), 10)
	}
	return b, true
}
