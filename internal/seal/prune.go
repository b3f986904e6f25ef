package seal

import (
	"fmt"
	"slices"
)

// prune is Prune of a tree of any hashes.
func prune[H any](leaves []H, keep []int, root func([]H) H) []H {
	var out []H
	var walk func(lo, hi int, keep []int)
	walk = func(lo, hi int, keep []int) {
		switch {
		case len(keep) == 0:
			out = append(out, root(leaves[lo:hi]))
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

// prunedRoot is PrunedRoot of a tree of any hashes that has leaves.
func prunedRoot[H any](n int64, keep []int64, kept, rest []H, node func(l, r H) H) (none H, err error) {
	if n <= 0 || len(keep) != len(kept) {
		return none, fmt.Errorf("tree of %d leaves: %d places for %d leaves", n, len(keep), len(kept))
	}
	for i, k := range keep {
		if k < 0 || k >= n || i > 0 && k <= keep[i-1] {
			return none, fmt.Errorf("tree of %d leaves: leaf %d is outside of it or out of order", n, k)
		}
	}
	p := pruned[H]{kept, rest, node}
	h, err := p.root(0, n, keep)
	if err == nil && len(p.rest) > 0 {
		err = fmt.Errorf("tree of %d leaves: %d subtrees too many", n, len(p.rest))
	}
	return h, err
}

// pruned are the hashes that were not yet placed.
type pruned[H any] struct {
	kept, rest []H
	node       func(l, r H) H
}

func (p *pruned[H]) root(lo, hi int64, keep []int64) (none H, err error) {
	if len(keep) == 0 {
		if len(p.rest) == 0 {
			return none, fmt.Errorf("the subtree of the leaves %d to %d is missing", lo, hi-1)
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
		return none, err
	}
	r, err := p.root(mid, hi, keep[cut:])
	if err != nil {
		return none, err
	}
	return p.node(l, r), nil
}

// PruneDigests is Prune under an algorithm.
func (a Algorithm) PruneDigests(leaves []Digest, keep []int) []Digest {
	return prune(leaves, keep, a.Root)
}

// PrunedDigest is PrunedRoot under an algorithm, of a tree that has leaves.
func (a Algorithm) PrunedDigest(n int64, keep []int64, kept, rest []Digest) (Digest, error) {
	return prunedRoot(n, keep, kept, rest, a.node)
}
