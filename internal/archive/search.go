package archive

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/akashi-audit/akashi/internal/erasure"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/segment"
)

// defaultLimit is the size of a page when the query names none.
const defaultLimit = 100

// ErrNotFound: no archived record has this id.
var ErrNotFound = errors.New("no such archived record")

// Only chooses the days of servers that are searched; nil = all. Days are as in
// the manifests.
type Only func(server, day string) bool

// Search returns one page of the archived records that a query finds, in the
// order and with the cursor of the record store, and notes the days it read. Erased
// records are left out.
func (a *Archive) Search(ctx context.Context, q query.Query, only Only) (*query.Page, error) {
	after, err := query.ParseCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	s := &finder{a: a, q: q, m: query.NewMatcher(q), filter: segment.NewFilter(q), after: after, limit: limit + 1}
	page := &query.Page{}
	page.Unread, _ = a.Unread()
	if err := s.days(ctx, a.wanted(&q, only), page); err != nil {
		return nil, err
	}
	page.Records = s.sorted()
	if len(page.Records) > limit {
		page.Records = page.Records[:limit]
		at := query.PositionOf(&page.Records[limit-1])
		page.Next = at.Cursor()
	}
	page.Sort()
	return page, nil
}

// days goes through days, in their order, until nothing better can come. While one is
// taken others are looked through already.
func (s *finder) days(ctx context.Context, days []key, page *query.Page) (err error) {
	s.a.using.RLock()
	defer s.a.using.RUnlock()
	ctx, cancel := context.WithCancel(ctx)
	var ahead []chan *dayScan
	defer func() {
		cancel()
		for _, c := range ahead {
			err = errors.Join(err, (<-c).close())
		}
	}()
	for {
		for len(days) > 0 && len(ahead) < runtime.GOMAXPROCS(0) {
			k := days[0]
			days = days[1:]
			if !s.reaches(k) {
				continue
			}
			out := make(chan *dayScan, 1)
			ahead = append(ahead, out)
			go func() { out <- s.scan(ctx, k) }()
		}
		if len(ahead) == 0 {
			return nil
		}
		d := <-ahead[0]
		ahead = ahead[1:]
		if !s.reaches(d.key) {
			if err := d.close(); err != nil {
				return err
			}
			continue
		}
		page.Note(d.day, d.quick, d.stale)
		if err := s.day(ctx, d); err != nil {
			return err
		}
	}
}

// wanted lists the days that can hold something, in the order of results.
func (a *Archive) wanted(q *query.Query, only Only) []key {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []key
	var orders []erasure.Erasure
	if q.Removed {
		if all, err := a.hiding(); err == nil { // else look says why
			orders = erasure.Effective(erasure.OrdersOf(all.List()))
		}
	}
	for k, parts := range a.days {
		inTime := func(p part) bool {
			return p.Records > 0 && (q.From == 0 || p.Last >= q.From) && (q.To == 0 || p.First < q.To)
		}
		if q.WantsServer(k.server) && slices.ContainsFunc(parts, inTime) && (!q.Removed || slices.ContainsFunc(orders, func(e erasure.Erasure) bool { return e.Concerns(k.server) && meets(parts, e.From, e.To) })) && (only == nil || only(k.server, k.day)) {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(x, y key) int {
		c := strings.Compare(y.day, x.day)
		if q.Oldest {
			c = -c
		}
		return cmp.Or(c, strings.Compare(x.server, y.server))
	})
	return out
}

// meets reports whether parts have records of a period.
func meets(parts []part, from, to int64) bool {
	return slices.ContainsFunc(parts, func(p part) bool { return p.Records > 0 && p.Last >= from && p.First < to })
}

// finder keeps the best records of a search that runs: the worst is on top.
type finder struct {
	a      *Archive
	q      query.Query
	m      *query.Matcher
	filter *segment.Filter
	after  *query.Position
	limit  int
	l      []record.Record

	mu    sync.Mutex
	spare [][]group // conditions that no day uses now, with what they know of folders
}

// takeGroups gives the conditions of the query for a day: they are used by one at a
// time, and go on from day to day because the same folders come again.
func (s *finder) takeGroups() []group {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.spare); n > 0 {
		g := s.spare[n-1]
		s.spare = s.spare[:n-1]
		return g
	}
	return groups(&s.q)
}

func (s *finder) giveGroups(g []group) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spare = append(s.spare, g)
}

func (s *finder) compare(a, b *query.Position) int {
	if s.q.Oldest {
		return b.Compare(a)
	}
	return a.Compare(b)
}

func (s *finder) Len() int      { return len(s.l) }
func (s *finder) Swap(i, j int) { s.l[i], s.l[j] = s.l[j], s.l[i] }
func (s *finder) Less(i, j int) bool {
	a, b := query.PositionOf(&s.l[i]), query.PositionOf(&s.l[j])
	return s.compare(&a, &b) > 0
}
func (s *finder) Push(x any) { s.l = append(s.l, x.(record.Record)) }
func (s *finder) Pop() any {
	r := s.l[len(s.l)-1]
	s.l = s.l[:len(s.l)-1]
	return r
}

func (s *finder) sorted() []record.Record {
	slices.SortFunc(s.l, func(x, y record.Record) int {
		a, b := query.PositionOf(&x), query.PositionOf(&y)
		return s.compare(&a, &b)
	})
	return s.l
}

