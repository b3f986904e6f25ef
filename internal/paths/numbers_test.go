package paths

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestNumbers: what was appended is read back, whether the numbers lie close to each
// other, far apart or on top of each other.
func TestNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 63, 64, 65, 1000} {
		for _, widest := range []uint32{0, 1, 40, 1 << 10, 1 << 16, 1 << 21} {
			l, want := NewNumbers(n), make([]uint32, n)
			at := r.Uint32N(1000)
			for i := range want {
				at += r.Uint32N(widest + 1)
				want[i] = at
				l.Append(at)
			}
			sameNumbers(t, l, want)
		}
	}
	edges := []uint32{0, 0, 65534, 65535, 65536, math.MaxUint32 - 1, math.MaxUint32, math.MaxUint32}
	var l Numbers
	for _, n := range edges {
		l.Append(n)
	}
	sameNumbers(t, &l, edges)
}

func sameNumbers(t *testing.T, l *Numbers, want []uint32) {
	t.Helper()
	got := make([]uint32, l.Len())
	for i := range got {
		got[i] = l.At(uint32(i))
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
}
