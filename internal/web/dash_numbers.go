package web

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/calendar"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

const (
	dashDays    = 371 // days of the year view, the weeks made whole
	usualWeeks  = 8   // earlier days that a day is compared with
	dashTop     = 8   // entries of each list
	dashEntries = 64  // kept numbers; each has some 40 KB
	// dashPatience is how long a page waits for numbers that nobody has asked for
	// before.
	dashPatience = 40 * time.Millisecond
)

// numbers are the counts of the dashboard, of what one visitor may see, for all
// servers or one.
type numbers struct {
	days     map[string]uint64 // records of each day that has some
	first    string            // first day with records, "" = none
	last     string            // and the last one
	day      time.Time         // today, or the last day with records when today has none
	hours    hourCounts        // of day
	servers  map[string]uint64 // records of today
	usual    [24]float64       // median
	sample   int               // days behind usual
	people   []query.PersonCount
	folders  []query.Count
	refused  []query.PersonCount
	refusals uint64
	marked   []query.Count        // folders with specific personal information, of the week
	week     uint64               // records of 7 days
	told     map[record.Op]uint64 // of the week, what an administrator must know
}

type hourCounts struct {
	n     [24]uint64
	total uint64
}

// dashForm is the search behind the numbers: that of the log page, so that what is
// counted is what a click shows.
func dashForm(server string) *form {
	f := &form{Page: "/search"}
	if server != "" {
		f.Servers = []string{server}
	}
	return f
}

// countDash finds the numbers out. Each question is answered by roll-ups, or reads
// no more than seven days.
func (s *site) countDash(ctx context.Context, zone *time.Location, now time.Time, cal *calendar.Calendar, server string) (*numbers, error) {
	x := &numbers{days: map[string]uint64{}, servers: map[string]uint64{}, told: map[record.Op]uint64{}}
	today := midnight(now.In(zone))
	ask := func(from, to time.Time, lists query.Lists, change func(*query.Query)) (*query.Facets, error) {
		q := dashForm(server).query()
		q.From, q.Lists, q.Top, q.Limit = from.UnixNano(), lists, dashTop, 0
		if !to.IsZero() {
			q.To = to.UnixNano()
		}
		if change != nil {
			change(&q)
		}
		return s.cfg.Source.Facets(ctx, q)
	}
	f, err := ask(today.AddDate(0, 0, -dashDays), time.Time{}, query.ListDays, nil)
	if err != nil {
		return nil, err
	}
	for _, d := range f.Days {
		if d.N > 0 {
			x.days[d.Day] = d.N
			if x.first == "" || d.Day < x.first {
				x.first = d.Day
			}
			x.last = max(x.last, d.Day)
		}
	}
	if f, err = ask(today, time.Time{}, query.ListHours|query.ListServers, func(q *query.Query) { q.Top = 10_000 }); err != nil {
		return nil, err
	}
	x.day, x.hours = today, hoursOf(f, today.Weekday())
	for _, c := range f.Servers {
		x.servers[c.Value] = c.N
	}
	if last, err := time.ParseInLocation(time.DateOnly, x.last, zone); x.hours.total == 0 && err == nil {
		if f, err = ask(last, last.AddDate(0, 0, 1), query.ListHours, nil); err != nil {
			return nil, err
		}
		x.day, x.hours = last, hoursOf(f, last.Weekday())
	}
	if err := x.findUsual(x.day, cal, func(day time.Time) (*query.Facets, error) {
		return ask(day, day.AddDate(0, 0, 1), query.ListHours, nil)
	}); err != nil {
		return nil, err
	}
	return x, x.findWeek(today.AddDate(0, 0, -6), s.marks(), ask)
}

// findUsual takes the median of earlier days of the same weekday that were worked,
// or not worked, as the day is.
func (x *numbers) findUsual(of time.Time, cal *calendar.Calendar, ask func(time.Time) (*query.Facets, error)) error {
	off := func(t time.Time) bool { return cal.Of(t).Off != calendar.Workday }
	var l []hourCounts
	for week := 1; week <= 2*usualWeeks && len(l) < usualWeeks; week++ {
		day := of.AddDate(0, 0, -7*week)
		if x.first == "" || day.Format(time.DateOnly) < x.first {
			break
		}
		if off(day) != off(of) {
			continue
		}
		f, err := ask(day)
		if err != nil {
			return err
		}
		l = append(l, hoursOf(f, day.Weekday()))
	}
	if x.sample = len(l); x.sample == 0 {
		return nil
	}
	for h := range x.usual {
		v := make([]uint64, len(l))
		for i := range l {
			v[i] = l[i].n[h]
		}
		slices.Sort(v)
		x.usual[h] = float64(v[(len(v)-1)/2]+v[len(v)/2]) / 2
	}
	return nil
}

// markedTop is how many folders of a week are looked through for marked ones.
const markedTop = 10_000

