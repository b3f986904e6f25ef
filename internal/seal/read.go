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
	i, ok := l.last[kind]
	l.mu.Unlock()
	if !ok {
		return Leaf{}, false, nil
	}
	leaf, err = l.Entry(i)
	return leaf, true, err
}

// LastPlace is the number of the newest leaf of a kind.
func (l *Log) LastPlace(kind string) (i int64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, ok = l.last[kind]
	return i, ok
}

// Places are the numbers of the leaves of a kind, oldest first. Only those of
// KindSettings and KindKey are kept; of other kinds it knows the newest.
func (l *Log) Places(kind string) []int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch kind {
	case KindSettings:
		return slices.Clone(l.setAt)
	case KindKey:
		return slices.Clone(l.keyAt)
	}
	if i, ok := l.last[kind]; ok {
		return []int64{i}
	}
	return nil
}

// KeyFile is where the private key lies.
func (l *Log) KeyFile() string { return l.keyPath() }
