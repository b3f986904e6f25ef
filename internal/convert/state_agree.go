package convert

import (
	"bytes"
	"maps"
	"reflect"
	"slices"
)

// Later is what is known of an earlier conversion behind a place in the order of
// events, up to where it ended.
type Later struct {
	End *Converter // where it ended
	// Touched reports whether it may have looked up a key of Trace; nil when
	// that is not known.
	Touched func(key uint32) bool
	// Quiet reports whether no stored event of a channel lies behind the place.
	Quiet func(channel string) bool
}

// Bounds of what a Shift carries.
const (
	maxShiftFacts    = 1024
	maxShiftSessions = 64
)

// Agrees reports whether c and old, which stand at the same place, give the same
// records of all stored events behind it, of which the earlier conversion that
// went through old took all that later says, and none is new. The proof is one of
// equality: what does not count from the beginning is the same in both, or was
// never looked up behind the place. shift is what Shift must do to the later
// states of the earlier conversion, End too, to make them those of c; differs names
// the part that differs, "" when they agree.
//
// It rests on this: with the same events, two converters do the same as long as
// what they look up is the same.
func (c *Converter) Agrees(old *Converter, later Later) (shift []byte, differs string) {
	x, differs := c.compare(old, later)
	if differs != "" {
		return nil, differs
	}
	for _, part := range [...]struct {
		name string
		same func() bool
	}{
		{"room", x.room}, {"generations", x.generations}, {"print jobs", x.jobs}, {"refusals", x.denials},
		{"channels", x.channels}, {"holes", x.gaps}, {"unused", x.unused}, {"looked up", x.untouched},
	} {
		if !part.same() {
			return nil, part.name
		}
	}
	return x.shift.encode(), ""
}

// Differs returns the keys of what differs between c and old, of Trace; ok is
// false when something differs that has no key, so that they do not agree.
func (c *Converter) Differs(old *Converter) (keys []uint32, ok bool) {
	x, differs := c.compare(old, Later{})
	return x.keys, differs == ""
}

// compare compares all but what counts from the beginning.
func (c *Converter) compare(old *Converter, later Later) (x agreement, differs string) {
	for _, o := range [...]*Converter{c, old, later.End} {
		if o != nil {
			o.entered()
		}
	}
	a, b := c.s, old.s
	x = agreement{now: a, old: b, later: later, opt: &c.opt, forms: forms{a.canon(), b.canon()}, shift: shiftOf(a, b)}
	switch {
	case a.Loose || b.Loose:
		return x, "record ids"
	case !bytes.Equal(a.canonical(), b.canonical()):
		return x, "state"
	case !x.sessions():
		return x, "sessions"
	case !x.facts():
		return x, "facts"
	}
	return x, ""
}

// agreement compares two states part by part and gathers what differs.
type agreement struct {
	now, old *state
	later    Later
	opt      *Options
	forms    forms
	shift    *stateShift
	keys     []uint32 // that must not have been looked up
	apart    int      // sessions that differ
}

// sessions compares the sessions and the owner files of edits, entry by entry.
func (x *agreement) sessions() bool {
	now, old := maps.Collect(x.now.Sessions.all()), maps.Collect(x.old.Sessions.all()) // which leaves no trace
	differs := map[uint64]bool{}
	for l, s := range now {
		if o := old[l]; o == nil || !bytes.Equal(x.forms.now(s), x.forms.old(o)) {
			differs[l] = true
			x.shift.Sessions = append(x.shift.Sessions, dormant(s))
		}
	}
	for l := range old {
		if now[l] == nil {
			differs[l] = true
			x.shift.SessionsGone = append(x.shift.SessionsGone, l)
		}
	}
	for l := range differs {
		for _, s := range [...]*session{now[l], old[l]} {
			if s != nil {
				x.keys = append(x.keys, traceText("s"+s.SID), traceName(s.User))
			}
		}
		if !x.forms.rest(now[l], old[l]) || now[l] != nil && now[l].Pending > 0 || old[l] != nil && old[l].Pending > 0 {
			return false
		}
	}
	room := min(maxShiftSessions, x.opt.MaxSessions/8)
	if !x.edits(differs) || len(differs) > room || len(x.shift.Edits)+len(x.shift.EditsGone) > room {
		return false
	}
	for l := range differs {
		x.keys = append(x.keys, traceOf(l))
	}
	slices.SortFunc(x.shift.Sessions, func(a, b session) int { return compareUint(a.Logon, b.Logon) })
	slices.Sort(x.shift.SessionsGone)
	x.apart = len(differs)
	return true
}

// room reports whether no session or owner file was put out for want of room,
// where the number of them differs.
func (x *agreement) room() bool {
	end := x.later.End.s
	return !end.Loose && (x.apart == 0 || end.Crowded == x.old.Crowded)
}

// forms makes the canonical forms of entries of two states.
type forms struct{ a, b *canon }

func (f *forms) now(v any) []byte { return f.a.entry(v) }
func (f *forms) old(v any) []byte { return f.b.entry(v) }

// rest reports whether no act waits of which the entries know: each may be nil.
func (f *forms) rest(now, old any) bool {
	f.now(now)
	f.old(old)
	return !f.a.alive && !f.b.alive
}

// entry is the canonical form of what v points to, nothing for nil. It is valid
// until the next one.
func (x *canon) entry(v any) []byte {
	x.b, x.alive = x.b[:0], false
	if p := reflect.ValueOf(v); !p.IsNil() {
		x.value(p.Elem(), false)
	}
	return x.b
}

