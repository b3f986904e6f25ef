package evtx

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// appendUTF16 appends s (WTF-8) as UTF-16LE. A lone surrogate comes out as the
// unit it was; a byte that belongs to no character becomes U+FFFD.
func appendUTF16(b []byte, s string) []byte {
	at := len(b)
	b = slices.Grow(b, 2*len(s)) // WTF-8 never needs more
	b = b[:at+2*len(s)]
	i := 0
	for i < len(s) {
		for len(s)-i >= 8 { // eight ASCII characters at once
			x := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
				uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
			if x&0x8080808080808080 != 0 {
				break
			}
			binary.LittleEndian.PutUint64(b[at:], spread(uint32(x)))
			binary.LittleEndian.PutUint64(b[at+8:], spread(uint32(x>>32)))
			at, i = at+16, i+8
		}
		if i == len(s) {
			break
		}
		c := s[i]
		if c < utf8.RuneSelf {
			b[at], b[at+1] = c, 0
			at, i = at+2, i+1
			continue
		}
		if c&0xf0 == 0xe0 && i+2 < len(s) && s[i+1]&0xc0 == 0x80 && s[i+2]&0xc0 == 0x80 {
			if r := uint16(c)<<12 | uint16(s[i+1]&0x3f)<<6 | uint16(s[i+2]&0x3f); r >= 0x800 { // lone surrogates too
				binary.LittleEndian.PutUint16(b[at:], r)
				at, i = at+2, i+3
				continue
			}
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		if r >= 0x10000 {
			r -= 0x10000
			binary.LittleEndian.PutUint16(b[at:], uint16(0xd800+r>>10))
			at += 2
			r = 0xdc00 + r&0x3ff
		}
		binary.LittleEndian.PutUint16(b[at:], uint16(r))
		at += 2
	}
	return b[:at]
}

// spread puts a zero byte behind each of the four bytes of x.
func spread(x uint32) uint64 {
	y := uint64(x)
	y = (y | y<<16) & 0x0000ffff0000ffff
	return (y | y<<8) & 0x00ff00ff00ff00ff
}

// units views UTF-16LE bytes as units.
func units(utf16le []byte) []uint16 {
	u := make([]uint16, len(utf16le)/2)
	for i := range u {
		u[i] = binary.LittleEndian.Uint16(utf16le[2*i:])
	}
	return u
}

// packSID appends the binary form of "S-1-…" ([MS-DTYP] 2.4.2). ok is false
// unless s is a SID in the form in which Windows writes it, so that it comes
// back unchanged.
func packSID(b []byte, s string) (_ []byte, ok bool) {
	rest, ok := strings.CutPrefix(s, "S-")
	if !ok {
		return b, false
	}
	rev, rest, ok := cutDecimal(rest, 1<<8-1)
	if !ok || rest == "" {
		return b, false
	}
	var authority uint64
	if hex, isHex := strings.CutPrefix(rest[1:], "0x"); isHex {
		text, _, _ := strings.Cut(hex, "-")
		n, err := strconv.ParseUint(text, 16, 48)
		if err != nil || len(text) != 12 || n>>32 == 0 || strings.ToLower(text) != text {
			return b, false
		}
		authority, rest = n, hex[len(text):]
	} else if authority, rest, ok = cutDecimal(rest[1:], 1<<32-1); !ok {
		return b, false
	}
	start := len(b)
	b = append(b, byte(rev), 0, byte(authority>>40), byte(authority>>32),
		byte(authority>>24), byte(authority>>16), byte(authority>>8), byte(authority))
	for rest != "" {
		var sub uint64
		if sub, rest, ok = cutDecimal(rest[1:], 1<<32-1); !ok || b[start+1] == 255 {
			return b[:start], false
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(sub))
		b[start+1]++
	}
	return b, true
}

// cutDecimal reads a canonical decimal number that ends at "-" or at the end;
// rest starts with that "-".
func cutDecimal(s string, limit uint64) (n uint64, rest string, ok bool) {
	i := 0
	for ; i < len(s) && s[i] != '-'; i++ {
		d := uint64(s[i] - '0')
		if d > 9 || i > 10 || i == 1 && n == 0 {
			return 0, "", false
		}
		n = n*10 + d
	}
	return n, s[i:], i > 0 && n <= limit
}

// packGUID appends the binary form of "{XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}"
// in upper or lower case.
func packGUID(b []byte, s string) (_ []byte, ok bool) {
	if len(s) != 38 || s[0] != '{' || s[37] != '}' || s[9] != '-' || s[14] != '-' || s[19] != '-' || s[24] != '-' {
		return b, false
	}
	n1, ok1 := parseHex(s[1:9])
	n2, ok2 := parseHex(s[10:14])
	n3, ok3 := parseHex(s[15:19])
	n4, ok4 := parseHex(s[20:24])
	n5, ok5 := parseHex(s[25:37])
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
		return b, false
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(n1))
	b = binary.LittleEndian.AppendUint16(b, uint16(n2))
	b = binary.LittleEndian.AppendUint16(b, uint16(n3))
	return binary.LittleEndian.AppendUint64(b, bits.ReverseBytes64(n4<<48|n5)), true
}

func parseHex(s string) (n uint64, ok bool) {
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		default:
			return 0, false
		}
		n = n<<4 | uint64(c)
	}
	return n, true
}
