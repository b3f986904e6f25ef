package export

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"

	"github.com/akashi-audit/akashi/internal/record"
)

// table writes CSV.
type table struct {
	w    *csv.Writer
	buf  *bufio.Writer
	loss *loss // nil = UTF-8
}

func newCSV(out io.Writer, opt Options) (*table, error) {
	t := &table{buf: bufio.NewWriterSize(out, 1<<16)}
	switch opt.Format {
	case CSV:
		if _, err := t.buf.WriteString("\ufeff"); err != nil {
			return nil, fmt.Errorf("write csv: %w", err)
		}
	case SJIS:
		t.loss = newLoss(opt.Entity)
	}
	t.w = csv.NewWriter(t.buf)
	t.w.UseCRLF = true
	return t, nil
}

func (t *table) head(cells []string) error { return t.line(cells) }

func (t *table) write(_ *record.Record, cells []string) error {
	if t.loss != nil {
		t.loss.row++
	}
	return t.line(cells)
}

// line writes cells with their guard. Shift_JIS is written cell by cell: no byte
// of a character in it is one that CSV needs to quote but for those that quote
// the whole cell anyway.
func (t *table) line(cells []string) error {
	for i := range cells {
		cells[i] = Guard(cells[i])
		if t.loss != nil {
			cells[i] = t.loss.encode(cells[i])
		}
	}
	if err := t.w.Write(cells); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	return nil
}

func (t *table) close() error {
	t.w.Flush()
	if err := t.w.Error(); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	return t.buf.Flush()
}
