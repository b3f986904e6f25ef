package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/trail"
)

// trailView is the page of what people did in akashi.
type trailView struct {
	frame
	Person, Action, Text, From, To string
	Actions                        []string
	Rows                           []trailRow
	Next                           string // address of the next page
	First                          string // of the first one, when this is a later one
	Problem                        string
	Asked                          bool
}

// trailRow is one entry.
type trailRow struct {
	trail.Line
	When, Machine string
	Word          string // the action in words
	Detail        string // what it was done to, in words where it is a code
}

// trailActions are the actions that the page offers to choose.
func trailActions() []string {
	return []string{"login", "logout", "search", "record", "export", "download", "evidence", "unmask", "people", "token", "proposal", "settings", "import", "hold", "retention", "volume", "trail", "page", "first", "me"}
}

// trailPage shows the trail, newest first.
func (s *site) trailPage(rq *request) error {
	if s.cfg.Trail == nil {
		return errPage{http.StatusNotFound, "web.error.no_page"}
	}
	q := rq.r.URL.Query()
	v := &trailView{
		frame: s.frame(rq, "/trail", "web.nav.trail"), Person: clean(q.Get("who")), Action: clean(q.Get("action")), Text: clean(q.Get("text")),
		From: clean(q.Get("from")), To: clean(q.Get("to")), Actions: trailActions(),
	}
	if !rq.who.Scope.All() { // what others searched for can name what this visitor may not see
		v.Person = rq.who.Name
	}
	f := trail.Filter{Who: v.Person, Action: v.Action, Text: v.Text, Cursor: q.Get("cursor"), Limit: pageRows}
	var ok, ok2 bool
	f.From, ok = trailMoment(v.From, rq.zone, false)
	f.To, ok2 = trailMoment(v.To, rq.zone, true)
	if !ok || !ok2 {
		v.Problem = "web.problem.from"
	}
	v.Asked = v.Person+v.Action+v.Text+v.From+v.To != ""
	page, err := s.cfg.Trail.Read(rq.r.Context(), f)
	if errors.Is(err, trail.ErrCursor) {
		return errPage{http.StatusBadRequest, "web.trail.no_place"}
	}
	if err != nil {
		return err
	}
	if f.Cursor == "" { // reading on is the same look, which does not find itself
		if err := s.note(rq, "trail", v.asked()); err != nil {
			return err
		}
	}
	for i := range page.Lines {
		l := &page.Lines[i]
		ns := l.Time.UnixNano()
		row := trailRow{Line: *l, When: clock(ns, rq.zone), Machine: machine(ns), Word: trailWord(rq.p, l.Action), Detail: trailDetail(rq.p, l.Action, l.Object)}
		v.Rows = append(v.Rows, row)
	}
	same := url.Values{}
	for k, x := range map[string]string{"who": v.Person, "action": v.Action, "text": v.Text, "from": v.From, "to": v.To} {
		if x != "" {
			same.Set(k, x)
		}
	}
	if f.Cursor != "" {
		v.First = "/trail?" + same.Encode()
	}
	if page.Next != "" {
		same.Set("cursor", page.Next)
		v.Next = "/trail?" + same.Encode()
	}
	return s.render(rq, http.StatusOK, "trail", v)
}

// asked is what the visitor looked for, as it stands in the trail.
func (v *trailView) asked() string {
	var l []string
	for _, x := range [][2]string{{"who", v.Person}, {"action", v.Action}, {"text", v.Text}, {"from", v.From}, {"to", v.To}} {
		if x[1] != "" {
			l = append(l, x[0]+": "+x[1])
		}
	}
	return strings.Join(l, ", ")
}

func trailMoment(text string, zone *time.Location, end bool) (time.Time, bool) {
	ns, ok := parseMoment(text, zone, end)
	if ns == 0 {
		return time.Time{}, ok
	}
	return time.Unix(0, ns), ok
}
