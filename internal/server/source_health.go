package server

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/coverage"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/store"
	"github.com/akashi-audit/akashi/internal/web"
)

// patience is how long a page waits for the first numbers of the store. It does
// not wait for coverage, which reads every event.
const patience = 15 * time.Millisecond

// health shows the pages what the folder knows of itself.
type health struct {
	e       *engine.Engine
	log     *slog.Logger
	errands *errands
	storage lately[*web.Storage]

	one     sync.Mutex // held by the coverage that is found out: they take turns
	mu      sync.Mutex
	servers map[string]*lately[*web.Coverage] // guarded by mu
}

var _ web.Health = (*health)(nil)

func newHealth(cfg Config, errands *errands) *health {
	h := &health{e: cfg.Engine, log: cfg.Log, errands: errands, servers: map[string]*lately[*web.Coverage]{}}
	h.storage.find = h.findStorage
	return h
}

// Seal reads the state of the seal, which the engine has in memory.
func (h *health) Seal(context.Context) (*web.Seal, error) {
	s, err := h.e.SealStatus()
	if err != nil {
		return nil, err
	}
	w := &web.Seal{
		Leaves: s.Leaves, Waiting: s.Unsealed, Data: s.Data, KeyFile: s.KeyFile, KeyThere: s.KeyThere,
		Authority: h.e.Config().Seal.Authority, Owed: s.NeedsStamp, Expires: s.StampExpires, Renewal: s.StampRenewal,
		Again: string(s.Again.Hash), AgainAt: s.AgainTime, AgainBroken: s.Again.Broken, AgainBegun: string(s.AgainBegun),
	}
	for _, p := range s.Checkpoints[max(0, len(s.Checkpoints)-20):] {
		w.Points = append(w.Points, web.SealPoint{Time: p.Time, Size: p.Size, Text: string(p.Text)})
		w.Last = p.Time
	}
	for _, x := range s.Sends {
		w.Sends = append(w.Sends, web.SealSend{Kind: x.Kind, Address: x.Address, Sent: x.Sent, SentAt: x.SentAt, Owed: x.Owed, Unsure: x.Unsure, Failed: x.Failed, TriedAt: x.TriedAt})
	}
	w.Checkpoints = len(s.Checkpoints)
	for _, k := range s.Keys {
		w.Keys = append(w.Keys, web.SealKey{ID: seal.KeyID(k.Key), Public: k.Key})
	}
	return w, nil
}

// Storage tells what the store holds by server and day.
func (h *health) Storage(ctx context.Context) (*web.Storage, error) {
	st, err := h.e.Status(ctx)
	if err != nil {
		return nil, err
	}
	v, _, err := h.storage.get(ctx, h.errands, fmt.Sprint(st.Records, st.RawEvents, st.Bytes/(1<<20)), patience)
	return v, err
}

func (h *health) findStorage(ctx context.Context) (*web.Storage, error) {
	s, err := h.e.Stats(ctx)
	if err != nil {
		return nil, err
	}
	w := &web.Storage{Bytes: s.Bytes, Free: s.Free, PerDay: s.PerDay, Full: s.Full}
	for _, x := range s.Servers {
		for _, week := range x.Weeks {
			for _, d := range week.Days {
				w.Days = append(w.Days, web.ServerDay{
					Server: x.Server, Day: d.Day, Records: d.Records, Gaps: d.Gaps,
					Damaged: d.State == store.DayDamaged, Deleted: d.State == store.DayDeleted,
				})
			}
		}
	}
	return w, nil
}

