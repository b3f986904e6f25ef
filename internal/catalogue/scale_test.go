package catalogue

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestScale prints sizes and CPU times of parts of a month's records: as many
// as AKASHI_SCALE says, in flushes of 256 k records, with as many paths,
// renames, copies and deletions as the measured store had.
func TestScale(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("AKASHI_SCALE"))
	if n == 0 {
		t.Skip("AKASHI_SCALE is not set")
	}
	rng := rand.New(rand.NewPCG(3, 3))
	name := func(i int) string {
		return fmt.Sprintf(`D:\Shares\部門%d\%d年度\取引先%d\%s_%d%s.xlsx`, i%10, 2015+i%7, i*7919%8000, []string{"見積書", "請求書", "Report", "議事録"}[i%4], i%100000, []string{"", "_v2", "（案）", "_最終"}[i/100000%4])
	}
	files := n * 11 / 200
	var parts Parts
	from := cpu()
	size, flushes, created := 0, 0, 0
	for at := 0; at < n; at += 256 << 10 {
		b := NewBuilder("FS", time.UTC)
		for i := at; i < min(n, at+256<<10); i++ {
			r := record.Record{Server: "FS", Channel: "Security", FirstID: uint64(i), Time: int64(i)*1.3e8 + rng.Int64N(1e6)*100, Result: record.Success, Object: record.ObjectFile, Op: record.OpRead}
			file := int(float64(files) * rng.Float64() * rng.Float64())
			r.Path = name(file)
			switch x := rng.IntN(1000); {
			case x < 21:
				r.Op, r.NewPath = record.OpRename, name(rng.IntN(files))
			case x < 36:
				r.Op, r.NewPath = record.OpCopy, name(rng.IntN(files))
			case x < 76:
				r.Op = record.OpDelete
			case x < 136:
				r.Op, r.Path = record.OpCreate, name(created)
				created++
			}
			b.Add(&r)
		}
		p := write(t, b.Write)
		parts = append(parts, p)
		size += int(p.blocks[len(p.blocks)-1].offset)
		flushes++
	}
	t.Logf("%d flushes, %.2f B/record, %v CPU", flushes, float64(size)/float64(n), cpu()-from)
	from = cpu()
	var buf bytes.Buffer
	if err := Merge(&buf, parts...); err != nil {
		t.Fatal(err)
	}
	t.Logf("merge %v CPU, %.2f B/record", cpu()-from, float64(buf.Len())/float64(n))
	merged, err := Open(bytes.NewReader(buf.Bytes()), int64(buf.Len()), NewCache(256<<20))
	if err != nil {
		t.Fatal(err)
	}
	var by [5]int
	for _, x := range merged.blocks {
		by[x.kind] += x.size
	}
	for kind, what := range []string{"", "pages", "index", "months and counts", "touches"} {
		t.Logf("%s: %.3f B/record", what, float64(by[kind])/float64(n))
	}
	all := Parts{merged}
	for i := range 3 {
		from = cpu()
		if _, _, err := all.Months(context.Background(), &query.Query{Words: []string{"請求書_4711"}}); err != nil {
			t.Fatal(err)
		}
		t.Logf("months of a word: %v", cpu()-from)
		from = cpu()
		s, err := all.Follow(context.Background(), name(i*1000), int64(n)*6e7, query.Extent{})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("follow: %v, %d lives, %d copies", cpu()-from, len(s.Lives), len(s.Copies))
		from = cpu()
		l, err := all.Complete(context.Background(), "見積", 20, query.Extent{})
		t.Logf("complete: %v, %d, %v", cpu()-from, len(l), err)
	}
}

func BenchmarkBuild(b *testing.B) {
	rng := rand.New(rand.NewPCG(3, 3))
	l := make([]record.Record, 256<<10)
	for i := range l {
		f := rng.IntN(60_000)
		l[i] = record.Record{Server: "FS", Channel: "Security", FirstID: uint64(i), Time: int64(i) * 1e7, Result: record.Success, Object: record.ObjectFile, Op: record.OpRead,
			Path: fmt.Sprintf(`D:\Shares\部門%d\%d年度\取引先%d\見積書_%d.xlsx`, f%10, 2015+f%7, f*7919%8000, f), Share: `\\FS\Shares`, ShareRoot: 9}
		if i%25 == 0 {
			l[i].Op = record.OpDelete
		}
	}
	from := cpu()
	for b.Loop() {
		x := NewBuilder("FS", time.UTC)
		for i := range l {
			x.Add(&l[i])
		}
		if err := x.Write(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpu()-from)/float64(b.N)/float64(len(l)), "cpu-ns/record")
}
