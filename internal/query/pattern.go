package query

import (
	"strings"
	"unicode/utf8"
)

// Pattern is a wanted piece of a path. Without * and ? it is a substring. With
// them it is a pattern of the whole last name, or of the whole path when it has
// a backslash: * is any run of characters, backslashes too, and ? is one
// character. Folding comes first (Fold). The full-width ＊ and ？, which names can
// hold, make no pattern.
type Pattern struct {
	text string // folded
	wild bool
	name bool // of the last name
}

// NewPattern prepares a pattern; / counts as a backslash.
func NewPattern(s string) Pattern {
	t := foldPath(s)
	return Pattern{text: t, wild: strings.ContainsAny(s, "*?"), name: !strings.Contains(t, `\`)}
}

// NewWord prepares a word: the same as a pattern, but * and ? mean themselves.
func NewWord(s string) Pattern { return Pattern{text: foldPath(s)} }

// Literal is the longest piece that every matching path contains, folded.
func (p Pattern) Literal() string {
	if !p.wild {
		return p.text
	}
	best := ""
	for piece := range strings.FieldsFuncSeq(p.text, func(r rune) bool { return r == '*' || r == '?' }) {
		if len(piece) > len(best) {
			best = piece
		}
	}
	return best
}

// Wild reports whether the pattern is more than its Literal.
func (p Pattern) Wild() bool { return p.wild }

// Match reports whether a folded path meets the pattern.
func (p Pattern) Match(folded string) bool {
	if !p.wild {
		return strings.Contains(folded, p.text)
	}
	if p.name {
		folded = folded[strings.LastIndexByte(folded, '\\')+1:]
	}
	return glob(p.text, folded)
}

// glob matches with one place to go back to, the last star: enough, because a
// star that matched more could only leave less for the pieces behind it.
func glob(pattern, s string) bool {
	star, from := -1, 0
	i, j := 0, 0
	for j < len(s) {
		_, n := utf8.DecodeRuneInString(s[j:])
		switch {
		case i < len(pattern) && pattern[i] == '*':
			star, from = i, j
			i++
		case i < len(pattern) && pattern[i] == '?':
			i, j = i+1, j+n
		case i < len(pattern) && pattern[i] == s[j]:
			i, j = i+1, j+1
		case star >= 0:
			_, n := utf8.DecodeRuneInString(s[from:])
			from += n
			i, j = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[i:], "*") == ""
}

// Name reports whether the pattern is of the last name only.
func (p Pattern) Name() bool { return p.wild && p.name }

// Start is what every folded path that meets a pattern of the whole path begins
// with; "" when that is not known.
func (p Pattern) Start() string {
	if !p.wild || p.name {
		return ""
	}
	return p.text[:strings.IndexAny(p.text, "*?")]
}
