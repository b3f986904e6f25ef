package cli

import "testing"

// TestDemoBytes: each person of a larger company, or over more days, does at least as much as in the
// usual one; a smaller one is not bounded more narrowly.
func TestDemoBytes(t *testing.T) {
	f := func(people, days int, want int64) {
		t.Helper()
		if got := demoBytes(people, days); got != want {
			t.Errorf("demoBytes(%d, %d) = %d, want %d", people, days, got, want)
		}
	}
	f(60, 30, 300<<20)
	f(10, 3, 300<<20)
	f(150, 30, 750<<20)
	f(60, 90, 900<<20)
	f(120, 60, 1200<<20)
}
