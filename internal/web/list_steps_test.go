package web

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// stepping counts what a list asks for.
type stepping struct {
	*memory
	counts, rows atomic.Int64
}

func (s *stepping) Facets(ctx context.Context, q query.Query) (*query.Facets, error) {
	s.counts.Add(1)
	return s.memory.Facets(ctx, q)
}

func (s *stepping) Search(ctx context.Context, q query.Query) (*query.Page, error) {
	s.rows.Add(int64(q.Limit))
	return s.memory.Search(ctx, q)
}

// TestListFindsRowsInFewSteps jumps within days of which most records are of a few
// hours: a jump may cost a few counts and a few hundred rows, not a scan.
func TestListFindsRowsInFewSteps(t *testing.T) {
	src := &stepping{}
	f := newFinder(t, 200, func(c *Config) {
		m, _ := c.Source.(*memory)
		one := m.records[0]
		m.records = nil
		day := time.Date(2026, 11, 20, 0, 0, 0, 0, tokyo())
		for i := range 60_000 { // two days: a quiet night, a busy morning
			at := day.AddDate(0, 0, i/30_000).Add(8*time.Hour + time.Duration(i%30_000)*300*time.Millisecond)
			if i%10 == 0 {
				at = day.AddDate(0, 0, i/30_000).Add(time.Duration(i%30_000) * 2800 * time.Millisecond)
			}
			r := one
			r.Time, r.EndTime, r.FirstID, r.Class, r.Op = at.UnixNano(), at.UnixNano(), uint64(10*i+1), record.ClassUser, record.OpRead
			m.records = append(m.records, r)
		}
		slices.SortFunc(m.records, func(a, b record.Record) int {
			return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(b.FirstID, a.FirstID))
		})
		m.status.Records = int64(len(m.records))
		src.memory = m
		c.Source = src
	})
	n := len(src.records)
	get(t, f, "/search/rows?page=/search&n=1&at=1") // counts once
	for _, order := range []string{"", "&q=sort:oldest"} {
		for _, at := range []int{700, 12_345, n / 2, n/2 + 17, n - 3_000, n - 40} {
			get(t, f, "/search/rows?page=/search&n=1&at=1"+order)
			src.counts.Store(0)
			src.rows.Store(0)
			_, body := get(t, f, "/search/rows?page=/search&n=40&at="+appendInt(at)+order)
			want := src.records[at]
			if order != "" {
				want = src.records[n-1-at]
			}
			if got := rowTimes(body); len(got) != 40 || got[0] != machine(want.Time) {
				t.Errorf("row %d%s: %d rows from %v, want %s", at, order, len(got), head(got), machine(want.Time))
			}
			if c, r := src.counts.Load(), src.rows.Load(); c > 4 || r > listSpread+40 {
				t.Errorf("row %d%s: %d counts, %d rows", at, order, c, r)
			}
		}
	}
}
