package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"golang.org/x/sync/errgroup"
)

const (
	topN       = 50 // entries of each list of Facets
	maxClients = 8  // clients named per person
	maxDays    = 366 * 40
)

// person collects what one person did.
type person struct {
	n, denied   uint64
	ops         [256]uint32
	first, last int64
	clients     []string
}

type personKey struct{ user, sid string }

type day struct {
	n, denied uint64
	ops       [256]uint32
}

// counter collects Facets. Within a block it counts by place in the string
// table and turns to strings once per block.
type counter struct {
	zone                                   *time.Location
	total                                  uint64
	first, last                            int64
	people                                 map[personKey]*person
	ops, results                           [256]uint64
	clients, servers, folders, paths       map[string]uint64
	days                                   map[int64]*day
	day                                    *day // of [dayFrom, dayTo)
	dayFrom, dayTo                         int64
	blockPeople                            map[[2]uint32]*person
	blockClients, blockServers, blockPaths []uint32
	blockFolders                           []uint32
}

// Facets counts everything that q finds. Limit and Cursor of q do not matter.
func (s *Store) Facets(ctx context.Context, q query.Query) (*query.Facets, error) {
	q.Cursor = ""
	refs, err := s.blocks(&q)
	if err != nil {
		return nil, err
	}
	c := &counter{
		zone: s.opt.Zone, people: make(map[personKey]*person),
		clients: make(map[string]uint64), servers: make(map[string]uint64), folders: make(map[string]uint64), paths: make(map[string]uint64),
		days: make(map[int64]*day),
	}
	m := newMatcher(q)
	err = s.each(ctx, refs, func(b *record.Block) { c.add(b, m) })
	if err != nil {
		return nil, err
	}
	return c.facets(), ctx.Err()
}

// each calls fn for the blocks, in order, while the next ones are decoded.
// Damaged blocks are noted and left out.
func (s *Store) each(ctx context.Context, refs []*recBlock, fn func(*record.Block)) error {
	group, gctx := errgroup.WithContext(ctx)
	ready := make(chan *record.Block, 2)
	group.Go(func() error {
		defer close(ready)
		for _, ref := range refs {
			b, err := s.block(gctx, ref)
			if isDamage(err) {
				continue
			}
			if err != nil {
				return err
			}
			select {
			case ready <- b:
			case <-gctx.Done():
				return gctx.Err()
			}
		}
		return nil
	})
	for b := range ready {
		fn(b)
	}
	return group.Wait()
}

// zeroed returns l with n zeros.
func zeroed(l []uint32, n int) []uint32 {
	l = slices.Grow(l[:0], n)[:n]
	clear(l)
	return l
}

func (c *counter) add(b *record.Block, m *matcher) {
	n := len(b.Text)
	c.blockPeople = make(map[[2]uint32]*person)
	c.blockClients = zeroed(c.blockClients, n)
	c.blockServers = zeroed(c.blockServers, n)
	c.blockPaths = zeroed(c.blockPaths, n)
	c.blockFolders = zeroed(c.blockFolders, n)
	for i := range b.Len() {
		if m.match(b, i) {
			c.row(b, i)
		}
	}
	for code := range n {
		text := b.Text[code]
		if k := c.blockClients[code]; k > 0 {
			c.clients[text] += uint64(k)
		}
		if k := c.blockServers[code]; k > 0 {
			c.servers[text] += uint64(k)
		}
		if k := c.blockPaths[code]; k > 0 && text != "" {
			c.paths[text] += uint64(k)
		}
		if k := c.blockFolders[code]; k > 0 {
			if f := parent(text); f != "" {
				c.folders[f] += uint64(k)
			}
		}
	}
}

// parent is the folder of a path, "" when it names none.
func parent(path string) string {
	i := strings.LastIndexByte(path, '\\')
	switch {
	case i <= 0:
		return ""
	case i == 2 && path[1] == ':':
		return path[:3]
	}
	return path[:i]
}

func (c *counter) row(b *record.Block, i int) {
	t, op, bad := b.Time(i), b.Op(i), b.Result(i) != record.Success
	if c.total == 0 || t < c.first {
		c.first = t
	}
	if c.total == 0 || t > c.last {
		c.last = t
	}
	c.total++
	c.ops[op]++
	c.results[b.Result(i)]++
	c.blockServers[b.Code(record.ColServer, i)]++
	c.blockPaths[b.Code(record.ColPath, i)]++
	if o := b.Object(i); o == record.ObjectFile || o == record.ObjectDirectory {
		c.blockFolders[b.Code(record.ColPath, i)]++
	}
	client := b.Code(record.ColClientIP, i)
	if b.Text[client] == "" {
		client = b.Code(record.ColClientName, i)
	}
	if b.Text[client] != "" {
		c.blockClients[client]++
	}
	d := c.dayOf(t)
	d.n++
	d.ops[op]++
	if bad {
		d.denied++
	}
	c.person(b, i, t, client, bad)
}

