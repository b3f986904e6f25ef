package convert

import (
	"maps"
	"testing"

	"pgregory.net/rapid"
)

// tables are the three kinds with the same numbers as keys; few numbers, so that
// entries meet and move.
type tables struct {
	byNumber table[desk]
	byName   nameTable[desk]
	byHandle handles
}

func nameOf(n uint64) pathKey { return pathKey{Logon: n % 3, Key: itoa(n / 3)} }

func handleOf(n uint64) handleKey {
	if n%5 == 0 {
		return handleKey{PID: 1 << (20 + n), Handle: n}
	}
	return handleKey{PID: n % 2, Handle: n<<37 | n%7/6} // some of them are too large, some are no multiples of four
}

// TestTables: the tables answer as maps do, whatever is entered and taken away,
// the key 0 included.
func TestTables(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x tables
		want := map[uint64]*desk{}
		handleWant := map[handleKey]*handle{}
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			k := rapid.Uint64Range(0, 40).Draw(t, "key")
			name, h := nameOf(k), handleOf(k)
			if rapid.IntRange(0, 2).Draw(t, "what") > 0 {
				d, v := &desk{List: k}, &handle{Act: k}
				want[k], handleWant[h] = d, v
				x.byNumber.put(k, d)
				x.byName.put(name, nameHash(name.Key), d)
				x.byHandle.put(h, v)
			} else {
				delete(want, k)
				delete(handleWant, h)
				x.byNumber.drop(k)
				x.byName.drop(name, nameHash(name.Key))
				x.byHandle.drop(h)
			}
			for n := range uint64(41) {
				name := nameOf(n)
				if x.byNumber.get(n) != want[n] || x.byName.get(name, nameHash(name.Key)) != want[n] || x.byHandle.get(handleOf(n)) != handleWant[handleOf(n)] {
					t.Fatalf("key %d: %v, %v, %v, want %v and %v", n, x.byNumber.get(n), x.byName.get(name, nameHash(name.Key)), x.byHandle.get(handleOf(n)), want[n], handleWant[handleOf(n)])
				}
			}
		}
		if x.byNumber.len() != len(want) || x.byName.len() != len(want) || x.byHandle.len() != len(handleWant) {
			t.Fatalf("%d, %d and %d entries, want %d and %d", x.byNumber.len(), x.byName.len(), x.byHandle.len(), len(want), len(handleWant))
		}
		if got := maps.Collect(x.byNumber.all()); !maps.Equal(got, want) {
			t.Fatalf("all: %v, want %v", got, want)
		}
		if got := maps.Collect(x.byHandle.all()); !maps.Equal(got, handleWant) {
			t.Fatalf("all handles: %v, want %v", got, handleWant)
		}
	})
}
