package convert

// pools hold what acts, handles, path entries and desks leave for the next ones. A
// thing that is forgotten may still be looked at until the event is done with;
// it is used again from the next event on.
type pools struct {
	acts, deadActs       []*act
	handles, deadHandles []*handle
	paths, deadPaths     []*pending
	desks, deadDesks     []*desk
	dead                 bool // something was forgotten
}

// poolLimit bounds each pool: more is left to the garbage collector.
const poolLimit = 256

// recycle makes what the last event forgot ready for use.
func (p *pools) recycle() {
	if !p.dead {
		return
	}
	p.dead = false
	if len(p.deadActs) > 0 {
		p.acts, p.deadActs = revive(p.acts, p.deadActs)
	}
	if len(p.deadHandles) > 0 {
		p.handles, p.deadHandles = revive(p.handles, p.deadHandles)
	}
	if len(p.deadPaths) > 0 {
		p.paths, p.deadPaths = revive(p.paths, p.deadPaths)
	}
	if len(p.deadDesks) > 0 {
		p.desks, p.deadDesks = revive(p.desks, p.deadDesks)
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
	ids := a.IDs
	*a = act{Detail: emptied(a.Detail), Touched: emptied(a.Touched)}
	if a.IDs = a.few[:0]; cap(ids) > len(a.few) && cap(ids) <= longList {
		a.IDs = ids[:0]
	}
	return a
}

func (p *pools) handle() *handle {
	h := pop(&p.handles)
	ids := h.IDs
	*h = handle{}
	if h.IDs = h.few[:0]; cap(ids) > len(h.few) && cap(ids) <= longList {
		h.IDs = ids[:0]
	}
	return h
}

func (p *pools) desk() *desk {
	d := pop(&p.desks)
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
		p = pop(&c.pools.paths)
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
	c.pools.deadPaths = append(c.pools.deadPaths, p)
	c.pools.dead = true
}

// deskIf returns what the session has under way in a folder, nil for nothing.
func (c *Converter) deskIf(logon uint64, dir string) *desk {
	return c.s.Desks.get(pathKey{logon, dir}, c.hash(dir))
}
