package web

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/record"
)

func TestUsualIsTheMedianOfDaysAlike(t *testing.T) {
	m := &memory{status: Status{Zone: tokyo()}}
	add := func(day time.Time, hour, n int) {
		for i := range n {
			m.records = append(m.records, record.Record{Time: day.Add(time.Duration(hour)*time.Hour + time.Duration(i)*time.Second).UnixNano(), Class: record.ClassUser, Op: record.OpRead, Result: record.Success, User: "u"})
		}
	}
	monday := time.Date(2026, 11, 30, 0, 0, 0, 0, tokyo())
	for week, n := range []int{10, 20, 900, 30} { // -1 is a holiday
		add(monday.AddDate(0, 0, -7*(week+1)), 9, n)
	}
	src := &asked{memory: m}
	s := &site{cfg: Config{Source: src}}
	now := monday.Add(10 * time.Hour)
	add(monday, 9, 5)
	slices.SortFunc(m.records, func(a, b record.Record) int { return cmp.Compare(b.Time, a.Time) })
	x, err := s.countDash(t.Context(), tokyo(), now, s.calendar(), "")
	if err != nil {
		t.Fatal(err)
	}
	// 23 November is a holiday: 10 is left out, of the others 30 is in the middle.
	if x.sample != 3 || x.usual[9] != 30 || x.hours.n[9] != 5 || x.hours.total != 5 {
		t.Errorf("%d days, usual %v, that day %v", x.sample, x.usual[9], x.hours.n[9])
	}
	x, err = s.countDash(t.Context(), tokyo(), now.AddDate(0, 0, 1), s.calendar(), "")
	if err != nil {
		t.Fatal(err)
	}
	if !x.day.Equal(monday) || x.hours.total != 5 {
		t.Errorf("without records today it shows %v with %d", x.day, x.hours.total)
	}
}

func TestHeatmap(t *testing.T) {
	rq := &request{lang: "en", zone: tokyo(), p: mustPages(t)["en"]}
	from := time.Date(2026, 10, 1, 0, 0, 0, 0, tokyo())
	days := map[string]heatDay{
		"2026-10-01": {N: 1}, "2026-10-02": {N: 50}, "2026-10-03": {N: 100, Gap: true}, "2026-10-04": {Rest: true}, "2026-10-05": {Deleted: true}, "2026-10-06": {Empty: true},
	}
	h := newHeatmap(rq, from, from.AddDate(0, 1, 5), from, days, func(d string) string { return "/" + d })
	if len(h.Months) != 2 || len(h.Months[0].Cells) != 31 || len(h.Months[1].Cells) != 30 {
		t.Fatalf("months %+v", h.Months)
	}
	f := func(day int, class, url string, gap bool) {
		t.Helper()
		c := h.Months[0].Cells[day-1]
		if c.Class != class || c.URL != url || c.Gap != gap || c.Day != day {
			t.Errorf("day %d is %+v", day, c)
		}
	}
	f(1, "d1", "/2026-10-01", false)
	f(2, "d2", "/2026-10-02", false)
	f(3, "d4", "/2026-10-03", true)
	f(4, "d0", "/2026-10-04", false)
	f(5, "d0", "", false)
	f(6, "d0", "/2026-10-06", true)
	f(7, "dx", "", false)
	if c := h.Months[0].Cells[0]; !c.Today || !strings.HasPrefix(c.Label, "1 Thu, 2026-10-01: 1 record") || c.X != 4*heatSlot {
		t.Errorf("first day %+v", c)
	}
	if h.Gaps != 2 {
		t.Errorf("%d gaps", h.Gaps)
	}
}
