package record

import (
	"fmt"

	"github.com/akashi-audit/akashi/internal/column"
)

// columnReader reads a block of blockColumns.
type columnReader struct {
	*column.Reader
	bl    *Block
	plain []string
	known uint32 // texts of plain that the columns so far have named

	zero, ops, folder []uint32
	last              []uint32
	same              []bool
	vals              []uint32
}

func decodeColumns(b []byte) (*Block, error) {
	r := &columnReader{Reader: column.NewReader(b), bl: &Block{}, known: 1}
	bl := r.bl
	bl.n = int(r.Uvarint(BlockRecords))
	r.plain = r.Texts()
	if r.Err() == nil && (len(r.plain) == 0 || r.plain[0] != "") {
		r.Fail("texts without the empty one")
	}
	if r.Err() != nil {
		return nil, fmt.Errorf("%w: %w", errBlock, r.Err())
	}
	for _, c := range plainNums {
		bl.num[c] = make([]uint64, bl.n)
		if deltas&(1<<c) != 0 {
			r.Differences(bl.num[c])
		} else {
			column.Numbers(r.Reader, bl.num[c], limits[c], false)
		}
	}
	r.zero, r.ops, r.folder = make([]uint32, bl.n), make([]uint32, bl.n), make([]uint32, bl.n)
	r.same = make([]bool, bl.n)
	r.last = make([]uint32, max(len(r.plain), 256))
	for i, op := range bl.num[colOp] {
		r.ops[i] = uint32(op)
	}
	for _, o := range textOrder[:firstPath] {
		r.texts(o.col, r.parent(o.parent))
	}
	r.paths()
	for _, o := range textOrder[firstPath+2:] {
		r.texts(o.col, r.parent(o.parent))
	}
	r.follow(colSession, bl.text[ColUser])
	r.follow(colShareRoot, bl.text[ColShare])
	r.details()
	r.rawIDs()
	if r.Err() == nil && r.Len() != 0 {
		r.Fail("%d bytes left over", r.Len())
	}
	if r.Err() != nil {
		return nil, fmt.Errorf("%w: %w", errBlock, r.Err())
	}
	return bl, nil
}

func (r *columnReader) parent(col int) []uint32 {
	switch col {
	case byNothing:
		return r.zero
	case byOp:
		return r.ops
	case byFolder:
		return r.folder
	}
	return r.bl.text[col]
}

// values reads how a column follows its parent, and the values of the rows that
// do not.
func (r *columnReader) values(limit int) []uint32 {
	miss := len(r.same) - r.Bits(r.same)
	if cap(r.vals) < miss {
		r.vals = make([]uint32, len(r.same))
	}
	r.vals = r.vals[:miss]
	column.Numbers(r.Reader, r.vals, uint64(limit), false)
	return r.vals
}

// place is the inverse of fresh, for a table of n entries.
func (r *columnReader) place(v uint32, known *uint32, n int) uint32 {
	if v == 0 {
		v = *known
		*known++
	} else {
		v--
	}
	if int(v) >= n {
		r.Fail("text %d of %d", v, n)
		return 0
	}
	return v
}

func (r *columnReader) texts(col int, parent []uint32) {
	code := make([]uint32, r.bl.n)
	r.bl.text[col] = code
	vals := r.values(len(r.plain))
	clear(r.last)
	for i, same := range r.same {
		p := parent[i]
		if !same {
			r.last[p] = r.place(vals[0], &r.known, len(r.plain))
			vals = vals[1:]
		}
		code[i] = r.last[p]
	}
}

