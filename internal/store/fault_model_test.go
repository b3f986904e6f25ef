package store_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
	gocmp "github.com/google/go-cmp/cmp"
)

// model is what a store must hold: plain slices. It is immutable.
type model struct {
	servers map[string]*serverModel
	steps   []int // commits, in order
	facts   []store.Fact

	once sync.Once
	st   *state // once
}

type serverModel struct {
	commits    []commitModel // that no rewind took back
	tail       []record.Record
	old        []record.Record // taken back, not compared yet
	superseded []record.Record
	events     []uint64
}

type commitModel struct {
	step       int
	records    []record.Record
	checkpoint bool
}

func newModel() *model { return &model{servers: make(map[string]*serverModel)} }

// after is the model when a step has happened.
func (m *model) after(s step) *model {
	if s.kind == stepFlush || s.kind == stepMerge {
		return m
	}
	n := &model{servers: maps.Clone(m.servers), steps: slices.Clone(m.steps), facts: slices.Concat(m.facts, s.facts)}
	sv := &serverModel{}
	if was := m.servers[s.server]; was != nil {
		*sv = *was
	}
	n.servers[s.server] = sv
	if s.kind == stepSupersede {
		sv.supersede(s.superseBy)
		return n
	}
	n.steps = append(n.steps, s.n)
	if s.kind == stepRewind {
		sv.rewind(s.to)
	}
	records, tail := clone(s.records), clone(s.tail)
	for _, l := range [][]record.Record{records, tail} {
		for i := range l {
			l[i].Received = received(s.n)
		}
	}
	sv.commits = append(slices.Clone(sv.commits), commitModel{s.n, records, !s.late})
	if s.setTail {
		sv.tail = tail
	}
	sv.events = slices.Sorted(slices.Values(slices.Concat(sv.events, s.events)))
	return n
}

func (sv *serverModel) rewind(to int) {
	old := slices.Clone(sv.old)
	var stay []commitModel
	checkpoint := false
	for _, c := range sv.commits {
		if c.step <= to {
			stay = append(stay, c)
			continue
		}
		old = append(old, c.records...)
		checkpoint = checkpoint || c.checkpoint
	}
	if checkpoint {
		old = append(old, sv.tail...)
	}
	sv.commits, sv.tail, sv.old = stay, nil, old
}

func (sv *serverModel) held() (l []record.Record) {
	for _, c := range sv.commits {
		l = append(l, c.records...)
	}
	return append(l, sv.tail...)
}

func (sv *serverModel) supersede(by uint32) {
	now := make(map[record.ID]record.Record)
	for _, r := range sv.held() {
		now[r.ID()] = r
	}
	superseded := slices.Clone(sv.superseded)
	for _, o := range sv.old {
		n, ok := now[o.ID()]
		n.Received, n.RulesVersion = o.Received, o.RulesVersion
		if ok && reflect.DeepEqual(n, o) {
			continue
		}
		o.SupersededBy = by
		superseded = append(superseded, o)
	}
	sv.superseded, sv.old = superseded, nil
}

// state is all that a store says it holds.
type state struct {
	Records, Superseded []record.Record // newest first
	Steps               []int
	Facts               []store.Fact
	Events              map[string][]uint64
	Watermarks          map[string]uint64
	Unsettled           []string
}

func newestFirst(l []record.Record) []record.Record {
	slices.SortFunc(l, func(a, b record.Record) int {
		x, y := query.PositionOf(&a), query.PositionOf(&b)
		return x.Compare(&y)
	})
	return l
}

// state is the model as a store would tell it. It must not be changed.
func (m *model) state() *state {
	m.once.Do(func() { m.st = m.makeState() })
	return m.st
}

func (m *model) makeState() *state {
	st := &state{Steps: m.steps, Facts: m.facts, Events: map[string][]uint64{}, Watermarks: map[string]uint64{}}
	for _, name := range slices.Sorted(maps.Keys(m.servers)) {
		sv := m.servers[name]
		st.Records = append(st.Records, sv.held()...)
		st.Superseded = append(st.Superseded, sv.superseded...)
		st.Events[name] = sv.events
		for _, c := range sv.commits {
			if c.checkpoint {
				st.Watermarks[name] = uint64(c.step)
			}
		}
		if len(sv.old) > 0 {
			st.Unsettled = append(st.Unsettled, name)
		}
	}
	newestFirst(st.Records)
	newestFirst(st.Superseded)
	return st
}

