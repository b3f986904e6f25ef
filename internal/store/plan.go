package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"

	"github.com/akashi-audit/akashi/internal/event"
)

// clockSlack is how far clocks may have been set back inside one life of a
// channel: a life ends only where ids fall back while time advances by more.
const clockSlack = 10 * 60 * 10_000_000 // 100 ns

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
	// there is no new event. While it lies behind the watermark the events may
	// be fed to the converter, else the server must be converted again.
	Late *Key
}

// Planner places the events of one server and one import: it finds what is
// already stored and to which life of its channel each event belongs. The plan
// must be appended before the next one is made. It belongs to one goroutine.
type Planner struct {
	s      *Store
	server string
	flow   map[flowKey]*life // life of each (channel, generation of the import)
	made   []*life           // lives that are not in the index yet
	batch  map[*life]map[uint64]*event.Event
	near   map[*life]nearBlock // decoded block read last
}

// flowKey names a sequence of ids as the import sees it.
type flowKey struct {
	channel string
	gen     uint32
}

type nearBlock struct {
	ref    *rawBlock
	events []*event.Event
}

// Planner makes a planner for the events of a server.
func (s *Store) Planner(server string) *Planner {
	return &Planner{s: s, server: server, flow: make(map[flowKey]*life), near: make(map[*life]nearBlock)}
}

// Plan places a batch of at most a few ten thousand events.
func (p *Planner) Plan(ctx context.Context, events []*event.Event) (*Plan, error) {
	p.adopt()
	p.batch = make(map[*life]map[uint64]*event.Event)
	plan := &Plan{}
	for _, e := range events {
		li, dup, err := p.place(ctx, e)
		if err != nil {
			return nil, err
		}
		if dup {
			plan.Duplicates++
			continue
		}
		if p.batch[li] == nil {
			p.batch[li] = make(map[uint64]*event.Event)
		}
		p.batch[li][e.RecordID] = e
	}
	return plan, p.order(ctx, plan)
}

// index is the server's part of the store's index, which only this process
// changes.
func (p *Planner) index() *serverIndex {
	p.s.mu.RLock()
	defer p.s.mu.RUnlock()
	if sv := p.s.index.servers[p.server]; sv != nil {
		return sv
	}
	return &serverIndex{name: p.server}
}

// adopt replaces lives made by the plan before with those that the index made
// of them when the plan was appended.
func (p *Planner) adopt() {
	sv := p.index()
	for k, li := range p.flow {
		if int(li.num) < len(sv.lives) && sv.lives[li.num] != nil {
			p.flow[k] = sv.lives[li.num]
		}
	}
	p.made = nil
}

// place finds the life of an event and whether it is known already.
func (p *Planner) place(ctx context.Context, e *event.Event) (*life, bool, error) {
	k := flowKey{e.Channel, e.Generation}
	li := p.flow[k]
	if li != nil {
		known, same, err := p.known(ctx, li, e)
		if err != nil || !known || same {
			return li, known, err
		}
	}
	li, dup, err := p.choose(ctx, e, li)
	if err != nil {
		return nil, false, err
	}
	if li == nil {
		li = p.newLife(e.Channel)
	}
	p.flow[k] = li
	return li, dup, nil
}

func (p *Planner) newLife(channel string) *life {
	li := &life{num: uint32(len(p.index().lives) + len(p.made)), channel: channel}
	p.made = append(p.made, li)
	return li
}

// known reports whether the life has an event of this id, and whether it is
// this event. A block that is damaged counts as the same: its ids are taken.
func (p *Planner) known(ctx context.Context, li *life, e *event.Event) (known, same bool, err error) {
	if o := p.batch[li][e.RecordID]; o != nil {
		return true, sameEvent(o, e), nil
	}
	if !li.ids.has(e.RecordID) {
		return false, false, nil
	}
	nb := p.near[li]
	if nb.ref == nil || !holds(nb.ref, e.RecordID) {
		for _, b := range li.blocks {
			if holds(b, e.RecordID) {
				nb = nearBlock{ref: b}
				break
			}
		}
		nb.events, err = p.s.events(ctx, nb.ref)
		if err != nil {
			if isDamage(err) {
				return true, true, nil
			}
			return false, false, err
		}
		p.near[li] = nb
	}
	at, ok := slices.BinarySearchFunc(nb.events, e.RecordID, func(o *event.Event, id uint64) int { return cmp.Compare(o.RecordID, id) })
	if !ok {
		return true, true, nil
	}
	return true, sameEvent(nb.events[at], e), nil
}

func holds(b *rawBlock, id uint64) bool {
	return b.lo() <= id && id <= b.hi() && runs(b.runs).has(id)
}

// sameEvent tells a second copy of an event from another event with its id: a
// copy can differ in form (exported text, lost template), never in these.
func sameEvent(a, b *event.Event) bool {
	return a.Time == b.Time && a.ID == b.ID
}

// choose finds the stored life that an event continues: one that has it, or
// else the one nearest in time among those whose ids and times it fits between.
func (p *Planner) choose(ctx context.Context, e *event.Event, not *life) (*life, bool, error) {
	var best *life
	var bestGap event.Filetime
	for _, li := range append(p.index().of(e.Channel), p.made...) {
		if li == not || li.channel != e.Channel || p.taken(li, e) {
			continue
		}
		known, same, err := p.known(ctx, li, e)
		if err != nil {
			return nil, false, err
		}
		if same {
			return li, true, nil
		}
		if known {
			continue
		}
		if gap, ok := p.fits(li, e); ok && (best == nil || gap < bestGap) {
			best, bestGap = li, gap
		}
	}
	return best, false, nil
}

