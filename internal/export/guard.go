package export

import "strings"

// guarded are the first characters of a cell that a spreadsheet may take for a
// formula, their full-width forms, and the mark of Guard itself.
const guarded = "=+-@\t\r\n'＝＋－＠"

// Guard puts an apostrophe before a cell that a spreadsheet could run as a
// formula, and before one that begins with an apostrophe, so that Unguard gives
// every cell back (docs/FORMAT.md, "Cells of CSV files").
func Guard(s string) string {
	for _, r := range s {
		if strings.ContainsRune(guarded, r) {
			return "'" + s
		}
		return s
	}
	return s
}

// Unguard is the inverse of Guard: it takes off one leading apostrophe.
func Unguard(s string) string { return strings.TrimPrefix(s, "'") }
