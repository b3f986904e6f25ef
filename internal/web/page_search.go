package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// results is a search with its answer.
type results struct {
	frame
	Form    *form
	Asked   bool // the page was asked for something
	Ops     []record.Op
	Results []record.Result
	Known   []string // names of people, offered while typing

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
	NextURL     string
	CSVURL      string
	FirstURL    string // the first page, when this is a later one
	WiderURL    string // all time, when a range finds nothing
	LogURL      string // the same conditions in the log search
	NoiseURL    string // this search with what pages hide; "" = shown already
	NetworkURL  string
	ThisPage    string
	Continued   bool
	Mistake     *mistake
}

// side is a list of counts beside the rows.
type side struct {
	Key    string
	Facets []facet
	Names  bool // values are names, not words
}

// facet is one value with its count; following it adds or removes it.
type facet struct {
	Text   string
	Detail string
	Name   name
	N      uint64
	URL    string
	On     bool
}

// chip is a condition that can be taken off.
type chip struct {
	Key  string
	Text string
	URL  string
}

// personRow is one line of the people table.
type personRow struct {
	Person      person
	URL         string
	N           uint64
	Cells       [numGroups - 1]cell // read, change, copy, delete
	Denied      cell
	First, Last string
	Machine     [2]string
	Clients     string
	MoreClients int
}

type cell struct {
	N   uint64
	URL string
}

// search draws /people, /files and /search.
func (s *site) search(rq *request) error {
	f := parseForm(rq.r.URL, rq.zone, rq.now)
	if canonical := f.url(); canonical != localURL(rq.r.URL) && len(f.Problems) == 0 {
		if rq.partial() {
			rq.w.Header().Set("HX-Push-Url", canonical)
		} else {
			http.Redirect(rq.w, rq.r, canonical, http.StatusSeeOther)
			return nil
		}
	}
	v := results{
		Mistake: newMistake(rq, f.Wrong),
		frame:   s.frame(rq, f.Page, "web"+strings.ReplaceAll(f.Page, "/", ".")+".title"),
		Form:    f, Ops: record.Ops(), Results: record.Results(), Asked: f.Page == "/search" || !f.empty(),
		ThisPage: f.url(), LogURL: f.urlOf("/search"),
	}
	if !v.Line.Empty {
		all, err := s.everything(rq)
		if err != nil {
			return err
		}
		v.Known = known(all)
		if v.Asked && len(f.Problems) == 0 {
			if err := s.find(rq, f, &v, all); err != nil {
				return err
			}
		}
	}
	switch {
	case rq.partial() && f.Cursor != "":
		return s.render(rq, 200, "more", v)
	case rq.partial():
		return s.render(rq, 200, "answer", v)
	}
	return s.render(rq, 200, "search", v)
}

// find fills in the answer.
func (s *site) find(rq *request, f *form, v *results, all *counts) error {
	ctx := rq.r.Context()
	page, err := s.cfg.Source.Search(ctx, f.query())
	if err != nil {
		return err
	}
	v.Rows = rows(rq, page.Records)
	if !slices.Contains(f.query().Classes, record.ClassBackground) {
		v.NoiseURL = f.with(func(c *form) { c.Noise = true })
	}
	if f.hidesLogons() {
		v.NetworkURL = f.with(func(c *form) { c.Network = true })
	}
	if page.Next != "" {
		n := *f
		n.Cursor = page.Next
		v.NextURL = n.url()
	}
	if v.Continued = f.Cursor != ""; v.Continued {
		v.FirstURL = f.with(func(*form) {})
		if rq.partial() {
			return nil
		}
	}
	fc, err := s.count(ctx, f.query())
	if err != nil {
		return err
	}
	v.Total, v.From, v.To = fc.Total, clock(fc.First, rq.zone), clock(fc.Last, rq.zone)
	v.People, v.More = s.people(rq, f, fc), fc.PeopleMore
	v.PeopleCount = len(fc.done.People) + fc.done.PeopleMore
	v.RefusedOnly = len(v.People) + v.More - v.PeopleCount
	v.Hist = newHistogram(fc.days(), func(from, to string) string {
		return f.with(func(c *form) { c.Period, c.From, c.To = "custom", from, to })
	})
	v.Paths = pathFacets(f, fc.Paths, 12)
	v.Sides = s.sides(rq, f, fc)
	v.Chips = chips(rq, f)
	v.CSVURL = "/search.csv?" + csvValues(f)
	if q := f.query(); q.From != 0 || q.To != 0 {
		v.WiderURL = f.with(func(c *form) { c.Period, c.From, c.To, c.Rest.From, c.Rest.To = "", "", "", 0, 0 })
	}
	if fc.Total == 0 {
		v.Hints = hints(f, all)
	}
	return nil
}