// edits compares the owner files. Who looks one up has looked up its session.
func (x *agreement) edits(differs map[uint64]bool) bool {
	for k, e := range x.now.Edits {
		o := x.old.Edits[k]
		if o != nil && bytes.Equal(x.forms.now(e), x.forms.old(o)) {
			continue
		}
		if !x.forms.rest(e, o) {
			return false
		}
		c := *e
		c.Reads = make([]uint64, len(e.Reads)) // acts that are there no more
		x.shift.Edits[k] = &c
		differs[k.Logon] = true
	}
	for k, o := range x.old.Edits {
		if x.now.Edits[k] != nil {
			continue
		}
		if !x.forms.rest((*edit)(nil), o) {
			return false
		}
		x.shift.EditsGone[k] = true
		differs[k.Logon] = true
	}
	return true
}

// dormant is a session as a shift carries it: the acts that it names are there
// no more.
func dormant(s *session) session {
	c := *s
	for _, l := range [...]*[]uint64{&c.Renames, &c.Reads, &c.Fresh} {
		*l = make([]uint64, len(*l))
	}
	c.LogonAct, c.LogoffAct = 0, 0
	return c
}

// jobs compares the print jobs. One whose act is there no more is as one that was
// never seen.
func (x *agreement) jobs() bool {
	waits := func(c *canon, n uint64) uint64 { return c.rank[n] }
	for k, n := range x.now.Jobs {
		o, ok := x.old.Jobs[k]
		if waits(x.forms.a, n) != waits(x.forms.b, o) {
			return false
		}
		if !ok {
			x.shift.Jobs = append(x.shift.Jobs, k)
		}
	}
	for k, o := range x.old.Jobs {
		if _, ok := x.now.Jobs[k]; ok {
			continue
		}
		if waits(x.forms.b, o) != 0 {
			return false
		}
		x.shift.JobsGone[k] = o
	}
	n := len(x.shift.Jobs) + len(x.shift.JobsGone)
	slices.Sort(x.shift.Jobs)
	return n == 0 || n < maxJobs/8 && x.later.End.s.Crowded == x.old.Crowded
}

// denials compares the refusals. One that is longer ago than rules ask does not
// matter.
func (x *agreement) denials() bool {
	if maps.Equal(x.now.Denials, x.old.Denials) {
		return true
	}
	old := horizon(x.old) - smbWindow - denyWindow
	for k, n := range x.now.Denials {
		if o, ok := x.old.Denials[k]; !ok || o != n {
			x.shift.Denials[k] = refusal{Now: n, There: true, Old: o, Was: ok}
		}
	}
	for k, o := range x.old.Denials {
		if _, ok := x.now.Denials[k]; !ok {
			x.shift.Denials[k] = refusal{Old: o, Was: true}
		}
	}
	for _, r := range x.shift.Denials {
		if r.There && r.Now >= old || r.Was && r.Old >= old {
			return false
		}
	}
	end := x.later.End.s
	return len(x.shift.Denials) < maxDenials/8 && end.Crowded == x.old.Crowded && end.Backs == x.old.Backs
}

// facts compares what is known of paths.
func (x *agreement) facts() bool {
	a, b := &x.now.Facts, &x.old.Facts
	for _, s := range a.slots {
		if s != 0 && a.newer(s) != b.newer(b.find(s)) {
			x.shift.Facts = append(x.shift.Facts, a.newer(s))
		}
	}
	for _, s := range b.slots {
		if s != 0 && a.find(s) == 0 {
			x.shift.FactsGone = append(x.shift.FactsGone, uint64(s&factSum))
		}
	}
	if len(x.shift.Facts)+len(x.shift.FactsGone) > maxShiftFacts {
		return false
	}
	for _, l := range [...][]uint64{x.shift.Facts, x.shift.FactsGone} {
		for _, s := range l {
			x.keys = append(x.keys, uint32(s>>32))
		}
	}
	slices.Sort(x.shift.Facts)
	slices.Sort(x.shift.FactsGone)
	return true
}

// generations reports whether none of facts ended behind the place, nor would
// have, where facts differ: they stay apart until two went by, and the moment would
// be another one.
func (x *agreement) generations() bool {
	if len(x.shift.Facts)+len(x.shift.FactsGone) == 0 {
		return true
	}
	a, b, end := &x.now.Facts, &x.old.Facts, &x.later.End.s.Facts
	return end.Gen == b.Gen && end.Newer+a.Newer-b.Newer < x.opt.MaxPaths/2
}

// find is the slot of the sum of another, 0 for none.
func (f *facts) find(s factSlot) factSlot {
	if f.n == 0 {
		return 0
	}
	return *slotOf(f.slots, uint64(s))
}

// newer is a slot with its generation told as the newer (1) or older one (0).
func (f *facts) newer(s factSlot) uint64 {
	if s == 0 {
		return 0
	}
	n := uint64(s &^ factOdd)
	if s&factOdd == f.odd() {
		n |= uint64(factOdd)
	}
	return n
}

// untouched reports whether the earlier conversion never looked up what differs.
func (x *agreement) untouched() bool {
	if len(x.keys) == 0 {
		return true
	}
	return x.later.Touched != nil && !slices.ContainsFunc(x.keys, func(k uint32) bool { return x.later.Touched(max(k, 1)) })
}

// gaps compares what is known of holes in the record ids. The time of the last
// one does not matter when all that is under way, and all that comes, is later.
func (x *agreement) gaps() bool {
	a, b := x.now, x.old
	at := func(s *state) tick {
		if s.Gaps == 0 {
			return never
		}
		return s.GapAt
	}
	if at(a) == at(b) {
		return true
	}
	if x.later.End.s.Backs != b.Backs || max(at(a), at(b)) >= horizon(b) {
		return false
	}
	x.shift.GapDiffers = true
	return true
}
