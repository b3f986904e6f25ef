package web

import (
	"context"
	"errors"
	"time"

	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// A histogram has bars of five minutes, hours, days, weeks or months, so that
// its range fills some ten to a hundred and twenty of them.
const (
	slotMinutes = 5 * time.Minute
	slotHour    = time.Hour
	mostMinutes = 3 * time.Hour      // longest range with bars of minutes
	mostHours   = 5 * 24 * time.Hour // longest range with bars of hours
	mostDays    = 124                // most bars of days
	mostWeeks   = 124 * 7            // most days in bars of weeks
)

// slot is what one bar counts.
type slot struct {
	From, To  time.Time // half-open
	N, Denied uint64
	Groups    [numGroups]uint64 // of successes
}

// slots divides what a query finds into bars. c is its counts; the range is that
// of the query, or of what it found where the query has no bound. unit is the
// key of the bars' length.
func (s *site) slots(ctx context.Context, q query.Query, c *counts, zone *time.Location, now time.Time) (l []slot, unit string, err error) {
	if c.Total == 0 {
		return nil, "", nil
	}
	nextStep(ctx, countSteps, countSteps)
	from, to := time.Unix(0, c.First).In(zone), time.Unix(0, c.Last+1).In(zone)
	if q.From != 0 {
		from = time.Unix(0, q.From).In(zone)
	} else {
		from = midnight(from)
	}
	switch {
	case q.To != 0:
		to = time.Unix(0, q.To).In(zone)
	case q.From != 0 && to.Before(now):
		to = now.In(zone)
	case q.From == 0:
		to = midnight(to.Add(-1)).AddDate(0, 0, 1)
	}
	archived := len(c.Archived) > 0 || c.Partial
	held := q
	held.HeldOnly = q.HeldOnly || archived // the archive is read once for all bars
	switch length := to.Sub(from); {
	case length <= mostMinutes:
		l, err = s.minuteSlots(ctx, held, from.Truncate(slotMinutes), to)
		unit = "find.unit.minutes"
	case length <= mostHours && oneWeek(from, to):
		l, err = s.hourSlots(ctx, held, from, to)
		unit = "find.unit.hours"
	default:
		l, unit = daySlots(between(c.days(), from, to), zone)
		return l, unit, nil
	}
	if err == nil && archived && !c.Partial {
		err = s.addArchived(ctx, q, l)
	}
	if errors.Is(err, pace.ErrTooLong) || errors.Is(err, pace.ErrBusy) {
		l, _ = daySlots(between(c.days(), from, to), zone)
		return l, unitCoarse, nil
	}
	return l, unit, err
}

// unitCoarse is the unit of bars of days that were to be shorter, and are not since the
// archive takes too long to read again.
const unitCoarse = "find.unit.coarse"

// addArchived adds what only the archive holds to bars.
func (s *site) addArchived(ctx context.Context, q query.Query, l []slot) error {
	if len(l) == 0 {
		return nil
	}
	bounds := []int64{l[0].From.UnixNano()}
	for _, x := range l {
		bounds = append(bounds, x.To.UnixNano())
	}
	more, err := s.cfg.Source.ArchivedSlots(ctx, q, bounds)
	if err != nil {
		return err
	}
	for i, x := range more {
		l[i].N, l[i].Denied = l[i].N+x.N, l[i].Denied+x.Denied
		for o, n := range x.Ops {
			l[i].Groups[groupOf(o)] += n
		}
	}
	return nil
}

// longest is the longest range, in days, of which empty days are added.
const longest = 40 * 366

// between is every day of a range with its counts.
func between(days []dayCounts, from, to time.Time) []dayCounts {
	if to.Sub(from) > longest*24*time.Hour {
		return days
	}
	have := make(map[string]dayCounts, len(days))
	for _, d := range days {
		have[d.Day] = d
	}
	var l []dayCounts
	for t := midnight(from); t.Before(to); t = t.AddDate(0, 0, 1) {
		d := have[t.Format("2006-01-02")]
		d.Day = t.Format("2006-01-02")
		l = append(l, d)
	}
	return l
}

// oneWeek reports whether no weekday comes twice, so that counts by weekday are
// counts by day.
func oneWeek(from, to time.Time) bool {
	return midnight(to.Add(-1)).Before(midnight(from).AddDate(0, 0, 7))
}

// minuteSlots asks for each bar on its own: the times are short.
func (s *site) minuteSlots(ctx context.Context, q query.Query, from, to time.Time) ([]slot, error) {
	var l []slot
	for t := from; t.Before(to); t = t.Add(slotMinutes) {
		x := slot{From: t, To: t.Add(slotMinutes)}
		part := q
		part.From, part.To = max(q.From, x.From.UnixNano()), x.To.UnixNano()
		if q.To != 0 {
			part.To = min(q.To, part.To)
		}
		part.Cursor, part.Lists = "", query.ListOps|query.ListResults|query.ListPeople|query.ListDays
		c, err := s.count(ctx, part)
		if err != nil {
			return nil, err
		}
		for _, d := range c.days() {
			x.N, x.Denied = x.N+d.N, x.Denied+d.Denied
			for o, n := range d.Ops {
				x.Groups[groupOf(o)] += n
			}
		}
		l = append(l, x)
	}
	return l, nil
}

// hourSlots asks once for each colour: counts by weekday and hour are counts by
// hour when no weekday comes twice.
func (s *site) hourSlots(ctx context.Context, q query.Query, from, to time.Time) ([]slot, error) {
	var l []slot
	day := midnight(from)
	first := day.Add(from.Sub(day).Truncate(slotHour))
	for t := first; t.Before(to); t = t.Add(slotHour) {
		l = append(l, slot{From: t, To: t.Add(slotHour)})
	}
	q.Cursor, q.Lists = "", query.ListHours
	add := func(q query.Query, to func(*slot, uint64)) error {
		f, err := s.cfg.Source.Facets(ctx, q)
		if err != nil || f.Hours == nil {
			return err
		}
		for i := range l {
			to(&l[i], f.Hours[l[i].From.Weekday()][l[i].From.Hour()])
		}
		return nil
	}
	if err := add(q, func(x *slot, n uint64) { x.N = n }); err != nil {
		return nil, err
	}
	done := q
	if done.Results = meet(q.Results, []record.Result{record.Success}); len(done.Results) > 0 {
		for g := range numGroups {
			part := done
			if part.Ops = meet(q.Ops, opsOf(g)); len(part.Ops) == 0 {
				continue
			}
			if err := add(part, func(x *slot, n uint64) { x.Groups[g] = n }); err != nil {
				return nil, err
			}
		}
	}
	bad := q
	if bad.Results = meet(q.Results, []record.Result{record.Denied, record.Failure}); len(bad.Results) == 0 {
		return l, nil
	}
	return l, add(bad, func(x *slot, n uint64) { x.Denied = n })
}

// meet is what is in both conditions; one without values allows all.
func meet[T comparable](asked, want []T) []T {
	if len(asked) == 0 {
		return want
	}
	var l []T
	for _, x := range want {
		for _, a := range asked {
			if a == x {
				l = append(l, x)
			}
		}
	}
	return l
}

// daySlots joins days to weeks (from Monday) or months when there are too many.
func daySlots(days []dayCounts, zone *time.Location) ([]slot, string) {
	unit := "find.unit.days"
	start := func(t time.Time) time.Time { return t }
	next := func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }
	switch {
	case len(days) > mostWeeks:
		unit = "find.unit.months"
		start = func(t time.Time) time.Time { return t.AddDate(0, 0, 1-t.Day()) }
		next = func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }
	case len(days) > mostDays:
		unit = "find.unit.weeks"
		start = func(t time.Time) time.Time { return t.AddDate(0, 0, -(int(t.Weekday())+6)%7) }
		next = func(t time.Time) time.Time { return t.AddDate(0, 0, 7) }
	}
	var l []slot
	for _, d := range days {
		t, err := time.ParseInLocation("2006-01-02", d.Day, zone)
		if err != nil {
			continue // days are made by package facets
		}
		if t = start(t); len(l) == 0 || !l[len(l)-1].From.Equal(t) {
			l = append(l, slot{From: t, To: next(t)})
		}
		x := &l[len(l)-1]
		x.N, x.Denied = x.N+d.N, x.Denied+d.Denied
		for o, n := range d.Ops {
			x.Groups[groupOf(o)] += n
		}
	}
	return l, unit
}

// typed writes a range as it would be typed into the form in a zone: whole days
// as days, of which the last is included, else times.
func typed(from, to time.Time, zone *time.Location) (string, string) {
	from, to = from.In(zone), to.In(zone)
	if from.Equal(midnight(from)) && to.Equal(midnight(to)) {
		return from.Format("2006-01-02"), to.AddDate(0, 0, -1).Format("2006-01-02")
	}
	const layout = "2006-01-02T15:04"
	return from.Format(layout), to.Format(layout)
}

// slotHistogram draws slots; link gives the address of a range.
func slotHistogram(l []slot, unit string, zone *time.Location, link func(from, to string) string) *histogram {
	if len(l) == 0 {
		return nil
	}
	h := &histogram{Width: histWidth, Height: histHeight, Step: 1, Unit: unit}
	bars := make([]slot, len(l))
	copy(bars, l)
	for _, x := range bars {
		from, to := typed(x.From, x.To, zone)
		h.Bars = append(h.Bars, bar{From: from, To: to, N: x.N, Denied: x.Denied})
	}
	h.First, h.Last = h.Bars[0].From, h.Bars[len(l)-1].To
	h.draw(bars, link)
	return h
}
