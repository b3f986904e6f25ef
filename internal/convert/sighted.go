package convert

import (
	"cmp"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
)

// Sighted holds sightings in memory, for conversions that store nothing: 8 bytes for
// each account and minute. Its zero value is empty. It belongs to one goroutine.
type Sighted struct {
	who    map[string][]seenAt
	place  map[string]uint32
	places []string
	mixed  bool // not in order since the last question
}

// seenAt is a sighting of somebody: the place by its number.
type seenAt struct {
	minute int32
	place  uint32
}

// MaySight reports whether an event may be a sighting, by its id alone.
func MaySight(e *event.Event) bool {
	return (e.ID == 4768 || e.ID == 4769) && e.Provider == "Microsoft-Windows-Security-Auditing"
}

// Add notes what an event proves.
func (t *Sighted) Add(e *event.Event) {
	for _, s := range Sightings(e) {
		if t.who == nil {
			t.who, t.place = map[string][]seenAt{}, map[string]uint32{}
		}
		n, ok := t.place[s.Where]
		if !ok {
			n = uint32(len(t.places))
			t.place[s.Where], t.places = n, append(t.places, s.Where)
		}
		at := seenAt{int32(s.Minute), n} // a time in ns since 1970 is less than 2^28 minutes away
		if l := t.who[s.Who]; len(l) == 0 || l[len(l)-1] != at {
			t.who[s.Who], t.mixed = append(l, at), true
		}
	}
}

// Empty reports whether nothing was sighted.
func (t *Sighted) Empty() bool { return len(t.who) == 0 }

// Last is the newest sighting of who at or before a minute, as NewLocator wants it.
func (t *Sighted) Last(who string, minute int64) (seen int64, where string, ok bool) {
	if t.mixed {
		t.mixed = false
		for who, l := range t.who {
			slices.SortFunc(l, func(a, b seenAt) int { return cmp.Or(cmp.Compare(a.minute, b.minute), cmp.Compare(a.place, b.place)) })
			t.who[who] = slices.Compact(l)
		}
	}
	l := t.who[who]
	n, _ := slices.BinarySearchFunc(l, minute+1, func(s seenAt, m int64) int { return cmp.Compare(int64(s.minute), m) })
	if n == 0 || int64(l[n-1].minute) < minute-SightingAge {
		return 0, "", false
	}
	s := l[n-1]
	if n > 1 && l[n-2].minute == s.minute { // at two places in that minute
		return int64(s.minute), "", true
	}
	return int64(s.minute), t.places[s.place], true
}
