package bench

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The rules of folding once more, written for the check alone (docs/FORMAT.md,
// docs/ARCHITECTURE.md: search folds NFKC and case, file names differ under NTFS
// in more than the case of letters).

// searchForm is how a word and a path are compared in a search: NFKC, then no
// difference of case.
func searchForm(s string) string { return caseless(norm.NFKC.String(s)) }

// plainForm appends s when it has ASCII, hiragana, katakana and the common ideographs
// alone: in NFKC they stay as they are, whatever stands beside them, and only ASCII has
// case. So it is the search form of s and caseless, too.
func plainForm(b []byte, s string) ([]byte, bool) {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if 'a' <= c && c <= 'z' {
				c -= 'a' - 'A'
			}
			b = append(b, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r < 0x4e00 || r > 0x9fff {
			if r != 0x3005 && (r < 0x3041 || r > 0x30fe || r > 0x3096 && r < 0x30a1) {
				return b, false
			}
		}
		b = append(b, s[i:i+n]...)
		i += n
	}
	return b, true
}

// caseless writes each character as the first of those that differ from it in case
// only. Bytes that are no character stay.
func caseless(s string) string {
	i := 0
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		if first(r) != r {
			break
		}
		i += n
	}
	if i == len(s) {
		return s
	}
	b := append(make([]byte, 0, len(s)+8), s[:i]...)
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			b = append(b, s[i])
		} else {
			b = utf8.AppendRune(b, first(r))
		}
		i += n
	}
	return string(b)
}

// first is the smallest character that differs from r in case only.
func first(r rune) rune {
	switch {
	case 'a' <= r && r <= 'z':
		return r - 'a' + 'A'
	case r < 0x80 || 0x2e80 <= r && r < 0xa640: // ideographs, kana and the like have no case
		return r
	}
	least := r
	for o := unicode.SimpleFold(r); o != r; o = unicode.SimpleFold(o) {
		least = min(least, o)
	}
	return least
}

// words looks for many words in one text.
type words struct {
	list  []string         // in search form
	bit   []int            // of each
	start [1 << 16]uint8   // 1: a word begins with these two bytes
	by    map[uint16][]int // numbers of words by their first two bytes
	short []int            // numbers of words of a single byte
}

func (w *words) add(word string, bit int) {
	word = strings.ReplaceAll(searchForm(word), "/", `\`)
	n := len(w.list)
	w.list, w.bit = append(w.list, word), append(w.bit, bit)
	if len(word) < 2 {
		w.short = append(w.short, n)
		return
	}
	k := uint16(word[0])<<8 | uint16(word[1])
	if w.by == nil {
		w.by = make(map[uint16][]int)
	}
	w.start[k], w.by[k] = 1, append(w.by[k], n)
}

// in is the bits of the words that stand in a text in search form.
func (w *words) in(s []byte) (found uint64) {
	for _, n := range w.short {
		if bytes.IndexByte(s, w.list[n][0]) >= 0 {
			found |= 1 << w.bit[n]
		}
	}
	for i := 1; i < len(s); i++ {
		k := uint16(s[i-1])<<8 | uint16(s[i])
		if w.start[k] == 0 {
			continue
		}
		for _, n := range w.by[k] {
			if len(s)-i+1 >= len(w.list[n]) && string(s[i-1:i-1+len(w.list[n])]) == w.list[n] {
				found |= 1 << w.bit[n]
			}
		}
	}
	return found
}
