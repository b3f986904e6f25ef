package seal

import "math/bits"

// Prover proves many leaves of one tree under an algorithm, and of the trees of its first
// leaves. It keeps two digests for each leaf.
type Prover struct {
	a      Algorithm
	levels [][]Digest // levels[k][i] is the root of the leaves from i·2^k on, 2^k of them
}

// NewProver keeps leaves.
func NewProver(a Algorithm, leaves []Digest) *Prover {
	p := &Prover{a: a, levels: [][]Digest{leaves}}
	for l := leaves; len(l) > 1; {
		next := make([]Digest, len(l)/2)
		for i := range next {
			next[i] = a.node(l[2*i], l[2*i+1])
		}
		p.levels = append(p.levels, next)
		l = next
	}
	return p
}

func (p *Prover) root(lo, hi int64) Digest {
	n := hi - lo
	if k := bits.TrailingZeros64(uint64(n)); n == 1<<k && lo%n == 0 {
		return p.levels[k][lo/n]
	}
	mid := lo + left(n)
	return p.a.node(p.root(lo, mid), p.root(mid, hi))
}

// Prove is the path of leaf i in the tree of the first n leaves, see CheckPath.
func (p *Prover) Prove(i, n int64) []Digest {
	var path []Digest
	for lo, hi := int64(0), n; hi-lo > 1; {
		mid := lo + left(hi-lo)
		if i < mid {
			path, hi = append(path, p.root(mid, hi)), mid
		} else {
			path, lo = append(path, p.root(lo, mid)), mid
		}
	}
	for i, j := 0, len(path)-1; i < j; i, j = i+1, j-1 {
		path[i], path[j] = path[j], path[i]
	}
	return path
}
