package calendar

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Settings are the texts of akashi.toml.
type Settings struct {
	PublicHolidays bool      // those of Japan are days off
	YearEnd        string    // "12-29..01-03", "" = none
	Closed         []string  // "2026-08-13..2026-08-15 name": further days off
	Worked         []string  // "2026-11-28 name": days that are worked all the same
	Hours          [7]string // "08:30-18:00", by time.Weekday; "" = nobody works
}

// Calendar answers for the settings it was made of.
type Calendar struct {
	public         bool
	yearEnd        [2]int // month*100+day; 0 = none
	closed, worked []Period
	hours          [7][]span
}

// Period is days in a row with a name, which may be empty.
type Period struct {
	From, To string // 2026-08-13, both included
	Name     string
}

// span is minutes of a day; to may lie behind 24 h, in the next day.
type span struct{ from, to int }

// Reasons of a day off.
const (
	Workday = ""
	Public  = "public"   // a public holiday
	Company = "company"  // the organisation closes
	YearEnd = "year_end" // the days around the new year
	Weekend = "weekend"  // a weekday without hours
)

// Day is what the calendar says of a day.
type Day struct {
	Off  string // reason, "" = people work
	Name Name   // of the day, empty when it has none
}

// SettingError is a text that cannot be used.
type SettingError struct {
	Key    string // "year_end", "closed", "worked", "hours"
	Index  int    // of the entry or the weekday
	Reason string
}

func (e *SettingError) Error() string { return e.Key + ": " + e.Reason }

// most bounds the entries of each list.
const most = 2000

// New reads the settings. The errors are *SettingError, one for each text that
// cannot be used; the calendar is made of the others.
func New(s Settings) (*Calendar, []*SettingError) {
	c := &Calendar{public: s.PublicHolidays}
	var bad []*SettingError
	wrong := func(key string, i int, err error) { bad = append(bad, &SettingError{key, i, err.Error()}) }
	var err error
	if c.yearEnd, err = parseYearEnd(s.YearEnd); err != nil {
		wrong("year_end", 0, err)
	}
	for _, x := range []struct {
		key  string
		l    []string
		into *[]Period
	}{{"closed", s.Closed, &c.closed}, {"worked", s.Worked, &c.worked}} {
		if len(x.l) > most {
			wrong(x.key, 0, fmt.Errorf("%d entries, want at most %d", len(x.l), most))
			continue
		}
		for i, text := range x.l {
			p, err := ParsePeriod(text)
			if err != nil {
				wrong(x.key, i, err)
				continue
			}
			*x.into = append(*x.into, p)
		}
		slices.SortFunc(*x.into, func(a, b Period) int { return cmp.Compare(a.From, b.From) })
	}
	for i, text := range s.Hours {
		if c.hours[i], err = parseHours(text); err != nil {
			wrong("hours", i, err)
		}
	}
	return c, bad
}

// Of tells of the day on which t falls in its zone.
func (c *Calendar) Of(t time.Time) Day {
	day := t.Format(time.DateOnly)
	if p, ok := find(c.worked, day); ok {
		return Day{Workday, Name{p.Name, p.Name}}
	}
	if c.public {
		if n, ok := Of(t.Year(), t.Month(), t.Day()); ok {
			return Day{Public, n}
		}
	}
	if p, ok := find(c.closed, day); ok {
		return Day{Company, Name{p.Name, p.Name}}
	}
	if a, b := c.yearEnd[0], c.yearEnd[1]; a != 0 {
		d := int(t.Month())*100 + t.Day()
		if a <= b && d >= a && d <= b || a > b && (d >= a || d <= b) {
			return Day{Off: YearEnd}
		}
	}
	if len(c.hours[t.Weekday()]) == 0 {
		return Day{Off: Weekend}
	}
	return Day{}
}

// Working reports whether people work at t. A day that is worked although its
// weekday has no hours is worked all day.
func (c *Calendar) Working(t time.Time) bool {
	minute := t.Hour()*60 + t.Minute()
	if c.in(t, minute) {
		return true
	}
	y, m, d := t.Date()
	return c.in(time.Date(y, m, d-1, 12, 0, 0, 0, t.Location()), minute+24*60) // a night that began yesterday
}

