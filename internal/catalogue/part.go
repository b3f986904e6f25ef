package catalogue

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sort"
	"sync"

	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/klauspost/compress/zstd"
)

// Part is an open part.
type Part struct {
	r       io.ReaderAt
	cache   *Cache
	number  uint64
	dec     *zstd.Decoder
	server  string
	dict    *paths.Dict
	sets    []Months
	roots   []Root
	span    span
	blocks  []block
	pages   []int // places among blocks
	names   int   // bytes of the pages, unpacked
	values  []int
	touches []int
	quick   int // quickPaths, but in tests
	ranked  *ranking
}

// ranking remembers the paths with the most records.
type ranking struct {
	mu sync.Mutex
	l  []scored // the best first, nil = not looked for yet; guarded by mu
}

// Open reads the footer of a part of size bytes. Damage is a DamageError.
func Open(r io.ReaderAt, size int64, cache *Cache) (*Part, error) {
	p := &Part{r: r, cache: cache, number: cache.number(), quick: quickPaths, ranked: new(ranking)}
	footer, at, err := readFooter(r, size)
	if err != nil {
		return nil, err
	}
	n, ok := p.parseFooter(footer, at)
	if !ok {
		return nil, &DamageError{at, "footer does not follow its format"}
	}
	if p.dec, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxBlock)); err != nil {
		return nil, fmt.Errorf("make unpacker: %w", err)
	}
	if err := p.openDict(n); err != nil {
		return nil, err
	}
	return p, nil
}

func readFooter(r io.ReaderAt, size int64) (footer []byte, at int64, err error) {
	if size < int64(len(magic))+trailerSize {
		return nil, 0, &DamageError{0, fmt.Sprintf("%d bytes are too few", size)}
	}
	head := make([]byte, len(magic))
	if _, err := r.ReadAt(head, 0); err != nil {
		return nil, 0, fmt.Errorf("read the beginning: %w", err)
	}
	if string(head) != magic {
		return nil, 0, &DamageError{0, "it does not begin as a catalogue part"}
	}
	end := size - trailerSize
	t := make([]byte, trailerSize)
	if _, err := r.ReadAt(t, end); err != nil {
		return nil, 0, fmt.Errorf("read the trailer: %w", err)
	}
	if string(t[24:]) != trailerMagic || binary.LittleEndian.Uint32(t[20:]) != checksum(t[:20]) {
		return nil, 0, &DamageError{end, "trailer has a wrong checksum"}
	}
	at = int64(binary.LittleEndian.Uint64(t))
	n := int64(binary.LittleEndian.Uint32(t[8:]))
	if at < int64(len(magic)) || n > end || at != end-n {
		return nil, 0, &DamageError{end, "trailer speaks of a footer elsewhere"}
	}
	footer = make([]byte, n)
	if _, err := r.ReadAt(footer, at); err != nil {
		return nil, 0, fmt.Errorf("read the footer: %w", err)
	}
	if checksum(footer) != binary.LittleEndian.Uint32(t[12:]) {
		return nil, 0, &DamageError{at, "footer has a wrong checksum"}
	}
	return footer, at, nil
}

// leastBlock is how many bytes of a footer a block takes at least.
const leastBlock = 8

// parseFooter reads the footer, which ends the blocks at byte end.
func (p *Part) parseFooter(b []byte, end int64) (n int, ok bool) {
	r := reader{b: b}
	p.server = r.str()
	n = int(r.u(1<<32 - 2))
	for range r.count() {
		var set Months
		m := Month(0)
		for i := range r.count() {
			d := r.u(1<<16 - 1 - uint64(m))
			if i > 0 && d == 0 {
				return 0, false
			}
			m += Month(d)
			set = append(set, m)
		}
		p.sets = append(p.sets, set)
	}
	for range r.count() {
		p.roots = append(p.roots, Root{r.str(), r.str()})
	}
	p.span = span{r.i(), r.i(), uint32(r.u(1<<32 - 1))}
	at := int64(len(magic))
	blocks := r.count()
	p.blocks = make([]block, 0, min(blocks, len(r.b)/leastBlock))
	for i := range blocks {
		kind := r.bytes(1)
		x := block{offset: at, size: int(r.u(maxBlock)), plain: int(r.u(maxBlock))}
		sum := r.bytes(4)
		x.first = uint32(r.u(1<<32 - 1))
		if r.bad {
			return 0, false
		}
		x.kind, x.sum = kind[0], binary.LittleEndian.Uint32(sum)
		at += int64(x.size)
		p.blocks = append(p.blocks, x)
		switch x.kind {
		case blockPage:
			p.pages = append(p.pages, i)
			p.names += x.plain
		case blockValues:
			p.values = append(p.values, i)
		case blockTouches:
			p.touches = append(p.touches, i)
		}
	}
	ordered := sort.SliceIsSorted(p.touches, func(i, j int) bool { return p.blocks[p.touches[i]].first < p.blocks[p.touches[j]].first })
	return n, !r.bad && len(r.b) == 0 && at == end && ordered && len(p.values) == (n+valuesPerBlock-1)/valuesPerBlock
}

