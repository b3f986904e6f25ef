package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	erasures "github.com/akashi-audit/akashi/internal/erasure"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/segment"
)

// ErrErasure is the error of an erasure that does not say what, why or by whom.
var ErrErasure = erasures.ErrIncomplete

// setErasures gives a server what concerns it.
func (x *index) setErasures(s *serverIndex) {
	var l []Erasure
	for i := range x.erasures {
		if x.erasures[i].Concerns(s.name) {
			l = append(l, x.erasures[i])
		}
	}
	s.erasures, s.orders, s.lawful = nil, erasures.OrdersOf(l), len(erasures.LawfulOf(l))
	for _, e := range erasures.Effective(l) {
		s.erasures = append(s.erasures, newErasure(e))
	}
}

// erase takes new erasures.
func (x *index) erase(l []Erasure) {
	if len(l) == 0 {
		return
	}
	x.erasures = append(slices.Clone(x.erasures), l...)
	for name, sv := range x.servers {
		c := sv.clone()
		x.setErasures(c)
		x.servers[name] = c
	}
}

// erasedPath reports whether a name must not be shown by itself. A name that is
// erased for some people or some time only may be.
func (s *serverIndex) erasedPath(path string) bool {
	return slices.ContainsFunc(s.erasures, func(e erasure) bool {
		return len(e.Users) == 0 && e.From == 0 && e.To == 0 && e.matcher.Match(&record.Record{Server: s.name, Path: path})
	})
}

// newServer begins the index of a server.
func (x *index) newServer(name string) *serverIndex {
	sv := newServerIndex(name)
	x.setErasures(sv)
	x.servers[name] = sv
	return sv
}

// Affected is what an erasure hides of one server and month.
type Affected struct {
	Server     string        `json:"server"`
	Month      segment.Month `json:"-"`
	Period     string        `json:"month"` // 2026-11, in the folder's zone
	Records    int64         `json:"records"`
	Superseded int64         `json:"superseded"`
	First      int64         `json:"first"` // Unix ns
	Last       int64         `json:"last"`
}

// Affected tells what an erasure would hide that is in answers now, by server
// and month.
func (s *Store) Affected(ctx context.Context, e Erasure) ([]Affected, error) {
	if err := e.Check(); err != nil {
		return nil, err
	}
	at := make(map[string]*Affected)
	for _, superseded := range [...]bool{false, true} {
		q := e.Query()
		q.Superseded = superseded
		err := s.walk(ctx, &q, batchMost, func(r *record.Record) bool {
			m := s.monthOf(r.Time)
			k := r.Server + "\x00" + m.String()
			a := at[k]
			if a == nil {
				a = &Affected{Server: r.Server, Month: m, Period: m.String(), First: r.Time, Last: r.Time}
				at[k] = a
			}
			a.First, a.Last = min(a.First, r.Time), max(a.Last, r.Time)
			if superseded {
				a.Superseded++
			} else {
				a.Records++
			}
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	var l []Affected
	for _, a := range at {
		l = append(l, *a)
	}
	slices.SortFunc(l, func(a, b Affected) int {
		if c := strings.Compare(a.Server, b.Server); c != 0 {
			return c
		}
		return int(a.Month) - int(b.Month)
	})
	return l, nil
}

// monthOf is the calendar month of a time in the folder's zone.
func (s *Store) monthOf(t int64) segment.Month {
	y, m, _ := time.Unix(0, t).In(s.zone()).Date()
	return segment.Month(y*12 + int(m) - 1)
}

func (s *Store) zone() *time.Location { return s.opt.Zone }

// Erase makes an erasure durable and honours it from then on: in every answer,
// over whatever is converted or imported later too. What it hides leaves the
// files by Compact. It is sealed before it is done.
func (s *Store) Erase(ctx context.Context, e Erasure) error {
	if err := e.Check(); err != nil {
		return err
	}
	if e.Order != nil { // by TakeOut
		return ErrErasure
	}
	if strings.TrimSpace(e.Ground) == "" || strings.TrimSpace(e.By) == "" {
		return ErrErasure
	}
	if s.opt.ReadOnly {
		return errors.New("erase: the data folder is open for reading only")
	}
	b, err := json.Marshal(&e)
	if err != nil {
		return fmt.Errorf("encode erasure: %w", err)
	}
	if err := s.record(ctx, seal.Entry{Kind: seal.KindErasure, Subject: string(b), By: e.By, Ground: e.Ground, Time: e.Time}); err != nil {
		return err
	}
	if _, err := s.Append(ctx, &Commit{erasures: []Erasure{e}}); err != nil {
		return fmt.Errorf("erase: %w", err)
	}
	return nil
}

// Erasures lists the erasures and the orders of terms in force, oldest first. The list
// must not be changed: it is that of the index, which is never changed in place.
func (s *Store) Erasures() []Erasure {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clip(s.index.erasures)
}

// record writes an entry down before what it tells of is done.
func (s *Store) record(ctx context.Context, e seal.Entry) error {
	if s.opt.Seal == nil {
		return nil
	}
	if err := s.opt.Seal.Record(ctx, e); err != nil {
		return fmt.Errorf("write down what is to be done: %w", err)
	}
	return nil
}
