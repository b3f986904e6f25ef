package convert

import (
	"strconv"

	"github.com/akashi-audit/akashi/internal/record"
)

// clockAway is how far people have set the clock away from where it was
// (windows-events.md section 12). What is logged meanwhile says so: its time is that of
// a wrong clock. The zero value is a clock that nobody set.
type clockAway struct {
	By    tick // sum of the steps; negative: back
	Since tick // newest step, by the clock that it made
}

// awayFor is how long a clock counts as set away after a step: one that was left so
// for longer was put right.
const awayFor = 24 * 3600 * sec

// clockStepped takes a change of the clock that the Security log tells, where acts on
// files are. One by the system, which knows the time from elsewhere, puts it right.
func (c *Converter) clockStepped(set clockSet, class record.Class) {
	w := &c.s.Away
	switch {
	case !set.Known || class != record.ClassUser:
		*w = clockAway{}
	default:
		w.By, w.Since = w.By+set.To-set.From, set.To
		if w.By < clockStep && w.By > -clockStep { // set back to where it was
			*w = clockAway{}
		}
	}
}

// noteClock marks an act that is logged by a clock which somebody has set away.
func (c *Converter) noteClock(a *act) {
	w := &c.s.Away
	if a.Op != record.OpTimeChanged && a.Time-w.Since <= awayFor && w.Since-a.Time <= awayFor {
		a.detail("clock_offset", strconv.FormatInt(int64(w.By/sec), 10))
	}
}
