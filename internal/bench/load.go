package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/simulate"
	"github.com/akashi-audit/akashi/internal/store"
)

// commitRecords is how many records one commit of the load has.
const commitRecords = 65_536

// loadHeap is how large the heap of a load becomes before it is collected, in bytes.
const loadHeap = 640 << 20

// settler is a store that can wait until all that was committed is in sealed
// segments.
type settler interface {
	Settle(ctx context.Context) error
}

// columnSizer is a store that knows how many bytes each column takes.
type columnSizer interface {
	ColumnBytes() (map[string]int64, error)
}

// zone is where the simulated company is: calendar days are its own.
func zone() *time.Location {
	z, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		return time.FixedZone("JST", 9*3600)
	}
	return z
}

// generators are those of all servers, at their beginning.
func (r *runner) generators() ([]*simulate.Bulk, error) {
	l := make([]*simulate.Bulk, r.opt.Servers)
	for i := range l {
		n := r.opt.Records / r.opt.Servers
		if i < r.opt.Records%r.opt.Servers {
			n++
		}
		var err error
		if l[i], err = simulate.NewBulk(simulate.BulkOptions{Seed: r.opt.Seed, Records: n, Server: i, Zone: zone()}); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func openStore(dir string, create bool) (*store.Store, error) {
	return store.Open(StoreDir(dir), store.Options{Create: create, Zone: zone()})
}

// piece is the records of one commit.
type piece struct {
	server  string
	records []record.Record
}

// produce makes the pieces of all servers by turns. It uses the memory of the
// pieces that come back.
func produce(ctx context.Context, gens []*simulate.Bulk, free <-chan []record.Record, out chan<- piece) error {
	for left := len(gens); left > 0; {
		left = 0
		for _, g := range gens {
			var l []record.Record
			select {
			case l = <-free:
			case <-ctx.Done():
				return ctx.Err()
			}
			n := g.Next(l[:cap(l)])
			if n > 0 {
				left++
			}
			select { // an empty one gives its memory back
			case out <- piece{g.Server(), l[:n]}:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

// load puts the records into a new store through its write path.
func (r *runner) load(ctx context.Context) (err error) {
	if r.res.GeneratorCPU, err = r.generatorCost(); err != nil {
		return err
	}
	gens, err := r.generators()
	if err != nil {
		return err
	}
	defer pace.Heap(loadHeap)()
	beginPeak()
	start, cpu := time.Now(), cpuTime()
	if r.st, err = openStore(r.opt.Dir, true); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.st.Close()) }()
	if err := r.append(ctx, gens); err != nil {
		return err
	}
	loaded := time.Now()
	r.progress("settle", r.opt.Records, r.opt.Records, "")
	if s, ok := any(r.st).(settler); ok {
		if err := s.Settle(ctx); err != nil {
			return fmt.Errorf("settle: %w", err)
		}
	}
	r.res.Loaded = true
	r.res.LoadSeconds, r.res.SettleSeconds = loaded.Sub(start).Seconds(), time.Since(loaded).Seconds()
	r.res.RecordsPerSecond = float64(r.opt.Records) / time.Since(start).Seconds()
	r.res.LoadCPU = perRecord(cpuTime()-cpu, r.opt.Records)
	r.res.LoadPeakRSS = peakMemory()
	if r.res.BytesByColumn, err = r.columns(); err != nil {
		return err
	}
	return r.note()
}

// beginPeak lets peakMemory begin again, without what the stage before left.
func beginPeak() {
	debug.FreeOSMemory()
	resetPeak()
}

func perRecord(d time.Duration, n int) float64 {
	return float64(d) / float64(time.Microsecond) / float64(n)
}

// generatorCost is the processor time of the generator, µs per record.
func (r *runner) generatorCost() (float64, error) {
	n := min(r.opt.Records, 500_000)
	g, err := simulate.NewBulk(simulate.BulkOptions{Seed: r.opt.Seed, Records: n, Zone: zone()})
	if err != nil {
		return 0, err
	}
	l := make([]record.Record, min(n, commitRecords))
	cpu := cpuTime()
	for g.Next(l) > 0 {
	}
	return perRecord(cpuTime()-cpu, n), nil
}

// append commits the records of the generators.
func (r *runner) append(ctx context.Context, gens []*simulate.Bulk) error {
	group, gctx := errgroup.WithContext(ctx)
	free, made := make(chan []record.Record, 2), make(chan piece, 1) // one is made while one is appended
	for range cap(free) {
		free <- make([]record.Record, min(commitRecords, r.opt.Records))
	}
	group.Go(func() error {
		defer close(made)
		return produce(gctx, gens, free, made)
	})
	group.Go(func() error {
		done := 0
		for p := range made {
			if n := len(p.records); n > 0 {
				c := &store.Commit{Server: p.server, Records: p.records, Received: receivedAt(p.records)}
				if _, err := r.st.Append(gctx, c); err != nil {
					return fmt.Errorf("append: %w", err)
				}
				done += n
				r.progress("load", done, r.opt.Records, "")
			}
			free <- p.records
		}
		return gctx.Err()
	})
	return group.Wait()
}

// columns is how many bytes each column takes; of a store that does not tell,
// how many each part of the data folder does.
func (r *runner) columns() (map[string]int64, error) {
	if s, ok := any(r.st).(columnSizer); ok {
		return s.ColumnBytes()
	}
	entries, err := os.ReadDir(StoreDir(r.opt.Dir))
	if err != nil {
		return nil, err
	}
	m := make(map[string]int64)
	for _, e := range entries {
		n, err := diskUse(filepath.Join(StoreDir(r.opt.Dir), e.Name()))
		if err != nil {
			return nil, err
		}
		m[e.Name()] = n
	}
	return m, nil
}
