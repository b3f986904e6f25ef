package engine

import (
	"cmp"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/simulate"
	"github.com/akashi-audit/akashi/internal/store"
)

// TestErasureLeavesOthersCertain: what is erased of one person leaves holes in the
// record ids. They are no loss: records of others, which were made while the events
// were there, do not become uncertain when their server is converted again.
func TestErasureLeavesOthersCertain(t *testing.T) {
	all, _ := simulate.Day(4, 6)
	slices.SortStableFunc(all, func(a, b *event.Event) int { return cmp.Compare(a.Time, b.Time) })
	cut := len(all) * 2 / 3
	all = append(all[:cut:cut], all[cut+40:]...) // a true loss
	e := openDemo(t, filepath.Join(t.TempDir(), "d"), realOn(eventFiles{"all": all}, 1000))
	importNames(t, e, "all")
	counts := map[string]int{}
	for _, r := range records(t, e) {
		if r.Class == record.ClassUser {
			counts[r.User]++
		}
	}
	user := ""
	for u, n := range counts {
		if u != "" && (user == "" || n > counts[user] || n == counts[user] && u < user) {
			user = u
		}
	}
	if _, err := e.Erase(t.Context(), store.Erasure{Users: []string{user}, Ground: "本人の請求", By: "監査"}); err != nil {
		t.Fatal(err)
	}
	left := records(t, e)
	if _, err := e.Reconvert(t.Context(), ReconvertRequest{}, nil); err != nil {
		t.Fatal(err)
	}
	sameRecords(t, "converted again after an erasure", plain(left), plain(records(t, e)))
	if a, b := lostIn(left), lostIn(records(t, e)); a != b {
		t.Errorf("%d events were lost before the erasure, %d after it", a, b)
	}
	certain := 0
	for _, r := range left {
		if r.Rule == "D1" && r.Confidence == record.Certain {
			certain++
		}
	}
	if certain == 0 || len(left) == 0 {
		t.Errorf("%d records, %d certain deletions: nothing could have become uncertain", len(left), certain)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestCountGone compares the count of a range with one id after the other.
func TestCountGone(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 79))
	for range 200 {
		var l []store.Gone
		ids := map[life]map[uint64]bool{}
		for range rng.IntN(8) {
			g := store.Gone{Channel: []string{"Security", "System"}[rng.IntN(2)], Generation: uint32(rng.IntN(2))}
			at := uint64(rng.IntN(50))
			for range 1 + rng.IntN(4) {
				to := at + uint64(rng.IntN(6))
				g.Runs = append(g.Runs, [2]uint64{at, to})
				at = to + 1 + uint64(rng.IntN(5))
			}
			away := g.Runs
			if rng.IntN(2) == 0 {
				g.Removed = slices.Clone(g.Runs[:1])
				away = g.Removed
			}
			k := life{g.Channel, g.Generation}
			if ids[k] == nil {
				ids[k] = map[uint64]bool{}
			}
			for _, r := range away {
				for id := r[0]; id <= r[1]; id++ {
					ids[k][id] = true
				}
			}
			l = append(l, g)
		}
		count := countGone(l)
		for range 50 {
			k := life{[]string{"Security", "System"}[rng.IntN(2)], uint32(rng.IntN(2))}
			from := uint64(rng.IntN(80))
			to := from + uint64(rng.IntN(30))
			want := uint64(0)
			for id := from; id <= to; id++ {
				if ids[k][id] {
					want++
				}
			}
			if got := count(k.channel, k.gen, from, to); got != want {
				t.Fatalf("%+v: %d of %d to %d in %v, want %d", l, got, from, to, k, want)
			}
		}
	}
}

// plain are records without those of losses, which name the events around, and
// without shares, which events of the erased person may have told.
func plain(l []record.Record) (out []record.Record) {
	for _, r := range l {
		if r.Share, r.ShareRoot = "", 0; r.Op != record.OpRecordsLost {
			out = append(out, r)
		}
	}
	return out
}

// lostIn is how many events the records of missing record ids tell.
func lostIn(l []record.Record) (n uint64) {
	for i := range l {
		if r := &l[i]; r.Op == record.OpRecordsLost {
			k, _ := strconv.ParseUint(r.Get("lost"), 10, 64)
			n += k
		}
	}
	return n
}
