package convert

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// course is a conversion with its checkpoints.
type course struct {
	at     []int    // events before each checkpoint
	states [][]byte // there
	ready  [][]record.Record
	traces []map[uint32]bool // since the checkpoint before; nil = not known
	end    *Converter
}

// follow converts events and takes a checkpoint where stop says.
func (co *course) follow(t *testing.T, server string, opt Options, events []*event.Event, skip func(int) bool, stop func(int) bool) {
	t.Helper()
	opt.Trace = true
	c := New(server, opt)
	mark := func(n int) {
		co.at, co.ready = append(co.at, n), append(co.ready, c.Take())
		co.states = append(co.states, c.AppendCheckpoint(nil))
		keys, ok := c.Trace()
		var set map[uint32]bool
		if ok {
			set = map[uint32]bool{}
			for _, k := range keys {
				set[k] = true
			}
		}
		co.traces = append(co.traces, set)
	}
	for i, e := range events {
		if stop(i) {
			mark(i)
		}
		if !skip(i) {
			c.Add(e)
		}
	}
	mark(len(events))
	co.end = c
}

// later is what is known behind checkpoint k, up to checkpoint h.
func (co *course) later(t *testing.T, server string, opt Options, events []*event.Event, k, h int) Later {
	t.Helper()
	end, err := Restore(server, opt, co.states[h])
	if err != nil {
		t.Fatal(err)
	}
	return Later{
		End: end,
		Touched: func(key uint32) bool {
			return slices.ContainsFunc(co.traces[k+1:h+1], func(m map[uint32]bool) bool { return m == nil || m[key] })
		},
		Quiet: func(ch string) bool {
			return !slices.ContainsFunc(events[co.at[k]:], func(e *event.Event) bool { return e.Channel == ch })
		},
	}
}

// agreeStats says what a test has shown.
type agreeStats struct {
	places, agreed, differing int
	differs                   map[string]int
}

func (st *agreeStats) why(s string) {
	if st.differs == nil {
		st.differs = map[string]int{}
	}
	st.differs[s]++
}

// checkAgree converts events without the late ones, then with them; wherever both
// agree, what follows must be the same, and the earlier state of the end, shifted,
// must be that of the conversion that went through.
func checkAgree(t *testing.T, server string, opt Options, events, future []*event.Event, late map[int]bool, stop func(int) bool, st *agreeStats) {
	t.Helper()
	var old, now course
	old.follow(t, server, opt, events, func(i int) bool { return late[i] }, stop)
	now.follow(t, server, opt, events, func(int) bool { return false }, stop)
	last := slices.Max(slices.Collect(maps.Keys(late)))
	for k, at := range old.at {
		if at <= last {
			continue
		}
		st.places++
		a, errA := Restore(server, opt, now.states[k])
		b, errB := Restore(server, opt, old.states[k])
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		h := len(old.at) - 1 // up to where they must agree
		if k%2 == 0 {
			h = min(h, k+1+k%5)
		}
		shift, differs := a.Agrees(b, old.later(t, server, opt, events, k, h))
		if differs != "" {
			st.why(differs)
			continue
		}
		st.agreed++
		if !bytes.Equal(now.states[k], old.states[k]) {
			st.differing++
		}
		for j := k + 1; j <= h; j++ {
			if d := cmp.Diff(lines(old.ready[j]), lines(now.ready[j])); d != "" {
				t.Fatalf("agreed at %d of %d; records up to %d (-old +now):\n%s", at, len(events), old.at[j], d)
			}
		}
		for j := k; j <= h; j++ { // every later checkpoint becomes that of the new course
			x, err := Restore(server, opt, old.states[j])
			if err != nil {
				t.Fatal(err)
			}
			if err := x.Shift(shift); err != nil {
				t.Fatal(err)
			}
			y, err := Restore(server, opt, now.states[j])
			if err != nil {
				t.Fatal(err)
			}
			sameState(t, x.s, y.s)
			if j < len(old.at)-1 {
				continue
			}
			for _, e := range future {
				x.Add(e)
				y.Add(e)
			}
			if d := cmp.Diff(lines(append(y.Take(), sorted(y.Tail())...)), lines(append(x.Take(), sorted(x.Tail())...))); d != "" {
				t.Fatalf("agreed at %d of %d; behind the end (-now +shifted):\n%s", at, len(events), d)
			}
		}
	}
}

