package evidence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/record"
)

// partRecords is how many records one Parquet member holds at most.
const partRecords = 200_000

func (m *maker) writeRecords(ctx context.Context, z *zipper) error {
	if err := z.file(manifest.RecordsName, m.spool.f); err != nil {
		return err
	}
	err := z.member(manifest.TableName, func(w io.Writer) error {
		t, err := record.NewTable(w)
		if err != nil {
			return err
		}
		return errors.Join(m.records(ctx, t.Write), t.Flush())
	})
	if err != nil {
		return err
	}
	part := 0
	recs := m.sorter(part)
	flush := func() error {
		part++
		name := "records.parquet"
		if part > 1 {
			name = fmt.Sprintf("records-%d.parquet", part)
		}
		err := z.member(name, func(w io.Writer) error { return recs.Write(ctx, w) })
		err = errors.Join(err, recs.Close())
		recs = m.sorter(part)
		return err
	}
	err = m.records(ctx, func(r *record.Record) error {
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
	return errors.Join(err, recs.Close())
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
	for i, k := range m.proofs.Keys {
		if err := z.bytes(fmt.Sprintf("keys/%d.pub", i+1), []byte(k+"\n")); err != nil {
			return err
		}
	}
	return nil
}
