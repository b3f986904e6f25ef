package server

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/evidence"
	"github.com/akashi-audit/akashi/internal/export"
	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/mask"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/web"
)

// work is the jobs that need the engine.
type work struct {
	e       *engine.Engine
	gate    *gate
	data    *dataSource
	version string
	now     func() time.Time
}

// stamp is a moment as part of a file's name.
func (w work) stamp(zone *time.Location) string { return w.now().In(zone).Format("20060102-150405") }

// export writes found records into a file.
func (w work) export(ctx context.Context, t *job.Task) error {
	var x web.ExportRequest
	if err := t.Params(&x); err != nil {
		return err
	}
	zone, err := time.LoadLocation(x.Zone)
	if err != nil {
		return fmt.Errorf("zone of the export: %w", err)
	}
	src, p := exportSource{w.e, w.gate}, i18n.For(x.Lang)
	if x.Lang == "" {
		p = i18n.For(w.e.Config().Language)
	}
	q := x.Query
	q.Lists = query.ListResults
	facets, err := src.Facets(ctx, q)
	if err != nil {
		return err
	}
	opt := export.Options{
		Format: x.Format, Zone: zone, Entity: x.Entity,
	}
	if x.Lang != "" {
		opt.Header = func(f string) string { return p.T("web.csv." + f) }
		opt.Word = func(f, v string) string { return p.T("web." + f + "." + v) }
	}
	if opt.Temp, err = t.Dir(); err != nil {
		return err
	}
	if !x.Unmask {
		opt.Mask = mask.New([]byte(t.ID())) // the commitments go nowhere
	}
	name := "akashi-" + w.stamp(zone)
	out, err := t.Create(name + x.Format.Ext())
	if err != nil {
		return err
	}
	done := func() (r export.Result, unread []string, ew *export.Writer, err error) {
		if ew, err = export.New(out, opt); err != nil {
			return r, nil, nil, err
		}
		unread, err = export.Copy(ctx, src, x.Query, ew, func(n int64) { t.Progress(n, max(int64(facets.Total), n), "records") })
		if err != nil {
			return r, unread, ew, err
		}
		err = ew.Close()
		return ew.Result(), unread, ew, err
	}
	r, unread, ew, err := done()
	if err != nil {
		return errors.Join(err, out.Abort())
	}
	f, err := out.Close(ctx)
	if err != nil {
		return err
	}
	if err := w.sealExport(ctx, t, x, f, r); err != nil {
		return err
	}
	if ew.Loss() {
		if err := writeLoss(ctx, t, ew, name, p); err != nil {
			return err
		}
	}
	tellExport(t, r, len(unread))
	if n := len(facets.Taken); n > 0 {
		t.Say("info", "job.export.taken", "n", count(int64(n)))
	}
	return nil
}

func (w work) sealExport(ctx context.Context, t *job.Task, x web.ExportRequest, f *job.File, r export.Result) error {
	var sum seal.Hash
	if err := sum.UnmarshalText([]byte(f.SHA256)); err != nil {
		return err
	}
	return w.e.SealExport(ctx, engine.Export{Query: x.Text, Format: string(x.Format), File: f.Name, Size: f.Size, Records: r.Records, Masked: r.Masked}, sum, t.By().Name, x.Ground, x.Unmask)
}

// writeLoss writes the report of Shift_JIS beside the file.
func writeLoss(ctx context.Context, t *job.Task, ew *export.Writer, name string, p *i18n.Printer) error {
	out, err := t.Create(name + ".loss.txt")
	if err != nil {
		return err
	}
	if err := ew.WriteLoss(out, name+".csv", p.T); err != nil {
		return errors.Join(err, out.Abort())
	}
	_, err = out.Close(ctx)
	return err
}

func tellExport(t *job.Task, r export.Result, unread int) {
	say := func(level, key string, n int64) {
		if n > 0 {
			t.Say(level, key, "n", strconv.FormatInt(n, 10))
		}
	}
	t.Say("info", "job.export.done", "n", strconv.FormatInt(r.Records, 10))
	say("info", "job.export.masked", r.Masked)
	say("info", "job.export.changed", r.Changed)
	say("warn", "job.export.lost", r.Lost)
	say("warn", "job.export.cut", r.Cut)
	if r.Sheets > 1 {
		say("info", "job.export.sheets", int64(r.Sheets))
	}
	say("warn", "job.export.unread", int64(unread))
}

// evidence makes a bundle. It is the one place that knows how the engine makes
// them.
func (w work) evidence(ctx context.Context, t *job.Task) error {
	var x web.ExportRequest
	if err := t.Params(&x); err != nil {
		return err
	}
	dir, err := t.Dir()
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(x.Zone)
	if err != nil {
		return fmt.Errorf("zone of the bundle: %w", err)
	}
	name := "evidence-" + w.stamp(zone) + ".zip"
	v, err := viewOf(ctx, w.e)
	if err != nil {
		return err
	}
	res, err := v.Evidence(ctx, evidence.Options{
		Case: x.Case, By: t.By().Name, Ground: x.Ground, Unmask: x.Unmask, Query: x.Query, Software: "akashi " + w.version, Out: filepath.Join(dir, name),
		Progress: func(records, _ int64) { t.Progress(records, 0, "records") },
		Writing:  func(done, all int64) { t.Progress(done, all, "bytes") },
	})
	if errors.Is(err, evidence.ErrNone) {
		return &job.Error{Key: "job.evidence.none", Err: err}
	}
	if err != nil {
		return err
	}
	if _, err := t.Keep(ctx, name); err != nil {
		return err
	}
	t.Say("info", "job.evidence.done", "n", strconv.FormatInt(res.Records, 10), "events", strconv.FormatInt(res.Events, 10))
	if res.Masked > 0 {
		t.Say("info", "job.export.masked", "n", strconv.FormatInt(res.Masked, 10))
	}
	if res.Left > 0 {
		t.Say("warn", "job.evidence.left", "n", strconv.FormatInt(res.Left, 10))
	}
	if !res.Anchored {
		t.Say("warn", "job.evidence.unanchored")
	}
	return nil
}
