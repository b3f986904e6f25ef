package web

import (
	"net/url"
	"time"

	"github.com/akashi-audit/akashi/internal/record"
)

// visible is record.Visible for titles.
func visible(s string) string { return record.Visible(s) }

// urlText is a text as a value in an address.
func urlText(s string) string { return url.QueryEscape(s) }

// yearView is a year at a glance: a square for each day, a column for each week.
type yearView struct {
	Year    int
	Squares []square
	Months  []monthMark
	Width   int
	Weekday []weekdayMark
	Legend  []yearState
	Text    string // the same in words
}

// square is a day. X and Y are in the units of the drawing.
type square struct {
	X, Y  int
	State string
	Gap   bool
	Text  string
}

// monthMark is where a month begins.
type monthMark struct {
	X    int
	Text string
}

// weekdayMark is the line of a day of the week.
type weekdayMark struct {
	Y   int
	Key string
}

// yearState is a state with its number of days.
type yearState struct {
	State string
	N     int
}

// step is the distance of two squares.
const step = 14

// newYear draws a year of a server.
func newYear(rq *request, sv *ServerDays, year int) yearView {
	v := yearView{Year: year, Width: 54*step + 28}
	for i := 0; i < 7; i += 2 {
		v.Weekday = append(v.Weekday, weekdayMark{i*step + 11, weekdays[i]})
	}
	states := make(map[string]int)
	at := make(map[string]*Day, len(sv.Days))
	for i := range sv.Days {
		at[sv.Days[i].Day] = &sv.Days[i]
	}
	first := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
	days := 0
	shift := (int(first.Weekday()) + 6) % 7
	for t := first; t.Year() == year; t = t.AddDate(0, 0, 1) {
		n := t.YearDay() - 1 + shift
		if t.Day() == 1 {
			v.Months = append(v.Months, monthMark{(n + 6) / 7 * step, rq.p.T("web.data.month", "n", int(t.Month()))})
		}
		d := at[t.Format(time.DateOnly)]
		if d == nil {
			v.Squares = append(v.Squares, square{X: n/7*step + 1, Y: n%7*step + 1, State: "out"})
			continue
		}
		days++
		states[d.State]++
		q := square{X: n/7*step + 1, Y: n%7*step + 1, State: d.State, Gap: d.Gaps > 0}
		q.Text = d.Day + " " + rq.p.T("web.data.state."+d.State) + " " + rq.p.T("web.line.records", "n", d.Records)
		if d.Gaps > 0 {
			q.Text += " " + rq.p.T("web.data.gap_n", "n", d.Gaps)
		}
		v.Squares = append(v.Squares, q)
	}
	for _, s := range []string{DayOpen, DayStore, DayBoth, DayArchived, DayNone, DayDamaged, DayDeleted} {
		if states[s] > 0 {
			v.Legend = append(v.Legend, yearState{s, states[s]})
		}
	}
	v.Text = rq.p.T("web.data.year_text", "year", rq.p.T("web.data.year", "year", first.Format("2006")), "days", days)
	return v
}
