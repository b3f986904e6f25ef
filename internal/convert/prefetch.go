package convert

import "unsafe"

// What a converter knows of ten thousands of names, handles and sessions is too much
// for the processor's own cache, and the log runs through it besides. So what will be
// needed in a moment is asked for ahead of time: nothing waits for it then. Prefetching
// reads no value and changes none.

// cacheLine is the size of what a processor reads at once, in bytes.
const cacheLine = 64

// fetch asks for the line that holds *v.
func fetch[T any](v *T) { prefetch(unsafe.Pointer(v)) }

// fetchAll asks for all lines of *v.
func fetchAll[T any](v *T) {
	prefetchLines(unsafe.Pointer(v), (unsafe.Sizeof(*v)+cacheLine-1)/cacheLine)
}

// fetch asks for the place where k is looked for.
func (t *table[V]) fetch(k uint64) {
	if n := uint64(len(t.slots)); n > 0 {
		fetch(&t.slots[homeOf(k)&(n-1)])
	}
}

// peek is what stands under k at the first place where it is looked for, nil when it
// is not there.
func (t *table[V]) peek(k uint64) *V {
	if n := uint64(len(t.slots)); n > 0 {
		if s := &t.slots[homeOf(k)&(n-1)]; s.key == k {
			return s.v
		}
	}
	return nil
}

// fetch asks for the place where the entry of a session and a name is looked for.
func (t *nameTable[V]) fetch(logon, name uint64) {
	if n := uint64(len(t.slots)); n > 0 {
		fetch(&t.slots[entryHash(logon, name)&(n-1)])
	}
}

// peek is as in table.
func (t *nameTable[V]) peek(logon, name uint64) *V {
	if n := uint64(len(t.slots)); n > 0 {
		h := entryHash(logon, name)
		if s := &t.slots[h&(n-1)]; s.hash == h {
			return s.v
		}
	}
	return nil
}

// fetch asks for the place of a sum.
func (f *facts) fetch(sum uint64) {
	if n := uint64(len(f.slots)); n > 0 {
		fetch(&f.slots[mix(sum&uint64(factSum))&(n-1)])
	}
}

// fetchName asks for what is known of a name that is new, and of its folder: in
// general, and in the session that an event named last.
func (c *Converter) fetchName(p *pathInfo) {
	c.s.Facts.fetch(p.sum)
	c.s.Facts.fetch(p.dirSum)
	if s := c.near; s != nil {
		c.s.Paths.fetch(s.Logon, p.hash)
		c.s.Desks.fetch(s.Logon, p.dirHash)
	}
}

// Timers of a lane behind the first one, for which something is fetched: first the act
// or desk, then where it leads, then that.
const (
	aheadPlace = 6
	aheadThing = 4
	aheadLinks = 3
	aheadEnds  = 1

	settledLines = 5 // of a session, which an act changes or asks when it is settled
)

// fetchAhead asks for what the next timers of the lane will need of which one was just
// taken.
func (c *Converter) fetchAhead(lane int) {
	l := &c.s.Timers.Lanes[lane]
	q := l.queue[l.head:]
	if len(q) <= aheadPlace {
		return // they were set just now
	}
	if t := &q[aheadPlace]; t.Kind == timeDesk {
		c.s.Desks.fetch(t.Seq, t.Num)
	}
	switch t := &q[aheadThing]; t.Kind {
	case timeAct:
		if a := c.s.Acts.near(t.Seq); a != nil {
			fetchAll(a)
		}
	case timeDesk:
		if d := c.s.Desks.peek(t.Seq, t.Num); d != nil {
			fetchAll(d)
		}
	}
	if t := &q[aheadLinks]; t.Kind == timeAct {
		if a := c.s.Acts.near(t.Seq); a != nil {
			c.s.Sessions.fetch(a.Logon)
			c.s.Paths.fetch(a.Logon, a.tag.hash)
		}
	}
	if t := &q[aheadEnds]; t.Kind == timeAct {
		if a := c.s.Acts.near(t.Seq); a != nil {
			if s := c.s.Sessions.peek(a.Logon); s != nil {
				prefetchLines(unsafe.Pointer(&s.Last), settledLines) // up to Edits
			}
			if p := c.s.Paths.peek(a.Logon, a.tag.hash); p != nil {
				fetchAll(p)
			}
		}
	}
}
