package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
)

// Plan is a batch of events made ready for a commit.
type Plan struct {
	// Events are the new ones in merge order, with the Generation of the
	// records. They are the caller's events.
	Events []*event.Event
	Keys   []Key      // the merge key of each of Events
	Raw    []RawGroup // the same events, for Commit.Raw
	// Duplicates counts events that were stored before.
	Duplicates int
	// Late is the merge key from which the stored order changes; nil when
	// there is no new event. When it lies behind the watermark the events may
	// be fed to the converter, else the server must be converted again.
	Late *Key
}

// Planner places the events of one server: it finds which of them are stored
// already, and the generation and merge key of the others. A plan must be
// appended before the next one is made. It belongs to one goroutine.
type Planner struct {
	s      *Store
	server string
	near   []nearBlock // decoded blocks read last
}

type nearBlock struct {
	ref    *rawBlock
	events []*event.Event
}

// nearBlocks is how many decoded blocks a planner keeps: about one for each
// busy channel.
const nearBlocks = 4

// Planner makes a planner for the events of a server.
func (s *Store) Planner(server string) *Planner {
	return &Planner{s: s, server: server}
}

// flowKey names a sequence of ids as the import sees it.
type flowKey struct {
	channel string
	gen     uint32
}

// Plan places a batch of at most a few ten thousand events. Their Generation is
// that of the import, which keeps apart what it knows to be two lives.
func (p *Planner) Plan(ctx context.Context, events []*event.Event) (*Plan, error) {
	release := p.s.pins.hold()
	defer release()
	plan := &Plan{}
	sv := p.index()
	flows := make(map[flowKey][]*event.Event)
	for _, e := range events {
		known, err := p.known(ctx, sv, e)
		if err != nil {
			return nil, err
		}
		if known {
			plan.Duplicates++
			continue
		}
		k := flowKey{e.Channel, e.Generation}
		flows[k] = append(flows[k], e)
	}
	keys := make([]flowKey, 0, len(flows))
	for k := range flows {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b flowKey) int {
		return cmp.Or(cmp.Compare(a.channel, b.channel), cmp.Compare(a.gen, b.gen))
	})
	for _, k := range keys {
		l := flows[k]
		slices.SortStableFunc(l, func(a, b *event.Event) int { return cmp.Compare(a.RecordID, b.RecordID) })
		n := len(l)
		l = slices.CompactFunc(l, func(a, b *event.Event) bool { return a.RecordID == b.RecordID })
		plan.Duplicates += n - len(l)
		plan.Raw = append(plan.Raw, RawGroup{k.channel, l})
	}
	return plan, p.order(ctx, sv, plan)
}

// index is the server's part of the store's index, which only this process
// changes.
func (p *Planner) index() *serverIndex {
	p.s.mu.RLock()
	defer p.s.mu.RUnlock()
	if sv := p.s.index.servers[p.server]; sv != nil {
		return sv
	}
	return newServerIndex(p.server)
}

// known reports whether an event is stored already and can be read back: what a
// damaged block held is taken again.
func (p *Planner) known(ctx context.Context, sv *serverIndex, e *event.Event) (bool, error) {
	for _, li := range sv.lives(e.Channel) {
		if !li.ids.has(e.RecordID) {
			continue
		}
		for i := p.upTo(li, e.RecordID); i >= 0; i-- {
			b := li.blocks[i]
			if b.hi() < e.RecordID || !runs(b.runs).has(e.RecordID) {
				continue
			}
			if b.gone {
				if b.held(e) {
					return true, nil // stays away
				}
				continue
			}
			l, err := p.decoded(ctx, b)
			if isLost(err) {
				continue
			}
			if err != nil {
				return false, err
			}
			at, ok := slices.BinarySearchFunc(l, e.RecordID, func(o *event.Event, id uint64) int { return cmp.Compare(o.RecordID, id) })
			if ok && sameEvent(l[at], e) {
				return true, nil
			}
		}
	}
	return false, nil
}

// upTo is the last block of a life that can hold an id.
func (p *Planner) upTo(li *life, id uint64) int {
	n, _ := slices.BinarySearchFunc(li.blocks, id, func(b *rawBlock, id uint64) int { // several can begin with the same id
		if b.lo() <= id {
			return -1
		}
		return 1
	})
	return n - 1
}

func (p *Planner) decoded(ctx context.Context, b *rawBlock) ([]*event.Event, error) {
	for i, n := range p.near {
		if n.ref == b {
			if i > 0 {
				p.near[0], p.near[i] = n, p.near[0]
			}
			return n.events, nil
		}
	}
	l, err := p.s.events(ctx, b)
	if err != nil {
		return nil, err
	}
	p.near = slices.Insert(p.near, 0, nearBlock{b, l})
	p.near = p.near[:min(len(p.near), nearBlocks)]
	return l, nil
}

