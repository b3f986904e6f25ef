package engine

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/coverage"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/store"
)

// gapKey names what a gap report is of.
type gapKey struct{ server, day string } // day "" = all that is held

// life is one life of the record ids of a channel.
type life struct {
	channel string
	gen     uint32
}

// gapLosses are the notices that a gap report names.
func gapLosses() []string {
	return []string{coverage.KindCleared, coverage.KindFull, coverage.KindDropped}
}

// sealedGap is the last gap report in the seal of a server or day.
type sealedGap struct {
	same   seal.Hash           // see sameGaps
	report *manifest.GapReport // nil of a day
}

// sameGaps is a hash that two reports share when they say the same. The times around
// a hole are no part of it: they are bounds, which get other ones when the store packs
// its events.
func sameGaps(g *manifest.GapReport) (seal.Hash, error) {
	c := *g
	c.Channels = slices.Clone(g.Channels)
	for i := range c.Channels {
		l := slices.Clone(c.Channels[i].Gaps)
		for j := range l {
			l[j].FromTime, l[j].ToTime = "", ""
		}
		c.Channels[i].Gaps = l
	}
	text, err := c.Text()
	return seal.Sum([]byte(text)), err
}

// lastGaps is the last gap report in the seal. The caller holds importing.
func (e *Engine) lastGaps(k gapKey) (sealedGap, error) {
	if e.gapsSealed != nil {
		return e.gapsSealed[k], nil
	}
	known := make(map[gapKey]sealedGap)
	for l, err := range e.seal.Of(seal.KindGapReport) {
		if err != nil {
			return sealedGap{}, fmt.Errorf("sealed gap reports: %w", err)
		}
		x, err := manifest.ParseGapReport(l.Entry.Subject)
		if err != nil {
			continue // verify names it
		}
		if err := noteGap(known, x); err != nil {
			return sealedGap{}, err
		}
	}
	e.gapsSealed = known
	return known[k], nil
}

func noteGap(known map[gapKey]sealedGap, g *manifest.GapReport) error {
	h, err := sameGaps(g)
	s := sealedGap{same: h}
	if g.Day == "" {
		s.report = g
	}
	known[gapKey{g.Server, g.Day}] = s
	return err
}

// sealGaps writes down a gap report, unless the last one of the same server and day
// says the same. The caller holds importing.
func (e *Engine) sealGaps(ctx context.Context, g *manifest.GapReport, by string) error {
	text, err := g.Text()
	if err != nil {
		return err
	}
	last, err := e.lastGaps(gapKey{g.Server, g.Day})
	if err != nil {
		return err
	}
	if h, err := sameGaps(g); err != nil || h == last.same {
		return err
	}
	if err := e.seal.Record(ctx, seal.Entry{Kind: seal.KindGapReport, Subject: text, By: by, Time: e.deps.now().UnixNano()}); err != nil {
		return fmt.Errorf("seal the gap report of %s: %w", record.Visible(g.Server), err)
	}
	return noteGap(e.gapsSealed, g)
}

// sealImportGaps writes down what the logs of the servers of an import lack now.
func (e *Engine) sealImportGaps(ctx context.Context) error {
	seen := e.covers
	e.covers = nil
	for _, server := range slices.Sorted(maps.Keys(seen)) {
		r := seen[server].Report()
		g := &manifest.GapReport{Format: manifest.GapFormat, Server: server, Channels: []manifest.GapChannel{}}
		gapNotices(g, r.Notices)
		for _, l := range e.st.HeldIDs(server) {
			h := coverage.HolesOf(runsOf(l.Runs), manifest.MaxGaps)
			g.Channels = append(g.Channels, gapChannel(life{l.Channel, l.Generation}, &h))
		}
		sortGaps(g)
		last, err := e.lastGaps(gapKey{server, ""})
		if err != nil {
			return err
		}
		goOn(g, r, last.report)
		if err := e.sealGaps(ctx, g, "akashi"); err != nil {
			return err
		}
	}
	return nil
}

