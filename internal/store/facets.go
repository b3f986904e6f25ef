package store

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/akashi-audit/akashi/internal/facets"
	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/segment"
	"golang.org/x/sync/errgroup"
)

// countWorkers is how many segments are counted at once.
const countWorkers = 2

// A count that looks at more rows or names than the caches take leaves none of them there:
// nothing of it would be found when the same is counted again, and nothing else either.
// The limits lie above what the caches hold, since what a count reads is estimated.
const (
	onceRows  = segmentCache     // bytes of rows
	onceNames = segmentCache / 2 // bytes of names
)

// Estimates of what a count unpacks: of each row and of each name, in bytes; and of a
// person the rows of so many in each day.
const (
	countedRow  = 8
	countedName = 48
	dayRows     = 8192
)

// once reports whether a count looks at more rows, and more names, than the caches take.
func (s *Store) once(q *query.Query, l []*selection) (rows, names bool) {
	var r, n int64
	for _, x := range l {
		for _, ref := range x.segments {
			of := ref.meta.Rows
			if k := int64(len(q.Users)); k > 0 {
				of = min(of, k*dayRows*int64(len(ref.meta.Days)))
			}
			r += countedRow * of
			n += countedName * int64(ref.meta.Paths)
		}
	}
	return r > s.onceRows, n > s.onceNames
}

// Facets counts everything that q finds. Limit and Cursor of q do not matter.
func (s *Store) Facets(ctx context.Context, q query.Query) (*query.Facets, error) {
	c, release, err := s.Counter(ctx, q)
	if err != nil {
		return nil, err
	}
	defer release()
	return c.Facets(ctx)
}

// Counter is Facets to which more can be added. The caller must call release when it
// needs the counter no more.
func (s *Store) Counter(ctx context.Context, q query.Query) (c *facets.Counter, release func(), err error) {
	r, err := s.reader()
	if err != nil {
		return nil, nil, err
	}
	f := segment.NewFilter(q)
	f.Late()
	c, err = r.count(ctx, &q, f)
	var d *segment.DamageError
	if err == nil {
		if err = c.ReadTimes(); errors.As(err, &d) { // which row it was of is to be left out
			f = segment.NewFilter(q)
			f.Exact()
			c, err = r.count(ctx, &q, f)
		}
	}
	if err != nil {
		r.release()
		return nil, nil, err
	}
	return c, r.release, ctx.Err()
}

// count counts what q finds, for which f is made.
func (r *reader) count(ctx context.Context, q *query.Query, f *segment.Filter) (*facets.Counter, error) {
	l, err := r.selections(ctx, q, f, false)
	if err != nil {
		return nil, err
	}
	f.Once(r.s.once(q, l))
	total := facets.New(q, r.s.opt.Zone)
	all, done := pieces(l), atomic.Int64{}
	group, gctx := errgroup.WithContext(ctx)
	todo := make(chan func(*facets.Counter) error)
	parts := make([]*facets.Counter, countWorkers)
	for i := range parts {
		parts[i] = facets.New(q, r.s.opt.Zone)
		group.Go(func() error {
			for count := range todo {
				if err := count(parts[i]); err != nil {
					return err
				}
				pace.Pieces(ctx, int(done.Add(1)), all)
			}
			return nil
		})
	}
	group.Go(func() error {
		defer close(todo)
		return r.counts(gctx, q, f, l, todo)
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, p := range parts {
		total.Merge(p)
	}
	return total, nil
}

// pieces is how many counts gives out.
func pieces(l []*selection) (n int) {
	for _, x := range l {
		n += len(x.segments)
		if len(x.blocks) > 0 {
			n++
		}
	}
	return n
}

// counts gives out the work of Facets: one piece per segment, and one for the
// blocks of the log of each server.
func (r *reader) counts(ctx context.Context, q *query.Query, f *segment.Filter, l []*selection, todo chan<- func(*facets.Counter) error) error {
	give := func(fn func(*facets.Counter) error) error {
		select {
		case todo <- fn:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for _, x := range l {
		for _, ref := range x.segments {
			if err := give(func(c *facets.Counter) error {
				if x.late != nil {
					if open, err := x.late(ctx, ref); !open || err != nil {
						return err
					}
				}
				q.Trace.Segment()
				return ref.seg.Count(ctx, f, x.view, c)
			}); err != nil {
				return err
			}
		}
		if len(x.blocks) == 0 {
			continue
		}
		m := newMatcher(*q, x.sv.erasures)
		if err := give(func(c *facets.Counter) error { return r.countBlocks(ctx, x.blocks, m, c) }); err != nil {
			return err
		}
	}
	return nil
}

// countBlocks counts the blocks of the log. Damaged ones are left out.
func (r *reader) countBlocks(ctx context.Context, blocks []*recBlock, m *matcher, c *facets.Counter) error {
	var rec record.Record
	for _, ref := range blocks {
		if err := pace.Yield(ctx); err != nil {
			return err
		}
		b, err := r.s.block(ctx, ref)
		if isDamage(err) {
			continue
		}
		if err != nil {
			return err
		}
		for i := range b.Len() {
			if m.match(b, i) {
				b.Read(i, &rec)
				c.Add(&rec)
			}
		}
	}
	return nil
}
