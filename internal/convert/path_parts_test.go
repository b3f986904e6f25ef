package convert

import (
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/record"
	"pgregory.net/rapid"
)

// TestPathParts: the parts of a path are found as byte by byte.
func TestPathParts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{`\`, `.`, `a`, `見`, `]`, `[`, "\x00", "\xdc", `xlsx`}), 0, 40).Draw(rt, "pieces"), "")
		n := strings.LastIndexByte(p, '\\')
		if got := lastSlash(p); got != n {
			rt.Errorf("last backslash of %q at %d, want %d", p, got, n)
		}
		ext := ""
		if dot := strings.LastIndexByte(p[n+1:], '.'); dot > 0 {
			ext = p[n+1+dot:]
		}
		if got := extOf(p); got != ext {
			rt.Errorf("extension of %q is %q, want %q", p, got, ext)
		}
	})
}

// TestBeat: an act is settled at the first event behind the beat that follows its time,
// and at none before it.
func TestBeat(t *testing.T) {
	b := newLog()
	b.logonEvent()
	b.read("a.txt")
	c := New("FS-A.example.test", Options{})
	var last tick
	for _, e := range b.events {
		c.Add(e)
		last = tick(e.Time)
	}
	due := always
	for _, a := range c.s.Acts.all() {
		if a.Op == record.OpRead {
			due = a.Due
		}
	}
	if due < last || due == always {
		t.Fatalf("the read is due at %d, the last event was at %d", due, last)
	}
	reads := func(at tick) (n int) {
		c.advance(at)
		for _, a := range c.s.Acts.all() {
			if a.Op == record.OpRead {
				n++
			}
		}
		return n
	}
	next := due + beat - due%beat
	if due%beat == 0 {
		next = due
	}
	if reads(due-1) != 1 || reads(next-1) != 1 || reads(next) != 0 {
		t.Errorf("the read that is due at %d was not settled at the beat %d", due, next)
	}
}

// TestTimersOrder: timers come by the time when they are due, those of one instant in the
// order of their setting, and never early.
func TestTimersOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var q timers
		q.restored()
		now, order := tick(1000), uint64(0)
		var want []timer // what is set, in the order of setting
		for range rapid.IntRange(1, 200).Draw(rt, "steps") {
			if rapid.IntRange(0, 2).Draw(rt, "kind") > 0 {
				order++
				x := timer{Due: now + rapid.SampledFrom([]tick{0, 1, 2, 2, 5, 5, 15, 60, -3, always}).Draw(rt, "ahead"), Order: order}
				if x.Due < 0 {
					x.Due = always
				}
				q.set(&x)
				x.Due = min(x.Due, always-1)
				want = append(want, x)
				continue
			}
			now += rapid.Int64Range(0, 4).Draw(rt, "passes")
			first := -1
			for i := range want {
				if want[i].Due <= now && (first < 0 || want[i].before(&want[first])) {
					first = i
				}
			}
			got, ok := q.take(now)
			if ok != (first >= 0) || ok && (got.Due != want[first].Due || got.Order != want[first].Order) {
				rt.Fatalf("at %d: took %+v, %v, want number %d of %+v", now, got, ok, first, want)
			}
			if ok {
				want = append(want[:first], want[first+1:]...)
			}
			if q.n != len(want) {
				rt.Fatalf("%d timers, want %d", q.n, len(want))
			}
		}
	})
}