// goOn adds to the report of an import r what the one before told: the events of a
// loss, and the silences outside of the time that the import spans.
func goOn(g *manifest.GapReport, r *coverage.Report, before *manifest.GapReport) {
	old := make(map[string][]manifest.GapSilence)
	if before != nil {
		for i := range before.Channels {
			c := &before.Channels[i]
			old[c.Channel] = append(old[c.Channel], c.Silences...)
		}
		for _, n := range before.Cleared {
			if !slices.Contains(g.Cleared, n) {
				g.Cleared = append(g.Cleared, n)
			}
		}
		boundNotices(g)
	}
	for i := range g.Channels {
		c := &g.Channels[i]
		if i+1 < len(g.Channels) && g.Channels[i+1].Channel == c.Channel {
			continue // its newest life has them
		}
		l := old[c.Channel]
		for j := range r.Channels {
			if x := &r.Channels[j]; x.Name == c.Channel {
				l = slices.DeleteFunc(l, func(s manifest.GapSilence) bool { return s.From < x.LastTime && s.To > x.FirstTime })
				for _, s := range x.Silences {
					l = append(l, manifest.GapSilence{From: s.From, To: s.To})
				}
			}
		}
		quiet(c, l)
	}
}

// gapChannel is the entry of a life with these holes.
func gapChannel(l life, h *coverage.Holes) manifest.GapChannel {
	c := manifest.GapChannel{
		Channel: l.channel, Generation: l.gen, FirstID: h.First, LastID: h.Last, Held: h.Held, Missing: h.Missing,
		Filtered: h.Filtered, TooFew: h.TooFew, GapCount: h.Count, Gaps: []manifest.GapRange{}, Silences: []manifest.GapSilence{},
	}
	if h.Filtered || h.TooFew {
		return c
	}
	for _, g := range h.Gaps {
		c.Gaps = append(c.Gaps, manifest.GapRange{FromID: g.FromID, ToID: g.ToID, FromTime: g.FromTime, ToTime: g.ToTime})
	}
	return c
}

// quiet puts silences into a channel. In the log of an export with a filter they say
// nothing.
func quiet(c *manifest.GapChannel, l []manifest.GapSilence) {
	if c.Filtered || c.TooFew {
		return
	}
	slices.SortFunc(l, func(a, b manifest.GapSilence) int { return strings.Compare(a.From, b.From) })
	c.SilenceCount = len(l)
	c.Silences = append(c.Silences, l[:min(len(l), manifest.MaxGaps)]...)
}

// gapNotices puts in what tells of a loss, by time, channel and id.
func gapNotices(g *manifest.GapReport, l []coverage.Notice) {
	g.Cleared = []manifest.GapNotice{}
	for i := range l {
		if n := &l[i]; slices.Contains(gapLosses(), n.Kind) {
			g.Cleared = append(g.Cleared, manifest.GapNotice{Kind: n.Kind, Time: n.Time, Channel: n.Channel, RecordID: n.RecordID, User: n.User})
		}
	}
	boundNotices(g)
}

// boundNotices sorts the notices and keeps as many as a report lists.
func boundNotices(g *manifest.GapReport) {
	slices.SortFunc(g.Cleared, func(a, b manifest.GapNotice) int {
		return cmp.Or(strings.Compare(a.Time, b.Time), strings.Compare(a.Channel, b.Channel), cmp.Compare(a.RecordID, b.RecordID))
	})
	g.ClearedCount = len(g.Cleared)
	g.Cleared = g.Cleared[:min(len(g.Cleared), manifest.MaxGaps)]
}

func sortGaps(g *manifest.GapReport) {
	slices.SortFunc(g.Channels, func(a, b manifest.GapChannel) int {
		return cmp.Or(strings.Compare(a.Channel, b.Channel), cmp.Compare(a.Generation, b.Generation))
	})
}

func runsOf(l []store.HeldRun) []coverage.Run {
	out := make([]coverage.Run, len(l))
	for i, r := range l {
		out[i] = coverage.Run(r)
	}
	return out
}

// dayWatch is the store while days are sealed: it looks at the events of each day as
// they pass by, so that its gap report costs no second reading.
type dayWatch struct {
	archive.Source
	server string
	cover  *coverage.Tracker
	lives  map[life]*dayLife
}

