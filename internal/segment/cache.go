package segment

import (
	"container/list"
	"sync"
)

// DefaultCacheBytes is the size of a Cache that was made with 0.
const DefaultCacheBytes = 64 << 20

// Cache keeps the unpacked parts of segments that were used last. Any number of
// segments share one. It is safe for concurrent use.
type Cache struct {
	un *unpacker

	mu      sync.Mutex // guards the fields below
	next    uint64     // number of the next segment
	shelves [2]shelf   // pages of paths, and everything else: a pass over the rows leaves the pages alone
	at      map[cacheKey]*list.Element
}

// shelf is a part of a Cache with a limit of its own.
type shelf struct {
	limit, used int
	order       *list.List // of *cached, last used first
}

// pagesShare is the part of a Cache that pages of paths may take: one in so
// many.
const pagesShare = 3

// cacheKey is a segment's number and the place of a part within it.
type cacheKey struct {
	segment uint64
	off     int64
}

type cached struct {
	key   cacheKey
	value any
	size  int
	shelf *shelf
}

// NewCache makes a Cache that holds about as many bytes; 0 = DefaultCacheBytes.
func NewCache(bytes int) (*Cache, error) {
	if bytes <= 0 {
		bytes = DefaultCacheBytes
	}
	un, err := newUnpacker()
	if err != nil {
		return nil, err
	}
	pages := bytes / pagesShare
	return &Cache{un: un, at: make(map[cacheKey]*list.Element), shelves: [2]shelf{{limit: pages, order: list.New()}, {limit: bytes - pages, order: list.New()}}}, nil
}

// number gives a segment its number.
func (c *Cache) number() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next++
	return c.next
}

func (c *Cache) get(k cacheKey) any {
	c.mu.Lock()
	defer c.mu.Unlock()
	el := c.at[k]
	if el == nil {
		return nil
	}
	x := el.Value.(*cached)
	x.shelf.order.MoveToFront(el)
	return x.value
}

func (c *Cache) put(k cacheKey, value any, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sh := &c.shelves[1]
	if _, ok := value.([]byte); ok {
		sh = &c.shelves[0]
	}
	if c.at[k] != nil || size > sh.limit {
		return
	}
	c.at[k] = sh.order.PushFront(&cached{k, value, size, sh})
	sh.used += size + 200
	for sh.used > sh.limit && sh.order.Len() > 1 {
		c.drop(sh.order.Back())
	}
}

func (c *Cache) drop(el *list.Element) {
	old := el.Value.(*cached)
	old.shelf.order.Remove(el)
	delete(c.at, old.key)
	old.shelf.used -= old.size + 200
}

// forget drops the parts of a segment.
func (c *Cache) forget(segment uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, el := range c.at {
		if k.segment == segment {
			c.drop(el)
		}
	}
}

// Clear forgets everything.
func (c *Cache) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.at)
	for i := range c.shelves {
		c.shelves[i].order.Init()
		c.shelves[i].used = 0
	}
}
