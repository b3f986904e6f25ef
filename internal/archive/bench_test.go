//go:build unix

package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/simulate"
)

// sealedDays is an archive of days of a server.
func sealedDays(b *testing.B, days, perDay int) *Archive {
	b.Helper()
	dir, made := b.TempDir(), false
	if keep := os.Getenv("AKASHI_BENCH_ARCHIVE"); keep != "" { // making it takes longer than the searches
		dir = filepath.Join(keep, fmt.Sprintf("%d-%d", days, perDay))
		_, err := os.Stat(dir)
		made = err == nil
		if err := os.MkdirAll(dir, 0o700); err != nil {
			b.Fatal(err)
		}
	}
	a, err := Open(NewFolder(nil, dir+"/archive"), Options{Zone: time.UTC, Dir: dir, Recorder: &log{}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(a.Close)
	if made {
		if err := a.Refresh(context.Background()); err != nil {
			b.Fatal(err)
		}
		return a
	}
	src := &daily{perDay: perDay, days: days}
	if _, err := a.Seal(context.Background(), src, SealOptions{Now: time.Unix(0, start).AddDate(0, 0, days+2), By: "t"}); err != nil {
		b.Fatal(err)
	}
	return a
}

// daily is a Source that makes the records of a day when they are asked for.
type daily struct{ perDay, days int }

func (s *daily) SealDays() map[string][]int {
	var l []int
	for d := range s.days {
		l = append(l, int(start/dayNS)+d)
	}
	return map[string][]int{"FS1": l}
}
func (s *daily) SealMark(string, int64, int64) (string, bool)          { return "1", true }
func (s *daily) SealSize(string, int64, int64) (records, events int64) { return 0, 0 }
func (s *daily) LastCommit() uint64                                    { return 1 }

func (s *daily) SealRecords(_ context.Context, server string, from, _ int64, fn func(*record.Record)) error {
	return simulate.Records(uint64(from/dayNS), s.perDay, time.Unix(0, from).UTC(), 1, func(r *record.Record) error {
		r.Server = server
		fn(r)
		return nil
	})
}

func (s *daily) SealEvents(context.Context, string, int64, int64, func(string, uint32, []*event.Event) error) error {
	return nil
}

// Ten years of days. Cold, the archive is opened anew for each search, as a command does,
// which reads all manifests; warm, it is open, as in a server.
func BenchmarkTenYears(b *testing.B) {
	a := sealedDays(b, 3650, 100)
	dir := a.opt.Dir
	p, err := a.Search(context.Background(), query.Query{Words: []string{"見積"}, Oldest: true, Limit: 1}, nil)
	if err != nil || len(p.Records) == 0 {
		b.Fatalf("%d records, %v", len(p.Records), err)
	}
	for _, c := range []struct {
		name string
		q    query.Query
	}{
		{"newest", query.Query{}},
		{"person", query.Query{Users: []string{p.Records[0].User}}},
		{"common word", query.Query{Words: []string{"見積"}}},
		{"absent person", query.Query{Users: []string{`X\nobody`}}},
		{"absent word", query.Query{Words: []string{"ありえない語"}}},
	} {
		b.Run("cold "+c.name, func(b *testing.B) {
			measured(b, func() (*query.Page, error) {
				x, err := Open(NewFolder(nil, dir+"/archive"), Options{Zone: time.UTC, Dir: dir})
				if err != nil {
					return nil, err
				}
				defer x.Close()
				if err := x.Refresh(context.Background()); err != nil {
					return nil, err
				}
				return x.Search(context.Background(), c.q, nil)
			})
		})
		b.Run("warm "+c.name, func(b *testing.B) {
			measured(b, func() (*query.Page, error) { return a.Search(context.Background(), c.q, nil) })
		})
	}
}

// measured tells what a search takes: of processors, and of waiting for them. The least
// of the runs is what it costs by the clock on a machine with nothing else to do.
func measured(b *testing.B, search func() (*query.Page, error)) {
	b.Helper()
	n, before, waited := 0, processorTime(), waitTime()
	least, leastCPU := time.Duration(1<<62), time.Duration(1<<62)
	for b.Loop() {
		from, cpu := time.Now(), processorTime()
		p, err := search()
		if err != nil {
			b.Fatal(err)
		}
		n = len(p.Records)
		least, leastCPU = min(least, time.Since(from)), min(leastCPU, processorTime()-cpu)
	}
	b.ReportMetric(float64(n), "records")
	b.ReportMetric(float64((processorTime()-before).Milliseconds())/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64((waitTime()-waited).Milliseconds())/float64(b.N), "wait-ms/op")
	b.ReportMetric(float64(least.Microseconds())/1e3, "least-ms")
	b.ReportMetric(float64(leastCPU.Microseconds())/1e3, "least-cpu-ms")
}

func BenchmarkSearch20Days(b *testing.B) {
	a := sealedDays(b, 20, 65_000)
	var r record.Record
	err := a.Records(context.Background(), "FS1", DayName(int(start/dayNS)+7), func(x *record.Record) error {
		if r = *x; r.Class != record.ClassUser || r.Path == "" {
			return nil
		}
		return io.EOF
	})
	if !errors.Is(err, io.EOF) {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		q    query.Query
	}{
		{"person", query.Query{Users: []string{r.User}}},
		{"absent person", query.Query{Users: []string{`X\nobody`}}},
		{"absent word", query.Query{Words: []string{"ありえない語"}}},
		{"absent ascii word", query.Query{Words: []string{"qqqqzz"}}},
		{"common word", query.Query{Words: []string{"見積"}}},
		{"newest", query.Query{}},
		{"file", query.Query{Files: []string{r.Path}, Classes: query.AllClasses()}},
		{"refused of all days", query.Query{Results: []record.Result{record.Denied}, Oldest: true, Limit: 1000}},
	} {
		b.Run(c.name, func(b *testing.B) {
			measured(b, func() (*query.Page, error) { return a.Search(context.Background(), c.q, nil) })
		})
	}
}

// processorTime is what this process used so far.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// waitTime is how long the threads of this process were ready and waited for a
// processor so far, added up; 0 where the system does not tell (Linux does, in
// schedstat). Wall time that is neither this nor processor time is waiting for files.
func waitTime() time.Duration {
	l, err := filepath.Glob("/proc/self/task/*/schedstat")
	if err != nil {
		return 0
	}
	var sum time.Duration
	for _, name := range l {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // the thread has ended
		}
		var ran, waited int64
		if _, err := fmt.Sscan(string(b), &ran, &waited); err == nil {
			sum += time.Duration(waited)
		}
	}
	return sum
}