// dayLife is what a day has of one life.
type dayLife struct {
	first, last uint64
	minutes     map[event.Filetime][2]event.Filetime // by minute, the first and the last time
}

// SealEvents is that of the store.
func (w *dayWatch) SealEvents(ctx context.Context, server string, from, to int64, fn func(channel string, gen uint32, l []*event.Event) error) error {
	w.server, w.cover, w.lives = server, coverage.New(server, coverage.Options{}), make(map[life]*dayLife)
	return w.Source.SealEvents(ctx, server, from, to, func(channel string, gen uint32, l []*event.Event) error {
		w.look(life{channel, gen}, l)
		return fn(channel, gen, l)
	})
}

func (w *dayWatch) look(k life, l []*event.Event) {
	const minute = event.Filetime(60 * 10_000_000)
	d := w.lives[k]
	if d == nil && len(l) > 0 {
		d = &dayLife{first: l[0].RecordID, minutes: make(map[event.Filetime][2]event.Filetime)}
		w.lives[k] = d
	}
	for _, e := range l {
		w.cover.Add(e)
		d.first, d.last = min(d.first, e.RecordID), max(d.last, e.RecordID)
		m, ok := d.minutes[e.Time/minute]
		if !ok {
			m = [2]event.Filetime{e.Time, e.Time}
		}
		d.minutes[e.Time/minute] = [2]event.Filetime{min(m[0], e.Time), max(m[1], e.Time)}
	}
}

// report is the gap report of the day that was looked at last. A hole between the
// last event before the day and its first one is the day's.
func (w *dayWatch) report(day string, held []store.HeldLife) *manifest.GapReport {
	g := &manifest.GapReport{Format: manifest.GapFormat, Server: w.server, Day: day, Channels: []manifest.GapChannel{}}
	gapNotices(g, w.cover.Report().Notices)
	for _, l := range held {
		k := life{l.Channel, l.Generation}
		d := w.lives[k]
		if d == nil {
			continue
		}
		all := runsOf(l.Runs)
		whole := coverage.HolesOf(all, 0)
		h := coverage.HolesOf(d.within(all), manifest.MaxGaps)
		if h.First < d.first {
			h.First, h.Held = d.first, h.Held-1
		}
		h.Filtered, h.TooFew = whole.Filtered, whole.TooFew
		c := gapChannel(k, &h)
		var times []event.Filetime
		for _, m := range slices.Sorted(maps.Keys(d.minutes)) {
			times = append(times, d.minutes[m][0], d.minutes[m][1])
		}
		var silent []manifest.GapSilence
		for _, s := range coverage.Quiet(times) {
			silent = append(silent, manifest.GapSilence{From: s.From, To: s.To})
		}
		quiet(&c, silent)
		g.Channels = append(g.Channels, c)
	}
	sortGaps(g)
	return g
}

// within cuts the runs of a life, by lowest id, to the day's ids and the id before.
func (d *dayLife) within(all []coverage.Run) []coverage.Run {
	var out []coverage.Run
	var before coverage.Run
	for _, r := range all {
		if r.Lo < d.first && r.Hi >= before.Hi {
			before = r
			before.Hi = min(r.Hi, d.first-1)
			before.Lo = before.Hi
		}
		if r.Lo, r.Hi = max(r.Lo, d.first), min(r.Hi, d.last); r.Lo <= r.Hi {
			out = append(out, r)
		}
	}
	if before.Hi > 0 {
		out = append(out, before)
	}
	return out
}

// sealDays seals days and writes down the gap report of each that got a
// part. The caller holds importing.
func (e *Engine) sealDays(ctx context.Context, a *archive.Archive, opt archive.SealOptions) ([]manifest.Day, error) {
	w := &dayWatch{Source: e.st}
	var gaps error
	progress := opt.Progress
	opt.Progress = func(server, day string, made *manifest.Day) {
		if made != nil && server != record.OwnServer && w.server == server && gaps == nil {
			gaps = e.sealGaps(ctx, w.report(day, e.st.HeldIDs(server)), opt.By)
		}
		if progress != nil {
			progress(server, day, made)
		}
	}
	made, err := a.Seal(ctx, w, opt)
	if err == nil {
		err = gaps
	}
	return made, err
}
