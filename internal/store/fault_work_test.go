package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

// A step is one thing that a workload does with a store. All of it happens or
// nothing.
type step struct {
	n         int // from 1
	kind      stepKind
	server    string
	to        int             // of a rewind: the step whose checkpoint it goes back to; 0 = the beginning
	records   []record.Record // of a commit
	tail      []record.Record
	setTail   bool
	events    []uint64 // ids
	late      bool     // the events were not given to the converter
	facts     []store.Fact
	superseBy uint32
}

type stepKind int

const (
	stepCommit stepKind = iota
	stepRewind          // a commit that takes earlier ones back
	stepSupersede
	stepFlush // the log into segments, where the store can
	stepMerge
)

func (s step) String() string {
	return fmt.Sprintf("step %d (%s, %s)", s.n, [...]string{"commit", "rewind", "supersede", "flush", "merge"}[s.kind], s.server)
}

// Methods that a store may have or not.
type (
	flusher interface{ Flush(context.Context) error }
	merger  interface{ Merge(context.Context) error }
	settler interface{ Settle(context.Context) error }
)

// options are those of a small store: many files, flushes in the background.
func options(o store.Options) store.Options {
	o.Create, o.FileSize = true, 6000
	if f := reflect.ValueOf(&o).Elem().FieldByName("FlushRows"); f.IsValid() && f.Int() == 0 {
		f.SetInt(60)
	}
	return o
}

// importName names a step in the list of imports, which shows exactly which
// commits a store has.
func importName(n int) string { return fmt.Sprintf("step-%d", n) }

// apply does a step. An error means that the store said one.
func (s step) apply(ctx context.Context, st *store.Store) error {
	switch s.kind {
	case stepSupersede:
		_, err := st.Supersede(ctx, s.server, s.superseBy)
		return err
	case stepFlush:
		if f, ok := any(st).(flusher); ok {
			return f.Flush(ctx)
		}
		return nil
	case stepMerge:
		if f, ok := any(st).(merger); ok {
			return f.Merge(ctx)
		}
		if f, ok := any(st).(settler); ok {
			return f.Settle(ctx)
		}
		return nil
	}
	c := &store.Commit{
		Server: s.server, Records: clone(s.records), Tail: clone(s.tail), SetTail: s.setTail, Received: received(s.n), Facts: slices.Clone(s.facts),
		FactsRead: true, Basis: store.Basis{Rules: 1}, Imports: []store.Import{{Name: importName(s.n), Events: int64(len(s.events))}},
	}
	if len(s.events) > 0 {
		var l []*event.Event
		for _, id := range s.events {
			l = append(l, testEvent(s.server, id))
		}
		p, err := st.Planner(s.server).Plan(ctx, l)
		if err != nil {
			return err
		}
		if p.Duplicates > 0 {
			return fmt.Errorf("%s: %d events are stored already", s, p.Duplicates)
		}
		c.Raw = p.Raw
	}
	if s.late {
		c.Late = &store.Key{}
	} else {
		c.Checkpoint, c.Watermark = []byte(importName(s.n)), watermark(s.n)
	}
	if s.kind == stepRewind {
		seq := uint64(0)
		if s.to > 0 {
			res, err := st.Resume(ctx, s.server, func(b []byte, _ [][]byte, _ store.Basis) bool { return string(b) == importName(s.to) })
			if err != nil {
				return err
			}
			if res.Checkpoint == nil {
				return fmt.Errorf("%s: the checkpoint of step %d is not there", s, s.to)
			}
			seq = res.Seq
		}
		c.Rewind = &seq
	}
	_, err := st.Append(ctx, c)
	return err
}

func received(n int) int64 { return start + int64(n)*1e9 }

func watermark(n int) store.Key {
	return store.Key{Running: event.FromUnixNano(received(n)), Channel: "Security", ID: uint64(n)}
}

// work makes the steps of a workload from a seed. Every step follows from the
// model of those before it, so that a helper process can go on anywhere.
type work struct {
	r     *rand.Rand
	names *names
	model *model
	n     int
	queue []step // must come next
	next  map[string]uint64
	held  map[string][]uint64 // events that come late
	size  int                 // records of a commit, about
}

func newWork(seed uint64, size int) *work {
	return &work{
		r: rand.New(rand.NewPCG(seed, 0xfa017)), names: oddNames(), model: newModel(),
		next: make(map[string]uint64), held: make(map[string][]uint64), size: size,
	}
}

