package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"
)

// fakeFiles writes logs of two servers and two channels, one of which begins a
// second life, cut into files that overlap now and then.
func fakeFiles(t *testing.T, seed uint64, perChannel int) []string {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 7))
	dir := t.TempDir()
	var paths []string
	write := func(name string, lines []string) {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(strings.Join(lines, "")), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p)
	}
	for _, server := range []string{"A", "B"} {
		for _, ch := range []string{"Security", "Print"} {
			now := uint64(134195115241311245) + rng.Uint64N(1e9)
			for gen := range 2 {
				if gen == 1 && ch == "Print" {
					break
				}
				var lines []string
				id := rng.Uint64N(50) + 1
				for range perChannel {
					id += 1 + rng.Uint64N(20)/19
					step := rng.Uint64N(20_000_000)
					now += step
					at := now
					if rng.IntN(10) == 0 {
						at -= rng.Uint64N(30_000_000) // a writer that came late to its record id
					}
					lines = append(lines, fmt.Sprintf("%s %d %d %d %d h%d\n", ch, gen, id, at, 1+rng.IntN(2), rng.IntN(5)))
				}
				for n := 0; len(lines) > 0; n++ {
					k := min(len(lines), 1+rng.IntN(perChannel/2+1))
					over := min(len(lines), k+rng.IntN(4))
					write(fmt.Sprintf("%s.%s.%d.%d", server, ch, gen, n), lines[:over])
					lines = lines[k:]
				}
				now += 3600 * 10_000_000 * 24 // a day until the next life
			}
		}
	}
	return paths
}