// reaches reports whether a day can hold something better than what there is, and
// behind the cursor.
func (s *finder) reaches(k key) bool {
	first, last := s.a.times(k)
	if s.after != nil && (!s.q.Oldest && first > s.after.Time || s.q.Oldest && last < s.after.Time) {
		return false
	}
	if len(s.l) < s.limit {
		return true
	}
	worst := s.l[0].Time
	return !s.q.Oldest && last >= worst || s.q.Oldest && first <= worst
}

// times bound the records of a day.
func (a *Archive) times(k key) (first, last int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	none := true
	for _, p := range a.days[k] {
		switch {
		case p.Records == 0:
		case none:
			first, last, none = p.First, p.Last, false
		default:
			first, last = min(first, p.First), max(last, p.Last)
		}
	}
	return first, last
}

// errEnough ends a walk that has found what it looked for.
var errEnough = errors.New("found")

// Record returns the archived record with this id: the one that holds, else the
// superseded one that came last, else what the term of a class took out of the store,
// else ErrNotFound.
func (a *Archive) Record(ctx context.Context, id record.ID) (*record.Record, error) {
	best, err := a.record(ctx, id, shown)
	if best == nil && err == nil && a.ordered(id.Server) {
		best, err = a.record(ctx, id, taken)
	}
	if best == nil && err == nil {
		err = ErrNotFound
	}
	return best, err
}

// ordered reports whether terms took records of a server out of the store.
func (a *Archive) ordered(server string) bool {
	_, hidden, err := a.look(key{server: server})
	return err == nil && len(erasure.OrdersOf(hidden.List())) > 0
}

func (a *Archive) record(ctx context.Context, id record.ID, w which) (*record.Record, error) {
	var best *record.Record
	for _, k := range a.near(id) {
		r, err := a.recordOf(ctx, k, id, w)
		if err != nil {
			return nil, err
		}
		if r != nil && (best == nil || r.SupersededBy == 0 || r.Received > best.Received) {
			best = r
		}
		if best != nil && best.SupersededBy == 0 {
			break
		}
	}
	return best, nil
}

// near lists the days of a server, those first that hold the record's first event.
func (a *Archive) near(id record.ID) []key {
	a.mu.Lock()
	defer a.mu.Unlock()
	type candidate struct {
		key
		rank int
	}
	var l []candidate
	for k, parts := range a.days {
		if k.server != id.Server {
			continue
		}
		c := candidate{k, 1}
		if slices.ContainsFunc(parts, func(p part) bool { return holdsAny(&p.Day, &id, []uint64{id.FirstID}) }) {
			c.rank = 0
		}
		l = append(l, c)
	}
	slices.SortFunc(l, func(x, y candidate) int { return cmp.Or(cmp.Compare(x.rank, y.rank), strings.Compare(y.day, x.day)) })
	out := make([]key, len(l))
	for i := range l {
		out[i] = l[i].key
	}
	return out
}

// Raw returns the archived events behind a record, by record id.
func (a *Archive) Raw(ctx context.Context, r *record.Record) ([]*event.Event, error) {
	ids := slices.Clone(r.RawIDs)
	if len(ids) == 0 {
		ids = []uint64{r.FirstID}
	}
	slices.Sort(ids)
	return a.RawOf(ctx, r.ID(), ids)
}

// RawOf returns the archived events of a life of a channel, that of a record, by record
// id. ids are ascending. Each block that has some of them is read once.
func (a *Archive) RawOf(ctx context.Context, of record.ID, ids []uint64) ([]*event.Event, error) {
	a.mu.Lock()
	var days []string
	for k, parts := range a.days {
		if k.server == of.Server && slices.ContainsFunc(parts, func(p part) bool { return holdsAny(&p.Day, &of, ids) }) {
			days = append(days, k.day)
		}
	}
	a.mu.Unlock()
	slices.Sort(days)
	var out []*event.Event
	for _, d := range days {
		err := a.Events(ctx, of.Server, d, &of, ids, func(l []*event.Event) error {
			out = append(out, l...)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(x, y *event.Event) int { return cmp.Compare(x.RecordID, y.RecordID) })
	return out, nil
}

// Covers reports whether the archive holds a part of a server's day.
func (a *Archive) Covers(server, day string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.days[key{server, day}]) > 0
}

// Sum adds up what manifests say.
type Sum struct {
	Days, Parts             int
	Records, Voids, Events  int64
	RecordBytes, EventBytes int64
	First, Last             string
}

// SumOf adds up manifests, which are by day.
func SumOf(l []manifest.Day) Sum {
	var s Sum
	seen := make(map[key]bool)
	for i := range l {
		d := &l[i]
		seen[key{d.Server, d.Day}] = true
		s.Parts++
		s.Records += d.Records
		s.Voids += d.Voids
		s.Events += d.Events
		for _, o := range d.Objects {
			switch o.Kind {
			case manifest.KindRecords:
				s.RecordBytes += o.Size
			case manifest.KindRaw:
				s.EventBytes += o.Size
			}
		}
		if s.First == "" || d.Day < s.First {
			s.First = d.Day
		}
		s.Last = max(s.Last, d.Day)
	}
	s.Days = len(seen)
	return s
}
