package catalogue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/google/go-cmp/cmp"
)

// packed is a part's bytes.
func packed(t testing.TB, fn func(io.Writer) error) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := fn(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// write makes a part and opens it.
func write(t testing.TB, fn func(io.Writer) error) *Part {
	t.Helper()
	b := packed(t, fn)
	p, err := Open(bytes.NewReader(b), int64(len(b)), NewCache(0))
	if err != nil {
		t.Fatal(err)
	}
	if errs := p.Check(); len(errs) > 0 {
		t.Fatal(errs)
	}
	return p
}

// made makes records of some months with odd names.
func made(rng *rand.Rand, n int) []record.Record {
	pick := func(l ...string) string { return l[rng.IntN(len(l))] }
	l := make([]record.Record, n)
	for i := range l {
		root := pick(`D:\共有\人事`, `D:\共有\経理`, `d:\共有\人事`, `E:`)
		name := func() string {
			return root + pick(`\見積`, `\Ａ`, `\a`, `\ｶﾞ`, "") + pick(`\資料１.xlsx`, `\x.txt`, `\X.TXT:stream`, "\\\xed\xa0\x80", `\`+strings.Repeat("長", rng.IntN(40)), "", `\`)
		}
		r := &l[i]
		*r = record.Record{
			Server: "FS", Channel: "Security", FirstID: uint64(i), Time: time.Date(2026, time.Month(1+rng.IntN(6)), 1+rng.IntN(28), rng.IntN(24), 0, i, 0, time.UTC).UnixNano(),
			Op: record.Op(1 + rng.IntN(7)), Object: record.ObjectFile, Result: record.Success, Class: record.ClassUser, Path: name(),
		}
		if rng.IntN(3) > 0 {
			r.Share, r.ShareRoot = `\\FS\`+pick("人事", "data", "Ｄ"), uint32(len(root))
		}
		if rng.IntN(20) == 0 {
			r.Path, r.Share, r.ShareRoot = pick("", "名前のみ", `\\?\D:\共有\人事\x`, `\\FS\人事\a`), "", 0
		}
		if r.Op == record.OpRename || r.Op == record.OpMove || r.Op == record.OpCopy {
			r.NewPath = name()
		}
	}
	return l
}

// split writes records as some parts.
func split(t testing.TB, rng *rand.Rand, l []record.Record) Parts {
	builders := make([]*Builder, 1+rng.IntN(4))
	for i := range builders {
		builders[i] = NewBuilder("FS", time.UTC)
	}
	for i := range l {
		builders[rng.IntN(len(builders))].Add(&l[i])
	}
	var parts Parts
	for _, b := range builders {
		parts = append(parts, write(t, b.Write))
	}
	return parts
}

func TestMonthsMissNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	narrow := 0
	for range 40 {
		l := made(rng, 1+rng.IntN(30))
		parts := split(t, rng, l)
		for range 30 {
			q := drawQuery(rng, l)
			months, _, err := parts.Months(context.Background(), &q)
			if err != nil {
				t.Fatalf("Months(%+v): %v", q, err)
			}
			if len(months) == 0 {
				narrow++
			}
			m := query.NewMatcher(q)
			for i := range l {
				if at := MonthOf(time.Unix(0, l[i].Time).UTC()); m.Match(&l[i]) && !months.Has(at) {
					t.Fatalf("Months(%+v) = %v, but %+v is of %v", q, months, l[i], at)
				}
			}
		}
	}
	if narrow < 100 {
		t.Errorf("%d of 1200 queries have no month: it should leave out more", narrow)
	}
}

// drawQuery makes a condition, often from a piece of a record's paths.
func drawQuery(rng *rand.Rand, l []record.Record) query.Query {
	r := &l[rng.IntN(len(l))]
	s := r.Path
	switch rng.IntN(4) {
	case 0:
		s = r.UNC()
	case 1:
		s = strings.ToUpper(r.NewPath)
	case 2:
		s = []string{"nirgends", `D:\共有`, `\\fs\人事`, `//FS/data/見積`, `d:\`, ""}[rng.IntN(6)]
	}
	a := rng.IntN(len(s) + 1)
	piece := s[a : a+rng.IntN(len(s)-a+1)]
	switch rng.IntN(6) {
	case 0:
		return query.Query{Words: []string{piece}}
	case 1:
		return query.Query{Words: []string{piece, "x"}}
	case 2:
		return query.Query{Paths: []string{piece + "*", "*.nothing"}}
	case 3:
		return query.Query{Files: []string{s}}
	case 4:
		return query.Query{Folders: []string{s[:a]}}
	}
	return query.Query{Lives: []query.Life{{Server: "FS", Path: s, Folder: rng.IntN(2) == 0}}}
}

func TestMergeSaysWhatThePartsSay(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	for range 10 {
		l := made(rng, 1+rng.IntN(400))
		parts := split(t, rng, l)
		want := make(map[string]Entry)
		for i := range l {
			r := &l[i]
			m := MonthOf(time.Unix(0, r.Time).UTC())
			names := []string{r.Path}
			if r.NewPath != "" {
				names = append(names, r.NewPath)
			}
			for _, p := range names {
				e := want[p]
				want[p] = Entry{p, e.Months.with(m), e.N + 1}
			}
		}
		merged := write(t, func(w io.Writer) error { return Merge(w, parts...) })
		var got []Entry
		if err := merged.Each(func(e Entry) error {
			got = append(got, e)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(slices.SortedFunc(maps.Values(want), func(a, b Entry) int { return paths.Compare(a.Path, b.Path) }), got); diff != "" {
			t.Fatalf("merged: %s", diff)
		}
	}
}

// TestCountedPaths gives an Acts paths with numbers and counts, of several months.
func TestCountedPaths(t *testing.T) {
	l := goldenRecords()
	a, b := NewBuilder("FS", time.UTC), NewActs()
	numbers, months := make(map[string]uint32), make(map[Month][]Named)
	number := func(path string, m Month) uint32 {
		n, ok := numbers[path]
		if !ok {
			n = uint32(3 * len(numbers))
			numbers[path] = n
		}
		at := slices.IndexFunc(months[m], func(p Named) bool { return p.Path == path })
		if at < 0 {
			at = len(months[m])
			months[m] = append(months[m], Named{Path: path, Number: n})
		}
		months[m][at].N++
		return n
	}
	for i := range l {
		r := &l[i]
		if i%2 == 1 { // each path in two months or one
			r.Time += int64(31 * 24 * time.Hour)
		}
		a.Add(r)
		m := MonthOf(time.Unix(0, r.Time).UTC())
		path, newPath := number(r.Path, m), uint32(0)
		if r.NewPath != "" {
			newPath = number(r.NewPath, m)
		}
		b.Add(r, path, newPath)
	}
	for _, l := range months {
		slices.SortFunc(l, func(x, y Named) int { return paths.Compare(x.Path, y.Path) })
	}
	if len(months) < 2 || b.Len() == 0 {
		t.Fatalf("%d months, %d acts", len(months), b.Len())
	}
	if x, y := packed(t, a.Write), packed(t, func(w io.Writer) error { return b.Write(w, "FS", months, nil) }); !bytes.Equal(x, y) {
		t.Errorf("%d bytes by records, %d by counts: they differ", len(x), len(y))
	}
}

func TestComplete(t *testing.T) {
	b := NewBuilder("FS", time.UTC)
	for i, p := range []string{`D:\共有\見積`, `D:\共有\見積`, `D:\共有\請求`, `D:\共有`, `E:\古い\D:\共有`, `E:\ｷｮｳ`} {
		b.Add(&record.Record{Path: p, FirstID: uint64(i)})
	}
	parts := Parts{write(t, b.Write)}
	f := func(typed string, limit int, want ...string) {
		t.Helper()
		l, err := parts.Complete(context.Background(), typed, limit, query.Extent{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range l {
			got = append(got, e.Path)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Complete(%q, %d): %s", typed, limit, diff)
		}
	}
	f(`d:\共有`, 9, `D:\共有`, `D:\共有\見積`, `D:\共有\請求`, `E:\古い\D:\共有`)
	f(`d:/共有`, 1, `D:\共有`)
	f(`有\見`, 9, `D:\共有\見積`)
	f(``, 2, `D:`, `E:`)
	f(`キョ`, 9, `E:\ｷｮｳ`)
	f(`nothing`, 9)
	f(`共有`, 0)
}

// TestEveryByteIsGuarded flips each byte of a part: damage is found, and named
// by where the piece that holds the byte begins.
func TestEveryByteIsGuarded(t *testing.T) {
	b := NewBuilder("FS", time.UTC)
	for _, r := range made(rand.New(rand.NewPCG(1, 1)), 600) {
		b.Add(&r)
	}
	good := packed(t, b.Write)
	p, err := Open(bytes.NewReader(good), int64(len(good)), NewCache(0))
	if err != nil || len(good) > 64<<10 {
		t.Fatal(err, len(good))
	}
	starts := []int64{0}
	for _, x := range p.blocks {
		starts = append(starts, x.offset)
	}
	last := p.blocks[len(p.blocks)-1]
	starts = append(starts, last.offset+int64(last.size), int64(len(good)-trailerSize))
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1 << (i % 8)
		var errs []error
		if p, err := Open(bytes.NewReader(bad), int64(len(bad)), NewCache(0)); err != nil {
			errs = []error{err}
		} else {
			errs = p.Check()
		}
		at, _ := slices.BinarySearch(starts, int64(i)+1)
		var d *DamageError
		if len(errs) != 1 || !errors.As(errs[0], &d) || d.Offset != starts[at-1] {
			t.Fatalf("byte %d of %d: %v, want damage at %d", i, len(good), errs, starts[at-1])
		}
	}
	for n := range len(good) {
		if _, err := Open(bytes.NewReader(good[:n]), int64(n), NewCache(0)); err == nil {
			t.Fatalf("cut to %d bytes it opens", n)
		}
	}
}

// TestGolden opens a part that an earlier version wrote. AKASHI_GOLDEN=1 writes
// it anew, which is right only with a new version of the format.
func TestGolden(t *testing.T) {
	const name = "testdata/part1.akcat"
	if os.Getenv("AKASHI_GOLDEN") != "" {
		b := NewBuilder("FS01.example.jp", time.UTC)
		for _, r := range goldenRecords() {
			b.Add(&r)
		}
		if err := os.WriteFile(name, packed(t, b.Write), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Open(bytes.NewReader(data), int64(len(data)), NewCache(0))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := p.Each(func(e Entry) error {
		got = append(got, fmt.Sprintf("%q %v %d", e.Path, e.Months, e.N))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	s, err := Parts{p}.Follow(context.Background(), `d:\共有\案\見積１.XLSX`, goldenRecords()[1].Time, query.Extent{})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range s.Lives {
		got = append(got, fmt.Sprintf("%s %q %v %d %d", l.Server, l.Path, l.Folder, l.From, l.To))
	}
	got = append(got, fmt.Sprint(s.Copies, p.roots))
	want, err := os.ReadFile("testdata/part1.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(strings.TrimSuffix(string(want), "\n"), "\n"), got); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
}

func goldenRecords() []record.Record {
	at := func(month time.Month, day int) int64 {
		return time.Date(2026, month, day, 0, 0, 0, 0, time.UTC).UnixNano()
	}
	r := func(t int64, op record.Op, path, to string) record.Record {
		return record.Record{Channel: "Security", FirstID: uint64(t), Time: t, Op: op, Path: path, NewPath: to, Object: record.ObjectFile, Result: record.Success, Share: `\\FS01\共有`, ShareRoot: uint32(len(`D:\共有`))}
	}
	return []record.Record{
		r(at(1, 5), record.OpCreate, `D:\共有\案\見積１.xlsx`, ""),
		r(at(1, 6), record.OpRead, `D:\共有\案\見積１.xlsx`, ""),
		r(at(2, 1), record.OpCopy, `D:\共有\案\見積１.xlsx`, `D:\共有\写し.xlsx`),
		r(at(2, 2), record.OpRename, `D:\共有\案`, `D:\共有\確定`),
		r(at(3, 3), record.OpMove, `D:\共有\確定\見積１.xlsx`, `D:\共有\Final.xlsx`),
		r(at(3, 4), record.OpRead, "D:\\共有\\\xed\xa0\x80.txt", ""),
		r(at(4, 4), record.OpDelete, `D:\共有\final.XLSX`, ""),
		r(at(4, 5), record.OpCreate, `D:\共有\final.XLSX`, ""),
		r(at(4, 6), record.OpRead, `d:\共有\ｶﾞ.txt`, ""),
		r(at(5, 1), record.OpRename, `D:\共有\無題`, ""),
	}
}
