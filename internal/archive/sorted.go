package archive

import (
	"context"
	"io"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/record"
)

// Sorter takes records in any order and writes them as one Parquet file, the bytes
// that Write makes, in little memory: some 50 MB of records beside a row group of the
// writer. It belongs to one goroutine.
type Sorter struct {
	s sorter
	p printer
}

// NewSorter makes one. open makes its scratch file, when the records are many; the
// file is closed by Close and removed by whoever made it.
func NewSorter(open func() (fsx.File, error)) *Sorter {
	return &Sorter{s: sorter{open: open, limit: sortBytes}}
}

// Add takes a copy of a record.
func (s *Sorter) Add(r *record.Record) error { return s.s.add(r, s.p.of(r)) }

// Len is how many records there are.
func (s *Sorter) Len() int64 { return s.s.count }

// Write writes the file, once. A record that came back from the scratch file as another
// one is an error.
func (s *Sorter) Write(ctx context.Context, w io.Writer) error {
	return writeRows(w, groupRows, pageBytes, func(fn func(*record.Record) error) error {
		return s.s.each(ctx, func(r *record.Record, mark print) error {
			if len(s.s.runs) > 0 && s.p.of(r) != mark {
				return errScratch
			}
			return fn(r)
		})
	})
}

// Close ends the use.
func (s *Sorter) Close() error {
	if s.s.f == nil {
		return nil
	}
	err := s.s.f.Close()
	s.s.f = nil
	return err
}
