package store

import (
	"container/list"
	"context"
	"sync"

	"github.com/akashi-audit/akashi/internal/record"
)

// cacheBytes bounds the decoded record blocks that stay in memory.
const cacheBytes = 64 << 20

type cacheKey struct {
	file uint32
	off  int64
}

type cacheEntry struct {
	key   cacheKey
	block *record.Block
	size  int
}

// cache keeps the decoded record blocks that were used last.
type cache struct {
	limit int

	mu   sync.Mutex // guards the fields below
	used int
	list *list.List // of *cacheEntry, last used first
	at   map[cacheKey]*list.Element
}

func newCache(limit int) *cache {
	return &cache{limit: limit, list: list.New(), at: make(map[cacheKey]*list.Element)}
}

func (c *cache) get(k cacheKey) *record.Block {
	c.mu.Lock()
	defer c.mu.Unlock()
	el := c.at[k]
	if el == nil {
		return nil
	}
	c.list.MoveToFront(el)
	return el.Value.(*cacheEntry).block
}

func (c *cache) put(k cacheKey, b *record.Block) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at[k] != nil {
		return
	}
	e := &cacheEntry{k, b, b.Bytes()}
	c.at[k] = c.list.PushFront(e)
	c.used += e.size
	for c.used > c.limit && c.list.Len() > 1 {
		last := c.list.Back()
		old := c.list.Remove(last).(*cacheEntry)
		delete(c.at, old.key)
		c.used -= old.size
	}
}

// clear forgets everything.
func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list.Init()
	clear(c.at)
	c.used = 0
}

// block returns a decoded record block.
func (s *Store) block(ctx context.Context, b *recBlock) (*record.Block, error) {
	k := cacheKey{b.file, b.off}
	if bl := s.cache.get(k); bl != nil {
		return bl, nil
	}
	bl, err := s.decode(ctx, b)
	if err != nil {
		return nil, err
	}
	s.cache.put(k, bl)
	return bl, nil
}

// decode reads a record block past the cache.
func (s *Store) decode(ctx context.Context, b *recBlock) (*record.Block, error) {
	raw, err := s.read(ctx, &b.blockRef)
	if err != nil {
		return nil, err
	}
	bl, err := record.DecodeBlock(raw)
	if err != nil || bl.Len() != b.n {
		return nil, s.noteBlock(s.nameOf(b.file), &b.blockRef, "block of records does not follow its format")
	}
	return bl, nil
}

// nameOf is the name of a file of blocks.
func (s *Store) nameOf(num uint32) string {
	if l := s.fileOf(num); l != nil {
		return l.name
	}
	return fileName(logDir, num)
}
