package store

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/segment"
)

// reader is a consistent look at the store. It must be released.
type reader struct {
	s       *Store
	servers []*serverIndex
	paths   []*pathRef
	partial map[string]bool // servers of which parts of the catalogue are missing
	release func()
}

// read begins a look at what is committed.
func (s *Store) reader() (*reader, error) {
	release := s.pins.hold()
	if err := s.Refresh(); err != nil {
		release()
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		release()
		return nil, os.ErrClosed
	}
	r := &reader{s: s, release: release, paths: s.index.paths, partial: s.index.partial}
	for _, sv := range s.index.servers {
		c := *sv // its lists are never changed in place; its maps are not for readers
		r.servers = append(r.servers, &c)
	}
	slices.SortFunc(r.servers, func(a, b *serverIndex) int { return strings.Compare(a.name, b.name) })
	return r, nil
}

// server is the part of one server, nil when there is none.
func (r *reader) server(name string) *serverIndex {
	for _, sv := range r.servers {
		if sv.name == name {
			return sv
		}
	}
	return nil
}

// overlaps reports whether times meet the period of a query.
func overlaps(q *query.Query, lo, hi int64) bool {
	return (q.From == 0 || hi >= q.From) && (q.To == 0 || lo < q.To)
}

// selection is what of a server a query can find something in.
type selection struct {
	sv       *serverIndex
	blocks   []*recBlock
	segments []*segmentRef
	view     segment.View
	late     func(context.Context, *segmentRef) (bool, error) // asked before a segment is opened; nil = all are
}

