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
		days, err := s.days(rq, f)
		if err != nil {
			return err
		}
		if q, skip, err = s.place(rq, q, days, rq.status.Zone, at); err != nil {
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

// days is how many records each day brings to a form: of its counts when they are there,
// else counted by themselves, which is quicker than to wait for all lists.
func (s *site) days(rq *request, f *form) ([]query.DayCount, error) {
	q := f.query()
	q.Cursor, q.Limit = "", 0
	if t := s.known(rq, pageQuestion(q)); t != nil {
		if c, ok := t.value.(*tallied); ok {
			return c.Days, nil
		}
	}
	q.Lists = query.ListDays
	t := s.facets(rq, q)
	if _, err := t.wait(rq.r.Context(), 0); err != nil {
		return nil, err
	}
	c, ok := t.value.(*query.Facets)
	if !ok {
		return nil, nil
	}
	return c.Days, nil
}

// place narrows q so that row number at of its answer is among the first ones,
// and tells how many come before it: first by the counts of days, then of hours,
// then by counting ever shorter times.
func (s *site) place(rq *request, q query.Query, days []query.DayCount, zone *time.Location, at uint64) (query.Query, int, error) {
	if zone == nil {
		zone = time.UTC
	}
	days = slices.Clone(days)
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
		lo, hi, n := day.From, day.To, d.N
		if n > listHours {
			if lo, hi, n, at, err = s.hourOf(rq, q.Oldest, day, t, n, at); err != nil {
				return q, 0, err
			}
		}
		return s.narrow(rq.r.Context(), q, lo, hi, n, at)
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

// listHours is how many records a day has at least whose hours are counted: they
// differ so much that guesses over the day go wrong.
const listHours = 20_000

// hourOf finds the hour of a day in which row at of the day is, as a part of the
// time of the query day, how many records it holds and which of them row at is. A
// day whose clock was changed stays whole.
func (s *site) hourOf(rq *request, oldest bool, day query.Query, midnight time.Time, n, at uint64) (lo, hi int64, inHour, row uint64, err error) {
	if midnight.AddDate(0, 0, 1).Sub(midnight) != 24*time.Hour {
		return day.From, day.To, n, at, nil
	}
	day.Lists = query.ListHours
	t := s.facets(rq, day) // kept for the next row of the day
	if _, err := t.wait(rq.r.Context(), 0); err != nil {
		return day.From, day.To, n, at, err
	}
	f, ok := t.value.(*query.Facets)
	if !ok || f.Hours == nil {
		return day.From, day.To, n, at, nil
	}
	row = at
	for i := range 24 {
		h := i
		if !oldest {
			h = 23 - i
		}
		inHour = f.Hours[midnight.Weekday()][h]
		if row >= inHour {
			row -= inHour
			continue
		}
		from := midnight.Add(time.Duration(h) * time.Hour)
		hour := within(day, from.UnixNano(), from.Add(time.Hour).UnixNano())
		return hour.From, hour.To, inHour, row, nil
	}
	return day.From, day.To, n, at, nil // records came or went meanwhile
}

// listSteps is after how many steps a time is halved whatever the guesses say.
const listSteps = 12

// narrow shortens a time that holds n records, at its end or, newest first, at its
// beginning, until few come before row at. It guesses where the row is as if the
// records were spread evenly, which soon is true: a step costs a count of what the
// query finds. The answer goes on behind that time: only its beginning is moved.
func (s *site) narrow(ctx context.Context, q query.Query, lo, hi int64, n, at uint64) (query.Query, int, error) {
	for step := 0; n > listSpread && at > listSpread && hi-lo > int64(time.Millisecond); step++ {
		part := float64(at-listSpread/2) / float64(n) // the guess should come before the row
		if step >= listSteps || step%4 == 3 {
			part = 0.5
		}
		cut := lo + int64(float64(hi-lo)*part)
		if !q.Oldest {
			cut = hi - int64(float64(hi-lo)*part)
		}
		cut = min(max(cut, lo+1), hi-1)
		first := within(q, cut, hi) // what comes first in the answer
		if q.Oldest {
			first = within(q, lo, cut)
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
			hi = cut
		} else {
			lo = cut
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
