package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/seal"
)

// Term says how long the records of a server stay. Records of every class and the
// raw events behind them go together, by month: a conversion makes records anew
// from the raw events, so neither stays right without the other.
type Term struct {
	Server string `json:"server,omitempty"` // full name or host part; "" = every server without a term of its own
	Months int    `json:"months"`           // whole calendar months; 0 = for ever
	Year   bool   `json:"year,omitempty"`   // and the rest of the calendar year in which they end
	By     string `json:"by"`
	Ground string `json:"ground,omitempty"`
	Time   int64  `json:"time"` // Unix ns
}

// Schedule is the retention of a data folder. Only a confirmed term deletes
// anything. Format 3 had Proposed and Confirmed only.
type Schedule struct {
	Proposed  *Term  `json:"proposed,omitempty"`  // of all servers
	Confirmed *Term  `json:"confirmed,omitempty"` // the same, in force
	Proposals []Term `json:"proposals,omitempty"` // each of one server
	Own       []Term `json:"own,omitempty"`       // the same, in force
	// Before are the terms that were in force before the last confirmation, so that
	// what follows from a longer term can be done after a stop too.
	Before []Term `json:"before,omitempty"`
}

// Errors of retention.
var (
	ErrNoProposal  = errors.New("no retention term waits for confirmation")
	ErrUnconfirmed = errors.New("no retention term is confirmed: nothing is deleted")
	ErrTerm        = errors.New("a term has 0 to 1,200 months and a person who answers for it")
)

// subject is what the seal says of a term.
func (t *Term) subject() string {
	s := fmt.Sprintf("%d months", t.Months)
	if t.Year {
		s += " and the current year"
	}
	if t.Server != "" {
		s += fmt.Sprintf(", server %q", t.Server)
	}
	return s
}

// longer reports whether t keeps for longer than o at some moment.
func (t *Term) longer(o *Term) bool {
	months := func(t *Term) int {
		if t.Year {
			return t.Months + 11 // of January
		}
		return t.Months
	}
	return o.Months != 0 && (t.Months == 0 || months(t) > months(o))
}

// InForce reports whether any term is confirmed.
func (s *Schedule) InForce() bool { return s.Confirmed != nil || len(s.Own) > 0 }

// Waiting lists the terms that wait for confirmation, that of all servers first.
func (s *Schedule) Waiting() []Term { return listed(s.Proposed, s.Proposals) }

// Terms lists the terms in force, that of all servers first.
func (s *Schedule) Terms() []Term { return listed(s.Confirmed, s.Own) }

// Replaced is the schedule before the last confirmation.
func (s *Schedule) Replaced() (out Schedule) {
	for _, t := range s.Before {
		out.Own = place(&out.Confirmed, out.Own, t)
	}
	return out
}

func listed(t *Term, l []Term) []Term {
	if t == nil {
		return slices.Clone(l)
	}
	return append([]Term{*t}, l...)
}

// For is the term in force for a server: its own, else that of all; nil when there
// is none. Of several of its own the one that keeps longest counts.
func (s *Schedule) For(server string) *Term {
	var own *Term
	for i := range s.Own {
		if t := &s.Own[i]; query.SameServer(t.Server, server) && (own == nil || t.longer(own)) {
			own = t
		}
	}
	if own != nil {
		return own
	}
	return s.Confirmed
}

// place puts a term in the place of one of the same server.
func place(all **Term, l []Term, t Term) []Term {
	if t.Server == "" {
		*all = &t
		return l
	}
	l = slices.DeleteFunc(slices.Clone(l), func(o Term) bool { return strings.EqualFold(o.Server, t.Server) })
	return append(l, t)
}

// AsProposed is the schedule as if what waits were confirmed.
func (s *Schedule) AsProposed() Schedule {
	out := Schedule{Confirmed: s.Confirmed, Own: s.Own}
	for _, t := range s.Waiting() {
		out.Own = place(&out.Confirmed, out.Own, t)
	}
	return out
}

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
	if !utf8.ValidString(t.Server) {
		return fmt.Errorf("%w: server %q is not UTF-8", ErrTerm, t.Server)
	}
	now := s.Retention()
	now.Proposals = place(&now.Proposed, now.Proposals, t)
	return s.schedule(ctx, now, seal.KindRetentionProposed, t)
}

// ConfirmRetention puts all proposed terms in force.
func (s *Store) ConfirmRetention(ctx context.Context, by, ground string, at int64) error {
	now := s.Retention()
	waiting := now.Waiting()
	if len(waiting) == 0 {
		return ErrNoProposal
	}
	if strings.TrimSpace(by) == "" || strings.TrimSpace(ground) == "" {
		return ErrTerm
	}
	next := Schedule{Confirmed: now.Confirmed, Own: now.Own, Before: now.Terms()}
	for i := range waiting {
		t := &waiting[i]
		t.By, t.Ground, t.Time = by, ground, at
		next.Own = place(&next.Confirmed, next.Own, *t)
	}
	return s.schedule(ctx, next, seal.KindRetention, waiting...)
}

// schedule seals terms, and then makes the schedule durable.
func (s *Store) schedule(ctx context.Context, now Schedule, kind string, l ...Term) error {
	if s.opt.ReadOnly {
		return errors.New("retention: the data folder is open for reading only")
	}
	for i := range l {
		t := &l[i]
		e := seal.Entry{Kind: kind, Subject: t.subject(), By: t.By, Ground: t.Ground, Time: t.Time}
		if err := s.record(ctx, e); err != nil {
			return err
		}
	}
	if _, err := s.Append(ctx, &Commit{schedule: &now}); err != nil {
		return fmt.Errorf("store the schedule: %w", err)
	}
	return nil
}
