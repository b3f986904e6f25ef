package store_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// complete is set when the store knows segments, and with them every form of a
// query. Without, oldest first and lists by choice are left out.
const complete = store.FormatVersion >= 3

// zone is the zone of the stores under test: half an hour off, so that days and
// hours of UTC would show.
func zone() *time.Location { return time.FixedZone("test", 5*3600+1800) }

// find is the naive search.
func find(q query.Query, st *state) (l []record.Record) {
	from := st.Records
	if q.Superseded {
		from = st.Superseded
	}
	m := query.NewMatcher(q)
	for i := range from {
		if m.Match(&from[i]) {
			l = append(l, from[i])
		}
	}
	if q.Oldest {
		slices.Reverse(l)
	}
	return l
}

// checkQuery compares all pages and the counts of a query with the naive ones.
func checkQuery(ctx context.Context, s *store.Store, q query.Query, st *state) error {
	if !complete {
		q.Oldest, q.Lists, q.Top = false, 0, 0
	}
	want := find(q, st)
	got, err := pages(ctx, s, q)
	if err != nil {
		return fmt.Errorf("%+v: %w", q, err)
	}
	if d := recordDiff(want, got); d != "equal" {
		return fmt.Errorf("%+v: %s", q, d)
	}
	f, err := s.Facets(ctx, q)
	if err != nil {
		return fmt.Errorf("facets of %+v: %w", q, err)
	}
	if d := gocmp.Diff(count(q, want), f, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(query.Facets{}, ignored(q)...), gocmp.FilterValues(someClients, gocmp.Ignore())); d != "" {
		return fmt.Errorf("facets of %+v (-want +got):\n%.3000s", q, d)
	}
	return nil
}

// ignored are the lists that were not asked for.
func ignored(q query.Query) (l []string) {
	for _, x := range []struct {
		list   query.Lists
		fields []string
	}{
		{query.ListPeople, []string{"People", "PeopleMore"}}, {query.ListOps, []string{"Ops"}}, {query.ListResults, []string{"Results"}},
		{query.ListClients, []string{"Clients"}}, {query.ListServers, []string{"Servers"}}, {query.ListFolders, []string{"Folders"}},
		{query.ListPaths, []string{"Paths", "PathsMore"}}, {query.ListDays, []string{"Days"}}, {query.ListHours, []string{"Hours"}},
		{query.ListFiles, []string{"Files", "FilesMore"}},
	} {
		if !q.Lists.Has(x.list) {
			l = append(l, x.fields...)
		}
	}
	if !complete {
		l = append(l, "PathsMore", "Hours", "Files", "FilesMore")
	}
	return l
}

// someClients tells lists of a person's computers that are not all named: any
// eight will do.
func someClients(a, b []string) bool { return min(len(a), len(b)) == 8 && max(len(a), len(b)) > 8 }

// counts counts values.
type counts map[string]uint64

func (c counts) top(n int) (l []query.Count) {
	for v, k := range c {
		l = append(l, query.Count{Value: v, N: k})
	}
	slices.SortFunc(l, func(a, b query.Count) int { return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Value, b.Value)) })
	return l[:min(n, len(l))]
}

// folder is the folder of a path, "" when it names none.
func folder(path string) string {
	i := strings.LastIndexByte(path, '\\')
	switch {
	case i <= 0:
		return ""
	case i == 2 && path[1] == ':':
		return path[:3]
	}
	return path[:i]
}

