package convert

// pools hold what acts, handles, path entries and desks leave for the next ones. A
// thing that is forgotten may still be looked at until the event is done with;
// it is used again from the next event on.
type pools struct {
	acts    pool[act]
	handles pool[handle]
	paths   pool[pending]
	desks   pool[desk]
}

// poolLimit bounds each pool: more is left to the garbage collector.
const poolLimit = 256

// recycle makes what was forgotten ready for use.
func (p *pools) recycle() {
	p.acts.ready, p.handles.ready = len(p.acts.free), len(p.handles.free)
	p.paths.ready, p.desks.ready = len(p.paths.free), len(p.desks.free)
}

// pool holds things of one kind.
type pool[T any] struct {
	free  []*T
	ready int // so many of free, from its beginning, may be used
}

// give takes a thing that was forgotten.
func (p *pool[T]) give(v *T) {
	if len(p.free) < poolLimit {
		p.free = append(p.free, v)
	}
}

// take returns a thing that was used before, or a new one.
func (p *pool[T]) take() *T {
	if p.ready == 0 {
		return new(T)
	}
	p.ready--
	last := len(p.free) - 1
	v := p.free[p.ready]
	p.free[p.ready] = p.free[last]
	p.free = p.free[:last]
	return v
}

// longList is how many entries of a list are worth keeping for the next user.
const longList = 256

func emptied[T any](l []T) []T {
	if cap(l) > longList {
		return nil
	}
	clear(l)
	return l[:0]
}

func (p *pools) act() *act {
	a := p.acts.take()
	ids := a.IDs
	*a = act{Detail: emptied(a.Detail), Touched: emptied(a.Touched)}
	if a.IDs = a.few[:0]; cap(ids) > len(a.few) && cap(ids) <= longList {
		a.IDs = ids[:0]
	}
	return a
}

func (p *pools) handle() *handle {
	h := p.handles.take()
	ids := h.IDs
	*h = handle{}
	if h.IDs = h.few[:0]; cap(ids) > len(h.few) && cap(ids) <= longList {
		h.IDs = ids[:0]
	}
	return h
}

func (p *pools) desk() *desk {
	d := p.desks.take()
	*d = desk{SaveAt: longAgo, ListAt: longAgo, Change: longAgo, Moved: emptied(d.Moved)}
	return d
}

// pathsIf returns what the session has under way on a path, nil for nothing.
func (c *Converter) pathsIf(k pathKey) *pending { return c.s.Paths.get(k, c.hash(k.Key)) }

// paths returns what the session has under way on a path, made when needed.
func (c *Converter) paths(logon uint64, key string) *pending {
	return c.pathsAt(pathKey{logon, key}, c.hash(key))
}

// pathsAt is paths with the hash of the path.
func (c *Converter) pathsAt(k pathKey, hash uint64) *pending {
	p := c.s.Paths.get(k, hash)
	if p == nil {
		p = c.pools.paths.take()
		*p = pending{Hints: emptied(p.Hints)}
		c.s.Paths.put(k, hash, p)
	}
	return p
}

// dropPaths forgets an entry that holds nothing any more.
func (c *Converter) dropPaths(k pathKey, hash uint64, p *pending) {
	if p == nil || !p.empty() {
		return
	}
	c.s.Paths.drop(k, hash)
	c.pools.paths.give(p)
}

// deskIf returns what the session has under way in a folder, nil for nothing.
func (c *Converter) deskIf(logon uint64, dir string) *desk {
	return c.s.Desks.get(pathKey{logon, dir}, c.hash(dir))
}
