package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/akashi-audit/akashi/internal/facets"
	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/restored"
	"github.com/akashi-audit/akashi/internal/segment"
)

const (
	countWorkers = 2     // days that are counted at once
	countRows    = 16384 // rows that are read whole at once
	// countShare: when one row in so many may be found, all of them are read one
	// after the other, which is faster than finding each.
	countShare = 4
)

// Except chooses records of a server's day that are not counted; nil = none.
type Except func(ctx context.Context, server, day string) (func(r *record.Record) bool, error)

// Count adds everything that a query finds in the archive to a counter: what Search
// would give over all pages, but what except chooses. It tells which days were read,
// and pace.Progress how many of them are done.
func (a *Archive) Count(ctx context.Context, q query.Query, only Only, except Except, into *facets.Counter) (*query.Reached, error) {
	days := a.wanted(&q, only)
	out := &query.Reached{}
	out.Unread, _ = a.Unread()
	if len(days) == 0 {
		return out, nil
	}
	a.using.RLock()
	defer a.using.RUnlock()
	f := segment.NewFilter(q)
	var mu sync.Mutex // guards out, done and into
	done := 0
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(countWorkers)
	for _, k := range days {
		if gctx.Err() != nil {
			break
		}
		group.Go(func() error {
			c := &dayCount{a: a, q: &q, m: query.NewMatcher(q), f: f, key: k, into: into.Fresh()}
			if err := c.count(gctx, except); err != nil {
				return fmt.Errorf("count %s of %s: %w", k.day, record.Visible(k.server), err)
			}
			mu.Lock()
			defer mu.Unlock()
			into.Merge(c.into)
			out.Note(k.day, c.quick, c.stale)
			done++
			pace.Progress(ctx, done, len(days))
			return nil
		})
	}
	err := group.Wait()
	out.Sort()
	return out, errors.Join(err, ctx.Err())
}

// dayCount counts one day.
type dayCount struct {
	a *Archive
	q *query.Query
	m *query.Matcher
	f *segment.Filter
	key
	into         *facets.Counter
	not          func(r *record.Record) bool // these do not count; nil = none
	quick, stale bool                        // it was restored; it was, and could not be used
}

func (c *dayCount) count(ctx context.Context, except Except) (err error) {
	if except != nil {
		if c.not, err = except(ctx, c.server, c.day); err != nil {
			return err
		}
	}
	parts, hidden, err := c.a.look(c.key)
	if err != nil {
		return err
	}
	var day *restored.Day
	if !c.q.Removed { // which no segment has
		day, c.stale = c.a.restoredDay(c.key, parts)
	}
	if day != nil {
		c.quick, err = c.segments(ctx, day)
		day.Release()
		if c.quick || err != nil {
			return err
		}
		c.stale, c.into = true, c.into.Fresh() // it is damaged
	}
	gone, err := c.a.voided(ctx, parts)
	if err != nil {
		return err
	}
	add := func(p *part, row int64, r *record.Record) {
		if (r.SupersededBy != 0) == c.q.Superseded && !gone.has(place{p.Part, row}) && wanted(c.q).has(hidden, r) && c.m.Match(r) && (c.not == nil || !c.not(r)) {
			c.into.Add(r)
		}
	}
	for i := range parts {
		if err := c.part(ctx, &parts[i], add); err != nil {
			return err
		}
	}
	return nil
}

// segments counts what is restored; false when that is damaged.
func (c *dayCount) segments(ctx context.Context, day *restored.Day) (bool, error) {
	v, err := c.a.view(c.server)
	if err != nil {
		return false, err
	}
	for _, seg := range day.Segments(c.q.Superseded) {
		c.q.Trace.Segment()
		if c.not == nil {
			err = seg.Count(ctx, c.f, v, c.into)
		} else {
			err = seg.Each(ctx, c.f, v, func(r *record.Record, _ uint64) error {
				if !c.not(r) {
					c.into.Add(r)
				}
				return nil
			})
		}
		if err != nil && !damaged(err) {
			return false, err
		}
	}
	return !day.Damaged(), c.into.Settle() // the day is given back
}

// part calls add for the rows of a part that may be found.
func (c *dayCount) part(ctx context.Context, p *part, add func(p *part, row int64, r *record.Record)) (err error) {
	t, err := c.a.openTable(ctx, &p.Day)
	if err != nil || t == nil {
		return err
	}
	l, err := t.candidates(ctx, c.q, groups(c.q))
	if err != nil {
		err = fmt.Errorf("archive object %s: %w", t.o.Name, err)
	}
	if err == nil && len(l) > 0 && int64(len(l)) < p.Records/countShare {
		for some := range slices.Chunk(l, countRows) {
			if err = c.rows(ctx, t, p, some, add); err != nil {
				break
			}
		}
		l = nil
	}
	if err = errors.Join(err, t.close()); err != nil || len(l) == 0 {
		return err
	}
	return c.a.readRecords(ctx, &p.Day, func(row int64, r *record.Record) error {
		add(p, row, r)
		return nil
	})
}

func (c *dayCount) rows(ctx context.Context, t *table, p *part, l []candidate, add func(p *part, row int64, r *record.Record)) error {
	rows := make([]int64, len(l))
	for i := range l {
		rows[i] = l[i].row
	}
	recs, err := t.records(ctx, rows)
	if err != nil {
		return err
	}
	for i := range recs {
		add(p, rows[i], &recs[i])
	}
	return nil
}
