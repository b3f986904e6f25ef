package segment

import "github.com/akashi-audit/akashi/internal/paths"

// Dictionary is the dictionary of the month that was written last, with the path
// "" whether a row has it or not.
func (b *Builder) Dictionary() *paths.Packed {
	if b.written == nil {
		return nil
	}
	return b.written.dict
}

// EachPath calls fn for every path and new path of the month that was written
// last, in the order of the dictionary, with the number that Add gave it and how
// many rows name it.
func (b *Builder) EachPath(fn func(path string, number uint32, n uint64)) {
	x := b.written
	if x == nil {
		return
	}
	counts := make([]uint32, b.paths.Len())
	for _, i := range x.rows {
		r := b.rows.at(i)
		counts[r.path]++
		if r.newPath != 0 {
			counts[r.newPath]++
		}
	}
	for i, p := range x.sorted {
		if k := x.numbers[i]; counts[k] > 0 {
			fn(p, k, uint64(counts[k]))
		}
	}
}
