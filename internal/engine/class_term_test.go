package engine

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/convert"
	"github.com/akashi-audit/akashi/internal/erasure"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
	"github.com/akashi-audit/akashi/internal/verify"
)

// classConverter is a fakeConverter of which the records are of several classes.
type classConverter struct{ *fakeConverter }

// classed gives each record a class by its first id; under later rules some have
// another one.
func (c *classConverter) classed(l []record.Record) []record.Record {
	for i := range l {
		r := &l[i]
		switch n := (r.FirstID/2 + uint64(c.rules)*(r.FirstID/2%2)) % 5; n {
		case 0, 1:
			r.Class = record.ClassBackground
		case 2:
			r.Op, r.Object = record.OpLogon, record.ObjectSession
			if r.FirstID%7 == 0 {
				r.Op, r.Result = record.OpLogonFailed, record.Failure
			}
		case 3:
			r.Class, r.Op, r.Object = record.ClassSystem, record.OpBoot, record.ObjectSystem
			if r.FirstID%3 == 0 {
				r.Op = record.OpRecordsLost
			}
		}
	}
	return l
}

func (c *classConverter) Take() []record.Record { return c.classed(c.fakeConverter.Take()) }
func (c *classConverter) Tail() []record.Record { return c.classed(c.fakeConverter.Tail()) }

// classDeps are at2028 with records of several classes.
func classDeps(fs fsx.FS, rules uint32) deps {
	d := at2028(fs)
	d.rules = rules
	fresh := func(server string) *classConverter {
		c := newFake(server)
		c.rules = rules
		return &classConverter{c}
	}
	d.fresh = func(server string, _ convert.Options) converter { return fresh(server) }
	d.restore = func(server string, _ convert.Options, b []byte) (converter, error) {
		c := fresh(server)
		return c, json.Unmarshal(b, &c.State)
	}
	return d
}

// plainly is what a plain reading of the rules says of which class a record is.
func plainly(r *record.Record, class string) bool {
	switch class {
	case "background":
		return r.Class == record.ClassBackground
	case "logon":
		return r.Class == record.ClassUser && r.Result == record.Success && (r.Op == record.OpLogon || r.Op == record.OpLogoff)
	}
	return r.Class == record.ClassSystem && r.Op == record.OpBoot
}

// halves parts the lines of files into two sets of files.
func halves(t *testing.T, rng *rand.Rand, paths []string) (a, b []string) {
	t.Helper()
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		var l [2]strings.Builder
		for line := range strings.Lines(string(data)) {
			l[rng.IntN(2)].WriteString(line)
		}
		for i := range l {
			at := filepath.Join(t.TempDir(), filepath.Base(p))
			if err := os.WriteFile(at, []byte(l[i].String()), 0o600); err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				a = append(a, at)
			} else {
				b = append(b, at)
			}
		}
	}
	return a, b
}

// classOrder is an order in the plain reading: a class, server and month.
type classOrder struct{ class, server, month string }

// japan is the zone of new folders.
func japan() *time.Location { return time.FixedZone("JST", 9*3600) }

func orderOfRecord(r *record.Record) (l []classOrder) {
	for _, c := range erasure.Classes() {
		if plainly(r, c) {
			l = append(l, classOrder{c, r.Server, time.Unix(0, r.Time).In(japan()).Format("2006-01")})
		}
	}
	return l
}

// plainWorld is the same folder without terms, and the orders that were given.
type plainWorld struct {
	e      *Engine
	orders map[classOrder]bool
}

func (w *plainWorld) hides(r *record.Record) bool {
	return slices.ContainsFunc(orderOfRecord(r), func(o classOrder) bool { return w.orders[o] })
}

// give adds what terms order now: months of a class of which something is there.
func (w *plainWorld) give(t *testing.T, now time.Time, months map[[2]string]int) {
	t.Helper()
	for _, old := range []bool{false, true} {
		for _, r := range everything(t, w.e, old) {
			for _, o := range orderOfRecord(&r) {
				n, ok := months[[2]string{o.class, o.server}]
				if !ok {
					n = months[[2]string{o.class, ""}]
				}
				at := time.Unix(0, r.Time).In(japan())
				if n > 0 && at.Year()*12+int(at.Month()) < now.Year()*12+int(now.Month())-n && !w.hides(&r) {
					defer func() { w.orders[o] = true }()
				}
			}
		}
	}
}

