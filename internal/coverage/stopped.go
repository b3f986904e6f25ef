package coverage

import (
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
)

// Whether file events stop while people go on to open files over shares
// (windows-events.md section 1, gap b): the SACL is gone, or auditing was switched off
// where no 4719 is left to tell. Hours in which somebody opened something over a share
// measure the time: nights and week-ends are no silence.
const (
	stoppedHours = 8 // hours with share accesses and without file events that are a stop
	stoppedTimes = 3 // and how many times the longest usual stretch it must be
	stoppedUse   = 4 // hours with share accesses that had file events before it
	rowFiles     = 0 // of subcategories
	rowOpens     = 3
)

// share notices how file events and share accesses go together. Its zero value has
// seen nothing.
type share struct {
	hour   event.Filetime // newest hour with a share access, in hours since 1601
	file   event.Filetime // newest file event; 0 = none yet
	before int            // hours with share accesses from the first file event on
	since  int            // of them, after the newest file event
	usual  int            // the longest such stretch that was no stop
	stops  []Silence      // that ended
	count  int
}

// waits reports whether a share access at that time would be the first of its hour.
func (s *share) waits(at event.Filetime) bool { return s.file > 0 && at/hour > s.hour }

// opened takes a share access of somebody.
func (s *share) opened(at event.Filetime) {
	if s.waits(at) {
		s.hour = at / hour
		s.since++
		s.before++
	}
}

// used takes a file event.
func (s *share) used(at event.Filetime) {
	if s.stopped() {
		if s.count++; len(s.stops) < maxList {
			s.stops = append(s.stops, Silence{from: s.file, to: at})
		}
	} else {
		s.usual = max(s.usual, s.since)
	}
	s.file, s.since = max(s.file, at), 0
	s.hour = max(s.hour, at/hour) // an hour with a file event is none without
}

// stopped reports whether file events stopped.
func (s *share) stopped() bool {
	return s.since >= stoppedHours && s.since >= stoppedTimes*s.usual && s.before-s.since >= stoppedUse
}

// shareAccess reports whether a person opened something over a share, or connected to
// one where opens are not in the log.
func (t *Tracker) shareAccess(e *event.Event) bool {
	switch {
	case e.Provider != provider || e.Failed():
		return false
	case e.ID == 5140 && t.subs[rowOpens].Events == 0:
	case e.ID != 5145:
		return false
	}
	const pipes = `\IPC$`
	name := e.Get(event.ShareName).Text()
	return !strings.HasSuffix(e.Get(event.SubjectUserName).Text(), "$") && !strings.EqualFold(name[max(0, len(name)-len(pipes)):], pipes)
}
