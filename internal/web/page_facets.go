package web

import (
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// side is a list of counts beside the rows.
type side struct {
	Key    string
	Facets []facet
	Kind   string // what the values are: "word", "name", "person"
}

// facet is one value with its count; following URL adds or removes it,
// following Not leaves it out.
type facet struct {
	Text   string
	Detail string
	Name   name
	Person person
	N      uint64
	URL    string
	Not    string
	On     bool
}

// chip is a condition that can be taken off.
type chip struct {
	Key  string
	Text string
	Word string // the key of Text, "" = it is no words
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

// sides makes the lists of counts beside the rows. Each value can be added to
// the conditions or left out by them.
func (s *site) sides(rq *request, f *form, fc *counts) []side {
	T := rq.p.T
	var l []side
	put := func(d side) {
		if len(d.Facets) > 0 {
			l = append(l, d)
		}
	}
	if f.Page == "/search" {
		put(peopleSide(rq, f, fc))
	}
	words := func(key string, counts []query.Count, prefix string, on func(string) bool, add, not func(*form, string)) {
		d := side{Key: key, Kind: "word"}
		for _, c := range counts {
			x := facet{Text: T(prefix + c.Value), N: c.N, On: on(c.Value), URL: f.with(func(x *form) { add(x, c.Value) })}
			if !x.On {
				x.Not = f.with(func(x *form) { not(x, c.Value) })
			}
			d.Facets = append(d.Facets, x)
		}
		put(d)
	}
	words("web.field.op", fc.Ops, "web.op.", func(s string) bool { o, _ := record.ParseOp(s); return f.HasOp(o) },
		func(x *form, s string) {
			if o, err := record.ParseOp(s); err == nil {
				x.Ops = toggle(x.Ops, o)
			}
		}, func(x *form, s string) {
			if o, err := record.ParseOp(s); err == nil {
				x.Rest.Not.Ops = append(slices.Clone(x.Rest.Not.Ops), o)
			}
		})
	words("web.field.result", fc.Results, "web.result.", func(s string) bool { o, _ := record.ParseResult(s); return f.HasResult(o) },
		func(x *form, s string) {
			if o, err := record.ParseResult(s); err == nil {
				x.Results = toggle(x.Results, o)
			}
		}, func(x *form, s string) {
			if o, err := record.ParseResult(s); err == nil {
				x.Rest.Not.Results = append(slices.Clone(x.Rest.Not.Results), o)
			}
		})
	for _, d := range []nameSide{
		{"web.field.server", fileServers(fc.Servers, f.Servers), 8, func(x *form) *[]string { return &x.Servers }, func(x *form) *[]string { return &x.Rest.Not.Servers }},
		{"web.field.client", fc.Clients, 8, func(x *form) *[]string { return &x.Clients }, func(x *form) *[]string { return &x.Rest.Not.Clients }},
		{"web.field.folder", fc.Folders, 10, nil, func(x *form) *[]string { return &x.Rest.Not.Folders }},
	} {
		if d.key == "web.field.server" && len(d.counts) == 1 && len(f.Servers) == 0 {
			continue // one server is no choice
		}
		put(d.side(rq, f))
	}
	return l
}

// nameSide is a list of names with the places of the form that hold them; a
// folder stands in the one field of files.
type nameSide struct {
	key      string
	counts   []query.Count
	most     int
	list     func(*form) *[]string
	excluded func(*form) *[]string
}

func (n nameSide) side(rq *request, f *form) side {
	d := side{Key: n.key, Kind: "name"}
	for _, c := range n.counts[:min(len(n.counts), n.most)] {
		if c.Value == "" {
			continue
		}
		x := facet{Text: clientName(rq, c.Value), N: c.N, Name: splitName(c.Value)}
		if n.list == nil {
			x.On = f.Folder == c.Value
			x.URL = f.with(func(y *form) {
				if y.Path, y.File, y.Folder, y.Also = "", "", c.Value, nil; x.On {
					y.Folder = ""
				}
			})
		} else {
			x.On = slices.Contains(*n.list(f), c.Value)
			x.URL = f.with(func(y *form) { *n.list(y) = toggle(*n.list(y), c.Value) })
		}
		if n.key == "web.field.client" {
			x.Name = name{Base: x.Text, Full: x.Text}
		}
		if !x.On {
			x.Not = f.with(func(y *form) { *n.excluded(y) = append(slices.Clone(*n.excluded(y)), c.Value) })
		}
		d.Facets = append(d.Facets, x)
	}
	return d
}

// peopleSide lists the people of a search.
func peopleSide(rq *request, f *form, fc *counts) side {
	d := side{Key: "web.field.user", Kind: "person"}
	for _, p := range fc.People[:min(len(fc.People), 12)] {
		id := p.User
		if id == "" {
			id = p.SID
		}
		x := facet{Person: splitPerson(p.User, p.SID), N: p.N, On: slices.Contains(f.Users, id)}
		if id == "" {
			x.Person.Name, x.Person.Full = rq.p.T("web.unknown_person"), rq.p.T("web.unknown_person")
		} else {
			x.URL = f.with(func(y *form) { y.Users = toggle(y.Users, id) })
			if !x.On {
				x.Not = f.with(func(y *form) { y.Rest.Not.Users = append(slices.Clone(y.Rest.Not.Users), id) })
			}
		}
		x.Text = x.Person.Full
		d.Facets = append(d.Facets, x)
	}
	return d
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
			x.Path, x.File, x.Folder, x.Also = "", c.Value, "", nil
		})})
	}
	return l
}

