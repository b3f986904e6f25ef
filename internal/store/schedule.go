package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	erasures "github.com/akashi-audit/akashi/internal/erasure"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/seal"
)

// The classes of what is kept. Each has its own terms.
const (
	KeepStore     = ""          // records and raw events in the store, by month
	KeepArchive   = "archive"   // sealed days of the archive, whole, by month
	KeepOriginals = "originals" // kept input files, by the month in which they came
	// KeepMarked is months and archived days with records of folders with specific
	// personal information: they stay at least so long, whatever the other terms say.
	// By itself it deletes nothing.
	KeepMarked = "marked"
)

// KeepClasses are all classes: those above, and the classes of records that a term takes
// out of the store early (package erasure).
func KeepClasses() []string {
	return append([]string{KeepStore, KeepArchive, KeepOriginals, KeepMarked}, erasures.Classes()...)
}

// Term says how long something of a server stays. In the store, records of every class
// and the raw events behind them go together, by month: a conversion makes records anew
// from the raw events, so neither stays right without the other. A sealed day of the
// archive goes whole too: its raw events prove its records. A term of a class of records
// takes them out of the store early and leaves the raw events and the archive; an order
// (erasure.Order) keeps them from coming back.
type Term struct {
	Class  string `json:"class,omitempty"`  // KeepStore …, or of erasure.Classes
	Server string `json:"server,omitempty"` // full name or host part; "" = every server without a term of its own
	Months int    `json:"months"`           // whole calendar months; 0 = for ever
	Year   bool   `json:"year,omitempty"`   // and the rest of the calendar year in which they end
	By     string `json:"by"`
	Ground string `json:"ground,omitempty"`
	Time   int64  `json:"time"` // Unix ns
	// Proposed is who proposed a term that is in force; By confirmed it.
	Proposed string `json:"proposed_by,omitempty"`
}

// Schedule is the retention of a data folder. Only a confirmed term deletes
// anything. Format 3 had Proposed and Confirmed only.
type Schedule struct {
	Proposed  *Term  `json:"proposed,omitempty"`  // of all servers
	Confirmed *Term  `json:"confirmed,omitempty"` // the same, in force
	Proposals []Term `json:"proposals,omitempty"` // each of one server
	Own       []Term `json:"own,omitempty"`       // the same, in force
	// Kept are the terms in force of other classes than KeepStore, and Keeping those
	// that wait. They stand apart because an akashi that knows no classes must not take
	// them for terms of the store.
	Kept    []Term `json:"kept,omitempty"`
	Keeping []Term `json:"keeping,omitempty"`
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
	if t.Class != KeepStore {
		s += ", of " + t.Class
	}
	return s
}

// HasClass reports whether a term of a class of records is confirmed.
func (s *Schedule) HasClass() bool { return slices.ContainsFunc(erasures.Classes(), s.Has) }

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

// InForce reports whether any term of the store is confirmed.
func (s *Schedule) InForce() bool { return s.Confirmed != nil || len(s.Own) > 0 }

// Waiting lists the terms that wait for confirmation: those of the store first, that of
// all servers first.
func (s *Schedule) Waiting() []Term { return append(listed(s.Proposed, s.Proposals), s.Keeping...) }

// Terms lists the terms in force: those of the store first, that of all servers first.
func (s *Schedule) Terms() []Term { return append(listed(s.Confirmed, s.Own), s.Kept...) }

// Of is the term in force of a class for a server: its own, else that of all; nil when
// there is none.
func (s *Schedule) Of(class, server string) *Term {
	if class == KeepStore {
		return s.For(server)
	}
	var own, all *Term
	for i := range s.Kept {
		switch t := &s.Kept[i]; {
		case t.Class != class:
		case t.Server == "":
			all = t
		case query.SameServer(t.Server, server) && (own == nil || t.longer(own)):
			own = t
		}
	}
	if own != nil {
		return own
	}
	return all
}

// Has reports whether any term of a class is confirmed.
func (s *Schedule) Has(class string) bool {
	return class == KeepStore && s.InForce() || slices.ContainsFunc(s.Kept, func(t Term) bool { return t.Class == class })
}

// Replaced is the schedule before the last confirmation.
func (s *Schedule) Replaced() (out Schedule) {
	for _, t := range s.Before {
		out = out.with(t)
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

// with is the schedule with a term in force.
func (s Schedule) with(t Term) Schedule {
	if t.Class == KeepStore {
		s.Own = place(&s.Confirmed, s.Own, t)
		return s
	}
	s.Kept = placeKept(s.Kept, t)
	return s
}

// placeKept puts a term in the place of one of the same class and server.
func placeKept(l []Term, t Term) []Term {
	l = slices.DeleteFunc(slices.Clone(l), func(o Term) bool { return o.Class == t.Class && strings.EqualFold(o.Server, t.Server) })
	return append(l, t)
}

// AsProposed is the schedule as if what waits were confirmed.
func (s *Schedule) AsProposed() Schedule {
	out := Schedule{Confirmed: s.Confirmed, Own: s.Own, Kept: s.Kept}
	for _, t := range s.Waiting() {
		out = out.with(t)
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
	if !slices.Contains(KeepClasses(), t.Class) {
		return fmt.Errorf("%w: class %q is none of what is kept", ErrTerm, t.Class)
	}
	if t.Class == KeepOriginals && t.Server != "" {
		return fmt.Errorf("%w: a kept file is of no single server", ErrTerm)
	}
	now := s.Retention()
	if t.Class == KeepStore {
		now.Proposals = place(&now.Proposed, now.Proposals, t)
	} else {
		now.Keeping = placeKept(now.Keeping, t)
	}
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
	next := Schedule{Confirmed: now.Confirmed, Own: now.Own, Kept: now.Kept, Before: now.Terms()}
	for i := range waiting {
		t := &waiting[i]
		t.Proposed, t.By, t.Ground, t.Time = t.By, by, ground, at
		next = next.with(*t)
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
