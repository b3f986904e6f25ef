package web

import (
	"context"
	"slices"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// counts are the counts over a search, and over its successes alone: what was
// refused is no use of a file.
type counts struct {
	*query.Facets
	done *query.Facets // results that are success
}

// countSteps are the counts of a page: everything, the successes, the bars of time.
const countSteps = 3

// count asks for both. The second question is left out where its answer is
// known.
func (s *site) count(ctx context.Context, q query.Query) (*counts, error) {
	q.Cursor, q.Near = "", true
	nextStep(ctx, 1, countSteps)
	all, err := s.cfg.Source.Facets(ctx, q)
	if err != nil {
		return nil, err
	}
	c := &counts{all, all}
	success := slices.Contains(q.Results, record.Success)
	switch {
	case len(q.Results) > 0 && !success:
		c.done = &query.Facets{}
	case !slices.ContainsFunc(all.Results, func(c query.Count) bool { return c.Value != record.Success.String() && c.N > 0 }):
	default:
		q.Results = []record.Result{record.Success}
		if q.Lists == 0 { // nothing else of the successes is shown, and the top of all paths costs most
			q.Lists = query.ListPeople | query.ListOps | query.ListDays
		}
		nextStep(ctx, 2, countSteps)
		if c.done, err = s.cfg.Source.Facets(ctx, q); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// ops are the successful operations of one person.
func (c *counts) ops(p *query.PersonCount) map[record.Op]uint64 {
	if p.Denied == 0 {
		return p.Ops
	}
	for i := range c.done.People {
		if d := &c.done.People[i]; d.User == p.User && d.SID == p.SID {
			return d.Ops
		}
	}
	return nil
}

// days pairs each day with its successes.
func (c *counts) days() []dayCounts {
	done := map[string]map[record.Op]uint64{}
	for _, d := range c.done.Days {
		done[d.Day] = d.Ops
	}
	l := make([]dayCounts, len(c.Days))
	for i, d := range c.Days {
		l[i] = dayCounts{d.Day, d.N, d.Denied, done[d.Day]}
	}
	return l
}

// dayCounts is one day of the histogram.
type dayCounts struct {
	Day       string
	N, Denied uint64
	Ops       map[record.Op]uint64 // successes
}