// people makes the table of who did how much. Counts lead to their records.
func (s *site) people(rq *request, f *form, fc *counts) []personRow {
	var l []personRow
	for _, p := range fc.People {
		id := p.User
		if id == "" {
			id = p.SID
		}
		of := func(change func(*form)) string {
			return f.with(func(c *form) {
				if id != "" {
					c.Users = []string{id}
				}
				change(c)
			})
		}
		r := personRow{
			Person: splitPerson(p.User, p.SID), N: p.N, First: clock(p.First, rq.zone), Last: clock(p.Last, rq.zone),
			Machine: [2]string{machine(p.First), machine(p.Last)},
			URL:     of(func(c *form) {}), MoreClients: max(len(p.Clients)-2, 0),
		}
		if r.Person.Full == "" {
			r.Person.Name, r.Person.Full = rq.p.T("web.unknown_person"), rq.p.T("web.unknown_person")
		}
		done := fc.ops(&p)
		for g := range numGroups - 1 {
			for o, n := range done {
				if groupOf(o) == g {
					r.Cells[g].N += n
				}
			}
			r.Cells[g].URL = of(func(c *form) { c.Ops, c.Results = opsOf(g), []record.Result{record.Success} })
		}
		r.Denied = cell{p.Denied, of(func(c *form) { c.Results = []record.Result{record.Denied, record.Failure} })}
		shown := make([]string, 0, 2)
		for _, c := range p.Clients[:min(len(p.Clients), 2)] {
			shown = append(shown, clientName(rq, c))
		}
		r.Clients = strings.Join(shown, ", ")
		l = append(l, r)
	}
	return l
}

// clientName is an address or host for people.
func clientName(rq *request, c string) string {
	if c == "local" {
		return rq.p.T("web.client.local")
	}
	return record.Visible(c)
}

// sides makes the lists of counts beside the rows.
func (s *site) sides(rq *request, f *form, fc *counts) []side {
	T := rq.p.T
	var l []side
	words := func(key string, counts []query.Count, prefix string, on func(string) bool, add func(*form, string)) {
		d := side{Key: key}
		for _, c := range counts {
			d.Facets = append(d.Facets, facet{
				Text: T(prefix + c.Value), N: c.N, On: on(c.Value), URL: f.with(func(x *form) { add(x, c.Value) }),
			})
		}
		if len(d.Facets) > 0 {
			l = append(l, d)
		}
	}
	words("web.field.op", fc.Ops, "web.op.", func(s string) bool { o, _ := record.ParseOp(s); return f.HasOp(o) },
		func(x *form, s string) {
			if o, err := record.ParseOp(s); err == nil {
				x.Ops = toggle(x.Ops, o)
			}
		})
	words("web.field.result", fc.Results, "web.result.", func(s string) bool { o, _ := record.ParseResult(s); return f.HasResult(o) },
		func(x *form, s string) {
			if o, err := record.ParseResult(s); err == nil {
				x.Results = toggle(x.Results, o)
			}
		})
	names := func(key string, counts []query.Count, most int, on func(string) bool, add func(*form, string)) {
		d := side{Key: key, Names: true}
		if key == "web.field.server" && len(counts) == 1 && len(f.Servers) == 0 {
			return // one server is no choice
		}
		for _, c := range counts[:min(len(counts), most)] {
			if c.Value == "" {
				continue
			}
			x := facet{Text: clientName(rq, c.Value), N: c.N, On: on(c.Value), URL: f.with(func(x *form) { add(x, c.Value) })}
			x.Name = splitName(c.Value)
			if key == "web.field.client" {
				x.Name = name{Base: x.Text, Full: x.Text}
			}
			d.Facets = append(d.Facets, x)
		}
		if len(d.Facets) > 0 {
			l = append(l, d)
		}
	}
	names("web.field.client", fc.Clients, 8, func(s string) bool { return slices.Contains(f.Clients, s) },
		func(x *form, s string) { x.Clients = toggle(x.Clients, s) })
	names("web.field.server", fileServers(fc.Servers, f.Servers), 8, func(s string) bool { return slices.Contains(f.Servers, s) },
		func(x *form, s string) { x.Servers = toggle(x.Servers, s) })
	names("web.field.folder", fc.Folders, 10, func(s string) bool { return f.Folder == s },
		func(x *form, s string) {
			on := x.Folder == s
			if x.Path, x.File, x.Folder = "", "", s; on {
				x.Folder = ""
			}
		})
	return l
}

