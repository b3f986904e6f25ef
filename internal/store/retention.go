package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/segment"
)

// Expired is a month of a server that was deleted.
type Expired struct {
	Server  string        `json:"server"`
	Month   segment.Month `json:"month"`
	Records int64         `json:"records"` // superseded ones too
	Events  int64         `json:"events"`
	Bytes   int64         `json:"bytes"`
	Time    int64         `json:"time"` // Unix ns
}

// Due is a month of a server that is past the term.
type Due struct {
	Server   string        `json:"server"`
	Month    segment.Month `json:"-"`
	Period   string        `json:"month"`   // 2016-04
	Records  int64         `json:"records"` // superseded ones too
	Events   int64         `json:"events"`  // of blocks that begin in it
	Bytes    int64         `json:"bytes"`   // of its segments
	Archived bool          `json:"archived"`
	Held     []string      `json:"held,omitempty"` // cases that keep something of it
}

// Held names the cases that forbid to delete what is of a server from one time
// (Unix ns) up to but without another. On an error nothing is deleted.
type Held func(ctx context.Context, server string, from, to int64) ([]string, error)

// Archived tells whether everything of a server's day (since 1970-01-01 in the
// folder's zone) is in the archive.
type Archived func(server string, day int) bool

// pastDue is the first month that stays at a moment under a term that ends.
func (s *Store) pastDue(t *Term, now int64) segment.Month {
	m := s.monthOf(now)
	if t.Year {
		m -= m % 12
	}
	return m - segment.Month(t.Months)
}

// Due lists the months that the terms in force of a schedule would delete at a
// moment, by server and month: those of which every record is older. What the log
// still holds is counted when it has been flushed.
func (s *Store) Due(sch Schedule, now int64, archived Archived) []Due {
	s.mu.RLock()
	defer s.mu.RUnlock()
	at := make(map[Expired]*Due)
	of := func(server string, m segment.Month) *Due {
		k := Expired{Server: server, Month: m}
		if at[k] == nil {
			at[k] = &Due{Server: server, Month: m, Period: m.String()}
		}
		return at[k]
	}
	for name, sv := range s.index.servers {
		term := sch.For(name)
		if term == nil || term.Months <= 0 {
			continue
		}
		limit := s.pastDue(term, now)
		for _, r := range slices.Concat(sv.segments, sv.oldSegments) {
			if r.month < limit {
				d := of(name, r.month)
				d.Records += r.meta.Rows
				d.Bytes += r.size
			}
		}
		for _, l := range sv.raw {
			for _, b := range l {
				if m := s.monthOf(b.min.UnixNano()); !b.gone && m < limit {
					of(name, m).Events += int64(b.n)
				}
			}
		}
	}
	var out []Due
	for _, d := range at {
		d.Archived = s.archived(d.Server, d.Month, archived)
		out = append(out, *d)
	}
	slices.SortFunc(out, func(a, b Due) int { return cmp.Or(strings.Compare(a.Server, b.Server), cmp.Compare(a.Month, b.Month)) })
	return out
}

// archived reports whether all days of a month are in the archive.
func (s *Store) archived(server string, m segment.Month, archived Archived) bool {
	if archived == nil {
		return false
	}
	from, to := s.monthBounds(m)
	for d := s.dayOf(from); d <= s.dayOf(to-1); d++ {
		if !archived(server, d) {
			return false
		}
	}
	return true
}

// monthBounds are the first moment of a month and that of the next, Unix ns.
func (s *Store) monthBounds(m segment.Month) (from, to int64) {
	at := func(m segment.Month) int64 {
		return time.Date(int(m)/12, time.Month(int(m)%12+1), 1, 0, 0, 0, 0, s.zone()).UnixNano()
	}
	return at(m), at(m + 1)
}

// ExpireOptions of Expire.
type ExpireOptions struct {
	Now            int64 // Unix ns
	Archived       Archived
	WithoutArchive bool // what is not archived goes too
	Held           Held // nil = nothing is held
}

