package engine

import (
	"context"
	"fmt"
	"sync"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// Facets counts everything that q finds: in the store, and in the archive where the
// store does not hold a day any more. The days of the archive take time; they give way
// to others (package pace) and tell how far they are. Query.HeldOnly does without.
func (e *Engine) Facets(ctx context.Context, q query.Query) (*query.Facets, error) {
	if q.HeldOnly {
		return e.st.Facets(ctx, q)
	}
	for {
		deleted := e.st.Deleted()
		f, err := e.countAll(ctx, q)
		if err != nil || e.st.Deleted() == deleted { // else a month went from one to the other meanwhile
			return f, err
		}
	}
}

// countAll counts the store, and then what it does not hold.
func (e *Engine) countAll(ctx context.Context, q query.Query) (*query.Facets, error) {
	c, release, err := e.st.Counter(ctx, q)
	if err != nil {
		return nil, err
	}
	defer release()
	var reached *query.Reached
	not := archive.Except(nil)
	err = e.withArchive(ctx, func(a *archive.Archive) error {
		if !q.Removed {
			not = e.heldToo(a)
		}
		reached, err = a.Count(ctx, q, e.lost(a, q), not, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count in the archive: %w", err)
	}
	f, err := c.Facets(ctx)
	if err != nil {
		return nil, err
	}
	f.Reached = *reached
	f.Taken = e.taken(&q)
	return f, nil
}

// heldToo finds the records of an archived day that the store holds still, so that
// they are counted once: what came last before the end of a deleted month.
func (e *Engine) heldToo(a *archive.Archive) archive.Except {
	days := sync.OnceValue(e.heldDays)
	return func(ctx context.Context, server, day string) (func(*record.Record) bool, error) {
		d, held := days()[[2]string{server, day}]
		if !held {
			return nil, nil
		}
		from, to := a.Bounds(d)
		have := make(map[query.Position]bool)
		err := e.st.SealRecords(ctx, server, from, to, func(r *record.Record) { have[query.PositionOf(r)] = true })
		if err != nil || len(have) == 0 {
			return nil, err
		}
		return func(r *record.Record) bool { return have[query.PositionOf(r)] }, nil
	}
}
