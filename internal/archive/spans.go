package archive

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/rawfile"
)

// hashed fills holes between spans and the ends, and hashes each.
func hashed(r io.ReaderAt, size int64, l []manifest.Span) ([]manifest.Span, error) {
	slices.SortFunc(l, func(a, b manifest.Span) int { return cmp.Compare(a.Offset, b.Offset) })
	var out []manifest.Span
	at := int64(0)
	fill := func(to int64) {
		if to > at {
			what := "structure"
			if at == 0 {
				what = "head"
			} else if to == size {
				what = "directory"
			}
			out = append(out, manifest.Span{Offset: at, Size: to - at, What: what})
		}
	}
	for _, s := range l {
		if s.Size <= 0 || s.Offset < at || s.Offset+s.Size > size {
			return nil, fmt.Errorf("part %q at %d has %d bytes of %d and overlaps", s.What, s.Offset, s.Size, size)
		}
		fill(s.Offset)
		out = append(out, s)
		at = s.Offset + s.Size
	}
	fill(size)
	for i := range out {
		var err error
		if out[i].SHA256, err = hashAll(r, out[i].Offset, out[i].Size); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// spanBytes is how many bytes small pages that follow one another in a row group have
// together at most when they are one span: else the manifest of a day of few records would
// be larger than its records.
const spanBytes = 4 << 10

// pageSpans collects the pages of a file, small ones of a row group together.
type pageSpans struct {
	l    []manifest.Span
	rows string // of the last span
	from string // its first column
}

func (p *pageSpans) add(at, size int64, rows, values, column string) {
	if n := len(p.l); n > 0 && p.rows == rows && p.l[n-1].Offset+p.l[n-1].Size == at && p.l[n-1].Size+size <= spanBytes {
		last := &p.l[n-1]
		last.Size += size
		if last.What = rows + ", " + column; p.from != column {
			last.What = rows + ", " + p.from + " to " + column
		}
		return
	}
	p.l = append(p.l, manifest.Span{Offset: at, Size: size, What: rows + ", " + values + column})
	p.rows, p.from = rows, column
}

// parquetSpans are the pages of the file: each names its rows and its column, or its
// columns.
func parquetSpans(r io.ReaderAt, size int64) (_ []manifest.Span, err error) {
	defer recovered(&err)
	f, err := parquet.OpenFile(r, size)
	if err != nil {
		return nil, fmt.Errorf("open archive: %w", err)
	}
	var l pageSpans
	first := int64(0)
	index := f.OffsetIndexes()
	n := 0
	for _, g := range f.Metadata().RowGroups {
		for _, c := range g.Columns {
			m := &c.MetaData
			name := strings.Join(m.PathInSchema, ".")
			if d := m.DictionaryPageOffset; d > 0 {
				l.add(d, m.DataPageOffset-d, fmt.Sprintf("rows %d-%d", first, first+g.NumRows-1), "values of ", name)
			}
			pages := []format.PageLocation{{Offset: m.DataPageOffset, CompressedPageSize: int32(pagesEnd(m) - m.DataPageOffset)}}
			if n < len(index) { // else it is one page
				pages = index[n].PageLocations
			}
			n++
			for i, p := range pages {
				last := g.NumRows
				if i+1 < len(pages) {
					last = pages[i+1].FirstRowIndex
				}
				l.add(p.Offset, int64(p.CompressedPageSize), fmt.Sprintf("rows %d-%d", first+p.FirstRowIndex, first+last-1), "", name)
			}
		}
		first += g.NumRows
	}
	return hashed(r, size, l.l)
}

// pagesEnd is where the pages of a column of a row group end.
func pagesEnd(m *format.ColumnMetaData) int64 {
	begin := m.DataPageOffset
	if m.DictionaryPageOffset > 0 {
		begin = min(begin, m.DictionaryPageOffset)
	}
	return begin + m.TotalCompressedSize
}

// rawSpans are the blocks of the file.
func rawSpans(r io.ReaderAt, size int64, blocks []*rawfile.Block) ([]manifest.Span, error) {
	var l []manifest.Span
	for _, b := range blocks {
		l = append(l, manifest.Span{Offset: b.Offset, Size: b.Size, What: fmt.Sprintf("%s, ids %d-%d", b.Channel, b.Runs[0].Lo, b.Runs[len(b.Runs)-1].Hi)})
	}
	return hashed(r, size, l)
}
