package web

import (
	"net/http"
	"strings"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/gloss"
)

// coverage is GET /coverage: how complete the events of each server are, and what
// to do about it.
func (s *site) coverage(rq *request) error {
	server, err := pickServer(rq)
	if err != nil {
		return err
	}
	v := struct {
		frame
		Servers  []coverageView
		Server   string
		Counting bool
	}{frame: s.frame(rq, "/data", "web.cov.title"), Server: server}
	v.Crumbs = []crumb{{rq.p.T("web.nav.data"), "/data"}, {v.Title, ""}}
	if s.cfg.Health == nil {
		return errPage{http.StatusNotFound, "web.error.no_page"}
	}
	for _, x := range rq.status.Servers {
		if !sees(rq.who, x.Name) || server != "" && x.Name != server {
			continue
		}
		c, err := s.cfg.Health.Coverage(rq.r.Context(), x.Name)
		if err != nil {
			return err
		}
		v.Counting = v.Counting || c == nil
		v.Servers = append(v.Servers, newCoverageView(rq, x.Name, c))
	}
	if !v.Line.Empty { // else there was nothing to see
		if err := s.note(rq, "coverage", server); err != nil {
			return err
		}
	}
	if s.cfg.Steps != nil && !v.Counting && len(v.Servers) > 0 && rq.who.May(account.Import) {
		if err := s.cfg.Steps.Done(rq.r.Context(), StepCheck, rq.who.Name); err != nil {
			return err
		}
	}
	return s.render(rq, 200, "coverage", v)
}

// coverageView is one server's completeness for people.
type coverageView struct {
	Name string
	*Coverage
	Found   string
	Remedy  []string // commands
	Sets    []CoverageSubcategory
	Notes   []CoverageNotice
	Unseen  []string // stretches in which events of a subcategory did not come
	HasSACL bool
}

func newCoverageView(rq *request, name string, c *Coverage) coverageView {
	v := coverageView{Name: name, Coverage: c}
	if c == nil {
		return v
	}
	v.Found = clock(c.Found, rq.zone)
	for _, n := range c.NoticeList {
		n.Detail = noticeDetail(rq, n)
		v.Notes = append(v.Notes, n)
	}
	for _, x := range c.Subcategories {
		x.Name = gloss.Subcategory(rq.p.Printer, x.GUID, x.Name)
		v.Sets = append(v.Sets, x)
		for _, q := range x.Silences {
			v.Unseen = append(v.Unseen, rq.p.T("cli.coverage.unwatched", "name", x.Name, "from", moment(q.From, rq.zone), "to", moment(q.To, rq.zone)))
		}
		if x.Remedy != "" {
			v.Remedy = append(v.Remedy, x.Remedy)
			v.HasSACL = v.HasSACL || x.SACL
		}
	}
	return v
}

// noticeDetail is a notice's detail in words: the two times of a clock that was set, in the
// reader's zone, and the name of a subcategory.
func noticeDetail(rq *request, n CoverageNotice) string {
	if from, to, ok := strings.Cut(n.Detail, " → "); ok && n.Kind == "time_changed" {
		return moment(from, rq.zone) + " → " + moment(to, rq.zone)
	}
	return gloss.Subcategory(rq.p.Printer, n.GUID, n.Detail)
}
