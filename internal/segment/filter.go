package segment

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// SeqRange is the rows with Lo < seq < Hi.
type SeqRange struct{ Lo, Hi uint64 }

func (r SeqRange) has(seq uint64) bool { return r.Lo < seq && seq < r.Hi }

// View says which rows of a segment count.
type View struct {
	Void []SeqRange // rows that do not hold
	Only []SeqRange // when not nil, only rows in one of these
	Hide []*Filter  // rows that match one of them are erased
}

// Filter is a query made ready. It is safe for concurrent use.
type Filter struct {
	q                                 query.Query
	people, kinds, clients, processes *query.Matcher // nil = no condition
	sessions, notSessions             []uint64
	clauses                           []*clause
	looks                             atomic.Int64 // see Looks
	onceRows, onceNames               bool         // see Once
	late, exact                       bool         // see Late, Exact
	known                             knownPaths
}

// NewFilter compiles the conditions of q. Limit, Cursor, Lists, Top and
// Superseded do not matter; Oldest does for Top.
func NewFilter(q query.Query) *Filter {
	f := &Filter{q: q, sessions: q.Sessions, notSessions: q.Not.Sessions}
	n := &q.Not
	if len(q.Users)+len(n.Users) > 0 {
		f.people = query.NewMatcher(query.Query{Users: q.Users, Not: query.Exclusion{Users: n.Users}})
	}
	if len(q.Clients)+len(n.Clients) > 0 {
		f.clients = query.NewMatcher(query.Query{Clients: q.Clients, Not: query.Exclusion{Clients: n.Clients}})
	}
	if len(q.Processes)+len(n.Processes) > 0 {
		f.processes = query.NewMatcher(query.Query{Processes: q.Processes, Not: query.Exclusion{Processes: n.Processes}})
	}
	f.kinds = query.NewMatcher(query.Query{
		Ops: q.Ops, Results: q.Results, Classes: q.Classes, Objects: q.Objects, Confidences: q.Confidences, Rules: q.Rules, HideNetworkLogons: q.HideNetworkLogons,
		Not: query.Exclusion{Ops: n.Ops, Results: n.Results, Classes: n.Classes, Objects: n.Objects, Confidences: n.Confidences, Rules: n.Rules},
	})
	f.clauses = newClauses(&q)
	for _, c := range f.clauses {
		c.f = f
	}
	return f
}

// Once says that the filter is for one count of more rows, or more names, than the caches
// can hold: what is read of them is not kept. It must be called before the filter is used.
func (f *Filter) Once(rows, names bool) { f.onceRows, f.onceNames = rows, names }

// Late lets Count leave times unread that may not matter: whoever calls it calls ReadTimes
// of the counter when everything was counted. Where that finds damage, what has it is to
// be left out, so that everything must be counted once more, with Exact. It must be called
// before the filter is used.
func (f *Filter) Late() { f.late = true }

// Exact lets Count read the times of all rows as it comes to them.
func (f *Filter) Exact() { f.exact = true }

// binding is a Filter made ready for one segment. It is safe for concurrent use.
type binding struct {
	f         *Filter
	none      bool   // no row can match
	people    []bool // nil = all; so the next three
	kinds     []bool
	clients   []bool
	processes []bool
	clauses   []*boundClause
	rarest    *driver // leads to the rows; may be nil
	pathShare float64 // of all paths, what the conditions on paths leave at most; 1 = no such condition is known
	acts      []bool  // of which a kind is wanted; set with kinds
}

// first reports whether the conditions on paths leave so few rows of a partition
// that they are better looked at before the kinds.
func (b *binding) first(dir *directory) bool {
	if b.pathShare >= 1 || b.kinds == nil {
		return b.pathShare < 1
	}
	return b.pathShare < 0.25 && b.pathShare < 2*b.kindShare(dir)
}

// kindShare is how many of the rows of a partition have an act of which a kind is
// wanted, of 1.
func (b *binding) kindShare(dir *directory) float64 {
	some, all := uint64(0), uint64(1)
	for _, h := range dir.hours {
		all += h.n
		if b.acts[h.act] {
			some += h.n
		}
	}
	return float64(some) / float64(all)
}

// boundFilter is a binding that a segment remembers.
type boundFilter struct {
	f *Filter
	b *binding
}

// maxBound is how many bindings a segment remembers.
const maxBound = 8

