package facets

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// maxDays is the longest stretch in which days without records are listed.
const maxDays = 366 * 40

// Facets is what was counted so far. Lists that were not asked for are empty. Paths
// that were counted by number are spelled now, as many as are needed.
func (c *Counter) Facets(ctx context.Context) (f *query.Facets, err error) {
	f = &query.Facets{Total: c.total, First: c.span.first, Last: c.span.last}
	if c.Wants(query.ListOps) {
		f.Ops = enumCounts(&c.ops, func(n int) string { return record.Op(n).String() })
	}
	if c.Wants(query.ListResults) {
		f.Results = enumCounts(&c.results, func(n int) string { return record.Result(n).String() })
	}
	if c.Wants(query.ListClients) {
		f.Clients, _ = c.most(c.clients)
	}
	if c.Wants(query.ListServers) {
		f.Servers, _ = c.most(c.servers)
	}
	if c.Wants(query.ListFolders) {
		f.Folders, _ = c.most(c.folders)
	}
	if c.Wants(query.ListPaths) {
		if f.Paths, f.PathsMore, err = c.topPaths(ctx); err != nil {
			return nil, err
		}
	}
	if c.Wants(query.ListPeople) {
		f.People, f.PeopleMore = c.topPeople()
	}
	if c.Wants(query.ListDays) {
		f.Days = c.dayList()
	}
	if c.Wants(query.ListHours) {
		h := c.hours
		f.Hours = &h
	}
	if c.Wants(query.ListFiles) {
		f.Files, f.FilesMore = c.topFiles()
	}
	return f, nil
}

func enumCounts(counts *[256]uint64, text func(int) string) []query.Count {
	var l []query.Count
	for n, k := range counts {
		if k > 0 {
			l = append(l, query.Count{Value: text(n), N: k})
		}
	}
	slices.SortStableFunc(l, moreFirst)
	return l
}

func moreFirst(a, b query.Count) int {
	if d := cmp.Compare(b.N, a.N); d != 0 {
		return d
	}
	return strings.Compare(a.Value, b.Value)
}

// most lists the values with the most records, and how many are left out.
func (c *Counter) most(m map[string]uint64) (l []query.Count, more int) {
	l = make([]query.Count, 0, min(len(m), 2*c.top))
	for v, n := range m {
		if l = append(l, query.Count{Value: v, N: n}); len(l) >= 2*c.top && len(l) > 1000 {
			slices.SortFunc(l, moreFirst)
			l = l[:c.top]
		}
	}
	slices.SortFunc(l, moreFirst)
	n := min(len(l), c.top)
	return slices.Clone(l[:n]), len(m) - n
}

func opCounts(ops Ops) map[record.Op]uint64 {
	m := make(map[record.Op]uint64)
	for o, n := range ops {
		if n > 0 {
			m[record.Op(o)] = uint64(n)
		}
	}
	return m
}

func (c *Counter) topPeople() (l []query.PersonCount, more int) {
	type entry struct {
		personKey
		p *Person
	}
	keys := make([]entry, 0, len(c.people))
	for k, p := range c.people {
		if p.N > 0 {
			keys = append(keys, entry{k, p})
		}
	}
	slices.SortFunc(keys, func(a, b entry) int {
		if d := cmp.Compare(b.p.N, a.p.N); d != 0 {
			return d
		}
		return cmp.Or(strings.Compare(a.user, b.user), strings.Compare(a.sid, b.sid))
	})
	n := min(len(keys), c.top)
	for _, k := range keys[:n] {
		p := k.p
		l = append(l, query.PersonCount{
			User: k.user, SID: k.sid, N: p.N, Ops: opCounts(p.Ops), Denied: p.Denied, First: p.span.first, Last: p.span.last, Clients: slices.Clone(p.clients),
		})
	}
	return l, len(keys) - n
}

func (c *Counter) topFiles() (l []query.FileCount, more int) {
	l = make([]query.FileCount, 0, len(c.files))
	for path, f := range c.files {
		l = append(l, query.FileCount{Path: path, N: f.N, First: f.First, Last: f.Last})
	}
	slices.SortFunc(l, func(a, b query.FileCount) int {
		if d := cmp.Compare(b.N, a.N); d != 0 {
			return d
		}
		return strings.Compare(a.Path, b.Path)
	})
	n := min(len(l), c.top)
	return slices.Clone(l[:n]), len(l) - n
}

// dayList is every day from the first to the last; when wrong clocks stretch
// that beyond maxDays, only the days with records.
func (c *Counter) dayList() []query.DayCount {
	keys := make([]int, 0, len(c.days))
	for k, d := range c.days {
		if d.N > 0 {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	var l []query.DayCount
	for i, k := range keys {
		if i > 0 && keys[len(keys)-1]-keys[0] < maxDays {
			for gap := keys[i-1] + 1; gap < k; gap++ {
				l = append(l, query.DayCount{Day: dayText(gap), Ops: map[record.Op]uint64{}})
			}
		}
		d := c.days[k]
		l = append(l, query.DayCount{Day: dayText(k), N: d.N, Ops: opCounts(d.Ops), Denied: d.Denied})
	}
	return l
}

func dayText(day int) string { return time.Unix(int64(day)*86400, 0).UTC().Format(time.DateOnly) }
