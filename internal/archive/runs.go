package archive

import (
	"cmp"
	"slices"
)

// runs are disjoint ranges of record ids, both ends included, ascending and never
// adjacent.
type runs [][2]uint64

// search is the first range that ends at or after id.
func (l runs) search(id uint64) int {
	i, _ := slices.BinarySearchFunc(l, id, func(r [2]uint64, id uint64) int { return cmp.Compare(r[1], id) })
	return i
}

func (l runs) has(id uint64) bool {
	i := l.search(id)
	return i < len(l) && l[i][0] <= id
}

func (l runs) add(id uint64) runs {
	i := l.search(id)
	if i < len(l) && l[i][0] <= id {
		return l
	}
	before := i > 0 && l[i-1][1]+1 == id
	behind := i < len(l) && id+1 == l[i][0]
	switch {
	case before && behind:
		l[i-1][1] = l[i][1]
		return slices.Delete(l, i, i+1)
	case before:
		l[i-1][1] = id
		return l
	case behind:
		l[i][0] = id
		return l
	}
	return slices.Insert(l, i, [2]uint64{id, id})
}
