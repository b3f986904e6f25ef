package bench

import (
	"slices"
	"strings"
)

// leaders is how many paths are kept with their names, at least.
const leaders = 1024

// pathCounts counts paths by their sums and keeps the names of those with the most
// records. It is exact, so long as no two paths have one sum of 64 bits.
//
// Places in the list of the most only rise while records are counted, of a path and of
// the last one that is kept; so a path that belongs to the list at the end has its
// name in it since its last record at the latest.
type pathCounts struct {
	counts map[uint64]uint32 // of this pass
	names  map[uint64]valueCount
	full   bool
	last   valueCount // when full: what does not come before it is not kept
}

func newPathCounts() *pathCounts {
	return &pathCounts{counts: make(map[uint64]uint32), names: make(map[uint64]valueCount)}
}

// add counts a record and reports whether its path is new.
func (c *pathCounts) add(sum uint64, path string) bool {
	k := c.counts[sum] + 1
	c.counts[sum] = k
	v := valueCount{path, uint64(k)}
	if c.full && mostFirst(v, c.last) > 0 {
		return k == 1
	}
	old, ok := c.names[sum]
	if v.value = old.value; !ok {
		v.value = strings.Clone(path)
	}
	c.names[sum] = v
	if len(c.names) >= 4*leaders {
		c.prune()
	}
	return k == 1
}

// prune keeps the first names only.
func (c *pathCounts) prune() {
	l := c.most(leaders)
	if len(l) == leaders {
		c.full, c.last = true, l[leaders-1]
	}
	for sum, v := range c.names {
		if mostFirst(v, c.last) > 0 {
			delete(c.names, sum)
		}
	}
}

// only forgets the paths that a later pass counts. The last one that is kept stays: so
// many paths have as many records.
func (c *pathCounts) only(mine func(sum uint64) bool) (left int) {
	kept := make(map[uint64]uint32, len(c.counts)/2) // a map gives no memory back
	for sum, k := range c.counts {
		if mine(sum) {
			kept[sum] = k
		} else {
			delete(c.names, sum)
		}
	}
	c.counts = kept
	return len(kept)
}

// again begins the next pass.
func (c *pathCounts) again() { c.counts = make(map[uint64]uint32) }

// most lists the paths with the most records.
func (c *pathCounts) most(n int) []valueCount {
	l := make([]valueCount, 0, len(c.names))
	for _, v := range c.names {
		l = append(l, v)
	}
	slices.SortFunc(l, mostFirst)
	return l[:min(n, len(l))]
}
