package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/export"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/query"
)

// ExportRequest is the parameters of a job of kind "export" or "evidence".
type ExportRequest struct {
	Query  query.Query   `json:"query"`
	Text   string        `json:"text"` // the query in the search language
	Total  uint64        `json:"total"`
	Format export.Format `json:"format"`
	Entity bool          `json:"entity"`
	Lang   string        `json:"lang"` // of column names and words; "" = the names of fields and values
	Zone   string        `json:"zone"` // IANA name
	Unmask bool          `json:"unmask"`
	Ground string        `json:"ground"`
	Case   string        `json:"case"` // of evidence
}

// exportRoutes are the way of records out of the folder.
func (s *site) exportRoutes() []route {
	return []route{
		{pattern: "GET /exports/new", need: account.See | account.Export, serve: s.exportNew},
		{pattern: "POST /exports", need: account.See | account.Export, serve: s.exportStart},
	}
}

// exportView is the page on which an export is chosen.
type exportView struct {
	frame
	Search, Page string // what the page was asked for
	Back         string
	Chips        []chip
	Text         string
	Total        uint64
	From, To     string
	Formats      []export.Format
	Sheets       int    // of XLSX
	Wrong        string // key: what is missing
	Given        url.Values
	Busy         bool // nothing can be started here
}

// Is reports whether a field was given that value, or has it at first.
func (v exportView) Is(field, value string) bool { return v.Given.Get(field) == value }

// exportForm is the search form that an export is of.
func (s *site) exportForm(rq *request, v url.Values) *form {
	u := url.URL{Path: "/search"}
	if p := "/" + strings.TrimPrefix(v.Get("page"), "/"); p == "/people" || p == "/files" {
		u.Path = p
	}
	v = cloneValues(v)
	v.Del("page")
	v.Del("cursor")
	u.RawQuery = v.Encode()
	return parseForm(&u, rq.zone, rq.now)
}

func cloneValues(v url.Values) url.Values {
	c := make(url.Values, len(v))
	for k, l := range v {
		c[k] = slices.Clone(l)
	}
	return c
}

// exportNew shows what would be exported, and how it may be.
func (s *site) exportNew(rq *request) error {
	return s.exportPage(rq, s.exportForm(rq, rq.r.URL.Query()), url.Values{"format": {string(export.CSV)}, "entity": {"0"}}, "")
}

func (s *site) exportPage(rq *request, f *form, given url.Values, wrong string) error {
	if len(f.Problems) > 0 {
		return errPage{http.StatusBadRequest, f.Problems[0]}
	}
	q := f.query()
	q.Limit, q.Cursor, q.Lists = 0, "", query.ListResults
	facets, err := s.cfg.Source.Facets(rq.r.Context(), q)
	if err != nil {
		return err
	}
	v := exportView{
		frame: s.frame(rq, f.Page, "web.export.title"), Search: f.values().Encode(), Page: f.Page, Back: f.url(), Chips: chips(rq, f),
		Text: textOf(q, rq), Total: facets.Total, From: clock(facets.First, rq.zone), To: clock(facets.Last, rq.zone), Formats: export.Formats(),
		Sheets: int(facets.Total/1_048_575) + 1, Wrong: wrong, Given: given, Busy: s.cfg.Jobs == nil,
	}
	v.Crumbs = []crumb{{rq.p.T("web.nav." + strings.TrimPrefix(f.Page, "/")), v.Back}, {v.Title, ""}}
	code := http.StatusOK
	if wrong != "" {
		code = http.StatusUnprocessableEntity
	}
	return s.render(rq, code, "export", v)
}

// textOf is a query in the search language, without what belongs to a page.
func textOf(q query.Query, rq *request) string {
	q.Limit, q.Cursor = 0, ""
	return q.Text(rq.zone)
}

// exportStart begins the job.
func (s *site) exportStart(rq *request) error {
	given, err := posted(rq)
	if err != nil {
		return err
	}
	search, err := url.ParseQuery(given.Get("search"))
	if err != nil {
		return errPage{http.StatusBadRequest, "web.export.bad_form"}
	}
	search.Set("page", given.Get("page"))
	f := s.exportForm(rq, search)
	if len(f.Problems) > 0 {
		return errPage{http.StatusBadRequest, f.Problems[0]}
	}
	q := f.query()
	q.Limit, q.Cursor = 0, ""
	x := ExportRequest{
		Query: q, Text: textOf(q, rq), Format: export.Format(given.Get("format")), Entity: given.Get("entity") == "1", Lang: rq.lang,
		Zone: rq.zone.String(), Unmask: given.Get("unmask") == "1", Ground: clean(given.Get("ground")), Case: clean(given.Get("case")),
	}
	kind, need := "export", account.See|account.Export
	if given.Get("kind") == "evidence" {
		kind, x.Format = "evidence", ""
	}
	if x.Unmask {
		need |= account.Unmask
	}
	switch {
	case !rq.who.May(need):
		return errPage{http.StatusForbidden, "web.error.no_right"}
	case x.Unmask && x.Ground == "":
		return s.exportPage(rq, f, given, "web.export.needs_ground")
	case kind == "evidence" && x.Case == "":
		return s.exportPage(rq, f, given, "web.export.needs_case")
	case kind == "export" && !slices.Contains(export.Formats(), x.Format):
		return errPage{http.StatusBadRequest, "web.export.bad_form"}
	case len(x.Case) > 200 || len(x.Ground) > 2000:
		return errPage{http.StatusBadRequest, "web.export.bad_form"}
	}
	what := string(x.Format)
	if kind == "evidence" {
		what = "evidence " + x.Case
	}
	if err := s.noteGround(rq, "export", what+": "+x.Text, x.Ground); err != nil {
		return err
	}
	return s.submit(rq, job.Request{Kind: kind, Params: x, Words: about(rq, f, kind, x), Need: need})
}

// about is an export in words.
func about(rq *request, f *form, kind string, x ExportRequest) []job.Word {
	l := []job.Word{{Text: x.Case}}
	if kind == "export" {
		l[0] = job.Word{Key: "web.export.format." + string(x.Format)}
	}
	l = append(l, job.Word{Text: " – "})
	for i, c := range chips(rq, f) {
		if i > 0 {
			l = append(l, job.Word{Text: " / "})
		}
		l = append(l, job.Word{Key: c.Key}, job.Word{Text: ": "})
		if c.Word != "" {
			l = append(l, job.Word{Key: c.Word})
		} else {
			l = append(l, job.Word{Text: c.Text})
		}
	}
	if len(l) == 2 {
		l = append(l, job.Word{Key: "web.export.all"})
	}
	return l
}

// noteGround is note of an action that needs a ground.
func (s *site) noteGround(rq *request, action, object, ground string) error {
	if s.cfg.Note == nil {
		return nil
	}
	return s.cfg.Note(rq.r.Context(), action, object, ground)
}
