package query

import (
	"strconv"
	"strings"
	"time"
)

// Clock is the time and zone for which a text is read. The zero zone is UTC.
type Clock struct {
	Now  time.Time
	Zone *time.Location
}

func (c Clock) zone() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}

// today is the first moment of the day.
func (c Clock) today() time.Time {
	n := c.Now.In(c.zone())
	return time.Date(n.Year(), n.Month(), n.Day(), 0, 0, 0, 0, c.zone())
}

// date reads a calendar day.
func (c Clock) date(s string) (time.Time, bool) {
	switch s {
	case "today", "今日", "本日":
		return c.today(), true
	case "yesterday", "昨日":
		return c.today().AddDate(0, 0, -1), true
	}
	for _, layout := range []string{"2006-1-2", "2006/1/2", "2006年1月2日"} {
		if t, err := time.ParseInLocation(layout, s, c.zone()); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// day is the calendar day that s names, half-open.
func (c Clock) day(s string) (from, to int64, ok bool) {
	d, ok := c.date(Fold(s))
	if !ok || !storable(d) || !storable(d.AddDate(0, 0, 1)) {
		return 0, 0, false
	}
	return nonzero(d), nonzero(d.AddDate(0, 0, 1)), true
}

// moment reads a day or a time. The end of a range that is a day means the end
// of that day.
func (c Clock) moment(s string, end bool) (ns int64, ok bool) {
	if from, to, ok := c.day(s); ok {
		if end {
			return to, true
		}
		return from, true
	}
	s = strings.Replace(strings.ToUpper(Fold(s)), " ", "T", 1)
	for _, date := range []string{"2006-1-2", "2006/1/2"} {
		for _, clock := range []string{"T15:04", "T15:04:05", "T15:04Z07:00", "T15:04:05Z07:00"} {
			if t, err := time.ParseInLocation(date+clock, s, c.zone()); err == nil {
				return nonzero(t), storable(t)
			}
		}
	}
	return 0, false
}

// storable refuses years that Unix nanoseconds cannot hold.
func storable(t time.Time) bool { return t.Year() >= 1678 && t.Year() <= 2261 }

// nonzero is Unix ns; 0 would mean no bound and becomes its neighbour.
func nonzero(t time.Time) int64 {
	if ns := t.UnixNano(); ns != 0 {
		return ns
	}
	return 1
}

// lastUnits are the units of last:, folded.
var lastUnits = [...]struct {
	names string // with blanks around
	of    func(c Clock, n int) time.Time
}{
	{" min 分 分間 ", func(c Clock, n int) time.Time { return c.Now.Add(-time.Duration(n) * time.Minute) }},
	{" h 時間 ", func(c Clock, n int) time.Time { return c.Now.Add(-time.Duration(n) * time.Hour) }},
	{" d 日 日間 ", func(c Clock, n int) time.Time { return c.today().AddDate(0, 0, 1-n) }},
	{" w 週 週間 ", func(c Clock, n int) time.Time { return c.today().AddDate(0, 0, 1-7*n) }},
	{" m か月 ヶ月 カ月 ケ月 箇月 月 ", func(c Clock, n int) time.Time { return c.months(n) }},
	{" y 年 年間 ", func(c Clock, n int) time.Time { return c.months(12 * n) }},
}

// last is the beginning of the last 30d, 4w, 6m or 1y: whole days of which today
// is the last one; or of the last 12h or 90min: exactly that long.
func (c Clock) last(s string) (int64, bool) {
	s = Fold(s)
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	n, err := strconv.Atoi(s[:digits])
	if err != nil || n < 1 || n > 100_000 {
		return 0, false
	}
	for _, u := range lastUnits {
		if unit := s[digits:]; unit != "" && strings.Contains(u.names, " "+unit+" ") {
			t := u.of(c, n)
			return nonzero(t), storable(t)
		}
	}
	return 0, false
}

// months is the day after the one n months ago; where that month is too short,
// after its last day.
func (c Clock) months(n int) time.Time {
	t := c.today()
	day := t.Day()
	first := time.Date(t.Year(), t.Month()-time.Month(n), 1, 0, 0, 0, 0, c.zone())
	length := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(day, length))
}

// bound prints a bound such that it is read back exactly: as short as
// possible, in the zone.
func (c Clock) bound(ns int64, end bool) string {
	t := time.Unix(0, ns)
	day := t.In(c.zone())
	if end {
		day = time.Unix(0, ns-1).In(c.zone())
	}
	if s := day.Format("2006-01-02"); c.means(s, end, ns) {
		return s
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02T15:04:05.999999999"} {
		if s := t.In(c.zone()).Format(layout); c.means(s, end, ns) {
			return s
		}
	}
	return t.UTC().Format(time.RFC3339Nano) // an hour that comes twice
}

func (c Clock) means(s string, end bool, ns int64) bool {
	got, ok := c.moment(s, end)
	return ok && got == ns
}
