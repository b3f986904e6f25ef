package evidence

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/record"
)

// partRecords is how many records one Parquet member holds at most.
const partRecords = 200_000

func (m *maker) writeRecords(ctx context.Context, z *zipper) (err error) {
	if err := z.file(manifest.RecordsName, m.spool.f); err != nil {
		return err
	}
	table, parts, err := m.tables(ctx)
	for i, f := range append([]*os.File{table}, parts...) {
		name := manifest.TableName
		if i > 0 {
			name = "records.parquet"
		}
		if i > 1 {
			name = fmt.Sprintf("records-%d.parquet", i)
		}
		if err == nil {
			err = z.file(name, f)
		}
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return err
}

// tables makes the CSV and the Parquet members beside each other, as temporary files, so
// that the records are read back once. The files are to be closed on an error, too.
func (m *maker) tables(ctx context.Context) (table *os.File, parts []*os.File, err error) {
	if table, err = os.CreateTemp(m.tmp, "table-*"); err != nil {
		return nil, nil, fmt.Errorf("evidence: %w", err)
	}
	w := bufio.NewWriterSize(table, 1<<16)
	t, err := record.NewTable(w)
	if err != nil {
		return table, nil, err
	}
	recs := m.sorter(0)
	flush := func() error {
		f, err := os.CreateTemp(m.tmp, "parquet-*")
		if err != nil {
			return fmt.Errorf("evidence: %w", err)
		}
		parts = append(parts, f)
		out := bufio.NewWriterSize(f, 1<<16)
		err = errors.Join(recs.Write(ctx, out), out.Flush(), recs.Close())
		recs = m.sorter(len(parts))
		return err
	}
	err = m.records(ctx, func(r *record.Record) error {
		if err := t.Write(r); err != nil {
			return err
		}
		if err := recs.Add(r); err != nil {
			return err
		}
		if recs.Len() == partRecords {
			return flush()
		}
		return nil
	})
	if err == nil && recs.Len() > 0 {
		err = flush()
	}
	return table, parts, errors.Join(err, recs.Close(), t.Flush(), w.Flush())
}

// sorter puts the records of a Parquet member in order; its file goes away with the
// folder of temporary files.
func (m *maker) sorter(part int) *archive.Sorter {
	return archive.NewSorter(func() (fsx.File, error) {
		return fsx.OS{}.OpenFile(filepath.Join(m.tmp, fmt.Sprintf("sort-%d", part)), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	})
}

// records reads the records back as they are shown.
func (m *maker) records(ctx context.Context, fn func(*record.Record) error) error {
	return m.spool.lines(ctx, func(line []byte) error {
		var r record.Record
		if err := json.Unmarshal(line, &r); err != nil {
			return fmt.Errorf("read back a record: %w", err)
		}
		return fn(&r)
	})
}

func (m *maker) writeProofs(_ context.Context, z *zipper) error {
	for _, f := range []struct {
		name string
		v    any
	}{{"coverage.json", m.covers}, {manifest.SelectionName, m.sel}, {manifest.ProofsName, m.proofs}} {
		b, err := manifest.Encode(f.v)
		if err != nil {
			return err
		}
		if err := z.bytes(f.name, b); err != nil {
			return err
		}
	}
	if err := z.bytes(manifest.PointName, m.point.Text); err != nil {
		return err
	}
	if err := m.writeStamps(z); err != nil {
		return err
	}
	if err := m.writeHeads(z); err != nil {
		return err
	}
	for i, k := range m.proofs.Keys {
		if err := z.bytes(fmt.Sprintf("keys/%d.pub", i+1), []byte(k+"\n")); err != nil {
			return err
		}
	}
	return nil
}
