package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// list is a list of Facets with its name on the command line and in JSON.
type list struct {
	name string
	bit  query.Lists
}

var lists = [...]list{
	{"people", query.ListPeople}, {"ops", query.ListOps}, {"results", query.ListResults}, {"clients", query.ListClients},
	{"servers", query.ListServers}, {"folders", query.ListFolders}, {"paths", query.ListPaths}, {"files", query.ListFiles},
	{"days", query.ListDays}, {"hours", query.ListHours},
}

func listNames() []string {
	var l []string
	for _, x := range lists {
		l = append(l, x.name)
	}
	return l
}

// parseLists reads names with commas between them; bad is the first unknown
// one. "all" is every list but files, which says what paths says.
func parseLists(s string) (l query.Lists, bad string) {
	for name := range strings.SplitSeq(s, ",") {
		name = strings.TrimSpace(name)
		i := slices.IndexFunc(lists[:], func(x list) bool { return x.name == name })
		switch {
		case name == "all":
			for _, x := range lists {
				if x.bit != query.ListFiles {
					l |= x.bit
				}
			}
		case i < 0:
			return 0, name
		default:
			l |= lists[i].bit
		}
	}
	return l, ""
}

// ask counts everything that is found, with lists of at most top entries.
func (s *search) ask(ctx context.Context, l query.Lists, top int) (*query.Facets, error) {
	q := s.q
	if q.Limit > 0 {
		top = q.Limit
	}
	if s.o.All {
		top = math.MaxInt32
	}
	q.Lists, q.Top, q.Limit = l, top, 0
	ctx, show := s.countProgress(ctx)
	f, err := s.in.Facets(ctx, q)
	show.end()
	if err == nil {
		s.tellReached(&f.Reached)
	}
	if err != nil && ctx.Err() != nil {
		s.note("cli.search.interrupted", "n", 0)
		return nil, &exit{code: exitInterrupted}
	}
	return f, err
}

// count prints how many records are found.
func (s *search) count(ctx context.Context) (bool, error) {
	f, err := s.ask(ctx, query.ListResults, 1)
	if err != nil {
		return false, err
	}
	text := strconv.FormatUint(f.Total, 10)
	if s.o.Format == "json" {
		text = `{"records":` + text + reachedJSON(&f.Reached) + `}`
	}
	_, err = fmt.Fprintln(s.Stdout, text)
	return f.Total > 0, err
}

// reachedJSON are the members that say how many days of an answer the store does not
// hold; none when there are none.
func reachedJSON(r *query.Reached) string {
	var b []byte
	for _, x := range [...]struct {
		name string
		days []string
	}{{"archived_days", r.Archived}, {"restored_days", r.Restored}, {"unread_days", r.Unread}} {
		if len(x.days) > 0 {
			b = strconv.AppendInt(append(append(append(b, `,"`...), x.name...), `":`...), int64(len(x.days)), 10)
		}
	}
	if l, err := json.Marshal(r.Taken); err == nil && len(r.Taken) > 0 {
		b = append(append(b, `,"taken_out":`...), l...)
	}
	return string(b)
}

// files prints the distinct files and folders that are found.
func (s *search) files(ctx context.Context) (bool, error) {
	f, err := s.ask(ctx, query.ListFiles, s.o.Limit)
	if err != nil {
		return false, err
	}
	return s.alone(filesOf(f))
}

// people prints the distinct people who are found.
func (s *search) people(ctx context.Context) (bool, error) {
	f, err := s.ask(ctx, query.ListPeople, s.o.Limit)
	if err != nil {
		return false, err
	}
	return s.alone(s.peopleOf(f))
}

// alone prints one list.
func (s *search) alone(l *listing) (bool, error) {
	if err := l.write(s.Stdout, s.o.Format, s.p, s.zone); err != nil {
		return false, err
	}
	if l.more > 0 {
		s.note("cli.search.entries", "n", l.more)
	}
	return len(l.rows) > 0, nil
}

// facets prints the wanted lists of counts.
func (s *search) facets(ctx context.Context) (bool, error) {
	want, _ := parseLists(s.o.Facets)
	f, err := s.ask(ctx, want, 10)
	if err != nil {
		return false, err
	}
	if s.o.Format == "json" {
		return f.Total > 0, s.facetsJSON(f, want)
	}
	if f.Total == 0 {
		return false, nil
	}
	out, first, last := s.Stdout, words(s.p, s.zone, moment(f.First)), words(s.p, s.zone, moment(f.Last))
	fmt.Fprintln(out, s.p.T("cli.facets.total", "n", f.Total, "first", first, "last", last, "zone", s.zone))
	for _, x := range lists {
		l := s.listing(f, x)
		if want&x.bit == 0 || x.bit != query.ListHours && len(l.rows) == 0 || x.bit == query.ListHours && f.Hours == nil {
			continue
		}
		fmt.Fprintln(out, "\n"+s.p.T("cli.facets."+x.name))
		if x.bit == query.ListHours {
			if err := s.hours(f.Hours); err != nil {
				return true, err
			}
			continue
		}
		if err := l.print(out, s.p, s.zone, "  "); err != nil {
			return true, err
		}
		if l.more > 0 {
			fmt.Fprintln(out, "  "+s.p.T("cli.search.entries", "n", l.more))
		}
	}
	return true, nil
}

