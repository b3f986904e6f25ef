package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/hold"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
	"github.com/akashi-audit/akashi/internal/verify"
)

// classFolder is a closed, sealed folder with confirmed terms of classes, and its
// records.
func classFolder(t *testing.T, n int) (dir string, before []record.Record) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "d")
	e, err := open(t.Context(), dir, Options{Create: true}, classDeps(nil, 1))
	if err != nil {
		t.Fatal(err)
	}
	importAll(t, e, yearFiles(t, n)...)
	sealAll(t, e)
	agreed(t, e, store.Term{Class: "background", Months: 20}, store.Term{Class: "logon", Server: "A", Months: 19})
	before = everything(t, e, false)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, before
}

// Stopped at any call, the work of a term of a class leaves each order whole or not
// given: what is hidden is hidden in store and archive alike, nothing else is lost, the
// check of the folder finds no damage, and the next call ends the work.
func TestClassTermStoppedAnywhere(t *testing.T) {
	dir, before := classFolder(t, 8)
	stop := func(n int) stopped {
		return stopAt(t, dir, classDeps(nil, 1), n, func(e *Engine) error {
			_, err := e.Expire(t.Context(), false)
			return err
		})
	}
	whole := stop(-1)
	if whole.err != nil {
		t.Fatal(whole.err)
	}
	e := openEngine(t, whole.dir, classDeps(nil, 1))
	want := everything(t, e, false)
	if len(want) >= len(before) {
		t.Fatalf("%d records are left of %d", len(want), len(before))
	}
	step := inLong(61, 1)
	some := 0
	for n := whole.opening; n < whole.calls; n += step {
		s := stop(n)
		if !s.fired {
			t.Fatalf("call %d did not fail", n)
		}
		if s.err == nil && n < whole.calls-2 {
			t.Errorf("call %d failed and nobody was told", n)
		}
		e := openEngine(t, s.dir, classDeps(nil, 1))
		got := everything(t, e, false)
		hidden := query.Query{Classes: query.AllClasses()}
		if len(e.Orders()) > 0 {
			some++
			alike(t, fmt.Sprintf("call %d", n), want, got)
		} else {
			alike(t, fmt.Sprintf("call %d, no order", n), before, got)
		}
		alike(t, fmt.Sprintf("call %d, archive", n), got, archivedAs(t, e, query.Query{}))
		if f, err := e.Facets(t.Context(), hidden); err != nil || f.Total != uint64(len(got)) {
			t.Errorf("call %d: %d are counted, %d found: %v", n, f.Total, len(got), err)
		}
		if _, err := e.Expire(t.Context(), false); err != nil {
			t.Fatalf("call %d: again: %v", n, err)
		}
		alike(t, fmt.Sprintf("call %d, again", n), want, everything(t, e, false))
		if in, err := e.st.Info(); err != nil || in.Records != int64(len(want)) {
			t.Errorf("call %d, again: %d records in the files, want %d: %v", n, in.Records, len(want), err)
		}
		if r, err := verify.Check(t.Context(), s.dir, verify.Options{}); err != nil || r.Damage() {
			t.Fatalf("call %d, again: %+v, %v", n, r.Findings, err)
		}
	}
	t.Logf("calls %d to %d, after %d of them an order held", whole.opening, whole.calls, some)
	if some == 0 {
		t.Error("no stop came after an order")
	}
}

