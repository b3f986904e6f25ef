package bench

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/record"
)

// What the rows of an answer are.
const (
	kindPage = iota
	kindPerson
	kindPeople
	kindTen
	kindDays
)

func kindOf(id string) (int, error) {
	switch id {
	case "a1", "a2", "a4", "b2n", "b3n", "b4n":
		return kindPage, nil
	case "a3", "a3h":
		return kindPerson, nil
	case "b1", "b1r", "b2", "b3", "b4":
		return kindPeople, nil
	case "c2":
		return kindTen, nil
	case "c1":
		return kindDays, nil
	}
	return 0, fmt.Errorf("check: question %q is not known", id)
}

// tally is what was counted for a want.
type tally struct {
	kind    int
	total   uint64
	page    *newest
	ops     [256]uint64
	results [256]uint64
	people  []personTally // by number
	days    map[int]*dayTally
	day     int // that of today
	today   *dayTally
	paths   *pathCounts
}

type personTally struct {
	n           uint64
	first, last int64
}

type dayTally struct {
	name string
	n    uint64
	bad  uint64 // results other than success
	ops  [256]uint64
}

func newTally(kind int) tally {
	t := tally{kind: kind}
	switch kind {
	case kindPage:
		t.page = &newest{}
	case kindPerson:
		t.paths = newPathCounts()
		fallthrough
	case kindDays:
		t.days = make(map[int]*dayTally)
	}
	return t
}

// count takes a record that meets the conditions; its path is counted elsewhere.
func (t *tally) count(r *record.Record, p *person, days *dayFinder) {
	t.total++
	switch t.kind {
	case kindPage:
		t.page.add(r)
	case kindPeople, kindTen:
		if p.number >= len(t.people) {
			t.people = append(t.people, make([]personTally, p.number+1-len(t.people))...)
		}
		q := &t.people[p.number]
		if q.n == 0 {
			q.first, q.last = r.Time, r.Time
		}
		q.n++
		q.first, q.last = min(q.first, r.Time), max(q.last, r.Time)
	default:
		t.ops[r.Op]++
		t.results[r.Result]++
		d := t.dayOf(days.at(r.Time), days)
		d.n++
		d.ops[r.Op]++
		if r.Result != record.Success {
			d.bad++
		}
	}
}

func (t *tally) dayOf(day int, days *dayFinder) *dayTally {
	if t.today != nil && t.day == day {
		return t.today
	}
	d := t.days[day]
	if d == nil {
		d = &dayTally{name: days.name}
		t.days[day] = d
	}
	t.day, t.today = day, d
	return d
}

func (t *tally) dayList() []*dayTally {
	l := make([]*dayTally, 0, len(t.days))
	for _, d := range t.days {
		l = append(l, d)
	}
	slices.SortFunc(l, func(a, b *dayTally) int { return strings.Compare(a.name, b.name) })
	return l
}

// valueCount is a value with its number of records.
type valueCount struct {
	value string
	n     uint64
}

// mostFirst orders by falling number, then by value.
func mostFirst(a, b valueCount) int {
	return cmp.Or(cmp.Compare(b.n, a.n), strings.Compare(a.value, b.value))
}

// counted are the values that occur, most first; name is that of a place in counts.
func counted(counts []uint64, name func(i int) string) (l []valueCount) {
	for i, n := range counts {
		if n > 0 {
			l = append(l, valueCount{name(i), n})
		}
	}
	slices.SortFunc(l, mostFirst)
	return l
}

func (t *tally) personRows() (rows [][]any) {
	for _, c := range counted(t.ops[:], func(i int) string { return record.Op(i).String() }) {
		rows = append(rows, []any{"op", c.value, c.n})
	}
	for _, d := range t.dayList() {
		rows = append(rows, []any{"day", d.name, d.n})
	}
	for _, c := range t.paths.most(topPaths) {
		rows = append(rows, []any{"path", c.value, c.n})
	}
	return rows
}

func (t *tally) dayRows() (rows [][]any) {
	for _, d := range t.dayList() {
		for _, o := range record.Ops() {
			if n := d.ops[o]; n > 0 {
				rows = append(rows, []any{"op", d.name, o.String(), n})
			}
		}
		if d.bad > 0 {
			rows = append(rows, []any{"denied", d.name, "", d.bad})
		}
	}
	for _, c := range counted(t.results[:], func(i int) string { return record.Result(i).String() }) {
		rows = append(rows, []any{"result", "", c.value, c.n})
	}
	return rows
}

// peopleRows: most records first, then by name and SID.
func (t *tally) peopleRows(people map[personKey]*person) [][]any {
	var l []*person
	for _, p := range people {
		if p.number < len(t.people) && t.people[p.number].n > 0 {
			l = append(l, p)
		}
	}
	slices.SortFunc(l, func(a, b *person) int {
		return cmp.Or(cmp.Compare(t.people[b.number].n, t.people[a.number].n), strings.Compare(a.user, b.user), strings.Compare(a.sid, b.sid))
	})
	rows := make([][]any, len(l))
	for i, p := range l {
		q := &t.people[p.number]
		rows[i] = []any{p.user, q.n, ns(q.first), ns(q.last)}
	}
	return rows
}

// dayFinder finds calendar days in a zone.
type dayFinder struct {
	zone     *time.Location
	from, to int64 // what the last answer holds for
	number   int
	name     string
}

// at is the number of the day of t (Unix ns); its name is d.name.
func (d *dayFinder) at(t int64) int {
	if t >= d.from && t < d.to {
		return d.number
	}
	y, m, day := time.Unix(0, t).In(d.zone).Date()
	begin := time.Date(y, m, day, 0, 0, 0, 0, d.zone)
	d.from, d.to = begin.UnixNano(), time.Date(y, m, day+1, 0, 0, 0, 0, d.zone).UnixNano()
	d.number, d.name = int(time.Date(y, m, day, 0, 0, 0, 0, time.UTC).Unix()/86400), begin.Format(time.DateOnly)
	return d.number
}