// Expiry is what Expire did.
type Expiry struct {
	Deleted []Due    `json:"deleted"`
	Kept    []Due    `json:"kept"` // past the term, but held or not archived
	Removed *Removal `json:"removed"`
}

// Expire deletes the months that are past the confirmed term: their records
// with the segments, and the raw events of that time. Each is sealed before it
// goes. An event at the edge of a month goes with its own month, also when it
// stands behind a record of the next one.
func (s *Store) Expire(ctx context.Context, opt ExpireOptions) (*Expiry, error) {
	if s.opt.ReadOnly {
		return nil, errors.New("retention: the data folder is open for reading only")
	}
	sch := s.Retention()
	if !sch.InForce() {
		return nil, ErrUnconfirmed
	}
	out := &Expiry{Deleted: []Due{}, Kept: []Due{}, Removed: &Removal{Left: []Left{}}}
	defer s.alone()()
	if err := s.flush(ctx); err != nil {
		return nil, err
	}
	due := s.Due(sch, opt.Now, opt.Archived)
	if err := s.MarkHeld(ctx, due, opt.Held); err != nil { // before anything is written down
		return nil, err
	}
	gone := make(map[string]map[segment.Month]bool)
	for _, d := range due {
		if len(d.Held) > 0 || !d.Archived && !opt.WithoutArchive {
			out.Kept = append(out.Kept, d)
			continue
		}
		term := sch.For(d.Server)
		e := seal.Entry{
			Kind: seal.KindDeletion, By: term.By, Ground: term.Ground, Time: opt.Now,
			Subject: fmt.Sprintf("%s %s: %d records, archived: %t", d.Server, d.Period, d.Records, d.Archived),
		}
		if err := s.record(ctx, e); err != nil {
			return nil, err
		}
		if gone[d.Server] == nil {
			gone[d.Server] = make(map[segment.Month]bool)
		}
		gone[d.Server][d.Month] = true
		out.Deleted = append(out.Deleted, d)
	}
	if len(gone) == 0 {
		return out, nil
	}
	return out, s.expire(ctx, gone, out, opt.Now)
}

// MarkHeld names in each month the cases that keep something of it.
func (s *Store) MarkHeld(ctx context.Context, l []Due, held Held) (err error) {
	if held == nil {
		return nil
	}
	for i := range l {
		from, to := s.monthBounds(l[i].Month)
		if l[i].Held, err = held(ctx, l[i].Server, from, to); err != nil {
			return err
		}
	}
	return nil
}

// expire removes months. The caller holds work.
func (s *Store) expire(ctx context.Context, gone map[string]map[segment.Month]bool, out *Expiry, now int64) error {
	m := *s.manifest
	m.Generation++
	m.Expired = slices.Clone(m.Expired)
	for _, d := range out.Deleted {
		m.Expired = append(m.Expired, Expired{d.Server, d.Month, d.Records, d.Events, d.Bytes, now})
		out.Removed.Records += d.Records
	}
	m.Segments = slices.DeleteFunc(slices.Clone(m.Segments), func(f manifestFile) bool {
		s.mu.RLock()
		r := s.index.segmentOf(f.Num)
		s.mu.RUnlock()
		if r != nil && gone[f.Server][r.month] {
			out.Removed.Segments++
			return true
		}
		return false
	})
	if err := s.adoptNew(&m); err != nil {
		return err
	}
	var from, to = make(map[string][]int64), make(map[string][]int64)
	for server, months := range gone {
		for m := range months {
			a, b := s.monthBounds(m)
			from[server], to[server] = append(from[server], a), append(to[server], b)
		}
	}
	err := s.rewritePacks(ctx, func(server string, _ uint32, e *event.Event) bool {
		t := e.Time.UnixNano()
		for i, a := range from[server] {
			if a <= t && t < to[server][i] {
				return true
			}
		}
		return false
	}, out.Removed)
	if err != nil {
		return err
	}
	for server := range gone {
		if err := s.rebuildPaths(ctx, server); err != nil {
			return err
		}
	}
	return s.forget()
}
