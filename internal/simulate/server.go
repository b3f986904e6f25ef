package simulate

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
)

// emission is an event that waits for its turn, and the acts it belongs to.
type emission struct {
	e    *event.Event
	acts []*act
}

// act is a truth in the making.
type act struct {
	Action
	start, end, proof int64
}

// server is one simulated file server: its files, sessions, handles and logs.
type server struct {
	name    string // FQDN
	short   string
	rng     *rand.Rand
	comp    *company
	roots   []*node // shares
	lists   *listCache
	due     queue[func(t int64)] // what will happen
	out     queue[emission]      // what was decided and not yet written
	next    map[string]uint64    // next record id of each channel
	handles []int64              // when each handle value is free again
	logonID uint64               // of the last logon
	logons  uint64               // since the start of the system
	boots   int
	down    int64 // nothing happens until then, the system starts
	jobID   uint32
	seats   map[*person]*session
	acts    []*act
	group   int
	sink    func(*event.Event) error
	err     error // first error of sink
	written int64
	variant Variant
	quiet   bool // no ordinary gestures any more: the size bound is near
}

func newServer(name, short string, comp *company, seed uint64, sink func(*event.Event) error) *server {
	w := &server{
		name: name, short: short, comp: comp, rng: rand.New(rand.NewPCG(seed, 0x616b61736869)), sink: sink,
		lists: &listCache{lists: make(map[uint32]string), reasons: make(map[listKey]string)},
		next:  make(map[string]uint64), seats: make(map[*person]*session), handles: make([]int64, 4096),
	}
	w.next[security] = 1000 + w.rng.Uint64N(500_000)
	w.next[printLog] = 1 + w.rng.Uint64N(500)
	w.logonID = firstLogon
	w.jobID = 1 + w.rng.Uint32N(200)
	return w
}

// between is a random number of a to b.
func (w *server) between(a, b int64) int64 { return a + w.rng.Int64N(b-a+1) }

func (w *server) chance(p float64) bool { return w.rng.Float64() < p }

// emit queues an event of form f at time t.
func (w *server) emit(t int64, f *form, failed bool, acts []*act, values ...event.Value) {
	t -= t % 100
	k := f.keywords
	if failed {
		k = auditFail
	}
	e := &event.Event{
		Provider: f.provider, ID: f.id, Version: f.version, Level: f.level, Opcode: f.opcode, Task: f.task, Keywords: k,
		Time: event.FromUnixNano(t), PID: 4, TID: 4 * (15 + w.rng.Uint32N(2000)), Channel: f.channel, Computer: w.name,
		ActivityID: event.SimulationActivity, Schema: f.schema, Values: values,
	}
	if f.task >= 12544 && f.task < 12550 {
		e.PID = 0x2a4
	}
	if v := w.variant; (v.NoCloses || v.NoOpens) && f == form4658 || v.NoOpens && f == form4656 && !failed || v.NoShareChecks && f == form5145 && !failed {
		return
	}
	w.out.add(t, emission{e, acts})
	for _, a := range acts {
		a.start, a.end = min(a.start, t), max(a.end, t)
	}
}

// run lets everything happen that is due before end.
func (w *server) run(end int64) error {
	for w.err == nil {
		it, ok := w.due.take(end)
		if !ok {
			break
		}
		it.at = max(it.at, w.down)
		w.flush(it.at)
		it.what(it.at)
	}
	w.flush(end)
	return w.err
}

// flush writes the events before end.
func (w *server) flush(end int64) {
	for w.err == nil {
		it, ok := w.out.take(end)
		if !ok {
			return
		}
		e := it.what.e
		e.RecordID = w.next[e.Channel]
		w.next[e.Channel]++
		w.written++
		for _, a := range it.what.acts {
			a.RawRecordIDs = append(a.RawRecordIDs, e.RecordID)
		}
		w.err = w.sink(e)
	}
}

// finish ends all sessions and writes what is left.
func (w *server) finish() error {
	if err := w.run(math.MaxInt64); err != nil {
		return err
	}
	return w.err
}

// truth returns the acts so far, in order of their proof.
func (w *server) truth() []Action {
	l := make([]Action, 0, len(w.acts))
	for _, a := range w.acts {
		a.Time, a.TimeStart, a.TimeEnd = clock(a.proof), clock(a.start), clock(a.end)
		l = append(l, a.Action)
	}
	return l
}

func clock(ns int64) time.Time { return time.Unix(0, ns-ns%100).UTC() }

// handle takes a handle value that is free at t.
func (w *server) handle(t int64) int {
	for i, free := range w.handles {
		if free <= t {
			w.handles[i] = math.MaxInt64
			return i
		}
	}
	w.handles = append(w.handles, math.MaxInt64)
	return len(w.handles) - 1
}
