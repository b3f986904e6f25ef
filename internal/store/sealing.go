package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/segment"
)

// maxSpan is how many days the times of one block may span before its days are
// not listed one by one but only their ends: clocks that were wrong by years.
const maxSpan = 400

// LastCommit is the number of the last commit that is visible.
func (s *Store) LastCommit() uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.index.seq
}

// SealDays lists by server, ascending, the days (since 1970-01-01 in the folder's
// zone) of which the store holds records or raw events, and maybe some between.
// It reads no block.
func (s *Store) SealDays() map[string][]int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make(map[string][]int)
	for name, sv := range s.index.servers {
		days := make(map[int]bool)
		span := func(from, to int64) {
			a, b := s.dayOf(from), s.dayOf(to)
			for d := a; d <= b && d-a <= maxSpan; d++ {
				days[d] = true
			}
			days[b] = true
		}
		for _, b := range slices.Concat(sv.records, sv.tail, sv.superseded) {
			span(b.min, b.max)
		}
		for _, r := range slices.Concat(sv.segments, sv.oldSegments) {
			for _, d := range r.meta.Days {
				days[d.Day] = true
			}
		}
		for _, l := range sv.raw {
			for _, b := range l {
				if !b.gone {
					span(b.min.UnixNano(), b.max.UnixNano())
				}
			}
		}
		if len(days) > 0 {
			out[name] = slices.Sorted(maps.Keys(days))
		}
	}
	return out
}

// SealMark is a text that is another one whenever what the store holds of a
// server from one time (Unix ns) up to but without another may have changed.
// whole says that what is not there any more was replaced or erased: no month
// was deleted by retention and nothing is damaged.
func (s *Store) SealMark(server string, from, to int64) (mark string, whole bool) {
	s.damageMu.Lock()
	whole = len(s.damage) == 0
	s.damageMu.Unlock()
	s.mu.RLock()
	defer s.mu.RUnlock()
	sv := s.index.servers[server]
	if sv == nil {
		return "", false
	}
	whole = whole && !s.expiredIn(server, from, to)
	var rows, events, logged, last int64
	for _, b := range slices.Concat(sv.records, sv.tail, sv.superseded) {
		if b.max >= from && b.min < to {
			logged += int64(b.n)
			last = max(last, int64(b.seq))
		}
	}
	for _, r := range slices.Concat(sv.segments, sv.oldSegments) {
		for _, d := range r.meta.Days {
			if d.Last >= from && d.First < to {
				rows += d.Rows
			}
		}
	}
	for _, l := range sv.raw {
		for _, b := range l {
			if !b.gone && b.max.UnixNano() >= from && b.min.UnixNano() < to {
				events += int64(b.n)
			}
		}
	}
	mark = fmt.Sprintf("%d %d %d %d %d %d", rows, logged, last, events, sv.rewind.at, sv.lawful)
	orders := 0
	for i := range sv.orders {
		if x := &sv.orders[i]; x.From < to && from < x.To {
			orders++
		}
	}
	if orders > 0 {
		mark += fmt.Sprintf(" %d", orders)
	}
	return mark, whole
}

// ExpiredIn reports whether retention deleted something of a server from one time
// (Unix ns) up to but without another.
func (s *Store) ExpiredIn(server string, from, to int64) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.expiredIn(server, from, to)
}

// Deleted is how many months of servers retention deleted so far.
func (s *Store) Deleted() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.index.expired)
}

func (s *Store) expiredIn(server string, from, to int64) bool {
	return slices.ContainsFunc(s.index.expired, func(x Expired) bool {
		a, b := s.monthBounds(x.Month)
		return x.Server == server && a < to && from < b
	})
}

// SealRecords calls fn for the records of a server from one time up to but
// without another, in no order: those that hold, and the superseded ones. The
// record is valid during the call. Erased records are left out.
func (s *Store) SealRecords(ctx context.Context, server string, from, to int64, fn func(*record.Record)) error {
	if err := s.Scan(ctx, server, from, to, func(r *record.Record, _ uint64) { fn(r) }); err != nil {
		return err
	}
	r, err := s.reader()
	if err != nil {
		return err
	}
	defer r.release()
	sv := r.server(server)
	if sv == nil {
		return nil
	}
	if err := s.scanBlocks(ctx, sv, sv.superseded, from, to, func(r *record.Record, _ uint64) { fn(r) }); err != nil {
		return err
	}
	f := segment.NewFilter(query.Query{From: from, To: to, Classes: query.AllClasses()})
	for _, ref := range sv.oldSegments {
		if ref.meta.Last < from || ref.meta.First >= to {
			continue
		}
		err := ref.seg.Each(ctx, f, segment.View{Hide: sv.hidden()}, func(r *record.Record, _ uint64) error {
			fn(r)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// SealEvents calls fn for the raw events of a server from one time up to but
// without another: of one life of one channel at a time, a block at a time. The
// events belong to fn. Damaged blocks are noted and left out, and so is what erasures
// hide, when Compact could not take it away.
func (s *Store) SealEvents(ctx context.Context, server string, from, to int64, fn func(channel string, gen uint32, l []*event.Event) error) error {
	if err := s.Refresh(); err != nil {
		return err
	}
	release := s.pins.hold()
	defer release()
	s.mu.RLock()
	var lives []*life
	var sv *serverIndex
	if sv = s.index.servers[server]; sv != nil {
		lives = sv.allLives()
		sv = sv.clone()
	}
	s.mu.RUnlock()
	gone, err := s.leftErased(ctx, sv)
	if err != nil {
		return err
	}
	slices.SortFunc(lives, func(a, b *life) int { return cmp.Or(strings.Compare(a.channel, b.channel), cmp.Compare(a.gen, b.gen)) })
	for _, li := range lives {
		for _, b := range li.blocks {
			if b.gone || b.max.UnixNano() < from || b.min.UnixNano() >= to {
				continue
			}
			l, err := s.events(ctx, b)
			if isDamage(err) {
				continue
			}
			if err != nil {
				return err
			}
			erased := gone[origin{li.channel, li.gen}]
			l = slices.DeleteFunc(l, func(e *event.Event) bool {
				t := e.Time.UnixNano()
				return t < from || t >= to || erased[e.RecordID]
			})
			for _, e := range l {
				e.Generation = li.gen
			}
			if len(l) == 0 {
				continue
			}
			if err := fn(li.channel, li.gen, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// leftErased is the events that erasures take away and that Compact left in the
// files of a server; none when it left none.
func (s *Store) leftErased(ctx context.Context, sv *serverIndex) (eventSet, error) {
	if sv == nil || sv.lawful == 0 {
		return nil, nil
	}
	now := compacted{s.LastCommit(), sv.lawful}
	s.sealMu.Lock()
	defer s.sealMu.Unlock()
	if s.pure[sv.name] == now {
		return nil, nil
	}
	if l, ok := s.left[sv.name]; ok && l.at == now {
		return l.events, nil
	}
	l, _, err := s.erasedEvents(ctx, sv, &Removal{})
	if err == nil {
		s.left[sv.name] = leftOver{now, l}
	}
	return l, err
}

// compacted is the state of a server in which nothing erased is in its files.
type compacted struct {
	commit   uint64
	erasures int
}

// leftOver is what of a server is to be left out in a state.
type leftOver struct {
	at     compacted
	events eventSet
}
