package segment

import (
	"context"

	"github.com/akashi-audit/akashi/internal/facets"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// Count adds every row that matches to the counter.
func (s *Segment) Count(ctx context.Context, f *Filter, v View, into *facets.Counter) error {
	return s.Each(ctx, f, v, func(r *record.Record, _ uint64) error {
		into.Add(r)
		return nil
	})
}

var _ query.Lists
