package engine

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/collect"
	"github.com/akashi-audit/akashi/internal/event"
)

// archivedEvents is an eventSet over an archive.
type archivedEvents struct{ a *archive.Archive }

func (s archivedEvents) Files() []collect.File { return nil }
func (s archivedEvents) Servers() []string     { return s.a.Servers() }
func (s archivedEvents) Close() error          { return nil }

func (s archivedEvents) Events(ctx context.Context, server string, fn func(*event.Event) error) error {
	var in []collect.Input
	for _, x := range s.a.Streams(ctx, server) {
		in = append(in, collect.Input{Channel: x.Channel, Generation: x.Generation, FirstID: x.FirstID, Events: x.Events})
	}
	return collect.Merge(ctx, in, fn)
}

// FromPool is the archive on the volumes of the folder's own pool.
const FromPool = "pool"

// RebuildFromArchive puts the raw events of another archive, the folder from, or
// FromPool, into the store and converts them: a lost store comes back. Events that the store
// holds are duplicates and change nothing. The records are made anew, by the rules
// of now. What is erased there is erased here too.
func (e *Engine) RebuildFromArchive(ctx context.Context, from string, progress func(Progress)) (*Summary, error) {
	if e.opt.ReadOnly {
		return nil, ErrReadOnly
	}
	a, err := e.archiveFrom(ctx, from)
	if err != nil {
		return nil, err
	}
	if from != FromPool {
		defer a.Close()
	}
	if _, why := a.Unread(); why != nil {
		return nil, fmt.Errorf("the archive cannot be read whole: %w", why)
	}
	if len(a.Servers()) == 0 {
		return nil, fmt.Errorf("folder %s holds no archive: name the folder archive of a data folder", from)
	}
	e.importing.Lock()
	defer e.importing.Unlock()
	t := e.track(progress)
	defer t.stop()
	if err := e.adoptErasures(ctx, a); err != nil { // before any event comes in
		return nil, err
	}
	if len(a.Deleted()) > 0 {
		if err := e.rememberRemoved(ctx, a); err != nil {
			return nil, err
		}
	}
	if err := e.withArchive(ctx, func(own *archive.Archive) error { return e.purge(ctx, own, cmp.Or(e.opt.By, "akashi")) }); err != nil {
		return nil, err
	}
	s, err := e.importArchive(ctx, archivedEvents{a}, t)
	if err != nil {
		return nil, err
	}
	if !e.st.Compacted() {
		if _, err := e.st.Compact(ctx, cmp.Or(e.opt.By, "akashi"), e.deps.now().UnixNano()); err != nil {
			return nil, err
		}
	}
	held, err := e.st.Info()
	if err != nil {
		return nil, err
	}
	if _, err := e.st.DropTaken(ctx); err != nil {
		return nil, err
	}
	left, err := e.st.Info()
	if err != nil {
		return nil, err
	}
	s.Records -= held.Records - left.Records
	s.Elapsed = t.elapsed()
	t.done()
	return s, nil
}

func (e *Engine) archiveFrom(ctx context.Context, from string) (*archive.Archive, error) {
	if from == FromPool {
		return e.openArchive(ctx)
	}
	zone, err := e.cfg.Location()
	if err != nil {
		return nil, fmt.Errorf("zone of the data folder: %w", err)
	}
	a, err := archive.Open(archive.NewFolder(e.deps.fs, from), archive.Options{FS: e.deps.fs, Zone: zone, Dir: from})
	if err != nil {
		return nil, err
	}
	if err := a.Refresh(ctx); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

func (e *Engine) importArchive(ctx context.Context, set archivedEvents, t *tracker) (*Summary, error) {
	before, err := e.st.Info()
	if err != nil {
		return nil, err
	}
	if err := e.ready(ctx, t); err != nil {
		return nil, err
	}
	s := &Summary{}
	t.begin(nil)
	at := newAttribution(nil)
	for _, server := range set.Servers() {
		for _, x := range set.a.Streams(ctx, server) {
			s.Events += x.Count
		}
	}
	t.set(func(p *Progress) { p.AllEvents = s.Events })
	for _, server := range set.Servers() {
		n, err := e.importServer(ctx, set, server, t, at)
		if s.Duplicates += n; err != nil {
			return nil, err
		}
	}
	if err := e.spread(ctx, t); err != nil {
		return nil, err
	}
	after, err := e.st.Info()
	if err != nil {
		return nil, err
	}
	s.Records = after.Records - before.Records
	return s, nil
}

// sealEvery is how often a running server looks for days that have closed;
// sealFirst is how long after its start it does so first.
const (
	sealEvery = 10 * time.Minute
	sealFirst = time.Minute
)

// SealClosed seals closed days now and then until ctx ends. An error is logged,
// and the next time goes on.
func (e *Engine) SealClosed(ctx context.Context, by string) {
	wait := time.NewTimer(sealFirst)
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
		if made, err := e.SealArchive(ctx, SealRequest{By: by}); err != nil && ctx.Err() == nil {
			e.log.ErrorContext(ctx, "seal closed days", slog.String("error", err.Error()))
		} else if len(made) > 0 {
			e.log.InfoContext(ctx, "sealed closed days", slog.Int("parts", len(made)))
		}
		wait.Reset(sealEvery)
	}
}