func (c *counter) person(b *record.Block, i int, t int64, client uint32, bad bool) {
	codes := [2]uint32{b.Code(record.ColUser, i), b.Code(record.ColSID, i)}
	p := c.blockPeople[codes]
	if p == nil {
		k := personKey{b.Text[codes[0]], b.Text[codes[1]]}
		if k == (personKey{}) {
			return // nobody's record
		}
		if p = c.people[k]; p == nil {
			p = &person{first: t, last: t}
			c.people[k] = p
		}
		c.blockPeople[codes] = p
	}
	p.n++
	p.ops[b.Op(i)]++
	p.first, p.last = min(p.first, t), max(p.last, t)
	if bad {
		p.denied++
	}
	if text := b.Text[client]; text != "" && len(p.clients) < maxClients && !slices.Contains(p.clients, text) {
		p.clients = append(p.clients, text)
	}
}

// dayOf finds the calendar day of t; days are keyed by their start.
func (c *counter) dayOf(t int64) *day {
	if c.day != nil && t >= c.dayFrom && t < c.dayTo {
		return c.day
	}
	y, mo, d := time.Unix(0, t).In(c.zone).Date()
	start := time.Date(y, mo, d, 0, 0, 0, 0, c.zone)
	c.dayFrom, c.dayTo = start.UnixNano(), time.Date(y, mo, d+1, 0, 0, 0, 0, c.zone).UnixNano()
	if c.dayTo < c.dayFrom { // the ends of what fits in 64 bits
		c.dayFrom, c.dayTo = t, t
	}
	key := time.Date(y, mo, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
	if c.day = c.days[key]; c.day == nil {
		c.day = &day{}
		c.days[key] = c.day
	}
	return c.day
}

func (c *counter) facets() *query.Facets {
	f := &query.Facets{
		Total: c.total, First: c.first, Last: c.last,
		Clients: top(c.clients), Servers: top(c.servers), Folders: top(c.folders), Paths: top(c.paths),
	}
	for n, k := range c.ops {
		if k > 0 {
			f.Ops = append(f.Ops, query.Count{Value: record.Op(n).String(), N: k})
		}
	}
	for n, k := range c.results {
		if k > 0 {
			f.Results = append(f.Results, query.Count{Value: record.Result(n).String(), N: k})
		}
	}
	slices.SortStableFunc(f.Ops, moreFirst)
	slices.SortStableFunc(f.Results, moreFirst)
	f.People, f.PeopleMore = c.topPeople()
	f.Days = c.dayList()
	return f
}

func moreFirst(a, b query.Count) int {
	return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Value, b.Value))
}

func top(m map[string]uint64) []query.Count {
	l := make([]query.Count, 0, len(m))
	for v, n := range m {
		l = append(l, query.Count{Value: v, N: n})
	}
	slices.SortFunc(l, moreFirst)
	return slices.Clone(l[:min(len(l), topN)])
}

func opCounts(ops *[256]uint32) map[record.Op]uint64 {
	m := make(map[record.Op]uint64)
	for o, n := range ops {
		if n > 0 {
			m[record.Op(o)] = uint64(n)
		}
	}
	return m
}

func (c *counter) topPeople() (l []query.PersonCount, more int) {
	keys := make([]personKey, 0, len(c.people))
	for k := range c.people {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b personKey) int {
		return cmp.Or(cmp.Compare(c.people[b].n, c.people[a].n), strings.Compare(a.user, b.user), strings.Compare(a.sid, b.sid))
	})
	n := min(len(keys), topN)
	for _, k := range keys[:n] {
		p := c.people[k]
		slices.Sort(p.clients)
		l = append(l, query.PersonCount{
			User: k.user, SID: k.sid, N: p.n, Ops: opCounts(&p.ops), Denied: p.denied, First: p.first, Last: p.last, Clients: p.clients,
		})
	}
	return l, len(keys) - n
}

// dayList is every day from the first to the last; when wrong clocks stretch
// that beyond maxDays, only the days with records.
func (c *counter) dayList() []query.DayCount {
	keys := make([]int64, 0, len(c.days))
	for k := range c.days {
		keys = append(keys, k)
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
		l = append(l, query.DayCount{Day: dayText(k), N: d.n, Ops: opCounts(&d.ops), Denied: d.denied})
	}
	return l
}

func dayText(day int64) string { return time.Unix(day*86400, 0).UTC().Format(time.DateOnly) }
