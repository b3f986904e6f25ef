package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/erasure"
	"github.com/akashi-audit/akashi/internal/hold"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

// ClassExpiry is what the terms of classes of records did.
type ClassExpiry struct {
	Taken  []store.ClassDue `json:"taken"`
	Kept   []store.ClassDue `json:"kept"`   // past the term, but something forbids it
	Orders []store.Erasure  `json:"orders"` // that were sealed
	Freed  int64            `json:"freed"`  // bytes of the store that came free
	Left   []store.Left     `json:"left"`   // files that could not be written again
}

func noClasses() ClassExpiry {
	return ClassExpiry{Taken: []store.ClassDue{}, Kept: []store.ClassDue{}, Orders: []store.Erasure{}, Left: []store.Left{}}
}

// ClassDue tells what the confirmed terms of classes of records (or, of a class without
// one, the proposed ones) would take out of the store now, and what forbids it. It reads
// no object: whether copies are right is found out when it is done.
func (e *Engine) ClassDue(ctx context.Context) (l []store.ClassDue, err error) {
	sch := e.st.Retention()
	next := sch.AsProposed()
	for _, c := range erasure.Classes() {
		if sch.Has(c) {
			next.Kept = slices.DeleteFunc(slices.Clone(next.Kept), func(t store.Term) bool { return t.Class == c })
			for _, t := range sch.Kept {
				if t.Class == c {
					next.Kept = append(next.Kept, t)
				}
			}
		}
	}
	if !next.HasClass() {
		return []store.ClassDue{}, nil
	}
	err = e.withArchive(ctx, func(a *archive.Archive) error {
		l, err = e.classDue(ctx, a, &next, e.deps.now().UnixNano(), e.archived(a), false)
		return err
	})
	return l, err
}

