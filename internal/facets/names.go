package facets

import (
	"slices"
)

// Names spells the paths that a source has counted by number. It is used by one
// goroutine at a time.
type Names interface {
	// Reader gives a function that spells numbers, which ascend; of one that cannot
	// be read nil. The text is valid until the next call.
	Reader() func(n uint32) ([]byte, error)
	// Number is the number of exactly this path.
	Number(path string) (n uint32, ok bool, err error)
}

// fewNames is how many paths of a source are worth a list of numbers; fewer are
// spelled at once.
const fewNames = 2048

// counted is the paths of one source with how often each was counted. The order of
// its numbers is that of paths.Compare.
type counted struct {
	names    Names
	small    []uint8           // 255 = in large
	large    map[uint32]uint32 // by number
	distinct int
}

const inLarge = 255

// at is how often a path was counted.
func (s *counted) at(n uint32) uint64 {
	if int(n) >= len(s.small) {
		return 0
	}
	if v := s.small[n]; v < inLarge {
		return uint64(v)
	}
	return uint64(s.large[n])
}

// next is the first path from n on that was counted at least least times; false
// when there is none.
func (s *counted) next(n uint32, least uint64) (uint32, bool) {
	for ; int(n) < len(s.small); n++ {
		v := s.small[n]
		if v == 0 || uint64(v) < least && v < inLarge {
			continue
		}
		if v < inLarge || s.at(n) >= least {
			return n, true
		}
	}
	return 0, false
}

// nth is the count of the path with the n-th most records, 0 when there are fewer.
func (s *counted) nth(n int) uint64 {
	if n > s.distinct {
		return 0
	}
	large := make([]uint32, 0, len(s.large))
	for _, v := range s.large {
		large = append(large, v)
	}
	if n <= len(large) {
		slices.Sort(large)
		return uint64(large[len(large)-n])
	}
	n -= len(large)
	var by [inLarge]int
	for _, v := range s.small {
		if v < inLarge {
			by[v]++
		}
	}
	for v := inLarge - 1; v > 0; v-- {
		if n -= by[v]; n <= 0 {
			return uint64(v)
		}
	}
	return 0
}

// atLeast is how many paths were counted at least so often.
func (s *counted) atLeast(least uint64) (n int) {
	for at, ok := s.next(0, least); ok; at, ok = s.next(at+1, least) {
		n++
	}
	return n
}

// AddPaths counts the paths of a source: counts by number, which ascend in the
// order of paths.Compare. The names must be readable until Facets was called. The
// counts may be used again.
func (c *Counter) AddPaths(names Names, counts []uint32) error {
	s := counted{names: names, large: make(map[uint32]uint32)}
	for _, v := range counts {
		if v > 0 {
			s.distinct++
		}
	}
	if s.distinct < fewNames {
		read := names.Reader()
		for n, v := range counts {
			if v == 0 {
				continue
			}
			p, err := read(uint32(n))
			if err != nil {
				return err
			}
			c.AddPath(string(p), uint64(v))
		}
		return nil
	}
	s.small = make([]uint8, len(counts))
	for n, v := range counts {
		if v < inLarge {
			s.small[n] = uint8(v)
		} else {
			s.small[n], s.large[uint32(n)] = inLarge, v
		}
	}
	c.sources = append(c.sources, s)
	return nil
}

// Settle spells what was counted by number, so that the names need not be readable
// any more.
func (c *Counter) Settle() error {
	for i := range c.sources {
		s := &c.sources[i]
		read := s.names.Reader()
		for n, ok := s.next(0, 1); ok; n, ok = s.next(n+1, 1) {
			p, err := read(n)
			if err != nil {
				return err
			}
			c.AddPath(string(p), s.at(n))
		}
	}
	c.sources = nil
	return nil
}