// taken reports whether the life belongs to another generation of the import's
// own order.
func (p *Planner) taken(li *life, e *event.Event) bool {
	for k, o := range p.flow {
		if o == li && k.channel == e.Channel && k.gen != e.Generation {
			return true
		}
	}
	return false
}

// fits reports whether the event's time lies between those of the ids below and
// above it, and how far it is from the nearer one.
func (p *Planner) fits(li *life, e *event.Event) (gap event.Filetime, ok bool) {
	var below, above event.Filetime
	var belowID, aboveID uint64
	hasBelow, hasAbove := false, false
	see := func(id uint64, t event.Filetime) {
		if id < e.RecordID && (!hasBelow || id > belowID) {
			below, belowID, hasBelow = t, id, true
		}
		if id > e.RecordID && (!hasAbove || id < aboveID) {
			above, aboveID, hasAbove = t, id, true
		}
	}
	for _, b := range li.blocks {
		if b.lo() < e.RecordID && e.RecordID < b.hi() { // bounds are near enough inside a block
			see(e.RecordID-1, b.min)
			see(e.RecordID+1, b.max)
			continue
		}
		see(b.lo(), b.first)
		see(b.hi(), b.last)
	}
	for id, o := range p.batch[li] {
		see(id, o.Time)
	}
	if hasBelow && below > e.Time+clockSlack || hasAbove && e.Time > above+clockSlack {
		return 0, false
	}
	gap = ^event.Filetime(0)
	if hasBelow {
		gap = absDiff(e.Time, below)
	}
	if hasAbove {
		gap = min(gap, absDiff(e.Time, above))
	}
	return gap, true
}

func absDiff(a, b event.Filetime) event.Filetime {
	if a > b {
		return a - b
	}
	return b - a
}

// order gives the new events of the batch their merge keys and finds the place
// from which the stored order changes.
func (p *Planner) order(ctx context.Context, plan *Plan) error {
	if len(p.batch) == 0 {
		return nil
	}
	gens, moved := p.generations()
	type placed struct {
		e *event.Event
		k Key
	}
	var all []placed
	late := func(k Key) {
		if plan.Late == nil || k.Compare(*plan.Late) < 0 {
			plan.Late = &k
		}
	}
	if moved {
		late(Key{})
	}
	touched := make([]*life, 0, len(p.batch))
	for li := range p.batch {
		touched = append(touched, li)
	}
	slices.SortFunc(touched, func(a, b *life) int { return cmp.Compare(a.num, b.num) })
	for _, li := range touched {
		l := make([]*event.Event, 0, len(p.batch[li]))
		for _, e := range p.batch[li] {
			l = append(l, e)
		}
		slices.SortFunc(l, func(a, b *event.Event) int { return cmp.Compare(a.RecordID, b.RecordID) })
		gen := gens[li]
		before, next, err := p.s.around(ctx, li, l[0].RecordID)
		if err != nil {
			return err
		}
		running := before
		for _, e := range l {
			running = max(running, e.Time)
			e.Generation = gen
			all = append(all, placed{e, Key{running, li.channel, gen, e.RecordID}})
		}
		late(all[len(all)-len(l)].k)
		if next != nil { // a stored event behind the first new one can change its place
			late(Key{max(before, next.Time), li.channel, gen, next.RecordID})
		}
		plan.Raw = append(plan.Raw, RawGroup{li.channel, li.num, l})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].k.Compare(all[j].k) < 0 })
	plan.Events, plan.Keys = make([]*event.Event, len(all)), make([]Key, len(all))
	for i, a := range all {
		plan.Events[i], plan.Keys[i] = a.e, a.k
	}
	return nil
}

// generations ranks the lives as they will stand with the batch, and reports
// whether a stored life changes its rank.
func (p *Planner) generations() (gens map[*life]uint32, moved bool) {
	sv := p.index()
	gens = make(map[*life]uint32)
	channels := make(map[string]bool)
	for li := range p.batch {
		channels[li.channel] = true
	}
	for ch := range channels {
		type ranked struct {
			li    *life
			start event.Filetime
		}
		var l []ranked
		old := sv.of(ch)
		for _, li := range old {
			l = append(l, ranked{li, p.startWith(li)})
		}
		for _, li := range p.made {
			if li.channel == ch && p.batch[li] != nil {
				l = append(l, ranked{li, p.startWith(li)})
			}
		}
		slices.SortFunc(l, func(a, b ranked) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.li.num, b.li.num)) })
		for i, r := range l {
			gens[r.li] = uint32(i)
			if at := slices.Index(old, r.li); at >= 0 && at != i {
				moved = true
			}
		}
	}
	return gens, moved
}

// startWith is the time of the life's lowest id, the batch included.
func (p *Planner) startWith(li *life) event.Filetime {
	lowest, start := ^uint64(0), li.start
	if len(li.blocks) > 0 {
		lowest = li.blocks[0].lo()
	}
	for id, e := range p.batch[li] {
		if id <= lowest {
			lowest, start = id, e.Time
		}
	}
	return start
}

// around returns the running time of a life before id, and the first stored
// event behind id.
func (s *Store) around(ctx context.Context, li *life, id uint64) (before event.Filetime, next *event.Event, err error) {
	for _, b := range li.blocks {
		if b.hi() < id {
			before = max(before, b.max)
			continue
		}
		if b.lo() > id && next != nil && b.lo() >= next.RecordID {
			continue
		}
		l, err := s.events(ctx, b)
		if err != nil {
			if isDamage(err) {
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
