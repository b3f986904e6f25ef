package query

import (
	"fmt"
	"unicode/utf8"
)

// SyntaxError says what is wrong with a text and where. Text[Offset:
// Offset+Length] is the place; both are bytes and within the text, Length is 0
// only where something is missing.
type SyntaxError struct {
	Text           string
	Offset, Length int
	// Message is a key of the catalogue, "query.error.…", and Args its pairs of
	// name and value, all strings.
	Message string
	Args    []any
}

// Error is for logs: it names the place and the message key.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("query text at byte %d, %q: %s %q", e.Offset, e.Text[e.Offset:e.Offset+e.Length], e.Message, e.Args)
}

// Place splits the text at the place that is wrong.
func (e *SyntaxError) Place() (before, place, after string) {
	end := e.Offset + e.Length
	return e.Text[:e.Offset], e.Text[e.Offset:end], e.Text[end:]
}

// Runes is the place in characters instead of bytes.
func (e *SyntaxError) Runes() (offset, length int) {
	before, place, _ := e.Place()
	return utf8.RuneCountInString(before), utf8.RuneCountInString(place)
}

// nearest is the candidate that differs least from a folded word, "" when none
// is near enough to be what was meant: at most one change in three characters.
func nearest(word string, candidates []string) string {
	w := []rune(word)
	if len(w) == 0 || len(w) > 40 {
		return ""
	}
	best, least := "", (len(w)+2)/3+1
	for _, c := range candidates {
		if d := distance(w, []rune(c)); d < least && d < len(w) {
			best, least = c, d
		}
	}
	return best
}

// distance is the number of characters to insert, delete, replace or swap with
// their neighbour.
func distance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