// selections lists what must be looked at. page: only what comes first is wanted.
// Which segments of many months can have a path that q wants is asked of the catalogue
// at once, or, when little else may have to be looked at, late.
func (r *reader) selections(ctx context.Context, q *query.Query, f *segment.Filter, page bool) (out []*selection, err error) {
	if q.Removed { // only the archive has them
		return nil, nil
	}
	for _, sv := range r.servers {
		if !q.WantsServer(sv.name) {
			q.Trace.Skip(query.SkipServer, len(sv.segments))
			continue
		}
		x := &selection{sv: sv, view: sv.view()}
		parts, segs := [][]*recBlock{sv.records, sv.tail}, sv.segments
		if q.Superseded {
			parts, segs, x.view = [][]*recBlock{sv.superseded}, sv.oldSegments, segment.View{Hide: sv.hidden()}
		}
		for _, part := range parts {
			for _, b := range part {
				if overlaps(q, b.min, b.max) {
					x.blocks = append(x.blocks, b)
				}
			}
		}
		for _, ref := range segs {
			if overlaps(q, ref.meta.First, ref.meta.Last) {
				x.segments = append(x.segments, ref)
			}
		}
		if n := len(segs) - len(x.segments); n > 0 {
			q.Trace.Skip(query.SkipTime, n)
		}
		if page || rowsFirst(q) {
			x.late = r.lateGate(q, f, x)
		} else if err := r.gate(ctx, q, f, x); err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// behind reports whether a source with these times can hold something behind a
// position.
func behind(q *query.Query, after *query.Position, lo, hi int64) bool {
	return after == nil || !q.Oldest && lo <= after.Time || q.Oldest && hi >= after.Time
}

// sources are the streams of a selection. first is how many records are wanted.
// Blocks of the log with an error that skip allows are left out.
func (r *reader) sources(q *query.Query, l []*selection, f *segment.Filter, after *query.Position, first int, skip func(error) bool) []source {
	var out []source
	for _, x := range l {
		m := newMatcher(*q, x.sv.erasures)
		looked := make(map[*segmentRef]bool)
		for _, b := range x.blocks {
			if behind(q, after, b.min, b.max) {
				out = append(out, source{b.min, b.max, b.seq, func() nexter {
					return &blockStream{s: r.s, ref: b, m: m, after: after, oldest: q.Oldest, skip: skip, trace: q.Trace}
				}})
			}
		}
		for _, ref := range x.segments {
			for _, d := range ref.meta.Days {
				if overlaps(q, d.First, d.Last) && behind(q, after, d.First, d.Last) {
					out = append(out, source{d.First, d.Last, uint64(ref.num), func() nexter {
						open := func(ctx context.Context) (bool, error) {
							if x.late != nil {
								if open, err := x.late(ctx, ref); !open || err != nil {
									return false, err
								}
							}
							if !looked[ref] {
								looked[ref] = true
								q.Trace.Segment()
							}
							return true, nil
						}
						return &dayStream{open: open, seg: ref.seg, trace: q.Trace, f: f, v: x.view, day: d.Day, after: after, limit: first}
					}})
				}
			}
		}
	}
	return out
}

// walk calls fn for every record that q finds, in order, until fn returns
// false. The record is valid during the call. Damaged blocks are noted and left
// out.
func (s *Store) walk(ctx context.Context, q *query.Query, first int, fn func(*record.Record) bool) error {
	after, err := query.ParseCursor(q.Cursor)
	if err != nil {
		return err
	}
	r, err := s.reader()
	if err != nil {
		return err
	}
	defer r.release()
	start := time.Now()
	f := segment.NewFilter(*q)
	sel, err := r.selections(ctx, q, f, true)
	q.Trace.Spend(query.PhasePlan, time.Since(start))
	start = time.Now()
	defer func() { q.Trace.Spend(query.PhaseRead, time.Since(start)) }()
	if err != nil {
		return err
	}
	l := r.sources(q, sel, f, after, first, isDamage)
	h := &streams{oldest: q.Oldest}
	return h.merge(ctx, l, fn, func(int64) {})
}

func positionOf(b *record.Block, row int) query.Position {
	p := query.Position{Time: b.Time(row), ID: b.ID(row)}
	if b.Superseded(row) {
		p.Received = b.Received(row)
	}
	return p
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
	err := s.walk(ctx, &q, limit+1, func(r *record.Record) bool {
		if len(page.Records) == limit {
			more = true
			return false
		}
		page.Records = append(page.Records, own(r))
		return true
	})
	if err != nil {
		return nil, err
	}
	if more {
		at := query.PositionOf(&page.Records[limit-1])
		page.Next = at.Cursor()
	}
	return page, nil
}

// own is a record that shares no memory with what it was read from; its empty
// lists are nil.
func own(r *record.Record) record.Record {
	c := *r
	c.Detail, c.RawIDs = append([]record.Pair(nil), r.Detail...), append([]uint64(nil), r.RawIDs...)
	return c
}

// Record returns the record with this id, else the newest superseded one, else
// ErrNotFound.
func (s *Store) Record(ctx context.Context, id record.ID) (*record.Record, error) {
	r, err := s.reader()
	if err != nil {
		return nil, err
	}
	defer r.release()
	sv := r.server(id.Server)
	if sv == nil {
		return nil, fmt.Errorf("%w: %s", ErrNotFound, id)
	}
	l, damage := r.inBlocks(ctx, sv, slices.Concat(sv.tail, sv.records), id)
	if len(l) > 0 {
		return &l[0], nil
	}
	if damage != nil && !isDamage(damage) {
		return nil, damage
	}
	found, err := r.inSegments(ctx, sv.segments, sv.view(), id)
	if err != nil {
		return nil, err
	}
	if len(found) > 0 {
		return &found[0], nil
	}
	if damage != nil {
		return nil, damage
	}
	if l, err := r.versions(ctx, sv, id); err != nil || len(l) > 0 {
		if err != nil {
			return nil, err
		}
		return &l[0], nil
	}
	return nil, fmt.Errorf("%w: %s", ErrNotFound, id)
}

// inBlocks finds the records with an id in blocks of the log, in the order of
// the blocks. The error is that of the last damaged block, or another.
func (r *reader) inBlocks(ctx context.Context, sv *serverIndex, blocks []*recBlock, id record.ID) (l []record.Record, damage error) {
	for _, ref := range blocks {
		if !ref.holds(id) {
			continue
		}
		b, err := r.s.block(ctx, ref)
		if isDamage(err) {
			damage = err
			continue
		}
		if err != nil {
			return nil, err
		}
		for i := range b.Len() {
			if b.ID(i) != id {
				continue
			}
			if rec := b.Record(i); !sv.erased(&rec) {
				l = append(l, rec)
			}
		}
	}
	return l, damage
}

// inSegments finds the records with an id, those of the newest segment first.
func (r *reader) inSegments(ctx context.Context, refs []*segmentRef, v segment.View, id record.ID) (l []record.Record, err error) {
	for _, ref := range slices.Backward(refs) {
		rec, err := ref.seg.Record(ctx, id, v)
		if err != nil {
			return nil, err
		}
		if rec != nil {
			l = append(l, *rec)
		}
	}
	return l, nil
}
