package convert

// A binary heap by (Due, Order): timers of one instant fire in the order in
// which they were set.

func (s *state) before(i, j int) bool {
	a, b := &s.Timers[i], &s.Timers[j]
	if a.Due != b.Due {
		return a.Due < b.Due
	}
	return a.Order < b.Order
}

func (s *state) setTimer(t timer) {
	s.Seq++
	t.Order = s.Seq
	s.Timers = append(s.Timers, t)
	for i := len(s.Timers) - 1; i > 0; {
		p := (i - 1) / 2
		if !s.before(i, p) {
			break
		}
		s.Timers[i], s.Timers[p] = s.Timers[p], s.Timers[i]
		i = p
	}
}

func (s *state) popTimer() timer {
	t := s.Timers[0]
	n := len(s.Timers) - 1
	s.Timers[0] = s.Timers[n]
	s.Timers[n] = timer{}
	s.Timers = s.Timers[:n]
	for i := 0; ; {
		k := 2*i + 1
		if k >= n {
			break
		}
		if k+1 < n && s.before(k+1, k) {
			k++
		}
		if !s.before(k, i) {
			break
		}
		s.Timers[i], s.Timers[k] = s.Timers[k], s.Timers[i]
		i = k
	}
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
			delete(c.s.Desks, k)
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
	case timeTxn:
		c.release(t.Key, txnUnknown)
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
