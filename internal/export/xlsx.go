package export

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/akashi-audit/akashi/internal/record"
)

const (
	// maxSheetRows and maxCell are the bounds of XLSX: rows of a sheet, UTF-16 units
	// of a cell (Excel specifications and limits).
	maxSheetRows = excelize.TotalRows
	maxCell      = excelize.TotalCellChars
	cutMark      = "…"
)

// widths of columns in characters, by field; the others get 14.
func width(field string) float64 {
	switch field {
	case "path", "new_path":
		return 60
	case "id", "detail", "sid", "process":
		return 36
	case "time", "end_time", "received", "user", "share":
		return 28
	}
	return 14
}

// book writes XLSX: cells are text always, so that nothing is run or taken for a
// number; what does not fit goes to further sheets.
type book struct {
	out   io.Writer
	f     *excelize.File
	s     *excelize.StreamWriter
	res   *Result
	most  int // rows of a sheet
	row   int
	names []string // the header
	bold  int
	cells []any
}

func newXLSX(out io.Writer, opt Options, res *Result) (*book, error) {
	b := &book{out: out, f: excelize.NewFile(excelize.Options{TmpDir: opt.Temp}), res: res, most: maxSheetRows}
	if opt.sheetRows > 0 {
		b.most = opt.sheetRows
	}
	var err error
	if b.bold, err = b.f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}}); err != nil {
		return nil, fmt.Errorf("write xlsx: %w", err)
	}
	return b, nil
}

func (b *book) head(cells []string) error {
	b.names = append([]string{}, cells...)
	return b.sheet()
}

// sheet begins the next sheet.
func (b *book) sheet() (err error) {
	if b.s != nil {
		if err := b.s.Flush(); err != nil {
			return fmt.Errorf("write xlsx: %w", err)
		}
	}
	b.res.Sheets++
	name := "records"
	if b.res.Sheets > 1 {
		name += " " + strconv.Itoa(b.res.Sheets)
		_, err = b.f.NewSheet(name)
	} else {
		err = b.f.SetSheetName(b.f.GetSheetName(0), name)
	}
	if err != nil {
		return fmt.Errorf("write xlsx: %w", err)
	}
	if b.s, err = b.f.NewStreamWriter(name); err != nil {
		return fmt.Errorf("write xlsx: %w", err)
	}
	for i, f := range record.Fields() {
		if err := b.s.SetColWidth(i+1, i+1, width(f)); err != nil {
			return fmt.Errorf("write xlsx: %w", err)
		}
	}
	if err := b.s.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return fmt.Errorf("write xlsx: %w", err)
	}
	b.row = 0
	return b.line(b.names, excelize.RowOpts{StyleID: b.bold})
}

func (b *book) write(_ *record.Record, cells []string) error {
	if b.row >= b.most {
		if err := b.sheet(); err != nil {
			return err
		}
	}
	return b.line(cells)
}

func (b *book) line(cells []string, opts ...excelize.RowOpts) error {
	b.cells = b.cells[:0]
	for _, c := range cells {
		s, cut := fit(printable(c))
		if cut {
			b.res.Cut++
		}
		b.cells = append(b.cells, s)
	}
	b.row++
	if err := b.s.SetRow("A"+strconv.Itoa(b.row), b.cells, opts...); err != nil {
		return fmt.Errorf("write xlsx: %w", err)
	}
	return nil
}

func (b *book) close() error {
	if err := b.s.Flush(); err != nil {
		return fmt.Errorf("write xlsx: %w", err)
	}
	b.f.SetActiveSheet(0)
	if err := b.f.Write(b.out); err != nil {
		return fmt.Errorf("write xlsx: %w", err)
	}
	return b.f.Close()
}

// printable writes characters that XML cannot hold as record.Visible does.
func printable(s string) string {
	bad := func(r rune) bool {
		return r < 0x20 && r != '\t' && r != '\n' || r == 0xfffe || r == 0xffff || r == utf8.RuneError
	}
	if !strings.ContainsFunc(s, bad) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if bad(r) && r != utf8.RuneError {
			fmt.Fprintf(&b, `\u{%x}`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// fit cuts a text that a cell cannot hold; the mark at its end says so.
func fit(s string) (string, bool) {
	if len(s) <= maxCell {
		return s, false
	}
	n, at := 0, 0 // units, and where the mark would stand
	for i, r := range s {
		if n < maxCell {
			at = i
		}
		n += utf16.RuneLen(r)
	}
	if n <= maxCell {
		return s, false
	}
	if len(utf16.Encode([]rune(s[:at]))) >= maxCell { // a pair would end behind the bound
		_, w := utf8.DecodeLastRuneInString(s[:at])
		at -= w
	}
	return s[:at] + cutMark, true
}
