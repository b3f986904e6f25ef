package segment

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/akashi-audit/akashi/internal/facets"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestEveryByte flips each byte of a segment: it is found, named, and what it
// does not hold is served exactly.
func TestEveryByte(t *testing.T) {
	ctx := context.Background()
	rows := testRecords(11, 16, false)
	want := map[record.ID]record.Record{}
	for _, s := range rows {
		want[s.r.ID()] = s.r
	}
	_, data := buildSegment(t, rows, false)
	if len(data) > 64<<10 {
		t.Fatalf("segment of %d bytes", len(data))
	}
	cache, err := NewCache(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	all := NewFilter(query.Query{Classes: query.AllClasses()})
	least := len(rows)
	for i := range data {
		data[i] ^= 1 << (i % 8)
		told := 0
		s, err := Open(bytes.NewReader(data), int64(len(data)), OpenOptions{Name: "x", Cache: cache, Damaged: func(*DamageError) { told++ }})
		if err != nil {
			t.Fatalf("byte %d: %v", i, err)
		}
		served := 0
		err = s.Each(ctx, all, View{}, func(r *record.Record, _ uint64) error {
			if served++; !cmp.Equal(want[r.ID()], *r, cmpopts.EquateEmpty()) {
				t.Errorf("byte %d: record %s differs", i, r.ID())
			}
			return nil
		})
		if err != nil {
			t.Fatalf("byte %d: %v", i, err)
		}
		least = min(least, served)
		if err := s.Count(ctx, all, View{}, facets.New(&query.Query{}, tokyo())); err != nil {
			t.Fatalf("byte %d: count: %v", i, err)
		}
		late := NewFilter(query.Query{Classes: query.AllClasses()})
		late.Late()
		late.Once(true, true)
		c := facets.New(&query.Query{Lists: query.ListPeople}, tokyo())
		if err := s.Count(ctx, late, View{}, c); err != nil {
			t.Fatalf("byte %d: count: %v", i, err)
		}
		if err := c.ReadTimes(); err != nil && !isDamage(err) {
			t.Fatalf("byte %d: times: %v", i, err)
		}
		damages, err := s.Check(ctx)
		found := false
		for _, d := range damages {
			found = found || d.Offset <= int64(i) && int64(i) < d.Offset+d.Size
		}
		if err != nil || !found || told == 0 {
			t.Fatalf("byte %d: Check = %v, %v; told %d times", i, damages, err, told)
		}
		data[i] ^= 1 << (i % 8)
		if i%97 != 0 {
			continue
		}
		data[i] ^= 1 << (i % 8)
		var buf bytes.Buffer
		if m, err := Merge(ctx, &buf, []*Segment{s}, View{}, Options{Zone: tokyo()}); err == nil && m.Rows != int64(len(rows)) || err != nil && !isDamage(err) {
			t.Fatalf("byte %d: merge of %d rows gives %v, %v", i, len(rows), m, err)
		}
		data[i] ^= 1 << (i % 8)
	}
	if least == len(rows) {
		t.Error("no byte cost a record")
	}
}

// FuzzOpen reads any bytes.
func FuzzOpen(f *testing.F) {
	_, data := buildSegment(f, testRecords(11, 40, false), false)
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Open(bytes.NewReader(data), int64(len(data)), OpenOptions{})
		if err != nil {
			return
		}
		s.fuzz(t)
	})
}

// FuzzParts puts bytes in the place of unpacked parts, past the checksums.
func FuzzParts(f *testing.F) {
	s, _ := buildSegment(f, testRecords(11, 40, false), false)
	un := s.opt.Cache.un
	p := s.parts[0]
	dir, err := p.directory()
	if err != nil {
		f.Fatal(err)
	}
	for c := range numCols {
		b, err := s.chunk(dir.blocks[0].off(c), dir.blocks[0].chunks[c])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, dir.blocks[0].rows)
	}
	for _, at := range []section{s.foot, s.tabsAt, s.usualAt, p.info.dir} {
		b, err := s.section(at)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, 7)
	}
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		n = min(max(n, 0), blockRows)
		if c, err := readNumbers(un, b, n); err == nil {
			l := make([]uint64, n)
			c.read(l, 0)
			for i := range l {
				one := []uint64{0}
				c.gather(one, []uint16{uint16(i)})
				if one[0] != l[i] {
					t.Fatalf("row %d: read %d, gather %d", i, l[i], one[0])
				}
			}
		}
		if v, err := readRaw(un, b, n); err == nil {
			for i := range n {
				v.ids(nil, i, 1)
			}
		}
		_, _, _ = readDetails(un, b, n)
		decodeTables(&decoder{b: b})
		_, _ = (&part{seg: s, info: p.info}).decode(b)
		_ = (&Segment{}).footer(b)
		_ = (&Segment{tables: s.tables, meta: s.meta}).readUsual(b)
	})
}

func (s *Segment) fuzz(t *testing.T) {
	ctx := context.Background()
	q := query.Query{Words: []string{"a"}, Classes: query.AllClasses()}
	for _, f := range []*Filter{NewFilter(query.Query{Classes: query.AllClasses()}), NewFilter(q)} {
		_ = s.Each(ctx, f, View{}, func(*record.Record, uint64) error { return nil })
		_ = s.Count(ctx, f, View{}, facets.New(&q, tokyo()))
	}
	_, _ = s.Check(ctx)
	var d *DamageError
	if _, err := Merge(ctx, &bytes.Buffer{}, []*Segment{s}, View{}, Options{Zone: tokyo()}); err != nil && errors.As(err, &d) && d.Reason == "" {
		t.Error("damage without a reason")
	}
}

var update = flag.Bool("update", false, "write the golden segment anew")

// TestGolden opens segments of each version of the format.
func TestGolden(t *testing.T) {
	name := filepath.Join("testdata", "v1.segment")
	rows := testRecords(21, 60, false)
	if *update {
		_, data := buildSegment(t, rows, false)
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
		var lines []byte
		for _, w := range naive(rows, query.Query{Classes: query.AllClasses()}, View{}, nil) {
			lines = append(w.r.AppendJSON(lines), '\n')
		}
		if err := os.WriteFile(filepath.Join("testdata", "v1.jsonl"), lines, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	s := openSegment(t, data)
	got := topAll(t, s, NewFilter(query.Query{Classes: query.AllClasses()}), View{}, 1000)
	want := records(naive(rows, query.Query{Classes: query.AllClasses()}, View{}, nil))
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
}
