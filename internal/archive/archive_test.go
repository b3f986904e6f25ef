package archive

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/akashi-audit/akashi/internal/record"
)

func sample() []record.Record {
	return []record.Record{
		{
			Server: "FS1", Channel: "Security", Generation: math.MaxUint32, FirstID: math.MaxUint64, Ordinal: math.MaxUint32,
			Time: 1_800_000_000_123_456_700, EndTime: 1_800_000_001_000_000_000, Received: 1_800_000_002_000_000_001,
			Source: "windows", User: `CORP\田中`, SID: "S-1-5-21-1", ClientIP: "10.0.0.1", ClientName: "PC1", Session: math.MaxUint64,
			Op: record.OpRename, Path: `D:\共有\見積.xlsx`, NewPath: `D:\共有\見積_改.xlsx`, Share: `\\FS1\共有`, ShareRoot: 9,
			Object: record.ObjectFile, Result: record.Success, Process: `C:\x.exe`, Count: math.MaxUint32, Confidence: record.Inferred, Rule: "R1", Class: record.ClassUser,
			Detail: []record.Pair{{Key: "a", Value: `quote " and \`}, {Key: "b", Value: "改行\n"}}, RawIDs: []uint64{1, 5, math.MaxUint64},
			RulesVersion: math.MaxUint32, SupersededBy: math.MaxUint32,
		},
		{ // the least, and the ends of time
			Time: math.MaxInt64, EndTime: math.MinInt64, Op: record.OpRead, Object: record.ObjectFile, Result: record.Denied, Confidence: record.Certain, Class: record.ClassSystem,
		},
		{ // names that are no UTF-8
			User: `CORP\suzuki`, Time: 7, EndTime: 7, Op: record.OpPrint, Object: record.ObjectPrinter, Result: record.Failure, Confidence: record.Certain, Class: record.ClassBackground,
			Path: "D:\\\xed\xa0\x80.txt", NewPath: "\xff\x00",
			Detail: []record.Pair{{Key: "k\xff", Value: ""}, {Key: "z", Value: "\xed\xa0\x80"}}, RawIDs: []uint64{9},
		},
		{ // details out of order are kept as they are
			User: `CORP\suzuki`, Time: 6, EndTime: 9, Op: record.OpList, Object: record.ObjectDirectory, Result: record.Success, Confidence: record.Certain, Class: record.ClassUser,
			Detail: []record.Pair{{Key: "b", Value: "1"}, {Key: "a", Value: "2"}, {Key: "a", Value: "2"}},
		},
	}
}

func readAll(b []byte) (l []record.Record, err error) {
	err = Read(bytes.NewReader(b), int64(len(b)), func(r *record.Record) error {
		l = append(l, *r)
		return nil
	})
	return l, err
}

func write(t *testing.T, l []record.Record) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, l); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestEveryFieldComesBack(t *testing.T) {
	// The sample must have a value in every field, or the test proves little.
	filled := reflect.ValueOf(sample()[0])
	for i := range filled.NumField() {
		if filled.Field(i).IsZero() {
			t.Errorf("the sample has no %s", filled.Type().Field(i).Name)
		}
	}
	l := sample()
	got, err := readAll(write(t, l))
	if err != nil {
		t.Fatal(err)
	}
	want := []record.Record{l[1], l[3], l[2], l[0]} // by user, then time
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("other records came back (-want +got):\n%s", d)
	}
	if d := cmp.Diff(sample(), l); d != "" {
		t.Errorf("Write changed its records:\n%s", d)
	}
}

func TestOrderDoesNotMatter(t *testing.T) {
	var l []record.Record
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 3000 {
		r := sample()[rng.IntN(3)]
		r.FirstID, r.Time, r.Ordinal = uint64(rng.IntN(40)), int64(rng.IntN(40)), uint32(i)
		l = append(l, r)
	}
	a := write(t, l)
	rng.Shuffle(len(l), func(i, j int) { l[i], l[j] = l[j], l[i] })
	if !bytes.Equal(a, write(t, l)) {
		t.Error("the same records in another order gave another file")
	}
	got, err := readAll(a)
	if err != nil || len(got) != len(l) {
		t.Fatalf("%d records, %v", len(got), err)
	}
	if !slices.IsSortedFunc(got, func(a, b record.Record) int {
		if a.User != b.User {
			return bytes.Compare([]byte(a.User), []byte(b.User))
		}
		return int(a.Time - b.Time)
	}) {
		t.Error("the rows are not by user and time")
	}
}

func TestEmpty(t *testing.T) {
	if got, err := readAll(write(t, nil)); err != nil || len(got) != 0 {
		t.Errorf("%d records, %v", len(got), err)
	}
}

func TestErrorOfFunctionComesBack(t *testing.T) {
	b, stop := write(t, sample()), errors.New("enough")
	if err := Read(bytes.NewReader(b), int64(len(b)), func(*record.Record) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}

func TestForeignParquet(t *testing.T) {
	type other struct{ Server, User string }
	var b bytes.Buffer
	if err := parquet.Write(&b, []other{{"a", "b"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := readAll(b.Bytes()); !errors.Is(err, ErrSchema) {
		t.Errorf("a foreign file: %v, want %v", err, ErrSchema)
	}
}

// Damage gives an error or, where Parquet has no checksum, other values: never
// a panic.
func TestDamage(t *testing.T) {
	b := write(t, sample())
	step := 41
	if os.Getenv("AKASHI_LONG") != "" {
		step = 1
	}
	for i := 0; i < len(b); i += step {
		d := bytes.Clone(b)
		d[i] ^= 0xff
		_, _ = readAll(d)
		if _, err := readAll(b[:i]); err == nil {
			t.Fatalf("no error of a file cut at %d", i)
		}
	}
}
