package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/catalogue"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"golang.org/x/sync/errgroup"
)

// PathHit is a path or a folder that what was typed can become.
type PathHit struct {
	Server string
	Path   string // server-local
	UNC    string // the same below its share, "" when none is known
	Folder bool
	N      uint64 // records that name it or something below it, 0 = not counted
	Last   int64  // Unix ns of the newest of them, 0 = not known
}

// completeTime is how long Complete goes on looking for the times of its hits,
// counted from its beginning.
const completeTime = 20 * time.Millisecond

// Complete is the paths and folders of all servers that what is typed can become,
// at most limit: any part of a path in its local form or below a share, folded;
// see catalogue.Parts.Complete for their order. It reads the catalogue, not the
// records. Within folders each hit is looked up, so that only what a record names
// that can be seen is shown, and hits are not counted.
func (s *Store) Complete(ctx context.Context, typed string, limit int, within query.Extent) ([]PathHit, error) {
	r, err := s.reader()
	if err != nil {
		return nil, err
	}
	defer r.release()
	begin := time.Now()
	most := limit
	if len(within.Folders) > 0 {
		most = 2 * limit
	}
	sight := query.NewSight(within)
	lists := make([][]catalogue.Hit, len(r.servers))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(countWorkers)
	for i, sv := range r.servers {
		if sight.Server(sv.name) && sv.name != record.OwnServer {
			group.Go(func() (err error) {
				lists[i], err = r.complete(gctx, sv, typed, most, within)
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return r.hits(ctx, lists, limit, most, within, begin.Add(s.completeTime))
}

// complete asks the catalogue of one server.
func (r *reader) complete(ctx context.Context, sv *serverIndex, typed string, most int, within query.Extent) (l []catalogue.Hit, err error) {
	err = r.s.recent.with(ctx, r.s, sv, func(recent ...*catalogue.Recent) error {
		l, err = parts(r.paths, sv.name).Complete(ctx, typed, most, within, recent...)
		var d *catalogue.DamageError
		if errors.As(err, &d) { // what is in the log is there still
			l, err = catalogue.Parts(nil).Complete(ctx, typed, most, within, recent...)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("complete a path: %w", err)
	}
	return slices.DeleteFunc(l, func(h catalogue.Hit) bool { return sv.erasedPath(h.Path) }), nil
}

// hits joins the lists of the servers, each in its order: those stay first that
// each server has first.
func (r *reader) hits(ctx context.Context, lists [][]catalogue.Hit, limit, most int, within query.Extent, until time.Time) ([]PathHit, error) {
	type ranked struct {
		catalogue.Hit
		server string
	}
	var all []ranked
	for i, l := range lists {
		for _, h := range l {
			all = append(all, ranked{h, r.servers[i].name})
		}
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Or(a.Hit.Compare(&b.Hit), strings.Compare(a.server, b.server)) })
	all = all[:min(len(all), most)]
	out := make([]PathHit, len(all))
	narrow := len(within.Folders) > 0
	for i, h := range all {
		out[i] = PathHit{Server: h.server, Path: h.Path, UNC: h.UNC, Folder: h.Folder, N: h.N, Last: h.Last}
		if narrow {
			out[i].N, out[i].Last = 0, 0
		}
	}
	if !narrow {
		out = out[:min(len(out), limit)]
		short, cancel := context.WithDeadline(ctx, until)
		defer cancel()
		err := r.lasts(short, out, query.Extent{})
		if short.Err() != nil {
			err = ctx.Err() // what was found in time is enough
		}
		return out, err
	}
	if err := r.lasts(ctx, out, within); err != nil {
		return nil, err
	}
	out = slices.DeleteFunc(out, func(h PathHit) bool { return h.Last == 0 })
	return out[:min(len(out), limit)], nil
}

// lasts finds the time of the newest record of each hit, 0 when there is none.
func (r *reader) lasts(ctx context.Context, hits []PathHit, within query.Extent) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(countWorkers)
	for i := range hits {
		h := &hits[i]
		if h.Last != 0 {
			continue
		}
		group.Go(func() error {
			q := query.Query{Servers: []string{h.Server}, Files: []string{h.Path}, Classes: query.AllClasses(), Within: within, Limit: 1}
			if h.Folder {
				q.Files, q.Folders = nil, q.Files
			}
			p, err := r.s.Search(ctx, q)
			if err == nil && len(p.Records) > 0 {
				h.Last = p.Records[0].Time
			}
			return err
		})
	}
	return group.Wait()
}

// warmTyped is typed in nobody's place: the first is in every path with a folder, so that
// the numbers of all paths are read; the second in none, since no file of Windows may have
// such a name, so that all names are.
var warmTyped = [...]string{`\`, `\|`}

// WarmPaths reads what the first completions would wait for, so that it is in memory when
// somebody types: some 0.2 s of processor time for 1.7 million paths, in memory that is
// bounded. It ends early when ctx does. It tells no error: whoever types meets the same one.
func (s *Store) WarmPaths(ctx context.Context) {
	for _, typed := range warmTyped {
		if _, err := s.Complete(ctx, typed, 1, query.Extent{}); err != nil {
			return
		}
	}
}
