package erasure

import (
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// Set is several erasures made ready for one use.
type Set struct {
	list []Erasure
	each []prepared // of Effective(list)
}

// prepared is an erasure in use.
type prepared struct {
	Erasure
	match *query.Matcher
}

func (p *prepared) hides(r *record.Record) bool {
	if p.Order != nil && (r.Time < p.From || r.Time >= p.To || !p.Concerns(r.Server)) { // quick, and exact
		return false
	}
	return p.match.Match(r)
}

// NewSet prepares erasures. A Set of none hides nothing.
func NewSet(l []Erasure) *Set {
	s := &Set{list: slices.Clone(l)}
	for _, e := range Effective(l) {
		s.each = append(s.each, prepared{e, query.NewMatcher(e.Query())})
	}
	return s
}

// List is what the set was made of.
func (s *Set) List() []Erasure { return slices.Clone(s.list) }

// only is the set of those that ok chooses.
func (s *Set) only(ok func(*Erasure) bool) *Set {
	out := &Set{}
	for i := range s.list {
		if ok(&s.list[i]) {
			out.list = append(out.list, s.list[i])
		}
	}
	for i := range s.each {
		if ok(&s.each[i].Erasure) {
			out.each = append(out.each, s.each[i])
		}
	}
	return out
}

// Of is the erasures that concern a server.
func (s *Set) Of(server string) *Set {
	return s.only(func(e *Erasure) bool { return e.Concerns(server) })
}

// Lawful is the set without the orders of terms: what leaves the archive too.
func (s *Set) Lawful() *Set { return s.only(func(e *Erasure) bool { return e.Order == nil }) }

// Empty reports whether the set hides nothing.
func (s *Set) Empty() bool { return s == nil || len(s.list) == 0 }

// Hides reports whether a record is in no answer any more.
func (s *Set) Hides(r *record.Record) bool {
	return s != nil && slices.ContainsFunc(s.each, func(p prepared) bool { return p.hides(r) })
}

// Takes reports whether the order of a term hides a record that no erasure hides: it is
// out of the store, and the archive has it still.
func (s *Set) Takes(r *record.Record) bool {
	taken := false
	if s != nil {
		for i := range s.each {
			if p := &s.each[i]; p.hides(r) {
				if p.Order == nil {
					return false
				}
				taken = true
			}
		}
	}
	return taken
}

// Names reports whether an event of a server that the set is of names what is
// erased; always says that it goes even when a record that stays rests on it.
func (s *Set) Names(ev *event.Event) (named, always bool) {
	if s == nil {
		return false, false
	}
	for i := range s.each {
		if s.each[i].Names(ev) {
			named, always = true, always || s.each[i].ByName()
		}
	}
	return named, always
}
