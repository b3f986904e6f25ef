package archive

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/akashi-audit/akashi/internal/manifest"
)

// Removed is which events were erased, by server, without those that a part holds.
func (a *Archive) Removed() map[string][]Gone {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.removed()
}

func (a *Archive) removed() map[string][]Gone {
	out := make(map[string][]Gone)
	for i := range a.tombs.removals {
		for server, l := range a.tombs.removals[i].removed {
			out[server] = append(out[server], l...)
		}
	}
	for server, l := range out {
		if l = without(l, a.holding(server)); len(l) == 0 {
			delete(out, server)
		} else {
			out[server] = l
		}
	}
	return out
}

// lifeKey is one life of one channel.
type lifeKey struct {
	channel string
	gen     uint32
}

// holding is the record ids that parts of a server hold. The caller holds mu.
func (a *Archive) holding(server string) map[lifeKey]runs {
	out := make(map[lifeKey]runs)
	for k, parts := range a.days {
		if k.server != server {
			continue
		}
		for _, p := range parts {
			for _, c := range p.Channels {
				at := lifeKey{c.Name, c.Generation}
				out[at] = mergeRuns(out[at], c.Runs)
			}
		}
	}
	return out
}

// without takes record ids out of a list.
func without(l []Gone, held map[lifeKey]runs) []Gone {
	var out []Gone
	for _, g := range l {
		ids := g.ids().minus(held[lifeKey{g.Channel, g.Generation}])
		if len(ids) == 0 {
			continue
		}
		if g.Removed = ids; slices.Equal(ids, runs(g.Runs)) {
			g.Removed = nil
		}
		out = append(out, g)
	}
	return out
}

// NoteRemoved writes down which events were erased that no part holds and that
// nothing says yet.
func (a *Archive) NoteRemoved(ctx context.Context, l map[string][]Gone, opt SealOptions) error {
	fresh := make(map[string][]Gone)
	a.mu.Lock()
	known := a.removed()
	for server, list := range l {
		held := a.holding(server)
		for _, g := range known[server] {
			at := lifeKey{g.Channel, g.Generation}
			held[at] = mergeRuns(held[at], g.ids())
		}
		if x := without(list, held); len(x) > 0 {
			fresh[server] = x
		}
	}
	a.mu.Unlock()
	return a.putRemoved(ctx, fresh, opt)
}

func (a *Archive) putRemoved(ctx context.Context, l map[string][]Gone, opt SealOptions) error {
	r := removal{Format: manifest.Format, Time: opt.Now.UnixNano()}
	for _, server := range slices.Sorted(maps.Keys(l)) {
		if len(l[server]) > 0 {
			r.Servers = append(r.Servers, removedServer{server, l[server]})
		}
	}
	if len(r.Servers) == 0 {
		return nil
	}
	if err := a.putTomb(ctx, manifest.KindRemoved, r.Time, r, opt); err != nil {
		return fmt.Errorf("write down which events were erased: %w", err)
	}
	return nil
}
