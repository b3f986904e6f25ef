package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/coverage"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/evidence"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/store"
)

// Evidence writes an evidence bundle to opt.Out; see evidence.Make. The zone, the
// data folder, the time and the archive are the engine's. It may be called at any
// time, beside searches too; imports and seals wait until it is done. When ctx ends,
// so does it, and no file is left.
func (e *Engine) Evidence(ctx context.Context, opt evidence.Options) (*evidence.Result, error) {
	return e.evidence(ctx, evidenceSource{e}, opt)
}

// Evidence is Engine.Evidence of what lies within the view. In one of some servers a
// bundle is as it always is: what it tells of a server is of servers of the view. In one of
// some folders it holds no more than the view shows (evidence.Narrow).
func (v *View) Evidence(ctx context.Context, opt evidence.Options) (*evidence.Result, error) {
	opt.Query = v.Restrict(opt.Query)
	if !v.sight.Narrow() {
		return v.e.evidence(ctx, evidenceSource{v.e}, opt)
	}
	opt.Narrow = &evidence.Narrow{Shown: v.within}
	return v.e.evidence(ctx, narrowSource{evidenceSource{v.e}, v}, opt)
}

// narrowSource is what a view of some folders has for evidence.
type narrowSource struct {
	evidenceSource
	v *View
}

// Raw leaves out the events that name something outside the view.
func (s narrowSource) Raw(ctx context.Context, l []record.Record) ([][]*event.Event, error) {
	all, err := s.evidenceSource.Raw(ctx, l)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i] = slices.DeleteFunc(slices.Clone(all[i]), func(e *event.Event) bool { return !s.v.seesEvent(&l[i], e) })
	}
	return all, nil
}

// Coverage is of whole servers.
func (narrowSource) Coverage(context.Context, string) (*coverage.Report, error) {
	return nil, ErrNarrow
}

func (e *Engine) evidence(ctx context.Context, src evidence.Source, opt evidence.Options) (*evidence.Result, error) {
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
	opt.Archive = &provenArchive{e: e, by: opt.By}
	return evidence.Make(ctx, src, folderLog{e.seal, e}, opt)
}

// evidenceSource is the folder as evidence.Source.
type evidenceSource struct{ *Engine }

// rawLife is a life of a channel of a server.
type rawLife struct {
	server, channel string
	gen             uint32
}

// foundEvents are events by their life and record id.
type foundEvents map[rawLife]map[uint64]*event.Event

// rawOf is where the events of a record lie, and their ids, ascending.
func rawOf(r *record.Record) (rawLife, []uint64) {
	ids := slices.Sorted(slices.Values(r.RawIDs))
	if len(ids) == 0 {
		ids = []uint64{r.FirstID}
	}
	return rawLife{r.Server, r.Channel, r.Generation}, ids
}

// Raw reads the events of many records at once, so that each block of events is read
// once for all of them: from the store, and what it does not hold from the archive.
func (s evidenceSource) Raw(ctx context.Context, l []record.Record) ([][]*event.Event, error) {
	want := make(map[rawLife][]uint64)
	for i := range l {
		k, ids := rawOf(&l[i])
		want[k] = append(want[k], ids...)
	}
	found := make(foundEvents, len(want))
	missing := make(map[rawLife][]uint64)
	for k, ids := range want {
		slices.Sort(ids)
		ids = slices.Compact(ids)
		events, err := s.st.Events(ctx, k.server, k.channel, k.gen, ids)
		if err != nil {
			return nil, err
		}
		found.add(k, events)
		for _, id := range ids {
			if found[k][id] == nil {
				missing[k] = append(missing[k], id)
			}
		}
	}
	if len(missing) > 0 {
		if err := s.archivedRaw(ctx, missing, found); err != nil {
			return nil, err
		}
	}
	out := make([][]*event.Event, len(l))
	for i := range l {
		k, ids := rawOf(&l[i])
		for _, id := range ids {
			if e := found[k][id]; e != nil {
				out[i] = append(out[i], e)
			}
		}
	}
	return out, nil
}

func (f foundEvents) add(k rawLife, l []*event.Event) {
	if f[k] == nil {
		f[k] = make(map[uint64]*event.Event, len(l))
	}
	for _, e := range l {
		f[k][e.RecordID] = e
	}
}