// fileServers are the servers without the program itself, unless it is asked
// for.
func fileServers(counts []query.Count, asked []string) []query.Count {
	if slices.Contains(asked, record.OwnServer) {
		return counts
	}
	return slices.DeleteFunc(slices.Clone(counts), func(c query.Count) bool { return c.Value == record.OwnServer })
}

// pathFacets lists files; following one asks who used it.
func pathFacets(f *form, counts []query.Count, most int) []facet {
	var l []facet
	for _, c := range counts {
		if c.Value == "" || len(l) == most {
			continue
		}
		l = append(l, facet{Name: splitName(c.Value), N: c.N, On: f.File == c.Value, URL: f.with(func(x *form) {
			x.Path, x.File, x.Folder = "", c.Value, ""
		})})
	}
	return l
}

// chips are the conditions of the form that can be taken off one by one.
func chips(rq *request, f *form) []chip {
	T := rq.p.T
	var l []chip
	add := func(key, text string, off func(*form)) { l = append(l, chip{key, text, f.with(off)}) }
	for _, u := range f.Users {
		add("web.field.user", record.Visible(u), func(x *form) { x.Users = toggle(x.Users, u) })
	}
	if f.What() != "" {
		add("web.how."+f.How(), record.Visible(f.What()), func(x *form) { x.Path, x.File, x.Folder = "", "", "" })
	}
	for _, o := range f.Ops {
		add("web.field.op", T("web.op."+o.String()), func(x *form) { x.Ops = toggle(x.Ops, o) })
	}
	for _, r := range f.Results {
		add("web.field.result", T("web.result."+r.String()), func(x *form) { x.Results = toggle(x.Results, r) })
	}
	for _, c := range f.Clients {
		add("web.field.client", clientName(rq, c), func(x *form) { x.Clients = toggle(x.Clients, c) })
	}
	for _, c := range f.Servers {
		add("web.field.server", record.Visible(c), func(x *form) { x.Servers = toggle(x.Servers, c) })
	}
	if f.Period != "" {
		text := T("web.period." + f.Period)
		if f.Period == "custom" {
			text = f.From + " – " + f.To
		}
		add("web.field.period", text, func(x *form) { x.Period, x.From, x.To = "", "", "" })
	}
	if f.Noise {
		add("web.field.noise", T("web.shown"), func(x *form) { x.Noise = false })
	}
	if f.Network {
		add("web.field.network", T("web.shown"), func(x *form) { x.Network = false })
	}
	if f.Superseded {
		add("web.field.superseded", T("web.shown"), func(x *form) { x.Superseded = false })
	}
	for i, term := range f.Rest.Terms(f.zone) {
		add("web.field.term", term, func(x *form) { x.Rest = f.without(i) })
	}
	return l
}

// known lists the names that are offered while typing a person.
func known(all *counts) []string {
	var l []string
	for _, p := range all.People {
		if p.User != "" && p.User == record.Visible(p.User) && len(l) < 500 {
			l = append(l, p.User)
		}
	}
	return l
}

// hints are the people whose name holds one of the typed names.
func hints(f *form, all *counts) []facet {
	var l []facet
	for _, u := range f.Users {
		want := query.Fold(u)
		for _, p := range all.People {
			if strings.Contains(query.Fold(p.User), want) && len(l) < 10 {
				l = append(l, facet{Text: record.Visible(p.User), N: p.N, URL: f.with(func(x *form) { x.Users = []string{p.User} })})
			}
		}
	}
	return l
}
