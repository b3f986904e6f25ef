package convert

// A heap by (Due, Order) with four children to a node: timers of one instant fire
// in the order in which they were set.

func (t *timer) before(o *timer) bool {
	if t.Due != o.Due {
		return t.Due < o.Due
	}
	return t.Order < o.Order
}

func (s *state) setTimer(t timer) {
	s.Seq++
	t.Order = s.Seq
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
	for len(c.s.Timers) > 0 && c.s.Timers[0].Due <= c.s.Now {
		c.fire(c.s.popTimer())
	}
}

func (c *Converter) fire(t timer) {
	switch t.Kind {
	case timeAct:
		if a := c.s.Acts[t.Seq]; a != nil {
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
		if d := c.s.Desks[k]; d != nil {
			if d.Until > t.Due {
				c.s.setTimer(timer{Due: d.Until, Kind: timeDesk, Seq: t.Seq, Key: t.Key})
				return
			}
			c.dropDesk(k)
		}
	case timeHandle:
		if h := c.s.Handles[t.H]; h != nil && !c.s.Sees4658 {
			if due := h.Last + handleIdle; due > t.Due {
				c.s.setTimer(timer{Due: due, Kind: timeHandle, H: t.H})
				return
			}
			c.closeHandle(t.H, h, h.Last)
		}
	case timeSession:
		if s := c.s.Sessions[t.Seq]; s != nil && s.Ended {
			c.endSession(s)
		}
	case timeOrphan:
		c.expireOrphan(t.H)
	}
}

// finish lets everything happen that would happen if no event came any more.
func (c *Converter) finish() {
	for len(c.s.Timers) > 0 {
		t := c.s.popTimer()
		c.s.Now = max(c.s.Now, t.Due)
		c.fire(t)
	}
}
