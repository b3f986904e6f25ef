package archive

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"hash"
	"slices"

	"github.com/akashi-audit/akashi/internal/erasure"
	"github.com/akashi-audit/akashi/internal/record"
)

// rowSet is rows of parts, a bit for each: those of a part up to its last row that
// is in it.
type rowSet map[int][]uint64

func (s rowSet) add(at place) {
	l := s[at.Part]
	if n := int(at.Row/64) + 1; len(l) < n {
		l = append(l, make([]uint64, n-len(l))...)
		s[at.Part] = l
	}
	l[at.Row/64] |= 1 << (at.Row % 64)
}

func (s rowSet) has(at place) bool {
	l := s[at.Part]
	i := at.Row / 64
	return i < int64(len(l)) && l[i]>>(at.Row%64)&1 == 1
}

// heldRow is a row of the parts that there are, by the print of its record.
type heldRow struct {
	mark print
	place
}

// heldRows are the rows that hold, by print and place, 40 bytes for each.
type heldRows struct {
	l     []heldRow
	taken []uint64 // a bit for each of l
	left  int
}

// held finds the rows of parts that hold.
func (a *Archive) held(ctx context.Context, parts []part, hidden *erasure.Set) (*heldRows, error) {
	h := &heldRows{}
	gone, err := a.voided(ctx, parts)
	if err != nil {
		return nil, err
	}
	n := int64(0)
	for i := range parts {
		n += parts[i].Records
	}
	h.l = make([]heldRow, 0, min(n, 1<<24)) // it is the manifest that says so
	var p printer
	for i := range parts {
		err := a.readRecords(ctx, &parts[i].Day, func(row int64, r *record.Record) error {
			if at := (place{parts[i].Part, row}); !gone.has(at) && !hidden.Takes(r) {
				h.l = append(h.l, heldRow{p.of(r), at})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(h.l, func(x, y heldRow) int {
		return cmp.Or(bytes.Compare(x.mark[:], y.mark[:]), cmp.Compare(x.Part, y.Part), cmp.Compare(x.Row, y.Row))
	})
	h.taken, h.left = make([]uint64, (len(h.l)+63)/64), len(h.l)
	return h, nil
}

// take takes a row with this print, each once; false when there is none.
func (h *heldRows) take(mark print) bool {
	i, _ := slices.BinarySearchFunc(h.l, mark, func(r heldRow, mark print) int { return bytes.Compare(r.mark[:], mark[:]) })
	for ; i < len(h.l) && h.l[i].mark == mark; i++ {
		if bit := uint64(1) << (i % 64); h.taken[i/64]&bit == 0 {
			h.taken[i/64] |= bit
			h.left--
			return true
		}
	}
	return false
}

// rest are the rows that were not taken.
func (h *heldRows) rest() rowSet {
	s := make(rowSet)
	for i := range h.l {
		if h.taken[i/64]>>(i%64)&1 == 0 {
			s.add(h.l[i].place)
		}
	}
	return s
}

// rowSums are hashes of the prints of rows, one of chunkRows rows each: what is
// known of rows that are to come back.
type rowSums struct {
	h    hash.Hash
	n    int64
	sums []print
}

func (s *rowSums) add(mark print) {
	if s.h == nil {
		s.h = sha256.New()
	}
	s.h.Write(mark[:])
	if s.n++; s.n%chunkRows == 0 {
		s.end()
	}
}

// end ends the rows.
func (s *rowSums) end() {
	if s.h == nil {
		return
	}
	s.sums = append(s.sums, print(s.h.Sum(nil)))
	s.h = nil
}

// differ is the first and the last row of the first rows that are others; ok says
// that all are the same.
func (s *rowSums) differ(o *rowSums) (first, last int64, ok bool) {
	for i := range max(len(s.sums), len(o.sums)) {
		if i >= len(s.sums) || i >= len(o.sums) || s.sums[i] != o.sums[i] {
			first = int64(i) * chunkRows
			return first, min(first+chunkRows, max(s.n, o.n)) - 1, false
		}
	}
	return 0, 0, true
}
