package calendar

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestPublished holds the law against the list of the Cabinet Office.
func TestPublished(t *testing.T) {
	for _, x := range []struct {
		year int
		days string
	}{
		{2015, "1/1 1/12 2/11 3/21 4/29 5/3 5/4 5/5 5/6 7/20 9/21 9/22 9/23 10/12 11/3 11/23 12/23"},
		{2016, "1/1 1/11 2/11 3/20 3/21 4/29 5/3 5/4 5/5 7/18 8/11 9/19 9/22 10/10 11/3 11/23 12/23"},
		{2017, "1/1 1/2 1/9 2/11 3/20 4/29 5/3 5/4 5/5 7/17 8/11 9/18 9/23 10/9 11/3 11/23 12/23"},
		{2018, "1/1 1/8 2/11 2/12 3/21 4/29 4/30 5/3 5/4 5/5 7/16 8/11 9/17 9/23 9/24 10/8 11/3 11/23 12/23 12/24"},
		{2019, "1/1 1/14 2/11 3/21 4/29 4/30 5/1 5/2 5/3 5/4 5/5 5/6 7/15 8/11 8/12 9/16 9/23 10/14 10/22 11/3 11/4 11/23"},
		{2020, "1/1 1/13 2/11 2/23 2/24 3/20 4/29 5/3 5/4 5/5 5/6 7/23 7/24 8/10 9/21 9/22 11/3 11/23"},
		{2021, "1/1 1/11 2/11 2/23 3/20 4/29 5/3 5/4 5/5 7/22 7/23 8/8 8/9 9/20 9/23 11/3 11/23"},
		{2022, "1/1 1/10 2/11 2/23 3/21 4/29 5/3 5/4 5/5 7/18 8/11 9/19 9/23 10/10 11/3 11/23"},
		{2023, "1/1 1/2 1/9 2/11 2/23 3/21 4/29 5/3 5/4 5/5 7/17 8/11 9/18 9/23 10/9 11/3 11/23"},
		{2024, "1/1 1/8 2/11 2/12 2/23 3/20 4/29 5/3 5/4 5/5 5/6 7/15 8/11 8/12 9/16 9/22 9/23 10/14 11/3 11/4 11/23"},
		{2025, "1/1 1/13 2/11 2/23 2/24 3/20 4/29 5/3 5/4 5/5 5/6 7/21 8/11 9/15 9/23 10/13 11/3 11/23 11/24"},
		{2026, "1/1 1/12 2/11 2/23 3/20 4/29 5/3 5/4 5/5 5/6 7/20 8/11 9/21 9/22 9/23 10/12 11/3 11/23"},
		{2027, "1/1 1/11 2/11 2/23 3/21 3/22 4/29 5/3 5/4 5/5 7/19 8/11 9/20 9/23 10/11 11/3 11/23"},
	} {
		var got []string
		for _, h := range Year(x.year) {
			got = append(got, fmt.Sprintf("%d/%d", h.Month, h.Day))
		}
		if d := cmp.Diff(strings.Fields(x.days), got); d != "" {
			t.Errorf("%d (-published +here):\n%s", x.year, d)
		}
	}
}

func TestNames(t *testing.T) {
	f := func(day, want string) {
		t.Helper()
		d, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		n, _ := Of(d.Year(), d.Month(), d.Day())
		if n.Ja != want {
			t.Errorf("%s is %q, want %q", day, n.Ja, want)
		}
		if (n.Ja == "") != (n.En == "") {
			t.Errorf("%s: a name in one language only", day)
		}
	}
	f("2026-09-22", "国民の休日")
	f("2015-05-06", "振替休日")
	f("2019-04-30", "国民の休日")
	f("2019-05-01", "天皇の即位の日")
	f("2020-07-24", "スポーツの日")
	f("2021-08-09", "振替休日")
	f("2009-09-22", "国民の休日")
	f("1988-05-04", "国民の休日")
	f("1986-05-04", "") // a Sunday
	f("1987-05-04", "振替休日")
	f("1985-05-04", "") // the law is of December 1985
	f("1989-02-24", "昭和天皇の大喪の礼")
	f("1999-01-15", "成人の日")
	f("1999-10-10", "体育の日")
	f("1999-10-11", "振替休日")
	f("2006-04-29", "みどりの日")
	f("2007-04-29", "昭和の日")
	f("2018-12-24", "振替休日")
	f("2019-12-23", "")
	f("2032-09-21", "国民の休日")
	f("2099-03-20", "春分の日")
	f("1979-01-01", "")
	f("2100-01-01", "")
}

