package segment

// Where a count reads more than the caches can hold, what it reads goes past them: each
// block's columns are unpacked into the memory of those of the block before.

// passing is the columns of the block at hand.
type passing struct {
	block *block
	cols  [numCols]passed
}

type passed struct {
	v      *numbers // nil = not read yet
	raw    []byte
	planes planeMemory
}

// column reads a column of numbers of a block. With a filter that is used once it is
// valid until a column of another block is read.
func (sc *scan) column(b *block, c int) (*numbers, error) {
	if !sc.b.f.onceRows {
		return sc.p.column(b, c)
	}
	if sc.near == nil {
		sc.near = &passing{}
	}
	if sc.near.block != b {
		sc.near.block = b
		for i := range sc.near.cols {
			sc.near.cols[i].v = nil
		}
	}
	x := &sc.near.cols[c]
	if x.v != nil {
		return x.v, nil
	}
	v, err := sc.p.columnIn(x, b, c, true)
	if err == nil {
		x.v = v
	}
	return v, err
}

// columnIn reads a column of a block; with once past the cache and into memory from
// before.
func (p *part) columnIn(m *passed, b *block, c int, once bool) (*numbers, error) {
	if !once {
		return p.column(b, c)
	}
	s := p.seg
	if v, ok := s.opt.Cache.get(cacheKey{s.number, b.off(c)}).(*numbers); ok {
		return v, nil
	}
	raw, err := s.chunkIn(m.raw, b.off(c), b.chunks[c])
	if err != nil {
		return nil, err
	}
	m.raw = raw
	v, err := readNumbersIn(&m.planes, s.opt.Cache.un, raw, b.rows)
	if err != nil {
		return nil, s.damaged(b.off(c), int(b.chunks[c].size), err)
	}
	return v, nil
}

// postingMemory is the memory of a page of postings.
type postingMemory struct {
	raw    []byte
	planes [4]planeMemory
	wanted []uint32 // paths that are looked for; a page that has none of them is not read on
}

// none reports that a page surely has none of the wanted paths.
func (m *postingMemory) none(ids *numbers) bool {
	if m == nil || ids.form != formDelta || len(m.wanted)*seekFew >= ids.n {
		return false
	}
	for _, id := range m.wanted {
		if _, ok := ids.find(uint64(id)); ok {
			return false
		}
	}
	return true
}

// postingPage reads a page of postings for some paths. With a filter that is used once it
// is valid until the next call, and nil when the page has none of them.
func (sc *scan) postingPage(at *pageAt, wanted []uint32) (*postingPage, error) {
	if !sc.b.f.onceRows {
		return sc.p.postingPage(at)
	}
	s := sc.s
	if v, ok := s.opt.Cache.get(cacheKey{s.number, at.off}).(*postingPage); ok {
		return v, nil
	}
	if sc.pages == nil {
		sc.pages = &postingMemory{}
	}
	b, err := s.chunkIn(sc.pages.raw, at.off, at.chunkRef)
	if err != nil {
		return nil, err
	}
	sc.pages.raw, sc.pages.wanted = b, wanted
	return sc.p.readPostings(b, at, sc.pages)
}
