package web

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/calendar"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// Card is what another part of akashi puts on the dashboard: alerts, tasks.
type Card struct {
	Title string
	Text  string // one sentence, may be empty
	Open  int    // how much of it waits for somebody
	URL   string // where it is dealt with
	Lines []CardLine
}

// CardLine is one entry of a card.
type CardLine struct{ Text, Detail, URL string }

// dashRoutes are the first page and what it asks for again.
func (s *site) dashRoutes() []route {
	return []route{
		{pattern: "GET /{$}", need: account.See, serve: s.home},
		{pattern: "GET /latest", need: account.See, serve: s.latest},
		{pattern: "GET /coverage", need: account.See, serve: s.coverage},
		{pattern: "POST /start/close", need: account.Import, serve: s.startClose},
	}
}

// dashView is the first page.
type dashView struct {
	frame
	Server    string // "" = all
	ServerRaw string
	AllURL    string
	Lead      string
	Fine      bool
	Counting  bool // numbers are being counted for the first time
	Notices   []notice
	Steps     *firstSteps
	Servers   []serverRow
	Heat      *heatmap
	Year      bool
	YearURL   string
	Day       *dayChart
	People    []facet
	Folders   []facet
	Refused   []facet
	Week      uint64
	Refusals  uint64
	RefusedTo string
	Store     *storeView
	Cards     []Card
	Known     []string
	Latest    latestView
}

// latestView is the newest records, which come again while the page is looked at.
type latestView struct {
	Rows   []row
	URL    string // of this part
	AllURL string
	At     string
}

// storeView is disk space and forecast.
type storeView struct {
	Bytes, Free, PerDay int64
	Used                int // percent of the volume, of what akashi and free space make up
	Days                int // until it is full; -1 = not known, or beyond ten years
	Full                string
	Soon                bool
}

// calendar is the business calendar; that of an office in Japan when nothing says
// otherwise.
func (s *site) calendar() *calendar.Calendar {
	if s.cfg.Calendar != nil {
		return s.cfg.Calendar()
	}
	const day = "09:00-18:00"
	c, _ := calendar.New(calendar.Settings{PublicHolidays: true, Hours: [7]string{1: day, 2: day, 3: day, 4: day, 5: day}}) // constant texts that are right
	return c
}

// pickServer is the server that a page was asked for; an error when the visitor
// knows no such server.
func pickServer(rq *request) (string, error) {
	name := rq.r.URL.Query().Get("server")
	if name == "" {
		return "", nil
	}
	for _, x := range rq.status.Servers {
		if strings.EqualFold(x.Name, name) && sees(rq.who, x.Name) {
			return x.Name, nil
		}
	}
	return "", errPage{http.StatusNotFound, "web.error.no_server"}
}

// home is the first page: one sentence that says whether all is well, and what it
// rests on.
func (s *site) home(rq *request) error {
	server, err := pickServer(rq)
	if err != nil {
		return err
	}
	v := &dashView{frame: s.frame(rq, "/", "web.home.title"), Server: record.Visible(server), ServerRaw: server, AllURL: "/"}
	v.Steps = s.firstSteps(rq)
	if v.Line.Empty {
		return s.render(rq, 200, "home", v)
	}
	if v.Latest, err = s.newest(rq, server); err != nil { // before the counting takes the processors
		return err
	}
	x, err := s.dashNumbers(rq, server)
	if err != nil {
		return err
	}
	var st *Storage
	if s.cfg.Health != nil {
		if st, err = s.cfg.Health.Storage(rq.r.Context()); err != nil {
			s.log.WarnContext(rq.r.Context(), "storage", errorAttr(err))
		}
	}
	cal := s.calendar()
	v.Servers = s.serverRows(rq, x, cal, s.recentGaps(rq, st))
	v.Notices = s.notices(rq, v.Servers, x, st)
	if s.cfg.Cards != nil {
		if v.Cards, err = s.cfg.Cards(rq.r.Context(), rq.lang); err != nil {
			return err
		}
	}
	if c := v.markedCard(rq, x); c != nil {
		v.Cards = append([]Card{*c}, v.Cards...)
	}
	v.lead(rq)
	v.Counting = x == nil
	if x != nil {
		v.numbers(rq, x, cal, st)
	}
	if st != nil && rq.who.Scope.All() {
		v.Store = newStoreView(rq, st)
	}
	return s.render(rq, 200, "home", v)
}

// lead is the first sentence.
func (v *dashView) lead(rq *request) {
	late, gaps, open := 0, 0, 0
	for _, r := range v.Servers {
		if r.State != serverFine && r.State != serverDemo {
			late++
		}
		gaps += max(r.Gaps, 0)
	}
	for _, c := range v.Cards {
		open += c.Open
	}
	n := len(v.Servers)
	if v.Server != "" {
		n = 1 // all are fine, this one among them
	}
	v.Fine = len(v.Notices) == 0 && open == 0 && late == 0
	switch {
	case v.Fine && rq.status.Demo:
		v.Lead = rq.p.T("web.dash.fine_demo", "n", n, "days", gapDays)
	case v.Fine:
		v.Lead = rq.p.T("web.dash.fine", "n", n, "days", gapDays)
	default:
		v.Lead = rq.p.T("web.dash.care", "n", len(v.Notices)+open)
	}
}

