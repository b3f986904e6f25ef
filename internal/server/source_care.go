package server

import (
	"context"
	"errors"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/pool"
	"github.com/akashi-audit/akashi/internal/store"
)

func terms(l []store.Term) (out []care.Term) {
	for _, t := range l {
		out = append(out, care.Term{Class: t.Class, Server: t.Server, Months: t.Months, Year: t.Year, By: t.By, Ground: t.Ground, Time: t.Time})
	}
	return out
}

func (d *dataSource) Retention(ctx context.Context) (*care.Retention, error) {
	if err := whole(ctx); err != nil {
		return nil, err
	}
	sch, due, err := d.e.Retention(ctx)
	if err != nil {
		return nil, err
	}
	r := &care.Retention{InForce: terms(sch.Terms()), Waiting: terms(sch.Waiting())}
	for _, x := range due {
		r.Due = append(r.Due, care.DueMonth{Server: x.Server, Month: x.Period, Records: x.Records, Bytes: x.Bytes, Events: x.Events, Archived: x.Archived, Held: x.Held})
	}
	kept, err := d.e.KeptDue(ctx)
	if err != nil {
		return nil, err
	}
	conf := d.e.Config()
	zone, err := conf.Location()
	if err != nil {
		return nil, err
	}
	r.Kept = keptMonths(kept, zone)
	classes, err := d.e.ClassDue(ctx)
	if err != nil {
		return nil, err
	}
	r.Classes = classMonths(classes)
	orders := d.e.Orders()
	for i := range orders {
		r.Taken = append(r.Taken, engine.TakenOf(&orders[len(orders)-1-i]))
	}
	return r, nil
}

func (d *dataSource) ProposeRetention(ctx context.Context, t care.Term) error {
	if err := whole(ctx); err != nil {
		return err
	}
	d.care.Lock()
	defer d.care.Unlock()
	return d.e.ProposeRetention(ctx, store.Term{Class: t.Class, Server: t.Server, Months: t.Months, Year: t.Year, By: who(ctx), Ground: t.Ground})
}

// ConfirmRetention puts in force what was seen.
func (d *dataSource) ConfirmRetention(ctx context.Context, seen, ground string) error {
	if err := whole(ctx); err != nil {
		return err
	}
	d.care.Lock() // what waits is what was looked at
	defer d.care.Unlock()
	sch, _, err := d.e.Retention(ctx)
	if err != nil {
		return err
	}
	r := care.Retention{Waiting: terms(sch.Waiting())}
	if err := r.MayConfirm(account.From(ctx), seen); err != nil {
		return err
	}
	return d.e.ConfirmRetention(ctx, who(ctx), ground)
}

func (d *dataSource) Pool(ctx context.Context) (*care.Pool, error) {
	if err := whole(ctx); err != nil {
		return nil, err
	}
	p, err := d.e.Pool()
	if err != nil {
		return nil, err
	}
	s, err := p.Status(ctx)
	if err != nil {
		return nil, err
	}
	out := &care.Pool{
		Copies: s.Copies, Objects: s.Objects, Bytes: s.Bytes, Short: s.Short, Lost: s.LostCount, Free: s.Free, PerDay: s.PerDay,
		Days: s.Days, WarnDays: s.WarnDays, Warn: s.Warn, Recipients: s.Recipients, Identity: p.Config().Identity, KeyError: s.IdentityErr,
	}
	out.Move = moves(s.Rules)
	quotas := make(map[string]pool.Volume)
	for _, v := range p.Config().Volumes {
		quotas[v.ID] = v
	}
	for i := range s.Volumes {
		v := &s.Volumes[i]
		x := care.Volume{
			ID: v.ID, Name: v.Name, Place: v.Place, State: string(v.State), Class: v.Class, Online: v.Online, Problem: v.Problem, Total: v.Total,
			Free: v.Free, Objects: v.Objects, Bytes: v.Bytes, Damaged: v.Damaged, Missing: v.Missing, Checked: v.Scrub.Ended,
			Quota: quotas[v.ID].Quota, Reserve: quotas[v.ID].Reserve, LockOwed: v.LockOwed, LockTo: v.LockTo,
		}
		switch {
		case v.Foreign:
			x.State = "foreign"
		case !v.Online && v.State != pool.Lost:
			x.State = "away"
		}
		out.Volumes = append(out.Volumes, x)
	}
	return out, nil
}

func told(l []pool.Probe) (out []care.Told) {
	level := map[pool.Level]string{pool.Warns: "warn", pool.Fails: "error"}
	for _, p := range l {
		lv := level[p.Level]
		if lv == "" {
			lv = "info"
		}
		out = append(out, care.Told{Level: lv, Key: "cli.pool.probe." + p.What + "." + string(p.Level), Args: []any{"detail", p.Detail}})
	}
	return out
}

func (d *dataSource) AddVolume(ctx context.Context, f care.Folder) (*care.Volume, error) {
	return d.add(ctx, pool.AddOptions{Path: f.Path, Name: f.Name}, f.Path)
}

// volumeError words what the pool refuses.
func volumeError(err error, volume string) *care.VolumeError {
	x := &care.VolumeError{Key: "web.pool.error.failed", Args: []any{"volume", volume, "reason", err.Error()}, Err: err}
	var lease *pool.LeaseError
	for key, is := range map[string]error{
		"unknown": pool.ErrUnknown, "name": pool.ErrName, "notempty": pool.ErrNotEmpty, "held": pool.ErrHeld, "last": pool.ErrLast, "away": pool.ErrAway,
	} {
		if errors.Is(err, is) {
			x.Key = "web.pool.error." + key
		}
	}
	var refused *pool.RefusedError
	switch {
	case errors.As(err, &refused):
		x.Key, x.Probes = "web.pool.error.refused", told(refused.Probes)
	case errors.As(err, &lease):
		x.Key = "web.pool.error.lease"
		x.Args = append(x.Args, "host", lease.Host, "dir", lease.Data)
	}
	return x
}
