package record

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Table writes records as CSV for spreadsheets: UTF-8 with a byte order mark, CRLF,
// and an apostrophe before what a spreadsheet would run as a formula. The same
// records give the same bytes.
type Table struct{ w *csv.Writer }

// NewTable writes the head of a table.
func NewTable(w io.Writer) (*Table, error) {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return nil, fmt.Errorf("write table: %w", err)
	}
	t := &Table{csv.NewWriter(w)}
	t.w.UseCRLF = true
	if err := t.w.Write(Fields()); err != nil {
		return nil, fmt.Errorf("write table: %w", err)
	}
	return t, nil
}

// Write writes the row of a record.
func (t *Table) Write(r *Record) error {
	cells := r.CSV()
	for i := range cells {
		cells[i] = Cell(cells[i])
	}
	if err := t.w.Write(cells); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

// Flush writes what is held back.
func (t *Table) Flush() error {
	t.w.Flush()
	if err := t.w.Error(); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

// Cell keeps a spreadsheet from running a cell as a formula: an apostrophe before
// it, and before a cell that begins with one. Taking off one leading apostrophe
// gives every cell back.
func Cell(s string) string {
	if r, n := utf8.DecodeRuneInString(s); n > 0 && strings.ContainsRune("=+-@\t\r\n'＝＋－＠", r) {
		return "'" + s
	}
	return s
}
