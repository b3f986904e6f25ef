package config

import (
	"fmt"

	"github.com/akashi-audit/akashi/internal/calendar"
)

// Calendar says on which days and hours people work. The forms of the texts are
// those of package calendar.
type Calendar struct {
	PublicHolidays bool     `toml:"public_holidays" json:"public_holidays"` // those of Japan are days off
	YearEnd        string   `toml:"year_end" json:"year_end"`               // 12-29..01-03, "" = none
	Closed         []string `toml:"closed" json:"closed,omitempty"`         // further days off
	Worked         []string `toml:"worked" json:"worked,omitempty"`         // days that are worked all the same
	Hours          Hours    `toml:"hours" json:"hours"`
}

// Hours of work by weekday, such as 08:30-18:00; "" = nobody works.
type Hours struct {
	Sun string `toml:"sun" json:"sun,omitempty"`
	Mon string `toml:"mon" json:"mon,omitempty"`
	Tue string `toml:"tue" json:"tue,omitempty"`
	Wed string `toml:"wed" json:"wed,omitempty"`
	Thu string `toml:"thu" json:"thu,omitempty"`
	Fri string `toml:"fri" json:"fri,omitempty"`
	Sat string `toml:"sat" json:"sat,omitempty"`
}

// Weekdays are the keys of Hours, by time.Weekday.
func Weekdays() [7]string { return [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} }

// List is the hours by time.Weekday.
func (h *Hours) List() [7]string {
	return [7]string{h.Sun, h.Mon, h.Tue, h.Wed, h.Thu, h.Fri, h.Sat}
}

// HoursOf is the inverse of List.
func HoursOf(l [7]string) Hours {
	return Hours{l[0], l[1], l[2], l[3], l[4], l[5], l[6]}
}

// defaultCalendar is that of an office in Japan.
func defaultCalendar() Calendar {
	const day = "09:00-18:00"
	return Calendar{PublicHolidays: true, YearEnd: "12-29..01-03", Hours: Hours{Mon: day, Tue: day, Wed: day, Thu: day, Fri: day}}
}

// Settings are these texts as package calendar takes them.
func (c *Calendar) Settings() calendar.Settings {
	return calendar.Settings{PublicHolidays: c.PublicHolidays, YearEnd: c.YearEnd, Closed: c.Closed, Worked: c.Worked, Hours: c.Hours.List()}
}

func (c *Calendar) validate() []Problem {
	_, bad := calendar.New(c.Settings())
	l := make([]Problem, 0, len(bad))
	for _, e := range bad {
		key := "calendar." + e.Key
		switch e.Key {
		case "hours":
			key += "." + Weekdays()[e.Index]
		case "closed", "worked":
			key += fmt.Sprintf("[%d]", e.Index)
		}
		l = append(l, Problem{Key: key, Reason: e.Reason})
	}
	return l
}

// IsDefault reports whether it says what holds when nobody says anything.
func (c *Calendar) IsDefault() bool {
	a, b := Default(), Default()
	a.Calendar = *c
	return same(a, b)
}
