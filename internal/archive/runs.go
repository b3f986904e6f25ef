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

// minus is the ids of l that are not in o.
func (l runs) minus(o runs) runs {
	var out runs
	for _, r := range l {
		at, rest := r[0], true
		for i := o.search(at); rest && i < len(o) && o[i][0] <= r[1]; i++ {
			if o[i][0] > at {
				out = append(out, [2]uint64{at, o[i][0] - 1})
			}
			if rest = o[i][1] < r[1]; rest {
				at = o[i][1] + 1
			}
		}
		if rest {
			out = append(out, [2]uint64{at, r[1]})
		}
	}
	return out
}
