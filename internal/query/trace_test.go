package query

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTrace(t *testing.T) {
	fill := func(tr *Trace) {
		tr.Segment()
		tr.Skip(SkipTime, 2)
		tr.Skip(SkipPath, 5)
		tr.Skip(SkipTime, 1)
		tr.LogBlock()
		tr.Rows(10, 3)
		tr.Bytes(100)
		tr.Spend(PhasePlan, time.Millisecond)
		tr.Spend(PhaseRead, time.Second)
		tr.Spend(PhasePlan, time.Millisecond)
	}
	var none *Trace
	fill(none)
	if d := cmp.Diff(TraceSummary{}, none.Summary()); d != "" {
		t.Errorf("a nil trace keeps (-want +got):\n%s", d)
	}
	tr := &Trace{}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() { fill(tr) })
	}
	group.Wait()
	got := tr.Summary()
	got.Phases = nil // in the order of whoever came first
	want := TraceSummary{Segments: 4, Skipped: []Skip{{SkipPath, 20}, {SkipTime, 12}}, LogBlocks: 4, Rows: 40, Matched: 12, Bytes: 400}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("summary (-want +got):\n%s", d)
	}
	tr = &Trace{}
	fill(tr)
	if d := cmp.Diff([]Phase{{PhasePlan, 2 * time.Millisecond}, {PhaseRead, time.Second}}, tr.Summary().Phases); d != "" {
		t.Errorf("phases (-want +got):\n%s", d)
	}
}
