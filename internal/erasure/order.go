package erasure

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// The classes of records that a term can take out of the store early. What a person did
// in a file is in none of them, nor what says whether the rest is complete: lost
// records, cleared logs, audit policy, clocks, refused logons.
const (
	ClassBackground = "background" // records of class background
	ClassLogon      = "logon"      // logons and logoffs of people that succeeded
	ClassSystem     = "system"     // starts, stops and power of machines
)

// Classes are all of them.
func Classes() []string { return []string{ClassBackground, ClassLogon, ClassSystem} }

// Order is what makes an Erasure the order of a term: it hides the records of a class of
// one server from one day up to another, whether they are in the store already or come
// later, and they leave the store's files. Raw events stay, and so do the sealed parts
// of the archive. By, Ground and Time of the Erasure are of the order; From and To are
// the first moment of FirstDay and the one behind LastDay.
type Order struct {
	Class       string `json:"class"`
	FirstDay    string `json:"first_day"` // 2026-01-01, in the folder's zone
	LastDay     string `json:"last_day"`  // included
	Months      int    `json:"months"`    // the term
	Year        bool   `json:"year,omitempty"`
	ProposedBy  string `json:"proposed_by,omitempty"` // of the term; By confirmed it
	Records     int64  `json:"records"`               // that went, superseded ones not among them
	Superseded  int64  `json:"superseded"`            // that went
	NotArchived bool   `json:"not_archived,omitempty"`
}

// ErrOrder is the error of an order that does not say what.
var ErrOrder = errors.New("the order of a term has a class, one server and a period")

func (e *Erasure) checkOrder() error {
	if !slices.Contains(Classes(), e.Class) || len(e.Servers) != 1 || e.From == 0 || e.To <= e.From || len(e.Users)+len(e.Files)+len(e.Folders) > 0 {
		return ErrOrder
	}
	return nil
}

// ClassQuery finds the records of a class of every server and time.
func ClassQuery(class string) query.Query {
	switch class {
	case ClassBackground:
		return query.Query{Classes: []record.Class{record.ClassBackground}}
	case ClassLogon:
		return query.Query{Classes: []record.Class{record.ClassUser}, Ops: []record.Op{record.OpLogon, record.OpLogoff}, Results: []record.Result{record.Success}}
	}
	return query.Query{Classes: []record.Class{record.ClassSystem}, Ops: []record.Op{record.OpBoot, record.OpShutdown, record.OpPower}}
}

func (e *Erasure) orderQuery() query.Query {
	q := ClassQuery(e.Class)
	q.Servers, q.From, q.To = e.Servers, e.From, e.To
	return q
}

// OrdersOf lists the orders of terms among erasures.
func OrdersOf(l []Erasure) []Erasure {
	return slices.DeleteFunc(slices.Clone(l), func(e Erasure) bool { return e.Order == nil })
}

// LawfulOf lists the others.
func LawfulOf(l []Erasure) []Erasure {
	return slices.DeleteFunc(slices.Clone(l), func(e Erasure) bool { return e.Order != nil })
}

// Narrow is the part of a query that finds records of a class; ok is false when there is
// none.
func Narrow(q query.Query, class string) (out query.Query, ok bool) {
	c := ClassQuery(class)
	classes := q.Classes
	if len(classes) == 0 {
		classes = []record.Class{record.ClassUser}
	}
	q.Classes = both(classes, c.Classes)
	ok = len(q.Classes) > 0
	if len(c.Ops) > 0 {
		if len(q.Ops) == 0 {
			q.Ops = c.Ops
		} else {
			q.Ops = both(q.Ops, c.Ops)
		}
		ok = ok && len(q.Ops) > 0
	}
	if len(c.Results) > 0 {
		if len(q.Results) == 0 {
			q.Results = c.Results
		} else {
			q.Results = both(q.Results, c.Results)
		}
		ok = ok && len(q.Results) > 0
	}
	return q, ok
}

// both is what two lists have in common.
func both[T comparable](a, b []T) []T {
	return slices.DeleteFunc(slices.Clone(a), func(x T) bool { return !slices.Contains(b, x) })
}

// Touches reports whether a query without the orders of terms could find records that
// this order hides.
func (e *Erasure) Touches(q *query.Query) bool {
	if e.Order == nil || q.From != 0 && q.From >= e.To || q.To != 0 && q.To <= e.From || !q.WantsServer(e.Servers[0]) {
		return false
	}
	if e.Class != ClassBackground && len(q.Words)+len(q.Paths)+len(q.Files)+len(q.Folders)+len(q.Lives)+len(q.Within.Folders) > 0 {
		return false // those have no path
	}
	_, ok := Narrow(*q, e.Class)
	return ok
}

// Effective is what hides the same with fewer parts: erasures as they are, and of the
// orders of a class and server, which follow on one another month by month for years,
// one for each period without a hole.
func Effective(l []Erasure) []Erasure {
	out := LawfulOf(l)
	orders := OrdersOf(l)
	slices.SortStableFunc(orders, func(a, b Erasure) int {
		return cmp.Or(strings.Compare(a.Servers[0], b.Servers[0]), strings.Compare(a.Class, b.Class), cmp.Compare(a.From, b.From))
	})
	lawful := len(out)
	for _, e := range orders {
		if n := len(out); n > lawful {
			if p := &out[n-1]; p.Servers[0] == e.Servers[0] && p.Class == e.Class && e.From <= p.To {
				p.To = max(p.To, e.To)
				continue
			}
		}
		out = append(out, e)
	}
	return out
}
