package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/pool"
	"github.com/akashi-audit/akashi/internal/seal"
)

// volumesLeaf is the subject of a leaf of seal.KindVolume: the volumes from it on.
type volumesLeaf struct {
	Copies     int          `json:"copies"`
	Recipients []string     `json:"recipients,omitempty"`
	Volumes    []volumeLeaf `json:"volumes"`
}

type volumeLeaf struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Place    string     `json:"place"`
	Class    int        `json:"class"`
	State    pool.State `json:"state"`
	Foreign  bool       `json:"foreign,omitempty"`
	LockDays int        `json:"lock_days,omitempty"`
}

// objects are where the archive lies: on the volumes of the pool, or, in a folder
// that has none, in the folder archive. Another process may make a pool at any time.
type objects struct {
	e      *Engine
	folder *archive.Folder
}

func (e *Engine) objects() *objects {
	return &objects{e, archive.NewFolder(e.deps.fs, filepath.Join(e.dir, archiveDir))}
}

// pool is nil when there is none.
func (o *objects) pool() (*pool.Pool, error) {
	o.e.poolMu.Lock()
	known := o.e.pool
	o.e.poolMu.Unlock()
	if known != nil {
		return known, nil
	}
	have, err := pool.Configured(o.e.deps.fs, o.e.dir)
	if err != nil || !have {
		return nil, err
	}
	return o.e.Pool()
}

func (o *objects) Put(ctx context.Context, name string, r io.ReaderAt, size int64) error {
	p, err := o.pool()
	switch {
	case err != nil:
		return err
	case p == nil:
		return o.folder.Put(ctx, name, r, size)
	}
	return p.Put(ctx, name, r, size)
}

func (o *objects) Open(ctx context.Context, name string) (archive.Reader, error) {
	return o.OpenSpans(ctx, name, nil)
}

func (o *objects) OpenSpans(ctx context.Context, name string, spans []manifest.Span) (archive.Reader, error) {
	p, err := o.pool()
	switch {
	case err != nil:
		return nil, err
	case p == nil:
		return o.folder.Open(ctx, name)
	}
	r, err := p.OpenSpans(ctx, name, spans)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Remove takes an object away for ever. Copies that their storage does not let go
// yet are the pool's to remember.
func (o *objects) Remove(ctx context.Context, name string) error {
	p, err := o.pool()
	switch {
	case err != nil:
		return err
	case p == nil:
		return o.folder.Remove(ctx, name)
	}
	err = p.Delete(ctx, name)
	var left *pool.LeftError
	if errors.As(err, &left) {
		return nil
	}
	return err
}

func (o *objects) List(ctx context.Context, prefix string) ([]string, error) {
	p, err := o.pool()
	switch {
	case err != nil:
		return nil, err
	case p == nil:
		return o.folder.List(ctx, prefix)
	}
	return p.List(ctx, prefix)
}

// Pool opens the pool of the folder, which is there until Close. One that has no
// pool yet gets it with the first change.
func (e *Engine) Pool() (*pool.Pool, error) {
	e.poolMu.Lock()
	defer e.poolMu.Unlock()
	if e.pool != nil {
		return e.pool, nil
	}
	p, err := pool.Open(e.dir, pool.Options{FS: e.deps.fs, Now: e.deps.now, Log: e.log, ReadOnly: e.opt.ReadOnly})
	if err != nil {
		return nil, fmt.Errorf("open the pool: %w", err)
	}
	e.pool = p
	return p, nil
}

// pooled tells whether the pool is open.
func (e *Engine) pooled() bool {
	e.poolMu.Lock()
	defer e.poolMu.Unlock()
	return e.pool != nil
}

func (e *Engine) closePool() error {
	e.poolMu.Lock()
	defer e.poolMu.Unlock()
	if e.pool == nil {
		return nil
	}
	return e.pool.Close(e.closing)
}

// sealPool writes down which volumes there are, when they are others than the log
// says.
func (e *Engine) sealPool(ctx context.Context) error {
	cfg, err := pool.Load(e.deps.fs, e.dir)
	if err != nil || cfg == nil {
		return err
	}
	l := volumesLeaf{Copies: cfg.Copies, Recipients: cfg.Recipients, Volumes: []volumeLeaf{}}
	for i := range cfg.Volumes {
		v := &cfg.Volumes[i]
		x := volumeLeaf{ID: v.ID, Name: v.Name, Place: v.Place(), Class: v.Class, State: v.State, Foreign: v.Foreign}
		if v.S3 != nil {
			x.LockDays = v.S3.LockDays
		}
		l.Volumes = append(l.Volumes, x)
	}
	text, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("encode leaf: %w", err)
	}
	last, ok, err := e.seal.Last(seal.KindVolume)
	if err != nil || ok && last.Entry.Subject == string(text) {
		return err
	}
	by := e.opt.By
	if by == "" {
		by = "akashi"
	}
	return e.seal.Record(ctx, seal.Entry{Kind: seal.KindVolume, Subject: string(text), By: by, Time: e.deps.now().UnixNano()})
}

// How often a running server looks after the pool, and how soon it sees that
// somebody changed it.
const (
	poolEvery = time.Hour
	poolSoon  = 5 * time.Second
)

// CarePool looks after the pool until ctx ends: what is owed, what is to be moved or
// checked. A folder without a pool is looked at again now and then.
func (e *Engine) CarePool(ctx context.Context) { e.carePool(ctx, poolEvery, poolSoon) }

func (e *Engine) carePool(ctx context.Context, every, soon time.Duration) {
	o := e.objects()
	p, err := o.pool()
	for wait := time.NewTicker(soon); p == nil; p, err = o.pool() {
		if err != nil {
			e.log.ErrorContext(ctx, "open the pool", slog.Any("err", err))
		}
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-wait.C:
		}
	}
	follow := func() {
		if err := e.followTerms(ctx); err != nil && ctx.Err() == nil {
			e.log.WarnContext(ctx, "locks of archived objects are not longer yet", slog.Any("err", err))
		}
	}
	follow()
	p.Background(ctx, every, soon, func(w *pool.Work) {
		for _, s := range w.Errors {
			e.log.WarnContext(ctx, "care for the pool", slog.String("reason", s))
		}
		if st, err := p.Status(ctx); err == nil && st.Warn {
			e.log.WarnContext(ctx, "the pool will be full soon", slog.Float64("days", st.Days), slog.Int64("free", st.Free))
		}
		follow()
		e.importing.Lock()
		defer e.importing.Unlock()
		if err := e.sealFolder(ctx); err != nil && !errors.Is(err, context.Canceled) {
			e.log.ErrorContext(ctx, "seal the folder after care for the pool", slog.Any("err", err))
		}
	})
}