func (e *Engine) classDue(ctx context.Context, a *archive.Archive, sch *store.Schedule, now int64, archived store.Archived, read bool) ([]store.ClassDue, error) {
	l, err := e.st.ClassDue(ctx, *sch, now, archived)
	if err != nil {
		return nil, err
	}
	for i := range l {
		d := &l[i]
		if d.Held, err = e.classHeld(ctx, d); err != nil {
			return nil, err
		}
		if !d.Archived || len(d.Held) > 0 || d.Unsure != "" {
			continue
		}
		if d.Unsure, err = e.copiesMissing(ctx, a, d, read); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// classHeld names the cases that keep something of what would go. A hold without a
// search keeps all; one with a search keeps what it finds of the class, because nothing
// else goes.
func (e *Engine) classHeld(ctx context.Context, d *store.ClassDue) ([]string, error) {
	find := finder(func(ctx context.Context, q query.Query) (*query.Page, error) {
		q, ok := erasure.Narrow(q, d.Class)
		if !ok {
			return &query.Page{}, nil
		}
		return e.stored(ctx, q)
	})
	r, err := e.register()
	if err != nil {
		return nil, err
	}
	from, to := e.st.MonthBounds(d.Month)
	cases, err := r.Holding(ctx, hold.Area{Server: d.Server, From: from, To: to}, find)
	if err != nil {
		return nil, err
	}
	return e.alsoMarked(ctx, cases, d.Server, from, to, find)
}

// copiesMissing says why the archive is not sure to have the days of a month: an object
// lacks a copy, or its volume does not answer, or with read a copy of what holds records
// is not what was sealed. Raw events are not read for it: the store has them still.
func (e *Engine) copiesMissing(ctx context.Context, a *archive.Archive, d *store.ClassDue, read bool) (string, error) {
	for _, day := range monthDays(d.Period) {
		for _, name := range a.ObjectsOf(d.Server, day) {
			if _, err := e.objectReady(ctx, name, read && !strings.Contains(name, "."+manifest.KindRaw+".")); err != nil {
				return err.Error(), ctx.Err()
			}
		}
	}
	return "", nil
}

// monthDays are the days of a month such as 2026-04.
func monthDays(month string) (l []string) {
	first, err := time.Parse("2006-01", month)
	for t := first; err == nil && t.Month() == first.Month(); t = t.AddDate(0, 0, 1) {
		l = append(l, t.Format(time.DateOnly))
	}
	return l
}

// expireClasses takes out what is past the confirmed terms of classes. Each order is
// sealed before it holds, and lies in the archive before a file is written again.
func (e *Engine) expireClasses(ctx context.Context, a *archive.Archive, sch *store.Schedule, opt store.ExpireOptions, out *ClassExpiry) error {
	if !sch.HasClass() {
		return nil
	}
	due, err := e.classDue(ctx, a, sch, opt.Now, opt.Archived, true)
	if err != nil {
		return err
	}
	for _, d := range due {
		if d.Free(opt.WithoutArchive) {
			out.Taken = append(out.Taken, d)
		} else {
			out.Kept = append(out.Kept, d)
		}
	}
	orders := e.ordersOf(sch, out.Taken, opt)
	if err := e.st.TakeOut(ctx, orders); err != nil {
		return err
	}
	out.Orders = append(out.Orders, orders...)
	a.Honour(e.st.Erasures())
	by := "akashi"
	if len(orders) > 0 {
		by = orders[0].By
	}
	if len(a.Servers()) > 0 { // whoever has the archive alone must know it
		if err := a.Bury(ctx, e.st.Erasures(), archive.SealOptions{Now: time.Unix(0, opt.Now), By: by, Rules: e.deps.rules}); err != nil {
			return err
		}
	}
	if err := e.purge(ctx, a, by); err != nil {
		return err
	}
	r, err := e.st.DropTaken(ctx)
	if err != nil {
		return err
	}
	out.Freed, out.Left = r.Bytes, r.Left
	return nil
}

// ordersOf joins months of a server and class that follow on one another into orders.
func (e *Engine) ordersOf(sch *store.Schedule, l []store.ClassDue, opt store.ExpireOptions) (out []store.Erasure) {
	l = slices.Clone(l)
	slices.SortStableFunc(l, func(a, b store.ClassDue) int {
		return cmp.Or(strings.Compare(a.Server, b.Server), strings.Compare(a.Class, b.Class), cmp.Compare(a.Month, b.Month))
	})
	for i := range l {
		d := &l[i]
		from, to := e.st.MonthBounds(d.Month)
		days := monthDays(d.Period)
		archived := d.Archived && d.Unsure == ""
		if n := len(out); n > 0 {
			p := &out[n-1]
			if p.Servers[0] == d.Server && p.Class == d.Class && p.To == from && p.NotArchived == !archived {
				p.To, p.LastDay = to, days[len(days)-1]
				p.Records, p.Superseded = p.Records+d.Records, p.Superseded+d.Superseded
				continue
			}
		}
		t := sch.Of(d.Class, d.Server)
		out = append(out, store.Erasure{
			Servers: []string{d.Server}, From: from, To: to, Ground: t.Ground, By: t.By, Time: opt.Now,
			Order: &erasure.Order{
				Class: d.Class, FirstDay: days[0], LastDay: days[len(days)-1], Months: t.Months, Year: t.Year, ProposedBy: t.Proposed,
				Records: d.Records, Superseded: d.Superseded, NotArchived: !archived,
			},
		})
	}
	return out
}

// Orders lists all orders of terms, oldest first.
func (e *Engine) Orders() []store.Erasure { return erasure.OrdersOf(e.st.Erasures()) }

// TakenOf is an order in the words of an answer.
func TakenOf(x *store.Erasure) query.Taken {
	return query.Taken{
		Class: x.Class, Server: x.Servers[0], First: x.FirstDay, Last: x.LastDay, Records: x.Records, Months: x.Months, Year: x.Year,
		ProposedBy: x.ProposedBy, By: x.By, Ground: x.Ground, Time: x.Time, OutsideArchive: x.NotArchived,
	}
}

// taken lists the orders of terms that took records out which a query would find without
// them. Who sees some folders of a server is not told how many records of it went.
func (e *Engine) taken(q *query.Query) (l []query.Taken) {
	if q.Removed || q.HeldOnly {
		return nil
	}
	sight := query.NewSight(q.Within)
	all := e.st.Erasures()
	for i := range all {
		x := &all[i]
		if !x.Touches(q) || !q.Within.All() && !sight.Server(x.Servers[0]) {
			continue
		}
		t := TakenOf(x)
		if !q.Within.All() && sight.Narrow() {
			t.Records = 0
		}
		l = append(l, t)
	}
	return l
}

// TakenBy is the order that took a record out of the store; nil = none did.
func (e *Engine) TakenBy(r *record.Record) *query.Taken {
	for _, x := range e.Orders() {
		if erasure.NewSet([]erasure.Erasure{x}).Takes(r) {
			t := TakenOf(&x)
			return &t
		}
	}
	return nil
}

// Schedule is the terms in force and those that wait.
func (e *Engine) Schedule() store.Schedule { return e.st.Retention() }
