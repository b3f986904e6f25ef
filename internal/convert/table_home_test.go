package convert

import (
	"math/rand/v2"
	"testing"
)

// TestHomes: numbers that are given out in order stand near their homes, whatever the
// secret numbers are.
func TestHomes(t *testing.T) {
	a, b := secretA, secretB
	defer func() { secretA, secretB = a, b }()
	rng := rand.New(rand.NewPCG(5, 6))
	const n, size, first = 3000, 4096, 1<<40 | 0x40
	for range 300 {
		secretA, secretB = rng.Uint64(), rng.Uint64()|1
		used := make([]bool, size)
		places := 0
		for k := uint64(first); k < first+n; k++ {
			i := homeOf(k) % size
			for places++; used[i]; places++ {
				i = (i + 1) % size
			}
			used[i] = true
		}
		if places > 16*n {
			t.Fatalf("a number stands %d places from its home on average, with %#x and %#x", places/n, secretA, secretB)
		}
	}
}