// in reports whether the minute of the day of t, which may lie in the next day,
// is worked.
func (c *Calendar) in(t time.Time, minute int) bool {
	if c.Of(t).Off != Workday {
		return false
	}
	l := c.hours[t.Weekday()]
	if len(l) == 0 {
		return minute < 24*60
	}
	return slices.ContainsFunc(l, func(s span) bool { return minute >= s.from && minute < s.to })
}

// Hours is the hours of a weekday in words, "" for none.
func (c *Calendar) Hours(wd time.Weekday) string {
	var l []string
	for _, x := range c.hours[wd] {
		to := x.to
		if to > 24*60 {
			to -= 24 * 60
		}
		l = append(l, fmt.Sprintf("%02d:%02d–%02d:%02d", x.from/60, x.from%60, to/60, to%60))
	}
	return strings.Join(l, ", ")
}

// Closed are further days off, by their beginning.
func (c *Calendar) Closed() []Period { return slices.Clone(c.closed) }

// Worked are the days that are worked all the same.
func (c *Calendar) Worked() []Period { return slices.Clone(c.worked) }

func find(l []Period, day string) (Period, bool) {
	for _, p := range l {
		if p.From <= day && day <= p.To {
			return p, true
		}
	}
	return Period{}, false
}

// ParsePeriod reads "2026-08-13", "2026-08-13..2026-08-15", each with a name after
// a blank.
func ParsePeriod(s string) (Period, error) {
	days, name, _ := strings.Cut(strings.TrimSpace(s), " ")
	from, to, ranged := strings.Cut(days, "..")
	if !ranged {
		to = from
	}
	for _, d := range []string{from, to} {
		t, err := time.Parse(time.DateOnly, d)
		if err != nil || t.Year() < FirstYear || t.Year() > LastYear {
			return Period{}, fmt.Errorf("%q: want a day such as 2026-08-13, or 2026-08-13..2026-08-15", s)
		}
	}
	if to < from {
		return Period{}, fmt.Errorf("%q: the end comes before the beginning", s)
	}
	name = strings.TrimSpace(name)
	if len(name) > 200 || strings.ContainsFunc(name, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return Period{}, fmt.Errorf("%q: the name is too long or has a control character", s)
	}
	return Period{from, to, name}, nil
}

// String is the form that ParsePeriod reads.
func (p Period) String() string {
	s := p.From
	if p.To != p.From {
		s += ".." + p.To
	}
	if p.Name != "" {
		s += " " + p.Name
	}
	return s
}

// parseYearEnd reads "12-29..01-03".
func parseYearEnd(s string) (out [2]int, err error) {
	if s = strings.TrimSpace(s); s == "" {
		return out, nil
	}
	a, b, ok := strings.Cut(s, "..")
	if !ok {
		b = a
	}
	for i, d := range []string{a, b} {
		t, err := time.Parse("2006-01-02", "2000-"+d)
		if err != nil {
			return [2]int{}, fmt.Errorf("%q: want days such as 12-29..01-03", s)
		}
		out[i] = int(t.Month())*100 + t.Day()
	}
	return out, nil
}

// parseHours reads "08:30-18:00", several with commas between; an end before the
// beginning lies in the next day. "" is no hours.
func parseHours(s string) ([]span, error) {
	var l []span
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(s, ",") {
		a, b, ok := strings.Cut(strings.TrimSpace(part), "-")
		from, okA := minutes(a)
		to, okB := minutes(b)
		if !ok || !okA || !okB || from == 24*60 || from == to {
			return nil, fmt.Errorf("%q: want hours such as 08:30-18:00", s)
		}
		if to < from {
			to += 24 * 60
		}
		l = append(l, span{from, to})
	}
	return l, nil
}

// minutes of a time of day from 00:00 to 24:00.
func minutes(s string) (int, bool) {
	h, m, ok := strings.Cut(strings.TrimSpace(s), ":")
	if !ok || len(h) == 0 || len(h) > 2 || len(m) != 2 {
		return 0, false
	}
	hour, err1 := strconv.ParseUint(h, 10, 8)
	minute, err2 := strconv.ParseUint(m, 10, 8)
	if err1 != nil || err2 != nil || hour > 24 || minute > 59 || hour == 24 && minute > 0 {
		return 0, false
	}
	return int(hour*60 + minute), true
}