func (p *Part) openDict(n int) error {
	for i := range p.blocks {
		if p.blocks[i].kind != blockIndex {
			continue
		}
		index, err := p.unpack(i)
		if err != nil {
			return err
		}
		if p.dict, err = paths.Open(index, p.page); err != nil {
			return &DamageError{p.blocks[i].offset, err.Error()}
		}
		if p.dict.Len() != n {
			return &DamageError{p.blocks[i].offset, fmt.Sprintf("index has %d paths, the footer %d", p.dict.Len(), n)}
		}
		return nil
	}
	return &DamageError{int64(len(magic)), "no index of paths"}
}

// unpack reads block i.
func (p *Part) unpack(i int) ([]byte, error) { return p.unpackIn(i, &paths.Memory{}) }

// unpackIn is unpack into memory from before.
func (p *Part) unpackIn(i int, m *paths.Memory) ([]byte, error) {
	x := &p.blocks[i]
	m.Packed = slices.Grow(m.Packed[:0], x.size)
	b := m.Packed[:x.size]
	if _, err := p.r.ReadAt(b, x.offset); err != nil {
		return nil, fmt.Errorf("read block at byte %d of a path catalogue: %w", x.offset, err)
	}
	if checksum(b) != x.sum {
		return nil, &DamageError{x.offset, "block has a wrong checksum"}
	}
	plain, err := p.dec.DecodeAll(b, slices.Grow(m.Plain[:0], x.plain))
	m.Plain = plain
	if err != nil || len(plain) != x.plain {
		return nil, &DamageError{x.offset, "block cannot be unpacked"}
	}
	return plain, nil
}

// cachedBlock gives what make makes of block i, kept in the cache.
func cachedBlock[T any](p *Part, i int, parse func(plain []byte) (T, int, bool)) (T, error) {
	k := cacheKey{p.number, i}
	if v, ok := p.cache.get(k).(T); ok {
		return v, nil
	}
	var zero T
	b, err := p.unpack(i)
	if err != nil {
		return zero, err
	}
	v, size, ok := parse(b)
	if !ok {
		return zero, &DamageError{p.blocks[i].offset, "block does not follow its format"}
	}
	p.cache.put(k, v, size)
	return v, nil
}

func (p *Part) page(i int) ([]byte, error) {
	if i >= len(p.pages) {
		return nil, &DamageError{int64(len(magic)), fmt.Sprintf("no page %d of paths", i)}
	}
	return cachedBlock(p, p.pages[i], func(b []byte) ([]byte, int, bool) { return b, len(b), true })
}

// many is the dictionary for a look at many of its names. What the cache cannot hold goes
// past it.
func (p *Part) many() *paths.Dict {
	if p.names <= p.cache.limit/2 {
		return p.dict
	}
	return p.dict.Once(func(i int, m *paths.Memory) ([]byte, error) {
		if i >= len(p.pages) {
			return p.page(i)
		}
		if b, ok := p.cache.get(cacheKey{p.number, p.pages[i]}).([]byte); ok {
			return b, nil
		}
		return p.unpackIn(p.pages[i], m)
	})
}

// valueBlock is months and counts of paths.
type valueBlock struct {
	sets   []uint32
	counts []uint64
	sum    uint64 // of the counts
	last   Month  // of all of them
}

