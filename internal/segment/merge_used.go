package segment

import (
	"context"
)

// usedPeople is the place of people in usedCodes, besides the columns.
const usedPeople = numCols

// usedCodes tells which entries of the dictionaries rows that count use. Paths
// and new paths are together.
type usedCodes struct{ of [numCols + 1][]bool }

func (in *mergeInput) used(ctx context.Context) (*usedCodes, error) {
	t, u := in.s.tables, &usedCodes{}
	for c, n := range map[int]int{
		usedPeople: len(t.people), colOrigin: len(t.origins), colStamp: len(t.stamps), colClient: len(t.clients), colKind: len(t.kinds),
		colShare: len(t.shares), colProcess: len(t.processes), colPath: in.s.dict.Len(),
	} {
		u.of[c] = make([]bool, n)
	}
	if in.sc.v.none {
		return u, nil
	}
	var rd reader
	for _, p := range in.s.parts {
		dir, err := p.directory()
		if err != nil {
			return nil, err
		}
		in.sc.p, in.sc.dir = p, dir
		for i := range dir.blocks {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			sel, err := in.sc.match(&dir.blocks[i])
			if err != nil {
				return nil, err
			}
			if err := rd.load(p, dir, &dir.blocks[i], sel); err != nil {
				return nil, err
			}
			u.add(in.s, &rd)
		}
	}
	return u, nil
}

func (u *usedCodes) add(s *Segment, rd *reader) {
	for _, p := range rd.people {
		u.of[usedPeople][p] = true
	}
	for _, c := range [...]int{colOrigin, colStamp, colClient, colKind, colProcess, colPath} {
		for _, v := range rd.v[c] {
			u.of[c][v] = true
		}
	}
	for i, v := range rd.v[colNewPath] {
		u.of[colPath][v] = true
		sh := uint64(s.usualShare(uint32(rd.v[colPath][i])))
		if c := rd.v[colShare][i]; c > 0 {
			sh = c - 1
		}
		u.of[colShare][sh] = true
	}
}