// sameState compares two states whole, but for how long ago the last hole of a
// channel was when none waits.
func sameState(t *testing.T, a, b *state) {
	t.Helper()
	fa, fb := a.canon(), b.canon()
	if !bytes.Equal(a.canonical(), b.canonical()) {
		t.Fatal("the canonical forms differ")
	}
	forms := func(c *canon, s *state) map[any]string {
		m := map[any]string{}
		for k, v := range s.Sessions.all() {
			m[k] = string(c.entry(v))
		}
		for k, v := range s.Edits {
			m[k] = string(c.entry(v))
		}
		return m
	}
	jobs := func(c *canon, s *state) map[uint64]uint64 {
		m := map[uint64]uint64{}
		for k, v := range s.Jobs {
			m[k] = c.rank[v]
		}
		return m
	}
	channels := func(s *state) map[string]channel {
		m := map[string]channel{}
		for k, v := range s.Channels {
			c := *v
			if len(c.Wait) == 0 {
				c.Run, c.Wait = 0, nil
			}
			m[k] = c
		}
		return m
	}
	facts := func(s *state) []uint64 {
		var l []uint64
		for _, f := range s.Facts.slots {
			if f != 0 {
				l = append(l, s.Facts.newer(f))
			}
		}
		slices.Sort(l)
		return l
	}
	type counts struct{ Backs, Boots, Crowded, Gaps, Gen, Newer, N int64 }
	of := func(s *state) counts {
		return counts{int64(s.Backs), int64(s.Boots), int64(s.Crowded), int64(s.Gaps), int64(s.Facts.Gen), int64(s.Facts.Newer), int64(s.Facts.n)}
	}
	for _, p := range [...][2]any{
		{forms(fa, a), forms(fb, b)}, {a.Denials, b.Denials}, {jobs(fa, a), jobs(fb, b)}, {channels(a), channels(b)}, {facts(a), facts(b)}, {a.Unused, b.Unused}, {of(a), of(b)}, {a.GapAt, b.GapAt},
	} {
		if !reflect.DeepEqual(p[0], p[1]) {
			t.Fatalf("states differ:\n%v\n%v", p[0], p[1])
		}
	}
}

// TestAgreesOnDays takes an hour, or a channel of some hours, out of days of a
// made-up server and brings it late.
func TestAgreesOnDays(t *testing.T) {
	seeds, days := uint64(4), 6
	if os.Getenv("AKASHI_LONG") != "" {
		seeds, days = 20, 12
	}
	var st agreeStats
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 77))
		s := simulate.NewStream(simulate.StreamOptions{People: 6, Seed: seed})
		var all []*event.Event
		for range days {
			s.NextDay(func(e *event.Event) { all = append(all, e.Clone()) })
		}
		cut := len(all) * 9 / 10
		late := map[int]bool{}
		from := rng.IntN(cut / 3)
		until := all[from].Time + event.Filetime(rng.IntN(5)+1)*3600*10_000_000
		channel := all[from].Channel
		for i := from; i < cut && all[i].Time < until; i++ {
			if seed%2 == 0 || all[i].Channel == channel {
				late[i] = true
			}
		}
		checkAgree(t, s.Server(), Options{}, all[:cut], all[cut:], late, func(i int) bool { return i%700 == 699 }, &st)
	}
	t.Logf("%+v", st)
	if st.agreed < 5 || st.differing == 0 {
		t.Errorf("hardly ever agreed: %+v", st)
	}
}

// TestAgreesOnAnything does the same with wild streams: clocks that step, holes,
// new lives of channels, restarts, hostile names, small limits.
func TestAgreesOnAnything(t *testing.T) {
	seeds := uint64(60)
	if os.Getenv("AKASHI_LONG") != "" {
		seeds = 600
	}
	var st agreeStats
	paths := playPaths()[:20]
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 78))
		p := &play{b: newLog(), bytes: make([]byte, 1500+rng.IntN(6000))}
		for i := range p.bytes {
			p.bytes[i] = byte(rng.Uint32())
		}
		for p.event(paths) {
		}
		all := p.b.events
		cut := len(all) * 9 / 10
		late := map[int]bool{}
		from := rng.IntN(max(1, cut/3))
		for i := from; i < min(cut, from+1+rng.IntN(30)); i++ {
			if rng.IntN(3) > 0 {
				late[i] = true
			}
		}
		if len(late) == 0 {
			continue
		}
		opt := Options{}
		if seed%3 == 0 {
			opt = Options{MaxSessions: 40, MaxHandles: 20, MaxPaths: 60, MaxActs: 60}
		}
		step := 5 + rng.IntN(20)
		checkAgree(t, "FS-A.example.test", opt, all[:cut], all[cut:], late, func(i int) bool { return i%step == step-1 }, &st)
	}
	t.Logf("%+v", st)
	if st.agreed == 0 || st.differing == 0 {
		t.Errorf("never agreed: %+v", st)
	}
}
