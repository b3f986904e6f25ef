package store

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/google/go-cmp/cmp"
)

// sealed keeps what was recorded in memory.
type sealed struct {
	list []seal.Entry
	err  error
}

func (s *sealed) Record(_ context.Context, e seal.Entry) error {
	if s.err == nil {
		s.list = append(s.list, e)
	}
	return s.err
}

// putSecret commits one record and the two events behind it.
func putSecret(t *testing.T, s *Store, server string, id int, path string, received int64) {
	t.Helper()
	opened, closed := testEvent(server, id), testEvent(server, id+1)
	opened.Values = []event.Value{event.String(path)}
	p, err := s.Planner(server).Plan(t.Context(), []*event.Event{opened, closed})
	if err != nil {
		t.Fatal(err)
	}
	if p.Duplicates > 0 {
		t.Fatalf("%d duplicates", p.Duplicates)
	}
	r := testRecord(server, id)
	r.Path, r.Class, r.RawIDs = path, record.ClassUser, []uint64{uint64(id), uint64(id + 1)}
	_, err = s.Append(t.Context(), &Commit{Server: server, Raw: p.Raw, Records: []record.Record{r}, Received: received,
		Checkpoint: []byte("checkpoint"), Watermark: p.Keys[1], SetTail: true})
	if err != nil {
		t.Fatal(err)
	}
}

