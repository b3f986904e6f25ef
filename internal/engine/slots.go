package engine

import (
	"context"
	"errors"
	"fmt"
	"sort"

	"github.com/akashi-audit/akashi/internal/archive"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// ArchivedSlots counts what q finds in the archive where the store does not hold a day any
// more, by time: slot i from bounds[i] up to bounds[i+1], Unix ns and ascending. The days
// are read once, whatever the number of slots; they give way to others and tell how far
// they are, as Facets does.
func (e *Engine) ArchivedSlots(ctx context.Context, q query.Query, bounds []int64) ([]query.Slot, error) {
	n := len(bounds) - 1
	if n < 1 || !sort.SliceIsSorted(bounds, func(i, k int) bool { return bounds[i] < bounds[k] }) {
		return nil, errors.New("bounds of slots")
	}
	q.From = max(q.From, bounds[0])
	if q.To == 0 || q.To > bounds[n] {
		q.To = bounds[n]
	}
	slots := make([]query.Slot, n)
	err := e.withArchive(ctx, func(a *archive.Archive) error {
		not := archive.Except(nil)
		if !q.Removed {
			not = e.heldToo(a)
		}
		_, err := a.Found(ctx, q, e.lost(a, q), not, func(r *record.Record) {
			i := sort.Search(n, func(i int) bool { return bounds[i+1] > r.Time })
			if i < n && r.Time >= bounds[i] {
				slots[i].Add(r)
			}
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count in the archive: %w", err)
	}
	return slots, nil
}

// ArchivedSlots is Engine.ArchivedSlots.
func (v *View) ArchivedSlots(ctx context.Context, q query.Query, bounds []int64) ([]query.Slot, error) {
	return v.e.ArchivedSlots(ctx, v.Restrict(q), bounds)
}
