package convert

import (
	"strings"
	"testing"

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
