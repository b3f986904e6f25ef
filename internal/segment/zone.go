package segment

import (
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/facets"
)

// A segment knows the name of the zone whose calendar days its partitions are. Another
// zone can say the same of all its times: one with the same hours and another name, like
// that of a machine without a list of zones.

// agrees tells how far the segment's zone and another say the same of its times: whether
// its partitions are days of the other, and whether its hours are.
func (s *Segment) agrees(zone *time.Location) (days, hours bool) {
	name := s.meta.Zone
	if zone.String() == name {
		return true, true
	}
	if name == "UTC" || strings.Contains(name, "/") { // others, like Local, are not the same everywhere
		if own, err := time.LoadLocation(name); err == nil && sameHours(own, zone, s.meta.First, s.meta.Last) {
			return true, true
		}
	}
	cal := facets.NewCalendar(zone)
	for _, p := range s.parts {
		if !oneDay(cal, zone, p.info.day, p.info.first, p.info.last) {
			return false, false
		}
	}
	return true, false
}

// change is when the offset of a zone changes next after a time; ok is false when that is
// behind last.
func change(zone *time.Location, at, last int64) (next int64, ok bool) {
	_, end := time.Unix(0, at).In(zone).ZoneBounds()
	if end.IsZero() || end.After(time.Unix(0, last)) {
		return 0, false
	}
	return end.UnixNano(), true
}

// sameHours reports whether two zones have the same offset from first to last.
func sameHours(a, b *time.Location, first, last int64) bool {
	for at := first; ; {
		t := time.Unix(0, at)
		_, x := t.In(a).Zone()
		if _, y := t.In(b).Zone(); x != y {
			return false
		}
		next, some := change(a, at, last)
		if other, ok := change(b, at, last); ok && (!some || other < next) {
			next, some = other, true
		}
		if !some {
			return true
		}
		at = next
	}
}

// oneDay reports whether all times from first to last are of a day. Between changes of its
// offset a zone's clock only goes forward.
func oneDay(cal *facets.Calendar, zone *time.Location, day int, first, last int64) bool {
	for at := first; cal.At(at).Day == day; {
		next, some := change(zone, at, last)
		if !some {
			return cal.At(last).Day == day
		}
		if cal.At(next-1).Day != day {
			return false
		}
		at = next
	}
	return false
}