// chips are the conditions of the form that can be taken off one by one.
func chips(rq *request, f *form) []chip {
	var l []chip
	add := func(key, text string, off func(*form)) { l = append(l, chip{key, text, "", f.with(off)}) }
	say := func(key, word string, off func(*form)) { l = append(l, chip{key, rq.p.T(word), word, f.with(off)}) }
	for _, u := range f.Users {
		add("web.field.user", record.Visible(u), func(x *form) { x.Users = toggle(x.Users, u) })
	}
	if f.What() != "" {
		add("web.how."+f.How(), record.Visible(f.What()), func(x *form) { x.drop(f.What()) })
	}
	for _, p := range f.Also {
		add("find.also", record.Visible(p), func(x *form) { x.drop(p) })
	}
	for _, o := range f.Ops {
		say("web.field.op", "web.op."+o.String(), func(x *form) { x.Ops = toggle(x.Ops, o) })
	}
	for _, r := range f.Results {
		say("web.field.result", "web.result."+r.String(), func(x *form) { x.Results = toggle(x.Results, r) })
	}
	for _, c := range f.Clients {
		off := func(x *form) { x.Clients = toggle(x.Clients, c) }
		if c == "local" {
			say("web.field.client", "web.client.local", off)
		} else {
			add("web.field.client", record.Visible(c), off)
		}
	}
	for _, c := range f.Servers {
		add("web.field.server", record.Visible(c), func(x *form) { x.Servers = toggle(x.Servers, c) })
	}
	if f.Period != "" {
		off := func(x *form) { x.Period, x.From, x.To = "", "", "" }
		if f.Period == "custom" {
			add("web.field.period", strings.Replace(f.From, "T", " ", 1)+" – "+strings.Replace(f.To, "T", " ", 1), off)
		} else {
			say("web.field.period", "web.period."+f.Period, off)
		}
	}
	if f.Noise {
		say("web.field.noise", "web.shown", func(x *form) { x.Noise = false })
	}
	if f.Network {
		say("web.field.network", "web.shown", func(x *form) { x.Network = false })
	}
	if f.Superseded {
		say("web.field.superseded", "web.shown", func(x *form) { x.Superseded = false })
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
