package store

import (
	"cmp"
	"container/heap"
	"context"
	"slices"

	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/segment"
)

// Answers come from streams, each in the order of the results: one per block of
// records in the log, one per day of a segment. A stream is opened only when
// its best time can be next.

// source is a stream not yet begun.
type source struct {
	min, max int64 // times of its records, Unix ns
	tie      uint64
	begin    func() nexter
}

// nexter gives the matching records of a source in order, nil at the end. A
// record is valid until the next call.
type nexter interface {
	next(ctx context.Context) (*record.Record, error)
}

// stream is a begun source at its next record.
type stream struct {
	nexter
	rec *record.Record
	at  query.Position
}

// streams is a heap: what comes first is on top.
type streams struct {
	list   []*stream
	oldest bool
}

func (h *streams) Len() int      { return len(h.list) }
func (h *streams) Swap(i, j int) { h.list[i], h.list[j] = h.list[j], h.list[i] }
func (h *streams) Less(i, j int) bool {
	c := h.list[i].at.Compare(&h.list[j].at)
	return c < 0 != h.oldest && c != 0
}
func (h *streams) Push(x any) { h.list = append(h.list, x.(*stream)) }
func (h *streams) Pop() any {
	x := h.list[len(h.list)-1]
	h.list = h.list[:len(h.list)-1]
	return x
}

// advance moves the stream on top.
func (h *streams) advance(ctx context.Context) error {
	top := h.list[0]
	var err error
	if top.rec, err = top.next(ctx); err != nil {
		return err
	}
	if top.rec == nil {
		heap.Pop(h)
		return nil
	}
	top.at = query.PositionOf(top.rec)
	heap.Fix(h, 0)
	return nil
}

// merge calls fn for the records of the sources in order, until it returns
// false. reach is told up to which time everything was looked at.
func (h *streams) merge(ctx context.Context, l []source, fn func(*record.Record) bool, reach func(int64)) error {
	best := func(s *source) int64 {
		if h.oldest {
			return s.min
		}
		return s.max
	}
	slices.SortStableFunc(l, func(a, b source) int {
		c := cmp.Compare(best(&b), best(&a))
		if h.oldest {
			c = -c
		}
		return cmp.Or(c, cmp.Compare(b.tie, a.tie))
	})
	for len(l) > 0 || len(h.list) > 0 {
		for len(l) > 0 {
			t := best(&l[0])
			if len(h.list) > 0 && t != h.list[0].at.Time && t > h.list[0].at.Time == h.oldest {
				break
			}
			reach(t)
			s := &stream{nexter: l[0].begin()}
			l = l[1:]
			var err error
			if s.rec, err = s.next(ctx); err != nil {
				return err
			}
			if s.rec != nil {
				s.at = query.PositionOf(s.rec)
				heap.Push(h, s)
			}
		}
		if len(h.list) == 0 {
			break
		}
		if !fn(h.list[0].rec) {
			return nil
		}
		if err := h.advance(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// blockStream reads a block of the log. Blocks are stored newest first.
type blockStream struct {
	s      *Store
	ref    *recBlock
	m      *matcher
	after  *query.Position
	oldest bool
	skip   func(error) bool
	trace  *query.Trace

	block *record.Block
	row   int
	rec   record.Record
}

func (b *blockStream) next(ctx context.Context) (*record.Record, error) {
	step := 1
	if b.oldest {
		step = -1
	}
	if b.block == nil {
		if err := pace.Yield(ctx); err != nil {
			return nil, err
		}
		var err error
		if b.block, err = b.s.block(ctx, b.ref); err != nil {
			if b.skip(err) {
				return nil, nil // noted
			}
			return nil, err
		}
		b.trace.LogBlock()
		b.row = b.first()
	} else {
		b.row += step
	}
	for ; b.row >= 0 && b.row < b.block.Len(); b.row += step {
		if b.m.match(b.block, b.row) {
			b.trace.Rows(1, 1)
			b.block.Read(b.row, &b.rec)
			return &b.rec, nil
		}
		b.trace.Rows(1, 0)
	}
	b.row = b.block.Len() // stays at the end
	if b.oldest {
		b.row = -1
	}
	return nil, nil
}

// first is the row to begin with.
func (b *blockStream) first() int {
	lo, hi := 0, b.block.Len()
	if b.after == nil {
		if b.oldest {
			return hi - 1
		}
		return 0
	}
	for lo < hi { // the first row behind after, newest first
		mid := (lo + hi) / 2
		at := positionOf(b.block, mid)
		if c := at.Compare(b.after); c > 0 || c == 0 && b.oldest {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	if b.oldest {
		return lo - 1
	}
	return lo
}

// Batches of a day of a segment begin at the wanted number of records and grow.
const (
	batchGrowth = 4
	batchMost   = 1 << 15
)

// dayStream reads a day of a segment in batches.
type dayStream struct {
	open  func(context.Context) (bool, error) // asked once, first: whether to read at all
	seg   *segment.Segment
	f     *segment.Filter
	v     segment.View
	day   int
	after *query.Position
	limit int
	trace *query.Trace

	list []record.Record
	at   int
	end  bool
}

func (d *dayStream) next(ctx context.Context) (*record.Record, error) {
	if d.open != nil {
		open, err := d.open(ctx)
		if err != nil {
			return nil, err
		}
		d.open, d.end = nil, !open
	}
	if d.at == len(d.list) && !d.end {
		l, err := d.seg.Top(ctx, d.f, d.v, d.day, d.after, d.limit)
		if err != nil {
			return nil, err
		}
		d.list, d.at, d.end = l, 0, len(l) < d.limit
		d.trace.Rows(len(l), len(l))
		if n := len(l); n > 0 {
			at := query.PositionOf(&l[n-1])
			d.after = &at
		}
		d.limit = min(d.limit*batchGrowth, batchMost)
	}
	if d.at == len(d.list) {
		return nil, nil
	}
	d.at++
	return &d.list[d.at-1], nil
}
