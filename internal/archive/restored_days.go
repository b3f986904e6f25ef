package archive

import (
	"context"
	"errors"

	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/restored"
	"github.com/akashi-audit/akashi/internal/segment"
)

// A day that is restored is answered from its segments. What an answer says is the
// same: the segments hold the records of the parts that hold, and are asked for what is
// not erased. One that is stale or damaged is answered from its parts.

// restoredDay is what is restored of a day with these parts, to be released; stale says
// that there is something, which is not of use.
func (a *Archive) restoredDay(k key, parts []part) (d *restored.Day, stale bool) {
	if a.opt.Restored == nil {
		return nil, false
	}
	at := restored.Key{Server: k.server, Day: k.day}
	if d = a.opt.Restored.Find(at, hashes(parts)); d != nil {
		return d, false
	}
	return nil, a.opt.Restored.Get(at) != nil
}

// quick takes the best records of a day from its segments; false when there are none
// that can be used.
func (s *finder) quick(ctx context.Context, d *dayScan) (bool, error) {
	if s.q.Removed { // no segment has them
		return false, nil
	}
	day, stale := s.a.restoredDay(d.key, d.parts)
	d.stale = stale
	if day == nil {
		return false, nil
	}
	defer day.Release()
	v, err := s.a.view(d.server)
	if err != nil {
		return false, err
	}
	for _, seg := range day.Segments(s.q.Superseded) {
		for _, m := range seg.Meta().Days {
			l, err := seg.Top(ctx, s.filter, v, m.Day, s.after, s.limit)
			if err != nil && !damaged(err) {
				return false, err
			}
			d.recs = append(d.recs, l...)
		}
		s.q.Trace.Segment()
	}
	if day.Damaged() {
		d.recs, d.stale = nil, true
		return false, nil
	}
	return true, nil
}

// damaged reports whether a segment is; its day says so too.
func damaged(err error) bool {
	var d *segment.DamageError
	return errors.As(err, &d)
}

// recordOf finds a record of a day: the one that holds, else the superseded one that
// came last; nil when there is none.
func (a *Archive) recordOf(ctx context.Context, k key, id record.ID, w which) (best *record.Record, err error) {
	if w == shown {
		if best, ok, err := a.quickRecord(ctx, k, id); ok || err != nil {
			return best, err
		}
	}
	err = a.records(ctx, k, w, func(r *record.Record) error {
		if r.ID() != id {
			return nil
		}
		if r.SupersededBy == 0 {
			best = r
			return errEnough
		}
		if best == nil || r.Received > best.Received {
			best = r
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return best, err
}

// quickRecord is recordOf for a day that is restored; ok says that it is.
func (a *Archive) quickRecord(ctx context.Context, k key, id record.ID) (best *record.Record, ok bool, err error) {
	parts, _, err := a.look(k)
	if err != nil {
		return nil, false, err
	}
	day, _ := a.restoredDay(k, parts)
	if day == nil {
		return nil, false, nil
	}
	defer day.Release()
	v, err := a.view(k.server)
	if err != nil {
		return nil, false, err
	}
	for _, superseded := range [...]bool{false, true} {
		for _, seg := range day.Segments(superseded) {
			r, err := seg.Record(ctx, id, v)
			if err != nil && !damaged(err) {
				return nil, false, err
			}
			if r != nil && (best == nil || r.Received > best.Received) {
				best = r
			}
		}
		if best != nil {
			break
		}
	}
	if day.Damaged() {
		return nil, false, nil
	}
	if best != nil {
		c := owned(best)
		best = &c
	}
	return best, true, nil
}

// owned is a record whose empty lists are nil, as those read from parts are.
func owned(r *record.Record) record.Record {
	c := *r
	if len(c.Detail) == 0 {
		c.Detail = nil
	}
	if len(c.RawIDs) == 0 {
		c.RawIDs = nil
	}
	return c
}