// copyGrain is how much coarser the time of an exported copy may be.
const copyGrain = 10_000_000 // 100 ns: a second

// sameEvent tells a second copy of an event from another event with its id: a
// copy can differ in form (exported text, a coarser time, a lost template).
func sameEvent(a, b *event.Event) bool {
	d := a.Time - b.Time
	if b.Time > a.Time {
		d = b.Time - a.Time
	}
	return d < copyGrain && a.ID == b.ID
}

// placed is a new event with its key.
type placed struct {
	e *event.Event
	k Key
}

// order gives the new events of the plan their merge keys and finds the place
// from which the stored order changes.
func (p *Planner) order(ctx context.Context, sv *serverIndex, plan *Plan) error {
	late := func(k Key) {
		if plan.Late == nil || k.Compare(*plan.Late) < 0 {
			plan.Late = &k
		}
	}
	fresh := make(map[*rawBlock][]*event.Event)
	blocks := make(map[string][]*rawBlock)
	for _, g := range plan.Raw {
		for _, part := range cutRaw(g.Events) {
			b, err := rawMeta(g.Channel, part)
			if err != nil {
				return err
			}
			fresh[b] = part
			blocks[g.Channel] = append(blocks[g.Channel], b)
		}
	}
	var all []placed
	for channel, l := range blocks {
		lives := partition(channel, append(slices.Clone(sv.raw[channel]), l...))
		if moved(sv.lives(channel), lives) {
			late(Key{})
		}
		for _, li := range lives {
			part, err := p.orderLife(ctx, li, fresh, late)
			if err != nil {
				return err
			}
			all = append(all, part...)
		}
	}
	slices.SortFunc(all, func(a, b placed) int { return a.k.Compare(b.k) })
	plan.Events, plan.Keys = make([]*event.Event, len(all)), make([]Key, len(all))
	for i, a := range all {
		plan.Events[i], plan.Keys[i] = a.e, a.k
	}
	return nil
}

// moved reports whether a stored block changes its generation.
func moved(before, after []*life) bool {
	gen := make(map[*rawBlock]uint32)
	for _, li := range after {
		for _, b := range li.blocks {
			gen[b] = li.gen
		}
	}
	for _, li := range before {
		for _, b := range li.blocks {
			if gen[b] != li.gen {
				return true
			}
		}
	}
	return false
}

// orderLife places the new events of one life among its stored ones.
func (p *Planner) orderLife(ctx context.Context, li *life, fresh map[*rawBlock][]*event.Event, late func(Key)) ([]placed, error) {
	var l []*event.Event
	var stored []*rawBlock
	for _, b := range li.blocks {
		if part, ok := fresh[b]; ok {
			l = append(l, part...)
		} else {
			stored = append(stored, b)
		}
	}
	if len(l) == 0 {
		return nil, nil
	}
	slices.SortStableFunc(l, func(a, b *event.Event) int { return cmp.Compare(a.RecordID, b.RecordID) })
	before, next, err := p.s.around(ctx, stored, l[0].RecordID)
	if err != nil {
		return nil, err
	}
	running := before
	out := make([]placed, len(l))
	for i, e := range l {
		running = max(running, e.Time)
		e.Generation = li.gen
		out[i] = placed{e, Key{running, li.channel, li.gen, e.RecordID}}
	}
	late(out[0].k)
	if next != nil { // a stored event behind the first new one can change its place
		late(Key{max(before, next.Time), li.channel, li.gen, next.RecordID})
	}
	return out, nil
}

// around returns the running time of a life before id, and its first stored
// event at or behind id.
func (s *Store) around(ctx context.Context, blocks []*rawBlock, id uint64) (before event.Filetime, next *event.Event, err error) {
	for _, b := range blocks {
		if b.hi() < id {
			before = max(before, b.max)
			continue
		}
		if b.lo() > id && next != nil && b.lo() >= next.RecordID {
			continue
		}
		l, err := s.events(ctx, b)
		if err != nil {
			if isLost(err) {
				continue
			}
			return 0, nil, fmt.Errorf("events around %d: %w", id, err)
		}
		for _, e := range l {
			if e.RecordID < id {
				before = max(before, e.Time)
				continue
			}
			if next == nil || e.RecordID < next.RecordID {
				next = e
			}
			break
		}
	}
	return before, next, nil
}
