package seal

import (
	"bytes"
	"crypto"
	_ "crypto/sha512" // the algorithms that Algorithms names
	"encoding/hex"
	"fmt"
	"hash"
	"math/bits"
)

// Algorithm is a hash algorithm under which everything that is sealed can be hashed anew
// (RFC 4998, section 5.3). Its text is the name in files and on the command line.
type Algorithm string

// The algorithms, beside SHA-256, that the standard library has and that time-stamp
// authorities take (RFC 3161 with RFC 5754).
const (
	SHA256 Algorithm = "sha256" // that of the log itself; nothing is renewed to it
	SHA384 Algorithm = "sha384"
	SHA512 Algorithm = "sha512"
)

// Algorithms are those that a renewal can be made under.
func Algorithms() []Algorithm { return []Algorithm{SHA384, SHA512} }

// ParseAlgorithm reads the name of an algorithm that a renewal can be made under.
func ParseAlgorithm(s string) (Algorithm, error) {
	for _, a := range Algorithms() {
		if string(a) == s {
			return a, nil
		}
	}
	return "", fmt.Errorf("hash algorithm %.40q: want one of %v", s, Algorithms())
}

func (a Algorithm) crypto() crypto.Hash {
	switch a {
	case SHA384:
		return crypto.SHA384
	case SHA512:
		return crypto.SHA512
	}
	return crypto.SHA256
}

// New is a hash of this algorithm.
func (a Algorithm) New() hash.Hash { return a.crypto().New() }

// Size is the bytes of a digest.
func (a Algorithm) Size() int { return a.crypto().Size() }

// Sum is the digest of bytes.
func (a Algorithm) Sum(b []byte) Digest {
	h := a.New()
	h.Write(b)
	return h.Sum(nil)
}

// Leaf is the digest of a leaf: of a zero byte and its data (RFC 6962, section 2.1).
func (a Algorithm) Leaf(data []byte) Digest {
	h := a.New()
	h.Write([]byte{0})
	h.Write(data)
	return h.Sum(nil)
}

func (a Algorithm) node(left, right Digest) Digest {
	h := a.New()
	h.Write([]byte{1})
	h.Write(left)
	h.Write(right)
	return h.Sum(nil)
}

// Root is the root of the tree over digests of leaves (RFC 6962, section 2.1).
func (a Algorithm) Root(leaves []Digest) Digest {
	t := NewDigests(a)
	for _, h := range leaves {
		t.Add(h)
	}
	return t.Root()
}

// Prove is the path of leaf i in the tree over leaves; CheckPath is the other side.
func (a Algorithm) Prove(leaves []Digest, i int) []Digest {
	if len(leaves) <= 1 {
		return nil
	}
	mid := int(left(int64(len(leaves))))
	if i < mid {
		return append(a.Prove(leaves[:mid], i), a.Root(leaves[mid:]))
	}
	return append(a.Prove(leaves[mid:], i-mid), a.Root(leaves[:mid]))
}

// CheckPath checks that leaf is number i (from 0) of the tree of size leaves with that
// root (RFC 6962, section 2.1.1).
func (a Algorithm) CheckPath(path []Digest, size int64, root Digest, i int64, leaf Digest) error {
	got, err := a.rootOf(path, size, i, leaf)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, root) {
		return fmt.Errorf("leaf %d of a tree of %d under %s: it is not in it", i, size, a)
	}
	return nil
}

func (a Algorithm) rootOf(path []Digest, size, i int64, leaf Digest) (Digest, error) {
	if i < 0 || i >= size || len(leaf) != a.Size() {
		return nil, fmt.Errorf("leaf %d of a tree of %d under %s", i, size, a)
	}
	var lefts []bool // from the root down: the leaf is in the left part
	for lo, n := int64(0), size; n > 1; {
		mid := left(n)
		in := i-lo < mid
		lefts = append(lefts, in)
		if in {
			n = mid
		} else {
			lo, n = lo+mid, n-mid
		}
	}
	if len(path) != len(lefts) {
		return nil, fmt.Errorf("leaf %d of a tree of %d under %s: a path of %d steps, want %d", i, size, a, len(path), len(lefts))
	}
	for k, p := range path {
		if len(p) != a.Size() {
			return nil, fmt.Errorf("leaf %d of a tree of %d under %s: a digest of %d bytes", i, size, a, len(p))
		}
		if lefts[len(lefts)-1-k] {
			leaf = a.node(leaf, p)
		} else {
			leaf = a.node(p, leaf)
		}
	}
	return leaf, nil
}

// Digest is a value of a hash algorithm. As text it is hexadecimal.
type Digest []byte

// MarshalText is the text form.
func (d Digest) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, d), nil }

// UnmarshalText reads the text form, of at most 64 bytes.
func (d *Digest) UnmarshalText(b []byte) error {
	if len(b) > 128 {
		return fmt.Errorf("digest of %d digits", len(b))
	}
	x, err := hex.DecodeString(string(b))
	*d = x
	return err
}

// Equal reports whether both are the same.
func (d Digest) Equal(x Digest) bool { return bytes.Equal(d, x) }

// Digests makes the root of a tree leaf by leaf, as Roots does for SHA-256.
type Digests struct {
	a     Algorithm
	n     uint64
	stack []Digest
}

// NewDigests is the tree of no leaves.
func NewDigests(a Algorithm) *Digests { return &Digests{a: a} }

// Add adds the digest of a leaf.
func (t *Digests) Add(h Digest) {
	t.n++
	for range bits.TrailingZeros64(t.n) {
		h = t.a.node(t.stack[len(t.stack)-1], h)
		t.stack = t.stack[:len(t.stack)-1]
	}
	t.stack = append(t.stack, h)
}

// Len is the number of leaves.
func (t *Digests) Len() int64 { return int64(t.n) }

// Root is the root over the leaves so far; that of none is the digest of nothing.
func (t *Digests) Root() Digest {
	if t.n == 0 {
		return t.a.Sum(nil)
	}
	h := t.stack[len(t.stack)-1]
	for i := len(t.stack) - 2; i >= 0; i-- {
		h = t.a.node(t.stack[i], h)
	}
	return h
}
