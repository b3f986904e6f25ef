package convert

// Timers fire by (Due, Order): those of one instant in the order in which they
// were set. Most are set a fixed time ahead, so that they come in order already:
// these stand in a lane, the others in a heap with four children to a node.

// lane is a queue of timers in order.
type lane struct {
	Queue []timer
	Head  int // of Queue, the first that is not taken
}

// push appends t when it is not before the last one.
func (l *lane) push(t *timer) bool {
	if n := len(l.Queue); n > 0 {
		if t.Due < l.Queue[n-1].Due {
			return false
		}
		if n == cap(l.Queue) && l.Head >= n/2 {
			l.Queue = append(l.Queue[:0], l.Queue[l.Head:]...)
			l.Head = 0
		}
	}
	l.Queue = append(l.Queue, *t)
	return true
}

func (l *lane) first() *timer {
	if l.Head < len(l.Queue) {
		return &l.Queue[l.Head]
	}
	return nil
}

// pop takes the first timer.
func (l *lane) pop() timer {
	t := l.Queue[l.Head]
	l.Queue[l.Head] = timer{}
	if l.Head++; l.Head == len(l.Queue) {
		l.Queue, l.Head = l.Queue[:0], 0
	}
	return t
}

// laneOf is the lane of a kind of timer, nil for none.
func (s *state) laneOf(k timerKind) *lane {
	switch k {
	case timeHint:
		return &s.HintTimers
	case timeAct:
		return &s.ActTimers
	}
	return nil
}

func (s *state) lanes() [2]*lane { return [...]*lane{&s.HintTimers, &s.ActTimers} }

// nextTimer is the timer that fires first, nil for none, and its lane, nil for
// the heap.
func (s *state) nextTimer() (t *timer, from *lane) {
	if len(s.Timers) > 0 {
		t = &s.Timers[0]
	}
	for _, l := range s.lanes() {
		if f := l.first(); f != nil && (t == nil || f.before(t)) {
			t, from = f, l
		}
	}
	return t, from
}

// timers counts what is set.
func (s *state) timers() int {
	n := len(s.Timers)
	for _, l := range s.lanes() {
		n += len(l.Queue) - l.Head
	}
	return n
}

// takeTimer takes the timer that fires first, when it is due at now.
func (s *state) takeTimer(now tick) (t timer, ok bool) {
	first, from := s.nextTimer()
	switch {
	case first == nil || first.Due > now:
		return timer{}, false
	case from != nil:
		return from.pop(), true
	}
	return s.popTimer(), true
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
	if l := s.laneOf(t.Kind); l != nil && l.push(&t) {
		return
	}
	s.Timers = append(s.Timers, t)
	h := s.Timers
	i := len(h) - 1
	for i > 0 {
		p := (i - 1) / 4
		if !t.before(&h[p]) {
			break
		}
		h[i] = h[p]
		i = p
	}
	h[i] = t
}

// popTimer takes the first timer of the heap.
func (s *state) popTimer() timer {
	h := s.Timers
	t := h[0]
	n := len(h) - 1
	last := h[n]
	h[n] = timer{}
	h = h[:n]
	s.Timers = h
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

// advance moves the converter's time and lets everything that is due happen.
func (c *Converter) advance(now tick) {
	if now < c.s.Now-600*sec { // the clock was set back, or a wild time came before
		c.finish()
		c.s.Now = now
	}
	c.s.Now = max(c.s.Now, now)
	for {
		t, ok := c.s.takeTimer(c.s.Now)
		if !ok {
			return
		}
		c.fire(t)
	}
}

func (c *Converter) fire(t timer) {
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
		c.expireHints(pathKey{t.Seq, t.Key}, t.Due)
	case timeDesk:
		k := pathKey{t.Seq, t.Key}
		if d := c.s.Desks.get(k, nameHash(k.Key)); d != nil {
			if d.Until > t.Due {
				c.s.setTimer(timer{Due: d.Until, Kind: timeDesk, Seq: t.Seq, Key: t.Key})
				return
			}
			c.s.Desks.drop(k, nameHash(k.Key))
		}
	case timeHandle:
		if h := c.s.Handles.get(t.H); h != nil && !c.s.Sees4658 {
			if due := h.Last + handleIdle; due > t.Due {
				c.s.setTimer(timer{Due: due, Kind: timeHandle, H: t.H})
				return
			}
			c.closeHandle(t.H, h, h.Last)
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
		c.expireOrphan(t.H)
	case timeTxn:
		c.release(t.Key, txnUnknown)
	}
}

// finish lets everything happen that would happen if no event came any more.
func (c *Converter) finish() {
	for {
		t, ok := c.s.takeTimer(1<<63 - 1)
		if !ok {
			return
		}
		c.s.Now = max(c.s.Now, t.Due)
		c.fire(t)
	}
}
