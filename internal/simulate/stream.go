package simulate

import (
	"time"

	"github.com/akashi-audit/akashi/internal/event"
)

// StreamOptions tune a Stream; zero fields take the defaults.
type StreamOptions struct {
	Server string    // host name, default MNT-FS01
	Seed   uint64    // of the server, its people and their days
	People int       // default 20, at least 4
	Files  int       // in each share at the start, default 150
	Acts   float64   // of one person on a working day, default 14
	Start  time.Time // midnight of the first day, default 2026-06-01 in Japan
}

// Stream is one server that lives on from day to day. It keeps its files, its
// open sessions and what is planned for the rest of the day, never the events
// that it wrote or the truth about them: its memory does not grow with the
// number of days but for the files that people leave behind.
type Stream struct {
	w    *server
	o    *office
	next time.Time
	sink func(*event.Event)
}

// NewStream furnishes a server; nothing happens before NextDay.
func NewStream(opt StreamOptions) *Stream {
	if opt.Server == "" {
		opt.Server = "MNT-FS01"
	}
	if opt.People == 0 {
		opt.People = 20
	}
	if opt.Files == 0 {
		opt.Files = 150
	}
	if opt.Acts == 0 {
		opt.Acts = demoActs
	}
	if opt.Start.IsZero() {
		opt.Start = time.Date(2026, 6, 1, 0, 0, 0, 0, time.FixedZone("JST", 9*3600))
	}
	s := &Stream{next: opt.Start}
	comp := newCompany(opt.Seed, max(4, opt.People))
	s.w = newServer(opt.Server+"."+dnsSuffix, opt.Server, comp, opt.Seed, func(e *event.Event) error {
		s.sink(e)
		return nil
	})
	s.w.furnish(append(departments[:], archiveShare), opt.Files)
	s.o = newOffice(s.w, opt.Start.Location(), opt.Acts)
	return s
}

// Server is the name that stands in the events.
func (s *Stream) Server() string { return s.w.name }

// NextDay lets one more day pass and gives its events to sink in order of their
// time. The server restarts on Sundays for its updates.
func (s *Stream) NextDay(sink func(*event.Event)) {
	s.sink = sink
	s.o.day(s.next)
	if s.next.Weekday() == time.Sunday {
		s.w.due.add(s.next.UnixNano()+4*hour, s.w.restart)
	}
	s.next = s.next.AddDate(0, 0, 1)
	_ = s.w.run(s.next.UnixNano()) // the sink does not fail
	s.w.acts = nil
}
