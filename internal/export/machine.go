package export

import (
	"bufio"
	"fmt"
	"io"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/record"
)

// lines writes JSON Lines.
type lines struct {
	buf  *bufio.Writer
	line []byte
}

func newLines(out io.Writer) *lines { return &lines{buf: bufio.NewWriterSize(out, 1<<16)} }

func (l *lines) head([]string) error { return nil }

func (l *lines) write(r *record.Record, _ []string) error {
	l.line = append(r.AppendJSON(l.line[:0]), '\n')
	if _, err := l.buf.Write(l.line); err != nil {
		return fmt.Errorf("write json: %w", err)
	}
	return nil
}

func (l *lines) close() error { return l.buf.Flush() }

// columns writes Parquet with the columns of the archive, in the order given.
type columns struct {
	w *archive.Writer
}

func newParquet(out io.Writer) columns { return columns{archive.NewWriter(out)} }

func (c columns) head([]string) error { return nil }

func (c columns) write(r *record.Record, _ []string) error { return c.w.Write(r) }

func (c columns) close() error { return c.w.Close() }
