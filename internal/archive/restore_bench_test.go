//go:build unix

package archive

import (
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/facets"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/restored"
)

// Twenty days, read in the archive and as they are restored. AKASHI_BENCH_ROWS is the
// records of a day.
func BenchmarkRestored20Days(b *testing.B) {
	rows := 20_000
	if n, err := strconv.Atoi(os.Getenv("AKASHI_BENCH_ROWS")); err == nil {
		rows = n
	}
	plain := sealedDays(b, 20, rows)
	shelf, err := restored.Open(b.TempDir(), restored.Options{Zone: time.UTC})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(shelf.Close)
	quick, err := Open(plain.objects, Options{Zone: time.UTC, Dir: plain.opt.Dir, Restored: shelf})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(quick.Close)
	if err := quick.Refresh(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.Run("restore", func(b *testing.B) {
		var sealed, made, n int64
		before := processorTime()
		for b.Loop() {
			sealed, made, n = 0, 0, 0
			for _, d := range quick.Stored() {
				s, err := quick.Restore(context.Background(), d.Server, d.Day, RestoreOptions{At: time.Now().UnixNano()})
				if err != nil {
					b.Fatal(err)
				}
				sealed, made, n = sealed+d.Bytes, made+s.Bytes(), n+s.Records+s.Superseded
			}
		}
		b.ReportMetric(float64((processorTime()-before).Milliseconds())/float64(b.N), "cpu-ms/op")
		b.ReportMetric(float64(sealed)/float64(n), "sealed-B/record")
		b.ReportMetric(float64(made)/float64(n), "restored-B/record")
	})
	var r record.Record
	err = plain.Records(context.Background(), "FS1", DayName(int(start/dayNS)+7), func(x *record.Record) error {
		if r = *x; r.Class != record.ClassUser || r.Path == "" {
			return nil
		}
		return io.EOF
	})
	if !errors.Is(err, io.EOF) {
		b.Fatal(err)
	}
	person := query.Query{Users: []string{r.User}, Limit: 1000}
	count := func(q query.Query) func(a *Archive) (int, error) {
		return func(a *Archive) (int, error) {
			c := facets.New(&q, time.UTC)
			if _, err := a.Count(context.Background(), q, nil, nil, c); err != nil {
				return 0, err
			}
			f, err := c.Facets(context.Background())
			if err != nil {
				return 0, err
			}
			return int(f.Total), nil
		}
	}
	for _, x := range []struct {
		name string
		ask  func(a *Archive) (int, error)
	}{
		{"person", func(a *Archive) (int, error) {
			p, err := a.Search(context.Background(), person, nil)
			if err != nil {
				return 0, err
			}
			return len(p.Records), nil
		}},
		{"person counted", count(query.Query{Users: []string{r.User}, Lists: query.ListResults})},
		{"all counted", count(query.Query{Classes: query.AllClasses()})},
		{"word counted", count(query.Query{Words: []string{"見積"}, Lists: query.ListResults})},
		{"record", func(a *Archive) (int, error) { _, err := a.Record(context.Background(), r.ID()); return 1, err }},
	} {
		for name, a := range map[string]*Archive{"archive": plain, "restored": quick} {
			b.Run(x.name+"/"+name, func(b *testing.B) {
				n, before := 0, processorTime()
				for b.Loop() {
					if n, err = x.ask(a); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(n), "records")
				b.ReportMetric(float64((processorTime()-before).Milliseconds())/float64(b.N), "cpu-ms/op")
			})
		}
	}
}
