package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/hold"
	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/pool"
	"github.com/akashi-audit/akashi/internal/store"
)

// care are the kinds of jobs that look after the data folder.
func (w work) care() []job.Kind {
	return []job.Kind{
		{Name: "archive", Lane: job.Care, Restart: true, Run: w.archive},
		{Name: "verify", Lane: job.Care, Restart: true, Run: w.verify},
		{Name: "check", Lane: job.Care, Restart: true, Run: w.check},
		{Name: "coverage", Lane: job.Care, Restart: true, Run: w.coverage},
		{Name: "expire", Lane: job.Care, Run: w.expire}, // deleting is ordered anew, never by itself
		{Name: "expire_kept", Lane: job.Care, Run: w.expireKept},
		{Name: "heal", Lane: job.Care, Restart: true, Run: w.heal},
		{Name: "scrub", Lane: job.Care, Restart: true, Run: w.scrub},
		{Name: "drain", Lane: job.Care, Restart: true, Run: w.drain},
		{Name: "remove", Lane: job.Care, Run: w.remove}, // like deleting, ordered anew
		{Name: "replace", Lane: job.Care, Restart: true, Run: w.replace},
		{Name: "tier", Lane: job.Care, Restart: true, Run: w.tier},
		{Name: "renew", Lane: job.Care, Restart: true, Run: w.renew},
	}
}

func count(n int64) string { return strconv.FormatInt(n, 10) }

// result writes a small file into the results.
func result(ctx context.Context, t *job.Task, name string, write func(io.Writer) error) error {
	out, err := t.Create(name)
	if err != nil {
		return err
	}
	if err := write(out); err != nil {
		return errors.Join(err, out.Abort())
	}
	_, err = out.Close(ctx)
	return err
}

// asJSON writes v as indented JSON.
func asJSON(v any) func(io.Writer) error {
	return func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(v)
	}
}

// archive seals the closed days.
func (w work) archive(ctx context.Context, t *job.Task) error {
	l, err := w.e.SealArchive(ctx, engine.SealRequest{By: t.By().Name, Step: func(p archive.SealProgress) { t.Progress(p.Rows, p.AllRows, "rows") }})
	if err != nil {
		return err
	}
	if len(l) == 0 {
		t.Say("info", "job.archive.none")
		return nil
	}
	s := archive.SumOf(l)
	t.Say("info", "job.archive.done", "parts", count(int64(s.Parts)), "records", count(s.Records), "events", count(s.Events))
	return nil
}

// verify checks the folder against its seal, and keeps the report.
func (w work) verify(ctx context.Context, t *job.Task) error {
	var x care.Request
	if err := t.Params(&x); err != nil {
		return err
	}
	r, err := w.e.Verify(ctx, func(done, all int64, _ string) { t.Progress(done, all, "bytes") })
	if err != nil {
		return err
	}
	var text bytes.Buffer
	text.WriteString("\ufeff")
	if err := r.Write(&text, i18n.For(x.Lang).T); err != nil {
		return err
	}
	if err := result(ctx, t, "verify.txt", func(o io.Writer) error { _, err := o.Write(text.Bytes()); return err }); err != nil {
		return err
	}
	if err := result(ctx, t, "verify.json", asJSON(r)); err != nil {
		return err
	}
	level, key := "info", "job.verify.good"
	if r.Damage() {
		level, key = "warn", "job.verify.damaged"
	}
	t.Say(level, key, "files", count(int64(r.Files)), "sealed", count(r.Sealed), "findings", count(int64(len(r.Findings))))
	if len(r.Anchors) == 0 {
		t.Say("info", "job.verify.self")
	}
	return nil
}

// check reads every block of the store.
func (w work) check(ctx context.Context, t *job.Task) error {
	r, err := engine.Check(ctx, w.e.Dir(), func(done, all int64, _ string) { t.Progress(done, all, "bytes") })
	if err != nil {
		return err
	}
	if err := result(ctx, t, "check.json", asJSON(r)); err != nil {
		return err
	}
	if len(r.Findings) == 0 {
		t.Say("info", "job.check.good", "files", count(int64(r.Files)), "records", count(r.Records), "events", count(r.Events))
		return nil
	}
	t.Say("warn", "job.check.damaged", "n", count(int64(len(r.Findings))))
	for _, f := range r.Findings[:min(len(r.Findings), 20)] {
		t.Say("warn", "job.check.finding", "file", f.File, "offset", count(f.Offset), "reason", f.Reason)
	}
	t.Say("info", "job.check.repair", "dir", w.e.Dir())
	return nil
}

