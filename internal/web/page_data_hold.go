package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/query"
)

// holdView is a legal hold as a page shows it.
type holdView struct {
	Hold
	Servers, From, To, When, Ended string
}

// holdsView is the page of legal holds.
type holdsView struct {
	dataFrame
	InForce, Ended []holdView
	Damaged        bool
	Wrong          string
	Given          url.Values
	Known          []string // servers
}

// holdsPage lists the legal holds, with a form for a new one.
func (s *site) holdsPage(rq *request) error {
	return s.holds(rq, url.Values{"case": {rq.r.URL.Query().Get("case")}, "query": {rq.r.URL.Query().Get("q")}}, "")
}

func (s *site) holds(rq *request, given url.Values, wrong string) error {
	data, err := s.careData()
	if err != nil {
		return err
	}
	l, damaged, err := data.Holds(rq.r.Context())
	if err != nil {
		return dataError(err)
	}
	v := holdsView{dataFrame: s.dataFrame(rq, "holds", "web.holds.title"), Damaged: damaged, Wrong: wrong, Given: given}
	for _, x := range rq.status.Servers {
		v.Known = append(v.Known, x.Name)
	}
	for i := range l {
		x := holdView{Hold: l[i], Servers: visible(strings.Join(l[i].Servers, ", ")), When: clock(l[i].Time, rq.zone), From: bound(l[i].From, rq.zone), To: bound(l[i].To, rq.zone)}
		if r := l[i].Released; r != nil {
			x.Ended = clock(r.Time, rq.zone)
			v.Ended = append(v.Ended, x)
			continue
		}
		v.InForce = append(v.InForce, x)
	}
	code := http.StatusOK
	if wrong != "" {
		code = http.StatusUnprocessableEntity
	}
	return s.render(rq, code, "holds", v)
}

// bound is an end of a period for people, "…" for none.
func bound(ns int64, zone *time.Location) string {
	if ns == 0 {
		return "…"
	}
	return clock(ns, zone)
}

// holdOf reads the form of a new hold; wrong is the key of what is missing.
func holdOf(rq *request, v url.Values) (h Hold, wrong string) {
	h = Hold{Case: clean(v.Get("case")), Servers: list(v["server"]), Query: clean(v.Get("query")), Ground: clean(v.Get("ground"))}
	var ok bool
	if h.From, ok = parseMoment(clean(v.Get("from")), rq.zone, false); !ok {
		return h, "web.problem.from"
	}
	if h.To, ok = parseMoment(clean(v.Get("to")), rq.zone, true); !ok {
		return h, "web.problem.to"
	}
	return h, faultKey(h.Check(v.Get("all") == "1", query.Clock{Now: rq.now, Zone: rq.zone}))
}

// holdAdd asks, and then puts a legal hold in force.
func (s *site) holdAdd(rq *request) error {
	data, v, err := s.careForm(rq)
	if err != nil {
		return err
	}
	if v.Has("reason") { // the page that asks keeps "ground" for itself
		v.Set("ground", v.Get("reason"))
	}
	h, wrong := holdOf(rq, v)
	if wrong != "" {
		return s.holds(rq, v, wrong)
	}
	if !certain(v) {
		servers := visible(strings.Join(h.Servers, ", "))
		if servers == "" {
			servers = rq.p.T("web.holds.every_server")
		}
		what := visible(h.Query)
		if what == "" {
			what = rq.p.T("web.holds.everything")
		}
		period := rq.p.T("web.holds.always")
		if h.From != 0 || h.To != 0 {
			period = bound(h.From, rq.zone) + " – " + bound(h.To, rq.zone)
		}
		v.Set("reason", h.Ground)
		return s.ask(rq, sure{
			dataFrame: s.dataFrame(rq, "holds", "web.holds.new"), Words: strings.Split(rq.p.T("web.holds.sure"), "\n"), Button: "web.holds.add", Back: "/data/holds",
			Facts: []fact{
				{"web.holds.case", visible(h.Case)}, {"web.field.server", servers}, {"web.holds.query", what},
				{"web.holds.period", period}, {"web.export.ground", visible(h.Ground)},
			},
		}, v)
	}
	if err := s.noteGround(rq, "hold", h.Case, h.Ground); err != nil {
		return err
	}
	if err := data.AddHold(rq.r.Context(), h); err != nil {
		return dataError(err)
	}
	return seeOther(rq, "/data/holds?done=hold")
}

// holdRelease asks for a reason, and then ends the holds of a case.
func (s *site) holdRelease(rq *request) error {
	data, v, err := s.careForm(rq)
	if err != nil {
		return err
	}
	name, ground := clean(v.Get("case")), clean(v.Get("ground"))
	if name == "" {
		return errPage{http.StatusBadRequest, "web.data.bad_form"}
	}
	if !certain(v) || care.CheckRelease(name, ground) != nil {
		q := sure{
			dataFrame: s.dataFrame(rq, "holds", "web.holds.release_title"), Words: strings.Split(rq.p.T("web.holds.sure_release"), "\n"),
			Button: "web.holds.release", Back: "/data/holds", Grave: true, Ground: true, Facts: []fact{{"web.holds.case", visible(name)}},
		}
		if certain(v) {
			q.Wrong = "web.holds.needs_ground"
		}
		return s.ask(rq, q, v)
	}
	if err := s.noteGround(rq, "hold_release", name, ground); err != nil {
		return err
	}
	if err := data.ReleaseHold(rq.r.Context(), name, ground); errors.Is(err, care.ErrNotFound) {
		return errPage{http.StatusNotFound, "web.holds.no_case"}
	} else if err != nil {
		return dataError(err)
	}
	return seeOther(rq, "/data/holds?done=release")
}
