package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// searchRoutes are the pages that search, and what they lead to.
func (s *site) searchRoutes() []route {
	return []route{
		{pattern: "GET /people", need: account.See, serve: s.search},
		{pattern: "GET /files", need: account.See, serve: s.search},
		{pattern: "GET /search", need: account.See, serve: s.search},
		{pattern: "GET /search/counts", need: account.See, serve: s.countsPart},
		{pattern: "GET /search/rows", need: account.See, serve: s.listPart},
		{pattern: "GET /search/tail", need: account.See, serve: s.tailPart},
		{pattern: "GET /search.csv", need: account.See | account.Export, serve: s.csv},
		{pattern: "GET /paths", need: account.See, serve: s.complete},
		{pattern: "GET /people/life", need: account.See, serve: s.lifePart},
		{pattern: "GET /files/tree", need: account.See, serve: s.treePart},
		{pattern: "GET /files/usual", need: account.See, serve: s.usualPart},
		{pattern: "GET /files/taken", need: account.See, serve: s.takenPart},
		{pattern: "GET /saved", need: account.See, serve: s.savedPage},
		{pattern: "POST /saved", need: account.See, serve: s.saveSearch},
		{pattern: "POST /saved/change", need: account.See, serve: s.changeSaved},
		{pattern: "GET /around/{id...}", need: account.See, serve: s.around},
		{pattern: "GET /records/{id...}", need: account.See, serve: s.record},
	}
}

// results is a search with its answer.
type results struct {
	frame
	Form    *form
	Asked   bool // the page was asked for something
	Ops     []record.Op
	Results []record.Result
	Known   []string // names of people, offered while typing
	Layout  layout
	Columns []string // all that there are

	Ready       bool // the counts are here
	Stopped     bool // the reader waits for them no more
	Total       uint64
	From, To    string
	People      []personRow
	More        int // people beyond the list
	PeopleCount int // with a success
	RefusedOnly int // people with refusals and failures only
	Hist        *histogram
	Sides       []side
	Paths       []facet
	Rows        []row
	Chips       []chip
	Hints       []facet // people whose name holds what was typed
	Unread      []string
	Reached     query.Reached // where rows were found that the store does not hold
	Counted     query.Reached // the same of the counts
	TakenDays   int           // days that the archive was read of, for what terms took out
	Partial     bool          // the archive is not counted
	Taken       []orderView   // orders of terms that took records out of the answer
	TakenMore   int           // more of them
	RemovedURL  string        // these records, where the archive has them

	NextURL    string
	CSVURL     string
	ExportURL  string // the page that exports, "" = there is none
	FirstURL   string // the first page, when this is a later one
	WiderURL   string // all time, when a range finds nothing
	LogURL     string // the same conditions in the log search
	NoiseURL   string // this search with what pages hide; "" = shown already
	NetworkURL string
	CountsURL  string // the counts alone
	WaitURL    string // this page with its counts, however long they take
	RowsURL    string // rows by their number, for the list that scrolls
	TailURL    string // what came since
	LifeURL    string // the life of the one file, "" = there is no such
	TreeURL    string
	UsualURL   string
	TakenURL   string // signs that the person took something away, "" = of no person
	ThisPage   string
	Continued  bool
	Saving     bool // searches can be kept
	Completes  bool // paths complete while typing
	Mistake    *mistake
}

// parameters are the form as parameters of a part of its page.
func (f *form) parameters() string {
	v := f.values()
	v.Del("cursor")
	v.Set("page", f.Page)
	return v.Encode()
}

// partForm is the form of a part: like that of its page.
func partForm(rq *request) (*form, error) {
	u := *rq.r.URL
	switch page := u.Query().Get("page"); page {
	case "/people", "/files":
		u.Path = page
	default:
		u.Path = "/search"
	}
	f := parseForm(&u, rq.zone, rq.now)
	if len(f.Problems) > 0 {
		return nil, errPage{http.StatusBadRequest, f.Problems[0]}
	}
	return f, nil
}

// said is a search as it stands in the trail.
func (f *form) said() string {
	return strings.TrimSpace(strings.TrimPrefix(f.Page, "/") + " " + f.Text())
}

