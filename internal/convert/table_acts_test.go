package convert

import (
	"math/rand/v2"
	"reflect"
	"testing"
)

// TestActs: the ring and the table behind it are together what a map is, also for acts
// that outlive several rounds of the ring, and a copy is its own.
func TestActs(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var all acts
	want := map[uint64]*act{}
	var live []uint64
	check := func(set *acts, what string) {
		t.Helper()
		n := 0
		for seq, a := range set.all() {
			if a.Seq != seq || want[seq] == nil {
				t.Fatalf("%s: act %d under %d", what, a.Seq, seq)
			}
			n++
		}
		if n != len(want) || set.len() != n {
			t.Fatalf("%s: %d acts, counted %d, want %d", what, set.len(), n, len(want))
		}
	}
	seq, deepest := uint64(0), 0
	for range 60_000 {
		if seq += 1 + rnd.Uint64N(6); rnd.IntN(3) > 0 {
			a := &act{Seq: seq}
			all.put(a)
			want[seq] = a
			live = append(live, seq)
		} else if len(live) > 400 { // mostly the newest end, some stay for long
			i := len(live) - 1 - rnd.IntN(300)
			all.drop(want[live[i]])
			delete(want, live[i])
			live[i] = live[len(live)-1]
			live = live[:len(live)-1]
		}
		deepest = max(deepest, all.old.len())
		for _, q := range [...]uint64{0, seq, seq + ringActs, rnd.Uint64N(seq + 1)} {
			if got := all.get(q); got != want[q] {
				t.Fatalf("act %d: %v, want %v", q, got, want[q])
			}
		}
	}
	check(&all, "acts")
	if deepest == 0 {
		t.Error("no act outlived a round of the ring")
	}

	clone := all
	clone.own(&cloner{deep: map[reflect.Type][]int{}})
	for q, a := range want {
		if b := clone.get(q); b == nil || b == a || b.Seq != q {
			t.Fatalf("copy of act %d: %v", q, b)
		}
		clone.get(q).Count = 7
		clone.drop(clone.get(q))
	}
	if clone.len() != 0 {
		t.Errorf("%d acts left in the copy", clone.len())
	}
	check(&all, "acts after the copy was emptied")
	for _, a := range want {
		if a.Count != 0 {
			t.Fatal("the copy shares an act")
		}
	}
}
