package engine

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/store"
)

// ErrNoServer says that no events of the named server are stored.
var ErrNoServer = errors.New("no events of this server are stored")

// Reconvert replays the stored raw events of one or all servers under the rules
// and settings of now. Records that come out differently stay as superseded.
// When it is ended in the middle, the next opening for writing or import goes on
// with the server at hand; servers behind it keep their records. A dry run
// changes nothing, takes a folder that is open for reading only, and needs room
// for the records in the system's temporary folder. progress is called as by
// Import.
func (e *Engine) Reconvert(ctx context.Context, req ReconvertRequest, progress func(Progress)) (*ReconvertSummary, error) {
	if e.opt.ReadOnly && !req.DryRun {
		return nil, ErrReadOnly
	}
	e.importing.Lock()
	defer e.importing.Unlock()
	t := e.track(progress)
	defer t.stop()
	if !req.DryRun {
		if err := e.ready(ctx, t); err != nil {
			return nil, err
		}
	}
	before, err := e.st.Info()
	if err != nil {
		return nil, err
	}
	sum := &ReconvertSummary{DryRun: req.DryRun, Rules: e.deps.rules, Servers: []Reconverted{}}
	var servers []store.ServerInfo
	for _, s := range before.Servers {
		if s.Events > 0 && (req.Server == "" || req.Server == s.Name) {
			servers = append(servers, s)
			t.total += s.Events
		}
	}
	if req.Server != "" && len(servers) == 0 {
		return nil, fmt.Errorf("%s: %w", req.Server, ErrNoServer)
	}
	t.set(func(p *Progress) {
		p.Phase, p.Files, p.AllEvents = "reconvert", len(servers), t.total
	})
	for i := range servers {
		s := &servers[i]
		t.set(func(p *Progress) { p.File, p.FilesDone = s.Name, i })
		var d store.Difference
		var err error
		if req.DryRun {
			d, err = e.tryReconvert(ctx, s.Name, t)
		} else {
			d, err = e.reconvert(ctx, s.Name, t, whole)
		}
		if err != nil {
			return nil, err
		}
		sum.Servers = append(sum.Servers, Reconverted{
			Server: s.Name, Events: s.Events, Before: s.Records, After: d.Same + d.Changed + d.Added,
			Same: d.Same, Changed: d.Changed, Gone: d.Gone, Added: d.Added, Superseded: d.Changed + d.Gone,
		})
	}
	if !req.DryRun {
		if err := e.spread(ctx, t); err != nil {
			return nil, err
		}
	}
	sum.Elapsed = t.elapsed()
	t.done()
	return sum, nil
}

// tryReconvert converts a server into a store of its own that is thrown away.
func (e *Engine) tryReconvert(ctx context.Context, server string, t *tracker) (d store.Difference, err error) {
	dir, err := os.MkdirTemp("", "akashi-reconvert-")
	if err != nil {
		return d, fmt.Errorf("make a temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	tmp, err := store.Open(dir, store.Options{Create: true})
	if err != nil {
		return d, fmt.Errorf("make a temporary store: %w", err)
	}
	defer func() { err = errors.Join(err, tmp.Close()) }()
	conv := e.deps.fresh(server, e.optionsOf(server))
	n := 0
	commit := func(last bool) error {
		c := &store.Commit{Server: server, Records: conv.Take()}
		if last {
			c.Tail, c.SetTail = conv.Tail(), true
		}
		if err := e.locate(ctx, c.Records, c.Tail); err != nil {
			return err
		}
		done := int64(n)
		n = 0
		t.set(func(p *Progress) {
			p.Events += done
			p.Records += int64(len(c.Records))
		})
		_, err := tmp.Append(ctx, c)
		return err
	}
	err = e.st.Replay(ctx, server, store.Key{}, func(ev *event.Event, _ store.Key) error {
		conv.Add(ev)
		if n++; n < e.deps.batch {
			return nil
		}
		return commit(false)
	})
	if err == nil {
		err = commit(true)
	}
	if err != nil {
		return d, fmt.Errorf("convert %s again: %w", server, err)
	}
	return e.st.Compare(ctx, server, tmp)
}
