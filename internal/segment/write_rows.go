package segment

// addRows takes rows of a merge that follow each other, at most up to end and at least
// one, and returns how many.
func (p *partWriter) addRows(c *mergeCursor, from, end int) int {
	if p.n == blockRows || p.n > 0 && p.raws()+c.raw.len(from, from+1) > maxRaw {
		p.flush()
	}
	end = min(end, from+blockRows-p.n)
	for end > from+1 && p.raws()+c.raw.len(from, end) > maxRaw {
		end = from + (end-from)/2
	}
	v, at, n := &c.rd.v, p.n, end-from
	for col := range p.col {
		copy(p.col[col][at:at+n], v[col][from:end])
	}
	counts := p.col[colRaw][at : at+n]
	for i := range counts {
		counts[i] = uint64(c.raw.len(from+i, from+i+1))
	}
	p.first = append(p.first, c.raw.first[c.raw.firstAt[from]:c.raw.firstAt[end]]...)
	p.rest = append(p.rest, c.raw.rest[c.raw.restAt[from]:c.raw.restAt[end]]...)
	if len(c.rd.det.sets) > 0 {
		p.codeDetails(c, p.col[colDetail][at:at+n])
	}
	p.n += n
	p.countRows(c.rd.people[from:end], at)
	return n
}

// raws is how many raw record ids the open block has.
func (p *partWriter) raws() int { return len(p.first) + len(p.rest) }

// len is how many raw record ids some rows have.
func (r *rawRows) len(from, end int) int {
	return int(r.firstAt[end] - r.firstAt[from] + r.restAt[end] - r.restAt[from])
}

// codeDetails turns codes of a block of the input into those of the open block.
func (p *partWriter) codeDetails(c *mergeCursor, codes []uint64) {
	x := &c.sets
	if x.of != p.openBlock || x.gen != p.gen {
		x.of, x.gen = p.openBlock, p.gen
		clear(x.code)
	}
	for i, d := range codes {
		if d == 0 {
			continue
		}
		n := x.code[d]
		if n == 0 {
			x.buf = encodeDetail(x.buf[:0], c.rd.det.sets[d-1])
			n = uint64(p.details.code(string(x.buf), same))
			x.code[d] = n
		}
		codes[i] = n
	}
}

// countRows keeps what the directory and the footer say of the rows that stand in the
// open block from at on.
func (p *partWriter) countRows(people []uint32, at int) {
	n := uint32(p.info.rows)
	col := func(c int) []uint64 { return p.col[c][at : at+len(people)] }
	times, paths, news, shares := col(colTime), col(colPath), col(colNewPath), col(colShare)
	stamps, origins, ids, clients, kinds := col(colStamp), col(colOrigin), col(colFirstID), col(colClient), col(colKind)
	if n == 0 {
		p.info.first, p.info.last = int64(times[0]), int64(times[0])
	}
	for i, person := range people {
		t := int64(times[i])
		p.info.first, p.info.last = min(p.info.first, t), max(p.info.last, t)
		if len(p.runs) == 0 || p.runs[len(p.runs)-1].person != person {
			p.endPerson()
			p.runs = append(p.runs, run{person, n})
		}
		p.paths = append(p.paths, uint32(paths[i]))
		if news[i] != 0 {
			p.news = append(p.news, news[i]<<32|uint64(n))
		}
		if shares[i] > 0 {
			p.f.odd[shares[i]-1] = true
		}
		p.count(person, stamps[i], origins[i], ids[i], clients[i], kinds[i], t)
		n++
	}
	p.info.rows = int64(n)
}
