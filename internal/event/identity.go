package event

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// AppendGUID appends 16 bytes as "{XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}".
// Fewer bytes give nothing.
func AppendGUID(b, g []byte) []byte {
	if len(g) < 16 {
		return b
	}
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

// AppendSID appends a security identifier as "S-1-…". It reports false when the
// bytes are none.
func AppendSID(b, s []byte) ([]byte, bool) {
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
