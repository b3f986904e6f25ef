package paths

import (
	"cmp"
	"math/bits"
	"strings"
	"unicode"
	"unicode/utf8"
)

// split cuts a path behind its last backslash: the folder keeps it, so that
// path = folder + name always, and a path without folder has the folder "".
func split(path string) (folder, name string) {
	at := strings.LastIndexByte(path, '\\') + 1
	return path[:at], path[at:]
}

// Compare is the order of a dictionary: by folder, then by name, both as NTFS
// compares them (see key); of paths that are equal so far, the bytes decide.
func Compare(a, b string) int { return compare(a, b) }

// CompareBytes is Compare of paths as a Cursor gives them.
func CompareBytes(a, b []byte) int { return compare(a, b) }

func compare[T string | []byte](a, b T) int {
	at := common(a, b)
	la, lb := lastSlash(a[at:])+1, lastSlash(b[at:])+1
	switch {
	case la == 0 && lb == 0: // the same folder
		if c := compareTails(a[at:], b[at:]); c != 0 {
			return c
		}
	case la == 0:
		return -1 // the folder of b lies below that of a
	case lb == 0:
		return 1
	default:
		if c := compareTails(a[at:at+la], b[at:at+lb]); c != 0 {
			return c
		}
		if c := compareKey(a[at+la:], b[at+lb:]); c != 0 {
			return c
		}
	}
	return cmp.Compare(string(a), string(b))
}

func lastSlash[T string | []byte](s T) int {
	i := len(s) - 1
	for i >= 0 && s[i] != '\\' {
		i--
	}
	return i
}

// invalid is added to a byte that is no UTF-8 (part of a lone surrogate): it
// equals only itself and comes after all characters.
const invalid = unicode.MaxRune + 1

// key is what the first character of s counts as in the order, and its length
// in bytes: the smallest of the characters that differ from it in case only,
// which is the upper case.
func key[T string | []byte](s T) (rune, int) {
	if c := s[0]; c < utf8.RuneSelf {
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		return rune(c), 1
	}
	r, n := utf8.DecodeRuneInString(string(s[:min(len(s), utf8.UTFMax)]))
	if r == utf8.RuneError && n == 1 {
		return invalid + rune(s[0]), 1
	}
	return orbit(r), n
}

// NameKey is a number of a name, the same for names that differ in case only: of
// two paths of one folder, the one whose name has the lesser key comes first.
func NameKey(name string) uint64 {
	k, _ := nameKey(name)
	return k
}

// NameKeys is NameKey and, of names with the same one, the next such number.
func NameKeys(name string) (first, second uint64) {
	first, name = nameKey(name)
	second, _ = nameKey(name)
	return first, second
}

// nameKey is the key of the first three characters, and what is behind them.
func nameKey(name string) (k uint64, rest string) {
	for range 3 { // characters of 21 bits, one more than each is worth: the end comes first
		k <<= 21
		if len(name) > 0 {
			r, n := key(name)
			k |= uint64(r) + 1
			name = name[n:]
		}
	}
	return k, name
}

// orbit is the smallest rune of those that are equal to r but for case.
func orbit(r rune) rune {
	if 0x2e00 <= r && r < 0xa640 || 0xac00 <= r && r < 0xfb00 || 0xff5b <= r && r < 0x10400 {
		return r // kana, ideographs, Hangul: no case
	}
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	return least
}

// common is a number of bytes with which both begin, to the beginning of a
// character.
func common[A, B string | []byte](a A, b B) int {
	i, n := 0, min(len(a), len(b))
	for ; i+8 <= n; i += 8 { // eight bytes at a time
		if x := eight(a, i) ^ eight(b, i); x != 0 {
			i += bits.TrailingZeros64(x) / 8
			break
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	if (i == len(a) || a[i] < utf8.RuneSelf) && (i == len(b) || b[i] < utf8.RuneSelf) {
		return i
	}
	for back := 0; i > 0 && back < utf8.UTFMax-1; back++ {
		i-- // the differing byte may lie within a character
		if utf8.RuneStart(a[i]) {
			break
		}
	}
	return i
}

// eight is the bytes of s from i on, the first one lowest.
func eight[T string | []byte](s T, i int) uint64 {
	_ = s[i+7]
	return uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
		uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
}

// compareKey compares by keys, character by character.
func compareKey[A, B string | []byte](a A, b B) int {
	i := common(a, b)
	return compareTails(a[i:], b[i:])
}

func compareTails[A, B string | []byte](a A, b B) int {
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		x, n := key(a[i:])
		y, m := key(b[j:])
		if x != y {
			return cmp.Compare(x, y)
		}
		i, j = i+n, j+m
	}
	return cmp.Compare(len(a)-i, len(b)-j)
}

// hasPrefixKey reports whether s begins with prefix under NTFS equality.
func hasPrefixKey[A, B string | []byte](s A, prefix B) bool {
	i, j := 0, 0
	for j < len(prefix) {
		if i == len(s) {
			return false
		}
		x, n := key(s[i:])
		y, m := key(prefix[j:])
		if x != y {
			return false
		}
		i, j = i+n, j+m
	}
	return true
}
