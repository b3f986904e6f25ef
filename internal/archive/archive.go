package archive

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/akashi-audit/akashi/internal/record"
)

const (
	// groupRows is the most rows of a row group: what a reader can skip, and
	// what the writer holds.
	groupRows = 256 << 10
	pageBytes = 256 << 10 // of a column: what is unpacked at once
	chunkRows = 1024      // rows that are handed over at once
	keySchema = "akashi.schema"
)

// ErrSchema: the file is Parquet, but not of this package.
var ErrSchema = errors.New("not an archive of akashi records")

// Write writes the records as one Parquet file, by user, SID, time and id. The
// records may come in any order and are not changed. On an error w holds a part
// of a file.
func Write(w io.Writer, recs []record.Record) error { return writeSized(w, recs, groupRows, pageBytes) }

// writeSized does so with other sizes of row groups and pages.
func writeSized(w io.Writer, recs []record.Record, group int64, page int) error {
	return writeRows(w, group, page, func(fn func(*record.Record) error) error {
		for _, at := range order(recs) {
			if err := fn(&recs[at]); err != nil {
				return err
			}
		}
		return nil
	})
}

// writeRows writes the records that each gives, which are in the order of the file.
func writeRows(w io.Writer, group int64, page int, each func(fn func(*record.Record) error) error) (err error) {
	defer recovered(&err)
	tail := &tailWriter{w: w}
	out := parquet.NewGenericWriter[row](tail,
		parquet.Compression(best),
		parquet.MaxRowsPerRowGroup(group),
		parquet.PageBufferSize(page),
		parquet.DataPageVersion(1), // of 2 the heads of pages are longer, and no column has levels
		parquet.CreatedBy("akashi", SchemaVersion, ""),
		parquet.KeyValueMetadata(keySchema, SchemaVersion),
		parquet.SortingWriterConfig(parquet.SortingColumns(parquet.Ascending("user"), parquet.Ascending("sid"), parquet.Ascending("time"))),
	)
	rows, n := make([]row, chunkRows), 0
	words := newGramSet()
	flush := func() error {
		if _, err := out.Write(rows[:n]); err != nil {
			return fmt.Errorf("write archive: %w", err)
		}
		n = 0
		return nil
	}
	err = each(func(r *record.Record) error {
		rows[n].set(r)
		words.row(r)
		if n++; n < len(rows) {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	if err := flush(); err != nil {
		return err
	}
	if text, ok := words.text(); ok {
		out.SetKeyValueMetadata(keyWords, text)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	tail.begin()
	if err := out.Close(); err != nil {
		return fmt.Errorf("write archive: %w", err)
	}
	return tail.end()
}

// order is the places of the records by user, SID, time and id.
func order(recs []record.Record) []int32 {
	type key struct {
		person uint32 // rank of user and SID
		at     int32
		time   int64
	}
	type person struct{ user, sid string }
	rank := make(map[person]uint32)
	var people []person
	for i := range recs {
		p := person{recs[i].User, recs[i].SID}
		if _, ok := rank[p]; !ok {
			rank[p] = 0
			people = append(people, p)
		}
	}
	slices.SortFunc(people, func(a, b person) int { return cmp.Or(strings.Compare(a.user, b.user), strings.Compare(a.sid, b.sid)) })
	for i, p := range people {
		rank[p] = uint32(i)
	}
	keys := make([]key, len(recs))
	for i := range recs {
		r := &recs[i]
		keys[i] = key{rank[person{r.User, r.SID}], int32(i), r.Time}
	}
	slices.SortFunc(keys, func(a, b key) int {
		if a.person != b.person || a.time != b.time {
			return cmp.Or(cmp.Compare(a.person, b.person), cmp.Compare(a.time, b.time))
		}
		return compareIDs(&recs[a.at], &recs[b.at])
	})
	l := make([]int32, len(keys))
	for i := range keys {
		l[i] = keys[i].at
	}
	return l
}

func compareIDs(a, b *record.Record) int {
	return cmp.Or(strings.Compare(a.Server, b.Server), strings.Compare(a.Channel, b.Channel), cmp.Compare(a.Generation, b.Generation),
		cmp.Compare(a.FirstID, b.FirstID), cmp.Compare(a.Ordinal, b.Ordinal), cmp.Compare(a.Received, b.Received))
}

func sortPairs(l []record.Pair) {
	slices.SortFunc(l, func(a, b record.Pair) int { return strings.Compare(a.Key, b.Key) })
}

// Read calls fn for each record of the file of size bytes, in the file's order,
// and stops with fn's error. The record belongs to fn. A damaged file gives an
// error, after the records before the damage.
func Read(r io.ReaderAt, size int64, fn func(*record.Record) error) (err error) {
	defer recovered(&err)
	f, err := parquet.OpenFile(r, size)
	if err != nil {
		return fmt.Errorf("open archive: %w", err)
	}
	if err := checkFile(f); err != nil {
		return err
	}
	if v, _ := f.Lookup(keySchema); v == schemaOne {
		return readRows(f, func(w *rowOne, r *record.Record) error {
			now := w.row()
			return now.get(r)
		}, fn)
	}
	return readRows(f, (*row).get, fn)
}

// readRows reads the rows of a file whole.
func readRows[T any](f *parquet.File, get func(*T, *record.Record) error, fn func(*record.Record) error) (err error) {
	in := parquet.NewGenericReader[T](f)
	defer func() { err = errors.Join(err, in.Close()) }()
	rows := make([]T, min(max(f.NumRows(), 1), chunkRows))
	for done := int64(0); ; {
		n, rerr := in.Read(rows)
		for i := range rows[:n] {
			var rec record.Record
			if err := get(&rows[i], &rec); err != nil {
				return fmt.Errorf("row %d: %w", done+int64(i), err)
			}
			if err := fn(&rec); err != nil {
				return err
			}
		}
		done += int64(n)
		if errors.Is(rerr, io.EOF) {
			if done != f.NumRows() {
				return fmt.Errorf("archive has %d rows, want %d", done, f.NumRows())
			}
			return nil
		}
		if rerr != nil {
			return fmt.Errorf("read archive at row %d: %w", done, rerr)
		}
	}
}

// checkFile refuses what this package does not write: another schema, and columns
// packed in another way, whose unpacking may take any memory.
func checkFile(f *parquet.File) error {
	if v, ok := f.Lookup(keySchema); !ok || v != SchemaVersion && v != schemaOne {
		return fmt.Errorf("schema %q: %w", v, ErrSchema)
	}
	for _, g := range f.Metadata().RowGroups {
		for i := range g.Columns {
			if c := g.Columns[i].MetaData.Codec; c != format.Zstd {
				return fmt.Errorf("column %d is packed by %s: %w", i, c, ErrSchema)
			}
		}
	}
	return nil
}

// recovered turns a panic of the Parquet library, which damaged files can
// cause, into an error.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = errors.Join(*err, fmt.Errorf("archive: %v", p))
	}
}
