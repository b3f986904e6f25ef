package archive

import (
	"cmp"
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
// came late: who wants them in order merges them. Memory is that of a block, or of
// all of the stream when its blocks overlap.
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
// returns false, which is errEnough.
func (a *Archive) walk(ctx context.Context, o *manifest.Object, channel string, gen uint32, fn func(*event.Event) bool) error {
	var held []*event.Event // of blocks that overlap
	last, sorted := uint64(0), true
	err := a.channelBlocks(ctx, o, channel, func(b *rawfile.Block) {
		sorted = sorted && b.Runs[0].Lo > last // a channel with several lives is held whole
		last = b.Runs[len(b.Runs)-1].Hi
	}, func(l []*event.Event) error {
		for _, e := range l {
			if e.Generation != gen {
				continue
			}
			if !sorted {
				held = append(held, e)
			} else if !fn(e) {
				return errEnough
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(held, func(x, y *event.Event) int { return cmp.Compare(x.RecordID, y.RecordID) })
	for _, e := range held {
		if !fn(e) {
			return errEnough
		}
	}
	return nil
}

// channelBlocks tells of the blocks of a channel, and then reads them.
func (a *Archive) channelBlocks(ctx context.Context, o *manifest.Object, channel string, see func(*rawfile.Block), fn func([]*event.Event) error) (err error) {
	r, err := a.open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	f, err := rawfile.Open(r, r.Size(), a.raw)
	if err != nil {
		return fmt.Errorf("archive object %s: %w", o.Name, err)
	}
	if d := f.Damaged(); len(d) > 0 {
		return fmt.Errorf("archive object %s: %w", o.Name, d[0])
	}
	for _, b := range f.Blocks() {
		if b.Channel == channel {
			see(b)
		}
	}
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
