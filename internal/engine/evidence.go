package engine

import (
	"context"

	"github.com/akashi-audit/akashi/internal/coverage"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/evidence"
	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/store"
)

// Evidence writes an evidence bundle; see evidence.Make. The zone, the data folder
// and the time are the engine's.
func (e *Engine) Evidence(ctx context.Context, opt evidence.Options) (*evidence.Result, error) {
	if e.seal == nil {
		return nil, ErrReadOnly
	}
	e.importing.Lock() // the answer does not change while it is sealed
	defer e.importing.Unlock()
	zone, err := e.cfg.Location()
	if err != nil {
		return nil, err
	}
	opt.Zone, opt.Data, opt.FS, opt.Now = zone, e.dir, e.deps.fs, e.deps.now()
	return evidence.Make(ctx, e, folderLog{e.seal, e}, opt)
}

// Coverage tells how complete the stored events of a server are.
func (e *Engine) Coverage(ctx context.Context, server string) (*coverage.Report, error) {
	t := coverage.New(server, coverage.Options{})
	n := 0
	err := e.st.Replay(ctx, server, store.Key{}, func(ev *event.Event, _ store.Key) error {
		t.Add(ev)
		if n++; n%4096 == 0 {
			return pace.Yield(ctx)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return t.Report(), nil
}

// folderLog seals the files of the folder with each checkpoint.
type folderLog struct {
	*seal.Log
	e *Engine
}

// Checkpoint lists the files of the folder and signs the head.
func (l folderLog) Checkpoint(ctx context.Context) (*seal.Checkpoint, error) {
	if err := l.e.sealFolder(ctx); err != nil {
		return nil, err
	}
	return l.Log.Checkpoint(ctx)
}
