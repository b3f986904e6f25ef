package web

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// pageRows is how many records one page shows; csvRows is the end of a CSV.
const (
	pageRows = 100
	csvRows  = 100_000
)

// form is the state of a search page: what the URL says, no more. The zero form
// is an empty search.
type form struct {
	Page    string   // "/people", "/files", "/search"
	Path    string   // a part of the path
	File    string   // exactly this file
	Folder  string   // this folder and below
	Also    []string // more files and folders, of which one must match when File or Folder does not
	Cols    []string // columns of the table, as the URL says; nil = what the visitor last chose
	Users   []string
	Clients []string
	Servers []string
	Ops     []record.Op
	Results []record.Result
	Period  string // "", "today", "7d", "30d", "custom"
	From    string // as typed: day or time, inclusive
	To      string // as typed: a day is included, a time is not
	Noise   bool   // background records too
	Network bool   // network log-ons too
	// Superseded records instead of those that hold
	Superseded bool
	Cursor     string
	// Rest is conditions that no field shows; "q" in the URL is its text
	Rest query.Query

	zone     *time.Location
	now      time.Time
	from, to int64              // Unix ns, what Period or From and To mean
	Problems []string           // message keys for values that cannot be used
	Wrong    *query.SyntaxError // of a text that cannot be read
}

// parseForm reads the form from the URL. Values that cannot be used become
// Problems; the others still count.
func parseForm(u *url.URL, zone *time.Location, now time.Time) *form {
	v := u.Query()
	f := &form{
		Page: u.Path, Path: clean(v.Get("path")), File: clean(v.Get("file")), Folder: clean(v.Get("folder")),
		Users: list(v["user"]), Clients: list(v["client"]), Servers: list(v["server"]),
		Period: v.Get("period"), From: clean(v.Get("from")), To: clean(v.Get("to")),
		Noise: v.Get("noise") == "1", Network: v.Get("network") == "1", Superseded: v.Get("superseded") == "1", Cursor: v.Get("cursor"),
		zone: zone, now: now,
	}
	if what := clean(v.Get("what")); what != "" { // one field, and how to understand it
		switch v.Get("how") {
		case "file":
			f.File = what
		case "folder":
			f.Folder = what
		default:
			f.Path = what
		}
	}
	for _, s := range v["op"] {
		if o, err := record.ParseOp(s); err == nil && o != 0 && !slices.Contains(f.Ops, o) {
			f.Ops = append(f.Ops, o)
		} else if err != nil {
			f.Problems = append(f.Problems, "web.problem.op")
		}
	}
	for _, s := range v["result"] {
		if o, err := record.ParseResult(s); err == nil && o != 0 && !slices.Contains(f.Results, o) {
			f.Results = append(f.Results, o)
		} else if err != nil {
			f.Problems = append(f.Problems, "web.problem.result")
		}
	}
	f.also(v["also"])
	f.Cols = columnKeys(v["cols"])
	f.period(zone, now)
	if text := strings.Join(v["q"], " "); text != "" {
		f.read(strings.ToValidUTF8(text, "\uFFFD"))
	}
	return f
}

// maxAlso bounds how many files and folders are searched at once.
const maxAlso = 50

// also takes more files and folders in. Without a first one, it is the first.
func (f *form) also(values []string) {
	for _, s := range values {
		s = clean(s)
		switch {
		case s == "" || s == f.File || s == f.Folder || slices.Contains(f.Also, s) || len(f.Also) == maxAlso:
		case f.What() == "":
			f.Folder = s
		default:
			f.Also = append(f.Also, s)
		}
	}
}

// drop takes one of the files and folders off; another one takes the first place.
func (f *form) drop(path string) {
	if f.Path != "" && path == f.Path {
		f.Path = ""
		return
	}
	f.Also = slices.DeleteFunc(f.Also, func(s string) bool { return s == path })
	if path == f.File || path == f.Folder {
		f.File, f.Folder = "", ""
		l := f.Also
		f.Also = nil
		f.also(l)
	}
}

// clean takes the blanks and quotation marks off that pasted paths carry.
func clean(s string) string {
	s = strings.TrimSpace(s)
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// list splits values at commas: no account, host or address has one.
func list(values []string) []string {
	var l []string
	for _, v := range values {
		for _, s := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == '、' }) {
			if s = clean(s); s != "" && !slices.Contains(l, s) {
				l = append(l, s)
			}
		}
	}
	return l
}

// period settles the time range. A preset wins over typed times; typed times
// without a preset are a range of their own.
func (f *form) period(zone *time.Location, now time.Time) {
	today := midnight(now.In(zone))
	switch f.Period {
	case "today":
		f.from, f.to, f.From, f.To = today.UnixNano(), 0, "", ""
	case "7d":
		f.from, f.to, f.From, f.To = today.AddDate(0, 0, -6).UnixNano(), 0, "", ""
	case "30d":
		f.from, f.to, f.From, f.To = today.AddDate(0, 0, -29).UnixNano(), 0, "", ""
	default:
		f.Period = ""
		if f.From == "" && f.To == "" {
			return
		}
		f.Period = "custom"
		var ok bool
		if f.from, ok = parseMoment(f.From, zone, false); !ok {
			f.Problems = append(f.Problems, "web.problem.from")
		}
		if f.to, ok = parseMoment(f.To, zone, true); !ok {
			f.Problems = append(f.Problems, "web.problem.to")
		}
		if f.from != 0 && f.to != 0 && f.from >= f.to {
			f.Problems = append(f.Problems, "web.problem.range")
		}
	}
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

// parseMoment reads a day or a time in the folder's zone. The end of a range
// that is a day means the end of that day. "" is no bound.
func parseMoment(s string, zone *time.Location, end bool) (ns int64, ok bool) {
	if s == "" {
		return 0, true
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return inRange(t)
		}
	}
	for _, layout := range []string{"2006-01-02", "2006/1/2"} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			if end {
				t = t.AddDate(0, 0, 1)
			}
			return inRange(t)
		}
	}
	return 0, false
}

