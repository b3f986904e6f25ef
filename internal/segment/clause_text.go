package segment

import (
	"github.com/akashi-audit/akashi/internal/record"
)

// textClause makes a clause for which no numbers can be found, since a page of the
// dictionary is damaged: rows are asked one by one, by their texts. That is slow, and
// what can be read is found.
func (s *Segment) textClause(c *clause) *boundClause {
	return &boundClause{clause: c, lazy: true, byText: true, memo: make(map[[3]uint32]bool)}
}

// textClause leaves the rows that meet a clause by their texts. Rows whose names cannot
// be read are left out; where the clause is one of an erasure, they may be erased, and
// the damage is an error, by which their block is left out.
func (sc *scan) textClause(c *boundClause, b *block, sel []uint16, path, newPath, share []uint64) ([]uint16, error) {
	times := make([]uint64, len(sel))
	if len(c.clause.lives) > 0 {
		v, err := sc.column(b, colTime)
		if err != nil {
			return nil, err
		}
		v.pick(times, sel)
	}
	skip := !sc.strict && c.f == sc.b.f
	n := 0
	for i, r := range sel {
		var ok bool
		var err error
		if len(c.clause.lives) > 0 {
			var rec record.Record
			if rec, err = sc.s.rowNames(uint32(path[i]), uint32(newPath[i]), share[i]); err == nil {
				rec.Time = int64(times[i])
				ok = c.m.Match(&rec)
			}
		} else {
			ok, err = sc.s.meetsText(c, uint32(path[i]), uint32(newPath[i]), share[i])
		}
		if err != nil {
			if skip && isDamage(err) {
				continue
			}
			return nil, err
		}
		if ok != c.not {
			sel[n] = r
			n++
		}
	}
	return sel[:n], nil
}

// rowNames is a record with what a row names: its paths and its share.
func (s *Segment) rowNames(path, newPath uint32, shareCode uint64) (r record.Record, err error) {
	sh, err := s.shareAt(shareCode, path)
	if err != nil {
		return r, err
	}
	r = record.Record{Server: s.meta.Server, Class: record.ClassUser, Share: sh.unc, ShareRoot: sh.root}
	if r.Path, err = s.path(path); err == nil && newPath != 0 {
		r.NewPath, err = s.path(newPath)
	}
	return r, err
}