// count is the naive Facets of the records that a query finds.
func count(q query.Query, l []record.Record) *query.Facets {
	top := cmp.Or(q.Top, 50)
	f := &query.Facets{Total: uint64(len(l)), Hours: &[7][24]uint64{}}
	ops, results, clients, servers, folders, paths := counts{}, counts{}, counts{}, counts{}, counts{}, counts{}
	files := map[string]*query.FileCount{}
	for i := range l {
		r := &l[i]
		if i == 0 || r.Time < f.First {
			f.First = r.Time
		}
		if i == 0 || r.Time > f.Last {
			f.Last = r.Time
		}
		ops[r.Op.String()]++
		results[r.Result.String()]++
		servers[r.Server]++
		if c := cmp.Or(r.ClientIP, r.ClientName); c != "" {
			clients[c]++
		}
		if r.Path != "" {
			paths[r.Path]++
		}
		if p := folder(r.Path); p != "" && (r.Object == record.ObjectFile || r.Object == record.ObjectDirectory) {
			folders[p]++
		}
		for _, p := range slices.Compact([]string{r.Path, r.NewPath}) {
			if p == "" {
				continue
			}
			c := files[p]
			if c == nil {
				c = &query.FileCount{Path: p, First: r.Time, Last: r.Time}
				files[p] = c
			}
			c.N++
			c.First, c.Last = min(c.First, r.Time), max(c.Last, r.Time)
		}
		t := time.Unix(0, r.Time).In(zone())
		f.Hours[t.Weekday()][t.Hour()]++
	}
	f.Ops, f.Results = ops.top(len(ops)), results.top(len(results))
	f.Clients, f.Servers, f.Folders, f.Paths = clients.top(top), servers.top(top), folders.top(top), paths.top(top)
	f.PathsMore = max(0, len(paths)-top)
	for _, c := range files {
		f.Files = append(f.Files, *c)
	}
	slices.SortFunc(f.Files, func(a, b query.FileCount) int { return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Path, b.Path)) })
	f.FilesMore = max(0, len(f.Files)-top)
	f.Files = f.Files[:min(top, len(f.Files))]
	f.People, f.PeopleMore = countPeople(l, top)
	f.Days = countDays(l)
	return f
}

func countPeople(l []record.Record, top int) (out []query.PersonCount, more int) {
	type key struct{ user, sid string }
	people := map[key]*query.PersonCount{}
	for i := range l {
		r := &l[i]
		k := key{r.User, r.SID}
		if k == (key{}) {
			continue
		}
		p := people[k]
		if p == nil {
			p = &query.PersonCount{User: r.User, SID: r.SID, First: r.Time, Last: r.Time, Ops: map[record.Op]uint64{}}
			people[k] = p
		}
		p.N++
		p.Ops[r.Op]++
		if r.Result != record.Success {
			p.Denied++
		}
		p.First, p.Last = min(p.First, r.Time), max(p.Last, r.Time)
		if c := cmp.Or(r.ClientIP, r.ClientName); c != "" && !slices.Contains(p.Clients, c) {
			p.Clients = append(p.Clients, c)
		}
	}
	for _, p := range people {
		slices.Sort(p.Clients)
		out = append(out, *p)
	}
	slices.SortFunc(out, func(a, b query.PersonCount) int {
		return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.User, b.User), strings.Compare(a.SID, b.SID))
	})
	n := min(top, len(out))
	return out[:n], len(out) - n
}

func countDays(l []record.Record) (out []query.DayCount) {
	days := map[string]*query.DayCount{}
	var first, last time.Time
	for i := range l {
		r := &l[i]
		t := time.Unix(0, r.Time).In(zone())
		day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
		if i == 0 || day.Before(first) {
			first = day
		}
		if i == 0 || day.After(last) {
			last = day
		}
		k := day.Format(time.DateOnly)
		if days[k] == nil {
			days[k] = &query.DayCount{Day: k, Ops: map[record.Op]uint64{}}
		}
		days[k].N++
		days[k].Ops[r.Op]++
		if r.Result != record.Success {
			days[k].Denied++
		}
	}
	for d := first; len(l) > 0 && !d.After(last); d = d.AddDate(0, 0, 1) {
		k := d.Format(time.DateOnly)
		if days[k] == nil {
			days[k] = &query.DayCount{Day: k, Ops: map[record.Op]uint64{}}
		}
		out = append(out, *days[k])
	}
	return out
}

// some gives none, one or two of the values.
func some[T any](r *rand.Rand, chance int, value func() T) (l []T) {
	if r.IntN(chance) > 0 {
		return nil
	}
	for range 1 + r.IntN(2) {
		l = append(l, value())
	}
	return l
}