func TestCalendar(t *testing.T) {
	week := [7]string{1: "08:30-12:00,13:00-18:00", 2: "09:00-17:00", 3: "09:00-17:00", 4: "09:00-17:00", 5: "22:00-06:00"}
	c, bad := New(Settings{
		PublicHolidays: true, YearEnd: "12-29..01-03", Closed: []string{"2026-08-13..2026-08-15 夏季休業", "2026-06-01"}, Worked: []string{"2026-11-28 棚卸"}, Hours: week,
	})
	if len(bad) > 0 {
		t.Fatal(bad[0])
	}
	jst := time.FixedZone("JST", 9*3600)
	f := func(at, off, name string, working bool) {
		t.Helper()
		x, err := time.ParseInLocation("2006-01-02 15:04", at, jst)
		if err != nil {
			t.Fatal(err)
		}
		if d := c.Of(x); d.Off != off || d.Name.Ja != name || c.Working(x) != working {
			t.Errorf("%s is %q %q, worked %v; want %q %q %v", at, d.Off, d.Name.Ja, c.Working(x), off, name, working)
		}
	}
	f("2026-11-30 08:29", Workday, "", false) // Monday
	f("2026-11-30 08:30", Workday, "", true)
	f("2026-11-30 12:00", Workday, "", false)
	f("2026-11-30 17:59", Workday, "", true)
	f("2026-11-30 18:00", Workday, "", false)
	f("2026-11-23 10:00", Public, "勤労感謝の日", false)
	f("2026-11-22 10:00", Weekend, "", false)
	f("2026-11-28 03:00", Workday, "棚卸", true) // a Saturday that is worked
	f("2026-08-14 10:00", Company, "夏季休業", false)
	f("2026-08-17 10:00", Workday, "", true)
	f("2026-06-01 10:00", Company, "", false)
	f("2026-12-29 10:00", YearEnd, "", false)
	f("2027-01-03 10:00", YearEnd, "", false)
	f("2027-01-04 10:00", Workday, "", true)
	f("2027-01-01 10:00", Public, "元日", false)
	f("2026-12-04 23:00", Workday, "", true) // Friday night
	f("2026-12-05 05:59", Weekend, "", true)
	f("2026-12-05 06:00", Weekend, "", false)
	f("2026-12-04 05:00", Workday, "", false)
}

func TestWrongSettings(t *testing.T) {
	f := func(key string, s Settings) {
		t.Helper()
		if _, bad := New(s); len(bad) != 1 || bad[0].Key != key {
			t.Errorf("%+v: errors %v, want one of %s", s, bad, key)
		}
	}
	f("year_end", Settings{YearEnd: "12-32..01-03"})
	f("year_end", Settings{YearEnd: "x"})
	f("closed", Settings{Closed: []string{"2026-02-29"}})
	f("closed", Settings{Closed: []string{"2026-08-15..2026-08-13"}})
	f("closed", Settings{Closed: []string{"2026-08-13 a\x01b"}})
	f("closed", Settings{Closed: make([]string, most+1)})
	f("worked", Settings{Worked: []string{""}})
	f("hours", Settings{Hours: [7]string{1: "8-18"}})
	f("hours", Settings{Hours: [7]string{1: "08:30-25:00"}})
	f("hours", Settings{Hours: [7]string{1: "08:30-08:30"}})
	f("hours", Settings{Hours: [7]string{1: "24:00-08:30"}})
	f("hours", Settings{Hours: [7]string{1: "08:30"}})
}

func FuzzPeriod(f *testing.F) {
	for _, s := range []string{"2026-08-13", "2026-08-13..2026-08-15 夏季休業", " 2026-01-01  x", "..", "2026-08-13..", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePeriod(s)
		if err != nil {
			return
		}
		if again, err := ParsePeriod(p.String()); err != nil || again != p {
			t.Errorf("%q is %+v, and written %q it is %+v, %v", s, p, p.String(), again, err)
		}
	})
}
