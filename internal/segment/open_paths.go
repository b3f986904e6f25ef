package segment

import (
	"fmt"

	"github.com/akashi-audit/akashi/internal/paths"
)

// pathPage reads a page of the path dictionary.
func (s *Segment) pathPage(n int) ([]byte, error) {
	if n < 0 || n >= len(s.pages) {
		return nil, fmt.Errorf("%w: page %d of %d", errFormat, n, len(s.pages))
	}
	k := cacheKey{s.number, s.pages[n].off}
	if v, ok := s.opt.Cache.get(k).([]byte); ok {
		return v, nil
	}
	b, err := s.readPathPage(n)
	if err != nil {
		return nil, err
	}
	s.opt.Cache.put(k, b, len(b))
	return b, nil
}

// readPathPage is pathPage past the cache.
func (s *Segment) readPathPage(n int) ([]byte, error) { return s.readPathPageIn(n, &paths.Memory{}) }

func (s *Segment) readPathPageIn(n int, m *paths.Memory) ([]byte, error) {
	if n < 0 || n >= len(s.pages) {
		return nil, fmt.Errorf("%w: page %d of %d", errFormat, n, len(s.pages))
	}
	ref := s.pages[n]
	b, err := s.chunkIn(m.Packed, ref.off, ref.chunkRef)
	if err != nil {
		return nil, err
	}
	m.Packed = b
	if b, err = s.opt.Cache.un.unpackAnyIn(m.Plain, b); err != nil {
		return nil, s.damaged(ref.off, int(ref.size), err)
	}
	m.Plain = b
	return b, nil
}

// names is the path dictionary for a search of all names by a filter.
func (s *Segment) names(f *Filter) *paths.Dict {
	if !f.onceNames {
		return s.dict
	}
	return s.dict.Once(func(n int, m *paths.Memory) ([]byte, error) {
		if n >= 0 && n < len(s.pages) {
			if v, ok := s.opt.Cache.get(cacheKey{s.number, s.pages[n].off}).([]byte); ok {
				return v, nil
			}
		}
		return s.readPathPageIn(n, m)
	})
}
