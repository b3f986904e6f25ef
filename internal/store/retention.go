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

// Term says how long records stay.
type Term struct {
	Months int    `json:"months"` // whole calendar months; 0 = for ever
	By     string `json:"by"`
	Ground string `json:"ground,omitempty"`
	Time   int64  `json:"time"` // Unix ns
}

// Schedule is the retention of a data folder. Only a confirmed term deletes
// anything.
type Schedule struct {
	Proposed  *Term `json:"proposed,omitempty"`
	Confirmed *Term `json:"confirmed,omitempty"`
}

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
}

// Archived tells whether everything of a server's day (since 1970-01-01 in the
// folder's zone) is in the archive.
type Archived func(server string, day int) bool

// Errors of retention.
var (
	ErrNoProposal  = errors.New("no retention term waits for confirmation")
	ErrUnconfirmed = errors.New("no retention term is confirmed: nothing is deleted")
	ErrTerm        = errors.New("a term has 0 to 1,200 months and a person who answers for it")
)

// Retention is the schedule of now.
func (s *Store) Retention() Schedule {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.index.schedule
}

// ProposeRetention puts a term forward. It changes nothing until it is
// confirmed.
func (s *Store) ProposeRetention(ctx context.Context, t Term) error {
	if t.Months < 0 || t.Months > 1200 || strings.TrimSpace(t.By) == "" {
		return ErrTerm
	}
	now := s.Retention()
	now.Proposed = &t
	return s.schedule(ctx, now, seal.KindRetentionProposed, t)
}

// ConfirmRetention puts the proposed term in force.
func (s *Store) ConfirmRetention(ctx context.Context, by, ground string, at int64) error {
	now := s.Retention()
	if now.Proposed == nil {
		return ErrNoProposal
	}
	if strings.TrimSpace(by) == "" || strings.TrimSpace(ground) == "" {
		return ErrTerm
	}
	t := Term{Months: now.Proposed.Months, By: by, Ground: ground, Time: at}
	return s.schedule(ctx, Schedule{Confirmed: &t}, seal.KindRetention, t)
}

func (s *Store) schedule(ctx context.Context, now Schedule, kind string, t Term) error {
	if s.opt.ReadOnly {
		return errors.New("retention: the data folder is open for reading only")
	}
	e := seal.Entry{Kind: kind, Subject: fmt.Sprintf("%d months", t.Months), By: t.By, Ground: t.Ground, Time: t.Time}
	if err := s.record(ctx, e); err != nil {
		return err
	}
	if _, err := s.Append(ctx, &Commit{schedule: &now}); err != nil {
		return fmt.Errorf("store the schedule: %w", err)
	}
	return nil
}

// pastDue is the first month that stays at a moment under a term.
func (s *Store) pastDue(months int, now int64) segment.Month {
	return s.monthOf(now) - segment.Month(months)
}

// Due lists the months that a term would delete at a moment, by server and
// month: those of which every record is older. What the log still holds is
// counted when it has been flushed.
func (s *Store) Due(months int, now int64, archived Archived) []Due {
	if months <= 0 {
		return nil
	}
	limit := s.pastDue(months, now)
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
}

// Expiry is what Expire did.
type Expiry struct {
	Deleted []Due    `json:"deleted"`
	Kept    []Due    `json:"kept"` // past the term, but not archived
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
	term := s.Retention().Confirmed
	if term == nil {
		return nil, ErrUnconfirmed
	}
	out := &Expiry{Deleted: []Due{}, Kept: []Due{}, Removed: &Removal{Left: []Left{}}}
	if term.Months == 0 {
		return out, nil
	}
	s.work.Lock()
	defer s.work.Unlock()
	if err := s.flush(ctx); err != nil {
		return nil, err
	}
	gone := make(map[string]map[segment.Month]bool)
	for _, d := range s.Due(term.Months, opt.Now, opt.Archived) {
		if !d.Archived && !opt.WithoutArchive {
			out.Kept = append(out.Kept, d)
			continue
		}
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
