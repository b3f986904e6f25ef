package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
)

// listRows is how many rows a part of the list has at most; listSpread is within
// how many records the place of a row is looked for by reading them.
const (
	listRows   = 200
	listSpread = 400
	tailRows   = 100
)

// rowsView is rows alone.
type rowsView struct {
	Rows   []row
	Layout layout
}

// listPart answers rows by their number in the whole answer, for the list that
// scrolls: "at" is the number of the first one, counted from 0, "n" how many,
// and "cursor", when the asker knows it, where the row before them ended. The
// cursor of what follows is in a header of the answer.
func (s *site) listPart(rq *request) error {
	f, err := partForm(rq)
	if err != nil {
		return err
	}
	v := rq.r.URL.Query()
	at, err1 := strconv.ParseUint(v.Get("at"), 10, 63)
	n, err2 := strconv.Atoi(v.Get("n"))
	if err1 != nil || err2 != nil || n < 1 || n > listRows {
		return errPage{http.StatusBadRequest, "find.list.range"}
	}
	ctx := rq.r.Context()
	q, skip := f.query(), 0
	if q.Cursor == "" && at > 0 {
		t := s.counted(rq, f)
		if _, err := t.wait(ctx, 0); err != nil {
			return err
		}
		c, _ := t.value.(*tallied)
		if q, skip, err = s.place(ctx, q, c.counts, rq.status.Zone, at); err != nil {
			return err
		}
	}
	q.Limit = skip + n
	page, err := s.cfg.Source.Search(ctx, q)
	if err != nil {
		return err
	}
	l := page.Records[min(skip, len(page.Records)):]
	h := rq.w.Header()
	h.Set("Akashi-Next", page.Next)
	return s.render(rq, http.StatusOK, "gridrows", rowsView{rows(rq, l), s.layout(rq, f)})
}

// place narrows q so that row number at of its answer is among the first ones,
// and tells how many come before it: first by the counts of days, then by
// counting ever shorter times.
func (s *site) place(ctx context.Context, q query.Query, c *counts, zone *time.Location, at uint64) (query.Query, int, error) {
	if zone == nil {
		zone = time.UTC
	}
	days := slices.Clone(c.Days)
	if !q.Oldest {
		slices.Reverse(days)
	}
	for _, d := range days {
		if at >= d.N {
			at -= d.N
			continue
		}
		t, err := time.ParseInLocation("2006-01-02", d.Day, zone)
		if err != nil {
			return q, 0, err
		}
		day := within(q, t.UnixNano(), t.AddDate(0, 0, 1).UnixNano())
		return s.bisect(ctx, q, day.From, day.To, d.N, at)
	}
	end := query.Query{Users: q.Users, To: 1} // behind the last row there is none
	return end, 0, nil
}

// within is q in a shorter time.
func within(q query.Query, from, to int64) query.Query {
	q.From = max(q.From, from)
	if q.To == 0 || to < q.To {
		q.To = to
	}
	return q
}

// bisect halves a time that holds n records until few come before row at. The
// answer goes on behind that time: only its beginning is moved.
func (s *site) bisect(ctx context.Context, q query.Query, lo, hi int64, n, at uint64) (query.Query, int, error) {
	for n > listSpread && at > listSpread && hi-lo > int64(time.Millisecond) {
		mid := lo + (hi-lo)/2
		first := within(q, mid, hi) // what comes first in the answer
		if q.Oldest {
			first = within(q, lo, mid)
		}
		first.Lists = query.ListOps // one that costs little
		f, err := s.cfg.Source.Facets(ctx, first)
		if err != nil {
			return q, 0, err
		}
		inFirst := at < f.Total
		if inFirst {
			n = f.Total
		} else {
			at, n = at-f.Total, n-min(n, f.Total)
		}
		if inFirst == q.Oldest {
			hi = mid
		} else {
			lo = mid
		}
	}
	if q.Oldest {
		q.From = max(q.From, lo)
	} else {
		q = within(q, q.From, hi)
	}
	return q, int(min(at, 100_000)), nil
}

// tailPart answers the rows that came after a cursor, newest first. It is asked
// every two seconds, and is no new search.
func (s *site) tailPart(rq *request) error {
	f, err := partForm(rq)
	if err != nil {
		return err
	}
	q := f.query()
	after := rq.r.URL.Query().Get("after")
	q.Cursor, q.Limit, q.Oldest = after, tailRows, after != ""
	page, err := s.cfg.Source.Search(rq.r.Context(), q)
	if err != nil {
		return err
	}
	if q.Oldest {
		slices.Reverse(page.Records)
	}
	if len(page.Records) > 0 {
		at := query.PositionOf(&page.Records[0])
		after = at.Cursor()
	}
	rq.w.Header().Set("Akashi-After", after)
	if len(page.Records) == 0 {
		rq.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return s.render(rq, http.StatusOK, "gridrows", rowsView{rows(rq, page.Records), s.layout(rq, f)})
}