// A hold, a missing copy, a day that is not archived: each keeps what it is about, and
// the raw events stay whatever goes.
func TestClassTermRefusals(t *testing.T) {
	e := openEngine(t, filepath.Join(t.TempDir(), "d"), classDeps(nil, 1))
	importAll(t, e, yearFiles(t, 20)...)
	dirs := pooledFolder(t, e, "b")
	if _, err := e.Expire(t.Context(), false); !errors.Is(err, store.ErrUnconfirmed) {
		t.Fatalf("nothing is confirmed: %v", err)
	}
	if err := e.ProposeRetention(t.Context(), store.Term{Class: "user", Months: 1, By: "b"}); !errors.Is(err, store.ErrTerm) {
		t.Errorf("a term of what people did: %v", err)
	}
	if err := e.ProposeRetention(t.Context(), store.Term{Class: "background", Months: 1, By: "b"}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Expire(t.Context(), false); !errors.Is(err, store.ErrUnconfirmed) {
		t.Fatalf("proposed only: %v", err)
	}
	sealAll(t, e)
	agreed(t, e, store.Term{Class: "background", Months: 1})
	in, err := e.st.Info()
	if err != nil {
		t.Fatal(err)
	}
	events := in.Events
	// The hold is about one handle; it keeps the months in which a background record
	// names it, and no others.
	if err := e.AddHold(t.Context(), hold.Hold{Case: "事案", Scope: hold.Scope{Query: "h4", Servers: []string{"A"}}, By: "法務", Ground: "訴訟"}); err != nil {
		t.Fatal(err)
	}
	spoilt := ""
	before := everything(t, e, false)
	for i := range before {
		if r := &before[i]; r.Server == "B" && r.Class == record.ClassBackground {
			day := timeOf(r).Format("2006-01-02")
			spoilt = timeOf(r).Format("2006-01")
			if err := os.RemoveAll(filepath.Join(dirs["b"], "B", day)); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	x, err := e.Expire(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	if len(x.Classes.Taken) == 0 || len(x.Classes.Kept) == 0 {
		t.Fatalf("taken %+v, kept %+v", x.Classes.Taken, x.Classes.Kept)
	}
	for _, d := range x.Classes.Kept {
		switch {
		case d.Server == "A" && slices.Equal(d.Held, []string{"事案"}):
		case d.Server == "B" && d.Period == spoilt && d.Unsure != "":
		default:
			t.Errorf("kept: %+v", d)
		}
	}
	kept := everything(t, e, false)
	for i := range before {
		r := &before[i]
		held := r.Server == "A" && strings.HasSuffix(r.Path, "h4") && r.Class == record.ClassBackground
		if held && !slices.ContainsFunc(kept, func(k record.Record) bool { return k.ID() == r.ID() }) {
			t.Errorf("%s is held and went", r.ID())
		}
	}
	if in, err = e.st.Info(); err != nil || in.Events != events {
		t.Errorf("%d raw events, want %d: %v", in.Events, events, err)
	}
	if err := e.ReleaseHold(t.Context(), hold.Release{Case: "事案", By: "法務", Ground: "和解"}); err != nil {
		t.Fatal(err)
	}
	if x, err = e.Expire(t.Context(), true); err != nil || len(x.Classes.Kept) > 0 || !slices.ContainsFunc(x.Classes.Orders, func(o store.Erasure) bool { return o.NotArchived }) {
		t.Errorf("without the archive: %+v, %v", x.Classes, err)
	}
	if f, err := e.Facets(t.Context(), query.Query{Classes: []record.Class{record.ClassBackground}, To: e.deps.now().AddDate(0, -2, 0).UnixNano()}); err != nil || f.Total != 0 {
		t.Errorf("%d background records are left: %v", f.Total, err)
	}
}

// An erasure after an order takes its records out of the archive too, and leaves there
// what only the order took out of the store.
func TestErasureOfTaken(t *testing.T) {
	dir, before := classFolder(t, 20)
	e := openEngine(t, dir, classDeps(nil, 1))
	if _, err := e.Expire(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	taken := archivedAs(t, e, query.Query{Removed: true})
	if len(taken) == 0 {
		t.Fatal("nothing was taken out")
	}
	if _, err := e.Erase(t.Context(), store.Erasure{Files: []string{taken[0].Path}, Ground: "請求", By: "監査"}); err != nil {
		t.Fatal(err)
	}
	var rest, left []record.Record
	for i := range taken {
		if taken[i].Path != taken[0].Path {
			rest = append(rest, taken[i])
		}
	}
	alike(t, "taken out and not erased", rest, archivedAs(t, e, query.Query{Removed: true}))
	for i := range before {
		r := before[i]
		if r.Path != taken[0].Path && !slices.ContainsFunc(taken, func(x record.Record) bool { return x.ID() == r.ID() }) {
			left = append(left, r)
		}
	}
	alike(t, "store", left, everything(t, e, false))
	alike(t, "archive", left, archivedAs(t, e, query.Query{}))
	r := &rest[0]
	got, err := e.Record(t.Context(), r.ID())
	if err != nil || got.Path != r.Path || e.TakenBy(got) == nil || e.TakenBy(&left[0]) != nil {
		t.Errorf("record %s: %v, %v", r.ID(), got, err)
	}
	if l, err := e.Raw(t.Context(), r.ID()); err != nil || len(l) == 0 {
		t.Errorf("raw events of %s: %d, %v", r.ID(), len(l), err)
	}
	if _, err := e.Record(t.Context(), taken[0].ID()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an erased record is found: %v", err)
	}
	p, err := e.Search(t.Context(), query.Query{Classes: query.AllClasses()})
	if err != nil || len(p.Taken) != len(e.Orders()) {
		t.Errorf("the answer tells of %d orders of %d: %v", len(p.Taken), len(e.Orders()), err)
	}
	if p, err = e.Search(t.Context(), query.Query{Ops: []record.Op{record.OpDelete}}); err != nil || len(p.Taken) != 0 {
		t.Errorf("deletions: %+v, %v", p.Taken, err)
	}
}
