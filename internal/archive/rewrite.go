package archive

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/erasure"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/record"
)

// Rewritten is what Rewrite did.
type Rewritten struct {
	Days    []Rewrite `json:"days"`
	Records int64     `json:"records"` // that left the archive
	Events  int64     `json:"events"`
	Removed int       `json:"removed"` // objects
}

// Rewrite is a day of a server that was written again.
type Rewrite struct {
	Server string `json:"server"`
	Day    string `json:"day"`
	Part   int    `json:"part"`
}

// idSet is events by their place.
type idSet map[lifeKey]map[uint64]bool

func (s idSet) add(k lifeKey, id uint64) {
	if s[k] == nil {
		s[k] = make(map[uint64]bool)
	}
	s[k][id] = true
}

// eachRaw calls fn for the ids of the events behind a record.
func eachRaw(r *record.Record, fn func(uint64)) {
	if len(r.RawIDs) == 0 {
		fn(r.FirstID)
	}
	for _, id := range r.RawIDs {
		fn(id)
	}
}

// erased is what erasures take out of the parts of a server.
type erased struct {
	days map[key]bool // with records that go
	ids  idSet        // events that go
}

// Rewrite writes the days again of which parts hold what erasures hide: one part
// replaces all parts of the day, and the objects before it are removed, where the
// storage lets them go. What is stopped goes on the next time. progress is told of
// every day that was looked through; nil = nobody.
func (a *Archive) Rewrite(ctx context.Context, opt SealOptions) (*Rewritten, error) {
	if err := a.Refresh(ctx); err != nil {
		return nil, err
	}
	if _, why := a.Unread(); why != nil {
		return nil, why
	}
	out := &Rewritten{Days: []Rewrite{}}
	if err := a.clear(ctx, opt, out); err != nil { // what an earlier call left
		return out, err
	}
	for _, server := range a.Servers() {
		if err := a.rewriteServer(ctx, server, opt, out); err != nil {
			return out, fmt.Errorf("write archived days of %s again: %w", record.Visible(server), err)
		}
	}
	return out, nil
}

// cleanMark is the state of a day and of the erasures of its server.
func cleanMark(parts []part, hidden *erasure.Set) (string, error) {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p.hash[:])
	}
	b, err := json.Marshal(hidden.List())
	if err != nil {
		return "", fmt.Errorf("encode erasures: %w", err)
	}
	h.Write(b)
	return fmt.Sprintf("%x", h.Sum(nil)[:16]), nil
}

// daysOf lists the days of a server, ascending.
func (a *Archive) daysOf(server string) []key {
	a.mu.Lock()
	defer a.mu.Unlock()
	var l []key
	for k := range a.days {
		if k.server == server {
			l = append(l, k)
		}
	}
	slices.SortFunc(l, func(x, y key) int { return strings.Compare(x.day, y.day) })
	return l
}

// unclean lists the days of a server that may hold what is erased.
func (a *Archive) unclean(server string) (l []key, err error) {
	for _, k := range a.daysOf(server) {
		parts, hidden, err := a.look(k)
		if err != nil {
			return nil, err
		}
		if hidden = hidden.Lawful(); hidden.Empty() {
			return nil, nil
		}
		mark, err := cleanMark(parts, hidden)
		if err != nil {
			return nil, err
		}
		a.mu.Lock()
		known := a.state.Clean[k.server+"\x00"+k.day] == mark
		a.mu.Unlock()
		if !known {
			l = append(l, k)
		}
	}
	return l, nil
}

func (a *Archive) rewriteServer(ctx context.Context, server string, opt SealOptions, out *Rewritten) error {
	l, err := a.unclean(server)
	if err != nil || len(l) == 0 {
		return err
	}
	x, err := a.erasedIn(ctx, server, l, opt.Progress)
	if err != nil {
		return err
	}
	for _, k := range a.daysOf(server) {
		if !x.days[k] && !a.holdsIDs(k, x.ids) {
			continue
		}
		if err := a.rewriteDay(ctx, k, x.ids, opt, out); err != nil {
			return fmt.Errorf("%s: %w", k.day, err)
		}
	}
	return a.noteClean(l)
}

