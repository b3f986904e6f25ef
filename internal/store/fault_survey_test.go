package store_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

// survey reads all that a damaged store still gives. Errors that name damage go
// to the list.
type survey struct {
	records []record.Record
	events  map[string][]uint64
	damage  []*store.DamageError
}

func (v *survey) note(err error) error {
	var d *store.DamageError
	if errors.As(err, &d) {
		v.damage = append(v.damage, d)
		return nil
	}
	return err
}

func (f *flipFolder) survey(s *store.Store) (*survey, error) {
	ctx := context.Background()
	v := &survey{events: make(map[string][]uint64)}
	q := query.Query{Classes: query.AllClasses(), Limit: 200}
	var err error
	if v.records, err = pages(ctx, s, q); v.note(err) != nil {
		return nil, err
	}
	facets, err := s.Facets(ctx, q)
	if v.note(err) != nil {
		return nil, err
	}
	// Counts kept beside the rows may still know of rows that are damaged.
	if n, all := uint64(len(v.records)), uint64(len(f.model.state().Records)); err == nil && facets.Total != n && (facets.Total < n || facets.Total > all || len(s.Damage()) == 0) {
		return nil, fmt.Errorf("facets count %d of %d records, damage %v", facets.Total, n, s.Damage())
	}
	q.Superseded = true
	if l, err := pages(ctx, s, q); v.note(err) != nil || len(l) > 0 {
		return nil, fmt.Errorf("%d superseded records, %w", len(l), err)
	}
	if err := v.note(s.Facts(ctx, 0, 1<<40, func(store.Fact) {})); err != nil {
		return nil, err
	}
	for _, name := range s.ServerNames() {
		var bad error
		err := s.Replay(ctx, name, store.Key{}, func(e *event.Event, _ store.Key) error {
			if w := testEvent(name, e.RecordID); !reflect.DeepEqual(w.Values, e.Values) || w.Time != e.Time {
				bad = fmt.Errorf("event %d of %s changed", e.RecordID, name)
			}
			v.events[name] = append(v.events[name], e.RecordID)
			return nil
		})
		if err = errors.Join(bad, v.note(err)); err != nil {
			return nil, err
		}
		slices.Sort(v.events[name])
		// Every checkpoint is asked for.
		_, err = s.Resume(ctx, name, func([]byte, [][]byte, store.Basis) bool { return false })
		if v.note(err) != nil {
			return nil, err
		}
	}
	for i := range v.records {
		if r := &v.records[i]; i%3 == 0 {
			if _, err := s.Raw(ctx, r.ID()); v.note(err) != nil {
				return nil, fmt.Errorf("events of %s: %w", r.ID(), err)
			}
		}
	}
	if err := f.ask(s, v); err != nil {
		return nil, err
	}
	if c, ok := any(s).(checker); ok {
		l, err := c.Check(ctx)
		if err != nil {
			return nil, err
		}
		v.damage = append(v.damage, l...)
	}
	v.damage = append(v.damage, s.Damage()...)
	return v, nil
}

// ask asks queries: what they find is what the records that are served say, or
// less when damage is told.
func (f *flipFolder) ask(s *store.Store, v *survey) error {
	ctx := context.Background()
	queries := f.queries
	if len(v.damage)+len(s.Damage()) > 0 && !long() { // found already
		queries = queries[:1]
	}
	for _, q := range queries {
		want := find(q, &state{Records: v.records})
		got, err := pages(ctx, s, q)
		if v.note(err) != nil {
			return err
		}
		facets, ferr := s.Facets(ctx, q)
		if v.note(ferr) != nil {
			return ferr
		}
		told := len(v.damage)+len(s.Damage()) > 0
		if recordDiff(want, got) == "equal" && ferr == nil && facets.Total == uint64(len(want)) {
			continue
		}
		for i := range got {
			if !slices.ContainsFunc(want, func(r record.Record) bool { return reflect.DeepEqual(r, got[i]) }) {
				return fmt.Errorf("%+v finds %s, which it should not", q, got[i].ID())
			}
		}
		if !told {
			return fmt.Errorf("%+v finds %d of %d records, and no damage is told", q, len(got), len(want))
		}
	}
	return nil
}
