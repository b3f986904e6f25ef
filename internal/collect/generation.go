package collect

import (
	"cmp"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
)

// clockSlack is how far the times of record ids may stand in the wrong order
// without meaning anything: a writer takes its time stamp before it gets a
// record id, and shippers cut times to seconds.
const clockSlack event.Filetime = 2 * 10_000_000 // 2 s

// run is a piece of a stream in one generation.
type run struct {
	firstID, lastID     uint64 // smallest and largest record id
	firstTime, lastTime event.Filetime
	events              int64
	newest              uint64 // record id of the event seen last
	ordered             bool   // record ids never fall
}

func newRun(id uint64, at event.Filetime) run {
	return run{firstID: id, lastID: id, firstTime: at, lastTime: at, events: 1, newest: id, ordered: true}
}

// restarts reports whether record ids fall back while time advances from r to
// o: o is then a later life of the channel.
func (r *run) restarts(o *run) bool {
	return o.firstID <= r.lastID && o.firstTime > r.lastTime && o.firstTime-r.lastTime > clockSlack
}

func (r *run) join(o *run) {
	r.firstID, r.lastID = min(r.firstID, o.firstID), max(r.lastID, o.lastID)
	r.firstTime, r.lastTime = min(r.firstTime, o.firstTime), max(r.lastTime, o.lastTime)
}

// runTracker splits the events of a stream, in file order, into runs. Every
// pass over a file uses it, so all passes agree. Its memory grows with the
// number of generations, not of events.
type runTracker struct{ runs []run }

// add takes an event and returns the number of its run.
func (t *runTracker) add(id uint64, at event.Filetime) int {
	one := newRun(id, at)
	n := len(t.runs)
	if n == 0 || id < t.runs[n-1].newest && t.runs[n-1].restarts(&one) {
		t.runs = append(t.runs, one)
		return n
	}
	r := &t.runs[n-1]
	r.join(&one)
	r.ordered = r.ordered && id >= r.newest
	r.newest = id
	r.events++
	return n - 1
}

// assignGenerations numbers the lives of a channel: a part belongs to a new one
// when its record ids fall back while its time lies after all that was there.
func assignGenerations(parts []part) {
	slices.SortStableFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.firstTime, b.firstTime), cmp.Compare(a.firstID, b.firstID), cmp.Compare(a.file.Path, b.file.Path))
	})
	gen := uint32(0)
	var life run
	for i := range parts {
		p := &parts[i]
		switch {
		case i == 0:
			life = p.run
		case life.restarts(&p.run):
			gen, life = gen+1, p.run
		default:
			life.join(&p.run)
		}
		p.gen = gen
	}
}
