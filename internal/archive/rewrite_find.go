package archive

import (
	"context"
	"fmt"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/record"
)

// holdsIDs reports whether a part of a day has one of these events.
func (a *Archive) holdsIDs(k key, ids idSet) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range a.days[k] {
		for _, c := range p.Channels {
			for id := range ids[lifeKey{c.Name, c.Generation}] {
				if runs(c.Runs).has(id) {
					return true
				}
			}
		}
	}
	return false
}

// erasedIn finds what erasures take out of the archive of a server. l are the days
// that may hold some of it; events behind it can lie in others.
func (a *Archive) erasedIn(ctx context.Context, server string, l []key, progress func(server, day string, sealed *manifest.Day)) (*erased, error) {
	x := &erased{days: make(map[key]bool), ids: make(idSet)}
	always := make(idSet)
	for _, k := range l {
		if err := a.erasedOn(ctx, k, x, always); err != nil {
			return nil, fmt.Errorf("%s: %w", k.day, err)
		}
		if progress != nil {
			progress(server, k.day, nil)
		}
	}
	if len(x.ids) > 0 {
		if err := a.stillWanted(ctx, server, x.ids); err != nil {
			return nil, err
		}
	}
	for at, ids := range always {
		for id := range ids {
			x.ids.add(at, id)
		}
	}
	return x, nil
}

// erasedOn finds the records of a day that go, the events behind them, and the
// events that name what is erased; those in always go whatever rests on them.
func (a *Archive) erasedOn(ctx context.Context, k key, x *erased, always idSet) error {
	a.using.RLock()
	defer a.using.RUnlock()
	parts, hidden, err := a.look(k)
	if err != nil {
		return err
	}
	hidden = hidden.Lawful()
	for i := range parts {
		err := a.readRecords(ctx, &parts[i].Day, func(_ int64, r *record.Record) error {
			if hidden.Hides(r) {
				x.days[k] = true
				eachRaw(r, func(id uint64) { x.ids.add(lifeKey{r.Channel, r.Generation}, id) })
			}
			return nil
		})
		if err != nil {
			return err
		}
		o := object(&parts[i].Day, manifest.KindRaw)
		if o == nil {
			continue
		}
		err = a.readEvents(ctx, o, nil, nil, func(l []*event.Event) error {
			for _, e := range l {
				named, strict := hidden.Names(e)
				switch {
				case strict:
					always.add(lifeKey{e.Channel, e.Generation}, e.RecordID)
				case named:
					x.ids.add(lifeKey{e.Channel, e.Generation}, e.RecordID)
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("archive object %s: %w", o.Name, err)
		}
	}
	return nil
}

// stillWanted takes the events out of a set on which records rest that stay.
func (a *Archive) stillWanted(ctx context.Context, server string, ids idSet) error {
	for _, k := range a.daysOf(server) {
		err := a.Records(ctx, k.server, k.day, func(r *record.Record) error {
			if set := ids[lifeKey{r.Channel, r.Generation}]; set != nil {
				eachRaw(r, func(id uint64) { delete(set, id) })
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("%s: %w", k.day, err)
		}
	}
	return nil
}