// bind makes the filter ready for the segment, or finds what was made.
func (s *Segment) bind(ctx context.Context, f *Filter) (*binding, error) {
	s.mu.Lock()
	for i, e := range s.bound {
		if e.f == f {
			copy(s.bound[1:i+1], s.bound[:i])
			s.bound[0] = e
			s.mu.Unlock()
			return e.b, nil
		}
	}
	s.mu.Unlock()
	b := &binding{f: f, pathShare: 1}
	if !f.q.WantsServer(s.meta.Server) {
		b.none = true
		return b, nil
	}
	t := s.tables
	b.people, b.none = bindTable(b.none, f.people, t.people, func(r *record.Record, p *person) { r.User, r.SID = p.user, p.sid })
	b.clients, b.none = bindTable(b.none, f.clients, t.clients, func(r *record.Record, c *client) { r.ClientIP, r.ClientName = c.ip, c.name })
	b.processes, b.none = bindTable(b.none, f.processes, t.processes, func(r *record.Record, p *string) { r.Process = *p })
	b.kinds, b.none = bindTable(b.none, f.kinds, t.kinds, func(r *record.Record, k *kind) {
		r.Op, r.Object, r.Result, r.Confidence, r.Class, r.Rule = k.op, k.object, k.result, k.confidence, k.class, k.rule
		r.Detail = nil
		if k.net {
			r.Detail = []record.Pair{{Key: "logon_type", Value: "3"}}
		}
	})
	for _, c := range f.clauses {
		if b.none {
			break
		}
		if b.people != nil && len(c.patterns) > 0 && !s.remembers(c) {
			b.clauses = append(b.clauses, s.lazyClause(c))
			continue
		}
		x, err := s.bindClause(ctx, c)
		if isDamage(err) {
			x, err = s.textClause(c), nil
		}
		if err != nil {
			return nil, err
		}
		if b.clauses = append(b.clauses, x); x.nothing() {
			b.none = true
		}
	}
	if !b.none {
		b.rarest = s.rarest(b)
		s.weigh(b)
	}
	s.mu.Lock()
	s.bound = append([]boundFilter{{f, b}}, s.bound[:min(len(s.bound), maxBound-1)]...)
	s.mu.Unlock()
	return b, ctx.Err()
}

// unbind forgets what was made ready.
func (s *Segment) unbind(f *Filter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bound = slices.DeleteFunc(s.bound, func(e boundFilter) bool { return e.f == f })
}

// weigh finds what the conditions of a binding leave.
func (s *Segment) weigh(b *binding) {
	for _, c := range b.clauses {
		if !c.not && c.plain() {
			b.pathShare = min(b.pathShare, float64(c.full.Len()+1)/float64(s.dict.Len()+1))
		}
	}
	if b.kinds == nil {
		return
	}
	b.acts = make([]bool, len(s.acts))
	for k, ok := range b.kinds {
		b.acts[s.actOf[k]] = b.acts[s.actOf[k]] || ok
	}
}

// bindTable asks the matcher about each entry of a table: nil when all match;
// none when no entry does, or nothing did before.
func bindTable[T any](none bool, m *query.Matcher, table []T, set func(*record.Record, *T)) ([]bool, bool) {
	if m == nil || none {
		return nil, none
	}
	r := record.Record{Class: record.ClassUser}
	l := make([]bool, len(table))
	n := 0
	for i := range table {
		set(&r, &table[i])
		if l[i] = m.Match(&r); l[i] {
			n++
		}
	}
	if n == len(table) && n > 0 {
		return nil, false
	}
	return l, n == 0
}

// times reports whether the time range can hold a row of first to last, and
// whether it holds all.
func (f *Filter) times(first, last int64) (some, all bool) {
	q := &f.q
	some = (q.From == 0 || last >= q.From) && (q.To == 0 || first < q.To)
	all = (q.From == 0 || first >= q.From) && (q.To == 0 || last < q.To)
	return some, all
}

// boundView is a View made ready for one segment.
type boundView struct {
	stamps []bool // nil = all
	none   bool
	hide   []*binding
}

func (s *Segment) bindView(ctx context.Context, v *View) (*boundView, error) {
	b := &boundView{}
	holds := func(seq uint64) bool {
		has := func(r SeqRange) bool { return r.has(seq) }
		return !slices.ContainsFunc(v.Void, has) && (v.Only == nil || slices.ContainsFunc(v.Only, has))
	}
	n := 0
	for _, st := range s.tables.stamps {
		ok := holds(st.seq)
		b.stamps = append(b.stamps, ok)
		if ok {
			n++
		}
	}
	if b.none = n == 0; n == len(b.stamps) {
		b.stamps = nil
	}
	for _, f := range v.Hide {
		if some, _ := f.times(s.meta.First, s.meta.Last); !some {
			continue
		}
		h, err := s.bind(ctx, f)
		if err != nil {
			return nil, err
		}
		if !h.none {
			b.hide = append(b.hide, h)
		}
	}
	return b, nil
}
