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
	if !sc.b.f.once {
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
	s := sc.s
	if v, ok := s.opt.Cache.get(cacheKey{s.number, b.off[c]}).(*numbers); ok {
		x.v = v
		return v, nil
	}
	raw, err := s.chunkIn(x.raw, b.off[c], b.chunks[c])
	if err != nil {
		return nil, err
	}
	x.raw = raw
	v, err := readNumbersIn(&x.planes, s.opt.Cache.un, raw, b.rows)
	if err != nil {
		return nil, s.damaged(b.off[c], b.chunks[c].size, err)
	}
	x.v = v
	return v, nil
}

// postingMemory is the memory of a page of postings.
type postingMemory struct {
	raw    []byte
	planes [4]planeMemory
}

// postingPage reads a page of postings. With a filter that is used once it is valid until
// the next call.
func (sc *scan) postingPage(at *pageAt) (*postingPage, error) {
	if !sc.b.f.once {
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
	sc.pages.raw = b
	return sc.p.readPostings(b, at, sc.pages)
}
