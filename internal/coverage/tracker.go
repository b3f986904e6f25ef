package coverage

import (
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
)

const (
	maxList    = 1000                       // entries kept of each list
	second     = event.Filetime(10_000_000) // in steps of 100 ns
	hour       = 3600 * second              //
	busy       = 20                         // minutes with an event within an hour that make it busy
	minute     = 60 * second
	fewHoles   = 3               // fewer holes never prove a filter
	fewEvents  = 100             // fewer events cannot tell a loss from a filter
	filterRate = 10              // a hole in front of every tenth event, or more, proves one
	clockStep  = 5 * time.Second // smaller steps are the time service's
	bootJoin   = 5 * 60 * second // events of one boot
)

// Options of a Tracker; zero = defaults.
type Options struct {
	Silence time.Duration // shortest silence that is told; 0 = 1 h
}

// Tracker takes the events of one server in merge order.
type Tracker struct {
	server   string
	silence  event.Filetime
	channels map[string]*channel
	notices  []Notice
	count    int
	lost     bool
	boot     event.Filetime
	dc       bool // an event that only a domain controller writes
	subs     [len(subcategories)]Subcategory
	share    share
}

type channel struct {
	Channel
	gen   uint32
	last  event.Filetime // running time: highest of the channel
	prev  event.Filetime // time of the event before
	ring  [busy]event.Filetime
	n     uint64  // minutes put into ring
	open  Silence // waits for a busy hour behind it
	after int
	gaps  []Gap
	quiet []Silence
}

// New returns a Tracker for the events of server.
func New(server string, opt Options) *Tracker {
	t := &Tracker{server: server, silence: hour, channels: map[string]*channel{}}
	if opt.Silence > 0 {
		t.silence = event.Filetime(opt.Silence / 100)
	}
	return t
}

// Add takes the next event. It does not keep e.
func (t *Tracker) Add(e *event.Event) {
	c := t.channels[e.Channel]
	if c == nil {
		c = &channel{Channel: Channel{Name: strings.Clone(e.Channel), FirstID: e.RecordID, First: e.Time, Generations: 1}, gen: e.Generation}
		t.channels[c.Name] = c
	}
	c.ids(e)
	c.times(e.Time, t.silence)
	c.prev = e.Time
	c.Received++
	if i := subcategoryOf(e); i >= 0 {
		t.subs[i].Events++
		t.subs[i].on = max(t.subs[i].on, e.Time)
		if i == rowFiles {
			t.share.used(e.Time)
		}
	}
	if (e.ID == 5145 || e.ID == 5140) && t.share.waits(e.Time) && t.shareAccess(e) {
		t.share.opened(e.Time)
	}
	t.dc = t.dc || ofController(e)
	t.notice(e)
}

// ids looks for missing record ids. A new generation starts its own count: what
// stood before its first id is unknown, as for the first event of all.
func (c *channel) ids(e *event.Event) {
	switch {
	case c.Received == 0:
	case e.Generation != c.gen:
		c.gen = e.Generation
		c.Generations++
	case e.RecordID > c.LastID+1:
		n := e.RecordID - c.LastID - 1
		c.Missing += n
		c.GapCount++
		if len(c.gaps) < maxList {
			c.gaps = append(c.gaps, Gap{c.LastID + 1, e.RecordID - 1, n, c.prev.String(), e.Time.String()})
		}
	}
	c.LastID = e.RecordID
}

// times looks for silence. A stretch is told when at least busy minutes of the
// hour before it and of the hour after it hold events; a burst is no busy hour.
func (c *channel) times(now, silence event.Filetime) {
	c.First = min(c.First, now)
	if c.n > 0 && now > c.last && now-c.last >= silence {
		c.open, c.after = Silence{}, 0
		if c.n >= busy && c.last-c.ring[c.n%busy] <= hour {
			c.open = Silence{from: c.last, to: now}
		}
	}
	fresh := c.n == 0 || now/minute > c.last/minute
	c.last = max(c.last, now)
	if !fresh {
		return
	}
	c.ring[c.n%busy] = c.last
	c.n++
	if c.open.to == 0 {
		return
	}
	if c.last-c.open.to > hour {
		c.open = Silence{}
	} else if c.after++; c.after == busy {
		if len(c.quiet) < maxList {
			c.quiet = append(c.quiet, c.open)
		}
		c.open = Silence{}
	}
}