// numbers fills in what was counted.
func (v *dashView) numbers(rq *request, x *numbers, cal *calendar.Calendar, st *Storage) {
	v.Year = rq.r.URL.Query().Get("view") == "year"
	q := url.Values{}
	if v.ServerRaw != "" {
		q.Set("server", v.ServerRaw)
	}
	if !v.Year {
		q.Set("view", "year")
	}
	if v.YearURL = "/"; len(q) > 0 {
		v.YearURL = "/?" + q.Encode()
	}
	v.Heat = newDashHeat(rq, x, cal, st, v.ServerRaw, v.Year)
	v.Day = newDayChart(rq, x, cal, v.ServerRaw)
	week := func(change func(*form)) string {
		f := dashForm(v.ServerRaw)
		f.Period = "7d"
		change(f)
		return f.url()
	}
	for _, p := range x.people[:min(len(x.people), dashTop)] {
		v.People = append(v.People, personFacet(rq, &p, p.N, week(func(f *form) { f.Page, f.Users = "/files", one(personID(&p)) })))
	}
	for _, c := range x.folders {
		if c.Value != "" && len(v.Folders) < dashTop {
			v.Folders = append(v.Folders, facet{Name: splitName(c.Value), N: c.N, URL: week(func(f *form) { f.Page, f.Folder = "/people", c.Value })})
		}
	}
	bad := []record.Result{record.Denied, record.Failure}
	for _, p := range x.refused[:min(len(x.refused), dashTop)] {
		v.Refused = append(v.Refused, personFacet(rq, &p, p.N, week(func(f *form) { f.Users, f.Results = one(personID(&p)), bad })))
	}
	v.Week, v.Refusals = x.week, x.refusals
	v.RefusedTo = week(func(f *form) { f.Results = bad })
	for _, p := range x.people {
		if p.User != "" && p.User == record.Visible(p.User) {
			v.Known = append(v.Known, p.User)
		}
	}
}

func personID(p *query.PersonCount) string {
	if p.User != "" {
		return p.User
	}
	return p.SID
}

// personFacet is a person with a count. Text is the name, Detail the domain.
func personFacet(rq *request, p *query.PersonCount, n uint64, to string) facet {
	x := splitPerson(p.User, p.SID)
	if x.Full == "" {
		x.Name, to = rq.p.T("web.unknown_person"), ""
	}
	return facet{Text: x.Name, Detail: x.Domain, N: n, URL: to}
}

// newDashHeat draws the last two months, or the last twelve.
func newDashHeat(rq *request, x *numbers, cal *calendar.Calendar, st *Storage, server string, year bool) *heatmap {
	today := midnight(rq.now.In(rq.zone))
	from := time.Date(today.Year(), today.Month()-1, 1, 0, 0, 0, 0, rq.zone)
	if year {
		from = time.Date(today.Year(), today.Month()-11, 1, 0, 0, 0, 0, rq.zone)
	}
	days := map[string]heatDay{}
	for t := today; !t.Before(from) && x.first != ""; t = t.AddDate(0, 0, -1) {
		key := t.Format(time.DateOnly)
		if key < x.first {
			break
		}
		d := cal.Of(t)
		h := heatDay{N: x.days[key], Rest: d.Off != calendar.Workday, Name: d.Name.Ja}
		if rq.lang == "en" {
			h.Name = d.Name.En
		}
		h.Name = record.Visible(h.Name)
		h.Empty = h.N == 0 && !h.Rest && t.Before(today)
		days[key] = h
	}
	if st != nil {
		for _, d := range st.Days {
			h, ok := days[d.Day]
			if !ok || !sees(rq.who, d.Server) || server != "" && d.Server != server {
				continue
			}
			h.Gap, h.Damaged = h.Gap || d.Gaps > 0, h.Damaged || d.Damaged
			h.Deleted = h.Deleted || d.Deleted && h.N == 0
			days[d.Day] = h
		}
	}
	m := newHeatmap(rq, from, today, today, days, func(day string) string {
		f := dashForm(server)
		f.From, f.To = day, day
		return f.url()
	})
	m.Small = year
	return m
}

func newStoreView(rq *request, st *Storage) *storeView {
	v := &storeView{Bytes: st.Bytes, Free: st.Free, PerDay: st.PerDay, Days: -1}
	if all := st.Bytes + st.Free; all > 0 {
		v.Used = int(st.Bytes * 100 / all)
	}
	if st.Full != 0 {
		left := time.Unix(0, st.Full).Sub(rq.now)
		if left < 10*365*24*time.Hour {
			v.Days, v.Full, v.Soon = int(max(left, 0)/(24*time.Hour)), day(st.Full, rq.zone), left < fullSoon
		}
	}
	return v
}

// newest are the latest records of people and of the system.
func (s *site) newest(rq *request, server string) (latestView, error) {
	f := dashForm(server)
	q := f.query()
	q.Limit = 10
	p, err := s.cfg.Source.Search(rq.r.Context(), q)
	if err != nil {
		return latestView{}, err
	}
	v := latestView{Rows: rows(rq, p.Records), URL: "/latest", AllURL: f.url(), At: rq.now.In(rq.zone).Format("15:04:05")}
	if server != "" {
		v.URL += "?" + url.Values{"server": {server}}.Encode()
	}
	return v, nil
}

// latest is the part of the page that comes again.
func (s *site) latest(rq *request) error {
	server, err := pickServer(rq)
	if err != nil {
		return err
	}
	v, err := s.newest(rq, server)
	if err != nil {
		return err
	}
	if !rq.partial() {
		http.Redirect(rq.w, rq.r, "/", http.StatusSeeOther)
		return nil
	}
	return s.render(rq, 200, "latest", v)
}

func errorAttr(err error) slog.Attr { return slog.Any("error", err) }
