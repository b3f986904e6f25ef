package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sort"

	"github.com/parquet-go/parquet-go"

	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/record"
)

// The columns that this program reads, by version.
var (
	rowSchema    = parquet.SchemaOf(new(row))
	rowOneSchema = parquet.SchemaOf(new(rowOne))
)

// records reads rows, which are ascending, whole. They belong to the caller.
func (t *table) records(ctx context.Context, rows []int64) (out []record.Record, err error) {
	defer recovered(&err)
	out = make([]record.Record, 0, len(rows))
	for i, g := range t.f.RowGroups() {
		n := sort.Search(len(rows), func(k int) bool { return rows[k] >= t.first[i+1] })
		if n == 0 {
			continue
		}
		part := make([]int32, n)
		for k, r := range rows[:n] {
			part[k] = int32(r - t.first[i])
		}
		rows = rows[n:]
		x := &rowGroup{t: t, g: g, columns: g.ColumnChunks(), yield: func() error { return pace.Yield(ctx) }}
		l, err := x.whole(part)
		if err != nil {
			return nil, fmt.Errorf("archive object %s: %w", t.o.Name, err)
		}
		out = append(out, l...)
	}
	if len(rows) > 0 {
		return nil, fmt.Errorf("archive object %s: row %d is missing", t.o.Name, rows[0])
	}
	return out, nil
}

// whole reads rows of a row group with all columns.
func (x *rowGroup) whole(rows []int32) ([]record.Record, error) {
	values := make([]parquet.Row, len(rows))
	schema := rowSchema
	if x.t.one {
		schema = rowOneSchema
	}
	for column, path := range schema.Columns() {
		have, ok := x.t.leaves[path[0]]
		if !ok {
			return nil, fmt.Errorf("there is no column %s", path[0])
		}
		at := 0
		err := x.pages(have, rows, func(first int64, p parquet.Page, part []int32) error {
			for len(part) > 0 { // rows that follow one another at once
				n := 1
				for n < len(part) && part[n] == part[n-1]+1 {
					n++
				}
				lo := int64(part[0]) - first
				if err := appendValues(values[at:at+n], p.Slice(lo, lo+int64(n)), column); err != nil {
					return err
				}
				at, part = at+n, part[n:]
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", path[0], err)
		}
	}
	out := make([]record.Record, len(rows))
	for i := range values {
		var r row
		var err error
		if x.t.one {
			var old rowOne
			err = schema.Reconstruct(&old, values[i])
			r = old.row()
		} else {
			err = schema.Reconstruct(&r, values[i])
		}
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", rows[i], err)
		}
		if err := r.get(&out[i]); err != nil {
			return nil, fmt.Errorf("row %d: %w", rows[i], err)
		}
	}
	return out, nil
}

// appendValues adds the values of a column to rows.
func appendValues(rows []parquet.Row, p parquet.Page, column int) error {
	in := p.Values()
	buf := make([]parquet.Value, 64)
	at := -1
	for {
		n, err := in.ReadValues(buf)
		for _, v := range buf[:n] {
			if v.RepetitionLevel() == 0 {
				at++
			}
			if at < 0 || at >= len(rows) {
				return errors.New("values of other rows")
			}
			rows[at] = append(rows[at], v.Clone().Level(v.RepetitionLevel(), v.DefinitionLevel(), column))
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	if at != len(rows)-1 {
		return fmt.Errorf("values of %d rows, want %d", at+1, len(rows))
	}
	return nil
}
