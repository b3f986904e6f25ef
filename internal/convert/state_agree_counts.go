package convert

import (
	"reflect"
	"slices"
)

// horizon is a time before all that rules ask of a state, and of the events
// behind it, whether events were lost since.
func horizon(s *state) tick {
	h := s.Now - 600*sec // events may be so much earlier than those before
	for _, o := range s.Handles.all() {
		h = min(h, o.Open)
	}
	for _, a := range s.Acts.all() {
		h = min(h, a.First)
	}
	for _, o := range s.Orphans {
		h = min(h, o.At)
	}
	for _, p := range s.Paths.all() {
		for i := range p.Hints {
			h = min(h, p.Hints[i].At)
		}
	}
	for _, o := range s.Sessions.all() {
		for i := range o.Adds {
			h = min(h, o.Adds[i].At)
		}
	}
	return h - saveWindow
}

// channels compares how far each channel is read, and its holes.
func (x *agreement) channels() bool {
	for name, n := range x.now.Channels {
		o := x.old.Channels[name]
		switch {
		case x.later.Quiet(name): // nothing asks for it any more
			if o == nil || !reflect.DeepEqual(*n, *o) {
				x.shift.Whole = append(x.shift.Whole, *n)
			}
		case o == nil || !x.channel(n, o):
			return false
		}
	}
	for name := range x.old.Channels {
		if x.now.Channels[name] == nil {
			return false
		}
	}
	return true
}

// channel compares a channel of which events follow. The holes and events that
// were counted decide whether later holes are those of a filter.
func (x *agreement) channel(n, o *channel) bool {
	end := x.later.End.s.Channels[n.Name]
	if n.Gen != o.Gen || n.ID != o.ID || n.Time != o.Time || n.Running != o.Running || n.Simulated != o.Simulated ||
		!slices.Equal(n.Wait, o.Wait) || len(n.Wait) > 0 && n.Run != o.Run || n.Filter != o.Filter || end == nil {
		return false
	}
	received, holes := n.Received-o.Received, n.Holes-o.Holes // may wrap
	if received == 0 && holes == 0 {
		return true
	}
	if end.Gen != o.Gen { // what was counted at the end of that log is not known
		return false
	}
	if len(o.Wait) > 0 || end.Holes != o.Holes { // holes were or will be judged
		for _, c := range [...]struct{ holes, received uint64 }{{end.Holes, o.Received}, {end.Holes + holes, n.Received}} {
			if c.received < fewEvents || c.holes >= fewHoles && c.holes*filterRate >= c.received {
				return false
			}
		}
	}
	x.shift.Counts = append(x.shift.Counts, channelCount{n.Name, n.Gen, received, holes})
	return true
}

// unused compares the counts of events that no rule took.
func (x *agreement) unused() bool {
	if len(x.now.Unused) >= maxUnused || len(x.later.End.s.Unused)+len(x.now.Unused) >= maxUnused {
		return false // kinds may have been counted together
	}
	for k, n := range x.now.Unused {
		if d := n - x.old.Unused[k]; d != 0 {
			x.shift.Unused[k] = d
		}
	}
	for k, o := range x.old.Unused {
		if _, ok := x.now.Unused[k]; !ok {
			x.shift.Unused[k] = -o
		}
	}
	return true
}

// shiftOf is the shift between two states of which nothing but what counts from
// the beginning differs.
func shiftOf(now, old *state) *stateShift {
	return &stateShift{
		Backs: now.Backs - old.Backs, Crowded: now.Crowded - old.Crowded,
		AtBoots: old.Boots, Boots: now.Boots - old.Boots,
		AtGaps: old.Gaps, Gaps: now.Gaps - old.Gaps, GapAt: now.GapAt,
		AtGen: old.Facts.Gen, Gen: now.Facts.Gen - old.Facts.Gen,
		JobsGone: map[uint64]uint64{}, Denials: map[string]refusal{}, Edits: map[pathKey]*edit{}, EditsGone: map[pathKey]bool{}, Unused: map[unusedKey]uint64{},
	}
}
