package web

import (
	"context"
	"slices"

	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// TakenSource is a Source that knows which order of a term took a record out of the
// store; nil = none did.
type TakenSource interface {
	TakenBy(ctx context.Context, id record.ID) (*query.Taken, error)
}

// maxTaken is how many orders a page of results names.
const maxTaken = 3

// orderView is an order of a term in words.
type orderView struct {
	query.Taken
	Name, Term, When string
}

func orderViews(rq *request, l []query.Taken) (out []orderView) {
	for _, t := range l {
		term := Term{Months: t.Months, Year: t.Year}
		t.Server, t.By, t.ProposedBy, t.Ground = visible(t.Server), visible(t.By), visible(t.ProposedBy), visible(t.Ground)
		out = append(out, orderView{t, classText(rq, t.Class), lengthText(rq, &term), clock(t.Time, rq.zone)})
	}
	return out
}

// taken fills in what terms took out of an answer, and where the archive shows it.
func (v *results) taken(rq *request, f *form, l []query.Taken) {
	if len(l) == 0 {
		return
	}
	v.Taken = orderViews(rq, l[:min(len(l), maxTaken)])
	v.TakenMore = len(l) - len(v.Taken)
	v.RemovedURL = f.with(func(c *form) { c.Rest.Removed, c.Network = true, true })
}

// takenBy is the order that took a record out of the store; nil = none did.
func (s *site) takenBy(rq *request, id record.ID) (*orderView, error) {
	src, ok := s.cfg.Source.(TakenSource)
	if !ok {
		return nil, nil
	}
	t, err := src.TakenBy(rq.r.Context(), id)
	if err != nil || t == nil {
		return nil, err
	}
	return &orderViews(rq, []query.Taken{*t})[0], nil
}

// classView is a line of what terms of classes would take out.
type classView struct {
	care.ClassMonth
	Name string
}

func classViews(rq *request, l []care.ClassMonth) (out []classView) {
	for _, c := range l {
		out = append(out, classView{c, classText(rq, c.Class)})
	}
	return out
}

// ofRecords reports whether a class of what is kept is one of records.
func ofRecords(class string) bool { return slices.Contains(care.RecordClasses(), class) }
