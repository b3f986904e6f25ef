package segment

import (
	"slices"
)

// postings writes the rows of each path but of "" (number 0), which is given
// row by row.
func (f *fileWriter) postings(paths []uint32) []page {
	if len(paths) == 0 {
		return nil
	}
	// Counting sort by path: starts[k] is where the rows of path k begin.
	top := slices.Max(paths)
	starts := make([]uint32, int(top)+2)
	for _, p := range paths {
		starts[p+1]++
	}
	for i := 1; i < len(starts); i++ {
		starts[i] += starts[i-1]
	}
	rows, next := make([]uint32, len(paths)), slices.Clone(starts)
	for i, p := range paths {
		rows[next[p]] = uint32(i)
		next[p]++
	}
	w := postingPages{f: f}
	for p := uint32(1); p <= top; p++ {
		if l := rows[starts[p]:starts[p+1]]; len(l) > 0 {
			w.add(p, l)
		}
	}
	return w.close()
}

// newPostings does the same for the new paths, given as path << 32 | row.
func (f *fileWriter) newPostings(pairs []uint64) []page {
	slices.Sort(pairs)
	w := postingPages{f: f}
	for i := 0; i < len(pairs); {
		p := uint32(pairs[i] >> 32)
		var rows []uint32
		for ; i < len(pairs) && uint32(pairs[i]>>32) == p; i++ {
			rows = append(rows, uint32(pairs[i]))
		}
		w.add(p, rows)
	}
	return w.close()
}

// postingPages collects postings and writes them in pages.
type postingPages struct {
	f                         *fileWriter
	ids, ends, first, further []uint64
	rows                      int
	pages                     []page
}

func (w *postingPages) add(path uint32, rows []uint32) {
	if w.rows > 0 && w.rows+len(rows) > pageRows {
		w.flush()
	}
	w.ids = append(w.ids, uint64(path))
	w.ends = append(w.ends, uint64(w.rows+len(rows)))
	w.first = append(w.first, uint64(rows[0]))
	for i := 1; i < len(rows); i++ {
		w.further = append(w.further, uint64(rows[i]-rows[i-1]))
	}
	w.rows += len(rows)
}

func (w *postingPages) flush() {
	if len(w.ids) == 0 {
		return
	}
	pk := w.f.pk
	e := &encoder{}
	e.part(pk.numbers(nil, w.ids, false, false))
	e.part(pk.numbers(nil, w.ends, false, false))
	e.part(pk.numbers(nil, w.first, false, false))
	e.b = pk.numbers(e.b, w.further, false, false)
	w.pages = append(w.pages, page{uint32(w.ids[0]), len(w.ids), w.rows, w.f.chunk(e.b, "postings")})
	w.ids, w.ends, w.first, w.further, w.rows = w.ids[:0], w.ends[:0], w.first[:0], w.further[:0], 0
}

func (w *postingPages) close() []page {
	w.flush()
	return w.pages
}

// rollPages writes the roll-up of a partition, sorted by person, client, act.
func (f *fileWriter) rollPages(l []rollup) []page {
	var out []page
	for part := range slices.Chunk(l, pageRows) {
		var v [6][]uint64
		for i := range part {
			r := &part[i]
			for c, x := range [6]uint64{uint64(r.person), uint64(r.client), uint64(r.act), r.n, uint64(r.first), uint64(r.last - r.first)} {
				v[c] = append(v[c], x)
			}
		}
		e := &encoder{}
		for c := range v {
			e.part(f.pk.numbers(nil, v[c], c >= 4, c >= 4))
		}
		out = append(out, page{part[0].person, len(part), 0, f.chunk(e.b, "rollup")})
	}
	return out
}
