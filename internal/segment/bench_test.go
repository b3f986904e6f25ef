//go:build unix

package segment

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/facets"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/simulate"
)

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestScale prints the figures of PERFORMANCE.md for SEGMENT_ROWS rows.
func TestScale(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("SEGMENT_ROWS"))
	if n == 0 {
		t.Skip("set SEGMENT_ROWS")
	}
	const flush = 256 << 10
	b, err := simulate.NewBulk(simulate.BulkOptions{Seed: 1, Records: n})
	if err != nil {
		t.Fatal(err)
	}
	zone := b.Start().Location()
	cache, err := NewCache(256 << 20)
	if err != nil {
		t.Fatal(err)
	}
	open := func(data []byte, name string) *Segment {
		s, err := Open(bytes.NewReader(data), int64(len(data)), OpenOptions{Name: name, Cache: cache})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	small := map[Month][]*Segment{}
	var add, write time.Duration
	smallBytes := int64(0)
	l := make([]record.Record, 4096)
	seq := uint64(0)
	for done := 0; done < n; {
		bl := NewBuilder(b.Server(), false, Options{Zone: zone, Level: 1})
		for bl.Len() < flush && done < n {
			k := b.Next(l)
			seq++
			at := cpu()
			for i := range l[:k] {
				l[i].Received = l[i].Time + 1e9
				l[i].Received = l[k-1].Time + 1e9
				bl.Add(&l[i], seq)
			}
			add += cpu() - at
			done += k
		}
		at := cpu()
		for _, m := range bl.Months() {
			var buf bytes.Buffer
			if _, err := bl.WriteMonth(&buf, m); err != nil {
				t.Fatal(err)
			}
			small[m] = append(small[m], open(bytes.Clone(buf.Bytes()), fmt.Sprint(m, len(small[m]))))
			smallBytes += int64(buf.Len())
		}
		write += cpu() - at
	}
	mergeSmall(t, b, open, small, add, write, smallBytes, n)
}

// mergeSmall joins the small segments and asks the questions.
func mergeSmall(t *testing.T, b *simulate.Bulk, open func([]byte, string) *Segment, small map[Month][]*Segment, add, write time.Duration, smallBytes int64, n int) {
	zone := b.Start().Location()
	us := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / float64(n) }
	t.Logf("add %.0f ns/row, write %.0f ns/row, small segments %.2f B/row", us(add), us(write), float64(smallBytes)/float64(n))
	var months []*Segment
	at := cpu()
	cols := map[string]int64{}
	total := int64(0)
	for m, in := range small {
		var buf bytes.Buffer
		meta, err := Merge(context.Background(), &buf, in, View{}, Options{Zone: zone, Level: mergeLevel()})
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range meta.Columns {
			cols[k] += v
		}
		total += meta.Size
		months = append(months, open(bytes.Clone(buf.Bytes()), m.String()))
		delete(small, m)
	}
	t.Logf("merge %.0f ns/row, %.2f B/row", us(cpu()-at), float64(total)/float64(n))
	for _, k := range slices.Sorted(func(yield func(string) bool) {
		for k := range cols {
			if !yield(k) {
				return
			}
		}
	}) {
		t.Logf("  %-16s %6.3f", k, float64(cols[k])/float64(n))
	}
	slices.SortFunc(months, func(a, b *Segment) int { return int(b.Meta().Days[0].Day - a.Meta().Days[0].Day) })
	runtime.GC()
	queries(t, b, months)
}

func queries(t *testing.T, b *simulate.Bulk, months []*Segment) {
	last := int64(0)
	for _, s := range months {
		last = max(last, s.Meta().Last)
	}
	top := func(q query.Query) int {
		f := NewFilter(q)
		n := 0
		for _, s := range months {
			days := s.Meta().Days
			for i := len(days) - 1; i >= 0 && n < 100; i-- {
				l, err := s.Top(context.Background(), f, View{}, days[i].Day, nil, 100-n)
				if err != nil {
					t.Fatal(err)
				}
				n += len(l)
			}
		}
		return n
	}
	count := func(lists query.Lists) func(q query.Query) int {
		return func(q query.Query) int {
			q.Lists = lists
			c := facets.New(&q, b.Start().Location())
			f := NewFilter(q)
			for _, s := range months {
				if err := s.Count(context.Background(), f, View{}, c); err != nil {
					t.Fatal(err)
				}
			}
			return int(facetsOf(t, c).Total)
		}
	}
	for _, x := range []struct {
		name string
		run  func(query.Query) int
		q    query.Query
	}{
		{"newest of a person", top, query.Query{Users: []string{b.User(50)}}},
		{"newest of a person, op, word", top, query.Query{Users: []string{b.User(50)}, Ops: []record.Op{record.OpWrite, record.OpDelete, record.OpRename}, Words: []string{b.CommonWord(0)}}},
		{"newest of all", top, query.Query{}},
		{"facets of a person", count(query.ListOps | query.ListDays | query.ListPaths), query.Query{Users: []string{b.User(50)}}},
		{"facets of a person, all lists", count(0), query.Query{Users: []string{b.User(50)}}},
		{"facets of the heaviest", count(query.ListOps | query.ListDays | query.ListPaths), query.Query{Users: []string{b.User(0)}}},
		{"facets of the heaviest, all lists", count(0), query.Query{Users: []string{b.User(0)}}},
		{"a client's week", top, query.Query{Clients: []string{b.Client(50)}, From: last - 7*86400e9}},
		{"rare file", count(query.ListPeople), query.Query{Files: []string{b.RareFile(0)}}},
		{"hot file", count(query.ListPeople), query.Query{Files: []string{b.Hot(0)}}},
		{"folder", count(query.ListPeople), query.Query{Folders: []string{b.YearFolder(0, 2022)}}},
		{"rare word", count(query.ListPeople), query.Query{Words: []string{b.RareWord(0)}}},
		{"common word", count(query.ListPeople), query.Query{Words: []string{b.CommonWord(0)}}},
		{"rare word, newest", top, query.Query{Words: []string{b.RareWord(0)}}},
		{"day×op×result", count(query.ListDays | query.ListOps | query.ListResults), query.Query{}},
		{"refusals", count(query.ListPeople), query.Query{Results: []record.Result{record.Denied}}},
		{"all lists of everything", count(0), query.Query{}},
	} {
		x.q.Classes = query.AllClasses()
		var best, cold time.Duration
		n := 0
		for i := range 4 {
			at := cpu()
			n = x.run(x.q)
			d := cpu() - at
			if i == 0 {
				cold = d
			}
			if i == 0 || d < best {
				best = d
			}
		}
		t.Logf("%-36s %8.1f ms first %8.1f ms, %d rows", x.name, float64(best.Microseconds())/1000, float64(cold.Microseconds())/1000, n)
	}
}

// mergeLevel is the level of zstd that SEGMENT_LEVEL asks for.
func mergeLevel() int {
	n, _ := strconv.Atoi(os.Getenv("SEGMENT_LEVEL"))
	return n
}