// search draws /people, /files and /search.
func (s *site) search(rq *request) error {
	f := parseForm(rq.r.URL, rq.zone, rq.now)
	wait := rq.r.URL.Query().Get("wait") == "1"
	if canonical := f.url(); canonical != localURL(rq.r.URL) && len(f.Problems) == 0 && !wait {
		if rq.partial() {
			rq.w.Header().Set("HX-Push-Url", canonical)
		} else {
			http.Redirect(rq.w, rq.r, canonical, http.StatusSeeOther)
			return nil
		}
	}
	v := s.newResults(rq, f)
	if !v.Line.Empty {
		all := s.tally(rq, "everything", s.everyone)
		if v.Asked && len(f.Problems) == 0 {
			if f.Cursor == "" { // a further page is the same search
				if err := s.note(rq, "search", s.masked(f.said())); err != nil {
					return err
				}
			}
			if err := s.find(rq, f, v, wait); err != nil {
				return err
			}
		}
		if ok, err := all.wait(rq.r.Context(), tallyWait); err != nil {
			return err
		} else if ok {
			everyone, _ := all.value.(*counts)
			v.Known = known(everyone)
			if len(v.Rows) == 0 && v.Asked {
				v.Hints = hints(f, everyone)
			}
		}
	}
	switch {
	case rq.partial() && f.Cursor != "":
		return s.render(rq, http.StatusOK, "more", v)
	case rq.partial():
		return s.render(rq, http.StatusOK, "answer", v)
	}
	return s.render(rq, http.StatusOK, "search", v)
}

// newResults is a page before its answer.
func (s *site) newResults(rq *request, f *form) *results {
	return &results{
		Mistake: newMistake(rq, f.Wrong),
		frame:   s.frame(rq, f.Page, "web"+strings.ReplaceAll(f.Page, "/", ".")+".title"),
		Form:    f, Ops: record.Ops(), Results: record.Results(), Asked: f.Page == "/search" || !f.empty(),
		ThisPage: f.url(), LogURL: f.urlOf("/search"), Layout: s.layout(rq, f), Columns: columns(),
		Chips: chips(rq, f), Saving: s.cfg.Saved != nil, Completes: s.cfg.Paths != nil,
	}
}

// find fills in the answer: rows first, then the counts if they come in time.
func (s *site) find(rq *request, f *form, v *results, wait bool) error {
	ctx := rq.r.Context()
	var t *tally
	if f.Cursor == "" {
		t = s.counted(rq, f) // runs while the rows are looked for
	}
	page, err := s.cfg.Source.Search(ctx, f.query())
	if err != nil {
		return err
	}
	v.Rows, v.Unread, v.Reached = rows(rq, page.Records), page.Unread, page.Reached
	v.taken(rq, f, page.Taken)
	if f.Rest.Removed { // the store may hold these days
		v.TakenDays, v.Reached = len(page.Archived)+len(page.Restored), query.Reached{}
	}
	s.links(f, v, page)
	if f.Cursor != "" {
		v.Continued, v.FirstURL = true, f.with(func(*form) {})
		return nil
	}
	limit := tallyWait
	if wait {
		limit = 0
	}
	ok, err := t.wait(ctx, limit)
	if err != nil || !ok {
		return err
	}
	c, _ := t.value.(*tallied)
	s.fill(rq, f, v, c)
	return nil
}

