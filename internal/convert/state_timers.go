package convert

// timers fire by (Due, Order): those of one instant in the order in which they
// were set. Nearly all are set one of few spans of time ahead, so that those of a
// span come in order already: they stand in lanes, a timer in the one whose last
// is due closest before it. What fits in no lane stands in a heap with four
// children to a node.
type timers struct {
	Lanes [6]lane
	Heap  []timer

	n    int  // how many are set; derived
	next tick // no timer is due before; derived
}

// lane is a queue of timers in order.
type lane struct {
	queue []timer
	head  int  // of queue, the first that is not taken
	last  tick // when the last one is due; of an empty lane never
}

// never is before every time.
const never tick = -1 << 63

func (l *lane) push(t *timer) {
	if n := len(l.queue); n == cap(l.queue) && l.head > 0 && l.head >= n/2 {
		l.queue = append(l.queue[:0], l.queue[l.head:]...)
		l.head = 0
	}
	l.queue = append(l.queue, *t)
	l.last = t.Due
}

// pop takes the first timer.
func (l *lane) pop() timer {
	t := l.queue[l.head]
	l.queue[l.head].Key = ""
	if l.head++; l.head == len(l.queue) {
		l.queue, l.head, l.last = l.queue[:0], 0, never
	}
	return t
}

// restored computes what is derived.
func (q *timers) restored() {
	q.n, q.next = len(q.Heap), never
	for i := range q.Heap {
		q.Heap[i].restored()
	}
	for i := range q.Lanes {
		l := &q.Lanes[i]
		q.n += len(l.queue) - l.head
		for j := range l.queue {
			l.queue[j].restored()
		}
		if l.last = never; l.head < len(l.queue) {
			l.last = l.queue[len(l.queue)-1].Due
		}
	}
}

// take takes the timer that fires first, when it is due at now.
func (q *timers) take(now tick) (t timer, ok bool) {
	if q.n == 0 {
		q.next = 1<<63 - 1
	}
	if now < q.next || q.n == 0 {
		return timer{}, false
	}
	var first *timer
	var from *lane
	if len(q.Heap) > 0 {
		first = &q.Heap[0]
	}
	for i := range q.Lanes {
		l := &q.Lanes[i]
		if l.head < len(l.queue) {
			if f := &l.queue[l.head]; first == nil || f.before(first) {
				first, from = f, l
			}
		}
	}
	if q.next = first.Due; q.next > now {
		return timer{}, false
	}
	q.n--
	if from != nil {
		return from.pop(), true
	}
	return q.pop(), true
}

func (t *timer) before(o *timer) bool {
	if t.Due != o.Due {
		return t.Due < o.Due
	}
	return t.Order < o.Order
}

func (s *state) setTimer(t timer) {
	s.Seq++
	t.Order = s.Seq
	s.Timers.set(&t)
}

// set enters a timer whose order is that of its setting.
func (q *timers) set(t *timer) {
	q.n++
	q.next = min(q.next, t.Due)
	var best *lane
	for i := range q.Lanes {
		if l := &q.Lanes[i]; l.last <= t.Due && (best == nil || l.last > best.last) {
			best = l
		}
	}
	if best != nil {
		best.push(t)
		return
	}
	q.Heap = append(q.Heap, *t)
	h := q.Heap
	i := len(h) - 1
	for i > 0 {
		p := (i - 1) / 4
		if !t.before(&h[p]) {
			break
		}
		h[i] = h[p]
		i = p
	}
	h[i] = *t
}

// pop takes the first timer of the heap.
func (q *timers) pop() timer {
	h := q.Heap
	t := h[0]
	n := len(h) - 1
	last := h[n]
	h[n] = timer{}
	h = h[:n]
	q.Heap = h
	if n == 0 {
		return t
	}
	i := 0
	for k := 1; k < n; k = 4*i + 1 {
		best := k
		for j := k + 1; j < min(k+4, n); j++ {
			if h[j].before(&h[best]) {
				best = j
			}
		}
		if !h[best].before(&last) {
			break
		}
		h[i] = h[best]
		i = best
	}
	h[i] = last
	return t
}

// restored computes what is derived.
func (t *timer) restored() {
	if !t.Kind.forHandle() {
		t.Num = nameHash(t.Key)
	}
}

// advance moves the converter's time and lets everything that is due happen.
func (c *Converter) advance(now tick) {
	if now < c.s.Now-600*sec { // the clock was set back, or a wild time came before
		c.finish()
		c.s.Now = now
	}
	c.s.Now = max(c.s.Now, now)
	for c.s.Timers.next <= c.s.Now {
		t, ok := c.s.Timers.take(c.s.Now)
		if !ok {
			return
		}
		c.fire(&t)
	}
}

func (c *Converter) fire(t *timer) {
	switch t.Kind {
	case timeAct:
		if a := c.s.Acts.get(t.Seq); a != nil {
			if a.Due > t.Due {
				c.s.setTimer(timer{Due: a.Due, Kind: timeAct, Seq: a.Seq})
				return
			}
			c.settle(a)
		}
	case timeHint:
		c.expireHints(pathKey{t.Seq, t.Key}, t.Num, t.Due)
	case timeDesk:
		k := pathKey{t.Seq, t.Key}
		if d := c.s.Desks.get(k, t.Num); d != nil {
			if d.Until > t.Due {
				c.s.setTimer(timer{Due: d.Until, Kind: timeDesk, Seq: t.Seq, Key: t.Key, Num: t.Num})
				return
			}
			c.s.Desks.drop(k, t.Num)
		}
	case timeHandle:
		if h := c.s.Handles.get(t.handle()); h != nil && !c.s.Sees4658 {
			if due := h.Last + handleIdle; due > t.Due {
				c.s.setTimer(timer{Due: due, Kind: timeHandle, Seq: t.Seq, Num: t.Num})
				return
			}
			c.closeHandle(t.handle(), h, h.Last)
		}
	case timeSession:
		if s := c.s.Sessions.get(t.Seq); s != nil && s.Ended {
			c.endSession(s)
		}
	case timeEdit:
		if k := (pathKey{t.Seq, t.Key}); c.s.Edits[k] != nil && c.s.Edits[k].Closed != 0 {
			c.editForgotten(k)
		}
	case timeOrphan:
		c.expireOrphan(t.handle())
	case timeTxn:
		c.release(t.Key, txnUnknown)
	}
}

// finish lets everything happen that would happen if no event came any more.
func (c *Converter) finish() {
	for {
		t, ok := c.s.Timers.take(1<<63 - 1)
		if !ok {
			return
		}
		c.s.Now = max(c.s.Now, t.Due)
		c.fire(&t)
	}
}
