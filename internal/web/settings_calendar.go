package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/calendar"
	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/record"
)

// calendarView is the page of the business calendar.
type calendarView struct {
	frame
	Public   bool
	YearEnd  string
	Closed   string
	Worked   string
	Hours    []hoursField
	Problems map[string]string // by the name of the field, in words
	Busy     bool
	Done     string
	Year     int
	Years    [2]int // before and after, 0 = not known
	Heat     *heatmap
	Holidays []holidayView
	Today    string
}

type hoursField struct {
	Name, Value, Problem string
	Weekday              int
}

type holidayView struct{ Day, Weekday, Name string }

// weekdayFields are the names of the fields by time.Weekday.
func weekdayFields() []string {
	return []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
}

func (s *site) calendarPage(rq *request) error {
	set, err := s.settings()
	if err != nil {
		return err
	}
	return s.calendarForm(rq, http.StatusOK, set.Business(), nil, false)
}

func (s *site) calendarForm(rq *request, code int, c calendar.Settings, bad []SettingProblem, busy bool) error {
	v := calendarView{
		frame: s.frame(rq, "/settings/calendar", "web.nav.calendar"), Public: c.PublicHolidays, YearEnd: c.YearEnd,
		Closed: strings.Join(c.Closed, "\n"), Worked: strings.Join(c.Worked, "\n"), Problems: map[string]string{}, Busy: busy, Done: saved(rq),
	}
	for _, e := range bad {
		switch e.Key {
		case "calendar.closed":
			v.problem(rq, "closed", named(c.Closed, e.Index))
		case "calendar.worked":
			v.problem(rq, "worked", named(c.Worked, e.Index))
		case "calendar.year_end":
			v.problem(rq, "year_end", record.Visible(c.YearEnd))
		case "calendar.hours":
			v.problem(rq, "hours."+weekdayFields()[e.Index], record.Visible(c.Hours[e.Index]))
		}
	}
	for _, wd := range []int{1, 2, 3, 4, 5, 6, 0} {
		name := weekdayFields()[wd]
		v.Hours = append(v.Hours, hoursField{Name: name, Value: c.Hours[wd], Problem: v.Problems["hours."+name], Weekday: wd})
	}
	now := rq.now.In(rq.zone)
	v.Year = now.Year()
	if y, err := strconv.Atoi(rq.r.URL.Query().Get("year")); err == nil && y >= calendar.FirstYear && y <= calendar.LastYear {
		v.Year = y
	}
	if v.Year > calendar.FirstYear {
		v.Years[0] = v.Year - 1
	}
	if v.Year < calendar.LastYear {
		v.Years[1] = v.Year + 1
	}
	cal, _ := calendar.New(c) // what is wrong stands beside its field; the rest shows
	v.show(rq, cal, now)
	return s.render(rq, code, "calendar", v)
}

func (v *calendarView) problem(rq *request, field, value string) {
	key := "web.cal.bad_" + strings.SplitN(field, ".", 2)[0]
	if v.Problems[field] == "" {
		v.Problems[field] = rq.p.T(key, "value", value)
	}
}

// show draws a year with its days off.
func (v *calendarView) show(rq *request, cal *calendar.Calendar, now time.Time) {
	first := time.Date(v.Year, 1, 1, 0, 0, 0, 0, rq.zone)
	days := map[string]heatDay{}
	for t := first; t.Year() == v.Year; t = t.AddDate(0, 0, 1) {
		d := cal.Of(t)
		h := heatDay{Plain: true, Rest: d.Off != calendar.Workday, Name: dayName(rq, d)}
		if h.Rest {
			h.N = 1
		}
		days[t.Format(time.DateOnly)] = h
	}
	v.Heat = newHeatmap(rq, first, first.AddDate(0, 11, 0), now, days, func(string) string { return "" })
	v.Heat.Small, v.Heat.Plain = true, true
	for _, h := range calendar.Year(v.Year) {
		t := time.Date(v.Year, h.Month, h.Day, 0, 0, 0, 0, rq.zone)
		name := h.Ja
		if rq.lang == "en" {
			name = h.En
		}
		v.Holidays = append(v.Holidays, holidayView{t.Format(time.DateOnly), rq.p.T("web.weekday." + strconv.Itoa(int(t.Weekday()))), name})
	}
	d := cal.Of(now)
	v.Today = rq.p.T("web.cal.today_work", "hours", cal.Hours(now.Weekday()))
	if d.Off != calendar.Workday {
		v.Today = rq.p.T("web.cal.today_off", "name", dayName(rq, d))
	}
}

// dayName is the name of a day off in the visitor's language, or its reason.
func dayName(rq *request, d calendar.Day) string {
	n := d.Name.Ja
	if rq.lang == "en" {
		n = d.Name.En
	}
	if n == "" && d.Off != calendar.Workday {
		n = rq.p.T("web.off." + d.Off)
	}
	return record.Visible(n)
}

// calendarSave is POST /settings/calendar.
func (s *site) calendarSave(rq *request) error {
	set, err := s.settingsForm(rq)
	if err != nil {
		return err
	}
	f := rq.r.PostForm
	c := calendar.Settings{
		PublicHolidays: f.Get("public") == "1", YearEnd: strings.TrimSpace(f.Get("year_end")), Closed: lines(f.Get("closed")), Worked: lines(f.Get("worked")),
	}
	for i, name := range weekdayFields() {
		c.Hours[i] = strings.TrimSpace(f.Get(name))
	}
	if before := set.Business(); before.PublicHolidays == c.PublicHolidays && before.YearEnd == c.YearEnd && before.Hours == c.Hours &&
		slices.Equal(before.Closed, c.Closed) && slices.Equal(before.Worked, c.Worked) {
		http.Redirect(rq.w, rq.r, "/settings/calendar?done=same", http.StatusSeeOther)
		return nil
	}
	if err := s.note(rq, "settings", "calendar: "+f.Encode()); err != nil {
		return err
	}
	bad, err := set.SetBusiness(rq.r.Context(), care.Author{Name: rq.who.Name}, c)
	switch {
	case errors.Is(err, care.ErrBusy):
		return s.calendarForm(rq, http.StatusConflict, c, nil, true)
	case err != nil:
		return err
	case len(bad) > 0:
		return s.calendarForm(rq, http.StatusUnprocessableEntity, c, bad, false)
	}
	http.Redirect(rq.w, rq.r, "/settings/calendar?done=saved", http.StatusSeeOther)
	return nil
}
