package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

// history is every state that a workload went through, so that a reader can tell
// whether what it saw was true at some moment while it looked.
type history struct {
	mu   sync.Mutex
	l    []*state
	open *state // of the step under way
}

func (h *history) begin(m *model) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open = m.state()
}

func (h *history) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.l, h.open = append(h.l, h.open), nil
}

// since are the states from one on, with the one that may just begin to hold.
func (h *history) since(n int) []*state {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := slices.Clone(h.l[n:])
	if h.open != nil {
		l = append(l, h.open)
	}
	return l
}

func (h *history) now() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.l) - 1
}

// readOnce asks one thing and checks it against the states since it began.
func readOnce(ctx context.Context, s *store.Store, h *history, r *rand.Rand) error {
	from := h.now()
	records := h.since(from)[0].Records
	switch q := randomQuery(r, records); r.IntN(4) {
	case 0: // one page is of one state
		q.Limit = 1000
		if !complete {
			q.Oldest = false
		}
		p, err := s.Search(ctx, q)
		if err != nil {
			return err
		}
		for _, st := range h.since(from) {
			if want := find(q, st); recordDiff(want[:min(len(want), 1000)], p.Records) == "equal" {
				return nil
			}
		}
		return fmt.Errorf("%+v: %d records, which is no state since it was asked", q, len(p.Records))
	case 1:
		f, err := s.Facets(ctx, q)
		if err != nil {
			return err
		}
		for _, st := range h.since(from) {
			if uint64(len(find(q, st))) == f.Total {
				return nil
			}
		}
		return fmt.Errorf("facets of %+v count %d, which is no state since it was asked", q, f.Total)
	case 2: // what no rewind takes back is on the pages once, in order
		return readPages(ctx, s, h, from, r)
	}
	if len(records) == 0 {
		return nil
	}
	w := pick(r, records)
	got, err := s.Record(ctx, w.ID())
	states := h.since(from)
	gone := func(st *state) bool {
		return !slices.ContainsFunc(st.Records, func(r record.Record) bool { return r.ID() == w.ID() })
	}
	if err != nil {
		if errors.Is(err, store.ErrNotFound) && slices.ContainsFunc(states, gone) {
			return nil
		}
		return fmt.Errorf("record %s: %w", w.ID(), err)
	}
	for _, st := range states {
		for _, l := range [][]record.Record{st.Records, st.Superseded} {
			if slices.ContainsFunc(l, func(r record.Record) bool { return reflect.DeepEqual(r, *got) }) {
				return nil
			}
		}
	}
	return fmt.Errorf("record %s was never so", w.ID())
}

// readPages reads small pages while the store changes. Records that were there
// all the time must be on them once.
func readPages(ctx context.Context, s *store.Store, h *history, from int, r *rand.Rand) error {
	l, err := pages(ctx, s, query.Query{Classes: query.AllClasses(), Limit: 20 + r.IntN(60)})
	if err != nil {
		return err
	}
	if !slices.IsSortedFunc(l, func(a, b record.Record) int {
		x, y := query.PositionOf(&a), query.PositionOf(&b)
		return x.Compare(&y)
	}) {
		return errors.New("pages are not in order")
	}
	seen := make(map[record.ID]int)
	for i := range l {
		if seen[l[i].ID()]++; seen[l[i].ID()] > 1 {
			return fmt.Errorf("record %s is on the pages twice", l[i].ID())
		}
	}
	states := h.since(from)
	always := make(map[record.ID]int)
	for _, st := range states {
		for i := range st.Records {
			always[st.Records[i].ID()]++
		}
	}
	for id, n := range always {
		if n == len(states) && seen[id] == 0 {
			return fmt.Errorf("record %s was there all the time and is on no page", id)
		}
	}
	return nil
}

// TestReadersBesideWriter reads from many goroutines, also through a read-only
// store, while a workload commits, rewinds, flushes and merges. It is meant for
// the race detector (scripts/test.sh), but finds torn states without it too.
func TestReadersBesideWriter(t *testing.T) {
	ctx := context.Background()
	steps := 60
	if long() {
		steps = 400
	}
	disk := newDisk(t)
	s, err := store.Open(dataDir, options(store.Options{FS: disk, Zone: zone()}))
	if err != nil {
		t.Fatal(err)
	}
	w := newWork(21, 10)
	h := &history{l: []*state{w.model.state()}}
	ro, err := store.Open(dataDir, store.Options{FS: disk, Zone: zone(), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var done atomic.Bool
	var asked atomic.Int64
	for i := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 33))
			for !done.Load() && !t.Failed() {
				from := s
				if i%2 == 1 {
					from = ro
				}
				if err := readOnce(ctx, from, h, r); err != nil {
					t.Errorf("reader %d: %v; damage %v", i, err, from.Damage())
				}
				asked.Add(1)
			}
		})
	}
	for range steps {
		st := w.step()
		h.begin(w.model.after(st))
		if err := st.apply(ctx, s); err != nil {
			t.Errorf("%s: %v", st, err)
			break
		}
		w.done(st)
		h.end()
		for was := asked.Load(); asked.Load() < was+3 && !t.Failed(); { // let the readers read
			runtime.Gosched()
		}
	}
	done.Store(true)
	wg.Wait()
	t.Logf("%d questions during %d steps", asked.Load(), steps)
	if err := errors.Join(ro.Close(), damage(s, false), s.Close()); err != nil {
		t.Error(err)
	}
}
