package convert

// pools hold what acts, handles and path entries leave for the next ones. A
// thing that is forgotten may still be looked at until the event is done with;
// it is used again from the next event on.
type pools struct {
	acts, deadActs       []*act
	handles, deadHandles []*handle
	paths, deadPaths     []*pending
	hotPaths             hot[pending]
	hotDesks             hot[desk]
}

// poolLimit bounds each pool: more is left to the garbage collector.
const poolLimit = 256

// recycle makes what the last event forgot ready for use.
func (p *pools) recycle() {
	if len(p.deadActs) > 0 {
		p.acts, p.deadActs = revive(p.acts, p.deadActs)
	}
	if len(p.deadHandles) > 0 {
		p.handles, p.deadHandles = revive(p.handles, p.deadHandles)
	}
	if len(p.deadPaths) > 0 {
		p.paths, p.deadPaths = revive(p.paths, p.deadPaths)
	}
}

func revive[T any](free, dead []*T) (stillFree, none []*T) {
	if n := poolLimit - len(free); n < len(dead) {
		dead = dead[:max(n, 0)]
	}
	return append(free, dead...), dead[:0]
}

func pop[T any](free *[]*T) *T {
	n := len(*free)
	if n == 0 {
		return new(T)
	}
	p := (*free)[n-1]
	*free = (*free)[:n-1]
	return p
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
	a := pop(&p.acts)
	*a = act{IDs: emptied(a.IDs), Detail: emptied(a.Detail), Touched: emptied(a.Touched)}
	return a
}

func (p *pools) handle() *handle {
	h := pop(&p.handles)
	*h = handle{IDs: emptied(h.IDs)}
	return h
}

// hot remembers the thing of each session that was looked for last (nil: there
// is none), so that the events that follow each other in a session need no
// look-up. It is derived.
type hot[V any] [hotSize]struct {
	full bool
	k    pathKey
	v    *V
}

const hotSize = 256

// slot spreads logon ids, which are often multiples of a power of two.
func (h *hot[V]) slot(logon uint64) uint64 { return logon * 0x9e3779b97f4a7c15 >> 56 }

// get is all[k].
func (h *hot[V]) get(all map[pathKey]*V, k pathKey) *V {
	x := &h[h.slot(k.Logon)]
	if !x.full || x.k != k {
		x.full, x.k, x.v = true, k, all[k]
	}
	return x.v
}

// set enters v under k; nil takes the entry away.
func (h *hot[V]) set(all map[pathKey]*V, k pathKey, v *V) {
	if v == nil {
		delete(all, k)
	} else {
		all[k] = v
	}
	x := &h[h.slot(k.Logon)]
	x.full, x.k, x.v = true, k, v
}

// pathsIf returns what the session has under way on a path, nil for nothing.
func (c *Converter) pathsIf(k pathKey) *pending { return c.pools.hotPaths.get(c.s.Paths, k) }

// paths returns what the session has under way on a path, made when needed.
func (c *Converter) paths(logon uint64, key string) *pending {
	k := pathKey{logon, key}
	p := c.pathsIf(k)
	if p == nil {
		p = pop(&c.pools.paths)
		*p = pending{Hints: emptied(p.Hints)}
		c.pools.hotPaths.set(c.s.Paths, k, p)
	}
	return p
}

// dropPaths forgets an entry that holds nothing any more.
func (c *Converter) dropPaths(k pathKey, p *pending) {
	if p == nil || !p.empty() {
		return
	}
	c.pools.hotPaths.set(c.s.Paths, k, nil)
	c.pools.deadPaths = append(c.pools.deadPaths, p)
}

// deskIf returns what the session has under way in a folder, nil for nothing.
func (c *Converter) deskIf(logon uint64, dir string) *desk {
	return c.pools.hotDesks.get(c.s.Desks, pathKey{logon, dir})
}

// cool forgets where things were: the state was emptied.
func (p *pools) cool() { p.hotPaths, p.hotDesks = hot[pending]{}, hot[desk]{} }
