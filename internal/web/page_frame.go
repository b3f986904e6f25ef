package web

import (
	"net/url"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
)

// frame is what every page needs around its content.
type frame struct {
	Lang, Other string // language of the page, and the other one
	Nav         string // path of the current entry of the navigation
	Title       string
	Here        string // address of this page
	OtherURL    string // this page in the other language
	Zone        string
	Version     string
	Line        line
	Dir         string // data folder
	Who         *account.Visitor
	Menu        []menuEntry
	Crumbs      []crumb // the way to a page below an entry of the navigation
	Theme       string  // light, dark, "" = that of the system
	Dense       bool    // narrow rows
	MeURL       string  // own settings, "" = there are none
	LogoutURL   string  // POST, "" = nobody logs out here
}

// May reports whether the visitor has the right of that name, for templates.
func (f frame) May(right string) bool { return f.Who.May(rightNames[right]) }

// rightNames are the rights by the names that templates use.
var rightNames = map[string]account.Right{
	"see": account.See, "export": account.Export, "unmask": account.Unmask, "hold": account.Hold, "approve": account.Approve,
	"trail": account.Trail, "import": account.Import, "manage": account.Manage, "settings": account.Settings, "people": account.People,
}

// line is the completeness line on top of every page.
type line struct {
	Empty     bool
	Demo      bool
	From, To  string
	Servers   int
	Names     []string
	Records   int64
	Events    int64
	Imports   int
	Damaged   int // damaged places of inputs and folder
	Gaps      int // places where records are missing; -1 = not known
	GapsURL   string
	Seal      string // filled, open or broken; "" = not known
	SealTime  string // of the last checkpoint
	Lost      int    // events known to be lost
	Running   bool
	Files     int
	FilesDone int
	Percent   int
	RunEvents int64
	Left      time.Duration
}

func (s *site) frame(rq *request, nav, title string, args ...any) frame {
	f := frame{
		Lang: rq.lang, Other: "en", Nav: nav, Title: rq.p.T(title, args...),
		Zone: zoneName(rq.now.In(rq.zone)), Version: s.cfg.Version, Line: s.newLine(rq), Dir: rq.status.Dir, Who: rq.who,
		Menu: s.menu(rq.who, nav), Theme: theme(rq.r), Dense: dense(rq),
	}
	f.Crumbs = crumbs(rq, f.Menu, nav, f.Title)
	if s.gets["/me"] {
		f.MeURL = "/me"
	}
	if s.posts["/logout"] {
		f.LogoutURL = "/logout"
	}
	if f.Lang == "en" {
		f.Other = "ja"
	}
	f.Here = localURL(rq.r.URL)
	u := url.URL{Path: rq.r.URL.Path}
	v := rq.r.URL.Query()
	v.Set("lang", f.Other)
	u.RawQuery = v.Encode()
	f.OtherURL = localURL(&u)
	return f
}

func (s *site) newLine(rq *request) line {
	st := rq.status
	l := line{
		Empty: st.Records == 0 && st.RawEvents == 0, Demo: st.Demo, Servers: len(st.Servers), Records: st.Records,
		Events: st.RawEvents, Imports: len(st.Imports), Damaged: len(st.Damage), Gaps: -1,
	}
	s.completeness(rq, &l)
	var first, last int64
	for _, x := range st.Servers {
		l.Names = append(l.Names, x.Name)
		if x.First != 0 && (first == 0 || x.First < first) {
			first = x.First
		}
		last = max(last, x.Last)
	}
	l.From, l.To = day(first, rq.zone), day(last, rq.zone)
	for _, i := range st.Imports {
		l.Damaged += i.Damage
		l.Lost += i.Lost
	}
	if p := st.Running; p != nil {
		l.Running, l.Files, l.FilesDone, l.RunEvents = true, p.Files, p.FilesDone, p.Events
		if p.Bytes > 0 {
			l.Percent = int(min(max(p.BytesDone, 0), p.Bytes) * 100 / p.Bytes)
		}
		l.Left = roundLeft(p.Left)
	}
	return l
}

// roundLeft is a remaining time, rounded so that it does not flicker.
func roundLeft(d time.Duration) time.Duration {
	switch {
	case d <= 0:
		return 0
	case d < time.Minute:
		return max(d.Round(5*time.Second), 5*time.Second) + 5*time.Second
	}
	return d.Round(time.Minute)
}

// statusLine is the line alone, asked for again while an import runs.
func (s *site) statusLine(rq *request) error {
	return s.render(rq, 200, "line", s.frame(rq, "", "web.title"))
}

// home is the first page: both searches and what the folder holds.
func (s *site) home(rq *request) error {
	v := struct {
		frame
		Form   *form
		People []personRow
		Hist   *histogram
		Paths  []facet
		Known  []string
		Rows   []row
	}{frame: s.frame(rq, "/", "web.home.title"), Form: &form{Page: "/search"}}
	if !v.Line.Empty {
		all, err := s.everything(rq)
		if err != nil {
			return err
		}
		files := &form{Page: "/files"}
		v.People = s.people(rq, files, all)
		v.People = v.People[:min(len(v.People), 8)]
		v.Hist = newHistogram(all.days(), func(from, to string) string {
			return (&form{Page: "/search", From: from, To: to}).url()
		})
		v.Known = known(all)
		v.Paths = pathFacets(&form{Page: "/people"}, all.Paths, 8)
		q := v.Form.query()
		q.Limit = 10
		page, err := s.cfg.Source.Search(rq.r.Context(), q)
		if err != nil {
			return err
		}
		v.Rows = rows(rq, page.Records)
	}
	return s.render(rq, 200, "home", v)
}
