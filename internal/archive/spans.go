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

// parquetSpans are the pages of the file: each names its rows and its column.
func parquetSpans(r io.ReaderAt, size int64) (l []manifest.Span, err error) {
	defer recovered(&err)
	f, err := parquet.OpenFile(r, size)
	if err != nil {
		return nil, fmt.Errorf("open archive: %w", err)
	}
	first := int64(0)
	index := f.OffsetIndexes()
	n := 0
	for _, g := range f.Metadata().RowGroups {
		for _, c := range g.Columns {
			m := &c.MetaData
			name := strings.Join(m.PathInSchema, ".")
			if d := m.DictionaryPageOffset; d > 0 {
				l = append(l, manifest.Span{Offset: d, Size: m.DataPageOffset - d, What: fmt.Sprintf("rows %d-%d, values of %s", first, first+g.NumRows-1, name)})
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
				l = append(l, manifest.Span{Offset: p.Offset, Size: int64(p.CompressedPageSize), What: fmt.Sprintf("rows %d-%d, %s", first+p.FirstRowIndex, first+last-1, name)})
			}
		}
		first += g.NumRows
	}
	return hashed(r, size, l)
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
