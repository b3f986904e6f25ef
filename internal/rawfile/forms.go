package rawfile

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
)

func usesStr(k event.Kind) bool {
	switch k {
	case event.KindString, event.KindANSI, event.KindGUID, event.KindSID, event.KindXML, event.KindBinary, event.KindSystemTime:
		return true
	}
	return k&event.KindArray != 0
}

func usesNum(k event.Kind) bool { return k != event.KindNull && !usesStr(k) }

// textForm finds the shortest form of a text from which it comes back exactly.
func textForm(s string) (form uint8, lo, hi uint64) {
	switch {
	case s == "" || len(s) > 38:
	case len(s) == 38 && s[0] == '{':
		if lo, hi, ok := parseGUID(s); ok {
			return textGUID, lo, hi
		}
	case strings.HasPrefix(s, "0x"):
		if n, err := strconv.ParseUint(s[2:], 16, 64); err == nil && string(appendText(nil, textHex, n, 0)) == s {
			return textHex, n, 0
		}
	case s[0] >= '0' && s[0] <= '9':
		if n, err := strconv.ParseUint(s, 10, 64); err == nil && string(appendText(nil, textDecimal, n, 0)) == s {
			return textDecimal, n, 0
		}
	}
	return textPlain, 0, 0
}

// appendText is the inverse of textForm.
func appendText(b []byte, form uint8, lo, hi uint64) []byte {
	switch form {
	case textDecimal:
		return strconv.AppendUint(b, lo, 10)
	case textHex:
		return strconv.AppendUint(append(b, "0x"...), lo, 16)
	}
	return appendGUID(b, lo, hi)
}

// groups are the digits of a GUID between its signs.
var groups = [...]struct{ from, to int }{{1, 9}, {10, 14}, {15, 19}, {20, 24}, {25, 37}}

func parseGUID(s string) (lo, hi uint64, ok bool) {
	var digits [32]byte
	n := 0
	for _, g := range groups {
		n += copy(digits[n:], s[g.from:g.to])
	}
	var raw [16]byte
	if _, err := hex.Decode(raw[:], digits[:]); err != nil {
		return 0, 0, false
	}
	lo, hi = binary.LittleEndian.Uint64(raw[:]), binary.LittleEndian.Uint64(raw[8:])
	return lo, hi, string(appendGUID(nil, lo, hi)) == s
}

func appendGUID(b []byte, lo, hi uint64) []byte {
	const digit = "0123456789ABCDEF"
	var raw [16]byte
	binary.LittleEndian.PutUint64(raw[:], lo)
	binary.LittleEndian.PutUint64(raw[8:], hi)
	b = append(b, '{')
	for i, x := range raw {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = append(b, digit[x>>4], digit[x&15])
	}
	return append(b, '}')
}
