package web

import (
	"slices"
	"strconv"
	"time"
)

// heatDay is what is known of a calendar day.
type heatDay struct {
	N       uint64
	Gap     bool   // records are missing
	Damaged bool   // the day cannot be read wholly
	Deleted bool   // taken out by retention
	Empty   bool   // people worked and there is no record
	Rest    bool   // nobody works
	Plain   bool   // nothing is counted
	Name    string // of a holiday
}

// heatmap is calendar months whose days are darker the more happened.
type heatmap struct {
	Months []heatMonth
	Gaps   int
	Small  bool // for a year
	Plain  bool // a calendar: nothing is counted
}

// heatMonth is the drawing of one month, Sunday first. Lengths are in the units
// of its view box.
type heatMonth struct {
	Title         string
	Width, Height int
	Heads         []heatHead
	Cells         []heatCell
}

type heatHead struct {
	X    int
	Text string
	Rest bool
}

type heatCell struct {
	X, Y, TX, TY int
	Day          int
	Date         string
	Class        string
	URL          string // "" = nothing can be there
	Label        string
	Gap, Rest    bool
	Today        bool
}

const (
	heatSlot     = 30 // a day with the space around it
	heatCellSize = 26
	heatTop      = 20 // names of the weekdays
)

// newHeatmap draws the months of from to to. Days without an entry in days show
// that nothing is known of them; link gives the address of a day.
func newHeatmap(rq *request, from, to, today time.Time, days map[string]heatDay, link func(day string) string) *heatmap {
	h := &heatmap{}
	most := heatScale(days)
	first := time.Date(from.Year(), from.Month(), 1, 0, 0, 0, 0, rq.zone)
	for m := first; !m.After(to); m = m.AddDate(0, 1, 0) {
		x := heatMonth{Title: monthName(rq, m), Width: 7*heatSlot - (heatSlot - heatCellSize)}
		for wd := range 7 {
			x.Heads = append(x.Heads, heatHead{X: wd*heatSlot + heatCellSize/2, Text: rq.p.T("web.weekday." + strconv.Itoa(wd)), Rest: wd == 0})
		}
		lead := int(m.Weekday())
		last := m.AddDate(0, 1, -1).Day()
		for d := range last {
			t := m.AddDate(0, 0, d)
			at := lead + d
			c := heatCell{X: at % 7 * heatSlot, Y: heatTop + at/7*heatSlot, Day: d + 1, Date: t.Format(time.DateOnly), Class: "dx"}
			c.TX, c.TY = c.X+heatCellSize/2, c.Y+heatCellSize/2+4
			c.Today = sameDay(t, today)
			if k, ok := days[c.Date]; ok {
				c.Gap, c.Rest = k.Gap || k.Damaged || k.Empty && !k.Deleted, k.Rest
				c.Class = "d" + strconv.Itoa(heatLevel(k.N, most))
				c.Label = heatLabel(rq, c.Date, t, k)
				if k.Plain {
					if c.Class = "dx"; k.Rest {
						c.Class = "d0"
					}
				} else if !k.Deleted {
					c.URL = link(c.Date)
				}
				if c.Gap {
					h.Gaps++
				}
			}
			x.Cells = append(x.Cells, c)
		}
		x.Height = heatTop + (lead+last+6)/7*heatSlot - (heatSlot - heatCellSize)
		h.Months = append(h.Months, x)
	}
	return h
}

func sameDay(a, b time.Time) bool {
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}

// heatScale is the count that gets the darkest shade: that of a busy day, not of
// the busiest, so that one migration does not bleach a month.
func heatScale(days map[string]heatDay) uint64 {
	var l []uint64
	for _, d := range days {
		if d.N > 0 {
			l = append(l, d.N)
		}
	}
	if len(l) == 0 {
		return 1
	}
	slices.Sort(l)
	return max(l[len(l)*9/10], 1)
}

// heatLevel is 0 for nothing, then 1 to 4.
func heatLevel(n, most uint64) int {
	if n == 0 {
		return 0
	}
	return int(min(1+n*4/(most+1), 4))
}

// heatLabel says a day in words.
func heatLabel(rq *request, date string, t time.Time, k heatDay) string {
	T := rq.p.T
	key := "web.heat.day"
	if k.Plain {
		key = "web.heat.plain"
	}
	s := T(key, "d", t.Day(), "day", date, "weekday", T("web.weekday."+strconv.Itoa(int(t.Weekday()))), "n", k.N)
	for _, x := range []struct {
		on  bool
		key string
	}{{k.Name != "", ""}, {k.Rest && k.Name == "", "web.heat.rest"}, {k.Gap, "web.heat.gap"}, {k.Damaged, "web.heat.damaged"}, {k.Empty && !k.Deleted, "web.heat.empty"}, {k.Deleted, "web.heat.deleted"}} {
		switch {
		case !x.on:
		case x.key == "":
			s += T("web.heat.join") + k.Name
		default:
			s += T("web.heat.join") + T(x.key)
		}
	}
	return s
}

// monthName is a month for people.
func monthName(rq *request, t time.Time) string {
	if rq.lang == "en" {
		return t.Format("January 2006")
	}
	return rq.p.T("web.heat.month", "y", strconv.Itoa(t.Year()), "m", int(t.Month()))
}
