package catalogue

import (
	"container/list"
	"sync"
)

// DefaultCacheBytes is the size of a Cache that was made with 0.
const DefaultCacheBytes = 32 << 20

// Cache keeps the unpacked blocks of parts that were used last. Any number of
// parts may share one. It is safe for concurrent use.
type Cache struct {
	mu    sync.Mutex
	limit int
	used  int
	next  uint64
	order *list.List // of *cached, last used first
	at    map[cacheKey]*list.Element
}

type cacheKey struct {
	part  uint64
	block int
}

type cached struct {
	key   cacheKey
	value any
	size  int
}

// NewCache makes a Cache that holds about as many bytes; 0 = DefaultCacheBytes.
func NewCache(bytes int) *Cache {
	if bytes <= 0 {
		bytes = DefaultCacheBytes
	}
	return &Cache{limit: bytes, order: list.New(), at: make(map[cacheKey]*list.Element)}
}

// number is a number that no other part of the cache has.
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
	if c.at[k] != nil || size > c.limit/2 {
		return
	}
	c.at[k] = c.order.PushFront(&cached{k, value, size})
	for c.used += size; c.used > c.limit; {
		el := c.order.Back()
		v := c.order.Remove(el).(*cached)
		delete(c.at, v.key)
		c.used -= v.size
	}
}