func (w *plainWorld) rest(t *testing.T, old bool) (l []record.Record) {
	t.Helper()
	return slices.DeleteFunc(everything(t, w.e, old), func(r record.Record) bool { return w.hides(&r) })
}

func alike(t *testing.T, name string, want, got []record.Record) {
	t.Helper()
	a, b := comparable(want), comparable(got)
	if more, less := difference(b, a), difference(a, b); len(more)+len(less) > 0 || len(a) != len(b) {
		t.Fatalf("%s: %d records, want %d; more: %v; missing: %v", name, len(b), len(a), more[:min(len(more), 3)], less[:min(len(less), 3)])
	}
}

func archivedAs(t *testing.T, e *Engine, q query.Query) []record.Record {
	t.Helper()
	q.Classes, q.Limit = query.AllClasses(), 1<<20
	p, err := e.SearchArchive(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return p.Records
}

// checkAlike compares a folder with the plain reading: store, counts, and once all is
// sealed the archive, and a folder made of the archive alone.
func checkAlike(t *testing.T, name string, e *Engine, w *plainWorld, rules uint32) {
	t.Helper()
	for _, old := range []bool{false, true} {
		want := w.rest(t, old)
		alike(t, fmt.Sprintf("%s, store, superseded %t", name, old), want, everything(t, e, old))
		for _, c := range record.Classes() {
			q := query.Query{Classes: []record.Class{c}, Superseded: old}
			f, err := e.Facets(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			n := len(slices.DeleteFunc(slices.Clone(want), func(r record.Record) bool { return r.Class != c }))
			if f.Total != uint64(n) {
				t.Fatalf("%s: %d records of class %s are counted, want %d", name, f.Total, c, n)
			}
		}
	}
	sealAll(t, e)
	for _, old := range []bool{false, true} {
		alike(t, fmt.Sprintf("%s, archive, superseded %t", name, old), w.rest(t, old), archivedAs(t, e, query.Query{Superseded: old}))
	}
	again := openEngine(t, filepath.Join(t.TempDir(), "d"), classDeps(nil, rules))
	if _, err := again.RebuildFromArchive(t.Context(), filepath.Join(e.dir, archiveDir), nil); err != nil {
		t.Fatal(err)
	}
	alike(t, name+", made again", w.rest(t, false), everything(t, again, false))
	if n, err := again.st.Info(); err != nil || n.Records != int64(len(w.rest(t, false))) {
		t.Errorf("%s, made again: %d records in the files, want %d: %v", name, n.Records, len(w.rest(t, false)), err)
	}
}

// Whatever classes, servers, months, imports and conversions there are: the store, the
// archive, a folder made of the archive alone and a plain reading of the rules say the
// same, and the archive still has what went.
func TestClassTermsAgainstModel(t *testing.T) {
	rounds := inLong(2, 60)
	went := 0
	for seed := range uint64(rounds) {
		rng := rand.New(rand.NewPCG(seed, 31))
		dir := filepath.Join(t.TempDir(), "d")
		e, err := open(t.Context(), dir, Options{Create: true}, classDeps(nil, 1))
		if err != nil {
			t.Fatal(err)
		}
		w := &plainWorld{e: openEngine(t, filepath.Join(t.TempDir(), "d"), classDeps(nil, 1)), orders: map[classOrder]bool{}}
		first, second := halves(t, rng, yearFiles(t, 20+rng.IntN(20)))
		months, terms := anyTerms(rng)
		importAll(t, e, first...)
		importAll(t, w.e, first...)
		before := everything(t, e, false)
		agreed(t, e, terms...)
		expire := func(e *Engine) *Expired {
			t.Helper()
			x, err := e.Expire(t.Context(), false)
			if err != nil {
				t.Fatal(err)
			}
			if len(x.Classes.Kept) > 0 {
				t.Fatalf("seed %d: kept: %+v", seed, x.Classes.Kept)
			}
			return x
		}
		w.give(t, e.deps.now().In(japan()), months)
		x := expire(e)
		wantOrders(t, e, w, before, x)
		went += len(w.orders)
		checkAlike(t, fmt.Sprintf("seed %d", seed), e, w, 1)
		var gone []record.Record
		for i := range before {
			if w.hides(&before[i]) {
				gone = append(gone, before[i])
			}
		}
		alike(t, fmt.Sprintf("seed %d, taken out", seed), gone, archivedAs(t, e, query.Query{Removed: true}))
		f, err := e.Facets(t.Context(), query.Query{Classes: query.AllClasses(), Removed: true})
		if err != nil || f.Total != uint64(len(gone)) {
			t.Fatalf("seed %d: %d are counted that were taken out, want %d: %v", seed, f.Total, len(gone), err)
		}
		importAll(t, e, second...)
		importAll(t, w.e, second...)
		checkAlike(t, fmt.Sprintf("seed %d, the rest came", seed), e, w, 1)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		e = openEngine(t, dir, classDeps(nil, 2))
		w = &plainWorld{e: reopened(t, w.e, classDeps(nil, 2)), orders: w.orders}
		for _, x := range []*Engine{e, w.e} {
			if _, err := x.Reconvert(t.Context(), ReconvertRequest{}, nil); err != nil {
				t.Fatal(err)
			}
		}
		checkAlike(t, fmt.Sprintf("seed %d, converted again", seed), e, w, 2)
		w.give(t, e.deps.now().In(japan()), months)
		expire(e)
		checkAlike(t, fmt.Sprintf("seed %d, taken out again", seed), e, w, 2)
		if r, err := verify.Check(t.Context(), dir, verify.Options{}); err != nil || r.Damage() {
			t.Fatalf("seed %d: %+v, %v", seed, r.Findings, err)
		}
	}
	t.Logf("%d months of classes were taken out", went)
	if went == 0 {
		t.Error("choose other seeds")
	}
}

// anyTerms are terms of classes, and their months by class and server.
func anyTerms(rng *rand.Rand) (months map[[2]string]int, terms []store.Term) {
	months = map[[2]string]int{{"background", "B"}: 20}
	for _, c := range erasure.Classes() {
		for _, server := range []string{"", "A"} {
			if rng.IntN(3) > 0 {
				n := 17 + rng.IntN(12)
				months[[2]string{c, server}] = n
				terms = append(terms, store.Term{Class: c, Server: server, Months: n})
			}
		}
	}
	return months, append(terms, store.Term{Class: "background", Server: "B", Months: 20})
}

// wantOrders sees that what the seal says is what went.
func wantOrders(t *testing.T, e *Engine, w *plainWorld, before []record.Record, x *Expired) {
	t.Helper()
	total := int64(0)
	for _, o := range x.Classes.Orders {
		if o.By != "責任者" || o.ProposedBy != "担当" || o.Ground != "規程 第5条" {
			t.Errorf("order %+v", o)
		}
		total += o.Records
	}
	want := int64(0)
	for i := range before {
		if w.hides(&before[i]) {
			want++
		}
	}
	if total != want {
		t.Errorf("the orders say %d records, want %d", total, want)
	}
	if want > 0 && x.Classes.Freed <= 0 {
		t.Errorf("%d bytes came free", x.Classes.Freed)
	}
	if l := e.Orders(); len(l) != len(x.Classes.Orders) {
		t.Errorf("%d orders are in force, want %d", len(l), len(x.Classes.Orders))
	}
}

// reopened is an engine of the same folder under other deps.
func reopened(t *testing.T, e *Engine, d deps) *Engine {
	t.Helper()
	if err := e.closeAll(); err != nil {
		t.Fatal(err)
	}
	return openEngine(t, e.dir, d)
}

// timeOf is when a record was, in the zone of the folder.
func timeOf(r *record.Record) time.Time { return time.Unix(0, r.Time).In(japan()) }
