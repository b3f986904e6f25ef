package simulate

import (
	"time"

	"github.com/akashi-audit/akashi/internal/event"
)

const dayActs = 30 // acts of one person on the busy day

// Day is one busy mixed day (2026-06-10 in Japan) on one server: people people
// (at least 4) at work, the noise of antivirus, backup and computer accounts,
// one who reads the folder of individual numbers and one PC that encrypts
// files. Events are in order of their record ids in each channel.
func Day(seed uint64, people int) (events []*event.Event, truth []Action) {
	w, l := collectServer(seed, max(4, people), 150)
	zone := time.FixedZone("JST", 9*3600)
	d := time.Date(2026, 6, 10, 0, 0, 0, 0, zone)
	o := newOffice(w, zone, dayActs)
	o.day(d)
	w.due.add(d.Add(19*time.Hour).UnixNano(), func(t int64) {
		for _, r := range w.roots {
			if mn := r.child(mnFolder); mn != nil {
				w.massRead(w.comp.people[1], mn.kids, t)
			}
		}
	})
	w.due.add(d.Add(15*time.Hour).UnixNano(), func(t int64) {
		for _, r := range w.roots {
			if r.name == departments[3] {
				w.ransom(w.comp.people[3], r, 40, t)
			}
		}
	})
	// The sink keeps everything and does not fail.
	_ = w.finish()
	return *l, w.truth()
}
