package coverage_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/akashi-audit/akashi/internal/coverage"
	"github.com/akashi-audit/akashi/internal/event"
)

// The holes between runs, in any order and overlapping, are the ids that no run has.
func TestHolesOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "n")
		have := map[uint64]bool{}
		var l []coverage.Run
		lo, hi := uint64(1000), uint64(0)
		for range n {
			a := rapid.Uint64Range(1, 200).Draw(t, "lo")
			b := a + rapid.Uint64Range(0, 9).Draw(t, "len")
			l = append(l, coverage.Run{Lo: a, Hi: b, From: event.Filetime(a), To: event.Filetime(b)})
			lo, hi = min(lo, a), max(hi, b)
			for id := a; id <= b; id++ {
				have[id] = true
			}
		}
		h := coverage.HolesOf(slices.Clone(l), 1000)
		missing, count := uint64(0), 0
		for id := lo; id <= hi; id++ {
			if !have[id] {
				missing++
				if have[id-1] {
					count++
				}
			}
		}
		if h.First != lo || h.Last != hi || h.Missing != missing || h.Count != count || h.Held != uint64(len(have)) || len(h.Gaps) != count {
			t.Fatalf("%+v, want %d-%d, %d missing in %d, %d held", h, lo, hi, missing, count, len(have))
		}
		for _, g := range h.Gaps {
			if have[g.FromID] || have[g.ToID] || !have[g.FromID-1] || !have[g.ToID+1] || g.Count != g.ToID-g.FromID+1 ||
				g.FromTime != event.Filetime(g.FromID-1).String() || g.ToTime != event.Filetime(g.ToID+1).String() {
				t.Fatalf("gap %+v", g)
			}
		}
		if short := coverage.HolesOf(l, 1); len(short.Gaps) > 1 || short.Count != count {
			t.Fatalf("%d gaps listed, %d counted", len(short.Gaps), short.Count)
		}
	})
}

func TestQuiet(t *testing.T) {
	var l []event.Filetime
	for _, p := range [][2]int{{0, 100}, {220, 400}} {
		for i := p[0]; i < p[1]; i++ {
			l = append(l, start+event.Filetime(i)*minute)
		}
	}
	q := coverage.Quiet(l)
	if len(q) != 1 || q[0].From != (start+99*minute).String() || q[0].To != (start+220*minute).String() {
		t.Errorf("%+v", q)
	}
	if q := coverage.Quiet(l[:100]); len(q) != 0 {
		t.Errorf("a busy stretch: %+v", q)
	}
}