// links are the addresses that a page of results leads to.
func (s *site) links(f *form, v *results, page *query.Page) {
	q, parameters := f.query(), f.parameters()
	if !slices.Contains(q.Classes, record.ClassBackground) {
		v.NoiseURL = f.with(func(c *form) { c.Noise = true })
	}
	if f.hidesLogons() {
		v.NetworkURL = f.with(func(c *form) { c.Network = true })
	}
	if q.From != 0 || q.To != 0 {
		v.WiderURL = f.with(func(c *form) { c.Period, c.From, c.To, c.Rest.From, c.Rest.To = "", "", "", 0, 0 })
	}
	if page.Next != "" {
		n := *f
		n.Cursor = page.Next
		v.NextURL = n.url()
	}
	v.CSVURL = "/search.csv?" + csvValues(f)
	if s.gets["/exports/new"] {
		v.ExportURL = "/exports/new?" + parameters
	}
	v.CountsURL, v.WaitURL = "/search/counts?"+parameters, f.url()
	if i := strings.IndexByte(v.WaitURL, '?'); i >= 0 {
		v.WaitURL += "&wait=1"
	} else {
		v.WaitURL += "?wait=1"
	}
	v.RowsURL = "/search/rows?" + parameters
	if !q.Oldest && q.To == 0 {
		v.TailURL = "/search/tail?" + parameters
		if len(page.Records) > 0 {
			at := query.PositionOf(&page.Records[0])
			v.TailURL += "&after=" + at.Cursor()
		}
	}
	if s.cfg.Paths != nil && f.Path == "" && f.What() != "" && len(f.Also) == 0 {
		v.LifeURL = "/people/life?" + parameters
	}
	if f.Page == "/files" {
		v.TreeURL, v.UsualURL = "/files/tree?"+parameters, "/files/usual?"+parameters
		if len(q.Users) > 0 {
			v.TakenURL = "/files/taken?" + parameters
		}
	}
}

// tallied is the counts of a page and its histogram.
type tallied struct {
	*counts
	slots []slot
	unit  string
}

// counted counts everything that the form finds.
func (s *site) counted(rq *request, f *form) *tally {
	q := f.query()
	q.Cursor, q.Limit = "", 0
	return s.tally(rq, pageQuestion(q), func(ctx context.Context) (any, error) {
		c, err := s.count(ctx, q)
		if err != nil {
			return nil, err
		}
		t := &tallied{counts: c}
		zone := rq.status.Zone
		if zone == nil {
			zone = rq.zone
		}
		t.slots, t.unit, err = s.slots(ctx, q, c, zone, rq.now)
		return t, err
	})
}

// pageQuestion names the counts of a page.
func pageQuestion(q query.Query) string { return "page " + q.Text(nil) }

// everyone counts what all people did, for the names that forms offer: by people
// alone, which the store knows without looking at records.
func (s *site) everyone(ctx context.Context) (any, error) {
	f, err := s.cfg.Source.Facets(ctx, query.Query{HideNetworkLogons: true, HeldOnly: true, Lists: query.ListPeople | query.ListOps})
	if err != nil {
		return nil, err
	}
	return &counts{f, f}, nil
}

// fill puts the counts into the page.
func (s *site) fill(rq *request, f *form, v *results, t *tallied) {
	v.Ready, v.Counted, v.Partial = true, t.Reached, t.Partial
	v.Total, v.From, v.To = t.Total, clock(t.First, rq.zone), clock(t.Last, rq.zone)
	v.People, v.More = s.people(rq, f, t.counts), t.PeopleMore
	v.PeopleCount = len(t.done.People) + t.done.PeopleMore
	v.RefusedOnly = len(v.People) + v.More - v.PeopleCount
	v.Hist = slotHistogram(t.slots, t.unit, rq.zone, func(from, to string) string {
		return f.with(func(c *form) { c.Period, c.From, c.To = "custom", from, to })
	})
	v.Paths = pathFacets(f, t.Paths, 12)
	v.Sides = s.sides(rq, f, t.counts)
	if v.LifeURL == "" && s.cfg.Paths != nil && len(t.Paths) == 1 && t.PathsMore == 0 && len(f.Also) == 0 && f.What() != "" {
		one := *f
		one.Path, one.Folder, one.File = "", "", t.Paths[0].Value
		v.LifeURL = "/people/life?" + one.parameters()
	}
}

// countsPart is the counts of a page that did not wait for them.
func (s *site) countsPart(rq *request) error {
	f, err := partForm(rq)
	if err != nil {
		return err
	}
	v := s.newResults(rq, f)
	s.links(f, v, &query.Page{})
	if rq.r.URL.Query().Get("stop") == "1" { // counts that nobody waits for end by themselves
		v.Stopped = true
		return s.render(rq, http.StatusOK, "find-stopped", v)
	}
	t := s.counted(rq, f)
	if ok, err := s.ready(rq, t, "counting"); !ok {
		return err
	}
	c, _ := t.value.(*tallied)
	s.fill(rq, f, v, c)
	return s.render(rq, http.StatusOK, "find-counts", v)
}
