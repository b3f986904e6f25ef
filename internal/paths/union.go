package paths

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
	heap    []int // sources that stand behind the current path, the first one on top
	on      []int // sources that stand on the current path, ascending
	err     error
}

// NewUnion makes a Union that stands before the first path.
func NewUnion(sources []Source) *Union {
	u := &Union{sources: sources}
	for i := range sources {
		u.on = append(u.on, i)
	}
	return u
}

// Next goes to the next path; false at the end or after an error.
func (u *Union) Next() bool {
	if u.err != nil {
		return false
	}
	for _, i := range u.on {
		if u.sources[i].Next() {
			u.push(i)
		} else if u.err = u.sources[i].Err(); u.err != nil {
			return false
		}
	}
	u.on = u.on[:0]
	if len(u.heap) == 0 {
		return false
	}
	u.on = append(u.on, u.pop())
	path := u.Path()
	for len(u.heap) > 0 && string(u.sources[u.heap[0]].Path()) == string(path) {
		u.on = append(u.on, u.pop())
	}
	return true
}

// Path is the path; it is valid until the next call of Next.
func (u *Union) Path() []byte { return u.sources[u.on[0]].Path() }

// On lists the sources that have the path, ascending; it is valid until the next
// call of Next.
func (u *Union) On() []int { return u.on }

// Err is the error that ended Next.
func (u *Union) Err() error { return u.err }

// before reports whether source i comes first of two.
func (u *Union) before(i, j int) bool {
	if c := CompareBytes(u.sources[i].Path(), u.sources[j].Path()); c != 0 {
		return c < 0
	}
	return i < j
}

func (u *Union) push(i int) {
	u.heap = append(u.heap, i)
	h := u.heap
	for at := len(h) - 1; at > 0; {
		up := (at - 1) / 2
		if !u.before(h[at], h[up]) {
			return
		}
		h[at], h[up] = h[up], h[at]
		at = up
	}
}

func (u *Union) pop() int {
	h := u.heap
	top, n := h[0], len(h)-1
	h[0] = h[n]
	u.heap = h[:n]
	h = u.heap
	for at := 0; ; {
		down := 2*at + 1
		if down >= n {
			return top
		}
		if down+1 < n && u.before(h[down+1], h[down]) {
			down++
		}
		if !u.before(h[down], h[at]) {
			return top
		}
		h[at], h[down] = h[down], h[at]
		at = down
	}
}
