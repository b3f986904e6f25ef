package engine

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/akashi-audit/akashi/internal/collect"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// oneDay is an eventSet of a simulated working day of a server, which is made while
// it is read and is in no file.
type oneDay struct {
	opt  simulate.StreamOptions
	path string
	n    *int64 // events so far
}

func (d oneDay) stream() *simulate.Stream { return simulate.NewStream(d.opt) }
func (d oneDay) Servers() []string        { return []string{d.stream().Server()} }
func (d oneDay) Close() error             { return nil }

func (d oneDay) Files() []collect.File {
	return []collect.File{{Path: d.path, Name: filepath.Base(d.path), Simulated: true}}
}

func (d oneDay) Events(ctx context.Context, _ string, fn func(*event.Event) error) (err error) {
	d.stream().NextDay(func(e *event.Event) {
		if *d.n++; *d.n%1024 == 0 && err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = fn(e)
		}
	})
	return err
}

// processor is the processor time of this process so far.
func processor() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peak is the most resident memory since begin in bytes, 0 when it is not known.
func peak() int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(b, []byte("VmHWM:"))
	if f := bytes.Fields(rest); len(f) > 0 {
		kib, err := strconv.ParseInt(string(f[0]), 10, 64)
		if err == nil {
			return kib << 10
		}
	}
	return 0
}

// begin gives memory back, so that peak is that of what comes.
func begin() (time.Time, time.Duration) {
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o600) // else it is that of the whole run
	return time.Now(), processor()
}

// BenchmarkSealLargeDay takes in the working day of a server through the converter
// and seals it, records and raw events, all through the store. AKASHI_PEOPLE is how many
// people worked that day, 2,000 events each (default 40; the simulation of many people
// at once takes long); AKASHI_BENCH_FOLDER is where the data folder is kept, so that the
// commands can be measured on it. archive.BenchmarkLargeDay is the archive alone.
func BenchmarkSealLargeDay(b *testing.B) {
	people := 40
	if n, err := strconv.Atoi(os.Getenv("AKASHI_PEOPLE")); err == nil {
		people = n
	}
	dir := os.Getenv("AKASHI_BENCH_FOLDER")
	for b.Loop() {
		at := dir
		if at == "" {
			at = b.TempDir()
		}
		path := filepath.Join(at, "day")
		if err := os.MkdirAll(at, 0o700); err != nil {
			b.Fatal(err)
		}
		if err := writeEmpty(path); err != nil {
			b.Fatal(err)
		}
		var n int64
		d := realDeps()
		d.openSet = func(context.Context, []string, scanProgress) (eventSet, error) {
			return oneDay{simulate.StreamOptions{Seed: 12, People: people, Files: 400, Acts: 100}, path, &n}, nil
		}
		e, err := open(b.Context(), filepath.Join(at, "data"), Options{Create: true, Demo: true}, d)
		if err != nil {
			b.Fatal(err)
		}
		start, cpu := begin()
		s, err := e.Import(b.Context(), ImportRequest{Paths: []string{path}}, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Logf("taken in: %d events, %d records; %.0f events/s, %.2f µs of processor time an event, generator included; at most %d MB",
			n, s.Records, float64(n)/time.Since(start).Seconds(), float64((processor()-cpu).Nanoseconds())/1e3/float64(n), peak()>>20)
		start, cpu = begin()
		parts, err := e.SealArchive(b.Context(), SealRequest{All: true, By: "bench"})
		if err != nil {
			b.Fatal(err)
		}
		took, used, most := time.Since(start), processor()-cpu, peak()
		var events, records, bytes int64
		for _, p := range parts {
			events, records = events+p.Events, records+p.Records
			for _, o := range p.Objects {
				bytes += o.Size
			}
		}
		b.Logf("sealed: %d events, %d records, %d parts, %d bytes; %.0f events/s, %.2f µs of processor time an event; at most %d MB",
			events, records, len(parts), bytes, float64(events)/took.Seconds(), float64(used.Nanoseconds())/1e3/float64(events), most>>20)
		b.ReportMetric(float64(events)/took.Seconds(), "sealed-events/s")
		b.ReportMetric(float64(most>>20), "peak-MB")
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
