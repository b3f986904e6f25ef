package server

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/akashi-audit/akashi/internal/convert"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
	"github.com/akashi-audit/akashi/internal/web"
)

// source shows an engine to the pages.
type source struct {
	e       *engine.Engine
	zone    *time.Location
	gate    *gate
	metrics *meters
}

// newSource makes the one source of a server.
func newSource(cfg Config) (source, error) {
	c := cfg.Engine.Config()
	zone, err := c.Location()
	if err != nil {
		return source{}, fmt.Errorf("zone %s: %w", c.Zone, err)
	}
	return source{cfg.Engine, zone, cfg.gate, newMeters(cfg.Engine, cfg.Log)}, nil
}

var (
	_ web.Source   = source{}
	_ web.Unmasker = source{}
)

// Search answers with what the visitor may see; so do all methods.
func (s source) Search(ctx context.Context, q query.Query) (*query.Page, error) {
	v, err := viewOf(ctx, s.e)
	if err != nil {
		return nil, err
	}
	defer s.metrics.searched("records", time.Now())
	return searched(ctx, s.gate, func(ctx context.Context) (*query.Page, error) { return v.Search(ctx, q) })
}

// Facets counts.
func (s source) Facets(ctx context.Context, q query.Query) (*query.Facets, error) {
	v, err := viewOf(ctx, s.e)
	if err != nil {
		return nil, err
	}
	defer s.metrics.searched("facets", time.Now())
	f, err := searched(ctx, s.gate, func(ctx context.Context) (*query.Facets, error) { return v.Facets(ctx, q) })
	if errors.Is(err, pace.ErrTooLong) && !q.HeldOnly && ctx.Err() == nil { // better a part than nothing
		q.HeldOnly = true
		if f, err = searched(ctx, s.gate, func(ctx context.Context) (*query.Facets, error) { return v.Facets(ctx, q) }); err == nil {
			f.Partial = true
		}
	}
	return f, err
}

// ArchivedSlots counts by time what only the archive holds.
func (s source) ArchivedSlots(ctx context.Context, q query.Query, bounds []int64) ([]query.Slot, error) {
	v, err := viewOf(ctx, s.e)
	if err != nil {
		return nil, err
	}
	defer s.metrics.searched("facets", time.Now())
	return searched(ctx, s.gate, func(ctx context.Context) ([]query.Slot, error) { return v.ArchivedSlots(ctx, q, bounds) })
}

// TakenBy is the order of a term that took a record out of the store.
func (s source) TakenBy(ctx context.Context, id record.ID) (*query.Taken, error) {
	v, err := viewOf(ctx, s.e)
	if err != nil || len(s.e.Orders()) == 0 {
		return nil, err
	}
	return v.TakenBy(ctx, id), nil
}

// Record is one record.
func (s source) Record(ctx context.Context, id record.ID) (*record.Record, error) {
	v, err := viewOf(ctx, s.e)
	if err != nil {
		return nil, err
	}
	r, err := v.Record(ctx, id)
	return r, notFound(err)
}

// Raw is the events behind a record.
func (s source) Raw(ctx context.Context, id record.ID) ([]*event.Event, error) {
	v, err := viewOf(ctx, s.e)
	if err != nil {
		return nil, err
	}
	l, hidden, err := v.Raw(ctx, id)
	if err == nil && hidden > 0 {
		err = &web.HiddenEvents{N: hidden}
	}
	return l, notFound(err)
}

// Unmasked is a record with its numbers.
func (s source) Unmasked(ctx context.Context, id record.ID) (*record.Record, []*event.Event, error) {
	v, err := viewOf(ctx, s.e)
	if err != nil {
		return nil, nil, err
	}
	r, l, err := v.Unmasked(ctx, id)
	return r, l, notFound(err)
}

// Versions are the earlier forms of a record.
func (s source) Versions(ctx context.Context, id record.ID) ([]record.Record, error) {
	v, err := viewOf(ctx, s.e)
	if err != nil {
		return nil, err
	}
	return v.Versions(ctx, id)
}

// rules are convert's rules in the words of the pages.
func rules() []web.Rule {
	words := func(w convert.Words) web.Words { return web.Words{Ja: w.Ja, En: w.En} }
	var l []web.Rule
	for _, r := range convert.Rules() {
		p, _ := convert.ProofOf(r.ID)
		l = append(l, web.Rule{
			ID: r.ID, Source: r.Source, Certain: r.Confidence == record.Certain, Words: web.Words{Ja: r.Ja, En: r.En},
			Can: words(p.Can), Cannot: words(p.Cannot), Better: words(p.Better),
		})
	}
	return l
}

func notFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return errors.Join(web.ErrNotFound, err)
	}
	return err
}

// Status is what there is.
func (s source) Status(ctx context.Context) (*web.Status, error) {
	v, err := viewOf(ctx, s.e)
	if err != nil {
		return nil, err
	}
	st, err := v.Status(ctx)
	if err != nil {
		return nil, err
	}
	w := &web.Status{
		Dir: st.Dir, Zone: s.zone, Demo: st.Demo, Records: st.Records, RawEvents: st.RawEvents, Outdated: st.Outdated,
	}
	for _, d := range st.Damage {
		w.Damage = append(w.Damage, web.Damage{File: d.File, Offset: d.Offset, Reason: d.Reason})
	}
	for _, x := range st.Servers {
		if x.Name == record.OwnServer {
			continue
		}
		w.Servers = append(w.Servers, web.Server{Name: x.Name, Records: x.Records, Events: x.Events, First: x.First, Last: x.Last})
	}
	for _, i := range st.Imports {
		y := webImport(&i)
		w.Imports = append(w.Imports, y)
	}
	if p := st.Running; p != nil {
		w.Running = &web.Progress{
			Files: p.Files, FilesDone: p.FilesDone, Bytes: p.Bytes, BytesDone: p.BytesDone,
			Events: p.Events, Records: p.Records, Left: p.Left,
		}
	}
	return w, nil
}

// webImport is an imported file for the pages.
func webImport(i *store.Import) web.Import {
	y := web.Import{
		Name: i.Name, Folder: filepath.Base(filepath.Dir(i.Path)), Size: i.Size, SHA256: i.SHA256, Importer: i.Importer, Time: i.Time, Events: i.Events,
		Error: i.Error, Damage: len(i.Damage),
	}
	for _, d := range i.Damage {
		y.Lost += d.Lost
	}
	return y
}
