package archive

import (
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/akashi-audit/akashi/internal/record"
)

// streamRows is the most rows of a row group of a Writer: what it holds in
// memory, compressed.
const streamRows = 64 << 10

// The packers of archive files, about level 11, and of files for elsewhere. An encoder
// takes tens of MB that must be cleared first, more than a small day needs to be packed:
// they are kept from file to file, until the collector wants their memory.
var (
	best  = &zstd.Codec{Level: zstd.SpeedBestCompression}
	quick = &zstd.Codec{Level: zstd.SpeedDefault}
)

// Writer writes records as they come in the columns of the archive, for whoever
// takes them elsewhere. Read reads them back.
type Writer struct {
	out  *parquet.GenericWriter[row]
	rows []row
	n    int
}

// NewWriter begins a file.
func NewWriter(w io.Writer) *Writer {
	return &Writer{
		out: parquet.NewGenericWriter[row](w,
			parquet.Compression(quick), parquet.MaxRowsPerRowGroup(streamRows),
			parquet.CreatedBy("akashi", SchemaVersion, ""), parquet.KeyValueMetadata(keySchema, SchemaVersion)),
		rows: make([]row, chunkRows),
	}
}

// Write adds a record. It does not keep r.
func (w *Writer) Write(r *record.Record) error {
	w.rows[w.n].set(r)
	if w.n++; w.n < len(w.rows) {
		return nil
	}
	return w.flush()
}

func (w *Writer) flush() (err error) {
	defer recovered(&err)
	if _, err := w.out.Write(w.rows[:w.n]); err != nil {
		return fmt.Errorf("write parquet: %w", err)
	}
	w.n = 0
	return nil
}

// Close completes the file.
func (w *Writer) Close() (err error) {
	if err := w.flush(); err != nil {
		return err
	}
	defer recovered(&err)
	if err := w.out.Close(); err != nil {
		return fmt.Errorf("write parquet: %w", err)
	}
	return nil
}