// holds lists the files of a folder in which a text stands, as it is or packed
// in a form that this program reads.
func holds(t *testing.T, dir, text string) (l []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err == nil && bytes.Contains(b, []byte(text)) {
			l = append(l, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func bases(l []string) (out []string) {
	for _, p := range l {
		out = append(out, filepath.Base(p))
	}
	return out
}

func TestErasure(t *testing.T) {
	const secret, other = `D:\人事\給与.xlsx`, "fs-late.example.test"
	f := func(name string, flushed bool) {
		t.Helper()
		dir, by := t.TempDir(), &sealed{}
		opt := Options{Create: true, FlushRows: -1, Seal: by}
		s := openTest(t, dir, opt)
		put(t, s, "fs", 1, 300)
		putSecret(t, s, "fs", 400, secret, 1)
		put(t, s, "fs", 500, 600)
		if flushed {
			if err := s.Settle(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		q := query.Query{Classes: query.AllClasses(), Limit: 1000}
		before := all(t, s, q)
		e := Erasure{Files: []string{secret}, Ground: "本人の請求", By: "監査 花子", Time: 7}
		affected, err := s.Affected(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		r := testRecord("fs", 400)
		want := []Affected{{Server: "fs", Month: s.monthOf(r.Time), Period: "2026-03", Records: 1, First: r.Time, Last: r.Time}}
		if d := cmp.Diff(want, affected); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if err := s.Erase(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		check := func(at string) {
			t.Helper()
			got := all(t, s, q)
			var want []record.Record
			for _, r := range before {
				if r.Path != secret {
					want = append(want, r)
				}
			}
			if d := cmp.Diff(want, got); d != "" || len(want) != len(before)-1 {
				t.Errorf("%s, %s: %s", name, at, d)
			}
			if _, err := s.Record(t.Context(), r.ID()); !errors.Is(err, ErrNotFound) {
				t.Errorf("%s, %s: the record gives %v", name, at, err)
			}
			if _, err := s.Raw(t.Context(), r.ID()); !errors.Is(err, ErrNotFound) {
				t.Errorf("%s, %s: the events give %v", name, at, err)
			}
			fc, err := s.Facets(t.Context(), query.Query{Files: []string{secret}, Classes: query.AllClasses()})
			if err != nil || fc.Total != 0 {
				t.Errorf("%s, %s: facets count %d, %v", name, at, fc.Total, err)
			}
		}
		reopen := func() {
			t.Helper()
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			opt.Create = false
			s = openTest(t, dir, opt)
		}
		check("at once")
		reopen()
		check("after opening again")
		got, err := s.Compact(t.Context(), "監査 花子", 8)
		if err != nil {
			t.Fatal(err)
		}
		if got.Records != 1 || got.Events != 2 || got.Segments != 1 || got.Packs != 1 {
			t.Errorf("%s: removed %+v", name, got)
		}
		check("after Compact")
		events := 0
		replay := func(e *event.Event, _ Key) error {
			if events++; e.RecordID == 400 || e.RecordID == 401 {
				t.Errorf("%s: event %d is still there", name, e.RecordID)
			}
			return nil
		}
		if err := s.Replay(t.Context(), "fs", Key{}, replay); err != nil || events != 399 {
			t.Errorf("%s: %d events, %v", name, events, err)
		}
		reopen()
		check("after Compact and opening again")
		if l := holds(t, dir, "給与.xlsx"); len(l) > 0 && !slices.Equal(bases(l), []string{"manifest-a", "manifest-b"}) {
			t.Errorf("%s: the name is still in %v", name, l)
		}
		if l, err := s.Complete(t.Context(), `D:\人事`, 10, query.Extent{}); err != nil || len(l) > 0 {
			t.Errorf("%s: the name completes to %v, %v", name, l, err)
		}

		// The same events do not come back, nor does the file on another server.
		a, b := testEvent("fs", 400), testEvent("fs", 401)
		p, err := s.Planner("fs").Plan(t.Context(), []*event.Event{a, b, testEvent("fs", 450)})
		if first, err := s.Planner("fs").Plan(t.Context(), []*event.Event{testEvent("fs", 1)}); err != nil || first.Duplicates != 1 {
			t.Errorf("%s: the first event is new again: %v", name, err)
		}
		if err != nil || p.Duplicates != 2 || len(p.Events) != 1 {
			t.Errorf("%s: planned %d events, %d duplicates, %v", name, len(p.Events), p.Duplicates, err)
		}
		putSecret(t, s, other, 10, secret, 1)
		check("with another server")
		if removed, err := s.Compact(t.Context(), "x", 9); err != nil || removed.Records != 1 || removed.Events != 2 {
			t.Errorf("%s: the second time %+v, %v", name, removed, err)
		}
		if len(by.list) != 3 || by.list[0].Kind != seal.KindErasure || by.list[0].By != "監査 花子" || by.list[1].Kind != seal.KindRemoval {
			t.Errorf("%s: sealed %+v", name, by.list)
		}
	}
	f("in the log", false)
	f("in segments", true)
}

func TestErasureNeedsReasonAndCondition(t *testing.T) {
	by := &sealed{}
	s := openTest(t, t.TempDir(), Options{Create: true, Seal: by})
	put(t, s, "fs", 1, 10)
	f := func(e Erasure) {
		t.Helper()
		if err := s.Erase(t.Context(), e); !errors.Is(err, ErrErasure) {
			t.Errorf("Erase(%+v) = %v", e, err)
		}
	}
	f(Erasure{Ground: "x", By: "y"})
	f(Erasure{Servers: []string{"fs"}, From: 1, Ground: "x", By: "y"})
	f(Erasure{Users: []string{"a"}, By: "y"})
	f(Erasure{Users: []string{"a"}, Ground: "x", By: " "})
	by.err = errors.New("no space")
	if err := s.Erase(t.Context(), Erasure{Users: []string{`EXAMPLE\user3`}, Ground: "x", By: "y"}); !errors.Is(err, by.err) {
		t.Errorf("an erasure that cannot be sealed gives %v", err)
	}
	if n := len(all(t, s, query.Query{Users: []string{`EXAMPLE\user3`}, Classes: query.AllClasses()})); n == 0 {
		t.Error("it was done all the same")
	}
}

func TestGoneKeepsLives(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{Create: true, FlushRows: -1})
	life := func(from int, at int64, path string) {
		t.Helper()
		e := testEvent("fs", from)
		e.Time, e.Values = event.FromUnixNano(base+at*3600e9), []event.Value{event.String(path)}
		p, err := s.Planner("fs").Plan(t.Context(), []*event.Event{e})
		if err != nil {
			t.Fatal(err)
		}
		r := testRecord("fs", from)
		r.Path, r.RawIDs, r.Generation, r.Time = path, nil, p.Events[0].Generation, base+at*3600e9
		if _, err := s.Append(t.Context(), &Commit{Server: "fs", Raw: p.Raw, Records: []record.Record{r}}); err != nil {
			t.Fatal(err)
		}
	}
	life(100, 0, `D:\gone`)
	life(5, 10, `D:\stays`) // the log was cleared
	if err := s.Erase(t.Context(), Erasure{Files: []string{`d:\GONE`}, Ground: "g", By: "b"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Compact(t.Context(), "b", 1); err != nil {
		t.Fatal(err)
	}
	l := all(t, s, query.Query{Classes: query.AllClasses()})
	if len(l) != 1 || l[0].Generation != 1 {
		t.Fatalf("got %+v", l)
	}
	raw, err := s.Raw(t.Context(), l[0].ID())
	if err != nil || len(raw) != 1 || raw[0].Generation != 1 {
		t.Errorf("the events of the second life: %v, %v", raw, err)
	}
}
