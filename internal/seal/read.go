package seal

import (
	"fmt"
	"iter"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// Size is the number of leaves.
func (l *Log) Size() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tree.size
}

// Entries gives the leaves from (counted from 0) to to, without it. An error ends it.
func (l *Log) Entries(from, to int64) iter.Seq2[Leaf, error] {
	return func(yield func(Leaf, error) bool) {
		for i := max(from, 0); i < to; i++ {
			leaf, err := l.Entry(i)
			if !yield(leaf, err) || err != nil {
				return
			}
		}
	}
}

// Entry reads one leaf.
func (l *Log) Entry(i int64) (Leaf, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i < 0 || i >= l.tree.size || l.f == nil {
		return Leaf{}, fmt.Errorf("leaf %d of a log of %d", i, l.tree.size)
	}
	end := l.end
	if i+1 < l.tree.size {
		end = l.at[i+1]
	}
	b := make([]byte, end-l.at[i])
	if _, err := l.f.ReadAt(b, l.at[i]); err != nil {
		return Leaf{}, fmt.Errorf("read leaf %d: %w", i, err)
	}
	data, _, err := ParseLine(b[:len(b)-1])
	if err != nil {
		return Leaf{}, &DamageError{Path: l.path(LeavesName), Offset: l.at[i], Line: int(i) + 1, Reason: err.Error()}
	}
	e, err := ParseLeaf(data)
	return Leaf{i, data, e}, err
}

// Prove proves that leaf i is in the tree of size leaves, see CheckInclusion.
func (l *Log) Prove(i, size int64) ([]Hash, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i < 0 || i >= size || size > l.tree.size {
		return nil, fmt.Errorf("leaf %d of a tree of %d leaves: the log has %d", i, size, l.tree.size)
	}
	p, err := tlog.ProveRecord(size, i, &l.tree)
	return sealed(p), err
}

// Consistency proves that the tree of size old begins that of size now, see
// CheckConsistency.
func (l *Log) Consistency(old, now int64) ([]Hash, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if old <= 0 || old > now || now > l.tree.size {
		return nil, fmt.Errorf("trees of %d and %d leaves: the log has %d", old, now, l.tree.size)
	}
	if old == now {
		return nil, nil
	}
	p, err := tlog.ProveTree(now, old, &l.tree)
	return sealed(p), err
}

// Last is the last leaf of a kind; ok is false when there is none.
func (l *Log) Last(kind string) (leaf Leaf, ok bool, err error) {
	l.mu.Lock()
	at := l.kinds[kind]
	l.mu.Unlock()
	if len(at) == 0 {
		return Leaf{}, false, nil
	}
	leaf, err = l.Entry(at[len(at)-1])
	return leaf, true, err
}

// Of gives the leaves of some kinds, oldest first, as far as the log goes now.
func (l *Log) Of(kinds ...string) iter.Seq2[Leaf, error] {
	var at []int64
	for _, k := range kinds {
		at = append(at, l.Places(k)...)
	}
	slices.Sort(at)
	return func(yield func(Leaf, error) bool) {
		for _, i := range at {
			leaf, err := l.Entry(i)
			if !yield(leaf, err) || err != nil {
				return
			}
		}
	}
}

// LastPlace is the number of the newest leaf of a kind.
func (l *Log) LastPlace(kind string) (i int64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.kinds[kind]
	if len(at) == 0 {
		return 0, false
	}
	return at[len(at)-1], true
}

// Places are the numbers of the leaves of a kind, oldest first.
func (l *Log) Places(kind string) []int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.kinds[kind])
}

// KeyFile is where the private key lies.
func (l *Log) KeyFile() string { return l.keyPath() }
