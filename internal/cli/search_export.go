package cli

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/export"
	"github.com/akashi-audit/akashi/internal/mask"
	"github.com/akashi-audit/akashi/internal/record"
)

// exportFormats are the formats of files, by the names of --format.
func exportFormat(name string) (export.Format, bool) {
	if name == "jsonl" {
		return export.NDJSON, true
	}
	f := export.Format(name)
	return f, slices.Contains(export.Formats(), f)
}

// checkExport refuses options that do not go together with a file.
func (a *app) checkExport(o searchOptions) error {
	f, ok := exportFormat(o.Format)
	switch {
	case o.Out == "" && ok && f != export.CSV && f != export.NDJSON:
		return usage(errors.New(a.p.T("cli.search.needs_out", "format", o.Format)))
	case o.Out != "" && !ok:
		return usage(errors.New(a.p.T("cli.search.out_format", "format", o.Format)))
	case o.Out == "":
		return nil
	}
	for _, name := range []string{o.Out, lossName(o.Out)} {
		if _, err := os.Lstat(name); err == nil {
			return errors.New(a.p.T("cli.evidence.exists", "file", record.Visible(name)))
		}
	}
	return nil
}

// lossName is the report beside a file of Shift_JIS.
func lossName(out string) string { return strings.TrimSuffix(out, ".csv") + ".loss.txt" }

// fileWriter writes the records into the file --out, masked, under a name of its
// own until it is whole.
func (s *search) fileWriter() (write func([]record.Record) error, done, drop func() error, err error) {
	format, _ := exportFormat(s.o.Format)
	part := s.o.Out + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, nil, nil, err
	}
	drop = func() error { return errors.Join(f.Close(), os.Remove(part)) }
	w, err := export.New(f, export.Options{Format: format, Mask: mask.New([]byte(rand.Text()))})
	if err != nil {
		return nil, nil, nil, errors.Join(err, drop())
	}
	write = func(l []record.Record) error {
		for i := range l {
			if err := w.Write(&l[i]); err != nil {
				return err
			}
		}
		return nil
	}
	done = func() error {
		if err := errors.Join(w.Close(), f.Sync(), f.Close()); err != nil {
			return errors.Join(fmt.Errorf("write %s: %w", part, err), os.Remove(part))
		}
		if err := os.Rename(part, s.o.Out); err != nil {
			return err
		}
		return s.tellFile(w)
	}
	return write, done, drop, nil
}

// tellFile says what became of the records; characters that Shift_JIS could not
// hold make the command end with exitSkipped.
func (s *search) tellFile(w *export.Writer) error {
	r := w.Result()
	s.note("cli.search.written", "n", r.Records, "file", record.Visible(s.o.Out))
	if r.Masked > 0 {
		s.note("job.export.masked", "n", r.Masked)
	}
	if r.Cut > 0 {
		s.note("job.export.cut", "n", r.Cut)
	}
	if !w.Loss() {
		return nil
	}
	name := lossName(s.o.Out)
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(w.WriteLoss(f, s.o.Out, s.p.T), f.Close()); err != nil {
		return err
	}
	s.note("job.export.changed", "n", r.Changed)
	if r.Lost > 0 {
		s.note("cli.search.lost", "n", r.Lost, "file", record.Visible(name))
		return &exit{code: exitSkipped}
	}
	return nil
}
