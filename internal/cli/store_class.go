package cli

import (
	"time"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/erasure"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

// classProposal is a term of a class of records that akashi proposes. No law says it.
type classProposal struct {
	Class  string `json:"class"`
	Term   string `json:"term"` // for --set
	Source string `json:"source"`
}

// classLadder are proposals from the steps that others use as a measure (IPA 2016).
func (a *app) classLadder() []classProposal {
	return []classProposal{
		{erasure.ClassBackground, "3m", a.p.T("cli.class.ladder.background")},
		{erasure.ClassLogon, "3y", a.p.T("cli.class.ladder.logon")},
		{erasure.ClassSystem, "1y", a.p.T("cli.class.ladder.system")},
	}
}

func (a *app) printClassDue(l []store.ClassDue) {
	for i := range l {
		d := &l[i]
		state := a.p.T("cli.store.retention.unarchived")
		if d.Archived {
			state = a.p.T("cli.store.retention.archived")
		}
		if len(d.Held) > 0 {
			state += a.p.T("cli.store.retention.held", "cases", visibleAll(d.Held))
		}
		if d.Unsure != "" {
			state += a.p.T("cli.class.unsure", "reason", record.Visible(d.Unsure))
		}
		a.line("cli.class.line", "server", record.Visible(d.Server), "month", d.Period, "class", a.p.T("cli.class."+d.Class), "records", d.Records, "old", d.Superseded, "state", state)
	}
}

// printClassExpiry says what the terms of classes took out.
func (a *app) printClassExpiry(e *engine.Engine, x *engine.ClassExpiry) error {
	sch := e.Schedule()
	if !sch.HasClass() {
		return nil
	}
	a.printClassDue(x.Taken)
	if len(x.Kept) > 0 {
		a.line("cli.store.retention.kept")
		a.printClassDue(x.Kept)
	}
	var n int64
	for i := range x.Orders {
		n += x.Orders[i].Records + x.Orders[i].Superseded
	}
	a.line("cli.class.taken", "n", n, "orders", len(x.Orders), "kept", len(x.Kept), "bytes", a.p.Bytes(x.Freed))
	a.printLeft(x.Left)
	return nil
}

// printOrders lists the orders of terms that took records out.
func (a *app) printOrders(l []store.Erasure, zone *time.Location) {
	if len(l) == 0 {
		return
	}
	a.line("cli.class.orders")
	for i := range l {
		a.printTaken(engine.TakenOf(&l[i]), zone)
	}
}

func (a *app) printTaken(t query.Taken, zone *time.Location) {
	a.line("cli.class.order", a.takenArgs(t, zone)...)
}

func (a *app) takenArgs(t query.Taken, zone *time.Location) []any {
	where := a.p.T("cli.class.in_archive")
	if t.OutsideArchive {
		where = a.p.T("cli.class.no_archive")
	}
	term := store.Term{Months: t.Months, Year: t.Year}
	return []any{
		"class", a.p.T("cli.class." + t.Class), "server", record.Visible(t.Server), "first", t.First, "last", t.Last, "n", t.Records, "term", a.term(&term),
		"proposer", record.Visible(t.ProposedBy), "by", record.Visible(t.By), "ground", record.Visible(t.Ground), "time", a.when(t.Time, zone), "where", where,
	}
}

// maxTaken is how many orders an answer names one by one.
const maxTaken = 5

// tellTaken says which records terms took out of an answer, and how to see them.
func (a *app) tellTaken(l []query.Taken) {
	if len(l) == 0 {
		return
	}
	for _, t := range l[:min(len(l), maxTaken)] {
		a.note("cli.class.not_here", a.takenArgs(t, time.UTC)...)
	}
	if n := len(l) - maxTaken; n > 0 {
		a.note("cli.class.not_here_more", "n", n)
	}
	a.note("cli.class.see")
}
