package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/care"
)

// dataRoutes are the pages of data management and what can be done there.
func (s *site) dataRoutes() []route {
	return []route{
		{pattern: "GET /data", need: account.See, serve: s.dataPage},
		{pattern: "GET /data/server", need: account.See, serve: s.dataServer},
		{pattern: "POST /data/care", need: account.See | account.Manage, serve: s.dataCare},
		{pattern: "POST /data/restore", need: account.See | account.Manage, serve: s.restorePost},
		{pattern: "GET /data/holds", need: account.See | account.Hold, serve: s.holdsPage},
		{pattern: "POST /data/holds", need: account.See | account.Hold, serve: s.holdAdd},
		{pattern: "POST /data/holds/release", need: account.See | account.Hold, serve: s.holdRelease},
		{pattern: "GET /data/retention", need: account.See, serve: s.retentionPage},
		{pattern: "POST /data/retention", need: account.See | account.Manage, serve: s.retentionPropose},
		{pattern: "POST /data/retention/confirm", need: account.See | account.Approve, serve: s.retentionConfirm},
		{pattern: "GET /data/pool", need: account.See | account.Manage, serve: s.poolPage},
		{pattern: "POST /data/pool", need: account.See | account.Manage, serve: s.poolAdd},
	}
}

// dataFrame is the frame of a page of data management with the name of its tab.
type dataFrame struct {
	frame
	Tab  string
	Done string // key of what was just done, "" = nothing
}

func (s *site) dataFrame(rq *request, tab, title string, args ...any) dataFrame {
	f := dataFrame{frame: s.frame(rq, "/data", title, args...), Tab: tab}
	if done := rq.r.URL.Query().Get("done"); rq.p.Has("web.data.done." + done) {
		f.Done = "web.data.done." + done
	}
	return f
}

// careData is the seam, or a page that says there is none.
func (s *site) careData() (Data, error) {
	if s.cfg.Data == nil {
		return nil, errPage{http.StatusNotFound, "web.error.no_page"}
	}
	return s.cfg.Data, nil
}

// dataError gives an error of Data its page.
func dataError(err error) error {
	if errors.Is(err, ErrRestricted) {
		return errPage{http.StatusForbidden, "web.data.restricted"}
	}
	return err
}

// dataImport is an imported file as a page shows it.
type dataImport struct {
	Import
	When string
	Twin bool // another file has the same name, so the folder is told
}

// dataImports are the imported files as the page shows them.
func dataImports(rq *request) (l []dataImport) {
	names := make(map[string]int)
	for _, i := range rq.status.Imports {
		names[i.Name]++
	}
	for _, i := range rq.status.Imports {
		l = append(l, dataImport{i, clock(i.Time, rq.zone), names[i.Name] > 1 && i.Folder != ""})
	}
	return l
}

// serverView is a server on the overview.
type serverView struct {
	ServerDays
	First, Last string
	Year        yearView
	URL         string
}

// dataPage shows what the folder holds, by server.
func (s *site) dataPage(rq *request) error {
	v := struct {
		dataFrame
		O       *Overview
		Full    string
		Checked string
		Servers []serverView
		Damage  []Damage
		Imports []dataImport
		Limited bool // only a part of the servers or folders is seen
	}{dataFrame: s.dataFrame(rq, "days", "web.data.title"), Damage: rq.status.Damage, Limited: !care.SeesAll(rq.who)}
	v.Imports = dataImports(rq)
	if s.cfg.Data != nil {
		o, err := s.cfg.Data.Overview(rq.r.Context())
		if err != nil && !errors.Is(err, ErrRestricted) {
			return err
		}
		if v.O = o; o != nil {
			v.Full, v.Checked = day(o.Full, rq.zone), clock(o.Checked, rq.zone)
			for _, sv := range o.Servers {
				x := serverView{ServerDays: sv, URL: serverURL(sv.Name, 0)}
				if n := len(sv.Days); n > 0 {
					x.First, x.Last = sv.Days[0].Day, sv.Days[n-1].Day
					year, _ := strconv.Atoi(x.Last[:4]) // a day of Overview
					x.Year = newYear(rq, &sv, year)
				}
				v.Servers = append(v.Servers, x)
			}
		}
	}
	return s.render(rq, http.StatusOK, "data", v)
}

// serverURL is the page of a server's days.
func serverURL(name string, year int) string {
	u := "/data/server?name=" + urlText(name)
	if year != 0 {
		u += "&year=" + strconv.Itoa(year)
	}
	return u
}

// weekView is a week from Monday to Sunday.
type weekView struct {
	Monday, Sunday           string
	Days                     []dayView
	Records, Events, Bytes   int64
	Gaps                     int64
	Archived, Stored, Copies int
	Archive                  int64
	Server                   string
	ToRestore, ToRelease     int // days that the archive alone has, and those of them that are restored
}

// dayView is a day with its search.
type dayView struct {
	Day
	Weekday string // key
	URL     string
}

