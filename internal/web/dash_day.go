package web

import (
	"fmt"
	"strconv"
	"time"

	"github.com/akashi-audit/akashi/internal/calendar"
)

// dayChart is a day by hour beside what is usual. Lengths are in the units of its
// view box.
type dayChart struct {
	Title, Short        string
	Past                bool // the day is over: today has no records
	Width, Height, Base int
	Hours               []dayHour
	Max                 uint64
	Usual               string // points of the line, "" = not known
	Sample              int    // days behind it
	Total               uint64
	SoFar               uint64 // usual until now, or of the whole past day
	Weekday             int
	Off                 string // name of the day off, "" = a working day
	Ratio               string // key of how today compares, "" = too little to say
}

// dayHour is one hour.
type dayHour struct {
	X, W, SlotX, SlotW string
	Y, H               string
	N                  uint64
	Label              string
	URL                string // "" = still to come
	Work               bool
}

const (
	dayWidth  = 720
	dayHeight = 132
)

func newDayChart(rq *request, x *numbers, cal *calendar.Calendar, server string) *dayChart {
	now := rq.now.In(rq.zone)
	today := x.day
	c := &dayChart{Title: rq.p.T("web.dash.today_usual"), Short: rq.p.T("web.dash.today"), Width: dayWidth, Height: dayHeight, Base: dayHeight - 16, Total: x.hours.total, Sample: x.sample, Weekday: int(today.Weekday())}
	top := 1.0
	for h := range 24 {
		top = max(top, float64(x.hours.n[h]), x.usual[h])
		c.Max = max(c.Max, x.hours.n[h], uint64(x.usual[h]+0.5))
	}
	if c.Past = !sameDay(today, now); c.Past {
		c.Short = today.Format(time.DateOnly)
		c.Title = rq.p.T("web.dash.day_usual", "day", c.Short, "weekday", rq.p.T("web.weekday."+strconv.Itoa(c.Weekday)))
	}
	if d := cal.Of(today); d.Off != calendar.Workday {
		if c.Off = d.Name.Ja; rq.lang == "en" {
			c.Off = d.Name.En
		}
		if c.Off == "" {
			c.Off = rq.p.T("web.off." + d.Off)
		}
	}
	slot := float64(dayWidth) / 24
	scale := float64(c.Base-14) / top
	soFar := 0.0
	for h := range 24 {
		at := today.Add(time.Duration(h) * time.Hour)
		n := x.hours.n[h]
		high := float64(n) * scale
		if n > 0 {
			high = max(high, 1.5)
		}
		y := dayHour{
			SlotX: num(float64(h) * slot), SlotW: num(slot), X: num(float64(h)*slot + 4), W: num(slot - 8),
			Y: num(float64(c.Base) - high), H: num(high), N: n, Work: cal.Working(at),
			Label: rq.p.T("web.dash.hour", "h", h, "n", n, "usual", uint64(x.usual[h]+0.5)),
		}
		if !at.After(now) {
			f := dashForm(server)
			f.From, f.To = at.Format("2006-01-02T15:04"), at.Add(time.Hour).Format("2006-01-02T15:04")
			y.URL = f.url()
			soFar += x.usual[h] * min(1, now.Sub(at).Hours())
		}
		c.Hours = append(c.Hours, y)
		if x.sample > 0 {
			c.Usual += fmt.Sprintf("%s,%s %s,%s ", num(float64(h)*slot), num(float64(c.Base)-x.usual[h]*scale), num(float64(h+1)*slot), num(float64(c.Base)-x.usual[h]*scale))
		}
	}
	c.SoFar = uint64(soFar + 0.5)
	if x.sample >= 3 && c.SoFar >= 20 {
		switch r := float64(c.Total) / float64(c.SoFar); {
		case r > 2:
			c.Ratio = "web.dash.much_more"
		case r > 1.3:
			c.Ratio = "web.dash.more"
		case r < 0.5:
			c.Ratio = "web.dash.much_less"
		case r < 0.77:
			c.Ratio = "web.dash.less"
		default:
			c.Ratio = "web.dash.as_usual"
		}
	}
	return c
}
