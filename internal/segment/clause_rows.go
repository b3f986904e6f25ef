package segment

// keepMeeting leaves the rows that meet a clause, of which meets tells by their place
// among them.
func (sc *scan) keepMeeting(c *boundClause, sel []uint16, meets func(i int) (bool, error)) ([]uint16, error) {
	n := 0
	for i, r := range sel {
		ok, err := meets(i)
		if err != nil {
			if sc.passesOver(c, err) {
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

// passesOver reports whether a row whose names cannot be read is just left out. It is not
// where the clause is one of an erasure: then the row may be erased, and the damage is an
// error, by which its block is left out.
func (sc *scan) passesOver(c *boundClause, err error) bool {
	return isDamage(err) && !sc.strict && c.f == sc.b.f
}
