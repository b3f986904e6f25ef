package verify

import (
	"github.com/akashi-audit/akashi/internal/seal"
)

// maxWays is how many ways to read the bad leaves are followed at once: eight leaves
// of which nothing says yet which of their two hashes is the true one.
const maxWays = 1 << 8

// prefixes are the roots of the first leaves of a log, in one pass: a way for each
// choice between the two hashes that bad leaves may have. A checkpoint that fits says
// which choice was the right one.
type prefixes struct {
	n    int64 // leaves so far
	bad  int   // bad leaves so far
	ways []seal.Roots
	cut  bool // there were more than maxWays: ways has only that of the stored hashes
}

// fits reports whether the first size leaves have that root; of bad leaves it takes
// the hash that fits. Asked in rising order it is one pass over the leaves for all
// checkpoints.
func (s *logState) fits(size int64, root seal.Hash) bool {
	w := &s.walk
	if w.ways == nil || size < w.n {
		*w = prefixes{ways: make([]seal.Roots, 1)}
	}
	for ; w.n < size; w.n++ {
		h := s.hashes[w.n]
		if w.bad < len(s.bad) && s.bad[w.bad] == w.n {
			w.fork(h, s.other[w.bad])
			w.bad++
			continue
		}
		for i := range w.ways {
			w.ways[i].Add(h)
		}
	}
	for i := range w.ways {
		if w.ways[i].Root() == root {
			w.ways, w.cut = []seal.Roots{w.ways[i]}, false // that settles the leaves so far
			return true
		}
	}
	return false
}

// fork adds a leaf of which either hash may be the true one.
func (w *prefixes) fork(h, other seal.Hash) {
	if h != other && 2*len(w.ways) > maxWays {
		w.ways = w.ways[:1]
		w.cut = true
	}
	if h != other && !w.cut {
		for i := range len(w.ways) {
			c := w.ways[i].Clone()
			c.Add(other)
			w.ways = append(w.ways, c)
		}
	}
	for i := range w.ways {
		if w.cut || h == other || i < len(w.ways)/2 {
			w.ways[i].Add(h)
		}
	}
}