// findWeek takes who and what stood out since a day.
func (x *numbers) findWeek(from time.Time, marked func(string) bool, ask func(from, to time.Time, lists query.Lists, change func(*query.Query)) (*query.Facets, error)) error {
	f, err := ask(from, time.Time{}, query.ListPeople|query.ListFolders, func(q *query.Query) {
		if q.Classes = []record.Class{record.ClassUser}; marked != nil {
			q.Top = markedTop
		}
	})
	if err != nil {
		return err
	}
	x.people, x.folders, x.week = slices.Clone(f.People[:min(len(f.People), dashTop)]), slices.Clone(f.Folders[:min(len(f.Folders), dashTop+1)]), f.Total
	for _, c := range f.Folders {
		if marked != nil && c.Value != "" && marked(c.Value) {
			x.marked = append(x.marked, c)
		}
	}
	f, err = ask(from, time.Time{}, query.ListPeople, func(q *query.Query) {
		q.Classes, q.Results = []record.Class{record.ClassUser}, []record.Result{record.Denied, record.Failure}
	})
	if err != nil {
		return err
	}
	x.refused, x.refusals = f.People, f.Total
	f, err = ask(from, time.Time{}, query.ListOps, func(q *query.Query) {
		q.Ops = []record.Op{record.OpLogCleared, record.OpVirusFound, record.OpTimeChanged}
	})
	if err != nil {
		return err
	}
	for _, c := range f.Ops {
		if o, err := record.ParseOp(c.Value); err == nil {
			x.told[o] = c.N
		}
	}
	return nil
}

func hoursOf(f *query.Facets, day time.Weekday) hourCounts {
	h := hourCounts{total: f.Total}
	if f.Hours != nil {
		h.n = f.Hours[day]
	}
	return h
}

// numbersCache keeps what was counted last for each question.
type numbersCache struct {
	mu sync.Mutex
	m  map[string]*numbersEntry
}

type numbersEntry struct {
	value   *numbers
	version string
	next    time.Time // not before then again
	used    time.Time
	busy    chan struct{} // closed when the count that runs ends; nil = none runs
}

// dashNumbers answers with the numbers of the visitor, nil when they are being
// counted for the first time. Numbers of an earlier moment are given while newer
// ones are counted beside, which takes at most a tenth of the time.
func (s *site) dashNumbers(rq *request, server string) (*numbers, error) {
	ctx := rq.r.Context()
	now, zone, cal := rq.now, rq.zone, s.calendar()
	today := now.In(zone).Format(time.DateOnly)
	key := fmt.Sprintf("%q %q %q %s", rq.who.Scope.Servers, rq.who.Scope.Folders, server, zone)
	version := fmt.Sprint(rq.status.Records, rq.status.RawEvents, today)
	c := &s.numbers
	c.mu.Lock()
	e := c.m[key]
	if e == nil {
		e = c.add(key)
	}
	e.used = now
	count := func(ctx context.Context) error {
		began := time.Now()
		v, err := s.countDash(ctx, zone, now, cal, server)
		c.mu.Lock()
		defer c.mu.Unlock()
		if err == nil {
			e.value, e.version = v, version
		}
		e.next = time.Now().Add(10 * time.Since(began))
		return err
	}
	fresh := e.value != nil && e.version == version
	begin := !fresh && e.busy == nil && !(e.value != nil && time.Now().Before(e.next))
	if s.cfg.Go == nil {
		c.mu.Unlock()
		if begin {
			if err := count(ctx); err != nil {
				return nil, err
			}
		}
		return e.value, nil
	}
	if begin {
		busy := make(chan struct{})
		e.busy = busy
		visitor := context.WithoutCancel(ctx) // it goes on when the visitor leaves
		s.cfg.Go(func(life context.Context) {
			work, cancel := context.WithCancel(visitor)
			defer context.AfterFunc(life, cancel)()
			err := count(work)
			if cancel(); err != nil && life.Err() == nil {
				s.log.WarnContext(ctx, "numbers of the dashboard", errorAttr(err))
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			close(busy)
			e.busy = nil
		})
	}
	busy, value := e.busy, e.value
	c.mu.Unlock()
	if value != nil || busy == nil {
		return value, nil
	}
	t := time.NewTimer(dashPatience)
	defer t.Stop()
	select {
	case <-busy:
	case <-t.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return e.value, nil
}

// add makes room for a question; it forgets that which nobody asked for longest.
// The caller holds the lock.
func (c *numbersCache) add(key string) *numbersEntry {
	if c.m == nil {
		c.m = map[string]*numbersEntry{}
	}
	if len(c.m) >= dashEntries {
		oldest := ""
		for k, e := range c.m {
			if oldest == "" || e.used.Before(c.m[oldest].used) {
				oldest = k
			}
		}
		delete(c.m, oldest)
	}
	e := &numbersEntry{}
	c.m[key] = e
	return e
}
