package server

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/coverage"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/hold"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
	"github.com/akashi-audit/akashi/internal/web"
)

// dataSource shows the care for an engine's folder to the pages.
type dataSource struct {
	e    *engine.Engine
	zone *time.Location
	now  func() time.Time

	mu    sync.Mutex
	stats *store.Stats // guarded by mu, as the next two
	key   [3]int64     // records, events and imports that stats are of
	at    time.Time
	found map[string]*survey // of servers; guarded by mu

	care sync.Mutex // of confirmations
}

// survey is what a job found out about a server's logs.
type survey struct {
	gaps   *web.Gaps
	events int64 // stored then
}

var _ web.Data = (*dataSource)(nil)

func newData(e *engine.Engine, zone *time.Location) *dataSource {
	return &dataSource{e: e, zone: zone, now: time.Now, found: make(map[string]*survey)}
}

// statsFor is how long Stats hold when nothing was imported.
const statsFor = time.Minute

// store is what the store holds, asked again when something came or a minute went by.
func (d *dataSource) store(ctx context.Context) (*store.Stats, error) {
	st, err := d.e.Status(ctx)
	if err != nil {
		return nil, err
	}
	key := [3]int64{st.Records, st.RawEvents, int64(len(st.Imports))}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stats != nil && d.key == key && d.now().Sub(d.at) < statsFor {
		return d.stats, nil
	}
	s, err := d.e.Stats(ctx)
	if err != nil {
		return nil, err
	}
	d.stats, d.key, d.at = s, key, d.now()
	return s, nil
}

// sees reports whether the visitor of ctx may see numbers of a server. Whoever sees
// some folders only may not: the numbers are of all of them.
func sees(ctx context.Context, server string) bool {
	v := account.From(ctx)
	if v == nil || len(v.Scope.Folders) > 0 {
		return false
	}
	return len(v.Scope.Servers) == 0 || slices.ContainsFunc(v.Scope.Servers, func(s string) bool { return query.SameServer(s, server) })
}

// whole is ErrRestricted for a visitor who does not see everything.
func whole(ctx context.Context) error {
	if v := account.From(ctx); v == nil || !v.Scope.All() {
		return care.ErrRestricted
	}
	return nil
}

// who is the name of the visitor.
func who(ctx context.Context) string {
	if v := account.From(ctx); v != nil {
		return v.Name
	}
	return ""
}

func (d *dataSource) Overview(ctx context.Context) (*web.Overview, error) {
	if v := account.From(ctx); v == nil || len(v.Scope.Folders) > 0 {
		return nil, care.ErrRestricted
	}
	s, err := d.store(ctx)
	if err != nil {
		return nil, err
	}
	parts, err := d.e.ArchiveDays(ctx)
	if err != nil {
		return nil, err
	}
	sealed, err := d.e.Sealed(ctx)
	if err != nil {
		return nil, err
	}
	o := &web.Overview{Free: s.Free, PerDay: s.PerDay, Full: s.Full, Damage: s.Damage, Error: s.Error}
	days := make(map[string]map[string]*web.Day)
	at := func(server, day string) *web.Day {
		if days[server] == nil {
			days[server] = make(map[string]*web.Day)
		}
		if days[server][day] == nil {
			days[server][day] = &web.Day{Day: day}
		}
		return days[server][day]
	}
	for _, sv := range s.Servers {
		if sv.Server == record.OwnServer || !sees(ctx, sv.Server) {
			continue
		}
		for _, w := range sv.Weeks {
			for i := range w.Days {
				addStored(at(sv.Server, w.Days[i].Day), &w.Days[i], sealed[engine.ServerDay{Server: sv.Server, Day: w.Days[i].Day}], d.today())
			}
		}
	}
	if err := d.addArchive(ctx, o, parts, at); err != nil {
		return nil, err
	}
	finishOverview(o, days)
	if whole(ctx) == nil {
		o.StoreBytes = s.Bytes
	}
	return o, nil
}

func (d *dataSource) today() string { return d.now().In(d.zone).Format(time.DateOnly) }