// valueBytes is what the values of a path take in memory.
const valueBytes = 12

// valuesAt are the values of paths from i · valuesPerBlock on.
func (p *Part) valuesAt(i int) (*valueBlock, error) {
	return cachedBlock(p, p.values[i], func(b []byte) (*valueBlock, int, bool) {
		n := p.valuesOf(i)
		v := &valueBlock{sets: make([]uint32, n), counts: make([]uint64, n)}
		at, ok := p.parseSets(b, v.sets)
		if !ok {
			return nil, 0, false
		}
		before := uint32(len(p.sets))
		for _, set := range v.sets {
			if set != before {
				v.last, before = max(v.last, p.lastOf(set)), set
			}
		}
		for k := range v.counts {
			count, next := smallNumber(b, at)
			if next < 0 {
				return nil, 0, false
			}
			v.counts[k], at = count, next
			v.sum += count
		}
		return v, valueBytes * n, at == len(b)
	})
}

// valuesOf is how many paths have their values in block i of these.
func (p *Part) valuesOf(i int) int { return min(valuesPerBlock, p.dict.Len()-i*valuesPerBlock) }

// parseSets reads the sets of months of a block of values, and where its counts begin.
func (p *Part) parseSets(b []byte, sets []uint32) (at int, ok bool) {
	for k := range sets {
		set, next := smallNumber(b, at)
		if next < 0 || set >= uint64(len(p.sets)) {
			return 0, false
		}
		sets[k], at = uint32(set), next
	}
	return at, true
}

// setsMemory is what the sets of months of a block are read in, block after block.
type setsMemory struct {
	paths.Memory
	sets []uint32
}

// setsAt are the sets of months of valuesAt, valid until the next call with the same memory;
// with once past the cache.
func (p *Part) setsAt(i int, m *setsMemory, once bool) ([]uint32, error) {
	if !once {
		v, err := p.valuesAt(i)
		if err != nil {
			return nil, err
		}
		return v.sets, nil
	}
	if v, ok := p.cache.get(cacheKey{p.number, p.values[i]}).(*valueBlock); ok {
		return v.sets, nil
	}
	b, err := p.unpackIn(p.values[i], &m.Memory)
	if err != nil {
		return nil, err
	}
	n := p.valuesOf(i)
	m.sets = slices.Grow(m.sets[:0], n)[:n]
	if _, ok := p.parseSets(b, m.sets); !ok {
		return nil, &DamageError{p.blocks[p.values[i]].offset, "block does not follow its format"}
	}
	return m.sets, nil
}

// smallNumber reads a number that is mostly below 128, and where the next one begins;
// -1 when it is cut off or too large.
func smallNumber(b []byte, at int) (v uint64, next int) {
	if at < len(b) && b[at] < 0x80 {
		return uint64(b[at]), at + 1
	}
	return largeNumber(b, at)
}

func largeNumber(b []byte, at int) (v uint64, next int) {
	v, n := binary.Uvarint(b[min(at, len(b)):])
	if n <= 0 {
		return 0, -1
	}
	return v, at + n
}

// touchesAt are the touches of one block.
func (p *Part) touchesAt(i int) ([]touch, error) {
	return cachedBlock(p, p.touches[i], func(b []byte) ([]touch, int, bool) {
		l, ok := decodeTouches(b, uint32(p.dict.Len()))
		return l, 32 * len(l), ok
	})
}

// Server is the server of the part.
func (p *Part) Server() string { return p.server }

// Len is the number of paths.
func (p *Part) Len() int { return p.dict.Len() }

// Check reads all of the part. It returns all damage that it finds.
func (p *Part) Check() []error {
	var l []error
	for i := range p.blocks {
		if _, err := p.unpack(i); err != nil {
			l = append(l, err)
		}
	}
	if len(l) > 0 {
		return l
	}
	for i := range p.values {
		if _, err := p.valuesAt(i); err != nil {
			l = append(l, err)
		}
	}
	for i := range p.touches {
		if _, err := p.touchesAt(i); err != nil {
			l = append(l, err)
		}
	}
	c := p.dict.Cursor()
	for c.Next() {
	}
	if c.Err() != nil {
		l = append(l, c.Err())
	}
	return l
}
