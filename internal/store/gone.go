package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
)

// Events that were erased or deleted leave a trace: which record ids were there
// and when. By it the lives of a channel keep their numbers, on which record ids
// rest, and the same events do not come back when their log is imported again.

// manifestGone is the trace of a block of raw events.
type manifestGone struct {
	Channel string         `json:"channel"`
	First   event.Filetime `json:"first"`
	Last    event.Filetime `json:"last"`
	Min     event.Filetime `json:"min"`
	Max     event.Filetime `json:"max"`
	Runs    [][2]uint64    `json:"runs"`              // record ids, both ends included
	Removed [][2]uint64    `json:"removed,omitempty"` // when not all of them went away
}

func (m *manifestGone) block() *rawBlock {
	b := &rawBlock{channel: m.Channel, first: m.First, last: m.Last, min: m.Min, max: m.Max, gone: true}
	for _, r := range m.Runs {
		b.runs = append(b.runs, run{r[0], r[1]})
	}
	for _, r := range m.Removed {
		b.removed = append(b.removed, run{r[0], r[1]})
	}
	if len(b.runs) == 0 { // a manifest never says so
		b.runs = []run{{}}
	}
	return b
}

// goneBlocks lists the traces among the blocks of a server.
func goneBlocks(raw map[string][]*rawBlock) []manifestGone {
	var out []manifestGone
	for _, ch := range slices.Sorted(maps.Keys(raw)) {
		for _, b := range raw[ch] {
			if b.gone {
				out = append(out, b.trace())
			}
		}
	}
	return out
}

func (b *rawBlock) trace() manifestGone {
	m := manifestGone{Channel: b.channel, First: b.first, Last: b.last, Min: b.min, Max: b.max}
	for _, r := range b.runs {
		m.Runs = append(m.Runs, [2]uint64{r.lo, r.hi})
	}
	for _, r := range b.removed {
		m.Removed = append(m.Removed, [2]uint64{r.lo, r.hi})
	}
	return m
}

// held reports whether this event, or another one of its id and time, went away
// from a gone block.
func (b *rawBlock) held(e *event.Event) bool {
	ids := b.runs
	if b.removed != nil {
		ids = b.removed
	}
	return runs(ids).has(e.RecordID) && e.Time+copyGrain > b.min && e.Time < b.max+copyGrain
}

// joinGone joins traces of one channel that follow on one another, so that ten
// years of them stay few. What is joined begins a life where its first part
// did.
func joinGone(l []manifestGone) []manifestGone {
	slices.SortStableFunc(l, func(a, b manifestGone) int {
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Min, b.Min), cmp.Compare(a.Runs[0][0], b.Runs[0][0]))
	})
	var out []manifestGone
	for _, g := range l {
		if n := len(out); n > 0 && out[n-1].precedes(&g) {
			p := &out[n-1]
			p.Last, p.Max = g.Last, max(p.Max, g.Max)
			p.Runs = slices.Clone(p.Runs)
			for _, r := range g.Runs {
				if last := &p.Runs[len(p.Runs)-1]; last[1]+1 == r[0] {
					last[1] = r[1]
				} else {
					p.Runs = append(p.Runs, r)
				}
			}
			continue
		}
		out = append(out, g)
	}
	return out
}

// precedes reports whether o goes on where m ends: later ids, without a time
// that lies before m's.
func (m *manifestGone) precedes(o *manifestGone) bool {
	return m.Removed == nil && o.Removed == nil && m.Channel == o.Channel && m.Runs[len(m.Runs)-1][1] < o.Runs[0][0] && m.Max <= o.Min
}

// Gone counts the record ids of a range, both ends included, whose events were
// erased or deleted.
func (s *Store) Gone(server, channel string, gen uint32, lo, hi uint64) (n uint64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	sv := s.index.servers[server]
	if sv == nil {
		return 0
	}
	lives := sv.lives(channel)
	if int(gen) >= len(lives) {
		return 0
	}
	for _, b := range lives[gen].blocks {
		if !b.gone || b.hi() < lo || b.lo() > hi {
			continue
		}
		ids := b.runs
		if b.removed != nil {
			ids = b.removed
		}
		for _, r := range ids {
			if from, to := max(r.lo, lo), min(r.hi, hi); from <= to {
				n += to - from + 1
			}
		}
	}
	return n
}

