package segment

// EachPath calls fn for every path and new path of the month that was written
// last, in the order of the dictionary, with the number of rows that name it.
func (b *Builder) EachPath(fn func(path string, n uint64)) {
	x := b.written
	if x == nil {
		return
	}
	counts := make([]uint64, len(x.sorted))
	for _, i := range x.rows {
		r := b.rows.at(i)
		counts[x.path[r.path]]++
		if r.newPath != 0 {
			counts[x.path[r.newPath]]++
		}
	}
	for i, p := range x.sorted {
		if counts[i] > 0 {
			fn(p, counts[i])
		}
	}
}
