package seal

import (
	"errors"
	"fmt"
	"slices"
)

// PruneDigests is Prune under an algorithm.
func (a Algorithm) PruneDigests(leaves []Digest, keep []int) []Digest {
	var out []Digest
	var walk func(lo, hi int, keep []int)
	walk = func(lo, hi int, keep []int) {
		switch {
		case len(keep) == 0:
			out = append(out, a.Root(leaves[lo:hi]))
		case hi-lo > 1:
			mid := lo + int(left(int64(hi-lo)))
			cut, _ := slices.BinarySearch(keep, mid)
			walk(lo, mid, keep[:cut])
			walk(mid, hi, keep[cut:])
		}
	}
	if len(leaves) > 0 {
		walk(0, len(leaves), keep)
	}
	return out
}

// PrunedDigest is PrunedRoot under an algorithm.
func (a Algorithm) PrunedDigest(n int64, keep []int64, kept, rest []Digest) (Digest, error) {
	if n <= 0 || len(keep) != len(kept) {
		return nil, fmt.Errorf("tree of %d leaves: %d places for %d leaves", n, len(keep), len(kept))
	}
	for i, k := range keep {
		if k < 0 || k >= n || i > 0 && k <= keep[i-1] {
			return nil, fmt.Errorf("tree of %d leaves: leaf %d is outside of it or out of order", n, k)
		}
	}
	p := prunedDigests{a, kept, rest}
	h, err := p.root(0, n, keep)
	if err == nil && len(p.rest) > 0 {
		err = errors.New("subtrees too many")
	}
	return h, err
}

// prunedDigests are the digests that were not yet placed.
type prunedDigests struct {
	a          Algorithm
	kept, rest []Digest
}

func (p *prunedDigests) root(lo, hi int64, keep []int64) (Digest, error) {
	if len(keep) == 0 {
		if len(p.rest) == 0 {
			return nil, fmt.Errorf("the subtree of the leaves %d to %d is missing", lo, hi-1)
		}
		h := p.rest[0]
		p.rest = p.rest[1:]
		return h, nil
	}
	if hi-lo == 1 {
		h := p.kept[0]
		p.kept = p.kept[1:]
		return h, nil
	}
	mid := lo + left(hi-lo)
	cut, _ := slices.BinarySearch(keep, mid)
	l, err := p.root(lo, mid, keep[:cut])
	if err != nil {
		return nil, err
	}
	r, err := p.root(mid, hi, keep[cut:])
	if err != nil {
		return nil, err
	}
	return p.a.node(l, r), nil
}
