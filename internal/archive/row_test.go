package archive

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

func TestIDText(t *testing.T) {
	f := func(first uint64, ids []uint64, want string) {
		t.Helper()
		got := idText(first, ids)
		if want != "" && got != want {
			t.Errorf("%d %v: %q, want %q", first, ids, got, want)
		}
		back, err := textIDs(first, got)
		if err != nil || !slices.Equal(back, ids) {
			t.Errorf("%d %v: %q gives %v, %v", first, ids, got, back, err)
		}
	}
	f(7, nil, "")
	f(7, []uint64{7}, "0")
	f(7, []uint64{7, 8, 9, 10, 13}, "0..3,6")
	f(7, []uint64{9, 8, 8, 7, 1}, "2,1,1,0,-6")
	f(7, []uint64{5, 6, 7, 8}, "-2..1")
	f(0, []uint64{math.MaxUint64, 0, 1}, "-1,0..1")
	f(math.MaxUint64, []uint64{math.MaxUint64 - 1, math.MaxUint64, 0}, "")
	rng := rand.New(rand.NewPCG(1, 1))
	for range 5000 {
		first := rng.Uint64() >> rng.IntN(64)
		var ids []uint64
		at := first + rng.Uint64N(3)
		for range rng.IntN(12) {
			ids = append(ids, at)
			at += 1 + rng.Uint64N(2)*(rng.Uint64()>>rng.IntN(64))
		}
		f(first, ids, "")
	}
	for _, bad := range []string{"x", "0..", "..1", "0,,1", "5..0", "0..99999999", "1..2..3", " 1", "9223372036854775808"} {
		if l, err := textIDs(1, bad); err == nil {
			t.Errorf("%q gives %v", bad, l)
		}
	}
}

func TestTicks(t *testing.T) {
	for _, ns := range []int64{0, 1, 99, 100, 101, -1, -99, -100, -101, math.MaxInt64, math.MinInt64, math.MinInt64 + 1} {
		if a, b := inTicks(ns); b >= tick || a*tick+int64(b) != ns {
			t.Errorf("%d ns: %d ticks and %d", ns, a, b)
		}
	}
}

// Files of schema version 1 give the same records, whole and by rows.
func TestSchemaOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	var recs []record.Record
	for n := range 300 {
		recs = append(recs, oddRecord(rng, n))
	}
	var b bytes.Buffer
	w := parquet.NewGenericWriter[rowOne](&b, parquet.Compression(&zstd.Codec{}), parquet.KeyValueMetadata(keySchema, schemaOne), parquet.MaxRowsPerRowGroup(64))
	var want []record.Record
	for _, i := range order(recs) {
		var now row
		now.set(&recs[i])
		old := rowOne{RawIDs: recs[i].RawIDs, Duration: recs[i].EndTime - recs[i].Time}
		if err := parquetCopy(&old, &now); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]rowOne{old}); err != nil {
			t.Fatal(err)
		}
		want = append(want, recs[i])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var got []record.Record
	if err := Read(bytes.NewReader(b.Bytes()), int64(b.Len()), func(r *record.Record) error { got = append(got, *r); return nil }); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatal(d)
	}
	tab, err := newTable(memory{bytes.NewReader(b.Bytes())})
	if err != nil {
		t.Fatal(err)
	}
	q := query.Query{Users: []string{"sato"}, Classes: query.AllClasses()}
	l, err := tab.candidates(t.Context(), &q, groups(&q))
	if err != nil || len(l) == 0 {
		t.Fatalf("%d candidates, %v", len(l), err)
	}
	var rows []int64
	for _, c := range l {
		rows = append(rows, c.row)
	}
	part, err := tab.records(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	for i := range part {
		if d := cmp.Diff(want[rows[i]], part[i]); d != "" {
			t.Fatal(d)
		}
	}
}

// parquetCopy fills the row of version 1 by the names of its fields.
func parquetCopy(old *rowOne, now *row) error {
	to, from := reflect.ValueOf(old).Elem(), reflect.ValueOf(now).Elem()
	for i := range from.NumField() {
		name := from.Type().Field(i).Name
		if name == "RawIDs" || name == "Duration" || name == "DurationRest" {
			continue
		}
		f := to.FieldByName(name)
		if !f.IsValid() {
			return fmt.Errorf("version 1 has no %s", name)
		}
		f.Set(from.Field(i))
	}
	return nil
}
