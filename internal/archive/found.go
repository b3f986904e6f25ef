package archive

import (
	"context"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/facets"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// Found calls fn with every record that Count would count, one at a time and in no order.
// The record is fn's until it returns.
func (a *Archive) Found(ctx context.Context, q query.Query, only Only, except Except, fn func(r *record.Record)) (*query.Reached, error) {
	var mu sync.Mutex
	give := func(ctx context.Context, server, day string) (func(*record.Record) bool, error) {
		var not func(*record.Record) bool
		if except != nil {
			var err error
			if not, err = except(ctx, server, day); err != nil {
				return nil, err
			}
		}
		return func(r *record.Record) bool { // nothing is left to be counted
			if not == nil || !not(r) {
				mu.Lock()
				defer mu.Unlock()
				fn(r)
			}
			return true
		}, nil
	}
	return a.Count(ctx, q, only, give, facets.New(&query.Query{Lists: query.ListOps}, time.UTC))
}
