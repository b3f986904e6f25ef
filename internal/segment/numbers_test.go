package segment

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/akashi-audit/akashi/internal/paths"
)

// numberColumns are columns of every form and width, by name.
func numberColumns(rng *rand.Rand, n int) map[string][]uint64 {
	make1 := func(next func(i int, before uint64) uint64) []uint64 {
		l := make([]uint64, n)
		before := uint64(0)
		for i := range l {
			l[i] = next(i, before)
			before = l[i]
		}
		return l
	}
	return map[string][]uint64{
		"constant":    make1(func(int, uint64) uint64 { return 77 }),
		"zero":        make1(func(int, uint64) uint64 { return 0 }),
		"runs":        make1(func(i int, _ uint64) uint64 { return uint64(i/150) % 3 * 9 }),
		"one byte":    make1(func(int, uint64) uint64 { return 40 + rng.Uint64N(7) }),
		"two bytes":   make1(func(int, uint64) uint64 { return rng.Uint64N(3) * 700 }),
		"three bytes": make1(func(int, uint64) uint64 { return rng.Uint64N(1 << 21) }),
		"five bytes":  make1(func(int, uint64) uint64 { return rng.Uint64N(1 << 38) }),
		"ascending":   make1(func(_ int, b uint64) uint64 { return b + 1 + rng.Uint64N(3) }),
		"far steps":   make1(func(_ int, b uint64) uint64 { return b + 1 + rng.Uint64N(5000) }),
		"bursts": make1(func(i int, b uint64) uint64 {
			if rng.IntN(40) == 0 {
				return rng.Uint64N(1 << 20)
			}
			return b + 1
		}),
	}
}

// TestNumbers reads packed columns in every way and compares with the numbers
// themselves.
func TestNumbers(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 9))
	pk, err := newPacker(3)
	if err != nil {
		t.Fatal(err)
	}
	defer pk.close()
	un, err := newUnpacker()
	if err != nil {
		t.Fatal(err)
	}
	forms := make(map[byte]bool)
	var memory planeMemory
	for _, n := range []int{1, 255, 256, 257, 5000, blockRows} {
		for name, want := range numberColumns(rng, n) {
			c, err := readNumbers(un, pk.numbers(nil, want, false, false), n)
			if err != nil {
				t.Fatalf("%s of %d: %v", name, n, err)
			}
			forms[c.form] = true
			checkNumbers(t, rng, name, c, want)
			if c, err = readNumbersIn(&memory, un, pk.numbers(nil, want, false, false), n); err != nil {
				t.Fatalf("%s of %d into memory from before: %v", name, n, err)
			}
			checkNumbers(t, rng, name, c, want)
		}
	}
	for _, f := range []byte{formConst, formRuns, formPlain, formDelta} {
		if !forms[f] {
			t.Errorf("no column of form %d", f)
		}
	}
}

func checkNumbers(t *testing.T, rng *rand.Rand, name string, c *numbers, want []uint64) {
	t.Helper()
	n := len(want)
	buf, values := make([]uint64, blockRows), make([]uint64, blockRows)
	lo := rng.IntN(n)
	c.read(buf[:n-lo], lo)
	if !slices.Equal(buf[:n-lo], want[lo:]) {
		t.Fatalf("%s of %d: read from %d differs", name, n, lo)
	}
	ascends := slices.IsSorted(want) && c.form == formDelta
	for range 50 {
		i := rng.IntN(n)
		if before, v := c.pair(i); v != want[i] || i > 0 && before != want[i-1] || i == 0 && before != 0 {
			t.Fatalf("%s of %d: rows before and at %d are %d and %d, want %d", name, n, i, before, v, want[i])
		}
		if v := c.at(i); v != want[i] {
			t.Fatalf("%s of %d: row %d is %d, want %d", name, n, i, v, want[i])
		}
		if at, ok := c.find(want[i]); ascends && (!ok || at != i) {
			t.Fatalf("%s of %d: %d found at %d %v, want %d", name, n, want[i], at, ok, i)
		}
		if _, ok := c.find(want[n-1] + 1); ascends && ok {
			t.Fatalf("%s of %d: found what is not there", name, n)
		}
	}
	set, codes := &paths.Set{}, make([]bool, 60)
	for _, v := range want {
		if v < 1<<22 && rng.IntN(4) == 0 {
			set.Add(uint32(v))
		}
	}
	for i := range codes {
		codes[i] = rng.IntN(2) == 0
	}
	for _, share := range []int{1, 2, 9, 200} {
		var rows, special []uint16
		for i := range n {
			if rng.IntN(share) == 0 {
				rows = append(rows, uint16(i))
				if rng.IntN(10) == 0 {
					special = append(special, uint16(i))
				}
			}
		}
		keep := func(ok func(v uint64) bool) (l []uint16) {
			for _, r := range rows {
				if ok(want[r]) {
					l = append(l, r)
				}
			}
			return l
		}
		same := func(what string, got, want []uint16) {
			t.Helper()
			if !slices.Equal(got, want) {
				t.Fatalf("%s of %d, %d rows: %s gives %d rows, want %d", name, n, len(rows), what, len(got), len(want))
			}
		}
		c.pick(buf, rows)
		for i, r := range rows {
			if buf[i] != want[r] {
				t.Fatalf("%s of %d: picked row %d is %d, want %d", name, n, r, buf[i], want[r])
			}
		}
		same("keepSome", c.keepSome(nil, rows, buf), keep(func(v uint64) bool { return v != 0 }))
		same("keepCodes", keepCodes(c, slices.Clone(rows), codes, buf), keep(func(v uint64) bool { return v < uint64(len(codes)) && codes[v] }))
		has := func(v uint64) bool { return v < 1<<32 && set.Has(uint32(v)) }
		same("keepIDs", c.keepIDs(nil, rows, set, special, values, buf), keep(has))
		for i, r := range special {
			if values[i] != want[r] {
				t.Fatalf("%s of %d: special row %d is %d, want %d", name, n, r, values[i], want[r])
			}
		}
	}
}

// TestRowLists: what joinRows and without make of lists, against sets.
func TestRowLists(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var a, b, both, rest []uint16
		for i := range uint16(60) {
			switch rng.IntN(4) {
			case 0:
				a, both, rest = append(a, i), append(both, i), append(rest, i)
			case 1:
				b, both = append(b, i), append(both, i)
			}
		}
		if got := joinRows(nil, a, b); !slices.Equal(got, both) {
			t.Fatalf("joinRows(%v, %v) = %v", a, b, got)
		}
		if got := without(both, b); !slices.Equal(got, rest) {
			t.Fatalf("without %v = %v, want %v", b, got, rest)
		}
	}
}
