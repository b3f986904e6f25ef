package record

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func blockSample() []Record {
	l := []Record{sample(), {}, {Time: math.MinInt64, EndTime: math.MaxInt64, Received: -1, FirstID: math.MaxUint64, RawIDs: []uint64{0, math.MaxUint64},
		Generation: math.MaxUint32, Ordinal: math.MaxUint32, Session: math.MaxUint64, ShareRoot: math.MaxUint32, Count: math.MaxUint32,
		RulesVersion: math.MaxUint32, Op: 255, Object: 255, Result: 255, Confidence: 255, Class: 255, Path: "\xff\xed\xa0\x80\x00"}}
	for i := range 40 {
		r := sample()
		r.ShareRoot = uint32(i)
		r.Path += strconv.Itoa(i % 7)
		r.Time -= int64(i) * 1e9
		r.Set("pages", strconv.Itoa(i))
		l = append(l, r)
	}
	return l
}

func blockRecords(b *Block) []Record {
	var l []Record
	for i := range b.Len() {
		l = append(l, b.Record(i))
	}
	return l
}

func TestBlockIsExact(t *testing.T) {
	f := func(want []Record) {
		t.Helper()
		b, err := DecodeBlock(AppendBlock(nil, want))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, blockRecords(b), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("records changed (-want +got):\n%s", d)
		}
		for i := range want {
			if b.ID(i) != want[i].ID() || b.Time(i) != want[i].Time || b.Text[b.Code(ColUser, i)] != want[i].User {
				t.Errorf("columns of row %d differ from the record", i)
			}
		}
	}
	f(nil)
	f(blockSample())
	l := blockSample()
	l[5].SupersededBy = 4
	f(l)
	f(l[:1])
}

// An encoder keeps its memory, never what was in it.
// TestBlockBack: records from the last to the first give the block of the other order.
func TestBlockBack(t *testing.T) {
	e := NewEncoder()
	for _, l := range [][]Record{nil, blockSample(), blockSample()[:1]} {
		back := slices.Clone(l)
		slices.Reverse(back)
		got := e.AppendBlockBack(nil, l)
		if want := e.AppendBlock(nil, back); !bytes.Equal(got, want) || !bytes.Equal(want, AppendBlock(nil, back)) {
			t.Errorf("%d records: blocks of %d and %d bytes differ", len(l), len(got), len(want))
		}
	}
}

func TestEncoderForgets(t *testing.T) {
	e := NewEncoder()
	l := blockSample()
	for _, part := range [][]Record{l, l[:3], nil, l[1:40], l} {
		if d := cmp.Diff(NewEncoder().AppendBlock(nil, part), e.AppendBlock(nil, part)); d != "" {
			t.Errorf("the second use of an encoder gives another block (-first +second):\n%s", d)
		}
	}
}

func TestBlockPaths(t *testing.T) {
	long := strings.Repeat(`長い名前\`, 200)
	var l []Record
	for i, p := range []string{
		"", `\`, `\\`, `\\fs\x`, `D:`, `D:\`, `D:\a`, `D:\a\b`, `D:\a\b\`, `D:\a\c`, `\Device\HarddiskVolume5\共有\人事\a.txt`, "\xed\xa0\x80\\\xff", long, long + "x",
	} {
		l = append(l, Record{Path: p, NewPath: p + `\neu`, Share: `\\fs\` + strconv.Itoa(i%3), ShareRoot: uint32(i), User: p})
	}
	for i := range BlockRecords - len(l) { // more folders than a table takes
		l = append(l, Record{Path: fmt.Sprintf(`E:\%d\%d\%d\%d\%d\%d`, i%3, i, i+1, i+2, i+3, i+4)})
	}
	b, err := DecodeBlock(AppendBlock(nil, l))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(l, blockRecords(b), cmpopts.EquateEmpty()); d != "" {
		t.Errorf("records changed (-want +got):\n%s", d)
	}
}

func TestDecodeBlockDamaged(t *testing.T) {
	good := AppendBlock(nil, blockSample())
	for n := range good {
		if _, err := DecodeBlock(good[:n]); err == nil {
			t.Errorf("a block cut to %d of %d bytes gave no error", n, len(good))
		}
	}
	for i := range good {
		bad := append([]byte(nil), good...)
		bad[i] ^= 0x81
		_, _ = DecodeBlock(bad) // must return
	}
}

func FuzzDecodeBlock(f *testing.F) {
	f.Add(AppendBlock(nil, blockSample()))
	f.Add(AppendBlock(nil, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		bl, err := DecodeBlock(b)
		if err != nil {
			return
		}
		want := blockRecords(bl)
		again, err := DecodeBlock(AppendBlock(nil, want))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(want, blockRecords(again)) {
			t.Error("records changed on the way through a block")
		}
	})
}
