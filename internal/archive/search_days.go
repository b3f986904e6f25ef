package archive

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/akashi-audit/akashi/internal/erasure"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// found is a candidate of one of the parts of a day.
type found struct {
	part int
	candidate
}

// dayScan is a day of which is known which rows may be found.
type dayScan struct {
	key
	parts  []part
	tables []*table
	hidden *erasure.Set
	list   []found // in the order of results
	quick  bool    // recs is all that can be among the best, and list is empty
	stale  bool    // what is restored of the day could not be used
	recs   []record.Record
	err    error
}

func (d *dayScan) close() (err error) {
	for _, t := range d.tables {
		if t != nil {
			err = errors.Join(err, t.close())
		}
	}
	return err
}

// scan looks through a day. The caller holds using.
func (s *finder) scan(ctx context.Context, k key) *dayScan {
	d := &dayScan{key: k}
	if d.parts, d.hidden, d.err = s.a.look(k); d.err != nil {
		return d
	}
	if d.quick, d.err = s.quick(ctx, d); d.quick || d.err != nil {
		return d
	}
	gone, err := s.a.voided(ctx, d.parts)
	if err != nil {
		d.err = err
		return d
	}
	conditions := s.takeGroups()
	defer s.giveGroups(conditions)
	for i := range d.parts {
		t, err := s.a.openTable(ctx, &d.parts[i].Day)
		d.tables = append(d.tables, t)
		if err != nil {
			d.err = err
			return d
		}
		if t == nil {
			continue
		}
		l, err := t.candidates(ctx, &s.q, conditions)
		if err != nil {
			d.err = fmt.Errorf("archive object %s: %w", t.o.Name, err)
			return d
		}
		for _, c := range l {
			behind := s.after == nil || !s.q.Oldest && c.time <= s.after.Time || s.q.Oldest && c.time >= s.after.Time
			if behind && !gone.has(place{d.parts[i].Part, c.row}) {
				d.list = append(d.list, found{i, c})
			}
		}
	}
	byTime(d.list, s.q.Oldest)
	return d
}

// How many rows are read whole at a time: few at first, because the best come first.
const (
	firstRows = 256
	moreRows  = 4
)

// day takes what is found of a day, best first, until nothing better can come.
func (s *finder) day(ctx context.Context, d *dayScan) (err error) {
	defer func() { err = errors.Join(err, d.close()) }()
	if d.err != nil {
		return d.err
	}
	for i := range d.recs {
		r := owned(&d.recs[i])
		s.offer(&r)
	}
	for n, l := firstRows, d.list; len(l) > 0; n *= moreRows {
		if len(s.l) >= s.limit {
			if worst, next := s.l[0].Time, l[0].time; !s.q.Oldest && next < worst || s.q.Oldest && next > worst {
				return nil
			}
		}
		n = min(n, len(l))
		if err := s.take(ctx, d, l[:n]); err != nil {
			return err
		}
		l = l[n:]
	}
	return nil
}

// take reads rows whole and keeps those that are found.
func (s *finder) take(ctx context.Context, d *dayScan, l []found) error {
	rows := make([][]int64, len(d.tables))
	for _, c := range l {
		rows[c.part] = append(rows[c.part], c.row)
	}
	for i, t := range d.tables {
		if len(rows[i]) == 0 {
			continue
		}
		slices.Sort(rows[i])
		recs, err := t.records(ctx, rows[i])
		if err != nil {
			return err
		}
		for k := range recs {
			if wanted(&s.q).has(d.hidden, &recs[k]) {
				s.offer(&recs[k])
			}
		}
	}
	return nil
}

// offer keeps a record that is found and among the best.
func (s *finder) offer(r *record.Record) {
	if (r.SupersededBy != 0) != s.q.Superseded || !s.m.Match(r) {
		return
	}
	at := query.PositionOf(r)
	if s.after != nil && s.compare(&at, s.after) <= 0 {
		return
	}
	if len(s.l) < s.limit {
		heap.Push(s, *r)
		return
	}
	if worst := query.PositionOf(&s.l[0]); s.compare(&at, &worst) < 0 {
		s.l[0] = *r
		heap.Fix(s, 0)
	}
}
