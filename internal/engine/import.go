package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/akashi-audit/akashi/internal/collect"
	"github.com/akashi-audit/akashi/internal/coverage"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/store"
	"golang.org/x/sync/errgroup"
)

// Import reads the paths as one set into the folder. Events that it holds
// already are counted as duplicates and change nothing. progress, when not nil,
// is called from one goroutine at least every 200 ms, and once at the end with
// Done. When ctx ends, the import stops between two commits; what was committed
// stays, and importing again continues.
func (e *Engine) Import(ctx context.Context, req ImportRequest, progress func(Progress)) (*Summary, error) {
	if e.opt.ReadOnly {
		return nil, ErrReadOnly
	}
	e.importing.Lock()
	defer e.importing.Unlock()
	t := e.track(progress)
	defer t.stop()
	s, err := e.importPaths(ctx, req, t)
	if err != nil {
		return nil, err
	}
	if err := e.sealImport(ctx, s); err != nil {
		return nil, err
	}
	s.Elapsed, s.Again = t.elapsed(), t.windows()
	t.done()
	return s, nil
}

func (e *Engine) importPaths(ctx context.Context, req ImportRequest, t *tracker) (s *Summary, err error) {
	e.covers = make(map[string]*coverage.Tracker)
	before, err := e.st.Info()
	if err != nil {
		return nil, err
	}
	if err := e.ready(ctx, t); err != nil {
		return nil, err
	}
	t.set(func(p *Progress) { p.Phase = "scan" })
	set, err := e.deps.openSet(ctx, req.Paths, func(done, total int, f *collect.File) {
		t.set(func(p *Progress) { p.Files, p.FilesDone, p.File = total, done, f.Name })
	})
	if err != nil {
		return nil, fmt.Errorf("read input: %w", err)
	}
	defer func() { err = errors.Join(err, set.Close()) }()
	files := set.Files()
	if !e.cfg.Demo {
		for i := range files {
			if files[i].Simulated {
				return nil, &SimulatedError{File: files[i].Path}
			}
		}
	}
	t.begin(files)
	imports := make([]store.Import, len(files))
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() error { return e.describe(gctx, files, imports, req) })
	at := newAttribution(files)
	dup := int64(0)
	group.Go(func() error {
		for _, server := range set.Servers() {
			n, err := e.importServer(gctx, set, server, t, at)
			dup += n
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if err := e.spread(ctx, t); err != nil {
		return nil, err
	}
	s = &Summary{Files: imports}
	return s, e.finishImport(ctx, s, files, at, before.Records)
}

func (e *Engine) importServer(ctx context.Context, set eventSet, server string, t *tracker, at *attribution) (dup int64, err error) {
	si := e.newServerImport(server, t, at)
	cover := coverage.New(server, coverage.Options{})
	if e.covers == nil { // the archive is read back
		e.covers = make(map[string]*coverage.Tracker)
	}
	e.covers[server] = cover
	err = set.Events(ctx, server, func(ev *event.Event) error {
		if ev.Simulated() && !e.cfg.Demo {
			return &SimulatedError{File: server}
		}
		cover.Add(ev)
		return si.add(ctx, ev)
	})
	if err == nil {
		err = si.finish(ctx)
	}
	return si.dup, err
}

// finishImport writes where the events came from.
func (e *Engine) finishImport(ctx context.Context, s *Summary, files []collect.File, at *attribution, before int64) error {
	now := e.deps.now().UnixNano()
	var kept []store.Import
	for i := range s.Files {
		im := &s.Files[i]
		im.Time = now
		im.Duplicates = max(0, files[i].Events-at.fresh[i])
		s.Events += files[i].Events
		s.Duplicates += im.Duplicates
		if files[i].Err != nil && files[i].Events == 0 {
			s.Skipped++
			continue
		}
		if len(im.Damage) > 0 || files[i].Err != nil {
			s.Damaged++
		}
		kept = append(kept, *im)
	}
	if len(kept) > 0 {
		if _, err := e.st.Append(ctx, &store.Commit{Imports: kept, Received: now}); err != nil {
			return fmt.Errorf("store the list of imported files: %w", err)
		}
	}
	after, err := e.st.Info()
	if err != nil {
		return err
	}
	s.Records = after.Records - before
	return nil
}

// describe fills in what is known of each file, its hash too, and keeps a copy
// when asked.
func (e *Engine) describe(ctx context.Context, files []collect.File, out []store.Import, req ImportRequest) error {
	for i := range files {
		f := &files[i]
		path, err := filepath.Abs(f.Path)
		if err != nil {
			path = f.Path
		}
		im := store.Import{Name: f.Name, Path: path, Size: f.Size, Importer: req.Importer, Events: f.Events, Format: string(f.Format)}
		if f.Err != nil {
			im.Error = strings.ToValidUTF8(f.Err.Error(), "\ufffd")
		}
		for _, d := range f.Damage {
			im.Damage = append(im.Damage, store.SourceDamage{Chunk: d.Chunk, Offset: d.Offset, Kind: d.Kind, Lost: d.Lost})
		}
		if err := e.hash(ctx, f.Path, &im, req.KeepOriginal && f.Events > 0); err != nil {
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case f.Err != nil && errors.Is(err, os.ErrNotExist), f.Err != nil && errors.Is(err, os.ErrPermission), f.Events == 0:
			default:
				return err
			}
		}
		out[i] = im
	}
	return nil
}
