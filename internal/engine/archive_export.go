package engine

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/evtx"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/record"
)

// exportNote stands beside what is exported.
const exportNote = `このフォルダーは akashi の保管庫から書き出したものです。
名前に「再構成」とある EVTX は、保管した生イベントの全項目から作り直したもので、元のファイルそのものではありません。
records.jsonl と records.csv は封印された記録です。消去された記録と、その元の生イベントは含みません。

This folder was written from the archive of akashi.
EVTX files with 再構成 ("rebuilt") in their name were made again from all fields of the archived raw events: they are not the original files.
records.jsonl and records.csv are the sealed records. Erased records, and the raw events behind them, are not in here.
`

// Exported counts what an export wrote.
type Exported struct {
	Days    int      `json:"days"` // of servers
	Records int64    `json:"records"`
	Events  int64    `json:"events"`
	Refused []string `json:"refused"` // events that EVTX cannot hold, and why
}

// ExportProgress is how far an export is.
type ExportProgress struct{ Records, AllRecords, Events, AllEvents int64 }

// exporting counts while it is exported.
type exporting struct {
	*Exported
	all  ExportProgress
	tell func(ExportProgress) // nil = nobody
}

// step tells what was written, after so many more of both kinds.
func (x *exporting) step(every int64) {
	if x.tell != nil && (x.Records+x.Events)%every == 0 {
		x.tell(ExportProgress{x.Records, x.all.AllRecords, x.Events, x.all.AllEvents})
	}
}

// inPeriod reports whether a day lies between two, both included; "" = no bound.
func inPeriod(day, from, to string) bool {
	return (from == "" || day >= from) && (to == "" || day <= to)
}

// ExportArchive writes the archived days from one to another, both included
// (2026-11-23; "" = no bound), into the folder dest, which must be missing or
// empty: records as JSON Lines and CSV, raw events as EVTX.
func (e *Engine) ExportArchive(ctx context.Context, dest, from, to string, progress func(ExportProgress)) (*Exported, error) {
	if l, err := os.ReadDir(dest); err == nil && len(l) > 0 {
		return nil, fmt.Errorf("folder %s is not empty: name an empty or a new one", dest)
	}
	out := &exporting{Exported: &Exported{Refused: []string{}}, tell: progress}
	err := e.withArchive(ctx, func(a *archive.Archive) error {
		days, err := a.Days(ctx)
		if err != nil {
			return err
		}
		if _, why := a.Unread(); why != nil {
			return fmt.Errorf("the archive cannot be read whole: %w", why)
		}
		days = slices.DeleteFunc(days, func(d manifest.Day) bool { return !inPeriod(d.Day, from, to) })
		for _, d := range days {
			out.all.AllRecords += d.Records
			out.all.AllEvents += d.Events
		}
		last := ""
		for _, d := range days {
			dir := filepath.Join(dest, archive.SafeName(d.Server), d.Day)
			if dir == last {
				continue
			}
			last = dir
			if err := os.MkdirAll(dir, 0o700); err != nil {
				return fmt.Errorf("make folder of the export: %w", err)
			}
			if err := e.exportRecords(ctx, a, d.Server, d.Day, dir, out); err != nil {
				return err
			}
			out.Days++
			out.step(1)
		}
		for _, server := range a.Servers() {
			streams, err := a.Shown(ctx, server)
			if err != nil {
				return err
			}
			for _, s := range streams {
				if !inPeriod(s.Day, from, to) {
					continue
				}
				name := fmt.Sprintf("%s-%d-%04d.再構成.evtx", archive.SafeName(s.Channel), s.Generation, s.Part)
				if err := exportEvents(filepath.Join(dest, archive.SafeName(server), s.Day, name), s, out, newFile); err != nil {
					return err
				}
				out.step(1)
			}
		}
		if out.Days == 0 {
			return nil
		}
		return os.WriteFile(filepath.Join(dest, "説明.txt"), []byte(exportNote), 0o600)
	})
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return out.Exported, nil
}

func (e *Engine) exportRecords(ctx context.Context, a *archive.Archive, server, day, dir string, out *exporting) (err error) {
	lines, err := newExport(filepath.Join(dir, "records.jsonl"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lines.close()) }()
	table, err := newExport(filepath.Join(dir, "records.csv"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, table.close()) }()
	if _, err := table.WriteString("\ufeff"); err != nil {
		return err
	}
	w := csv.NewWriter(table)
	if err := w.Write(record.Fields()); err != nil {
		return err
	}
	var b []byte
	err = a.Records(ctx, server, day, func(r *record.Record) error {
		out.Records++
		out.step(1024)
		b = append(r.AppendJSON(b[:0]), '\n')
		_, err := lines.Write(b)
		return errors.Join(err, w.Write(r.CSV()))
	})
	w.Flush()
	return errors.Join(err, w.Error())
}

// export is a file that is being written; close syncs it.
type export struct {
	*bufio.Writer
	f *os.File
}

func newExport(path string) (*export, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &export{bufio.NewWriterSize(f, 1<<16), f}, nil
}

func (x *export) close() error { return errors.Join(x.Flush(), x.f.Sync(), x.f.Close()) }

// exportEvents writes one stream, in further files when one is full. open makes them.
func exportEvents(path string, s archive.Stream, out *exporting, open func(name string) (syncedFile, error)) (err error) {
	var w *evtx.Writer
	var f *evtxFile
	files := 0
	end := func() error {
		if w == nil {
			return nil
		}
		err := errors.Join(w.Close(), f.Sync(), f.Close())
		w = nil
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	begin := func() (err error) {
		if err := end(); err != nil {
			return err
		}
		name := path
		if files++; files > 1 {
			name = fmt.Sprintf("%s.%d.evtx", path, files)
		}
		file, err := open(name)
		if err != nil {
			return err
		}
		f = &evtxFile{syncedFile: file}
		w, err = evtx.NewWriter(f, evtx.WriterOptions{})
		return err
	}
	if err := begin(); err != nil {
		return err
	}
	for ev, err := range s.Events {
		if err != nil {
			return err
		}
		err = w.Write(ev)
		if errors.Is(err, evtx.ErrFull) {
			if err := begin(); err != nil {
				return err
			}
			err = w.Write(ev)
		}
		if f.failed != nil { // no event is to blame
			return f.failed
		}
		if err != nil {
			out.Refused = append(out.Refused, fmt.Sprintf("%s: event %d: %v", filepath.Base(path), ev.RecordID, err))
			continue
		}
		out.Events++
		out.step(1024)
	}
	return nil
}

// syncedFile is a file that is written.
type syncedFile interface {
	io.WriteSeeker
	Sync() error
	Close() error
}

func newFile(name string) (syncedFile, error) {
	return os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}

// evtxFile remembers that it could not be written.
type evtxFile struct {
	syncedFile
	failed error
}

func (f *evtxFile) Write(b []byte) (int, error) {
	n, err := f.syncedFile.Write(b)
	if err != nil {
		f.failed = err
	}
	return n, err
}
