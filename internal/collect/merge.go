package collect

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
)

// Input is one stretch of events of one channel of one server, in rising order
// of record ids and of one generation. An event that it yields must stay valid
// until the next one is asked for.
type Input struct {
	Channel    string
	Generation uint32
	// FirstID is a lower bound of the record ids, 0 when not known: the input is
	// not begun before the merge has come that far, so that a thousand rotated
	// files are not open at once.
	FirstID uint64
	Events  iter.Seq2[*event.Event, error]
}

// Merge yields the events of one server in merge order: the inputs of a channel
// by (generation, record id), duplicates of a record id dropped; the channels
// by running time, then by name. The generation of the input is set on each
// event. It stops with the first error of an input or of fn.
func Merge(ctx context.Context, inputs []Input, fn func(*event.Event) error) error {
	chans := channels(inputs)
	defer func() {
		for _, c := range chans {
			c.stop()
		}
	}()
	live := chans[:0:0]
	for _, c := range chans {
		if ok, err := c.next(); err != nil {
			return err
		} else if ok {
			live = append(live, c)
		}
	}
	for n := 0; len(live) > 0; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		best := 0
		for i := 1; i < len(live); i++ { // a server has few channels
			if live[i].running < live[best].running {
				best = i
			}
		}
		c := live[best]
		if err := fn(c.cur); err != nil {
			return err
		}
		if ok, err := c.next(); err != nil {
			return err
		} else if !ok {
			live = slices.Delete(live, best, best+1)
		}
	}
	return nil
}

// channel merges the inputs of one channel by (generation, record id).
type channel struct {
	name    string
	waiting []ranked // not begun, by generation and first id
	heads   []*head  // of the generation that is being read
	gen     uint32
	cur     *event.Event
	curHead *head
	running event.Filetime
	lastID  uint64
	any     bool // lastID is set in this generation
	begun   bool // gen is set
}

type ranked struct {
	Input
	rank int
}

type head struct {
	rank int // of equal events, that of the first input is kept
	e    *event.Event
	next func() (*event.Event, error, bool)
	stop func()
}

func channels(inputs []Input) []*channel {
	byName := map[string]*channel{}
	var l []*channel
	for i, in := range inputs {
		c := byName[in.Channel]
		if c == nil {
			c = &channel{name: in.Channel}
			byName[in.Channel] = c
			l = append(l, c)
		}
		c.waiting = append(c.waiting, ranked{in, i})
	}
	slices.SortFunc(l, func(a, b *channel) int { return strings.Compare(a.name, b.name) })
	for _, c := range l {
		slices.SortStableFunc(c.waiting, func(a, b ranked) int {
			return cmp.Or(cmp.Compare(a.Generation, b.Generation), cmp.Compare(a.FirstID, b.FirstID))
		})
	}
	return l
}

// next moves to the channel's next event.
func (c *channel) next() (bool, error) {
	for {
		if c.curHead != nil {
			if err := c.advance(c.curHead); err != nil {
				return false, err
			}
			c.curHead = nil
		}
		h := c.least()
		if len(c.waiting) > 0 {
			w := c.waiting[0]
			if h == nil && (w.Generation != c.gen || !c.begun) {
				c.gen, c.begun, c.any, c.running = w.Generation, true, false, 0
			}
			if h == nil || w.Generation == c.gen && w.FirstID <= h.e.RecordID {
				if err := c.begin(); err != nil {
					return false, err
				}
				continue
			}
		}
		if h == nil {
			return false, nil
		}
		c.curHead = h
		if c.any && h.e.RecordID == c.lastID { // the same event from another file
			continue
		}
		c.cur, c.lastID, c.any = h.e, h.e.RecordID, true
		c.running = max(c.running, h.e.Time)
		h.e.Generation = c.gen
		return true, nil
	}
}

// least is the head that comes next, or nil.
func (c *channel) least() *head {
	var h *head
	for _, x := range c.heads {
		if h == nil || cmp.Or(cmp.Compare(x.e.RecordID, h.e.RecordID), cmp.Compare(x.rank, h.rank)) < 0 {
			h = x
		}
	}
	return h
}

// begin asks the first waiting input for its first event.
func (c *channel) begin() error {
	next, stop := iter.Pull2(c.waiting[0].Events)
	h := &head{rank: c.waiting[0].rank, next: next, stop: stop}
	c.waiting = c.waiting[1:]
	c.heads = append(c.heads, h)
	return c.advance(h)
}

// advance reads the next event of a head; a head that ended is dropped.
func (c *channel) advance(h *head) error {
	e, err, ok := h.next()
	if ok && err == nil {
		h.e = e
		return nil
	}
	h.stop()
	c.heads = slices.DeleteFunc(c.heads, func(x *head) bool { return x == h })
	if !ok {
		return nil
	}
	return err
}

func (c *channel) stop() {
	for _, h := range c.heads {
		h.stop()
	}
	c.heads = nil
}
