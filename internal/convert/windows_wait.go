package convert

import "github.com/akashi-audit/akashi/internal/event"

// waiting is the share access of the last event, while it may be that the next
// event is the open that it asked for. Nearly every share access is followed so:
// then it needs no entry among the paths and no timer. It is not part of the state:
// before anything else happens, entered makes it one.
type waiting struct {
	on    bool
	k     pathKey
	hash  uint64      // of k.Key
	order uint64      // of its timer
	slot  *unreadSlot // the name as the log has it, nil when that was read
	hint  hint
}

// await lets a share access wait for the next event. slot is nil when its name was
// read.
func (c *Converter) await(s *session, p *pathInfo, slot *unreadSlot) *hint {
	c.s.Seq++
	w := &c.waiting
	w.on, w.k, w.hash, w.order, w.slot = true, pathKey{s.Logon, p.Key}, p.hash, c.s.Seq, slot
	return &w.hint
}

// entered makes the share access that waits for the next event one that waits for
// its open, as all others do.
func (c *Converter) entered() {
	w := &c.waiting
	if !w.on {
		return
	}
	w.on = false
	p := c.pathsAt(w.k, w.hash)
	*p.newHint() = w.hint
	c.s.Timers.set(&timer{Due: w.hint.At + hintWindow, Order: w.order, Kind: timeHint, Seq: w.k.Logon, Key: w.k.Key, Num: w.hash})
}

// awaited reports whether an event is the open for which a share access waits: then
// newHandle takes it.
func (c *Converter) awaited(e *event.Event) bool {
	w := &c.waiting
	if e.ID != 4656 || e.Provider != c.auditing || e.Failed() || tick(e.Time) < w.hint.At || tick(e.Time)-w.hint.At > sec {
		return false
	}
	if e.Get(event.SubjectLogonId).Uint() != w.k.Logon || e.Get(event.HandleId).Uint() == 0 || !ofFile(e) {
		return false
	}
	v := e.Get(event.ObjectName)
	if _, raw, ok := e.Unread(v); ok {
		return w.slot != nil && w.slot.names(raw)
	}
	return v.Kind == event.KindString && v.Str == w.hint.Path
}
