package convert

import (
	"cmp"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// Limits of what is kept of missing record ids.
const (
	fewHoles    = 3          // fewer holes never prove a filter
	fewEvents   = 100        // fewer events cannot tell a loss from a filter
	filterRate  = 10         // a hole before every tenth event, or more, proves one
	holeRun     = 100        // events without a hole after which the holes before are judged
	holeStretch = 3600 * sec // holes that are told in one record
	maxHoles    = 64         // stretches that wait to be judged
	maxChannels = 256        // channels that are followed
	maxRecordID = 1 << 50    // ids above are times that stand in for an id
)

// channel follows the record ids of one channel (section 12, loss).
type channel struct {
	Name      string
	Gen       uint32
	ID        uint64 // newest record id
	Time      tick   // of that event
	Running   tick   // highest time so far
	Received  uint64
	Holes     uint64
	Run       uint64 // events since the last hole
	Simulated bool
	Wait      []hole // not judged yet
	Filter    hole   // what was judged to be a filter's work; none while Holes is 0
}

// hole is one stretch of missing record ids.
type hole struct {
	Before, After   uint64 // ids of the events on both sides
	From, To        tick   // their times
	Lost, Holes     uint64 // ids that are missing; holes that hold them
	FirstID, LastID uint64 // the missing ones
	Generation      uint32
}

// ids notes the record id of an event. The holes before it become records when
// it is clear whether the log was exported with a filter.
func (c *Converter) ids(e *event.Event) {
	ch := c.channel
	if ch == nil || ch.Name != e.Channel {
		if ch = c.s.Channels[e.Channel]; ch == nil {
			if len(c.s.Channels) >= maxChannels || e.RecordID > maxRecordID {
				c.s.Loose = true
				return
			}
			ch = &channel{Name: e.Channel, Gen: e.Generation, ID: e.RecordID, Time: tick(e.Time)}
			c.s.Channels[e.Channel] = ch
		}
		c.channel = ch
	}
	if e.RecordID > maxRecordID {
		c.s.Loose = true
		return
	}
	if e.Generation != ch.Gen { // the log was made anew
		c.tellHoles(ch)
		*ch = channel{Name: ch.Name, Gen: e.Generation, ID: e.RecordID}
	}
	now := tick(e.Time)
	var lost, own uint64
	if e.RecordID > ch.ID+1 && ch.Received > 0 {
		lost, own = c.missing(e, ch)
	}
	ch.Received += own
	if lost > 0 {
		ch.hole(e.RecordID, lost, now)
		if len(ch.Wait) > maxHoles {
			c.judge(ch)
		}
	} else if ch.Run++; ch.Run == holeRun && len(ch.Wait) > 0 {
		c.judge(ch)
	}
	ch.ID, ch.Time, ch.Running = max(ch.ID, e.RecordID), now, max(ch.Running, now)
	ch.Received++
	ch.Simulated = ch.Simulated || e.Simulated()
}

// missing is how many ids are missing before e, and how many of those before it are
// of events that were here and were taken away on purpose.
func (c *Converter) missing(e *event.Event, ch *channel) (lost, own uint64) {
	if lost = e.RecordID - ch.ID - 1; c.opt.Gone != nil {
		own = min(lost, c.opt.Gone(e.Channel, e.Generation, ch.ID+1, e.RecordID-1))
	}
	return lost - own, own
}

// hole enters the ids between the newest event and the one of id, of which so many
// are lost.
func (ch *channel) hole(id, lost uint64, now tick) {
	h := hole{
		Before: ch.ID, After: id, From: ch.Time, To: now, Lost: lost, Holes: 1,
		FirstID: ch.ID + 1, LastID: id - 1, Generation: ch.Gen,
	}
	ch.Holes++
	ch.Run = 0
	if n := len(ch.Wait); n > 0 && now-ch.Wait[n-1].From <= holeStretch && now >= ch.Wait[n-1].From {
		ch.Wait[n-1].join(h)
		return
	}
	ch.Wait = append(ch.Wait, h)
}

func (h *hole) join(o hole) {
	if h.Holes == 0 {
		*h = o
		return
	}
	h.After, h.LastID, h.To = o.After, o.LastID, max(h.To, o.To)
	h.Lost += o.Lost
	h.Holes += o.Holes
}

// filtered reports whether the holes come from an export with a filter: a log
// loses events in few, long runs, a filter leaves holes everywhere. Below that
// the holes are losses: to call a loss a filter would hide it.
func (ch *channel) filtered() bool {
	return ch.Holes >= fewHoles && ch.Holes*filterRate >= ch.Received
}

// judge decides what the holes that wait are.
func (c *Converter) judge(ch *channel) {
	if ch.filtered() {
		for _, h := range ch.Wait {
			ch.Filter.join(h)
		}
	} else {
		for _, h := range ch.Wait {
			c.emitHole(ch, h, ruleV6)
		}
	}
	ch.Wait = nil
}

// tellHoles makes records of all that is known of a channel's holes. The one of
// a filter stays in the tail while the channel goes on: it grows with it.
func (c *Converter) tellHoles(ch *channel) {
	if len(ch.Wait) > 0 {
		c.judge(ch)
	}
	if ch.Filter.Holes > 0 {
		c.emitHole(ch, ch.Filter, ruleV7)
	}
}

// finishHoles is tellHoles for all channels, for Tail.
func (c *Converter) finishHoles() {
	l := make([]*channel, 0, len(c.s.Channels))
	for _, ch := range c.s.Channels {
		l = append(l, ch)
	}
	slices.SortFunc(l, func(a, b *channel) int { return cmp.Compare(a.Name, b.Name) })
	for _, ch := range l {
		c.tellHoles(ch)
	}
}

// holeOrdinal tells the record of a hole from one that the event before it has
// by itself (a 1101 or 1104 stands before holes).
const holeOrdinal = 1 << 8

func (c *Converter) emitHole(ch *channel, h hole, rule ruleID) {
	a := &act{
		Op: record.OpRecordsLost, Result: record.Success, Object: record.ObjectSystem, Class: record.ClassSystem, Rule: rule,
		Certain: rule == ruleV6, Src: source{ch.Name, h.Generation, ch.Simulated}, IDs: []uint64{h.Before, h.After},
		Time: max(h.From, h.To), End: max(h.From, h.To), Count: 1, Path: ch.Name,
	}
	a.detail("from_id", itoa(h.FirstID))
	a.detail("to_id", itoa(h.LastID))
	a.detail("from_time", event.Filetime(max(h.From, 0)).String())
	a.detail("to_time", event.Filetime(max(h.To, 0)).String())
	if h.Holes > 1 {
		a.detail("holes", itoa(h.Holes))
	}
	if rule == ruleV7 {
		a.detail("filtered", "yes")
		a.detail("absent", itoa(h.Lost))
		a.detail("reason", "the log was exported with a filter; completeness cannot be judged")
	} else {
		a.detail("lost", itoa(h.Lost))
		a.detail("reason", "these record ids are missing from what was given")
		if ch.Received < fewEvents {
			a.detail("reason", "these record ids are missing from what was given; too few events to tell a loss from a filter")
		}
	}
	c.emit(a)
	c.s.Out[len(c.s.Out)-1].Ordinal |= holeOrdinal
}
