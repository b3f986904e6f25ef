package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/convert"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/google/go-cmp/cmp"
)

// superseded are all superseded records, page by page.
func superseded(t *testing.T, e *Engine) []record.Record {
	t.Helper()
	q := query.Query{Classes: query.AllClasses(), Superseded: true, Limit: 7}
	var l []record.Record
	for {
		p, err := e.Search(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		l = append(l, p.Records...)
		if q.Cursor = p.Next; q.Cursor == "" {
			return l
		}
	}
}

// replaced are the records of old that now has not in the same form.
func replaced(old, now []record.Record) []record.Record {
	have := map[string]record.Record{}
	for _, r := range now {
		have[r.ID().String()] = r
	}
	var l []record.Record
	for _, r := range old {
		n, ok := have[r.ID().String()]
		n.RulesVersion, n.Received = r.RulesVersion, r.Received
		if !ok || !cmp.Equal(n, r) {
			l = append(l, r)
		}
	}
	return l
}

// keeps checks that the superseded records are exactly those of old that rules
// of version 2 make otherwise.
func keeps(t *testing.T, e *Engine, old, now []record.Record) {
	t.Helper()
	got := superseded(t, e)
	for i := range got {
		if got[i].SupersededBy != 2 || got[i].Received == 0 {
			t.Fatalf("superseded record %+v", got[i])
		}
		got[i].SupersededBy, got[i].Received = 0, 0
	}
	want := replaced(old, now)
	if len(want) == 0 {
		t.Fatal("nothing changed: the test shows nothing")
	}
	sameRecords(t, "superseded", want, got)
}

func TestReconvert(t *testing.T) {
	ctx := context.Background()
	paths := fakeFiles(t, 31, 80)
	dir := filepath.Join(t.TempDir(), "d")
	e := openEngine(t, dir, fakeDeps(17))
	importAll(t, e, paths...)
	old, want := reference(t, paths), referenceBy(t, paths, 2)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}

	e = openEngine(t, dir, fakeRules(9, 2))
	sameRecords(t, "opened under new rules", old, records(t, e))
	st, err := e.Status(ctx)
	if err != nil || !slices.Equal(st.Outdated, []string{"A", "B"}) {
		t.Fatalf("outdated %v, %v", st.Outdated, err)
	}
	dry, err := e.Reconvert(ctx, ReconvertRequest{DryRun: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	sameRecords(t, "after a dry run", old, records(t, e))
	var last Progress
	sum, err := e.Reconvert(ctx, ReconvertRequest{}, func(p Progress) { last = p })
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(dry.Servers, sum.Servers); d != "" {
		t.Errorf("the dry run told otherwise (-dry +real):\n%s", d)
	}
	if !last.Done || last.Events != last.AllEvents || last.Events == 0 {
		t.Errorf("last progress %+v", last)
	}
	sameRecords(t, "reconverted", want, records(t, e))
	keeps(t, e, old, want)
	var n Reconverted
	for _, s := range sum.Servers {
		n.Before, n.After, n.Changed, n.Gone, n.Superseded = n.Before+s.Before, n.After+s.After, n.Changed+s.Changed, n.Gone+s.Gone, n.Superseded+s.Superseded
	}
	if int(n.Before) != len(old) || int(n.After) != len(want) || int(n.Superseded) != len(replaced(old, want)) || n.Changed == 0 || n.Gone == 0 {
		t.Errorf("summary %+v of %d records before, %d after", n, len(old), len(want))
	}
	if st, err = e.Status(ctx); err != nil || len(st.Outdated) != 0 || st.Superseded != n.Superseded {
		t.Errorf("status %+v, %v", st, err)
	}
	checkVersions(t, e, replaced(old, want))
	if sum, err = e.Reconvert(ctx, ReconvertRequest{Server: "A"}, nil); err != nil || len(sum.Servers) != 1 || sum.Servers[0].Superseded != 0 {
		t.Errorf("a second time: %+v, %v", sum, err)
	}
	keeps(t, e, old, want)
	if _, err := e.Reconvert(ctx, ReconvertRequest{Server: "C"}, nil); !errors.Is(err, ErrNoServer) {
		t.Errorf("unknown server: %v", err)
	}
}

// checkVersions asks for each superseded record by its id.
func checkVersions(t *testing.T, e *Engine, old []record.Record) {
	t.Helper()
	for _, r := range old {
		l, err := e.Versions(context.Background(), r.ID())
		if err != nil || len(l) != 1 || l[0].SupersededBy != 2 {
			t.Fatalf("Versions(%s) = %+v, %v", r.ID(), l, err)
		}
		now, err := e.Record(context.Background(), r.ID())
		if err != nil || now.SupersededBy != 0 != strings.HasSuffix(r.Path, "h4") {
			t.Fatalf("Record(%s) = %+v, %v", r.ID(), now, err)
		}
	}
}

// TestImportUnderNewRules imports more events into a folder of older rules:
// their checkpoints cannot be gone on from.
func TestImportUnderNewRules(t *testing.T) {
	for seed := range uint64(6) {
		paths := fakeFiles(t, 40+seed, 60)
		dir := filepath.Join(t.TempDir(), "d")
		e := openEngine(t, dir, fakeDeps(17))
		half := len(paths) / 2
		importAll(t, e, paths[:half]...)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		e = openEngine(t, dir, fakeRules(13, 2))
		s := importAll(t, e, paths[:half]...)
		if s.Records != 0 {
			t.Errorf("an import without news: %+v", s)
		}
		sameRecords(t, "import without news", reference(t, paths[:half]), records(t, e))
		importAll(t, e, paths[half:]...)
		news := map[string]bool{}
		for _, r := range reference(t, paths[half:]) {
			news[r.Server] = true
		}
		of := func(l []record.Record) []record.Record {
			return slices.DeleteFunc(slices.Clone(l), func(r record.Record) bool { return !news[r.Server] })
		}
		sameRecords(t, "servers with news", of(referenceBy(t, paths, 2)), of(records(t, e)))
		if _, err := e.Reconvert(context.Background(), ReconvertRequest{}, nil); err != nil { // a server without news
			t.Fatal(err)
		}
		sameRecords(t, "import under new rules", referenceBy(t, paths, 2), records(t, e))
	}
}

// TestLateEventsSupersede checks that what late events change stays visible.
func TestLateEventsSupersede(t *testing.T) {
	paths := fakeFiles(t, 51, 60)
	slices.Reverse(paths)
	e := openEngine(t, filepath.Join(t.TempDir(), "d"), fakeDeps(10))
	seen := map[string]bool{}
	for _, p := range paths {
		for _, r := range records(t, e) {
			seen[string(r.AppendJSON(nil))] = true
		}
		importAll(t, e, p)
	}
	sameRecords(t, "backwards", reference(t, paths), records(t, e))
	l := superseded(t, e)
	if len(l) == 0 {
		t.Fatal("late events superseded nothing")
	}
	for _, r := range l {
		r.Received, r.SupersededBy = 0, 0
		if !seen[string(r.AppendJSON(nil))] {
			t.Errorf("superseded record was never there: %s", r.AppendJSON(nil))
		}
	}
}

// TestKillDuringReconvert kills a conversion under new rules at random moments.
// Opening goes on with it.
func TestKillDuringReconvert(t *testing.T) {
	kills := inLong(6, 100)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	died, half := 0, 0
	for seed := range uint64(kills) {
		rng := rand.New(rand.NewPCG(seed, 19))
		paths := fakeFiles(t, 60+seed, 250)
		old, want := reference(t, paths), referenceBy(t, paths, 2)
		dir := filepath.Join(t.TempDir(), "d")
		e := openEngine(t, dir, fakeDeps(50))
		importAll(t, e, paths...)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if killOne(t, exe, dir, "", time.Duration(rng.IntN(120))*time.Millisecond) {
			died++
		}
		e = openEngine(t, dir, fakeRules(20, 2)) // goes on with what was begun
		st, err := e.Status(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if len(st.Outdated) < 2 && len(st.Outdated) > 0 || st.Superseded > 0 {
			half++
		}
		for _, s := range st.Servers {
			if len(s.Bases) > 1 {
				t.Fatalf("seed %d: server %s is converted half: %+v", seed, s.Name, s.Bases)
			}
		}
		if _, err := e.Reconvert(context.Background(), ReconvertRequest{}, nil); err != nil {
			t.Fatal(err)
		}
		sameRecords(t, fmt.Sprintf("seed %d, after a kill", seed), want, records(t, e))
		keeps(t, e, old, want)
	}
	t.Logf("%d of %d children were killed at work, %d had begun", died, kills, half)
	if died == 0 {
		t.Error("no child was killed at work: the test shows nothing")
	}
}

// TestFormat2 opens a folder as akashi wrote it before segments: two logs of a
// server, the second of which came late.
func TestFormat2(t *testing.T) {
	f := func(name string) {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "d")
		if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", name))); err != nil {
			t.Fatal(err)
		}
		open := func(readOnly bool) *Engine {
			t.Helper()
			e, err := Open(t.Context(), dir, Options{ReadOnly: readOnly})
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		end := func(e *Engine) {
			t.Helper()
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
		}
		e := open(true)
		want := records(t, e)
		end(e)
		e = open(false)
		if err := e.RebuildPaths(t.Context(), "x"); err != nil { // moves all into segments
			t.Fatal(err)
		}
		if d := cmp.Diff(want, records(t, e)); d != "" || len(want) != 72 {
			t.Errorf("%s: %d records, in segments (-want +got):\n%s", name, len(want), d)
		}
		end(e)
		e = open(true)
		if d := cmp.Diff(want, records(t, e)); d != "" {
			t.Errorf("%s: opened again (-want +got):\n%s", name, d)
		}
		end(e)
		r, err := Check(t.Context(), dir, nil)
		if err != nil || len(r.Findings) > 0 {
			t.Errorf("%s: check finds %+v, %v", name, r, err)
		}
	}
	f("format2")
}

// TestFormat1 opens a folder as akashi wrote it before superseded records: six
// events, the first three of them late.
func TestFormat1(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "format1"))); err != nil {
		t.Fatal(err)
	}
	ids := func(e *Engine) (l []string) {
		for _, r := range records(t, e) {
			l = append(l, r.ID().String()+" "+r.Get("before"))
		}
		return l
	}
	want := []string{"A:Security:0:5:0 Security/0/4#4", "A:Security:0:3:0 Security/0/2#2", "A:Security:0:1:0 #0"}
	e := openEngine(t, dir, fakeDeps(10))
	if d := cmp.Diff(want, ids(e)); d != "" {
		t.Errorf("records (-want +got):\n%s", d)
	}
	if l := superseded(t, e); len(l) != 0 {
		t.Errorf("%d superseded records", len(l))
	}
	more := filepath.Join(t.TempDir(), "A.z")
	if err := os.WriteFile(more, []byte("Security 0 7 134195115241318245 2 h2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	importAll(t, e, more)
	want = append([]string{"A:Security:0:7:0 Security/0/6#6"}, want...)
	if d := cmp.Diff(want, ids(e)); d != "" {
		t.Errorf("after one more event (-want +got):\n%s", d)
	}
	b, err := os.ReadFile(filepath.Join(dir, "format"))
	if err != nil || string(b) != "akashi data folder 6\n" {
		t.Errorf("format %q, %v", b, err)
	}
}

// TestImportIntoOlderForm imports more events into a folder whose checkpoints have a form
// that is not read any more: the server is converted again, and nothing is told otherwise
// than from one import.
func TestImportIntoOlderForm(t *testing.T) {
	paths := fakeFiles(t, 47, 60)
	dir, half := filepath.Join(t.TempDir(), "d"), len(paths)/2
	e := openEngine(t, dir, fakeDeps(17))
	importAll(t, e, paths[:half]...)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	d := fakeDeps(13)
	restore, refused := d.restore, 0
	d.restore = func(server string, opt convert.Options, b []byte) (converter, error) {
		if bytes.HasPrefix(b, newForm) {
			return restore(server, opt, b[len(newForm):])
		}
		refused++
		return nil, errors.New("of another form")
	}
	fresh := d.fresh
	d.fresh = func(server string, opt convert.Options) converter { return formed{fresh(server, opt)} }
	e = openEngine(t, dir, d)
	importAll(t, e, paths[half:]...)
	if refused == 0 {
		t.Fatal("no checkpoint of the older form was looked at")
	}
	sameRecords(t, "import into an older form", reference(t, paths), records(t, e))
}

// newForm begins the checkpoints of formed converters.
var newForm = []byte("new form ")

// formed is a converter whose checkpoints have another form.
type formed struct{ converter }

func (f formed) AppendCheckpoint(b []byte) []byte {
	return f.converter.AppendCheckpoint(append(b, newForm...))
}
