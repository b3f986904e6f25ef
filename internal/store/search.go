package store

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// blocks lists the record blocks in which q can find something, newest first.
func (s *Store) blocks(q *query.Query) ([]*recBlock, error) {
	if err := s.Refresh(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var l []*recBlock
	for _, sv := range s.index.servers {
		if !q.WantsServer(sv.name) {
			continue
		}
		parts := [][]*recBlock{sv.records, sv.tail}
		if q.Superseded {
			parts = [][]*recBlock{sv.superseded}
		}
		for _, part := range parts {
			for _, b := range part {
				if (q.From == 0 || b.max >= q.From) && (q.To == 0 || b.min < q.To) {
					l = append(l, b)
				}
			}
		}
	}
	sortBlocks(l)
	return l, nil
}

func sortBlocks(l []*recBlock) {
	slices.SortFunc(l, func(a, b *recBlock) int {
		return cmp.Or(cmp.Compare(b.max, a.max), cmp.Compare(b.seq, a.seq), cmp.Compare(a.off, b.off))
	})
}

func positionOf(b *record.Block, row int) query.Position {
	p := query.Position{Time: b.Time(row), ID: b.ID(row)}
	if b.Superseded(row) {
		p.Received = b.Received(row)
	}
	return p
}

// stream is an opened block at its next matching row, or one not opened yet
// (block nil), whose best possible place is its newest time.
type stream struct {
	ref   *recBlock
	block *record.Block
	row   int
	at    query.Position // of the row; until opened its time only
}

// streams is a heap: what can come first is on top. At equal times blocks not
// yet opened come first, because they may hold the greater id.
type streams []*stream

func (h streams) Len() int      { return len(h) }
func (h streams) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h streams) Less(i, j int) bool {
	a, b := h[i], h[j]
	if a.at.Time != b.at.Time {
		return a.at.Time > b.at.Time
	}
	if a.block == nil || b.block == nil {
		return a.block == nil && b.block != nil
	}
	return a.at.Compare(&b.at) < 0
}
func (h *streams) Push(x any) { *h = append(*h, x.(*stream)) }
func (h *streams) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// walk calls fn for every record that q finds, newest first, until fn returns
// false. Damaged blocks are noted and left out.
func (s *Store) walk(ctx context.Context, q *query.Query, fn func(*record.Block, int) bool) error {
	after, err := query.ParseCursor(q.Cursor)
	if err != nil {
		return err
	}
	refs, err := s.blocks(q)
	if err != nil {
		return err
	}
	return s.walkBlocks(ctx, refs, newMatcher(*q), after, isDamage, fn)
}

// walkBlocks calls fn for the rows of the blocks, newest first, that come
// behind after (nil = all) and match. Blocks with an error that skip allows are
// left out.
func (s *Store) walkBlocks(ctx context.Context, refs []*recBlock, m *matcher, after *query.Position, skip func(error) bool, fn func(*record.Block, int) bool) (err error) {
	h := make(streams, 0, 16)
	for len(refs) > 0 || len(h) > 0 {
		// Blocks come in only when their newest record could be next.
		for len(refs) > 0 && (len(h) == 0 || refs[0].max >= h[0].at.Time) {
			if after == nil || refs[0].min <= after.Time {
				heap.Push(&h, &stream{ref: refs[0], at: query.Position{Time: refs[0].max}, row: -1})
			}
			refs = refs[1:]
		}
		if len(h) == 0 {
			break
		}
		top := h[0]
		if top.block != nil {
			if !fn(top.block, top.row) {
				return nil
			}
		} else if top.block, err = s.block(ctx, top.ref); err != nil {
			if !skip(err) {
				return err
			}
			heap.Pop(&h)
			continue
		} else if after != nil {
			top.row = firstAfter(top.block, after) - 1
		}
		if top.next(m) {
			heap.Fix(&h, 0)
		} else {
			heap.Pop(&h)
		}
	}
	return ctx.Err()
}

// firstAfter is the first row that comes behind p.
func firstAfter(b *record.Block, p *query.Position) int {
	lo, hi := 0, b.Len()
	for lo < hi {
		mid := (lo + hi) / 2
		if at := positionOf(b, mid); at.Compare(p) > 0 {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// next moves to the next matching row.
func (t *stream) next(m *matcher) bool {
	for t.row++; t.row < t.block.Len(); t.row++ {
		if m.match(t.block, t.row) {
			t.at = positionOf(t.block, t.row)
			return true
		}
	}
	return false
}

// Search returns one page of records, newest first by (time, id). The cursor is
// exact: the next page begins behind the last record of this one, whatever was
// committed in between.
func (s *Store) Search(ctx context.Context, q query.Query) (*query.Page, error) {
	limit := q.Limit
	if limit <= 0 {
		limit = DefaultLimit
	}
	page := &query.Page{}
	more := false
	err := s.walk(ctx, &q, func(b *record.Block, row int) bool {
		if len(page.Records) == limit {
			more = true
			return false
		}
		page.Records = append(page.Records, b.Record(row))
		return true
	})
	if err != nil {
		return nil, err
	}
	if more {
		last := &page.Records[limit-1]
		at := query.Position{Time: last.Time, ID: last.ID()}
		if last.SupersededBy != 0 {
			at.Received = last.Received
		}
		page.Next = at.Cursor()
	}
	return page, nil
}

// Record returns the record with this id, else the newest superseded one, else
// ErrNotFound.
func (s *Store) Record(ctx context.Context, id record.ID) (*record.Record, error) {
	if err := s.Refresh(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	var refs []*recBlock
	if sv := s.index.servers[id.Server]; sv != nil {
		for _, part := range [][]*recBlock{sv.tail, sv.records} {
			for _, b := range part {
				if b.holds(id) {
					refs = append(refs, b)
				}
			}
		}
	}
	s.mu.RUnlock()
	var damage error
	for _, ref := range refs {
		b, err := s.block(ctx, ref)
		if err != nil {
			var d *DamageError
			if !errors.As(err, &d) {
				return nil, err
			}
			damage = err
			continue
		}
		for i := range b.Len() {
			if b.ID(i) == id {
				r := b.Record(i)
				return &r, nil
			}
		}
	}
	if damage != nil {
		return nil, damage
	}
	if l, err := s.Versions(ctx, id); err != nil || len(l) > 0 {
		if err != nil {
			return nil, err
		}
		return &l[0], nil
	}
	return nil, fmt.Errorf("%w: %s", ErrNotFound, id)
}
