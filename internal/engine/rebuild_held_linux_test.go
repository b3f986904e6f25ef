package engine

import (
	"context"
	"os"
	"path/filepath"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// someDays is an eventSet of simulated working days, which are made while they are read.
type someDays struct {
	oneDay
	days int
}

func (d someDays) Events(ctx context.Context, _ string, fn func(*event.Event) error) (err error) {
	x := d.stream()
	for range d.days {
		x.NextDay(func(e *event.Event) {
			if *d.n++; *d.n%1024 == 0 && err == nil {
				err = ctx.Err()
			}
			if err == nil {
				err = fn(e)
			}
		})
	}
	return err
}

// mostLive is the most memory that was in use after a collection of garbage, in bytes,
// while fn ran.
func mostLive(fn func()) uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	stop := make(chan struct{})
	var most uint64
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64())
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	})
	fn()
	close(stop)
	wg.Wait()
	return most
}

// TestRebuildHoldsNoStore (long): the memory in use while a store is rebuilt and an archive
// is read for export is that of a batch, a flush and a merge: four times as many events
// take no more. The flushes are small, so that each run has many. archive's
// TestReadingADayHoldsABlock is the short form of what is read.
func TestRebuildHoldsNoStore(t *testing.T) {
	if os.Getenv("AKASHI_LONG") == "" {
		t.Skip("needs AKASHI_LONG")
	}
	run := func(days int) (events int64, rebuilt, exported uint64) {
		dir := t.TempDir()
		path := filepath.Join(dir, "day")
		if err := writeEmpty(path); err != nil {
			t.Fatal(err)
		}
		d := realDeps()
		d.flushRows = 4000
		d.openSet = func(context.Context, []string, scanProgress) (eventSet, error) {
			return someDays{oneDay{simulate.StreamOptions{Seed: 12, People: 40, Files: 400, Acts: 100}, path, &events}, days}, nil
		}
		e, err := open(t.Context(), filepath.Join(dir, "data"), Options{Create: true, Demo: true}, d)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Import(t.Context(), ImportRequest{Paths: []string{path}}, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := e.SealArchive(t.Context(), SealRequest{All: true, By: "t"}); err != nil {
			t.Fatal(err)
		}
		exported = mostLive(func() {
			if x, err := e.ExportArchive(t.Context(), filepath.Join(dir, "out"), "", "", nil); err != nil || x.Events != events {
				t.Fatalf("%+v of %d, %v", x, events, err)
			}
		})
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(dir, "out")); err != nil {
			t.Fatal(err)
		}
		again, err := open(t.Context(), filepath.Join(dir, "again"), Options{Create: true, Demo: true}, d)
		if err != nil {
			t.Fatal(err)
		}
		rebuilt = mostLive(func() {
			if s, err := again.RebuildFromArchive(t.Context(), filepath.Join(dir, "data", archiveDir), nil); err != nil || s.Events != events {
				t.Fatalf("%+v of %d, %v", s, events, err)
			}
		})
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
		return events, rebuilt, exported
	}
	few, r1, x1 := run(2)
	many, r2, x2 := run(8)
	t.Logf("in use at most: rebuild %d MB of %d events, %d MB of %d; export %d MB and %d MB", r1>>20, few, r2>>20, many, x1>>20, x2>>20)
	const slack = 24 << 20 // when garbage is collected differs
	if r2 > r1+r1/4+slack || x2 > x1+x1/4+slack {
		t.Errorf("in use at most: rebuild %d bytes of %d events, %d of %d; export %d and %d", r1, few, r2, many, x1, x2)
	}
}