func openEngine(t *testing.T, dir string, d deps) *Engine {
	t.Helper()
	e, err := open(context.Background(), dir, Options{Create: true}, d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// records are all records of a folder, without the time of their arrival.
func records(t *testing.T, e *Engine) []record.Record {
	t.Helper()
	p, err := e.Search(context.Background(), query.Query{Classes: query.AllClasses(), Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Records {
		p.Records[i].Received = 0
	}
	return p.Records
}

func importAll(t *testing.T, e *Engine, paths ...string) *Summary {
	t.Helper()
	s, err := e.Import(context.Background(), ImportRequest{Paths: paths, Importer: "test"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// reference converts the files without any store.
func reference(t *testing.T, paths []string) []record.Record { return referenceBy(t, paths, 1) }

// referenceBy is reference under a version of the rules.
func referenceBy(t *testing.T, paths []string, rules uint32) []record.Record {
	t.Helper()
	set, err := openFake(context.Background(), paths, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out []record.Record
	for _, server := range set.Servers() {
		c := newFake(server)
		c.rules = rules
		seen := map[string]bool{}
		err := set.Events(context.Background(), server, func(e *event.Event) error {
			k := fmt.Sprint(e.Channel, e.Generation, "/", e.RecordID)
			if !seen[k] {
				seen[k] = true
				c.Add(e)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		out = append(append(out, c.Take()...), c.Tail()...)
	}
	return out
}

func sameRecords(t *testing.T, what string, want, got []record.Record) {
	t.Helper()
	byID := func(a, b record.Record) int { return strings.Compare(a.ID().String(), b.ID().String()) }
	want, got = slices.Clone(want), slices.Clone(got)
	slices.SortFunc(want, byID)
	slices.SortFunc(got, byID)
	same := len(want) == len(got)
	for i := 0; same && i < len(want); i++ { // cmp is slow for tens of thousands
		same = bytes.Equal(record.AppendBlock(nil, want[i:i+1]), record.AppendBlock(nil, got[i:i+1]))
	}
	if same {
		return
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("%s: records differ (-want +got):\n%.3000s", what, d)
	}
}

func TestAnyOrderAndSplitGivesTheSameRecords(t *testing.T) {
	rounds := inLong(12, 300)
	for seed := range uint64(rounds) {
		rng := rand.New(rand.NewPCG(seed, 1))
		paths := fakeFiles(t, seed, 60)
		want := reference(t, paths)
		once := openEngine(t, filepath.Join(t.TempDir(), "d"), fakeDeps(1+rng.IntN(50)))
		importAll(t, once, paths...)
		sameRecords(t, fmt.Sprintf("seed %d, at once", seed), want, records(t, once))

		dir := filepath.Join(t.TempDir(), "d")
		d := fakeDeps(1 + rng.IntN(50))
		e := openEngine(t, dir, d)
		rng.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
		for rest := paths; len(rest) > 0; {
			n := 1 + rng.IntN(len(rest))
			if rng.IntN(2) == 0 {
				n = min(n, 2)
			}
			importAll(t, e, rest[:n]...)
			rest = rest[n:]
			if rng.IntN(3) == 0 {
				if err := e.Close(); err != nil {
					t.Fatal(err)
				}
				e = openEngine(t, dir, d)
			}
		}
		sameRecords(t, fmt.Sprintf("seed %d, in pieces", seed), want, records(t, e))
		s := importAll(t, e, paths...)
		if s.Duplicates != s.Events || s.Records != 0 {
			t.Fatalf("seed %d: importing again: %d of %d events are duplicates, %d more records", seed, s.Duplicates, s.Events, s.Records)
		}
		sameRecords(t, fmt.Sprintf("seed %d, again", seed), want, records(t, e))
		checkRaw(t, e)
	}
}

// checkRaw asks for the events behind every record.
func checkRaw(t *testing.T, e *Engine) {
	t.Helper()
	for i, r := range records(t, e) {
		if i%7 != 0 {
			continue
		}
		raw, err := e.Raw(context.Background(), r.ID())
		if err != nil {
			t.Fatal(err)
		}
		var ids []uint64
		for _, ev := range raw {
			ids = append(ids, ev.RecordID)
		}
		if d := cmp.Diff(r.RawIDs, ids); d != "" || raw[0].Time.UnixNano() != r.Time || raw[0].Generation != r.Generation {
			t.Fatalf("Raw(%s): %s", r.ID(), d)
		}
	}
}

func TestSimulatedEventsAreRefused(t *testing.T) {
	dir := t.TempDir()
	p := filepath.Join(dir, "A.x")
	if err := os.WriteFile(p, []byte("Security 0 1 134195115241311245 1 simulated\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := openEngine(t, filepath.Join(dir, "d"), fakeDeps(10))
	var se *SimulatedError
	if _, err := e.Import(context.Background(), ImportRequest{Paths: []string{p}}, nil); !errors.As(err, &se) || se.File != p {
		t.Errorf("Import = %v, want a SimulatedError of %s", err, p)
	}
	st, err := e.Status(context.Background())
	if err != nil || st.RawEvents != 0 || len(st.Imports) != 0 {
		t.Errorf("something was stored: %+v, %v", st, err)
	}
}

func TestImportKeepsWhereFrom(t *testing.T) {
	paths := fakeFiles(t, 3, 20)
	dir := filepath.Join(t.TempDir(), "d")
	e := openEngine(t, dir, fakeDeps(10))
	var last Progress
	s, err := e.Import(context.Background(), ImportRequest{Paths: paths, KeepOriginal: true, Importer: "CORP\\admin"}, func(p Progress) { last = p })
	if err != nil {
		t.Fatal(err)
	}
	if !last.Done || last.Events != s.Events || last.FilesDone != len(paths) {
		t.Errorf("last progress %+v, summary events %d", last, s.Events)
	}
	st, err := e.Status(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if st.RawEvents != s.Events-s.Duplicates || st.Records != s.Records || len(st.Imports) != len(paths) || st.Running != nil || st.Zone != "Asia/Tokyo" {
		t.Errorf("status %+v does not follow from summary %+v", st, s)
	}
	for _, im := range st.Imports {
		if im.Importer != "CORP\\admin" || im.Time == 0 || len(im.SHA256) != 64 {
			t.Errorf("import %+v", im)
		}
		f, err := os.Open(filepath.Join(dir, filepath.FromSlash(im.Original)))
		if err != nil {
			t.Fatal(err)
		}
		z, err := zstd.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(z)
		z.Close()
		want, werr := os.ReadFile(im.Path)
		if err = errors.Join(err, werr, f.Close()); err != nil || string(got) != string(want) {
			t.Errorf("original of %s: %d bytes, want %d, %v", im.Name, len(got), len(want), err)
		}
	}
	if fi, err := os.Stat(dir); err != nil || fi.Mode().Perm() != 0o700 {
		t.Errorf("data folder: %v, %v", fi.Mode(), err)
	}
}

func TestCancelStopsBetweenCommits(t *testing.T) {
	paths := fakeFiles(t, 5, 200)
	want := reference(t, paths)
	d := fakeDeps(20)
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	fresh := d.now
	e := openEngine(t, filepath.Join(t.TempDir(), "d"), d)
	e.deps.now = func() time.Time {
		if n++; n == 9 {
			cancel()
		}
		return fresh()
	}
	if _, err := e.Import(ctx, ImportRequest{Paths: paths}, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("Import = %v, want Canceled", err)
	}
	st, err := e.Status(context.Background())
	if err != nil || st.RawEvents == 0 || st.RawEvents > 200 {
		t.Errorf("after the cancel %d events are stored, %v", st.RawEvents, err)
	}
	importAll(t, e, paths...)
	sameRecords(t, "after a cancelled import", want, records(t, e))
}

// TestSearchDuringImport reads while files come in, some of them late.
func TestSearchDuringImport(t *testing.T) {
	paths := fakeFiles(t, 21, 150)
	e := openEngine(t, filepath.Join(t.TempDir(), "d"), fakeDeps(10))
	quit := make(chan struct{})
	var group errgroup.Group
	group.Go(func() error {
		for {
			select {
			case <-quit:
				return nil
			default:
			}
			q := query.Query{Classes: query.AllClasses(), Limit: 50}
			seen := map[string]bool{}
			for range 3 {
				p, err := e.Search(context.Background(), q)
				if err != nil {
					return err
				}
				for i := range p.Records {
					seen[p.Records[i].ID().String()] = true
				}
				if q.Cursor = p.Next; q.Cursor == "" {
					break
				}
			}
			f, err := e.Facets(context.Background(), q)
			if err != nil {
				return err
			}
			if _, err := e.Status(context.Background()); err != nil {
				return err
			}
			for _, p := range f.People {
				if p.N > f.Total {
					return fmt.Errorf("%d of %d records", p.N, f.Total)
				}
			}
		}
	})
	for i := range paths {
		importAll(t, e, paths[len(paths)-1-i])
	}
	close(quit)
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	sameRecords(t, "imported while read", reference(t, paths), records(t, e))
}

func TestReadOnlyBesideWriter(t *testing.T) {
	paths := fakeFiles(t, 9, 30)
	dir := filepath.Join(t.TempDir(), "d")
	if _, err := Open(context.Background(), dir, Options{}); !errors.Is(err, store.ErrNoStore) {
		t.Errorf("missing folder: %v", err)
	}
	e := openEngine(t, dir, fakeDeps(10))
	ro, err := open(context.Background(), dir, Options{ReadOnly: true}, fakeDeps(10))
	if err != nil {
		t.Fatal(err)
	}
	defer ro.Close()
	if n := len(records(t, ro)); n != 0 {
		t.Errorf("%d records before the import", n)
	}
	importAll(t, e, paths...)
	sameRecords(t, "reader beside a writer", records(t, e), records(t, ro))
	if _, err := ro.Import(context.Background(), ImportRequest{Paths: paths}, nil); !errors.Is(err, ErrReadOnly) {
		t.Errorf("Import = %v, want ErrReadOnly", err)
	}
	if _, err := open(context.Background(), dir, Options{}, fakeDeps(10)); !errors.Is(err, store.ErrLocked) {
		t.Errorf("second writer: %v, want ErrLocked", err)
	}
	full := filepath.Join(t.TempDir(), "full")
	if err := errors.Join(os.Mkdir(full, 0o700), os.WriteFile(filepath.Join(full, "x"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), full, Options{Create: true}); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("a folder with other files: %v", err)
	}
}
