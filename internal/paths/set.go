package paths

import (
	"iter"
	"math/bits"
)

// Range is the ids From to To, without To.
type Range struct{ From, To uint32 }

// Len is the number of ids.
func (r Range) Len() int { return int(r.To - r.From) }

// Set is a set of ids: one bit each, up to the highest. The zero Set is empty
// and ready for use; a nil *Set is empty.
type Set struct{ words []uint64 }

// Add adds an id.
func (s *Set) Add(id uint32) {
	w := int(id >> 6)
	if w >= len(s.words) {
		s.grow(w + 1)
	}
	s.words[w] |= 1 << (id & 63)
}

func (s *Set) grow(words int) { s.words = append(s.words, make([]uint64, words-len(s.words))...) }

// AddRange adds all ids of r.
func (s *Set) AddRange(r Range) {
	if r.From >= r.To {
		return
	}
	first, last := int(r.From>>6), int((r.To-1)>>6)
	if last >= len(s.words) {
		s.grow(last + 1)
	}
	low, high := ^uint64(0)<<(r.From&63), ^uint64(0)>>(63-(r.To-1)&63)
	if first == last {
		s.words[first] |= low & high
		return
	}
	s.words[first] |= low
	for i := first + 1; i < last; i++ {
		s.words[i] = ^uint64(0)
	}
	s.words[last] |= high
}

// Remove takes an id away.
func (s *Set) Remove(id uint32) {
	if w := int(id >> 6); w < len(s.words) {
		s.words[w] &^= 1 << (id & 63)
	}
}

// Has reports whether the id is in the set.
func (s *Set) Has(id uint32) bool {
	if s == nil {
		return false
	}
	w := int(id >> 6)
	return w < len(s.words) && s.words[w]&(1<<(id&63)) != 0
}

// Words is the set as bits, those of ids 0 to 63 first; it must not be changed.
func (s *Set) Words() []uint64 {
	if s == nil {
		return nil
	}
	return s.words
}

// Len counts the ids.
func (s *Set) Len() int {
	n := 0
	if s != nil {
		for _, w := range s.words {
			n += bits.OnesCount64(w)
		}
	}
	return n
}

// Empty reports whether no id is in the set.
func (s *Set) Empty() bool {
	if s != nil {
		for _, w := range s.words {
			if w != 0 {
				return false
			}
		}
	}
	return true
}

// Meets reports whether an id of r is in the set. It looks at no id beyond r: asked
// of one folder after the other, it goes through the set once.
func (s *Set) Meets(r Range) bool {
	if s == nil || r.From >= r.To {
		return false
	}
	first, last := int(r.From>>6), int((r.To-1)>>6)
	low, high := ^uint64(0)<<(r.From&63), ^uint64(0)>>(63-(r.To-1)&63)
	for i := first; i <= last && i < len(s.words); i++ {
		w := s.words[i]
		if i == first {
			w &= low
		}
		if i == last {
			w &= high
		}
		if w != 0 {
			return true
		}
	}
	return false
}

// And leaves the ids that o has too.
func (s *Set) And(o *Set) {
	if o == nil {
		s.words = nil
		return
	}
	s.words = s.words[:min(len(s.words), len(o.words))]
	for i := range s.words {
		s.words[i] &= o.words[i]
	}
}

// Or adds the ids of o.
func (s *Set) Or(o *Set) {
	if o == nil {
		return
	}
	if len(o.words) > len(s.words) {
		s.grow(len(o.words))
	}
	for i, w := range o.words {
		s.words[i] |= w
	}
}

// All goes through the ids, ascending.
func (s *Set) All() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i, word := range s.Words() {
			for w := word; w != 0; w &= w - 1 {
				if !yield(uint32(i)<<6 | uint32(bits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}

// Ranges goes through the ids as ranges as long as can be, ascending.
func (s *Set) Ranges() iter.Seq[Range] {
	return func(yield func(Range) bool) {
		var r Range
		for id := range s.All() {
			if id == r.To && r.From != r.To {
				r.To++
				continue
			}
			if r.From != r.To && !yield(r) {
				return
			}
			r = Range{id, id + 1}
		}
		if r.From != r.To {
			yield(r)
		}
	}
}
