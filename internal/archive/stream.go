package archive

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/rawfile"
)

// Stream is the events of one life of one channel in one part, by record id.
// Streams of a life overlap where clocks went back at midnight and where events
// came late: who wants them in order merges them. Memory is that of the blocks that
// overlap at the place that is read, mostly one.
type Stream struct {
	Day        string
	Part       int
	Channel    string
	Generation uint32
	FirstID    uint64
	Count      int64
	Events     iter.Seq2[*event.Event, error]
}

// Servers lists the servers of which there are parts, ascending.
func (a *Archive) Servers() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	seen := make(map[string]bool)
	for k := range a.days {
		seen[k.server] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// Shown lists the raw events of a server without those that erasures hide.
func (a *Archive) Shown(ctx context.Context, server string) ([]Stream, error) {
	l := a.Streams(ctx, server)
	days, err := a.unclean(server)
	if err != nil || len(days) == 0 {
		return l, err
	}
	x, err := a.erasedIn(ctx, server, days, nil)
	if err != nil {
		return nil, err
	}
	for i := range l {
		gone := x.ids[lifeKey{l[i].Channel, l[i].Generation}]
		if len(gone) == 0 {
			continue
		}
		all := l[i].Events
		l[i].Events = func(yield func(*event.Event, error) bool) {
			for e, err := range all {
				if err == nil && gone[e.RecordID] {
					continue
				}
				if !yield(e, err) {
					return
				}
			}
		}
	}
	return l, nil
}

// Streams lists all raw events of a server, those too that erasures hide and that
// no Rewrite took away yet. A stream opens its object when it is read.
func (a *Archive) Streams(ctx context.Context, server string) []Stream {
	var list []Stream
	a.mu.Lock()
	defer a.mu.Unlock()
	for k, parts := range a.days {
		if k.server != server {
			continue
		}
		for _, p := range parts {
			o := object(&p.Day, manifest.KindRaw)
			if o == nil {
				continue
			}
			for _, c := range p.Channels {
				list = append(list, Stream{Day: k.day, Part: p.Part, Channel: c.Name, Generation: c.Generation, FirstID: c.Runs[0][0], Count: c.Events, Events: a.stream(ctx, o, c.Name, c.Generation)})
			}
		}
	}
	slices.SortFunc(list, func(x, y Stream) int {
		return cmp.Or(strings.Compare(x.Channel, y.Channel), cmp.Compare(x.Generation, y.Generation), cmp.Compare(x.FirstID, y.FirstID))
	})
	return list
}

func (a *Archive) stream(ctx context.Context, o *manifest.Object, channel string, gen uint32) iter.Seq2[*event.Event, error] {
	return func(yield func(*event.Event, error) bool) {
		err := a.walk(ctx, o, channel, gen, func(e *event.Event) bool { return yield(e, nil) })
		if err != nil && !errors.Is(err, errEnough) {
			yield(nil, err)
		}
	}
}

// walk gives the events of a channel's life in a part by record id until fn
// returns false, which is errEnough. Of equal ids that of the first block comes first.
func (a *Archive) walk(ctx context.Context, o *manifest.Object, channel string, gen uint32, fn func(*event.Event) bool) (err error) {
	r, f, err := a.openRaw(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	var wait []int // blocks that are not begun, by their first id
	for i, b := range f.Blocks() {
		if b.Channel == channel {
			wait = append(wait, i)
		}
	}
	first := func(i int) uint64 { return f.Blocks()[i].Runs[0].Lo }
	slices.SortStableFunc(wait, func(x, y int) int { return cmp.Compare(first(x), first(y)) })
	var h blockHeap
	for len(h) > 0 || len(wait) > 0 {
		for len(wait) > 0 && (len(h) == 0 || first(wait[0]) <= h[0].events[0].RecordID) {
			if err := ctx.Err(); err != nil {
				return err
			}
			l, err := f.Read(wait[0])
			if err != nil {
				return fmt.Errorf("archive object %s: %w", o.Name, err)
			}
			l = slices.DeleteFunc(l, func(e *event.Event) bool { return e.Generation != gen })
			if len(l) > 0 {
				heap.Push(&h, &openBlock{wait[0], l})
			}
			wait = wait[1:]
		}
		if len(h) == 0 {
			continue
		}
		top := h[0]
		e := top.events[0]
		top.events[0] = nil
		if top.events = top.events[1:]; len(top.events) == 0 {
			heap.Pop(&h)
		} else {
			heap.Fix(&h, 0)
		}
		if !fn(e) {
			return errEnough
		}
	}
	return nil
}

// openBlock is what is left of a block that was read, by record id.
type openBlock struct {
	at     int // in the file
	events []*event.Event
}

// blockHeap is blocks, that with the least record id on top.
type blockHeap []*openBlock

func (h blockHeap) Len() int      { return len(h) }
func (h blockHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h blockHeap) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].events[0].RecordID, h[j].events[0].RecordID), cmp.Compare(h[i].at, h[j].at)) < 0
}
func (h *blockHeap) Push(x any) { *h = append(*h, x.(*openBlock)) }
func (h *blockHeap) Pop() any {
	b := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return b
}

// openRaw opens a raw object whose directory is whole.
func (a *Archive) openRaw(ctx context.Context, o *manifest.Object) (Reader, *rawfile.File, error) {
	r, err := a.open(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	f, err := rawfile.Open(r, r.Size(), a.raw)
	if err == nil && len(f.Damaged()) > 0 {
		err = f.Damaged()[0]
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("archive object %s: %w", o.Name, err), r.Close())
	}
	return r, f, nil
}

// channelBlocks reads the blocks of a channel.
func (a *Archive) channelBlocks(ctx context.Context, o *manifest.Object, channel string, fn func([]*event.Event) error) (err error) {
	r, f, err := a.openRaw(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for i, b := range f.Blocks() {
		if b.Channel != channel {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		l, err := f.Read(i)
		if err != nil {
			return fmt.Errorf("archive object %s: %w", o.Name, err)
		}
		if err := fn(l); err != nil {
			return err
		}
	}
	return nil
}
