package engine

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/akashi-audit/akashi/internal/collect"
	"github.com/akashi-audit/akashi/internal/convert"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// converted is what collect and convert make of the paths without a store.
func converted(t *testing.T, paths []string) []record.Record {
	t.Helper()
	ctx := context.Background()
	set, err := collect.OpenSet(ctx, paths, collect.SetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	var out []record.Record
	for _, server := range set.Servers() {
		c := convert.New(server, convert.Options{})
		err := set.Events(ctx, server, func(e *event.Event) error {
			c.Add(e)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		out = append(append(out, c.Take()...), c.Tail()...)
	}
	return out
}

// TestPipelineOnLab imports the logs of a lab day with the real decoder and
// converter: at once, and file by file in both directions.
func TestPipelineOnLab(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "lab", "day-small")
	paths, err := filepath.Glob(filepath.Join(dir, "*.evtx"))
	if err != nil || len(paths) == 0 {
		t.Skipf("the lab's logs are not at %s", dir)
	}
	want := converted(t, paths)
	if len(want) == 0 {
		t.Fatal("no records")
	}
	f := func(name string, groups ...[]string) {
		t.Helper()
		d := filepath.Join(t.TempDir(), "d")
		deps := realDeps()
		deps.batch = 7000 // the day is small: many commits all the same
		e := openEngine(t, d, deps)
		for _, g := range groups {
			importAll(t, e, g...)
		}
		sameRecords(t, name, want, records(t, e))
		s := importAll(t, e, paths...)
		if s.Records != 0 || s.Duplicates != s.Events {
			t.Errorf("%s: importing again: %+v", name, s)
		}
		for i, r := range records(t, e) {
			if i%97 != 0 {
				continue
			}
			if raw, err := e.Raw(context.Background(), r.ID()); err != nil || len(raw) == 0 {
				t.Errorf("%s: Raw(%s) = %d events, %v", name, r.ID(), len(raw), err)
			}
		}
	}
	f("at once", paths)
	var forward, backward [][]string
	for i := range paths {
		forward = append(forward, paths[i:i+1])
		backward = append(backward, paths[len(paths)-1-i:len(paths)-i])
	}
	f("file by file", forward...)
	f("file by file, backwards", backward...)
}
