package store

import (
	"errors"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/google/go-cmp/cmp"
)

// putAt commits a record and the event behind it.
func putAt(t *testing.T, s *Store, server string, id int, at time.Time) {
	t.Helper()
	e := testEvent(server, id)
	e.Time = event.FromUnixNano(at.UnixNano())
	p, err := s.Planner(server).Plan(t.Context(), []*event.Event{e})
	if err != nil || len(p.Events) != 1 {
		t.Fatal(p, err)
	}
	r := testRecord(server, id)
	r.Time, r.EndTime, r.RawIDs, r.Class = at.UnixNano(), at.UnixNano(), nil, record.ClassUser
	if _, err := s.Append(t.Context(), &Commit{Server: server, Raw: p.Raw, Records: []record.Record{r}}); err != nil {
		t.Fatal(err)
	}
}

func TestRetention(t *testing.T) {
	tokyo := time.FixedZone("JST", 9*3600)
	dir, by := t.TempDir(), &sealed{}
	opt := Options{Create: true, FlushRows: -1, Seal: by, Zone: tokyo}
	s := openTest(t, dir, opt)
	day := func(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, tokyo) }
	for i, at := range []time.Time{day(2019, 3, 31), day(2019, 4, 1).Add(-1000), day(2019, 4, 1), day(2026, 3, 31)} {
		putAt(t, s, "fs", 10+i, at)
	}
	putAt(t, s, "other", 1, day(2019, 3, 1))
	now := day(2026, 4, 15).UnixNano() // of 7 years, March 2019 is past
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	count := func() int { return len(all(t, s, query.Query{Classes: query.AllClasses()})) }
	if _, err := s.Expire(t.Context(), ExpireOptions{Now: now, WithoutArchive: true}); !errors.Is(err, ErrUnconfirmed) {
		t.Errorf("without a schedule: %v", err)
	}
	if err := s.ConfirmRetention(t.Context(), "y", "g", 1); !errors.Is(err, ErrNoProposal) {
		t.Errorf("nothing is proposed: %v", err)
	}
	if err := s.ProposeRetention(t.Context(), Term{Months: 84, By: "x", Time: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Expire(t.Context(), ExpireOptions{Now: now, WithoutArchive: true}); !errors.Is(err, ErrUnconfirmed) || count() != 5 {
		t.Errorf("only proposed: %v, %d records", err, count())
	}
	if err := s.ConfirmRetention(t.Context(), "監査 花子", "規程 7 条", 2); err != nil {
		t.Fatal(err)
	}
	x, err := s.Expire(t.Context(), ExpireOptions{Now: now})
	if err != nil || len(x.Deleted) != 0 || len(x.Kept) != 2 || count() != 5 {
		t.Errorf("nothing is archived: %+v, %v, %d records", x, err, count())
	}
	x, err = s.Expire(t.Context(), ExpireOptions{Now: now, Archived: func(server string, _ int) bool { return server == "other" }})
	if err != nil || len(x.Deleted) != 1 || x.Deleted[0].Server != "other" || count() != 4 {
		t.Errorf("one server is archived: %+v, %v, %d records", x, err, count())
	}
	x, err = s.Expire(t.Context(), ExpireOptions{Now: now, WithoutArchive: true})
	if err != nil || len(x.Deleted) != 1 || x.Deleted[0].Period != "2019-03" || x.Removed.Records != 2 || x.Removed.Events != 2 || count() != 2 {
		t.Errorf("all: %+v, %v, %d records", x, err, count())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	opt.Create = false
	s = openTest(t, dir, opt)
	if count() != 2 || s.Retention().Confirmed.Months != 84 || s.Retention().Proposed != nil {
		t.Errorf("after opening again: %d records, %+v", count(), s.Retention())
	}
	st, err := s.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, w := range st.Servers[0].Weeks {
		for _, d := range w.Days {
			if d.State != DayDeleted || d.Day == "2019-03-31" {
				states = append(states, d.Day+" "+d.State)
			}
		}
	}
	if d := cmp.Diff([]string{"2019-03-31 deleted", "2019-04-01 merged", "2026-03-31 merged"}, states); d != "" {
		t.Error(d)
	}
	var kinds []string
	for _, e := range by.list {
		kinds = append(kinds, e.Kind)
	}
	if d := cmp.Diff([]string{seal.KindRetentionProposed, seal.KindRetention, seal.KindDeletion, seal.KindDeletion}, kinds); d != "" {
		t.Error(d)
	}
	// The deleted events do not come back with their log.
	e := testEvent("fs", 10)
	e.Time = event.FromUnixNano(day(2019, 3, 31).UnixNano())
	if p, err := s.Planner("fs").Plan(t.Context(), []*event.Event{e}); err != nil || p.Duplicates != 1 {
		t.Errorf("a deleted event is new again: %+v, %v", p, err)
	}
}

func TestSnapshot(t *testing.T) {
	dir, dest := t.TempDir(), t.TempDir()+"/copy"
	w := openTest(t, dir, Options{Create: true, FlushRows: -1})
	put(t, w, "fs", 1, 500)
	if err := w.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, w, "fs", 600, 700)
	s := openTest(t, dir, Options{ReadOnly: true}) // beside the writer
	q := query.Query{Classes: query.AllClasses(), Limit: 5000}
	want := all(t, s, q)
	out, err := s.Snapshot(t.Context(), dest, []string{"akashi.toml"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if out.Commit != 2 || len(out.Check.Findings) > 0 || out.Files < 5 {
		t.Errorf("got %+v, %+v", out, out.Check)
	}
	put(t, w, "fs", 800, 900) // the copy does not see it
	if err := w.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := openTest(t, dest, Options{FlushRows: -1})
	if d := cmp.Diff(want, all(t, c, q)); d != "" {
		t.Error(d)
	}
	put(t, c, "fs", 1000, 1100)
	if err := c.Settle(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := s.Snapshot(t.Context(), dest, nil, nil); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("into a folder that is in use: %v", err)
	}
}
