package facets

import "time"

// Calendar finds the calendar day, weekday and hour of times in a zone. It
// belongs to one goroutine.
type Calendar struct {
	zone     *time.Location
	from, to int64 // what the last answer holds for; none when equal
	at       Moment
}

// Moment is a place in the calendar.
type Moment struct {
	Day     int // since 1970-01-01
	Weekday int // Sunday = 0
	Hour    int
}

// NewCalendar makes a Calendar; nil = UTC.
func NewCalendar(zone *time.Location) *Calendar {
	if zone == nil {
		zone = time.UTC
	}
	return &Calendar{zone: zone}
}

// At finds the place of t (Unix ns).
func (c *Calendar) At(t int64) Moment {
	if t < c.from || t >= c.to {
		c.find(t)
	}
	return c.at
}

func (c *Calendar) find(t int64) {
	at := time.Unix(0, t).In(c.zone)
	y, mo, d := at.Date()
	c.at = Moment{int(time.Date(y, mo, d, 0, 0, 0, 0, time.UTC).Unix() / 86400), int(at.Weekday()), at.Hour()}
	// Zones of today are whole quarters of an hour from UTC, so that the answer
	// holds for the quarter around t, unless the offset changes within.
	const quarter = 15 * 60 * 1e9
	c.from, c.to = 0, 0
	if _, off := at.Zone(); off%900 != 0 {
		return
	}
	from := t - t%quarter
	if from > t {
		from -= quarter
	}
	to := from + quarter
	start, end := at.ZoneBounds()
	if from > t || to <= t || !start.IsZero() && start.Unix() > from/1e9 || !end.IsZero() && end.Unix() < to/1e9 {
		return
	}
	c.from, c.to = from, to
}
