package segment

// plainClause is clause where the path alone says enough of every row without a
// new path and with the usual share of its path.
func (sc *scan) plainClause(c *boundClause, b *block, sel []uint16) ([]uint16, error) {
	var cols [3]*numbers
	for i, col := range [3]int{colPath, colNewPath, colShare} {
		v, err := sc.column(b, col)
		if err != nil {
			return nil, err
		}
		cols[i] = v
	}
	sc.named = cols[1].keepSome(sc.named[:0], sel, sc.buf)
	sc.odd = cols[2].keepSome(sc.odd[:0], sel, sc.buf)
	special := sc.named
	if len(sc.odd) > 0 {
		sc.special = joinRows(sc.special[:0], sc.odd, without(sc.named, sc.odd))
		special = sc.special
	}
	sc.found = cols[0].keepIDs(sc.found[:0], sel, c.full, special, sc.buf2, sc.buf)
	sc.found = without(sc.found, sc.odd)
	special, err := sc.specials(c, cols, special)
	if err != nil {
		return nil, err
	}
	switch {
	case c.not:
		return without(without(sel, sc.found), special), nil
	case len(special) == 0:
		return append(sel[:0], sc.found...), nil
	}
	return joinRows(sel[:0], sc.found, special), nil
}

// specials leaves of rows with a new path or another share than the usual one
// those that meet a plain clause but were not found by their path; buf2 has their
// paths.
func (sc *scan) specials(c *boundClause, cols [3]*numbers, rows []uint16) ([]uint16, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	cols[2].gather(sc.buf3, rows)
	n := 0
	for i, r := range rows { // without those that were found
		if sc.buf3[i] == 0 && c.full.Has(uint32(sc.buf2[i])) {
			continue
		}
		rows[n], sc.buf2[n], sc.buf3[n] = r, sc.buf2[i], sc.buf3[i]
		n++
	}
	rows = rows[:n]
	cols[1].gather(sc.buf, rows)
	n = 0
	for i, r := range rows {
		ok, err := sc.s.meets(c, uint32(sc.buf2[i]), uint32(sc.buf[i]), sc.buf3[i])
		if err != nil {
			if sc.passesOver(c, err) {
				continue
			}
			return nil, err
		}
		if ok {
			rows[n] = r
			n++
		}
	}
	return rows[:n], nil
}

// without takes rows away; both ascend.
func without(rows, gone []uint16) []uint16 {
	if len(gone) == 0 {
		return rows
	}
	n := 0
	for _, r := range rows {
		for len(gone) > 0 && gone[0] < r {
			gone = gone[1:]
		}
		if len(gone) == 0 || gone[0] != r {
			rows[n] = r
			n++
		}
	}
	return rows[:n]
}

// joinRows appends the rows of two lists, which have none in common, in order.
func joinRows(dst, a, b []uint16) []uint16 {
	for len(a) > 0 && len(b) > 0 {
		if a[0] < b[0] {
			dst, a = append(dst, a[0]), a[1:]
		} else {
			dst, b = append(dst, b[0]), b[1:]
		}
	}
	return append(append(dst, a...), b...)
}
