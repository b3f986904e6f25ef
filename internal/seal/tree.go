package seal

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// LeafHash is the hash of a leaf: SHA-256 of a zero byte and data (RFC 6962,
// section 2.1).
func LeafHash(data []byte) Hash { return Hash(tlog.RecordHash(data)) }

// Sum is the SHA-256 of bytes that an entry can be about.
func Sum(b []byte) Hash { return sha256.Sum256(b) }

// Root is the root of the tree over leaf hashes (RFC 6962, section 2.1). That of
// no leaves is the SHA-256 of nothing.
func Root(leaves []Hash) Hash {
	var r Roots
	for _, h := range leaves {
		r.Add(h)
	}
	return r.Root()
}

// Roots makes the root of a tree leaf by leaf, without keeping the leaves: it holds
// the roots of the whole subtrees, left to right. The zero Roots is of no leaves.
type Roots struct {
	n     uint64
	stack []Hash
}

// Add adds the hash of a leaf.
func (r *Roots) Add(h Hash) {
	r.n++
	for range bits.TrailingZeros64(r.n) {
		h = node(r.stack[len(r.stack)-1], h)
		r.stack = r.stack[:len(r.stack)-1]
	}
	r.stack = append(r.stack, h)
}

// Clone is a tree of the same leaves that grows by itself.
func (r *Roots) Clone() Roots { return Roots{r.n, slices.Clone(r.stack)} }

// Root is the root over the leaves so far.
func (r *Roots) Root() Hash {
	if r.n == 0 {
		return sha256.Sum256(nil)
	}
	h := r.stack[len(r.stack)-1]
	for _, left := range slices.Backward(r.stack[:len(r.stack)-1]) {
		h = node(left, h)
	}
	return h
}

func node(left, right Hash) Hash { return Hash(tlog.NodeHash(tlog.Hash(left), tlog.Hash(right))) }

// left is how many of n leaves stand left of the root's cut; n > 1.
func left(n int64) int64 { return 1 << (bits.Len64(uint64(n-1)) - 1) }

// Prune returns the roots of the largest subtrees that hold none of the leaves
// in keep, from left to right. keep ascends. PrunedRoot is the other side.
func Prune(leaves []Hash, keep []int) []Hash { return prune(leaves, keep, Root) }

// PrunedRoot is the root of a tree of n leaves of which only the leaves at keep
// (ascending; kept are their hashes) and what Prune returned are known.
func PrunedRoot(n int64, keep []int64, kept, rest []Hash) (Hash, error) {
	if n == 0 && len(keep) == 0 && len(kept) == 0 {
		if len(rest) > 0 {
			return Hash{}, errors.New("an empty tree with subtrees")
		}
		return Root(nil), nil
	}
	return prunedRoot(n, keep, kept, rest, node)
}

// CheckInclusion checks that leaf is number i (from 0) of the tree of size
// leaves with that root (RFC 6962, section 2.1.1).
func CheckInclusion(proof []Hash, size int64, root Hash, i int64, leaf Hash) error {
	if err := tlog.CheckRecord(plain(proof), size, tlog.Hash(root), i, tlog.Hash(leaf)); err != nil {
		return fmt.Errorf("leaf %d of a tree of %d: %w", i, size, err)
	}
	return nil
}

// CheckConsistency checks that the tree of size old begins the tree of size now
// (RFC 6962, section 2.1.2).
func CheckConsistency(proof []Hash, now int64, root Hash, old int64, oldRoot Hash) error {
	if now == old {
		if root != oldRoot {
			return fmt.Errorf("two different trees of %d leaves", now)
		}
		return nil
	}
	if err := tlog.CheckTree(plain(proof), now, tlog.Hash(root), old, tlog.Hash(oldRoot)); err != nil {
		return fmt.Errorf("trees of %d and %d leaves: %w", old, now, err)
	}
	return nil
}

func plain(l []Hash) []tlog.Hash {
	out := make([]tlog.Hash, len(l))
	for i, h := range l {
		out[i] = tlog.Hash(h)
	}
	return out
}

// tree keeps the hashes of a growing tree, in the order of tlog. Its root and
// its proofs need no more.
type tree struct {
	size   int64
	stored []tlog.Hash
}

// ReadHashes is the interface of tlog.
func (t *tree) ReadHashes(at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, x := range at {
		if x < 0 || x >= int64(len(t.stored)) {
			return nil, fmt.Errorf("hash %d is not in a tree of %d leaves", x, t.size)
		}
		out[i] = t.stored[x]
	}
	return out, nil
}

func (t *tree) add(h Hash) error {
	l, err := tlog.StoredHashesForRecordHash(t.size, tlog.Hash(h), t)
	if err != nil {
		return fmt.Errorf("grow tree: %w", err)
	}
	t.stored = append(t.stored, l...)
	t.size++
	return nil
}

func (t *tree) root(size int64) (Hash, error) {
	if size == 0 {
		return Root(nil), nil
	}
	if size < 0 || size > t.size {
		return Hash{}, fmt.Errorf("tree of %d leaves: it has %d", size, t.size)
	}
	h, err := tlog.TreeHash(size, t)
	return Hash(h), err
}

func sealed[T ~[]tlog.Hash](l T) []Hash {
	out := make([]Hash, len(l))
	for i, h := range l {
		out[i] = Hash(h)
	}
	return out
}
