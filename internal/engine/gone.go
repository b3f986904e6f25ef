package engine

import (
	"cmp"
	"slices"

	"github.com/akashi-audit/akashi/internal/store"
)

// countGone is convert.Options.Gone for what was erased or deleted of a server.
func countGone(l []store.Gone) func(channel string, gen uint32, from, to uint64) uint64 {
	gone := make(map[life][][2]uint64)
	for i := range l {
		k, runs := life{l[i].Channel, l[i].Generation}, l[i].Removed
		if runs == nil {
			runs = l[i].Runs
		}
		gone[k] = append(gone[k], runs...)
	}
	for k, runs := range gone {
		slices.SortFunc(runs, func(a, b [2]uint64) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
		joined := runs[:1]
		for _, r := range runs[1:] {
			if last := &joined[len(joined)-1]; r[0] <= last[1] {
				last[1] = max(last[1], r[1])
			} else {
				joined = append(joined, r)
			}
		}
		gone[k] = joined
	}
	return func(channel string, gen uint32, from, to uint64) (n uint64) {
		runs := gone[life{channel, gen}]
		at, _ := slices.BinarySearchFunc(runs, from, func(r [2]uint64, id uint64) int { return cmp.Compare(r[1], id) })
		for _, r := range runs[at:] {
			if r[0] > to {
				break
			}
			n += min(r[1], to) - max(r[0], from) + 1
		}
		return n
	}
}
