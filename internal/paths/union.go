package paths

import (
	"bytes"
	"slices"
)

// Source gives paths in the order of Compare, as a Cursor does.
type Source interface {
	Next() bool
	Path() []byte // valid until the next call of Next
	Err() error   // why Next returned false; nil at the end
}

// Union goes through the paths of several sources in order, each path once. It
// belongs to one goroutine.
type Union struct {
	sources []Source
	heap    []int // sources by their paths, the first one on top
	top     []int // places in heap that have the current path, parents first
	on      []int // the sources there, ascending
	started bool
	err     error
}

// NewUnion makes a Union that stands before the first path.
func NewUnion(sources []Source) *Union { return &Union{sources: sources} }

// Next goes to the next path; false at the end or after an error.
func (u *Union) Next() bool {
	if u.err != nil {
		return false
	}
	if !u.started {
		u.started = true
		for i := range u.sources {
			if u.advance(i) {
				u.heap = append(u.heap, i)
			}
		}
		for at := len(u.heap)/2 - 1; at >= 0; at-- {
			u.down(at)
		}
	}
	for _, at := range slices.Backward(u.top) { // children first
		if !u.advance(u.heap[at]) {
			n := len(u.heap) - 1
			u.heap[at] = u.heap[n]
			u.heap = u.heap[:n]
			if at == n {
				continue
			}
		}
		u.down(at)
	}
	u.top, u.on = u.top[:0], u.on[:0]
	if u.err != nil || len(u.heap) == 0 {
		return false
	}
	u.top = append(u.top, 0)
	path := u.sources[u.heap[0]].Path()
	for i := 0; i < len(u.top); i++ {
		at := u.top[i]
		u.on = append(u.on, u.heap[at])
		for _, child := range [...]int{2*at + 1, 2*at + 2} {
			if child < len(u.heap) && bytes.Equal(u.sources[u.heap[child]].Path(), path) {
				u.top = append(u.top, child)
			}
		}
	}
	slices.Sort(u.on)
	return true
}

// advance goes to the next path of a source.
func (u *Union) advance(i int) bool {
	if u.sources[i].Next() {
		return true
	}
	if err := u.sources[i].Err(); err != nil && u.err == nil {
		u.err = err
	}
	return false
}

// Path is the path; it is valid until the next call of Next.
func (u *Union) Path() []byte { return u.sources[u.on[0]].Path() }

// On lists the sources that have the path, ascending; it is valid until the next
// call of Next.
func (u *Union) On() []int { return u.on }

// Err is the error that ended Next.
func (u *Union) Err() error { return u.err }

// down brings a source to its place among those below it.
func (u *Union) down(at int) {
	h := u.heap
	path := func(at int) []byte { return u.sources[h[at]].Path() }
	for {
		least := 2*at + 1
		if least >= len(h) {
			return
		}
		if least+1 < len(h) && CompareBytes(path(least+1), path(least)) < 0 {
			least++
		}
		if CompareBytes(path(least), path(at)) >= 0 {
			return
		}
		h[at], h[least] = h[least], h[at]
		at = least
	}
}