// Gone is the trace of a block of raw events of which some or all were erased or
// deleted.
type Gone struct {
	Channel     string
	Generation  uint32
	First, Last int64       // times of its first and last event, Unix ns
	Min, Max    int64       // bounds of its times, Unix ns
	Runs        [][2]uint64 // record ids that it had, both ends included
	Removed     [][2]uint64 // those that went away; nil = all
}

// AllGone lists the traces of a server, by channel, generation and ids.
func (s *Store) AllGone(server string) []Gone {
	s.mu.RLock()
	defer s.mu.RUnlock()
	sv := s.index.servers[server]
	if sv == nil {
		return nil
	}
	var out []Gone
	for _, li := range sv.allLives() {
		for _, b := range li.blocks {
			if b.gone {
				m := b.trace()
				out = append(out, Gone{
					Channel: li.channel, Generation: li.gen, First: m.First.UnixNano(), Last: m.Last.UnixNano(), Min: m.Min.UnixNano(), Max: m.Max.UnixNano(),
					Runs: m.Runs, Removed: m.Removed,
				})
			}
		}
	}
	slices.SortFunc(out, func(a, b Gone) int {
		return cmp.Or(strings.Compare(a.Channel, b.Channel), cmp.Compare(a.Generation, b.Generation), cmp.Compare(a.Runs[0][0], b.Runs[0][0]), cmp.Compare(a.Min, b.Min))
	})
	return out
}

// Remember takes over what another store says was erased of a server: those events
// are no loss and do not come back by an import. What is known is left alone.
func (s *Store) Remember(ctx context.Context, server string, l []Gone) error {
	if s.opt.ReadOnly {
		return errors.New("remember erased events: the data folder is open for reading only")
	}
	if len(l) == 0 {
		return nil
	}
	defer s.alone()()
	if err := s.flush(ctx); err != nil {
		return err
	}
	m := *s.manifest
	m.Generation++
	m.Servers = slices.Clone(m.Servers)
	at, found := slices.BinarySearchFunc(m.Servers, server, func(x manifestServer, name string) int { return strings.Compare(x.Name, name) })
	if !found {
		m.Servers = slices.Insert(m.Servers, at, manifestServer{Name: server})
	}
	have := slices.Clone(m.Servers[at].Gone)
	for _, g := range l {
		t := manifestGone{
			Channel: g.Channel, First: event.FromUnixNano(g.First), Last: event.FromUnixNano(g.Last), Min: event.FromUnixNano(g.Min), Max: event.FromUnixNano(g.Max), Runs: g.Runs,
		}
		ids := g.Runs
		if g.Removed != nil {
			ids = g.Removed
		}
		for _, r := range ids {
			for _, x := range unknown(have, g.Channel, t.Min, t.Max, run{r[0], r[1]}) {
				t.Removed = append(t.Removed, [2]uint64{x.lo, x.hi})
			}
		}
		if len(t.Removed) == 0 {
			continue
		}
		if slices.Equal(t.Removed, t.Runs) {
			t.Removed = nil
		}
		have = append(have, t)
	}
	m.Servers[at].Gone = joinGone(have)
	if err := s.adoptNew(&m); err != nil {
		return fmt.Errorf("remember erased events: %w", err)
	}
	return nil
}

// unknown is what of a range of ids no trace of that channel and time has.
func unknown(have []manifestGone, channel string, first, last event.Filetime, r run) runs {
	var held runs
	for i := range have {
		if h := &have[i]; h.Channel == channel && h.Min <= last && first <= h.Max {
			b := h.block()
			ids := b.runs
			if b.removed != nil {
				ids = b.removed
			}
			for _, x := range ids {
				held = held.add(x)
			}
		}
	}
	var out runs
	at := r.lo
	for i := held.search(at); i < len(held) && held[i].lo <= r.hi; i++ {
		if held[i].lo > at {
			out = append(out, run{at, held[i].lo - 1})
		}
		if held[i].hi >= r.hi {
			return out
		}
		at = held[i].hi + 1
	}
	return append(out, run{at, r.hi})
}