// inRange refuses years that Unix nanoseconds cannot hold.
func inRange(t time.Time) (int64, bool) {
	if y := t.Year(); y < 1700 || y > 2200 {
		return 0, false
	}
	return t.UnixNano(), true
}

// one is a condition of one value, none when it is empty.
func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// query is the search that the form asks for.
func (f *form) query() query.Query {
	q := f.fields(f.Rest)
	if len(q.Classes) == 0 {
		q.Classes = f.classes()
	}
	if f.Noise && !slices.Contains(q.Classes, record.ClassBackground) {
		q.Classes = append(slices.Clone(q.Classes), record.ClassBackground)
	}
	q.Limit, q.Cursor = pageRows, f.Cursor
	return q
}

// classes are what the page shows when nothing is said.
func (f *form) classes() []record.Class {
	if f.Page == "/search" {
		return []record.Class{record.ClassUser, record.ClassSystem}
	}
	return []record.Class{record.ClassUser}
}

// empty reports whether no condition but the period and the switches is set.
func (f *form) empty() bool {
	r := f.Rest
	r.Oldest, r.From, r.To = false, 0, 0
	return f.What() == "" && len(f.Also)+len(f.Users)+len(f.Clients)+len(f.Servers)+len(f.Ops)+len(f.Results)+len(r.Terms(nil)) == 0
}

// hidesLogons reports whether network log-ons that the other conditions may find
// are left out: they have neither path nor another result than success.
func (f *form) hidesLogons() bool {
	q := f.query()
	has := func(o record.Op) bool { return len(q.Ops) == 0 || slices.Contains(q.Ops, o) }
	return !f.Network && len(q.Words)+len(q.Paths)+len(q.Files)+len(q.Folders) == 0 && (has(record.OpLogon) || has(record.OpLogoff)) &&
		(len(q.Results) == 0 || slices.Contains(q.Results, record.Success))
}

// narrow reports whether a condition of the folded part of the form is set.
func (f *form) narrow() bool {
	return len(f.Servers)+len(f.Ops)+len(f.Results) > 0 || f.Noise || f.Network || f.Superseded
}

// values is the form as URL parameters, without what is not set.
func (f *form) values() url.Values {
	v := url.Values{}
	set := func(k, s string) {
		if s != "" {
			v.Set(k, s)
		}
	}
	set("path", f.Path)
	set("file", f.File)
	set("folder", f.Folder)
	for _, s := range f.Also {
		v.Add("also", s)
	}
	set("user", strings.Join(f.Users, ","))
	set("client", strings.Join(f.Clients, ","))
	set("server", strings.Join(f.Servers, ","))
	for _, o := range f.Ops {
		v.Add("op", o.String())
	}
	for _, r := range f.Results {
		v.Add("result", r.String())
	}
	if f.Period != "custom" {
		set("period", f.Period)
	}
	set("from", f.From)
	set("to", f.To)
	if f.Noise {
		v.Set("noise", "1")
	}
	if f.Network {
		v.Set("network", "1")
	}
	if f.Superseded {
		v.Set("superseded", "1")
	}
	set("q", f.RestText())
	set("cols", strings.Join(f.Cols, ","))
	set("cursor", f.Cursor)
	return v
}

// url is the page that shows the form.
func (f *form) url() string { return f.urlOf(f.Page) }

func (f *form) urlOf(page string) string {
	if q := f.values().Encode(); q != "" {
		return page + "?" + q
	}
	return page
}

// with returns the address of the same search after one change, from its start.
func (f *form) with(change func(*form)) string {
	c := *f
	c.Ops, c.Results = slices.Clone(f.Ops), slices.Clone(f.Results)
	c.Also = slices.Clone(f.Also)
	c.Users, c.Clients, c.Servers = slices.Clone(f.Users), slices.Clone(f.Clients), slices.Clone(f.Servers)
	c.Cursor = ""
	change(&c)
	return c.url()
}

// toggle adds x to l, or takes it out when it is there.
func toggle[T comparable](l []T, x T) []T {
	if i := slices.Index(l, x); i >= 0 {
		return slices.Delete(l, i, i+1)
	}
	return append(l, x)
}

// Name and how of the one file field of a form.

// What is the text of the file field.
func (f *form) What() string { return f.Path + f.File + f.Folder }

// How is the way in which the file field is understood.
func (f *form) How() string {
	switch {
	case f.File != "":
		return "file"
	case f.Folder != "":
		return "folder"
	}
	return "part"
}

// Join is a list as it stands in a text field.
func (f *form) Join(l []string) string { return strings.Join(l, ", ") }

// HasOp reports whether o is chosen.
func (f *form) HasOp(o record.Op) bool { return slices.Contains(f.Ops, o) }

// HasResult reports whether r is chosen.
func (f *form) HasResult(r record.Result) bool { return slices.Contains(f.Results, r) }

// Narrow opens the folded part of the form.
func (f *form) Narrow() bool { return f.narrow() }

// hiddenField is one parameter that a form of its own must give back.
type hiddenField struct{ Key, Value string }

// Hidden is the search as fields for a form that changes only its columns.
func (f *form) Hidden() []hiddenField {
	v := f.values()
	v.Del("cols")
	v.Del("cursor")
	var l []hiddenField
	for _, k := range slices.Sorted(maps.Keys(v)) {
		for _, s := range v[k] {
			l = append(l, hiddenField{k, s})
		}
	}
	return l
}
