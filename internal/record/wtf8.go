package record

import "unicode/utf8"

// decodeWTF8 is utf8.DecodeRuneInString that also reads a lone surrogate.
func decodeWTF8(s string) (rune, int) {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 && len(s) >= 3 && s[0] == 0xed && s[1]&0xe0 == 0xa0 && s[2]&0xc0 == 0x80 {
		return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), 3
	}
	return r, n
}

// hidden reports characters that do not show or that change how others show.
func hidden(r rune) bool {
	switch {
	case r < 0x20 || r >= 0x7f && r < 0xa0:
		return true
	case r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r == 0xfeff, r == 0x061c:
		return true
	case r == 0xad, r == 0x115f, r == 0x1160, r == 0x180e, r == 0x3164, r == 0xffa0, r >= 0xe0000 && r <= 0xe007f: // soft hyphen, fillers, tags
		return true
	case r == utf8.RuneError: // also a lone surrogate, met by ContainsFunc
		return true
	}
	return false
}
