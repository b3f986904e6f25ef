package simulate

import (
	"math"

	"github.com/akashi-audit/akashi/internal/event"
)

// firstLogon is where logon ids begin after each start of a system.
const firstLogon = 0x1a000

// Forms of the end and the start of a system (windows-events.md section 3.5).
// They are never changed.
var (
	form1100 = &form{logProvider, 1100, 0, 4, 0, 103, 0x4020000000000000, security, event.NewSchema("UserData/ServiceShutdown", nil)}
	form4608 = audit(4608, 0, 12288)
)

// nextLogon is the id of a new logon. The ids are a function of how many there
// were since the start, so that they come again after the next one.
func (w *server) nextLogon() uint64 {
	w.logons++
	w.logonID += 1 + w.logons*0x9e3b%0x4000
	return w.logonID
}

// restart stops the server at t and starts it again some minutes later, as soon
// as no request is under way. Sessions and handles are gone without a word, and
// logon ids and handles begin anew.
func (w *server) restart(t int64) {
	if len(w.out.items) > 0 {
		w.due.add(t+10*minute, w.restart)
		return
	}
	w.emit(t, form1100, false, nil)
	up := t + w.between(40*second, 4*minute)
	w.emit(up, form4608, false, nil)
	for p, s := range w.seats {
		s.end = true
		delete(w.seats, p)
	}
	w.logonID, w.logons = firstLogon, 0
	w.boots++
	for i := range w.handles {
		w.handles[i] = math.MinInt64
	}
	w.down = up + second
}

// restartScene lets two people read, before and after a restart that gives the
// second one the logon id and the handles of the first.
func restartScene() scene {
	const kind = "restart"
	return scene{kind, func(w *server, p *person, t int64) {
		read := func(p *person, t int64) {
			if n := w.pick(w.rootOf(p), t, isFile); n != nil {
				w.acting(p, kind, t).read(n)
			}
		}
		other := w.comp.people[0]
		if other == p {
			other = w.comp.people[1]
		}
		read(p, t)
		w.due.add(t+5*minute, w.restart)
		w.due.add(t+12*minute, func(t int64) { read(other, t) })
	}}
}
