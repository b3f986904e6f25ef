package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// export writes the records as Parquet, straight from the generators, so that
// the store has no part in what it is compared with: one file per server and
// day. A folder that is not empty is left as it is when a measurement of the
// same records made it.
func (r *runner) export(ctx context.Context) error {
	if r.ready && r.res.ParquetBytes > 0 {
		if n, err := diskUse(r.opt.Parquet); err == nil && n == r.res.ParquetBytes {
			return nil
		}
	}
	entries, err := os.ReadDir(r.opt.Parquet)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("folder of the Parquet files: %w", err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s: %w", r.opt.Parquet, ErrForeign)
	}
	if err := os.MkdirAll(r.opt.Parquet, 0o700); err != nil {
		return err
	}
	start := time.Now()
	gens, err := r.generators()
	if err != nil {
		return err
	}
	done := 0
	for i, g := range gens {
		if err := r.exportServer(ctx, g, i, &done); err != nil {
			return err
		}
	}
	r.res.ParquetSeconds = time.Since(start).Seconds()
	r.res.ParquetBytes, err = diskUse(r.opt.Parquet)
	if err == nil && r.ready {
		err = r.note()
	}
	return err
}

// exportServer writes a server's files. Records of one commit of the load have
// one time of arrival.
func (r *runner) exportServer(ctx context.Context, g *simulate.Bulk, server int, done *int) error {
	var day []record.Record
	part := make([]record.Record, min(commitRecords, r.opt.Records))
	number, until := 0, g.Start().AddDate(0, 0, 1)
	flush := func() error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(day) > 0 {
			name := fmt.Sprintf("fs%02d-%s.parquet", server+1, until.AddDate(0, 0, -1).Format("20060102"))
			if err := writeParquet(filepath.Join(r.opt.Parquet, name), day); err != nil {
				return err
			}
		}
		*done += len(day)
		r.progress("parquet", *done, r.opt.Records, "")
		clear(day)
		day = day[:0]
		number++
		until = g.Start().AddDate(0, 0, number+1)
		return nil
	}
	for n := g.Next(part); n > 0; n = g.Next(part) {
		received := receivedAt(part[:n])
		for i := range part[:n] {
			part[i].Received = received
			for part[i].Time >= until.UnixNano() {
				if err := flush(); err != nil {
					return err
				}
			}
			day = append(day, part[i])
		}
	}
	return flush()
}

// receivedAt is when the store took a commit of these records.
func receivedAt(l []record.Record) int64 { return l[len(l)-1].Time + int64(2*time.Second) }

func writeParquet(path string, l []record.Record) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(archive.Write(f, l), f.Close())
}
