package query

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold brings a name into the form in which substrings are searched: NFKC
// (which also folds half and full width) and simple case folding. Hiragana and
// katakana stay apart.
func Fold(s string) string {
	if plain, upper := settled(s); plain {
		if !upper {
			return s
		}
		b := []byte(s)
		for i, c := range b {
			if 'A' <= c && c <= 'Z' {
				b[i] = c + 'a' - 'A'
			}
		}
		return string(b)
	}
	return strings.Map(foldRune, norm.NFKC.String(s))
}

// settled reports whether folding changes nothing in s but the case of ASCII letters,
// and whether there are such letters: s has ASCII, hiragana, full-width katakana and
// the common ideographs alone, which stand for themselves in NFKC whatever follows.
func settled(s string) (plain, upper bool) {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			upper = upper || 'A' <= c && c <= 'Z'
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if !settledRune(r) {
			return false, false
		}
		i += n
	}
	return true, upper
}

func settledRune(r rune) bool {
	return r >= 0x4e00 && r <= 0x9fff || r >= 0x3041 && r <= 0x3096 || r >= 0x30a1 && r <= 0x30fe || r == 0x3005
}

// foldRune is simple case folding: the smallest rune of the fold orbit's lower
// case, so that K, k and the Kelvin sign meet.
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		return unicode.ToLower(r)
	}
	if f := unicode.SimpleFold(r); f != r {
		return unicode.ToLower(unicode.ToUpper(r))
	}
	return r
}

// EqualPath reports whether two paths differ at most in the case of letters, as
// Unicode folds it: so do all that name the same file for NTFS, and a few more (K and
// the Kelvin sign), which a search may find together. What rights go by is Lies.
// Bytes that are no character are compared as they are.
func EqualPath(a, b string) bool {
	rest, ok := CutPath(a, b)
	return ok && rest == ""
}

// CutPath is strings.CutPrefix as EqualPath compares: what it cuts can have another
// length in bytes than prefix.
func CutPath(s, prefix string) (rest string, ok bool) { return cutBy(s, prefix, folded) }

// folded reports whether two characters differ at most in case, as Unicode folds it.
func folded(a, b rune) bool {
	for f := unicode.SimpleFold(a); f != a; f = unicode.SimpleFold(f) {
		if f == b {
			return true
		}
	}
	return a == b
}

// cutBy is strings.CutPrefix of characters of which same says which are held for one; of
// two in ASCII, those that differ in case only. Bytes that are no character (WTF-8) are
// compared as they are.
func cutBy(s, prefix string, same func(a, b rune) bool) (rest string, ok bool) {
	for prefix != "" {
		if s == "" {
			return "", false
		}
		if a, b := s[0], prefix[0]; a < utf8.RuneSelf && b < utf8.RuneSelf {
			if a != b && (a|0x20 != b|0x20 || a|0x20 < 'a' || a|0x20 > 'z') {
				return "", false
			}
			s, prefix = s[1:], prefix[1:]
			continue
		}
		a, n := utf8.DecodeRuneInString(s)
		b, m := utf8.DecodeRuneInString(prefix)
		if a == utf8.RuneError && n == 1 || b == utf8.RuneError && m == 1 {
			if n, m = 1, 1; s[0] != prefix[0] {
				return "", false
			}
		} else if a != b && !same(a, b) {
			return "", false
		}
		s, prefix = s[n:], prefix[m:]
	}
	return s, true
}