// pages reads all pages of a query.
func pages(ctx context.Context, s *store.Store, q query.Query) (l []record.Record, err error) {
	limit := q.Limit
	for {
		p, err := s.Search(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		l = append(l, p.Records...)
		if p.Next == "" {
			return l, nil
		}
		if limit > 0 && len(p.Records) != limit || len(p.Records) == 0 {
			return nil, fmt.Errorf("a page of %d records that is not the last, limit %d", len(p.Records), limit)
		}
		q.Cursor = p.Next
	}
}

func read(ctx context.Context, s *store.Store) (*state, error) {
	st := &state{Events: map[string][]uint64{}, Watermarks: map[string]uint64{}}
	var err error
	q := query.Query{Classes: query.AllClasses(), Limit: 150}
	if st.Records, err = pages(ctx, s, q); err != nil {
		return nil, err
	}
	q.Superseded = true
	if st.Superseded, err = pages(ctx, s, q); err != nil {
		return nil, err
	}
	in, err := s.Info()
	if err != nil {
		return nil, err
	}
	for _, im := range in.Imports {
		n := 0
		if _, err := fmt.Sscanf(im.Name, "step-%d", &n); err != nil {
			return nil, err
		}
		st.Steps = append(st.Steps, n)
	}
	if err := s.Facts(ctx, 0, 1<<40, func(f store.Fact) { st.Facts = append(st.Facts, f) }); err != nil {
		return nil, err
	}
	slices.SortFunc(st.Facts, func(a, b store.Fact) int { return cmp.Compare(a.Minute, b.Minute) })
	var events int64
	for _, name := range s.ServerNames() {
		var bad error
		err := s.Replay(ctx, name, store.Key{}, func(e *event.Event, _ store.Key) error {
			if w := testEvent(name, e.RecordID); !reflect.DeepEqual(w.Values, e.Values) || w.Time != e.Time || e.Generation != 0 {
				bad = fmt.Errorf("event %d of %s changed", e.RecordID, name)
			}
			st.Events[name] = append(st.Events[name], e.RecordID)
			return nil
		})
		if err = errors.Join(err, bad); err != nil {
			return nil, fmt.Errorf("replay: %w", err)
		}
		x := s.State(name)
		if x.Started {
			st.Watermarks[name] = x.Watermark.ID
		}
		if x.Unsettled {
			st.Unsettled = append(st.Unsettled, name)
		}
		slices.Sort(st.Events[name])
		events += int64(len(st.Events[name]))
	}
	if in.Records != int64(len(st.Records)) || in.Superseded != int64(len(st.Superseded)) || in.Events != events {
		return nil, fmt.Errorf("info counts %d records, %d superseded, %d events; there are %d, %d, %d",
			in.Records, in.Superseded, in.Events, len(st.Records), len(st.Superseded), events)
	}
	return st, nil
}

// diff says where two states differ, "" when they do not.
func (st *state) diff(got *state) string {
	quick := func(a, b []record.Record) bool {
		return slices.EqualFunc(a, b, func(a, b record.Record) bool { return reflect.DeepEqual(a, b) })
	}
	var l []string
	for _, x := range []struct {
		name      string
		want, got []record.Record
	}{{"records", st.Records, got.Records}, {"superseded", st.Superseded, got.Superseded}} {
		if !quick(x.want, x.got) {
			l = append(l, fmt.Sprintf("%s: %s", x.name, recordDiff(x.want, x.got)))
		}
	}
	show := func(st *state) string {
		return fmt.Sprintf("steps %v facts %v events %v watermarks %v unsettled %v", st.Steps, st.Facts, st.Events, st.Watermarks, st.Unsettled)
	}
	if a, b := show(st), show(got); a != b {
		l = append(l, "want "+a+"\n     got "+b)
	}
	return strings.Join(l, "\n     ")
}

// recordDiff shows where two lists of records part.
func recordDiff(want, got []record.Record) string {
	for i := range max(len(want), len(got)) {
		var w, g *record.Record
		if i < len(want) {
			w = &want[i]
		}
		if i < len(got) {
			g = &got[i]
		}
		if !reflect.DeepEqual(w, g) {
			return fmt.Sprintf("%d, want %d; the first that differs is number %d (-want +got):\n%.1500s", len(got), len(want), i, gocmp.Diff(w, g))
		}
	}
	return "equal"
}

// look checks what a reader can ask: queries, counts, single records and the
// events behind them.
func (m *model) look(ctx context.Context, s *store.Store, r *rand.Rand, n int) error {
	st := m.state()
	for range n {
		q := randomQuery(r, st.Records)
		if err := checkQuery(ctx, s, q, st); err != nil {
			return err
		}
	}
	for range min(n, len(st.Records)) {
		w := pick(r, st.Records)
		got, err := s.Record(ctx, w.ID())
		if err != nil {
			return fmt.Errorf("record %s: %w", w.ID(), err)
		}
		if !reflect.DeepEqual(*got, w) {
			return fmt.Errorf("record %s (-want +got):\n%s", w.ID(), gocmp.Diff(w, *got))
		}
		raw, err := s.Raw(ctx, w.ID())
		if err != nil {
			return fmt.Errorf("events of %s: %w", w.ID(), err)
		}
		if _, have := slices.BinarySearch(m.servers[w.Server].events, w.FirstID); have && w.Channel == "Security" && (len(raw) != 1 || raw[0].RecordID != w.FirstID) {
			return fmt.Errorf("events of %s: %d, want 1", w.ID(), len(raw))
		}
	}
	if _, err := s.Record(ctx, record.ID{Server: "FS-B", Channel: "Security", FirstID: 1 << 40}); !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("a record that never was: %w", err)
	}
	return nil
}
