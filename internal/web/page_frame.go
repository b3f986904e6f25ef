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
	Location    *time.Location
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
func (f frame) May(right string) bool {
	r := account.RightNamed(right)
	return r != 0 && f.Who.May(r)
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
		Zone: zoneName(rq.now.In(rq.zone)), Location: rq.zone, Version: s.cfg.Version, Line: s.newLine(rq), Dir: rq.status.Dir, Who: rq.who,
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
		if rq.who == nil || !sees(rq.who, x.Name) {
			l.Servers--
			continue
		}
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