// dataServer shows the days of one server in a year, by week, and its gaps.
func (s *site) dataServer(rq *request) error {
	data, err := s.careData()
	if err != nil {
		return err
	}
	name := rq.r.URL.Query().Get("name")
	o, err := data.Overview(rq.r.Context())
	if err != nil {
		return dataError(err)
	}
	i := slices.IndexFunc(o.Servers, func(x ServerDays) bool { return x.Name == name })
	if i < 0 || len(o.Servers[i].Days) == 0 {
		return errPage{http.StatusNotFound, "web.data.no_server"}
	}
	sv := &o.Servers[i]
	last := sv.Days[len(sv.Days)-1].Day
	year, _ := strconv.Atoi(last[:4])
	if y, err := strconv.Atoi(rq.r.URL.Query().Get("year")); err == nil && y > 1600 && y < 2300 {
		year = y
	}
	v := struct {
		dataFrame
		Server     *ServerDays
		Year       yearView
		Weeks      []weekView
		Gaps       *Gaps
		GapsAt     string
		Prev, Next string
		YearNumber string
		Restore    *restoreView
	}{dataFrame: s.dataFrame(rq, "days", "web.data.server", "server", visible(name)), Server: sv, Year: newYear(rq, sv, year), YearNumber: strconv.Itoa(year)}
	v.Crumbs = []crumb{{rq.p.T("web.nav.data"), "/data"}, {v.Title, ""}}
	v.Weeks = weeks(sv, year)
	if first, _ := strconv.Atoi(sv.Days[0].Day[:4]); year > first {
		v.Prev = serverURL(name, year-1)
	}
	if end, _ := strconv.Atoi(last[:4]); year < end {
		v.Next = serverURL(name, year+1)
	}
	if v.Gaps, err = data.Gaps(rq.r.Context(), name); err != nil {
		return dataError(err)
	}
	if v.Restore, err = s.restoreOf(rq, data, name); err != nil {
		return dataError(err)
	}
	v.Restore.mark(v.Weeks)
	if v.Gaps != nil {
		v.GapsAt = clock(v.Gaps.At, rq.zone)
		v.Gaps = localGaps(v.Gaps, rq.zone)
	}
	return s.render(rq, http.StatusOK, "data-server", v)
}

// localGaps is a copy with the times of a zone.
func localGaps(g *Gaps, zone *time.Location) *Gaps {
	c := *g
	c.Channels, c.Notices = slices.Clone(g.Channels), slices.Clone(g.Notices)
	spans := func(l []GapSpan) []GapSpan {
		l = slices.Clone(l)
		for i := range l {
			l[i].From, l[i].To = localTime(l[i].From, zone), localTime(l[i].To, zone)
		}
		return l
	}
	for i := range c.Channels {
		c.Channels[i].Gaps, c.Channels[i].Silent = spans(c.Channels[i].Gaps), spans(c.Channels[i].Silent)
	}
	for i := range c.Notices {
		c.Notices[i].Time = localTime(c.Notices[i].Time, zone)
	}
	return &c
}

// localTime is a time of RFC 3339 for people; other text stays.
func localTime(text string, zone *time.Location) string {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return text
	}
	return clock(t.UnixNano(), zone)
}

// weekdays are the keys of the days of a week, Monday first.
var weekdays = [7]string{"web.day.mon", "web.day.tue", "web.day.wed", "web.day.thu", "web.day.fri", "web.day.sat", "web.day.sun"}

// weeks are the weeks of a year that have days, the newest first.
func weeks(sv *ServerDays, year int) []weekView {
	var l []weekView
	for _, d := range sv.Days {
		t, err := time.Parse(time.DateOnly, d.Day)
		if err != nil || t.Year() != year {
			continue
		}
		at := (int(t.Weekday()) + 6) % 7
		monday := t.AddDate(0, 0, -at)
		if n := len(l); n == 0 || l[n-1].Monday != monday.Format(time.DateOnly) {
			l = append(l, weekView{Monday: monday.Format(time.DateOnly), Sunday: monday.AddDate(0, 0, 6).Format(time.DateOnly)})
		}
		w := &l[len(l)-1]
		u := (&form{Page: "/search", Servers: []string{sv.Name}, Period: "custom", From: d.Day, To: d.Day, Noise: true, Network: true}).url()
		w.Days = append(w.Days, dayView{d, weekdays[at], u})
		w.Records, w.Events, w.Bytes, w.Gaps, w.Archive = w.Records+d.Records, w.Events+d.Events, w.Bytes+d.Bytes, w.Gaps+d.Gaps, w.Archive+d.Archive
		switch d.State {
		case DayBoth:
			w.Archived++
			w.Stored++
		case DayArchived:
			w.Archived++
		case DayStore, DayOpen, DayDamaged:
			w.Stored++
		}
		if d.Copies > 0 && (w.Copies == 0 || d.Copies < w.Copies) {
			w.Copies = d.Copies
		}
	}
	slices.Reverse(l)
	for i := range l {
		slices.Reverse(l[i].Days)
	}
	return l
}
