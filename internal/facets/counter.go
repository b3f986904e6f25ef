package facets

import (
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// DefaultTop is how many entries each list has when the query does not say.
const DefaultTop = 50

// maxClients is how many clients are named per person: the first by name.
const maxClients = 8

// Ops counts by operation; it ends with the highest that has a count, or
// somewhat behind it.
type Ops []uint32

// opsRoom is how many operations Ops makes room for at first.
const opsRoom = 32

// count adds n records of an operation.
func (o *Ops) count(op record.Op, n uint64) {
	if int(op) >= len(*o) {
		o.grow(int(op) + 1)
	}
	(*o)[op] += uint32(n)
}

func (o *Ops) grow(n int) {
	more := make(Ops, max(n, opsRoom))
	copy(more, *o)
	*o = more
}

// Person is what one person did.
type Person struct {
	N, Denied uint64
	Ops       Ops
	span      span
	clients   []string
}

// Day is what one calendar day brought.
type Day struct {
	N, Denied uint64
	Ops       Ops
}

// File is how often a path was touched.
type File struct {
	N           uint64
	First, Last int64
}

type personKey struct{ user, sid string }

// Counter collects Facets.
type Counter struct {
	zone    *time.Location
	lists   query.Lists
	top     int
	total   uint64
	span    span
	people  map[personKey]*Person
	ops     [256]uint64
	results [256]uint64
	clients map[string]uint64
	servers map[string]uint64
	folders map[string]uint64
	paths   map[string]uint64
	sources []counted // of paths, beside paths
	near    bool      // paths that are left out need not be counted exactly
	days    map[int]*Day
	hours   [7][24]uint64
	files   map[string]*File
	cal     *Calendar
}

// New makes a Counter for the lists and the length of lists that q asks for;
// zone is that of calendar days and hours, nil = UTC.
func New(q *query.Query, zone *time.Location) *Counter {
	if zone == nil {
		zone = time.UTC
	}
	c := &Counter{
		zone: zone, lists: q.Lists, top: q.Top, near: q.Near, people: make(map[personKey]*Person),
		clients: make(map[string]uint64), servers: make(map[string]uint64), folders: make(map[string]uint64), paths: make(map[string]uint64),
		days: make(map[int]*Day), files: make(map[string]*File), cal: NewCalendar(zone),
	}
	if c.top <= 0 {
		c.top = DefaultTop
	}
	return c
}

// Fresh is an empty Counter for the same lists.
func (c *Counter) Fresh() *Counter {
	return New(&query.Query{Lists: c.lists, Top: c.top, Near: c.near}, c.zone)
}

// Zone is the zone of days and hours.
func (c *Counter) Zone() *time.Location { return c.zone }

// Wants reports whether a list is asked for.
func (c *Counter) Wants(list query.Lists) bool { return c.lists.Has(list) }

// Add counts one record.
func (c *Counter) Add(r *record.Record) {
	bad := r.Result != record.Success
	c.AddTotal(1, r.Time, r.Time)
	c.AddOp(r.Op, 1)
	c.AddResult(r.Result, 1)
	c.AddServer(r.Server, 1)
	client := r.ClientIP
	if client == "" {
		client = r.ClientName
	}
	c.AddClient(client, 1)
	if c.Wants(query.ListPaths) {
		c.AddPath(r.Path, 1)
	}
	if c.Wants(query.ListFolders) && (r.Object == record.ObjectFile || r.Object == record.ObjectDirectory) {
		c.AddFolder(Parent(r.Path), 1)
	}
	if c.Wants(query.ListFiles) {
		c.AddFile(r.Path, 1, r.Time, r.Time)
		if r.NewPath != r.Path {
			c.AddFile(r.NewPath, 1, r.Time, r.Time)
		}
	}
	if c.Wants(query.ListDays) || c.Wants(query.ListHours) {
		at := c.cal.At(r.Time)
		c.AddHour(at.Weekday, at.Hour, 1)
		if d := c.Day(at.Day); d != nil {
			d.Add(r.Op, 1, bad)
		}
	}
	if p := c.Person(r.User, r.SID); p != nil {
		p.Add(r.Op, 1, bad, r.Time, r.Time)
		p.AddClient(client)
	}
}

// AddTotal counts n records between first and last (Unix ns, included).
func (c *Counter) AddTotal(n uint64, first, last int64) {
	if n == 0 {
		return
	}
	c.span.add(first, last)
	c.total += n
}

// AddTotalAt is AddTotal of rows whose times are read later, see ReadTimes. Of those that
// are somebody's, with AddSpots, AddTotalOf is enough.
func (c *Counter) AddTotalAt(n uint64, first, last Spot) {
	c.span.addSpots(first, last)
	c.total += n
}

// AddTotalOf counts n records, between whose times AddSpots of a person tells.
func (c *Counter) AddTotalOf(n uint64) { c.total += n }

// AddOp counts n records of an operation.
func (c *Counter) AddOp(o record.Op, n uint64) { c.ops[o] += n }

// AddResult counts n records of a result.
func (c *Counter) AddResult(r record.Result, n uint64) { c.results[r] += n }

// AddServer counts n records of a server.
func (c *Counter) AddServer(name string, n uint64) { c.servers[name] += n }

// AddClient counts n records of a client; "" is none.
func (c *Counter) AddClient(name string, n uint64) {
	if name != "" {
		c.clients[name] += n
	}
}

// AddPath counts n records of a path; "" is none.
func (c *Counter) AddPath(path string, n uint64) {
	if path != "" {
		c.paths[path] += n
	}
}

// AddFolder counts n records of files and folders in a folder; "" is none.
func (c *Counter) AddFolder(folder string, n uint64) {
	if folder != "" {
		c.folders[folder] += n
	}
}

// AddFile counts n records whose path or new path is this one; "" is none.
func (c *Counter) AddFile(path string, n uint64, first, last int64) {
	if path == "" || n == 0 {
		return
	}
	f := c.files[path]
	if f == nil {
		f = &File{First: first, Last: last}
		c.files[path] = f
	}
	f.N += n
	f.First, f.Last = min(f.First, first), max(f.Last, last)
}

// AddHour counts n records of a weekday (Sunday = 0) and hour.
func (c *Counter) AddHour(weekday, hour int, n uint64) { c.hours[weekday][hour] += n }

// Day is the sums of a calendar day, counted since 1970-01-01; nil when days
// are not wanted.
func (c *Counter) Day(day int) *Day {
	if !c.Wants(query.ListDays) {
		return nil
	}
	d := c.days[day]
	if d == nil {
		d = &Day{}
		c.days[day] = d
	}
	return d
}

// Add counts n records of an operation; bad: the result was no success.
func (d *Day) Add(o record.Op, n uint64, bad bool) {
	d.N += n
	d.Ops.count(o, n)
	if bad {
		d.Denied += n
	}
}

// Person is the sums of a person; nil when people are not wanted or when it is
// nobody.
func (c *Counter) Person(user, sid string) *Person {
	k := personKey{user, sid}
	if k == (personKey{}) || !c.Wants(query.ListPeople) {
		return nil
	}
	p := c.people[k]
	if p == nil {
		p = &Person{}
		c.people[k] = p
	}
	return p
}

// Add counts n records of an operation between first and last.
func (p *Person) Add(o record.Op, n uint64, bad bool, first, last int64) {
	if n > 0 {
		p.span.add(first, last)
		p.Count(o, n, bad)
	}
}

// AddSpots says when something was that Count counted: its first and its last row, whose
// times are read later, see ReadTimes.
func (p *Person) AddSpots(first, last Spot) { p.span.addSpots(first, last) }

// Count is Add without times.
func (p *Person) Count(o record.Op, n uint64, bad bool) {
	p.N += n
	p.Ops.count(o, n)
	if bad {
		p.Denied += n
	}
}

// AddClient names a client of the person; "" is none.
func (p *Person) AddClient(name string) {
	if name == "" || len(p.clients) == maxClients && name >= p.clients[maxClients-1] {
		return
	}
	at, ok := slices.BinarySearch(p.clients, name)
	if ok || at == maxClients {
		return
	}
	if len(p.clients) == maxClients {
		p.clients = p.clients[:maxClients-1]
	}
	p.clients = slices.Insert(p.clients, at, name)
}

// Merge adds what another Counter of the same query counted. The other is used
// up.
func (c *Counter) Merge(o *Counter) {
	if c.empty() {
		cal := c.cal
		*c = *o
		c.cal = cal
		return
	}
	c.total += o.total
	c.span.merge(&o.span)
	for i := range o.ops {
		c.ops[i] += o.ops[i]
		c.results[i] += o.results[i]
	}
	for _, m := range []struct{ to, from map[string]uint64 }{{c.clients, o.clients}, {c.servers, o.servers}, {c.folders, o.folders}, {c.paths, o.paths}} {
		for k, n := range m.from {
			m.to[k] += n
		}
	}
	c.sources = append(c.sources, o.sources...)
	for k, f := range o.files {
		c.AddFile(k, f.N, f.First, f.Last)
	}
	for d := range o.hours {
		for h, n := range o.hours[d] {
			c.hours[d][h] += n
		}
	}
	for k, from := range o.days {
		if d := c.Day(k); d != nil {
			d.N, d.Denied = d.N+from.N, d.Denied+from.Denied
			d.Ops.add(from.Ops)
		}
	}
	for k, from := range o.people {
		p := c.Person(k.user, k.sid)
		if p == nil || from.N == 0 {
			continue
		}
		p.N, p.Denied = p.N+from.N, p.Denied+from.Denied
		p.span.merge(&from.span)
		p.Ops.add(from.Ops)
		for _, name := range from.clients {
			p.AddClient(name)
		}
	}
}

// empty reports whether nothing was counted.
func (c *Counter) empty() bool {
	return c.total == 0 && len(c.people)+len(c.clients)+len(c.servers)+len(c.folders)+len(c.paths)+len(c.sources)+len(c.days)+len(c.files) == 0 &&
		c.ops == [256]uint64{} && c.results == [256]uint64{} && c.hours == [7][24]uint64{}
}

func (o *Ops) add(from Ops) {
	if len(from) > len(*o) {
		o.grow(len(from))
	}
	l := *o
	for i, n := range from {
		l[i] += n
	}
}

// Parent is the folder of a path, "" when it names none.
func Parent(path string) string {
	i := strings.LastIndexByte(path, '\\')
	switch {
	case i <= 0:
		return ""
	case i == 2 && path[1] == ':':
		return path[:3]
	}
	return path[:i]
}
