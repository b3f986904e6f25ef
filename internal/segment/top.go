package segment

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// candidate is a row that can be among the best.
type candidate struct {
	time  int64
	block int32
	row   uint16
}

// Top returns up to limit of the best rows of one day (since 1970-01-01) that
// match, in the order of results, newest first or as the filter's query says,
// behind after (nil = from the beginning).
func (s *Segment) Top(ctx context.Context, f *Filter, v View, day int, after *query.Position, limit int) ([]record.Record, error) {
	sc, err := s.newScan(ctx, f, &v)
	if err != nil || limit <= 0 {
		return nil, err
	}
	var out []record.Record
	for _, p := range sc.parts() {
		if p.info.day != day {
			continue
		}
		if ok, err := sc.open(p); err != nil || !ok {
			return nil, err
		}
		t := &top{sc: sc, limit: limit, after: after, oldest: f.q.Oldest}
		if out, err = t.run(ctx); err != nil {
			return nil, err
		}
	}
	return out, ctx.Err()
}

// top finds the best rows of the current partition.
type top struct {
	sc     *scan
	limit  int
	after  *query.Position
	oldest bool
	l      []candidate
	worst  int64 // nothing worse than this time is wanted, once full
	full   bool
}

// better reports whether time a comes before b.
func (t *top) better(a, b int64) bool {
	if t.oldest {
		return a < b
	}
	return a > b
}

func (t *top) run(ctx context.Context) ([]record.Record, error) {
	order := make([]int, len(t.sc.dir.blocks))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := &t.sc.dir.blocks[i], &t.sc.dir.blocks[j]
		if t.oldest {
			return cmp.Compare(a.first, b.first)
		}
		return cmp.Compare(b.last, a.last)
	})
	for _, i := range order {
		if err := pace.Yield(ctx); err != nil {
			return nil, err
		}
		if err := t.block(i); err != nil {
			return nil, err
		}
	}
	t.prune()
	return t.records()
}

// block adds the rows of a block.
func (t *top) block(i int) error {
	b := &t.sc.dir.blocks[i]
	best := b.last
	if t.oldest {
		best = b.first
	}
	if t.full && t.better(t.worst, best) {
		return nil
	}
	t.bound()
	sel, err := t.sc.match(b)
	if err != nil || len(sel) == 0 {
		return err
	}
	c, err := t.sc.p.column(b, colTime)
	if err != nil {
		if isDamage(err) {
			return nil
		}
		return err
	}
	c.pick(t.sc.buf, sel)
	times := t.sc.buf[:len(sel)]
	for k, row := range sel {
		t.l = append(t.l, candidate{int64(times[k]), int32(i), row})
	}
	if len(t.l) > 4*t.limit+1000 {
		t.prune()
	}
	return nil
}

// bound keeps the scan from rows that cannot be among the best.
func (t *top) bound() {
	lo, hi := int64(math.MinInt64), int64(math.MaxInt64)
	set := func(best, worst *int64) {
		if t.full {
			*worst = t.worst
		}
		if t.after != nil {
			*best = t.after.Time
		}
	}
	if t.oldest {
		set(&lo, &hi)
	} else {
		set(&hi, &lo)
	}
	t.sc.lo, t.sc.hi = lo, hi
}

// prune leaves the best, and all that have the time of the last of them.
func (t *top) prune() {
	slices.SortFunc(t.l, func(a, b candidate) int {
		if t.oldest {
			a, b = b, a
		}
		return cmp.Compare(b.time, a.time)
	})
	// Rows at the time of the cursor may still fall away.
	n := t.limit
	if t.after != nil {
		for _, c := range t.l {
			if c.time != t.after.Time {
				break
			}
			n++
		}
	}
	if len(t.l) < n {
		return
	}
	t.full, t.worst = true, t.l[n-1].time
	for n < len(t.l) && t.l[n].time == t.worst {
		n++
	}
	t.l = t.l[:n]
}