// Coverage tells how complete the events of a server are. It is kept between
// starts, because finding it out reads every event.
func (h *health) Coverage(ctx context.Context, server string) (*web.Coverage, error) {
	st, err := h.e.Status(ctx)
	if err != nil {
		return nil, err
	}
	events := int64(-1)
	for i := range st.Servers {
		if st.Servers[i].Name == server {
			events = st.Servers[i].Events
		}
	}
	if events < 0 {
		return nil, web.ErrNotFound
	}
	name := "coverage " + server
	h.mu.Lock()
	l := h.servers[server]
	if l == nil {
		l = &lately[*web.Coverage]{find: func(ctx context.Context) (*web.Coverage, error) { return h.findCoverage(ctx, server, name) }}
		if db, err := h.e.State(ctx); err == nil {
			var c web.Coverage
			if version, at, ok, err := db.Known(ctx, name, &c); err == nil && ok {
				c.Found = at.UnixNano()
				l.put(&c, version)
			}
		}
		h.servers[server] = l
	}
	h.mu.Unlock()
	version := fmt.Sprint(events)
	if st.Running != nil { // the numbers change at once; found out when they stay
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.value, nil
	}
	v, _, err := l.get(ctx, h.errands, version, 0)
	return v, err
}

func (h *health) findCoverage(ctx context.Context, server, name string) (*web.Coverage, error) {
	h.one.Lock()
	defer h.one.Unlock()
	r, err := h.e.Coverage(ctx, server)
	if err != nil {
		if ctx.Err() == nil {
			h.log.WarnContext(ctx, "coverage", slog.String("server", server), slog.Any("error", err))
		}
		return nil, err
	}
	c := webCoverage(r)
	now := time.Now()
	c.Found = now.UnixNano()
	st, err := h.e.Status(ctx)
	if err != nil {
		return nil, err
	}
	for i := range st.Servers {
		if st.Servers[i].Name != server {
			continue
		}
		if db, err := h.e.State(ctx); err == nil {
			if err := db.Keep(ctx, name, fmt.Sprint(st.Servers[i].Events), now, c); err != nil && ctx.Err() == nil {
				h.log.WarnContext(ctx, "coverage is not kept", slog.Any("error", err)) // it is found out again
			}
		}
	}
	return c, nil
}

// listed bounds each list of a coverage on a page.
const listed = 100

func webCoverage(r *coverage.Report) *web.Coverage {
	w := &web.Coverage{Complete: r.Complete, Notices: map[string]int{}}
	for _, c := range r.Channels {
		x := web.CoverageChannel{
			Name: c.Name, First: c.FirstTime, Last: c.LastTime, Received: c.Received, Missing: c.Missing,
			Gaps: c.GapCount, Silences: c.SilenceCount, Unknown: c.Filtered || c.TooFew,
		}
		for _, g := range c.Gaps[:min(len(c.Gaps), listed)] {
			x.GapList = append(x.GapList, web.CoverageGap{FromID: g.FromID, ToID: g.ToID, N: g.Count, From: g.FromTime, To: g.ToTime})
		}
		x.SilenceList = webSilences(c.Silences)
		for _, q := range x.SilenceList {
			w.Longest = max(w.Longest, q.Seconds)
		}
		w.Missing, w.Gaps, w.Silences = w.Missing+c.Missing, w.Gaps+c.GapCount, w.Silences+c.SilenceCount
		w.Channels = append(w.Channels, x)
	}
	for _, n := range r.Notices {
		w.Notices[n.Kind]++
	}
	for _, n := range r.Notices[max(0, len(r.Notices)-listed):] {
		w.NoticeList = append(w.NoticeList, web.CoverageNotice{Kind: n.Kind, Time: n.Time, User: n.User, Detail: n.Detail, GUID: n.GUID})
	}
	for _, s := range r.Subcategories {
		switch {
		case s.State == coverage.StateOff || s.State == coverage.StateStopped:
			w.Off++
		case s.State == coverage.StateUnseen && s.Remedy != "":
			w.Unproven++
		}
		w.Subcategories = append(w.Subcategories, web.CoverageSubcategory{GUID: s.GUID, Name: s.Name, State: s.State, Last: s.Last, Remedy: s.Remedy, SACL: s.SACL, Silences: webSilences(s.Silences)})
	}
	return w
}

// webSilences are the first of the stretches without events.
func webSilences(l []coverage.Silence) (out []web.CoverageSilence) {
	for _, q := range l[:min(len(l), listed)] {
		out = append(out, web.CoverageSilence{From: q.From, To: q.To, Seconds: q.Seconds})
	}
	return out
}
