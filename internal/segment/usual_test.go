package segment

import (
	"math/rand/v2"
	"testing"
)

// TestUsualShares: both ways of finding a path's usual share say the same, of long runs and of
// short ones.
func TestUsualShares(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for _, longest := range []uint32{1, 7, usualWindow, 5 * usualWindow} {
		for range 20 {
			s, end := &Segment{}, uint32(0)
			for range r.IntN(50) {
				end += 1 + r.Uint32N(longest)
				s.usual = append(s.usual, usualRun{end, r.Uint32N(9)})
			}
			s.meta.Paths = int(end)
			l := s.usualShares()
			for path := range end {
				if got, want := l.of(path), s.usualShare(path); got != want {
					t.Fatalf("path %d of %d: share %d, want %d", path, end, got, want)
				}
			}
		}
	}
}
