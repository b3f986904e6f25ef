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

// textClause leaves the rows that meet a clause by their texts.
func (sc *scan) textClause(c *boundClause, b *block, sel []uint16, path, newPath, share []uint64) ([]uint16, error) {
	if len(c.clause.lives) == 0 {
		return sc.keepMeeting(c, sel, func(i int) (bool, error) {
			return sc.s.meetsText(c, uint32(path[i]), uint32(newPath[i]), share[i])
		})
	}
	v, err := sc.column(b, colTime)
	if err != nil {
		return nil, err
	}
	times := make([]uint64, len(sel))
	v.pick(times, sel)
	return sc.keepMeeting(c, sel, func(i int) (bool, error) {
		r, err := sc.s.rowNames(uint32(path[i]), uint32(newPath[i]), share[i])
		r.Time = int64(times[i])
		return err == nil && c.m.Match(&r), err
	})
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
