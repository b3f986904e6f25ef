package calendar

import (
	"math"
	"time"
)

// The years for which the holidays are known.
const (
	FirstYear = 1980
	LastYear  = 2099
)

// Name is the name of a day off in both languages.
type Name struct{ Ja, En string }

// Holiday is a public holiday.
type Holiday struct {
	Month time.Month
	Day   int
	Name
}

// The days that are no holiday by themselves (articles 3-2 and 3-3).
var (
	substitute = Name{"振替休日", "Substitute holiday"}
	between    = Name{"国民の休日", "Citizens' holiday"}
)

// Of returns the public holiday of a day; ok is false on other days, and in years
// that are not known.
func Of(y int, m time.Month, d int) (n Name, ok bool) {
	if y < FirstYear || y > LastYear {
		return Name{}, false
	}
	if n, ok := named(y, m, d); ok {
		return n, true
	}
	t := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	if substituted(t) {
		return substitute, true
	}
	if y >= 1986 && t.Weekday() != time.Sunday && is(t.AddDate(0, 0, -1)) && is(t.AddDate(0, 0, 1)) { // article 3-3, since 1985-12-27
		return between, true
	}
	return Name{}, false
}

// Year lists the public holidays of a year in their order.
func Year(y int) []Holiday {
	var l []Holiday
	for t := time.Date(y, time.January, 1, 0, 0, 0, 0, time.UTC); t.Year() == y; t = t.AddDate(0, 0, 1) {
		if n, ok := Of(y, t.Month(), t.Day()); ok {
			l = append(l, Holiday{t.Month(), t.Day(), n})
		}
	}
	return l
}

func is(t time.Time) bool {
	_, ok := named(t.Year(), t.Month(), t.Day())
	return ok
}

// substituted reports whether a day that is no holiday itself stands in for a
// Sunday: until 2006 the Monday after it, from 2007 the next day that is no
// holiday (article 3-2).
func substituted(t time.Time) bool {
	if t.Year() < 2007 {
		return t.Weekday() == time.Monday && is(t.AddDate(0, 0, -1))
	}
	for p := t.AddDate(0, 0, -1); is(p); p = p.AddDate(0, 0, -1) {
		if p.Weekday() == time.Sunday {
			return true
		}
	}
	return false
}

// rule is a holiday of article 2 with the years in which it was one.
type rule struct {
	from, to int // years, both included
	month    time.Month
	day      int // of the month; 0 = the nth Monday
	nth      int
	name     Name
}

// on reports whether the rule makes the day a holiday.
func (r *rule) on(y int, m time.Month, d int) bool {
	if y < r.from || y > r.to || m != r.month {
		return false
	}
	if r.day != 0 {
		return d == r.day
	}
	return (d-1)/7 == r.nth-1 && time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Weekday() == time.Monday
}

// named is the holiday of article 2, or of a law for one day only.
func named(y int, m time.Month, d int) (Name, bool) {
	switch {
	case m == time.March && d == equinox(y, 20.8431):
		return Name{"春分の日", "Vernal Equinox Day"}, true
	case m == time.September && d == equinox(y, 23.2488):
		return Name{"秋分の日", "Autumnal Equinox Day"}, true
	}
	for i := range rules {
		if rules[i].on(y, m, d) {
			return rules[i].name, true
		}
	}
	return Name{}, false
}

// equinox is the day of the month, by the formula for 1980 to 2099.
func equinox(y int, base float64) int {
	n := y - FirstYear
	return int(math.Floor(base + 0.242194*float64(n) - math.Floor(float64(n)/4)))
}

const ever = LastYear

// Names that stand more than once.
var (
	adults   = Name{"成人の日", "Coming of Age Day"}
	birthday = Name{"天皇誕生日", "The Emperor's Birthday"}
	greenery = Name{"みどりの日", "Greenery Day"}
	marine   = Name{"海の日", "Marine Day"}
	mountain = Name{"山の日", "Mountain Day"}
	aged     = Name{"敬老の日", "Respect for the Aged Day"}
	health   = Name{"体育の日", "Health and Sports Day"}
	sports   = Name{"スポーツの日", "Sports Day"}
)

// rules are the holidays of article 2 as they changed; never written. The special
// years are those of the Tokyo Olympics (2020 and 2021, law on special measures of
// 2015) and of the enthronements.
var rules = [...]rule{
	{1949, ever, time.January, 1, 0, Name{"元日", "New Year's Day"}},
	{1949, 1999, time.January, 15, 0, adults},
	{2000, ever, time.January, 0, 2, adults},
	{1967, ever, time.February, 11, 0, Name{"建国記念の日", "National Foundation Day"}},
	{2020, ever, time.February, 23, 0, birthday},
	{1949, 1988, time.April, 29, 0, birthday},
	{1989, 2006, time.April, 29, 0, greenery},
	{2007, ever, time.April, 29, 0, Name{"昭和の日", "Showa Day"}},
	{1949, ever, time.May, 3, 0, Name{"憲法記念日", "Constitution Memorial Day"}},
	{2007, ever, time.May, 4, 0, greenery},
	{1949, ever, time.May, 5, 0, Name{"こどもの日", "Children's Day"}},
	{1996, 2002, time.July, 20, 0, marine},
	{2003, 2019, time.July, 0, 3, marine},
	{2020, 2020, time.July, 23, 0, marine},
	{2021, 2021, time.July, 22, 0, marine},
	{2022, ever, time.July, 0, 3, marine},
	{2016, 2019, time.August, 11, 0, mountain},
	{2020, 2020, time.August, 10, 0, mountain},
	{2021, 2021, time.August, 8, 0, mountain},
	{2022, ever, time.August, 11, 0, mountain},
	{1966, 2002, time.September, 15, 0, aged},
	{2003, ever, time.September, 0, 3, aged},
	{1966, 1999, time.October, 10, 0, health},
	{2000, 2019, time.October, 0, 2, health},
	{2020, 2020, time.July, 24, 0, sports},
	{2021, 2021, time.July, 23, 0, sports},
	{2022, ever, time.October, 0, 2, sports},
	{1948, ever, time.November, 3, 0, Name{"文化の日", "Culture Day"}},
	{1948, ever, time.November, 23, 0, Name{"勤労感謝の日", "Labor Thanksgiving Day"}},
	{1989, 2018, time.December, 23, 0, birthday},
	{1989, 1989, time.February, 24, 0, Name{"昭和天皇の大喪の礼", "State Funeral of the Showa Emperor"}},
	{1990, 1990, time.November, 12, 0, Name{"即位礼正殿の儀", "Enthronement Ceremony"}},
	{1993, 1993, time.June, 9, 0, Name{"皇太子徳仁親王の結婚の儀", "Wedding of Crown Prince Naruhito"}},
	{2019, 2019, time.May, 1, 0, Name{"天皇の即位の日", "Day of the Enthronement"}},
	{2019, 2019, time.October, 22, 0, Name{"即位礼正殿の儀の行われる日", "Day of the Enthronement Ceremony"}},
}
