package server

import (
	"context"
	"errors"

	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/pool"
)

// AddBucket adds a bucket to the volumes.
func (d *dataSource) AddBucket(ctx context.Context, b care.Bucket) (*care.Volume, error) {
	return d.add(ctx, pool.AddOptions{
		Name: b.Name, S3: &pool.S3{Endpoint: b.Endpoint, Region: b.Region, Bucket: b.Bucket, Prefix: b.Prefix, Keys: b.Keys, LockDays: b.LockDays},
	}, "s3://"+b.Bucket)
}

// add adds a volume; place is its name in reasons.
func (d *dataSource) add(ctx context.Context, opt pool.AddOptions, place string) (*care.Volume, error) {
	if err := whole(ctx); err != nil {
		return nil, err
	}
	p, err := d.e.Pool()
	if err != nil {
		return nil, err
	}
	r, err := p.Add(ctx, opt)
	if err != nil {
		x := volumeError(err, place)
		if r != nil {
			x.Probes = told(r.Probes)
		}
		return nil, x
	}
	return &care.Volume{ID: r.Volume.ID, Name: r.Volume.Name, Probes: told(r.Probes)}, nil
}

// SetVolume changes the class of a volume, and whether it is written to.
func (d *dataSource) SetVolume(ctx context.Context, c care.VolumeChange) error {
	state := pool.Active
	if c.State == "readonly" {
		state = pool.ReadOnly
	}
	return d.change(ctx, c.Volume, func(p *pool.Pool) error {
		return p.Set(ctx, pool.Change{Volume: c.Volume, Class: &c.Class, State: &state})
	})
}

// LoseVolume gives a volume up.
func (d *dataSource) LoseVolume(ctx context.Context, volume string) error {
	return d.change(ctx, volume, func(p *pool.Pool) error { return p.MarkLost(ctx, volume) })
}

func (d *dataSource) change(ctx context.Context, volume string, do func(*pool.Pool) error) error {
	if err := whole(ctx); err != nil {
		return err
	}
	p, err := d.e.Pool()
	if err != nil {
		return err
	}
	err = do(p)
	if errors.Is(err, care.ErrChanged) {
		return err
	}
	if err != nil {
		x := volumeError(err, volume)
		if x.Key == "web.pool.error.failed" {
			x.Key = "web.vol.failed"
		}
		return x
	}
	return nil
}

// remove takes a volume out of the pool, once the other copies were read.
func (w work) remove(ctx context.Context, t *job.Task) error {
	var x care.Request
	if err := t.Params(&x); err != nil {
		return err
	}
	p, err := w.e.Pool()
	if err != nil {
		return err
	}
	err = p.Remove(ctx, x.Volume, func(done, all int64, _ string) { t.Progress(done, all, "files") })
	if err == nil {
		t.Say("info", "job.remove.done", "volume", x.Volume)
		return nil
	}
	if ctx.Err() != nil {
		return err
	}
	e := volumeError(err, x.Volume)
	if e.Key == "web.pool.error.failed" {
		return err
	}
	return &job.Error{Key: e.Key, Args: []string{"volume", x.Volume}, Err: err}
}

// replace moves everything from one volume to another.
func (w work) replace(ctx context.Context, t *job.Task) error {
	var x care.Request
	if err := t.Params(&x); err != nil {
		return err
	}
	return w.pool(t, func(p *pool.Pool, f pool.Progress) (*pool.Work, error) { return p.Replace(ctx, x.Volume, x.With, f) })
}

// tier moves what is old to slower volumes.
func (w work) tier(ctx context.Context, t *job.Task) error {
	return w.pool(t, func(p *pool.Pool, f pool.Progress) (*pool.Work, error) { return p.Tier(ctx, f) })
}
