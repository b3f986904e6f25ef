package cli

import "testing"

// What may wait grows with the heap, is never more than the heap, and is a fifth of a
// large one.
func TestGarbagePercent(t *testing.T) {
	for live, want := range map[uint64]int{0: 100, 1 << 20: 100, 96 << 20: 100, 192 << 20: 50, 384 << 20: 25, 480 << 20: 20, 4 << 30: 20} {
		if got := garbagePercent(live); got != want {
			t.Errorf("%d bytes in use: %d %%, want %d", live, got, want)
		}
	}
}
