package store

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/event"
)

// TestOrderOfCommits plays conversions and windows at random against a list that
// holds the commits in the order of events: what is void, and what follows what.
func TestOrderOfCommits(t *testing.T) {
	type commit struct {
		seq uint64
		key Key
	}
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 4))
		s := newServerIndex("A")
		var list []commit // in the order of events
		void := map[uint64]bool{}
		seq := uint64(0)
		for range 40 {
			seq += 1 + rng.Uint64N(3) // others' commits lie between
			f := &frame{version: metaVersion, seq: seq, server: "A", checkpoint: &blockRef{}}
			c := &Commit{Server: "A"}
			at := 0 // of the list, behind which the commit stands
			if len(list) > 0 {
				at = rng.IntN(len(list) + 1)
			}
			after, from := uint64(0), event.Filetime(0)
			if at > 0 {
				after, from = list[at-1].seq, list[at-1].key.Running
			}
			k := rng.IntN(4)
			switch {
			case k == 0: // converted to the end
				c.Rewind = &after
				for _, x := range list[at:] {
					void[x.seq] = true
				}
				list = append(list[:at:at], commit{seq, Key{Running: from + 1000}})
			case k < 3 && at < len(list): // a window
				upto := at + rng.IntN(len(list)-at)
				c.Window = &Window{After: after, Upto: list[upto].seq}
				for _, x := range list[at : upto+1] {
					void[x.seq] = true
				}
				list = slices.Replace(slices.Clone(list), at, upto+1, commit{seq, list[upto].key})
			default: // the next events
				if n := len(list); n > 0 {
					from = list[n-1].key.Running
				}
				list = append(list, commit{seq, Key{Running: from + 1000}})
			}
			f.watermark = list[slices.IndexFunc(list, func(x commit) bool { return x.seq == seq })].key
			s.put(f, c, 0)
			s.follow(f)
			s.checkpoints = append(s.checkpoints, checkpoint{seq: seq, watermark: f.watermark})
			s.sortCheckpoints()
			var have, want []uint64
			for _, c := range s.checkpoints {
				have = append(have, c.seq)
			}
			for _, x := range list {
				want = append(want, x.seq)
			}
			if d := cmp.Diff(want, have); d != "" {
				t.Fatalf("seed %d, commit %d: checkpoints in the order of events (-want +got):\n%s", seed, seq, d)
			}
			for n := range seq {
				if isVoid(s.voids, n+1) != void[n+1] && (void[n+1] || slices.Contains(want, n+1)) {
					t.Fatalf("seed %d, commit %d: void %d is %v: %v %v", seed, seq, n+1, !void[n+1], s.voids, s.order)
				}
			}
			place := func(n uint64) int { return s.place(n) }
			for i := 1; i < len(want); i++ {
				if a, b := place(want[i-1]), place(want[i]); a < 0 || b < a || a == b && want[i] < want[i-1] {
					t.Fatalf("seed %d, commit %d: %d and %d stand in pieces %d and %d of %v", seed, seq, want[i-1], want[i], a, b, s.order)
				}
			}
		}
	}
}

// TestShiftsOfCheckpoints: a shift concerns the older checkpoints behind its window,
// up to its end, and is forgotten with them.
func TestShiftsOfCheckpoints(t *testing.T) {
	key := func(n int) Key { return Key{Running: event.Filetime(n)} }
	s := newServerIndex("A")
	for n := range 5 {
		s.checkpoints = append(s.checkpoints, checkpoint{seq: uint64(n + 1), watermark: key(n + 1)})
	}
	f := &frame{version: metaVersion, seq: 6, watermark: key(2)}
	s.put(f, &Commit{Window: &Window{After: 1, Upto: 2, Shift: []byte("x"), ShiftTo: key(4)}}, 0)
	s.follow(f)
	have := map[uint64]int{}
	for i := range s.checkpoints {
		have[s.checkpoints[i].seq] = len(s.shiftsOf(&s.checkpoints[i]))
	}
	if d := cmp.Diff(map[uint64]int{1: 0, 3: 1, 4: 1, 5: 0}, have); d != "" {
		t.Errorf("shifts by checkpoint (-want +got):\n%s", d)
	}
	f = &frame{version: metaVersion, seq: 7}
	one := uint64(1)
	s.put(f, &Commit{Rewind: &one}, 0)
	s.follow(f)
	if len(s.shifts) > 0 || s.order != nil {
		t.Errorf("after a conversion to the end: shifts %v, order %v", s.shifts, s.order)
	}
}

// TestLostShift: a checkpoint that a lost commit would have shifted is not used.
func TestLostShift(t *testing.T) {
	s := newServerIndex("A")
	s.checkpoints = []checkpoint{{seq: 1}, {seq: 9, watermark: Key{Running: 3}}}
	s.follow(&frame{version: metaVersion, seq: 10, shifts: []uint64{5}})
	if len(s.checkpoints) != 1 || s.checkpoints[0].seq != 9 {
		t.Errorf("checkpoints %+v", s.checkpoints)
	}
}

// TestSpans: spans that meet become one, and there are never too many.
func TestSpans(t *testing.T) {
	key := func(n uint64) Key { return Key{ID: n} }
	var l []Span
	for _, x := range [][2]uint64{{10, 20}, {40, 50}, {15, 30}, {30, 35}, {60, 60}} {
		l = addSpan(l, Span{key(x[0]), key(x[1])})
	}
	if d := cmp.Diff([]Span{{key(10), key(35)}, {key(40), key(50)}, {key(60), key(60)}}, l); d != "" {
		t.Errorf("spans (-want +got):\n%s", d)
	}
	for n := range uint64(100) {
		l = addSpan(l, Span{key(100 + 3*n), key(101 + 3*n)})
	}
	if len(l) > maxSpans || l[len(l)-1].To != key(398) {
		t.Errorf("%d spans up to %v", len(l), l[len(l)-1].To)
	}
	if k := (Key{ID: math.MaxUint64}).Next(); k.Compare(Key{ID: math.MaxUint64}) <= 0 {
		t.Errorf("next %v", k)
	}
}

// TestThinKeepsTraces: what was looked up before a dropped checkpoint belongs to the
// next one, unless it is not known.
func TestThinKeepsTraces(t *testing.T) {
	const hour = 3600 * 10_000_000
	var l []checkpoint
	for n := range 72 {
		l = append(l, checkpoint{seq: uint64(n + 1), watermark: Key{Running: event.Filetime(n * hour)}, traces: []blockRef{{off: int64(n + 1)}}})
	}
	l[30].traces = nil
	var all []int64
	for _, c := range thin(l) {
		for _, r := range c.traces {
			all = append(all, r.off)
		}
		if day := c.watermark.Running / (24 * hour); day == 1 && len(c.traces) > 0 {
			t.Errorf("a day with an unknown trace has %d", len(c.traces))
		}
	}
	for n := range 24 {
		if all[n] != int64(n+1) {
			t.Fatalf("traces %v", all)
		}
	}
}
