package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
	"github.com/akashi-audit/akashi/internal/web"
)

// summaryFiles is how many files a kept summary lists.
const summaryFiles = 500

// importLogs is a job of kind "import". What was committed stays when it ends in
// the middle; it may begin anew.
func (w work) importLogs(ctx context.Context, t *job.Task) error {
	var x web.ImportRequest
	if err := t.Params(&x); err != nil {
		return err
	}
	req := engine.ImportRequest{Paths: x.Paths, KeepOriginal: x.KeepOriginal, Importer: t.By().Name}
	var up web.Uploaded
	if x.Upload {
		b, err := os.ReadFile(filepath.Join(t.Input(), web.UploadList))
		if err == nil {
			err = json.Unmarshal(b, &up)
		}
		if err != nil {
			return fmt.Errorf("list of uploaded files: %w", err)
		}
		req.KeepOriginal = up.KeepOriginal
		for _, name := range up.Files {
			req.Paths = append(req.Paths, filepath.Join(t.Input(), filepath.FromSlash(name)))
		}
	}
	before, err := w.e.Status(ctx)
	if err != nil {
		return err
	}
	sum, err := w.e.Import(ctx, req, func(p engine.Progress) { t.Progress(p.BytesDone, p.Bytes, "bytes") })
	var simulated *engine.SimulatedError
	if errors.As(err, &simulated) {
		return &job.Error{Key: "job.import.simulated", Err: err}
	}
	if err != nil {
		return err
	}
	after, err := w.e.Status(ctx)
	if err != nil {
		return err
	}
	s := importSummary(sum, before, after)
	s.Left, s.LeftN = up.Left, up.LeftN
	db, err := w.e.State(ctx)
	if err != nil {
		return err
	}
	if err := db.Keep(ctx, "import "+t.ID(), "", w.now(), s); err != nil {
		return err
	}
	n := func(x int64) string { return strconv.FormatInt(x, 10) }
	t.Say("info", "job.import.said", "files", n(int64(len(sum.Files))), "events", n(sum.Events), "records", n(sum.Records))
	for _, a := range sum.Again {
		key := "job.import.window"
		if a.Whole {
			key = "job.import.window_end"
		}
		t.Say("info", key, "server", a.Server, "from", a.From.Format(time.DateTime), "to", a.To.Format(time.DateTime), "events", n(a.Events))
	}
	if bad := sum.Damaged + sum.Skipped; bad > 0 {
		t.Say("warn", "job.import.bad", "n", n(int64(bad)))
	}
	return nil
}

// importSummary is what an import brought, in the words of the pages.
func importSummary(sum *engine.Summary, before, after *engine.Status) *web.ImportSummary {
	s := &web.ImportSummary{Events: sum.Events, Duplicates: sum.Duplicates, Records: sum.Records, Skipped: sum.Skipped, Damaged: sum.Damaged}
	files := slices.Clone(sum.Files)
	bad := func(f *store.Import) int { // those with damage first
		if f.Error != "" || len(f.Damage) > 0 {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(files, func(a, b store.Import) int { return bad(&a) - bad(&b) })
	for i := range files {
		if i == summaryFiles {
			s.More = len(files) - i
			break
		}
		s.Files = append(s.Files, webImport(&files[i]))
	}
	known := map[string]int64{}
	for i := range before.Servers {
		known[before.Servers[i].Name] = before.Servers[i].Events
	}
	for i := range after.Servers {
		if x := &after.Servers[i]; x.Name != record.OwnServer && x.Events != known[x.Name] {
			s.Servers = append(s.Servers, x.Name)
		}
	}
	return s
}

// reconvert is a job of kind "reconvert".
func (w work) reconvert(ctx context.Context, t *job.Task) error {
	var x care.Reconversion
	if err := t.Params(&x); err != nil {
		return err
	}
	sum, err := w.e.Reconvert(ctx, engine.ReconvertRequest{DryRun: x.DryRun}, func(p engine.Progress) { t.Progress(p.Events, p.AllEvents, "events") })
	if err != nil {
		return err
	}
	n := func(x int64) string { return strconv.FormatInt(x, 10) }
	for _, s := range sum.Servers {
		t.Say("info", "job.reconvert.said", "server", s.Server, "before", n(s.Before), "changed", n(s.Changed), "gone", n(s.Gone), "added", n(s.Added))
	}
	return nil
}

// imported shows the pages what the import of logs needs.
type imported struct{ e *engine.Engine }

var _ web.Imports = imported{}

// Free is the free space of the data folder.
func (i imported) Free() (int64, error) {
	n, err := fsx.Free(i.e.Dir())
	return int64(min(n, 1<<62)), err
}

// Summary is what an import brought.
func (i imported) Summary(ctx context.Context, id string) (*web.ImportSummary, error) {
	db, err := i.e.State(ctx)
	if err != nil {
		return nil, err
	}
	var s web.ImportSummary
	_, _, ok, err := db.Known(ctx, "import "+id, &s)
	if err != nil || !ok {
		return nil, err
	}
	return &s, nil
}

// Allowed follows every link of the path before it is held against the folders:
// a link inside one may lead out of it.
func (i imported) Allowed(path string) (string, error) {
	if !filepath.IsAbs(path) || strings.ContainsRune(path, 0) {
		return "", web.ErrNotAllowed
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", web.ErrNotAllowed
	}
	data, err := filepath.EvalSymlinks(i.e.Dir())
	if err != nil || within(data, real) || within(real, data) {
		return "", web.ErrNotAllowed
	}
	for _, f := range i.e.Config().Import.Folders {
		if root, err := filepath.EvalSymlinks(f); err == nil && within(root, real) {
			return real, nil
		}
	}
	return "", web.ErrNotAllowed
}

// within reports whether path is dir or lies below it.
func within(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) && filepath.IsLocal(rel)
}
