package web

import (
	"cmp"
	"slices"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// How a count differs from the usual one. Words stand for these levels; a small
// difference of small counts is none.
const (
	levelSame = iota
	levelMore
	levelTimes
	levelNew
	levelLess
	levelGone
)

// smallCount is below which a count alone is no difference.
const smallCount = 10

// levelOf compares a count with that of the time before.
func levelOf(now, before uint64) int {
	switch {
	case now == 0 && before >= smallCount:
		return levelGone
	case before == 0 && now >= 3:
		return levelNew
	case max(now, before) < smallCount || before == 0:
		return levelSame
	case now >= 3*before:
		return levelTimes
	case 2*now >= 3*before:
		return levelMore
	case 3*now <= before:
		return levelLess
	}
	return levelSame
}

// levelKey is the words of a level.
func levelKey(level int) string {
	return "find.usual." + [...]string{"same", "more", "times", "new", "less", "gone"}[level]
}

// span is two times of the same length: the one looked at and the one before.
type span struct {
	from, to             time.Time
	beforeFrom, beforeTo time.Time
	days                 int  // by which they lie apart
	chosen               bool // the form named it
}

// spanOf is the period of a query and as long a time before. The distance is
// whole days, so that morning is compared with morning. Without a period it is
// the last week.
func spanOf(q query.Query, zone *time.Location, now time.Time) span {
	x := span{chosen: q.From != 0, to: now.In(zone)}
	if q.To != 0 {
		x.to = time.Unix(0, q.To).In(zone)
	}
	x.from = midnight(x.to).AddDate(0, 0, -6)
	if q.From != 0 {
		x.from = time.Unix(0, q.From).In(zone)
	}
	x.days = max(int((x.to.Sub(x.from)+24*time.Hour-1)/(24*time.Hour)), 1)
	x.beforeFrom, x.beforeTo = x.from.AddDate(0, 0, -x.days), x.to.AddDate(0, 0, -x.days)
	return x
}

// habit is the hours in which somebody usually works: those that hold at least a
// hundredth of the records of the time before, apart for weekdays and weekends.
type habit struct {
	usual   [2][24]bool // [weekend][hour]
	enough  bool        // there was something to learn from
	outside uint64
	// Most is the hour outside the habit with the most records.
	weekday, hour int
	most          uint64
}

// habitLeast is how many records a habit is learnt from at least.
const habitLeast = 50

func weekend(day int) int {
	if time.Weekday(day) == time.Sunday || time.Weekday(day) == time.Saturday {
		return 1
	}
	return 0
}

// newHabit learns from the time before and counts what now lies outside.
func newHabit(now, before *[7][24]uint64) habit {
	var h habit
	if now == nil || before == nil {
		return h
	}
	var sum [2][24]uint64
	var total uint64
	for d := range before {
		for hour, n := range before[d] {
			sum[weekend(d)][hour] += n
			total += n
		}
	}
	if h.enough = total >= habitLeast; !h.enough {
		return h
	}
	for w := range sum {
		for hour, n := range sum[w] {
			h.usual[w][hour] = n*100 >= total
		}
	}
	for d := range now {
		for hour, n := range now[d] {
			if h.usual[weekend(d)][hour] {
				continue
			}
			h.outside += n
			if n > h.most {
				h.weekday, h.hour, h.most = d, hour, n
			}
		}
	}
	return h
}

// hours are the usual hours of weekdays or weekends as ranges, the end without.
func (h *habit) hours(weekend int) [][2]int {
	var l [][2]int
	for hour, ok := range h.usual[weekend] {
		switch {
		case !ok:
		case len(l) > 0 && l[len(l)-1][1] == hour:
			l[len(l)-1][1] = hour + 1
		default:
			l = append(l, [2]int{hour, hour + 1})
		}
	}
	return l
}

// changed is a value whose count differs.
type changed struct {
	value       string
	now, before uint64
	level       int
}

// compare lists the values of two lists, those that differ most first.
func compare(now, before []query.Count) []changed {
	old := make(map[string]uint64, len(before))
	for _, c := range before {
		old[c.Value] = c.N
	}
	var l []changed
	for _, c := range now {
		l = append(l, changed{c.Value, c.N, old[c.Value], levelOf(c.N, old[c.Value])})
		delete(old, c.Value)
	}
	for _, c := range before {
		if n, ok := old[c.Value]; ok {
			l = append(l, changed{c.Value, 0, n, levelOf(0, n)})
		}
	}
	rank := [...]int{levelSame: 3, levelMore: 2, levelTimes: 1, levelNew: 0, levelLess: 4, levelGone: 5}
	slices.SortStableFunc(l, func(a, b changed) int {
		return cmp.Or(cmp.Compare(rank[a.level], rank[b.level]), cmp.Compare(b.now, a.now), cmp.Compare(b.before, a.before))
	})
	return l
}

// peer is somebody who used the same folders.
type peer struct {
	user, sid string
	n         uint64 // what was done
	groups    [numGroups]uint64
	denied    uint64 // what was refused, which is in no other number
	self      bool
}

// peersOf sorts those who did something in the same folders, most first; refused is what
// was refused there, and self tells who is looked at.
func peersOf(l, refused []query.PersonCount, users []string) []peer {
	type who struct{ user, sid string }
	denied := make(map[who]uint64, len(refused))
	for i := range refused {
		denied[who{refused[i].User, refused[i].SID}] += refused[i].N
	}
	var out []peer
	for i := range l {
		p := peer{user: l[i].User, sid: l[i].SID, n: l[i].N, denied: denied[who{l[i].User, l[i].SID}]}
		for o, n := range l[i].Ops {
			p.groups[groupOf(o)] += n
		}
		p.self = slices.ContainsFunc(users, func(u string) bool { return query.SamePerson(u, p.user, p.sid) })
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b peer) int { return cmp.Compare(b.n, a.n) })
	return out
}

// median of the others; 0 when there are none.
func median(l []peer, of func(*peer) uint64) uint64 {
	var v []uint64
	for i := range l {
		if !l[i].self {
			v = append(v, of(&l[i]))
		}
	}
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[len(v)/2]
}

// opKey is the words of an operation in a list of counts.
func opKey(value string) string { return "web.op." + value }

// opGroup is the colour of an operation in a list of counts.
func opGroup(value string) group {
	o, err := record.ParseOp(value)
	if err != nil {
		return groupOther
	}
	return groupOf(o)
}
