package report

import "image"

// Document is what is set: a title, a block of facts about itself, then blocks.
type Document struct {
	Lang     string // ja or en
	Kind     string // small line above the title
	Title    string
	Cover    []Pair
	Blocks   []Block
	Footer   string // of each page
	PageWord string // "Page {n} of {m}"
	LostWord string // "{n} characters …", shown when the font lacks some
}

// Pair is a named value.
type Pair struct{ Name, Value string }

// Block is one of its kinds; fields that are not set are left out.
type Block struct {
	Heading string
	Text    []string // paragraphs
	Marked  bool     // the paragraphs stand beside a rule, as a statement
	Table   *Table
	Code    string      // lines to be kept as they are
	Picture image.Image // 42 mm wide; dots of one colour, such as a QR code without scaling
	Caption string
}

// Table is rows under a head.
type Table struct {
	Head   []string
	Widths []float64 // shares of the width
	Right  []bool    // numbers
	Rows   [][]string
}