func (s *search) facetsJSON(f *query.Facets, want query.Lists) error {
	b := strconv.AppendUint([]byte(`{"total":`), f.Total, 10)
	b = appendCell(append(b, `,"first":`...), moment(f.First))
	b = appendCell(append(b, `,"last":`...), moment(f.Last))
	b = append(b, reachedJSON(&f.Reached)...)
	for _, x := range lists {
		if want&x.bit == 0 {
			continue
		}
		b = append(append(append(b, ",\n\""...), x.name...), `":`...)
		if x.bit == query.ListHours {
			b = appendHours(b, f.Hours)
			continue
		}
		l := s.listing(f, x)
		b = l.appendJSON(b)
		if l.more > 0 {
			b = strconv.AppendInt(append(append(append(b, ",\n\""...), x.name...), `_more":`...), int64(l.more), 10)
		}
	}
	_, err := s.Stdout.Write(append(b, "}\n"...))
	return err
}

func appendHours(b []byte, hours *[7][24]uint64) []byte {
	if hours == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for d, day := range hours {
		if d > 0 {
			b = append(b, ',')
		}
		for h, n := range day {
			sep := byte(',')
			if h == 0 {
				sep = '['
			}
			b = strconv.AppendUint(append(b, sep), n, 10)
		}
		b = append(b, ']')
	}
	return append(b, ']')
}

// listing is one list of f.
func (s *search) listing(f *query.Facets, x list) *listing {
	counts := func(kind string, l []query.Count) *listing {
		t := newListing(x.name, "records", "value")
		for _, c := range l {
			v := c.Value
			if kind != "" && s.o.Format == "table" {
				v = s.p.T("web." + kind + "." + v)
			}
			t.add(c.N, v)
		}
		return t
	}
	switch x.bit {
	case query.ListPeople:
		return s.peopleOf(f)
	case query.ListOps:
		return counts("op", f.Ops)
	case query.ListResults:
		return counts("result", f.Results)
	case query.ListClients:
		return counts("", f.Clients)
	case query.ListServers:
		return counts("", f.Servers)
	case query.ListFolders:
		return counts("", f.Folders)
	case query.ListPaths:
		t := counts("", f.Paths)
		t.more = f.PathsMore
		return t
	case query.ListFiles:
		return filesOf(f)
	case query.ListDays:
		t := newListing(x.name, "day", "records", "denied")
		for _, d := range f.Days {
			t.add(d.Day, d.N, d.Denied)
		}
		return t
	}
	return newListing(x.name)
}

func filesOf(f *query.Facets) *listing {
	t := newListing("files", "records", "first", "last", "path")
	t.more = f.FilesMore
	for _, x := range f.Files {
		t.add(x.N, moment(x.First), moment(x.Last), x.Path)
	}
	return t
}

func (s *search) peopleOf(f *query.Facets) *listing {
	t := newListing("people", "user", "+sid", "records", "denied", "first", "last", "+clients", "+ops")
	t.more = f.PeopleMore
	for _, p := range f.People {
		user := p.User
		if user == "" && s.o.Format == "table" {
			user = cmp.Or(p.SID, s.p.T("cli.list.nobody"))
		}
		var ops []query.Count
		for _, o := range record.Ops() {
			if n := p.Ops[o]; n > 0 {
				ops = append(ops, query.Count{Value: o.String(), N: n})
			}
		}
		t.add(user, p.SID, p.N, p.Denied, moment(p.First), moment(p.Last), p.Clients, ops)
	}
	return t
}

// hours prints the week's days as lines and the hours of the day as columns.
func (s *search) hours(hours *[7][24]uint64) error {
	width := 2
	for _, day := range hours {
		for _, n := range day {
			width = max(width, len(strconv.FormatUint(n, 10)))
		}
	}
	line := "  " + runewidth.FillRight("", 4)
	for h := range 24 {
		line += fmt.Sprintf(" %*d", width, h)
	}
	if _, err := fmt.Fprintln(s.Stdout, line); err != nil {
		return err
	}
	for d := range 7 {
		day := (d + 1) % 7 // Monday first
		line = "  " + runewidth.FillRight(s.p.T("cli.weekday."+strconv.Itoa(day)), 4)
		for _, n := range hours[day] {
			line += fmt.Sprintf(" %*d", width, n)
		}
		if _, err := fmt.Fprintln(s.Stdout, line); err != nil {
			return err
		}
	}
	return nil
}