// noteClean remembers that days hold nothing that is erased.
func (a *Archive) noteClean(l []key) error {
	marks := make(map[string]string, len(l))
	for _, k := range l {
		parts, hidden, err := a.look(k)
		if err != nil {
			return err
		}
		if marks[k.server+"\x00"+k.day], err = cleanMark(parts, hidden.Lawful()); err != nil {
			return err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.remember(index{Clean: marks})
}

// rewriteDay makes the part that replaces all others of a day, and removes those.
func (a *Archive) rewriteDay(ctx context.Context, k key, ids idSet, opt SealOptions, out *Rewritten) error {
	parts, _, err := a.look(k)
	if err != nil {
		return err
	}
	a.mu.Lock()
	next := a.next(k)
	a.mu.Unlock()
	b := &builder{a: a, server: k.server, day: k.day, dir: fmt.Sprintf("%s/%s/%04d", SafeName(k.server), k.day, next)}
	defer b.remove()
	var before manifest.Day
	for i := range parts {
		p := &parts[i].Day
		before.Records += p.Records - p.Voids
		before.Events += p.Events
	}
	removed, err := b.rebuild(ctx, k, parts, ids)
	if err != nil {
		return err
	}
	d := &b.out
	last := parts[len(parts)-1]
	d.Format, d.Server, d.Day, d.Zone, d.Part = manifest.DayFormat, k.server, k.day, last.Zone, next
	d.Sealed, d.Open, d.Rules, d.Prev = opt.Now.UnixNano(), last.Open, last.Rules, last.hash
	for _, p := range parts {
		d.Commit = max(d.Commit, p.Commit)
		d.Replaces = append(d.Replaces, p.hash)
	}
	if d.Objects == nil {
		d.Objects = []manifest.Object{}
	}
	// The parts that go hold these events still; from the next line on they do not.
	if err := a.putRemoved(ctx, map[string][]Gone{k.server: removed}, opt); err != nil {
		return err
	}
	if err := a.keep(ctx, d, opt); err != nil {
		return err
	}
	out.Days = append(out.Days, Rewrite{k.server, k.day, next})
	out.Records += before.Records - d.Records
	out.Events += before.Events - d.Events
	return a.clear(ctx, opt, out)
}

// rebuild writes what stays of the parts of a day, and tells which events do not.
func (b *builder) rebuild(ctx context.Context, k key, parts []part, ids idSet) (removed []Gone, err error) {
	rest := b.sorter()
	var p printer
	err = b.a.records(ctx, k, all, func(r *record.Record) error { return rest.add(r, p.of(r)) })
	if err != nil {
		return nil, err
	}
	if err := b.records(ctx, rest); err != nil {
		return nil, err
	}
	at := make(map[lifeKey]int)
	err = b.rawFile(ctx, func(add func(string, uint32, []*event.Event) error) error {
		for _, c := range lives(parts) {
			err := b.a.eachOf(ctx, parts, c, func(e *event.Event) error {
				if !ids[c][e.RecordID] {
					return add(c.channel, c.gen, []*event.Event{e})
				}
				i, ok := at[c]
				if !ok {
					i = len(removed)
					at[c] = i
					removed = append(removed, Gone{Channel: c.channel, Generation: c.gen, Min: e.Time.UnixNano(), Max: e.Time.UnixNano()})
				}
				g := &removed[i]
				g.Min, g.Max = min(g.Min, e.Time.UnixNano()), max(g.Max, e.Time.UnixNano())
				g.First, g.Last = g.Min, g.Max
				g.Runs = runs(g.Runs).add(e.RecordID)
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return removed, err
}

// lives lists the lives of channels in parts.
func lives(parts []part) []lifeKey {
	var l []lifeKey
	for _, p := range parts {
		for _, c := range p.Channels {
			l = append(l, lifeKey{c.Name, c.Generation})
		}
	}
	slices.SortFunc(l, func(x, y lifeKey) int {
		if d := strings.Compare(x.channel, y.channel); d != 0 {
			return d
		}
		return int(int64(x.gen) - int64(y.gen))
	})
	return slices.Compact(l)
}

// eachOf calls fn for the events of a life in all parts of a day.
func (a *Archive) eachOf(ctx context.Context, parts []part, c lifeKey, fn func(*event.Event) error) error {
	for i := range parts {
		o := object(&parts[i].Day, manifest.KindRaw)
		if o == nil || !slices.ContainsFunc(parts[i].Channels, func(x manifest.Channel) bool { return x.Name == c.channel && x.Generation == c.gen }) {
			continue
		}
		err := a.channelBlocks(ctx, o, c.channel, func(l []*event.Event) error {
			for _, e := range l {
				if e.Generation != c.gen {
					continue
				}
				if err := fn(e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Unclean lists the days of which parts may still hold what erasures hide.
func (a *Archive) Unclean() (l []Rewrite, err error) {
	for _, server := range a.Servers() {
		days, err := a.unclean(server)
		if err != nil {
			return nil, err
		}
		for _, k := range days {
			l = append(l, Rewrite{Server: k.server, Day: k.day})
		}
	}
	return l, nil
}
