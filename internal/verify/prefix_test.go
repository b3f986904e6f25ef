package verify

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/akashi-audit/akashi/internal/seal"
)

func leafOfNumber(i int) seal.Hash {
	return seal.LeafHash(binary.BigEndian.AppendUint64(nil, uint64(i)))
}

// slowFits tries every choice between the two hashes of bad leaves, for each root anew.
func slowFits(s *logState, size int64, root seal.Hash) bool {
	for mask := range 1 << len(s.bad) {
		l := slices.Clone(s.hashes[:size])
		for k, i := range s.bad {
			if i < size && mask>>k&1 == 1 {
				l[i] = s.other[k]
			}
		}
		if seal.Root(l) == root {
			return true
		}
	}
	return false
}

func TestPrefixesFit(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 7))
		n := 2 + rng.IntN(60)
		var truth []seal.Hash
		s := &logState{}
		for i := range n {
			h := leafOfNumber(i)
			truth = append(truth, h)
			switch {
			case len(s.bad) < 6 && rng.IntN(8) == 0: // one of the two is the true one, or none
				s.bad = append(s.bad, int64(i))
				wrong := leafOfNumber(1000 + i)
				switch rng.IntN(4) {
				case 0:
					s.hashes, s.other = append(s.hashes, h), append(s.other, wrong)
				case 1:
					s.hashes, s.other = append(s.hashes, h), append(s.other, h)
				default:
					s.hashes, s.other = append(s.hashes, wrong), append(s.other, h)
				}
			case rng.IntN(200) == 0: // changed, and nothing tells
				s.hashes = append(s.hashes, leafOfNumber(2000+i))
			default:
				s.hashes = append(s.hashes, h)
			}
		}
		for range 40 { // rising mostly, and sometimes back
			size := 1 + rng.Int64N(int64(n))
			root := seal.Root(truth[:size])
			if rng.IntN(5) == 0 {
				root = seal.Root(truth[:size-1])
			}
			if got, want := s.fits(size, root), slowFits(s, size, root); got != want {
				t.Fatalf("seed %d: %d leaves of %d, %d bad: %v, want %v", seed, size, n, len(s.bad), got, want)
			}
		}
	}
}

// More bad leaves than can be followed: the stored hashes are taken, until a checkpoint
// fits again.
func TestPrefixesBound(t *testing.T) {
	s := &logState{}
	for i := range 400 {
		s.hashes = append(s.hashes, leafOfNumber(i))
		if i >= 100 && i < 140 || i == 300 {
			s.bad, s.other = append(s.bad, int64(i)), append(s.other, leafOfNumber(1000+i))
		}
	}
	all := slices.Clone(s.hashes)
	s.hashes[300], s.other[40] = s.other[40], s.hashes[300]
	if !s.fits(50, seal.Root(all[:50])) || s.fits(200, leafOfNumber(1)) || len(s.walk.ways) > maxWays {
		t.Errorf("%d ways", len(s.walk.ways))
	}
	if !s.fits(250, seal.Root(all[:250])) || !s.fits(400, seal.Root(all)) {
		t.Error("checkpoints that hold do not fit")
	}
}

// Two hundred thousand leaves with twenty thousand checkpoints: one pass.
func BenchmarkPrefixes(b *testing.B) {
	const n, every = 200_000, 10
	s := &logState{}
	var t seal.Roots
	var roots []seal.Hash
	for i := range n {
		h := leafOfNumber(i)
		s.hashes = append(s.hashes, h)
		if t.Add(h); (i+1)%every == 0 {
			roots = append(roots, t.Root())
		}
	}
	for b.Loop() {
		for i, r := range roots {
			if !s.fits(int64(i+1)*every, r) {
				b.Fatal(i)
			}
		}
	}
}
