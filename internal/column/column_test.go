package column

import (
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func TestNumbers(t *testing.T) {
	f := func(v []uint64) {
		t.Helper()
		for _, wide := range []bool{false, true} {
			r := NewReader(AppendNumbers(nil, v, wide))
			got := make([]uint64, len(v))
			Numbers(r, got, math.MaxUint64, wide)
			if d := cmp.Diff(v, got, cmpopts.EquateEmpty()); d != "" || r.Err() != nil || r.Len() != 0 {
				t.Errorf("numbers changed: %s, %v, %d bytes left", d, r.Err(), r.Len())
			}
		}
		r := NewReader(AppendDifferences(nil, slices.Clone(v)))
		got := make([]uint64, len(v))
		r.Differences(got)
		if d := cmp.Diff(v, got, cmpopts.EquateEmpty()); d != "" || r.Err() != nil || r.Len() != 0 {
			t.Errorf("differences changed: %s, %v, %d bytes left", d, r.Err(), r.Len())
		}
	}
	f(nil)
	f([]uint64{7})
	f([]uint64{7, 7, 7})
	f([]uint64{0, math.MaxUint64, 1 << 63, 1})
	f([]uint64{100, 300, 200, 100})
	f([]uint64{5e9, 1e9, 4e9})
	f([]uint64{1 << 63, 0, 1 << 63})
	rapid.Check(t, func(rt *rapid.T) { f(rapid.SliceOf(rapid.Uint64()).Draw(rt, "v")) })
}

func TestNumbersAboveTheirLimit(t *testing.T) {
	f := func(limit uint64, ok bool) {
		t.Helper()
		r := NewReader(AppendNumbers(nil, []uint64{3, 300}, false))
		Numbers(r, make([]uint64, 2), limit, false)
		if (r.Err() == nil) != ok {
			t.Errorf("limit %d: %v", limit, r.Err())
		}
	}
	f(300, true)
	f(299, false)
	f(2, false)
	r := NewReader(AppendNumbers(nil, []uint64{3, 300}, false))
	if Numbers(r, make([]uint8, 2), 255, false); r.Err() == nil {
		t.Error("a wide column was read into bytes")
	}
	r = NewReader(AppendNumbers(nil, []uint64{3, 3}, false))
	if Numbers(r, make([]uint64, 2), 255, true); r.Err() == nil {
		t.Error("a column without planes was read as a wide one")
	}
}

func TestBits(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		v := rapid.SliceOf(rapid.Bool()).Draw(rt, "v")
		r := NewReader(AppendBits(nil, v))
		got := make([]bool, len(v))
		yes := r.Bits(got)
		want := 0
		for _, x := range v {
			if x {
				want++
			}
		}
		if !slices.Equal(v, got) || yes != want || r.Err() != nil || r.Len() != 0 {
			rt.Errorf("bits %v became %v, %d yes, %v", v, got, yes, r.Err())
		}
	})
}

func TestTexts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		v := rapid.SliceOf(rapid.String()).Draw(rt, "v")
		r := NewReader(AppendTexts(nil, v))
		if got := r.Texts(); !slices.Equal(v, got) || r.Err() != nil || r.Len() != 0 {
			rt.Errorf("texts %q became %q, %v", v, got, r.Err())
		}
		tab := NewTable()
		for range 2 {
			first := make(map[string]uint32)
			for _, s := range v {
				n, ok := first[s]
				if !ok {
					n = uint32(len(first))
					first[s] = n
				}
				if found, known := tab.Find(s); known != ok || ok && found != n {
					rt.Errorf("Find(%q) = %d, %v, want %d, %v", s, found, known, n, ok)
				}
				if got := tab.Add(s); got != n || tab.Text(got) != s {
					rt.Errorf("Add(%q) = %d, want %d", s, got, n)
				}
			}
			tab.Reset()
		}
	})
}

func TestTableGrows(t *testing.T) {
	tab := NewTable()
	for round := range 2 {
		for i := range 20_000 {
			if n := tab.Add(string(rune(i)) + "x"); n != uint32(i) && i < 0xd800 {
				t.Fatalf("round %d: text %d has number %d", round, i, n)
			}
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add(AppendTexts(AppendDifferences(AppendBits(nil, []bool{true, false}), []uint64{1, 2}), []string{"a", ""}))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewReader(b)
		r.Bits(make([]bool, 9))
		r.Differences(make([]uint64, 5))
		r.Texts()
		Numbers(r, make([]uint8, 3), 255, true)
		if r.Err() != nil && (r.Len() != 0 || r.Uvarint(1) != 0) {
			t.Error("a failed reader went on")
		}
	})
}

// TestFindAll: what is found has its number; most of what is there is found.
func TestFindAll(t *testing.T) {
	table, l := NewTable(), make([]string, 5000)
	for i := range l {
		l[i] = strconv.Itoa(i / 2 * 7)
		if i < 4000 {
			table.Add(l[i])
		}
	}
	out, found := make([]uint32, len(l)), 0
	table.FindAll(l, out)
	for i, n := range out {
		if n == 0 {
			continue
		}
		found++
		if table.Text(n-1) != l[i] {
			t.Fatalf("%q is %q", l[i], table.Text(n-1))
		}
	}
	if found < 2000 || found > 4000 {
		t.Errorf("%d of 4000 found", found)
	}
}