// archivedRaw adds what the archive has of events that the store does not hold. What
// was erased it does not give either.
func (s evidenceSource) archivedRaw(ctx context.Context, want map[rawLife][]uint64, found foundEvents) error {
	return s.withArchive(ctx, func(a *archive.Archive) error {
		for k, ids := range want {
			l, err := a.RawOf(ctx, record.ID{Server: k.server, Channel: k.channel, Generation: k.gen}, ids)
			if err != nil {
				return fmt.Errorf("archived events of %s: %w", record.Visible(k.server), err)
			}
			found.add(k, l)
		}
		return nil
	})
}

// Coverage tells how complete the stored events of a server are. What was erased or
// deleted is no loss.
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
	r := t.Report()
	for i := range r.Channels {
		e.knownHoles(server, &r.Channels[i])
	}
	return r, nil
}

// knownHoles takes out of the gaps of a channel what was erased or deleted.
func (e *Engine) knownHoles(server string, c *coverage.Channel) {
	gone := func(lo, hi uint64) (n uint64) {
		for gen := range c.Generations {
			n += e.st.Gone(server, c.Name, uint32(gen), lo, hi)
		}
		return n
	}
	if c.Missing == 0 || gone(c.FirstID, c.LastID) == 0 {
		return
	}
	c.Gaps = slices.DeleteFunc(c.Gaps, func(g coverage.Gap) bool {
		n := min(gone(g.FromID, g.ToID), g.Count)
		c.Missing -= min(n, c.Missing)
		if n == g.Count {
			c.GapCount--
			return true
		}
		return false
	})
}

// provenArchive is the archive of a folder as evidence.Archive. The caller holds
// importing.
type provenArchive struct {
	e      *Engine
	by     string
	at     map[seal.Hash]int64 // leaves of parts in the log
	object map[int64]string    // names of the manifests that these leaves are of
}

// Seal seals days of servers that are not sealed yet.
func (p *provenArchive) Seal(ctx context.Context, days []evidence.Day) error {
	want := make(map[evidence.Day]bool, len(days))
	for _, d := range days {
		want[d] = true
	}
	_, err := p.e.sealArchive(ctx, SealRequest{All: true, By: p.by, Only: func(server, day string) bool { return want[evidence.Day{Server: server, Day: day}] }})
	return err
}

// Parts lists the parts of a day that have a leaf in the log.
func (p *provenArchive) Parts(ctx context.Context, d evidence.Day, fn func(*evidence.Part) error) error {
	if p.at == nil {
		p.at, p.object = make(map[seal.Hash]int64), make(map[int64]string)
		for l, err := range p.e.seal.Entries(0, p.e.seal.Size()) {
			if err != nil {
				return err
			}
			if l.Entry.Kind == seal.KindArchivePart {
				var x struct{ Object string }
				if err := json.Unmarshal([]byte(l.Entry.Subject), &x); err != nil {
					return fmt.Errorf("leaf %d: %w", l.Index, err)
				}
				p.at[l.Entry.Hash], p.object[l.Index] = l.Index, x.Object
			}
		}
	}
	fresh, err := p.e.newLeaves(ctx, d)
	if err != nil {
		return err
	}
	return p.e.withArchive(ctx, func(a *archive.Archive) error {
		return a.Leaves(ctx, d.Server, d.Day, func(m *manifest.Day, stored []byte, leaves []seal.Hash) error {
			at, ok := p.at[seal.Sum(stored)]
			if !ok {
				return nil
			}
			return fn(&evidence.Part{Day: *m, Text: stored, Object: p.object[at], Index: at, Leaves: leaves, New: fresh[m.Part]})
		})
	})
}

// folderLog seals the files of the folder with each checkpoint.
type folderLog struct {
	*seal.Log
	e *Engine
}

// Checkpoint lists the files of the folder, signs the head and gets its time stamp.
// A stamp that came is a leaf behind the checkpoint and needs no new one.
func (l folderLog) Checkpoint(ctx context.Context) (*seal.Checkpoint, error) {
	if err := l.e.sealFolder(ctx); err != nil {
		return nil, err
	}
	if points := l.Log.Checkpoints(); l.Log.Unsealed() == 0 && len(points) > 0 {
		return points[len(points)-1], nil
	}
	return l.Log.Checkpoint(ctx)
}
