package web

import (
	"net/url"
	"time"

	"github.com/akashi-audit/akashi/internal/calendar"
	"github.com/akashi-audit/akashi/internal/record"
)

// Hours of work without a record after which a server is late, and after which it
// is silent.
const (
	lateAfter   = 8 * time.Hour
	silentAfter = 24 * time.Hour
	// gapDays is how far back missing records are a matter for the morning.
	gapDays = 60
	// fullSoon is when a disk that fills up is one.
	fullSoon = 30 * 24 * time.Hour
)

// States of a server.
const (
	serverFine   = "fine"
	serverLate   = "late"
	serverSilent = "silent"
	serverNone   = "none" // without a record
	serverDemo   = "demo" // made up: nothing follows
)

// serverRow is one server on the dashboard.
type serverRow struct {
	Name     string
	State    string
	Last     string
	Machine  string
	Today    uint64
	TodayURL string
	Gaps     int // of gapDays; -1 = not known
	GapsURL  string
	Cov      *Coverage // nil = not known yet
	CovURL   string
	URL      string // the dashboard of this server
}

// notice is something to look at, with what to do.
type notice struct {
	Level string // care, fail
	Text  string
	URL   string
	Do    string // what following URL does
}

// serverRows are the servers that the visitor may see.
func (s *site) serverRows(rq *request, x *numbers, cal *calendar.Calendar, gaps map[string]int) []serverRow {
	var l []serverRow
	for _, sv := range rq.status.Servers {
		if !sees(rq.who, sv.Name) {
			continue
		}
		r := serverRow{Name: sv.Name, State: lateness(cal, sv.Last, rq.now.In(rq.zone)), Last: clock(sv.Last, rq.zone), Machine: machine(sv.Last), Gaps: -1}
		if rq.status.Demo && r.State != serverNone {
			r.State = serverDemo
		}
		r.URL = "/?" + url.Values{"server": {sv.Name}}.Encode()
		if x != nil {
			r.Today = x.servers[sv.Name]
			f := dashForm(sv.Name)
			f.Period = "today"
			r.TodayURL = f.url()
		}
		if gaps != nil {
			r.Gaps, r.GapsURL = gaps[sv.Name], gapsURL(sv.Name, rq.now.In(rq.zone).AddDate(0, 0, -gapDays).Format(time.DateOnly), "")
		}
		if s.cfg.Health != nil {
			if c, err := s.cfg.Health.Coverage(rq.r.Context(), sv.Name); err == nil {
				r.Cov = c
			}
			r.CovURL = "/coverage?" + url.Values{"server": {sv.Name}}.Encode()
		}
		l = append(l, r)
	}
	return l
}

// lateness says how a server's last record (Unix ns) stands to the hours that
// people worked since then. Where the calendar has no hours, all hours count,
// three times as long.
func lateness(cal *calendar.Calendar, last int64, now time.Time) string {
	if last == 0 {
		return serverNone
	}
	const step, farthest = 30 * time.Minute, 30 * 24 * time.Hour
	since := now.Sub(time.Unix(0, last))
	worked, ever := time.Duration(0), false
	for at := now; at.After(now.Add(-min(since, farthest))); at = at.Add(-step) {
		if cal.Working(at) {
			worked, ever = worked+step, true
		}
		if worked >= silentAfter {
			return serverSilent
		}
	}
	if !ever && since >= 3*lateAfter && !everWorks(cal, now) {
		worked = since / 3
	}
	switch {
	case worked >= silentAfter || since > farthest:
		return serverSilent
	case worked >= lateAfter:
		return serverLate
	}
	return serverFine
}

// everWorks reports whether the calendar has hours at all.
func everWorks(cal *calendar.Calendar, now time.Time) bool {
	for d := range 21 {
		if cal.Of(now.AddDate(0, 0, -d)).Off == calendar.Workday {
			return true
		}
	}
	return false
}