// addStored puts what the store has into a day.
func addStored(x *web.Day, s *store.DayStats, sealed engine.SealedDay, today string) {
	if sealed.Expired { // what outlived its month is in the archive as well
		x.State, x.Gaps = web.DayDeleted, s.Gaps
		return
	}
	x.Records, x.Events, x.Bytes, x.Gaps = s.Records, s.Events, s.Bytes, s.Gaps
	switch {
	case s.State == store.DayDamaged:
		x.State = web.DayDamaged
	case s.Records == 0 && s.Events == 0 && s.State == store.DayDeleted:
		x.State = web.DayDeleted
	case s.Day >= today:
		x.State = web.DayOpen
	case sealed.Whole:
		x.State = web.DayBoth
	default:
		x.State = web.DayStore
	}
}

// addArchive puts the parts of the archive into the days.
func (d *dataSource) addArchive(ctx context.Context, o *web.Overview, parts []manifest.Day, at func(server, day string) *web.Day) error {
	var names []string
	for i := range parts {
		for _, x := range parts[i].Objects {
			names = append(names, x.Name)
		}
	}
	copies, err := d.e.Copies(ctx, names)
	if err != nil {
		return err
	}
	seen := make(map[[2]string]bool)
	for i := range parts {
		p := &parts[i]
		if p.Server == record.OwnServer || !sees(ctx, p.Server) {
			continue
		}
		x := at(p.Server, p.Day)
		fresh := !seen[[2]string{p.Server, p.Day}]
		seen[[2]string{p.Server, p.Day}] = true
		if stored := x.State == web.DayBoth || x.State == web.DayStore || x.State == web.DayOpen || x.State == web.DayDamaged; !stored {
			x.State = web.DayArchived
			x.Records += p.Records - p.Voids
			x.Events += p.Events
		}
		if x.State == web.DayStore {
			x.Late = true
		}
		x.Parts++
		for _, ob := range p.Objects {
			x.Archive += ob.Size
			if n := copies[ob.Name]; fresh || n < x.Copies {
				x.Copies, fresh = n, false
			}
		}
		o.ArchiveParts++
		o.Checked = max(o.Checked, p.Sealed)
	}
	o.ArchiveDays = len(seen)
	return nil
}