// coverage finds out how complete a server's logs are.
func (w work) coverage(ctx context.Context, t *job.Task) error {
	var x care.Request
	if err := t.Params(&x); err != nil {
		return err
	}
	if !sees(ctx, x.Server) {
		return &job.Error{Key: "web.data.restricted"}
	}
	t.Progress(0, 0, "events")
	r, err := w.data.survey(ctx, x.Server)
	if err != nil {
		return err
	}
	if err := result(ctx, t, "coverage.json", asJSON(r)); err != nil {
		return err
	}
	missing, silences := uint64(0), 0
	for i := range r.Channels {
		missing, silences = missing+r.Channels[i].Missing, silences+r.Channels[i].SilenceCount
	}
	if r.Complete {
		t.Say("info", "job.coverage.good", "silences", count(int64(silences)))
	} else {
		t.Say("warn", "job.coverage.gaps", "n", strconv.FormatUint(missing, 10), "silences", count(int64(silences)))
	}
	return nil
}

// expire deletes what is past the confirmed terms.
func (w work) expire(ctx context.Context, t *job.Task) error {
	t.Progress(0, 0, "records")
	x, err := w.e.Expire(ctx, false)
	switch {
	case errors.Is(err, store.ErrUnconfirmed):
		return &job.Error{Key: "web.retention.none", Err: err}
	case errors.Is(err, hold.ErrDamaged):
		return &job.Error{Key: "web.holds.damaged", Err: err}
	case err != nil:
		return err
	}
	t.Say("info", "job.expire.done", "n", count(int64(len(x.Deleted))), "records", count(x.Removed.Records), "kept", count(int64(len(x.Kept))))
	if c := &x.Classes; len(c.Orders)+len(c.Kept) > 0 {
		n := int64(0)
		for i := range c.Orders {
			n += c.Orders[i].Records + c.Orders[i].Superseded
		}
		t.Say("info", "job.expire.classes", "n", count(n), "kept", count(int64(len(c.Kept))), "bytes", count(c.Freed))
	}
	return result(ctx, t, "expire.json", asJSON(x))
}

// pool does work of the pool and tells what it did.
func (w work) pool(t *job.Task, do func(p *pool.Pool, progress pool.Progress) (*pool.Work, error)) error {
	p, err := w.e.Pool()
	if err != nil {
		return err
	}
	r, err := do(p, func(done, all int64, _ string) { t.Progress(done, all, "bytes") })
	if err != nil {
		x := volumeError(err, "")
		if x.Key == "web.pool.error.failed" {
			return err
		}
		return &job.Error{Key: x.Key, Args: []string{"volume", t.About()}, Err: err}
	}
	t.Say("info", "job.pool.done", "copied", count(r.Copied), "aside", count(r.Aside), "removed", count(r.Removed), "found", count(r.Found))
	if r.Short > 0 {
		t.Say("warn", "job.pool.short", "n", count(r.Short))
	}
	if len(r.Gone) > 0 {
		t.Say("warn", "job.pool.gone", "n", count(int64(len(r.Gone))))
	}
	for _, s := range r.Errors[:min(len(r.Errors), 20)] {
		t.Say("warn", "job.pool.reason", "reason", s)
	}
	return nil
}

func (w work) heal(ctx context.Context, t *job.Task) error {
	return w.pool(t, func(p *pool.Pool, f pool.Progress) (*pool.Work, error) { return p.Heal(ctx, f) })
}

func (w work) drain(ctx context.Context, t *job.Task) error {
	var x care.Request
	if err := t.Params(&x); err != nil {
		return err
	}
	return w.pool(t, func(p *pool.Pool, f pool.Progress) (*pool.Work, error) { return p.Drain(ctx, x.Volume, f) })
}

// scrub reads every copy of the volumes.
func (w work) scrub(ctx context.Context, t *job.Task) error {
	var x care.Request
	if err := t.Params(&x); err != nil {
		return err
	}
	p, err := w.e.Pool()
	if err != nil {
		return err
	}
	r, err := p.Scrub(ctx, pool.ScrubOptions{Volume: x.Volume, Anew: true, Progress: func(done, all int64, _ string) { t.Progress(done, all, "bytes") }})
	if err != nil {
		return fmt.Errorf("scrub: %w", err)
	}
	level, key := "info", "job.scrub.good"
	if r.Damaged+r.Missing > 0 {
		level, key = "warn", "job.scrub.damaged"
	}
	t.Say(level, key, "n", count(r.Objects), "damaged", count(r.Damaged), "missing", count(r.Missing))
	for _, v := range r.Away {
		t.Say("warn", "job.scrub.away", "volume", v)
	}
	return result(ctx, t, "scrub.json", asJSON(r))
}