// paths reads the two columns of paths and their table, and puts the paths
// behind the other texts.
func (r *columnReader) paths() {
	known := uint32(1)
	for _, o := range textOrder[firstPath : firstPath+2] {
		parent := r.parent(o.parent)
		code := make([]uint32, r.bl.n)
		r.bl.text[o.col] = code
		vals := r.values(2 * BlockRecords)
		clear(r.last)
		for i, same := range r.same {
			p := parent[i]
			if !same {
				r.last[p] = r.place(vals[0], &known, 2*BlockRecords+1)
				vals = vals[1:]
			}
			code[i] = r.last[p]
		}
	}
	folders, above := r.Folders(maxFolders)
	in, names := r.within(int(known)-1, len(folders))
	if r.Err() != nil {
		return
	}
	r.bl.Text = append(append(make([]string, 0, len(r.plain)+1+len(names)), r.plain...), "")
	r.bl.Text = append(r.bl.Text, column.Join(folders, in, names)...)
	upper := tops(nil, above)
	if len(folders) > len(r.last) {
		r.last = make([]uint32, len(folders))
	}
	for i, p := range r.bl.text[ColPath] {
		if 0 < p && p < known {
			r.folder[i] = upper[in[p-1]].folder
		}
	}
	for _, col := range [...]int{ColPath, ColNewPath} {
		for i, p := range r.bl.text[col] {
			if p >= known {
				r.Fail("path %d of %d", p, known)
				return
			}
			r.bl.text[col][i] = uint32(len(r.plain)) + p
		}
	}
}

// within reads folder and name of n paths.
func (r *columnReader) within(n, folders int) (in []uint32, names []string) {
	names = r.Texts()
	if r.Err() == nil && len(names) != n {
		r.Fail("%d names of %d paths", len(names), n)
	}
	in = make([]uint32, len(names))
	column.Numbers(r.Reader, in, maxFolders, false)
	known := uint32(1)
	for i, v := range in {
		in[i] = r.place(v, &known, folders)
	}
	return in, names
}

func (r *columnReader) follow(col int, parent []uint32) {
	v := make([]uint64, r.bl.n)
	r.bl.num[col] = v
	miss := make([]uint64, len(r.same)-r.Bits(r.same))
	column.Numbers(r.Reader, miss, limits[col], false)
	last := make([]uint64, len(r.last))
	for i, same := range r.same {
		p := parent[i]
		if !same {
			last[p], miss = miss[0], miss[1:]
		}
		v[i] = last[p]
	}
}

// ends reads the lengths of the rows' lists and returns where each begins, and
// the end of the last. An entry takes at least size bytes.
func (r *columnReader) ends(size int) []uint32 {
	l := make([]uint32, r.bl.n+1)
	column.Numbers(r.Reader, l[1:], 1<<32-1, false)
	total := uint64(0)
	for i, n := range l {
		total += uint64(n)
		if total > uint64(r.Len()/size) {
			r.Fail("%d entries in %d bytes", total, r.Len())
			clear(l)
			return l
		}
		l[i] = uint32(total)
	}
	return l
}

func (r *columnReader) details() {
	bl := r.bl
	bl.detail = r.ends(2)
	codes := make([]uint32, 2*bl.detail[bl.n])
	column.Numbers(r.Reader, codes, uint64(len(r.plain)), true)
	bl.details = make([]Pair, len(codes)/2)
	if r.Err() != nil {
		return
	}
	for i := range bl.details {
		k := r.place(codes[2*i], &r.known, len(r.plain))
		v := r.place(codes[2*i+1], &r.known, len(r.plain))
		bl.details[i] = Pair{r.plain[k], r.plain[v]}
	}
}

func (r *columnReader) rawIDs() {
	bl := r.bl
	bl.rawAt = r.ends(1)
	bl.raw = make([]uint64, bl.rawAt[bl.n])
	column.Numbers(r.Reader, bl.raw, 1<<64-1, true)
	for i := range bl.n {
		prev := bl.num[colFirstID][i]
		for j := bl.rawAt[i]; j < bl.rawAt[i+1]; j++ {
			prev += column.Unzigzag(bl.raw[j])
			bl.raw[j] = prev
		}
	}
	newer := make([]uint32, bl.n)
	column.Numbers(r.Reader, newer, 1<<32-1, false)
	for _, v := range newer {
		if v != 0 {
			bl.newer = newer
			break
		}
	}
}
