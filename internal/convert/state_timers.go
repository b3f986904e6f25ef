package convert

import "math/bits"

// timers fire by (Due, Order): those of one instant in the order in which they
// were set. Nearly all are set one of few spans of time ahead, so that those of a
// span come in order already: they stand in lanes, a timer in the one whose last
// is due closest before it. What fits in no lane stands in a heap with four
// children to a node.
type timers struct {
	Lanes [numLanes]lane
	Heap  []timer

	took  int            // the lane of the timer that was taken last, -1 the heap
	n     int            // how many are set; derived, as is the rest
	next  tick           // no timer is due before
	first [numLanes]tick // when the first timer of each lane is due, always when there is none
	last  [numLanes]tick // when the last one is due, never when there is none
}

const (
	numLanes = 6

	never  tick = -1 << 63 // before every time
	always tick = 1<<63 - 1
)

// lane is a queue of timers in order.
type lane struct {
	queue []timer
	head  int // of queue, the first that is not taken
}

// push enters a timer. When half of the queue is taken the rest moves to its
// front: a lane occupies twice the memory of what waits in it, and stays in the
// processor's cache.
func (l *lane) push(t *timer) {
	if l.head >= fewTimers && 2*l.head >= len(l.queue) {
		l.queue = append(l.queue[:0], l.queue[l.head:]...)
		l.head = 0
	}
	l.queue = append(l.queue, *t)
}

// fewTimers at the front of a lane may be taken before the rest moves up.
const fewTimers = 32

// popLane takes the first timer of a lane.
func (q *timers) popLane(i int) timer {
	l := &q.Lanes[i]
	t := l.queue[l.head]
	l.queue[l.head].Key = ""
	if l.head++; l.head < len(l.queue) {
		q.first[i] = l.queue[l.head].Due
	} else {
		l.queue, l.head, q.first[i], q.last[i] = l.queue[:0], 0, always, never
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
		if q.first[i], q.last[i] = always, never; l.head < len(l.queue) {
			q.first[i], q.last[i] = l.queue[l.head].Due, l.queue[len(l.queue)-1].Due
		}
	}
}

// take takes the timer that fires first, when it is due at now.
func (q *timers) take(now tick) (t timer, ok bool) {
	if now < q.next {
		return timer{}, false
	}
	if q.n == 0 {
		q.next = always
		return timer{}, false
	}
	due, then := always, always // then is when the next one of another lane or of the heap is due
	for _, d := range &q.first {
		then = min(then, max(due, d))
		due = min(due, d)
	}
	best := q.laneDue(due, then)
	if len(q.Heap) > 0 {
		if h := &q.Heap[0]; best < 0 || h.before(q.Lanes[best].front()) {
			best, due, then = -1, h.Due, due
		} else {
			then = min(then, h.Due)
		}
	}
	if q.next = due; due > now {
		return timer{}, false
	}
	q.n--
	q.took = best
	if best < 0 {
		return q.pop(), true
	}
	t = q.popLane(best)
	q.next = min(then, q.first[best])
	return t, true
}

// laneDue is the lane whose first timer is due at a time and was set before those of
// other lanes that are due then; -1 when there is none. then is when another lane's is due.
func (q *timers) laneDue(due, then tick) int {
	if due == always {
		return -1
	}
	best := -1
	for i, d := range &q.first {
		if d == due && (best < 0 || q.Lanes[i].front().Order < q.Lanes[best].front().Order) {
			if best = i; then > due {
				break
			}
		}
	}
	return best
}

// front is the first timer of a lane that has one.
func (l *lane) front() *timer { return &l.queue[l.head] }

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
	t.Due = min(t.Due, always-1)
	q.next = min(q.next, t.Due)
	closest := never // when the last timer of the lane is due that is due closest before t
	for _, last := range &q.last {
		if last > t.Due {
			last = never
		}
		closest = max(closest, last)
	}
	lanes := uint(0) // whose last one is due then, a bit for each
	for i, last := range &q.last {
		if last == closest {
			lanes |= 1 << i
		}
	}
	if lanes != 0 {
		best := bits.TrailingZeros(lanes)
		q.Lanes[best].push(t)
		if q.last[best] == never {
			q.first[best] = t.Due
		}
		q.last[best] = t.Due
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
	t.Due = min(t.Due, always-1)
	if !t.Kind.forHandle() {
		t.Num = nameHash(t.Key)
	}
}

// beat is how often timers fire, in event time: what became due since the last beat
// happens at the first event after the next one, by (Due, Order) as always. The
// instructions that settle acts and write records are half of all that a converter runs;
// many in a row find them in the processor's cache. Windows are measured between events
// and do not change by it.
const beat = 100 * milli

// advance moves the converter's time and lets everything happen that was due at the last
// beat.
func (c *Converter) advance(now tick) {
	if now < c.s.Now-600*sec { // the clock was set back, or a wild time came before
		c.finish()
		c.s.Now = now
		c.s.Backs++
	}
	c.s.Now = max(c.s.Now, now)
	last := c.s.Now - c.s.Now%beat
	for c.s.Timers.next <= last {
		t, ok := c.s.Timers.take(last)
		if !ok {
			return
		}
		if c.s.Timers.took >= 0 {
			c.fetchAhead(c.s.Timers.took)
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
			c.pools.desks.give(d)
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