// step makes the next step. done tells the work that it is acknowledged.
func (w *work) step() step {
	w.n++
	if len(w.queue) > 0 {
		s := w.queue[0]
		w.queue = w.queue[1:]
		s.n = w.n
		return s
	}
	server := pick(w.r, []string{"FS-A.example.jp", "FS-A.example.jp", "FS-B", "dc1"})
	k := w.r.IntN(20)
	switch sv := w.model.servers[server]; {
	case k == 0:
		return step{n: w.n, kind: stepMerge}
	case k < 3:
		return step{n: w.n, kind: stepFlush}
	case k < 5 && sv != nil && len(sv.commits) > 1:
		return w.rewind(server, sv)
	}
	return w.commit(server)
}

func (w *work) done(s step) { w.model = w.model.after(s) }

func (w *work) commit(server string) step {
	s := step{n: w.n, kind: stepCommit, server: server, setTail: w.r.IntN(3) == 0}
	for range w.size/2 + w.r.IntN(w.size) {
		id := w.next[server] + 1
		w.next[server] = id
		if w.r.IntN(10) == 0 {
			w.held[server] = append(w.held[server], id)
			continue
		}
		s.events = append(s.events, id)
		s.records = append(s.records, w.records(server, id)...)
	}
	if late := w.held[server]; len(late) > 0 && w.r.IntN(4) == 0 { // weeks late
		w.held[server] = nil
		s.events = append(s.events, late...)
		for _, id := range late {
			s.records = append(s.records, w.records(server, id)...)
		}
		if w.r.IntN(2) == 0 { // stored first, converted afterwards, as the engine does
			again := w.conversion(server, s.n+1, 0, w.model.servers[server])
			again.records = append(again.records, s.records...)
			w.queue = append(w.queue, again, step{kind: stepSupersede, server: server, superseBy: 1})
			s.records, s.late, s.setTail = nil, true, false
			return s
		}
	}
	if s.setTail {
		s.tail = w.tail(server, s.n)
	}
	if w.r.IntN(3) == 0 {
		s.facts = []store.Fact{{Minute: int64(s.n), Who: "tanaka", Where: "192.0.2.1"}}
	}
	return s
}

// records are none, one or two of an event.
func (w *work) records(server string, id uint64) (l []record.Record) {
	for ordinal := range []int{0, 1, 1, 1, 1, 1, 2}[w.r.IntN(7)] {
		l = append(l, w.names.oddRecord(w.r, server, id, uint32(ordinal)))
	}
	return l
}

func (w *work) tail(server string, n int) (l []record.Record) {
	for i := range w.r.IntN(4) {
		id := uint64(1)
		if at := w.next[server]; at > 0 {
			id = at - uint64(w.r.IntN(int(min(at, 5))))
		}
		l = append(l, w.names.oddRecord(w.r, server, id, uint32(1000+10*n+i)))
	}
	return l
}

// rewind goes back to an earlier commit, or to the beginning.
func (w *work) rewind(server string, sv *serverModel) step {
	to := 0
	if w.r.IntN(3) > 0 {
		// Stores keep the last few checkpoints, and of older ones some.
		if c := pick(w.r, sv.commits[max(0, len(sv.commits)-6):]); c.checkpoint {
			to = c.step
		}
	}
	w.queue = append(w.queue, step{kind: stepSupersede, server: server, superseBy: uint32(2 + w.r.IntN(3))})
	return w.conversion(server, w.n, to, sv)
}

// conversion is another conversion of what came after a step: most records come
// out the same, some differ, are gone or new.
func (w *work) conversion(server string, n, to int, sv *serverModel) step {
	s := step{n: n, kind: stepRewind, server: server, to: to, setTail: true}
	if sv == nil {
		return s
	}
	again := func(l []record.Record) (out []record.Record) {
		for _, x := range clone(l) {
			x.RulesVersion = 2
			switch w.r.IntN(8) {
			case 0:
				continue
			case 1:
				x.Path += "!"
			case 2:
				x.Set("again", fmt.Sprint(n))
			}
			out = append(out, x)
		}
		return out
	}
	for _, c := range sv.commits {
		if c.step > to {
			s.records = append(s.records, again(c.records)...)
		}
	}
	s.tail = append(again(sv.tail), w.tail(server, n)...)
	return s
}
