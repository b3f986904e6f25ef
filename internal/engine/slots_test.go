package engine

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// sameSlots compares the counts by time of what is found with the records: those of the
// archive, and those that the store holds.
func sameSlots(t *testing.T, at string, e *Engine, q query.Query, found []record.Record) {
	t.Helper()
	if len(found) == 0 {
		return
	}
	first, last := found[0].Time, found[0].Time
	for i := range found {
		first, last = min(first, found[i].Time), max(last, found[i].Time)
	}
	const n = 9
	bounds := []int64{first}
	for i := range int64(n) {
		bounds = append(bounds, max(first+(last-first)*(i+1)/n, bounds[i]+1))
	}
	bounds[n] = max(last+1, bounds[n]) // half-open
	put := func(l []query.Slot, found []record.Record) []query.Slot {
		for i := range found {
			for k := range l {
				if found[i].Time >= bounds[k] && found[i].Time < bounds[k+1] {
					l[k].Add(&found[i])
				}
			}
		}
		return l
	}
	q.Limit = 1 << 20
	have, err := e.ArchivedSlots(t.Context(), q, bounds)
	if err != nil {
		t.Fatal(err)
	}
	q.HeldOnly = true
	p, err := e.st.Search(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(put(make([]query.Slot, n), found), put(have, p.Records), cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("%s: counts by time of %+v:\n%.2000s", at, q, d)
	}
}

func TestArchivedSlotsWithoutOne(t *testing.T) {
	e := openEngine(t, deletedFolder(t), laterDeps(nil))
	for _, bounds := range [][]int64{nil, {1}, {2, 1}} {
		if _, err := e.ArchivedSlots(t.Context(), query.Query{}, bounds); err == nil {
			t.Errorf("bounds %v", bounds)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.ArchivedSlots(ctx, query.Query{Classes: query.AllClasses()}, []int64{0, 1 << 62}); err == nil {
		t.Error("an asker who has gone")
	}
}
