package segment

// everyClause leaves the rows that name a path and of which every path is met.
func (sc *scan) everyClause(c *boundClause, sel []uint16, path, newPath, share []uint64) []uint16 {
	n := 0
	for i, r := range sel {
		p := uint32(path[i])
		ok := share[i] == 0 && newPath[i] == 0 && c.full.Has(p)
		if !ok && newPath[i]|share[i] != 0 {
			x := c.shareOf(sc.s, p, share[i])
			ok = c.within(x, p) && (newPath[i] == 0 || c.within(x, uint32(newPath[i])))
		}
		if ok {
			sel[n] = r
			n++
		}
	}
	return sel[:n]
}

// shareOf is what the clause finds below the share of a row; nil = nothing.
func (c *boundClause) shareOf(s *Segment, path uint32, code uint64) *shareSet {
	if c.shares == nil {
		return nil
	}
	n := uint64(s.usualShare(path))
	if code > 0 {
		n = code - 1
	}
	if n >= uint64(len(c.shares)) {
		return nil
	}
	return c.shares[n]
}

// within reports whether a path is met locally or below a share.
func (c *boundClause) within(x *shareSet, path uint32) bool {
	return c.ids.Has(path) || x != nil && x.ids.Has(path)
}
