package server

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/hold"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/pool"
	"github.com/akashi-audit/akashi/internal/store"
)

// LimitVolume bounds what a volume takes.
func (d *dataSource) LimitVolume(ctx context.Context, x care.VolumeLimits) error {
	agree := func(c *pool.Config) error {
		v, err := c.Find(x.Volume)
		if err != nil {
			return err
		}
		return unchanged(x.Seen, care.VolumeLimits{Quota: v.Quota, Reserve: v.Reserve})
	}
	return d.change(ctx, x.Volume, func(p *pool.Pool) error {
		return p.Set(ctx, pool.Change{Volume: x.Volume, Quota: &x.Quota, Reserve: &x.Reserve, Agree: agree})
	})
}

// unchanged refuses a change by somebody who saw something else than what is there.
func unchanged(seen string, now any) error {
	if seen != "" && seen != care.Mark(now) {
		return care.ErrChanged
	}
	return nil
}

// SetPool settles how the volumes are used together.
func (d *dataSource) SetPool(ctx context.Context, x care.PoolRules) error {
	rules := []pool.Rule{}
	for _, r := range x.Move {
		rules = append(rules, pool.Rule{Days: r.Days, Class: r.Class})
	}
	agree := func(c *pool.Config) error {
		return unchanged(x.Seen, care.PoolRules{Copies: c.Copies, WarnDays: c.WarnDays, Move: moves(c.Rules)})
	}
	return d.change(ctx, "", func(p *pool.Pool) error {
		return p.Set(ctx, pool.Change{Copies: &x.Copies, WarnDays: &x.WarnDays, Rules: &rules, Agree: agree})
	})
}

func moves(l []pool.Rule) (out []care.MoveRule) {
	for _, r := range l {
		out = append(out, care.MoveRule{Days: r.Days, Class: r.Class})
	}
	return out
}

// EncryptPool turns encryption of new objects on or off.
func (d *dataSource) EncryptPool(ctx context.Context, x care.Encryption) error {
	recipients := append([]string{}, x.Recipients...)
	agree := func(c *pool.Config) error {
		return unchanged(x.Seen, care.Encryption{Recipients: c.Recipients, Identity: c.Identity})
	}
	return d.change(ctx, "", func(p *pool.Pool) error {
		return p.Set(ctx, pool.Change{Recipients: &recipients, Identity: &x.Identity, Agree: agree})
	})
}

// TakeVolume takes a volume over from another data folder.
func (d *dataSource) TakeVolume(ctx context.Context, volume string, force bool) error {
	return d.change(ctx, volume, func(p *pool.Pool) error { return p.TakeOver(ctx, volume, force) })
}

// keptMonths adds up what is past its term, by server, month and what forbids it.
func keptMonths(x *engine.KeptDue, zone *time.Location) (out []care.KeptMonth) {
	add := func(k care.KeptMonth) {
		i := slices.IndexFunc(out, func(o care.KeptMonth) bool {
			return o.Server == k.Server && o.Month == k.Month && o.Stays == k.Stays && slices.Equal(o.Cases, k.Cases)
		})
		if i < 0 {
			out = append(out, k)
			return
		}
		o := &out[i]
		o.Things, o.Records, o.Events, o.Bytes = o.Things+k.Things, o.Records+k.Records, o.Events+k.Events, o.Bytes+k.Bytes
		o.Until, o.Reason = max(o.Until, k.Until), cmp.Or(o.Reason, k.Reason)
	}
	for i := range x.Days {
		d := &x.Days[i]
		k := care.KeptMonth{Server: d.Server, Month: d.Day[:min(7, len(d.Day))], Things: 1, Records: d.Records, Events: d.Events, Bytes: d.Bytes, Cases: d.Held, Until: d.Until, Reason: d.Unsure}
		k.Stays = staysBy(d)
		add(k)
	}
	for i := range x.Files {
		f := &x.Files[i]
		k := care.KeptMonth{Month: time.Unix(0, f.Time).In(zone).Format("2006-01"), Things: 1, Bytes: f.Bytes, Cases: f.Held, Reason: f.Unsure}
		switch {
		case len(f.Held) > 0:
			k.Stays = "held"
		case f.Unsure != "":
			k.Stays = "unsure"
		}
		add(k)
	}
	return out
}

func staysBy(d *archive.DueDay) string {
	switch {
	case d.Stored:
		return "stored"
	case len(d.Held) > 0:
		return "held"
	case d.Unsure != "":
		return "unsure"
	case d.Until > 0:
		return "locked"
	}
	return ""
}

// classMonths are what terms of classes would take out, and what forbids it.
func classMonths(l []store.ClassDue) (out []care.ClassMonth) {
	for i := range l {
		d := &l[i]
		m := care.ClassMonth{Class: d.Class, Server: d.Server, Month: d.Period, Records: d.Records + d.Superseded, Cases: d.Held, Reason: d.Unsure}
		switch {
		case len(d.Held) > 0:
			m.Stays = "held"
		case d.Unsure != "":
			m.Stays = "unsure"
		case !d.Archived:
			m.Stays = "unarchived"
		}
		out = append(out, m)
	}
	return out
}

// expireKept deletes archived days and kept files past their confirmed terms.
func (w work) expireKept(ctx context.Context, t *job.Task) error {
	t.Progress(0, 0, "days")
	x, err := w.e.ExpireKept(ctx)
	switch {
	case errors.Is(err, engine.ErrNoKeptTerm):
		return &job.Error{Key: "web.retention.none", Err: err}
	case errors.Is(err, hold.ErrDamaged):
		return &job.Error{Key: "web.holds.damaged", Err: err}
	case err != nil:
		return err
	}
	t.Say("info", "job.expire_kept.done", "days", count(int64(len(x.Deleted.Days))), "files", count(int64(len(x.Deleted.Files))), "kept", count(int64(len(x.Kept.Days)+len(x.Kept.Files))))
	l, err := w.e.DeletedCopies()
	if err != nil {
		return err
	}
	if len(l) > 0 {
		t.Say("warn", "job.expire_kept.left", "n", count(int64(len(l))))
	}
	return result(ctx, t, "expire.json", asJSON(x))
}
