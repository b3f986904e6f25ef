package store

import "slices"

// SealSize is about how many records and raw events the store holds of a server from
// one time (Unix ns) up to but without another. It reads no block: what lies across
// the bounds counts by its share of time.
func (s *Store) SealSize(server string, from, to int64) (records, events int64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	sv := s.index.servers[server]
	if sv == nil {
		return 0, 0
	}
	for _, b := range slices.Concat(sv.records, sv.tail, sv.superseded) {
		records += shareOf(int64(b.n), b.min, b.max, from, to)
	}
	for _, r := range slices.Concat(sv.segments, sv.oldSegments) {
		for _, d := range r.meta.Days {
			records += shareOf(d.Rows, d.First, d.Last, from, to)
		}
	}
	for _, l := range sv.raw {
		for _, b := range l {
			if !b.gone {
				events += shareOf(int64(b.n), b.min.UnixNano(), b.max.UnixNano(), from, to)
			}
		}
	}
	return records, events
}

// shareOf is how many of n things that lie between two times, both included, are about
// within others.
func shareOf(n, first, last, from, to int64) int64 {
	a, b := max(first, from), min(last, to-1)
	switch {
	case a > b:
		return 0
	case first >= from && last < to:
		return n
	}
	return int64(float64(n) * float64(b-a+1) / float64(last-first+1))
}
