package paths

import (
	"slices"
	"sync"
)

// recallMost is how many answers a Dict keeps: those of the words of one search and of
// what was typed before it. Each takes a bit for a path, so that all of them together
// take half a byte for a path.
const recallMost = 4

// recall keeps the last answers of a Dict, which never change. Counts, rows and jumps in
// a list of one search ask the same again and again, and each answer is a scan of all
// names. It is safe for concurrent use.
type recall struct {
	mu   sync.Mutex
	last []answer // last used last
}

type answer struct {
	needle Needle
	set    *Set // nil = empty
}

// get is a copy of the answer to a needle.
func (r *recall) get(n Needle) (*Set, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.last, func(a answer) bool { return a.needle == n })
	if i < 0 {
		return nil, false
	}
	a := r.last[i]
	r.last = append(slices.Delete(r.last, i, i+1), a)
	return a.set.clone(), true
}

// Remembers reports whether Search knows the answer to a needle already.
func (d *Dict) Remembers(n Needle) bool {
	d.recall.mu.Lock()
	defer d.recall.mu.Unlock()
	return slices.ContainsFunc(d.recall.last, func(a answer) bool { return a.needle == n })
}

// put keeps a copy of an answer.
func (r *recall) put(n Needle, s *Set) {
	a := answer{needle: n}
	if !s.Empty() {
		a.set = s.clone()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.ContainsFunc(r.last, func(a answer) bool { return a.needle == n }) { // another was faster
		return
	}
	if len(r.last) == recallMost {
		r.last = slices.Delete(r.last, 0, 1)
	}
	r.last = append(r.last, a)
}

// clone is a copy; of nil an empty set.
func (s *Set) clone() *Set {
	if s == nil {
		return &Set{}
	}
	return &Set{words: slices.Clone(s.words)}
}