// recentGaps counts the places of the last days where records are missing, by
// server; nil when that is not known.
func (s *site) recentGaps(rq *request, st *Storage) map[string]int {
	if st == nil {
		return nil
	}
	from := rq.now.In(rq.zone).AddDate(0, 0, -gapDays).Format(time.DateOnly)
	m := map[string]int{}
	for _, d := range st.Days {
		if d.Day >= from && sees(rq.who, d.Server) {
			m[d.Server] += int(d.Gaps)
		}
	}
	return m
}

// notices are what needs a look this morning, the gravest first.
func (s *site) notices(rq *request, rows []serverRow, x *numbers, st *Storage) []notice {
	T := rq.p.T
	var l []notice
	add := func(level, url, do, key string, args ...any) {
		n := notice{Level: level, Text: T(key, args...), URL: url}
		if url != "" {
			n.Do = T(do)
		}
		l = append(l, n)
	}
	may := func(url string) string {
		for _, p := range places() {
			for _, u := range p.under {
				if u.url == url && !rq.who.May(u.need) {
					return ""
				}
			}
		}
		return url
	}
	if n := len(rq.status.Damage); n > 0 {
		add("fail", "/data", "web.dash.look", "web.dash.n_damage", "n", n)
	}
	if s.cfg.Health != nil {
		if k, err := s.cfg.Health.Seal(rq.r.Context()); err == nil && k != nil {
			switch {
			case k.Checkpoints > 0 && !k.KeyThere && k.KeyFile != "":
				add("fail", may("/settings/keys"), "web.dash.look", "web.dash.n_key")
			case k.Owed && k.Authority != "":
				add("care", may("/settings/keys"), "web.dash.look", "web.dash.n_stamp")
			}
		}
	}
	for _, r := range rows {
		switch r.State {
		case serverSilent, serverLate:
			add("care", may("/settings/import"), "web.dash.do_import", "web.dash.n_late", "server", record.Visible(r.Name), "last", r.Last)
		}
		if r.Gaps > 0 {
			add("care", r.GapsURL, "web.dash.look", "web.dash.n_gaps", "server", record.Visible(r.Name), "n", r.Gaps, "days", gapDays)
		}
		if r.Cov != nil && r.Cov.Off > 0 {
			add("care", r.CovURL, "web.dash.look", "web.dash.n_off", "server", record.Visible(r.Name), "n", r.Cov.Off)
		}
	}
	if x != nil {
		for _, o := range []record.Op{record.OpLogCleared, record.OpVirusFound, record.OpTimeChanged} {
			if n := x.told[o]; n > 0 {
				add("care", (&form{Page: "/search", Ops: []record.Op{o}, Period: "7d"}).url(), "web.dash.look", "web.dash.n_op", "op", T("web.op."+o.String()), "n", n)
			}
		}
	}
	if n := brokenImports(rq); n > 0 {
		add("care", "/data", "web.dash.look", "web.dash.n_imports", "n", n)
	}
	if n := len(rq.status.Outdated); n > 0 && rq.status.Running == nil {
		add("care", may("/settings/filters"), "web.dash.look", "web.dash.n_outdated", "n", n)
	}
	if st != nil && st.Full != 0 {
		if left := time.Unix(0, st.Full).Sub(rq.now); left < fullSoon {
			level := "care"
			if left < fullSoon/4 {
				level = "fail"
			}
			add(level, may("/settings/retention"), "web.dash.look", "web.dash.n_full", "n", int(max(left, 0)/(24*time.Hour)))
		}
	}
	return l
}

// brokenImports counts the files of the last 30 days that could not be read
// wholly.
func brokenImports(rq *request) int {
	n := 0
	for _, i := range rq.status.Imports {
		if time.Unix(0, i.Time).After(rq.now.AddDate(0, 0, -30)) && (i.Error != "" || i.Damage > 0) {
			n++
		}
	}
	return n
}
