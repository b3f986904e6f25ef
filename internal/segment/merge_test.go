package segment

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestMerge(t *testing.T) {
	ctx := context.Background()
	for _, superseded := range []bool{false, true} {
		rows := testRecords(5, 700, superseded)
		var in []*Segment
		for part := range slices.Chunk(rows, 250) {
			s, _ := buildSegment(t, part, superseded)
			in = append(in, s)
		}
		again := slices.Clone(rows[100:300]) // came again later
		for i := range again {
			again[i].seq += 100
			if !superseded {
				again[i].r.Received += 1e12
			}
		}
		want := rows
		if !superseded {
			s, _ := buildSegment(t, again, superseded)
			in = append(in, s)
			want = append(append(slices.Clone(rows[:100]), rows[300:]...), again...)
		}
		merged := mergeSegments(t, in, View{})
		checkQueries(t, merged, want, 6, 50)
		g := rand.New(rand.NewPCG(9, 9))
		for range 10 {
			v, hide := testView(g)
			left := naive(want, query.Query{Classes: query.AllClasses()}, v, hide)
			var buf bytes.Buffer
			meta, err := Merge(ctx, &buf, []*Segment{merged}, v, Options{Zone: tokyo()})
			if len(left) == 0 {
				if !errors.Is(err, ErrNoRows) {
					t.Fatalf("merge of no rows: %v", err)
				}
				continue
			}
			if err != nil || meta.Rows != int64(len(left)) {
				t.Fatalf("merge: %v, %+v", err, meta)
			}
			checkQueries(t, openSegment(t, buf.Bytes()), left, 7, 10)
		}
	}
}

func mergeSegments(t *testing.T, in []*Segment, v View) *Segment {
	t.Helper()
	var buf bytes.Buffer
	meta, err := Merge(context.Background(), &buf, in, v, Options{Zone: tokyo()})
	if err != nil {
		t.Fatal(err)
	}
	s := openSegment(t, buf.Bytes())
	if d := cmp.Diff(meta, s.Meta()); d != "" {
		t.Fatalf("Meta of the merge and of the reader differ: %s", d)
	}
	return s
}

// TestExact stores odd values.
func TestExact(t *testing.T) {
	long := string(bytes.Repeat([]byte("長"), 32767))
	for _, at := range []int64{0, 1, -1, math.MinInt64, math.MaxInt64, month0() + 1} {
		many := make([]uint64, 3000)
		for i := range many {
			many[i] = uint64(i) * 0x123456789abcdef
		}
		rows := []stored{
			{record.Record{Time: at, EndTime: math.MaxInt64, Received: math.MinInt64, Path: long, NewPath: "\xed\xbf\xbf", FirstID: math.MaxUint64, Session: math.MaxUint64,
				Generation: math.MaxUint32, Ordinal: math.MaxUint32, Count: math.MaxUint32, ShareRoot: math.MaxUint32, RawIDs: many, Detail: []record.Pair{{Key: "", Value: ""}, {Key: "a", Value: long}},
				Op: 255, Object: 255, Result: 255, Confidence: 255, Class: 1, RulesVersion: math.MaxUint32, Rule: "\x00", User: "\xff", SID: "s", Share: "x"}, math.MaxUint64},
			{record.Record{Time: at, EndTime: math.MinInt64, Class: 1}, 0},
			{record.Record{Time: at, EndTime: at, Class: 1, FirstID: 5, RawIDs: []uint64{5}, Path: "p", NewPath: "P", Share: "s", ShareRoot: 1}, 7},
		}
		for i := range rows {
			rows[i].r.Server = "FS01.example.co.jp"
		}
		s, _ := buildSegment(t, rows, false)
		got := topAll(t, s, NewFilter(query.Query{}), View{}, 10)
		if d := cmp.Diff(records(naive(rows, query.Query{}, View{}, nil)), got, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("at %d: %.3000s", at, d)
		}
		m := mergeSegments(t, []*Segment{s}, View{})
		got = topAll(t, m, NewFilter(query.Query{}), View{}, 10)
		if d := cmp.Diff(records(naive(rows, query.Query{}, View{}, nil)), got, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("merged at %d: %.3000s", at, d)
		}
	}
}
