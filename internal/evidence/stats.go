package evidence

import (
	"cmp"
	"slices"
	"time"

	"github.com/akashi-audit/akashi/internal/record"
)

const (
	listRows  = 500        // records that a report lists
	topRows   = 15         // lines of a table of counts
	dayRows   = 62         // of that of days: two months
	maxValues = 100_000    // different values that are counted
	otherKey  = "\x00rest" // the values beyond
)

// stats is what the reports say of the records, masked.
type stats struct {
	zone        *time.Location
	count       int64
	first, last int64
	lists       [5]map[string]int64 // people, files, operations, clients, days
	servers     map[string]bool
	head        []record.Record
	capped      bool
}

func newStats(zone *time.Location) *stats {
	s := &stats{zone: zone, servers: make(map[string]bool)}
	for i := range s.lists {
		s.lists[i] = make(map[string]int64)
	}
	return s
}

// add counts a record as it is shown; server is its name unmasked.
func (s *stats) add(r *record.Record, server string) {
	if s.count == 0 {
		s.first, s.last = r.Time, r.Time
	}
	s.first, s.last = min(s.first, r.Time), max(s.last, r.Time)
	s.count++
	s.servers[server] = true
	client := r.ClientIP
	if r.ClientName != "" {
		client = r.ClientName
	}
	day := time.Unix(0, r.Time).In(s.zone).Format("2006-01-02")
	for i, v := range [...]string{cmp.Or(r.User, r.SID), r.Path, r.Op.String(), client, day} {
		if _, ok := s.lists[i][v]; !ok && len(s.lists[i]) >= maxValues {
			v, s.capped = otherKey, true
		}
		s.lists[i][v]++
	}
	if len(s.head) < listRows {
		s.head = append(s.head, *r)
	}
}

func (s *stats) serverNames() []string {
	l := make([]string, 0, len(s.servers))
	for n := range s.servers {
		l = append(l, n)
	}
	slices.Sort(l)
	return l
}

type counted struct {
	value string
	n     int64
}

// top is the most frequent values of a list; days are in their order.
func (s *stats) top(i int) []counted {
	l := make([]counted, 0, len(s.lists[i]))
	for v, n := range s.lists[i] {
		l = append(l, counted{v, n})
	}
	slices.SortFunc(l, func(a, b counted) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.value, b.value)) })
	most := topRows
	if i == len(s.lists)-1 {
		most = dayRows
	}
	l = l[:min(len(l), most)]
	if i == len(s.lists)-1 {
		slices.SortFunc(l, func(a, b counted) int { return cmp.Compare(a.value, b.value) })
	}
	return l
}
