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
	limit int
	un    *unpacker

	mu    sync.Mutex // guards the fields below
	next  uint64     // number of the next segment
	used  int
	order *list.List // of *cached, last used first
	at    map[cacheKey]*list.Element
}

// cacheKey is a segment's number and the place of a part within it.
type cacheKey struct {
	segment uint64
	off     int64
}

type cached struct {
	key   cacheKey
	value any
	size  int
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
	return &Cache{limit: bytes, un: un, order: list.New(), at: make(map[cacheKey]*list.Element)}, nil
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
	c.order.MoveToFront(el)
	return el.Value.(*cached).value
}

func (c *Cache) put(k cacheKey, value any, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at[k] != nil || size > c.limit {
		return
	}
	c.at[k] = c.order.PushFront(&cached{k, value, size})
	c.used += size + 200
	for c.used > c.limit && c.order.Len() > 1 {
		c.drop(c.order.Back())
	}
}

func (c *Cache) drop(el *list.Element) {
	old := c.order.Remove(el).(*cached)
	delete(c.at, old.key)
	c.used -= old.size + 200
}

// forget drops the parts of a segment.
func (c *Cache) forget(segment uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for el := c.order.Front(); el != nil; {
		next := el.Next()
		if el.Value.(*cached).key.segment == segment {
			c.drop(el)
		}
		el = next
	}
}

// Clear forgets everything.
func (c *Cache) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.order.Init()
	clear(c.at)
	c.used = 0
}
