package catalogue

import (
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/akashi-audit/akashi/internal/record"
)

// TestTakenDictionary: a part whose dictionary was made before answers as one that
// made it.
func TestTakenDictionary(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for _, empty := range []bool{true, false} { // whether a record has no path: else the dictionary does not fit
		l := made(rng, 3000)
		if empty {
			l = append(l, record.Record{Op: record.OpLogon, FirstID: 1 << 40, Time: l[0].Time})
		}
		numbers, counts := make(map[string]uint32), make(map[string]uint64)
		number := func(path string) uint32 {
			if _, ok := numbers[path]; !ok {
				numbers[path] = uint32(len(numbers))
			}
			counts[path]++
			return numbers[path]
		}
		acts := [2]*Acts{NewActs(), NewActs()}
		for i := range l {
			path, to := number(l[i].Path), uint32(0)
			if l[i].NewPath != "" {
				to = number(l[i].NewPath)
			}
			for _, a := range acts {
				a.Add(&l[i], path, to)
			}
		}
		m := MonthOf(time.Unix(0, l[0].Time).UTC())
		months := map[Month][]Named{m: nil}
		for p, n := range numbers {
			months[m] = append(months[m], Named{p, n, counts[p]})
		}
		slices.SortFunc(months[m], func(a, b Named) int { return paths.Compare(a.Path, b.Path) })
		var all []string
		if counts[""] == 0 {
			all = append(all, "")
		}
		for _, p := range months[m] {
			all = append(all, p.Path)
		}
		dict := dictOf(t, all)
		taken := write(t, func(w io.Writer) error { return acts[0].Write(w, "FS", months, dict) })
		own := write(t, func(w io.Writer) error { return acts[1].Write(w, "FS", months, nil) })
		if taken.Len() != own.Len() || len(taken.Check()) > 0 {
			t.Fatalf("%d and %d paths, %v", taken.Len(), own.Len(), taken.Check())
		}
		if diff := cmp.Diff(entries(t, own), entries(t, taken)); diff != "" {
			t.Errorf("paths: %s", diff)
		}
		for p := range numbers {
			sameLife(t, p, taken, own)
		}
	}
}