// filtered reports whether the holes come from an export with a filter.
//
// A log loses events in few, long runs: the oldest are overwritten, a chunk is
// damaged, the machine is down. A filter ("only 4663 of one folder") leaves holes
// everywhere. So a channel counts as filtered when it has at least three holes
// and one before every tenth event or more. Below that the holes are gaps: to
// call a loss a filter would hide it. Events without record ids of their own
// (their time stands for it) fall under the same rule. A channel of fewer than
// fewEvents with a hole is neither: nothing tells (see tooFew).
func (c *channel) filtered() bool {
	return c.GapCount >= fewHoles && uint64(c.GapCount)*filterRate >= c.Received
}

// tooFew reports whether the channel has holes but too few events to tell what
// they are.
func (c *channel) tooFew() bool { return c.GapCount > 0 && c.Received < fewEvents }

// usual tells whether another stretch begins and ends at the same hours of the
// day, one hour more or less: the nights and week-ends of a quiet office.
func usual(s Silence, all []Silence) bool {
	near := func(a, b event.Filetime) bool {
		const day = 24 * hour
		d := (a%day + day - b%day) % day
		return d <= hour || d >= day-hour
	}
	for _, o := range all {
		if o.from != s.from && near(o.from, s.from) && near(o.to, s.to) {
			return true
		}
	}
	return false
}

// Report tells what was found so far; the Tracker may go on.
func (t *Tracker) Report() *Report {
	r := &Report{Server: t.server, Complete: !t.lost, Channels: []Channel{}, Notices: slices.Clone(t.notices), NoticeCount: t.count}
	if r.Notices == nil {
		r.Notices = []Notice{}
	}
	for _, c := range t.channels {
		o := c.Channel
		o.Last, o.FirstTime, o.LastTime = c.last, o.First.String(), c.last.String()
		o.Gaps, o.Silences = append([]Gap{}, c.gaps...), []Silence{}
		o.Filtered = c.filtered()
		o.TooFew = !o.Filtered && c.tooFew()
		if o.Filtered || o.TooFew {
			o.Absent, o.Missing, o.GapCount, o.Gaps = o.Missing, 0, 0, []Gap{}
		}
		for _, s := range c.quiet {
			if !o.Filtered && !o.TooFew && !usual(s, c.quiet) {
				o.Silences = append(o.Silences, s.told())
			}
		}
		o.SilenceCount = len(o.Silences)
		r.Complete = r.Complete && o.Missing == 0
		r.Channels = append(r.Channels, o)
	}
	slices.SortFunc(r.Channels, func(a, b Channel) int { return strings.Compare(a.Name, b.Name) })
	for i, s := range t.subs {
		row := &subcategories[i]
		if row.kind == controller && !t.dc && s.Events == 0 && s.off == 0 {
			continue
		}
		s.GUID, s.Name, s.State = "{"+row.guid+guidTail, row.name, StateUnseen
		if s.Events > 0 {
			s.State, s.Last = StateOn, s.on.String()
		}
		switch {
		case s.off > 0 && s.off >= s.on:
			s.State = StateOff
		case i == rowFiles && t.share.stopped():
			s.State, s.Hours = StateStopped, t.share.since
		}
		if i == rowFiles {
			for _, q := range t.share.stops {
				s.Silences = append(s.Silences, q.told())
			}
			s.SilenceCount = t.share.count
		}
		if s.State != StateOn && (row.kind != optional || s.State == StateOff) {
			s.Remedy, s.SACL = remedy(i), row.kind == sacl
		}
		r.Subcategories = append(r.Subcategories, s)
	}
	return r
}
