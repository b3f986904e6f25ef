package convert

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// onlyNeeded is e without the values that Fields says no rule reads.
func onlyNeeded(e *event.Event) *event.Event {
	need := Fields(e.Provider, e.ID, e.Failed())
	if need == nil || e.Schema == nil {
		return e
	}
	e = e.Clone()
	for i := range e.Values {
		if f, ok := event.FieldByName(e.Schema.Names[i]); !ok || !need.Has(f) {
			e.Values[i] = event.Value{}
		}
	}
	return e
}

// TestFields: without the values that no rule is said to read, the records are
// the same.
func TestFields(t *testing.T) {
	left := 0
	same := func(t *testing.T, events []*event.Event, opt Options) {
		t.Helper()
		all, few := New("FS-A.example.test", opt), New("FS-A.example.test", opt)
		for _, e := range events {
			all.Add(e)
			n := onlyNeeded(e)
			if n != e {
				left++
			}
			few.Add(n)
		}
		if d := cmp.Diff(lines(append(all.Take(), all.Tail()...)), lines(append(few.Take(), few.Tail()...))); d != "" {
			t.Fatalf("records differ (-all fields +needed fields):\n%s", d)
		}
		if d := cmp.Diff(all.Unused(), few.Unused()); d != "" {
			t.Fatalf("unused events differ (-all fields +needed fields):\n%s", d)
		}
	}
	for _, kind := range simulate.Kinds() {
		events, _, err := simulate.Scenario(kind, 3)
		if err != nil {
			t.Fatal(err)
		}
		mergeOrder(events)
		same(t, events, Options{})
	}
	paths := playPaths()
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 5))
		p := &play{b: newLog(), bytes: make([]byte, 6000)}
		for i := range p.bytes {
			p.bytes[i] = byte(rng.Uint32())
		}
		for p.event(paths) {
		}
		same(t, slices.Clone(p.b.events), Options{})
	}
	if left < 10_000 {
		t.Fatalf("only %d events were told to be needed in part", left)
	}
}