// records spells the rows out, sorts and cuts them.
func (t *top) records() ([]record.Record, error) {
	slices.SortFunc(t.l, func(a, b candidate) int { return cmp.Or(cmp.Compare(a.block, b.block), cmp.Compare(a.row, b.row)) })
	var out []record.Record
	var rd reader
	var r record.Record
	for i := 0; i < len(t.l); {
		j := i
		var sel []uint16
		for ; j < len(t.l) && t.l[j].block == t.l[i].block; j++ {
			sel = append(sel, t.l[j].row)
		}
		err := t.sc.spell(&rd, &t.sc.dir.blocks[t.l[i].block], sel, &r, func(r *record.Record, _ uint64) error {
			if t.after != nil && t.compare(query.PositionOf(r), *t.after) <= 0 {
				return nil
			}
			out = append(out, own(r))
			return nil
		})
		if err != nil {
			return nil, err
		}
		i = j
	}
	slices.SortFunc(out, func(a, b record.Record) int { return t.compare(query.PositionOf(&a), query.PositionOf(&b)) })
	return slices.Clip(out[:min(len(out), t.limit)]), nil
}

func (t *top) compare(a, b query.Position) int {
	if t.oldest {
		return b.Compare(&a)
	}
	return a.Compare(&b)
}

// Sorted calls fn for every row of a day that matches, in the order of results,
// until fn returns an error. The record may be kept. Memory is that of a few
// thousand records.
func (s *Segment) Sorted(ctx context.Context, f *Filter, v View, day int, fn func(r *record.Record) error) error {
	const window = 8192
	var after *query.Position
	for {
		l, err := s.Top(ctx, f, v, day, after, window)
		if err != nil {
			return err
		}
		for i := range l {
			if err := fn(&l[i]); err != nil {
				return err
			}
		}
		if len(l) < window {
			return nil
		}
		at := query.PositionOf(&l[len(l)-1])
		after = &at
	}
}

// Record returns the row with this id, nil when there is none. Of several, which
// superseded records can have, it is the one that came last.
func (s *Segment) Record(ctx context.Context, id record.ID, v View) (best *record.Record, err error) {
	err = s.Versions(ctx, id, v, func(r *record.Record) {
		if best == nil || r.Received > best.Received {
			x := own(r)
			best = &x
		}
	})
	return best, err
}

// Versions calls fn for the rows with this id, of which superseded records can
// have several. The record is valid during the call.
func (s *Segment) Versions(ctx context.Context, id record.ID, v View, fn func(*record.Record)) error {
	if id.Server != s.meta.Server {
		return nil
	}
	sc, err := s.newScan(ctx, NewFilter(query.Query{}), &v)
	if err != nil {
		return err
	}
	sc.b = &binding{f: sc.b.f} // no condition
	origins := make([]bool, len(s.tables.origins))
	for i, o := range s.tables.origins {
		origins[i] = o.channel == id.Channel && o.gen == id.Generation
	}
	var rd reader
	var r record.Record
	for _, p := range sc.parts() {
		if ok, err := sc.open(p); err != nil {
			return err
		} else if !ok || !sc.holds(origins, id.FirstID) {
			continue
		}
		for i := range sc.dir.blocks {
			b := &sc.dir.blocks[i]
			sel, err := sc.withID(b, origins, id)
			if err != nil {
				return err
			}
			err = sc.spell(&rd, b, sel, &r, func(r *record.Record, _ uint64) error {
				fn(r)
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// holds reports whether the partition can hold a first record id.
func (sc *scan) holds(origins []bool, id uint64) bool {
	for i, r := range sc.dir.ids {
		if origins[i] && r.lo <= id && id <= r.hi {
			return true
		}
	}
	return false
}

// withID lists the rows of a block that have the id and count.
func (sc *scan) withID(b *block, origins []bool, id record.ID) ([]uint16, error) {
	c, err := sc.p.column(b, colFirstID)
	if err != nil {
		if isDamage(err) {
			return nil, nil
		}
		return nil, err
	}
	var sel []uint16
	l := sc.buf[:b.rows]
	c.read(l, 0)
	for i, v := range l {
		if v == id.FirstID {
			sel = append(sel, uint16(i))
		}
	}
	if len(sel) == 0 {
		return nil, nil
	}
	sel, err = sc.codes(b, colOrigin, sel, origins)
	if err == nil && len(sel) > 0 {
		var ord *numbers
		if ord, err = sc.p.column(b, colOrdinal); err == nil {
			n := 0
			ord.gather(sc.buf2, sel)
			for i, r := range sel {
				if sc.buf2[i] == uint64(id.Ordinal) {
					sel[n] = r
					n++
				}
			}
			sel = sel[:n]
		}
	}
	if err == nil && len(sel) > 0 {
		sel, err = sc.counting(b, sel)
	}
	if isDamage(err) {
		return nil, nil
	}
	return sel, err
}
