package server

import (
	"context"
	"errors"
	"strings"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/api"
	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/store"
	"github.com/akashi-audit/akashi/internal/web"
)

// restoring are the kinds of jobs that restore archived days, and release them.
func (w work) restoring() []job.Kind {
	return []job.Kind{
		{Name: "restore", Lane: job.Care, Restart: true, Run: w.restore},
		{Name: "release_days", Lane: job.Care, Restart: true, Run: w.release},
	}
}

// restorePeriod is what the parameters of a job name.
func restorePeriod(ctx context.Context, t *job.Task) (engine.Period, error) {
	var x web.RestoreRequest
	if err := t.Params(&x); err != nil {
		return engine.Period{}, err
	}
	if whole(ctx) != nil {
		return engine.Period{}, &job.Error{Key: "web.data.restricted"}
	}
	return engine.Period{Servers: x.Servers, From: x.From, To: x.To}, nil
}

// restore makes archived days fast to search. It gives way to searches.
func (w work) restore(ctx context.Context, t *job.Task) error {
	p, err := restorePeriod(ctx, t)
	if err != nil {
		return err
	}
	s, err := w.e.Restore(w.gate.aside(ctx), engine.RestoreRequest{Period: p, By: t.By().Name, Progress: func(x engine.RestoreProgress) { t.Progress(x.Done, x.All, "bytes") }})
	var full *store.SpaceError
	switch {
	case errors.As(err, &full):
		return &job.Error{Key: "job.restore.full", Args: []string{"free", count(int64(full.Free >> 20)), "need", count(int64(full.Need >> 20))}, Err: err}
	case errors.Is(err, engine.ErrRestoring):
		return &job.Error{Key: "job.restore.busy", Err: err}
	case errors.Is(err, archive.ErrUnsealed):
		return &job.Error{Key: "job.restore.unsealed", Err: err}
	}
	if s != nil {
		t.Say("info", "job.restore.done", "days", count(int64(s.Days)), "records", count(s.Records), "size", count(s.Bytes>>10), "current", count(int64(s.Current)))
		if s.Held > 0 {
			t.Say("info", "job.restore.held", "days", count(int64(s.Held)))
		}
	}
	return err
}

// release removes what is restored.
func (w work) release(ctx context.Context, t *job.Task) error {
	p, err := restorePeriod(ctx, t)
	if err != nil {
		return err
	}
	s, err := w.e.Release(ctx, p, t.By().Name)
	if errors.Is(err, engine.ErrRestoring) {
		return &job.Error{Key: "job.restore.busy", Err: err}
	}
	if err != nil {
		return err
	}
	t.Say("info", "job.release.done", "days", count(int64(s.Days)), "size", count(s.Bytes>>10))
	return nil
}

// Restored says which days of a server the archive alone has, and what is restored.
func (d *dataSource) Restored(ctx context.Context, server string) ([]web.RestoredDay, error) {
	if err := whole(ctx); err != nil {
		return nil, err
	}
	l, err := d.e.Archived(ctx)
	if err != nil {
		return nil, err
	}
	var out []web.RestoredDay
	for _, x := range l {
		if !x.Held && x.Server == server {
			out = append(out, web.RestoredDay{Day: x.Day, Records: x.Records, Restored: x.Restored, Stale: x.Stale, Size: x.Size})
		}
	}
	return out, nil
}

// Restore starts what the page of the data would start.
func (s apiJobs) Restore(ctx context.Context, v *account.Visitor, o api.RestoreOrder) (*job.Job, error) {
	kind := "restore"
	if o.Release {
		kind = "release_days"
	}
	x := web.RestoreRequest{Servers: o.Servers, From: o.From, To: o.To}
	return s.Submit(ctx, v, job.Request{Kind: kind, Params: x, About: strings.TrimSpace(strings.Join(o.Servers, " ") + " " + o.From + " – " + o.To), Need: account.See | account.Manage})
}

// Archived lists the days of the archive.
func (k keeping) Archived(ctx context.Context) ([]api.ArchivedDay, error) {
	if err := whole(ctx); err != nil {
		return nil, missing(err)
	}
	l, err := k.data.e.Archived(ctx)
	if err != nil {
		return nil, err
	}
	var out []api.ArchivedDay
	for _, x := range l {
		out = append(out, api.ArchivedDay{
			Server: x.Server, Day: x.Day, Records: x.Records, Bytes: x.Bytes, Held: x.Held, Restored: x.Restored, Stale: x.Stale, Size: x.Size, Made: api.Time(x.Made), By: x.By,
		})
	}
	return out, nil
}
