package evtx

import (
	"cmp"
	"slices"
)

// idSet counts distinct ids; ids that come in order cost nothing but a range.
type idSet struct {
	ranges []idRange
}

type idRange struct{ lo, hi uint64 } // inclusive

func (s *idSet) add(id uint64) {
	if n := len(s.ranges); n > 0 {
		r := &s.ranges[n-1]
		if id >= r.lo && id <= r.hi {
			return
		}
		if id == r.hi+1 && id != 0 {
			r.hi = id
			return
		}
	}
	s.ranges = append(s.ranges, idRange{id, id})
	if n := len(s.ranges); n >= 1<<12 && n&(n-1) == 0 {
		s.merge()
	}
}

// merge sorts the ranges and joins those that touch.
func (s *idSet) merge() {
	slices.SortFunc(s.ranges, func(a, b idRange) int { return cmp.Compare(a.lo, b.lo) })
	out := s.ranges[:0]
	for _, r := range s.ranges {
		if n := len(out); n > 0 && (r.lo <= out[n-1].hi || r.lo == out[n-1].hi+1) {
			out[n-1].hi = max(out[n-1].hi, r.hi)
			continue
		}
		out = append(out, r)
	}
	s.ranges = out
}

func (s *idSet) count() (n int64) {
	s.merge()
	for _, r := range s.ranges {
		n += int64(r.hi-r.lo) + 1
	}
	return n
}