// finishOverview sorts the days of the servers, and puts days of nothing between.
func finishOverview(o *web.Overview, days map[string]map[string]*web.Day) {
	for name, l := range days {
		sv := web.ServerDays{Name: name}
		first, last := "9", ""
		for day := range l {
			first, last = min(first, day), max(last, day)
		}
		t, err := time.Parse(time.DateOnly, first)
		for ; err == nil && t.Format(time.DateOnly) <= last && len(sv.Days) < maxDays; t = t.AddDate(0, 0, 1) {
			x := l[t.Format(time.DateOnly)]
			if x == nil {
				x = &web.Day{Day: t.Format(time.DateOnly), State: web.DayNone}
			}
			if x.State == web.DayBoth || x.State == web.DayArchived {
				sv.Archived++
			}
			sv.Records, sv.Events, sv.Bytes, sv.Gaps = sv.Records+x.Records, sv.Events+x.Events, sv.Bytes+x.Bytes, sv.Gaps+x.Gaps
			o.Records, o.Events, o.StoreBytes, o.ArchiveBytes = o.Records+x.Records, o.Events+x.Events, o.StoreBytes+x.Bytes, o.ArchiveBytes+x.Archive
			sv.Days = append(sv.Days, *x)
		}
		o.Servers = append(o.Servers, sv)
	}
	slices.SortFunc(o.Servers, func(a, b web.ServerDays) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
}

// maxDays bounds the days of a server that are shown: clocks that were wrong by
// centuries.
const maxDays = 20000

// Gaps is what the last survey found, as long as no event came since.
func (d *dataSource) Gaps(ctx context.Context, server string) (*web.Gaps, error) {
	if !sees(ctx, server) {
		return nil, care.ErrRestricted
	}
	n, err := d.events(ctx, server)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.found[server]; s != nil && s.events == n {
		return s.gaps, nil
	}
	return nil, nil
}

func (d *dataSource) events(ctx context.Context, server string) (int64, error) {
	st, err := d.e.Status(ctx)
	if err != nil {
		return 0, err
	}
	for i := range st.Servers {
		if st.Servers[i].Name == server {
			return st.Servers[i].Events, nil
		}
	}
	return 0, nil
}

// survey finds out how complete the logs of a server are.
func (d *dataSource) survey(ctx context.Context, server string) (*coverage.Report, error) {
	n, err := d.events(ctx, server)
	if err != nil {
		return nil, err
	}
	r, err := d.e.Coverage(ctx, server)
	if err != nil {
		return nil, err
	}
	g := gapsOf(r)
	g.At = d.now().UnixNano()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.found[server] = &survey{g, n}
	return r, nil
}

// maxGaps bounds the stretches of a channel and the notices that a page shows.
const maxGaps = 50

func gapsOf(r *coverage.Report) *web.Gaps {
	g := &web.Gaps{Server: r.Server, Complete: r.Complete}
	for i := range r.Channels {
		c := &r.Channels[i]
		x := web.ChannelGaps{
			Name: c.Name, First: c.FirstTime, Last: c.LastTime, Received: c.Received, Missing: c.Missing, Holes: c.GapCount,
			Silences: c.SilenceCount, Unsure: c.Filtered || c.TooFew,
		}
		for _, s := range c.Silences {
			x.Longest = max(x.Longest, s.Seconds)
			if len(x.Silent) < maxGaps {
				x.Silent = append(x.Silent, web.GapSpan{From: s.From, To: s.To, N: uint64(max(s.Seconds, 0))})
			}
		}
		for _, s := range c.Gaps[:min(len(c.Gaps), maxGaps)] {
			x.Gaps = append(x.Gaps, web.GapSpan{From: s.FromTime, To: s.ToTime, N: s.Count})
		}
		g.Channels = append(g.Channels, x)
	}
	for _, n := range r.Notices[:min(len(r.Notices), maxGaps)] {
		g.Notices = append(g.Notices, web.GapNotice{Kind: n.Kind, Time: n.Time, User: n.User, Detail: n.Detail})
	}
	g.More = r.NoticeCount - len(g.Notices)
	for _, s := range r.Subcategories {
		if s.State != coverage.StateOn && s.Remedy != "" {
			g.Audit = append(g.Audit, web.Remedy{Name: s.Name, State: s.State, Command: s.Remedy, SACL: s.SACL})
		}
	}
	return g
}

func (d *dataSource) Holds(ctx context.Context) ([]care.Hold, bool, error) {
	if err := whole(ctx); err != nil {
		return nil, false, err
	}
	l, err := d.e.Holds()
	damaged := errors.Is(err, hold.ErrDamaged)
	if err != nil && !damaged {
		return nil, false, err
	}
	var out []care.Hold
	for i := range l {
		h := &l[i]
		x := care.Hold{Case: h.Case, Servers: h.Servers, Query: h.Query, From: h.From, To: h.To, By: h.By, Ground: h.Ground, Time: h.Time}
		if r := h.Released; r != nil {
			x.Released = &care.Released{By: r.By, Ground: r.Ground, Time: r.Time}
		}
		out = append(out, x)
	}
	slices.Reverse(out)
	return out, damaged, nil
}

func (d *dataSource) AddHold(ctx context.Context, h care.Hold) error {
	if err := whole(ctx); err != nil {
		return err
	}
	return d.e.AddHold(ctx, hold.Hold{Case: h.Case, By: who(ctx), Ground: h.Ground, Scope: hold.Scope{Servers: h.Servers, Query: h.Query, From: h.From, To: h.To}})
}

func (d *dataSource) ReleaseHold(ctx context.Context, name, ground string) error {
	if err := whole(ctx); err != nil {
		return err
	}
	err := d.e.ReleaseHold(ctx, hold.Release{Case: name, By: who(ctx), Ground: ground})
	if errors.Is(err, hold.ErrNoCase) {
		return errors.Join(care.ErrNotFound, err)
	}
	return err
}
