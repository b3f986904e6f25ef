package paths

// numbersGroup is how many of Numbers share a base.
const numbersGroup = 64

// Numbers is what the paths of one dictionary, in their order, are in a larger one: a list
// of numbers of which none is below the one before, in some two bytes each. The zero value is
// empty.
type Numbers struct {
	bases []uint32 // the first of each group
	above []uint16 // of each number, how far it is above its base; farAbove = it stands in far
	far   map[uint32]uint32
}

const farAbove = 1<<16 - 1

// NewNumbers makes an empty list with room for n numbers.
func NewNumbers(n int) *Numbers {
	return &Numbers{bases: make([]uint32, 0, (n+numbersGroup-1)/numbersGroup), above: make([]uint16, 0, n)}
}

// Len is how many numbers there are.
func (l *Numbers) Len() int { return len(l.above) }

// Append adds a number, which must not be below the last one.
func (l *Numbers) Append(n uint32) {
	i := uint32(len(l.above))
	if i%numbersGroup == 0 {
		l.bases = append(l.bases, n)
	}
	d := n - l.bases[i/numbersGroup]
	if d >= farAbove {
		if l.far == nil {
			l.far = make(map[uint32]uint32)
		}
		l.far[i], d = n, farAbove
	}
	l.above = append(l.above, uint16(d))
}

// At is number i, from 0 on; there must be one.
func (l *Numbers) At(i uint32) uint32 {
	d := l.above[i]
	if d == farAbove {
		return l.far[i]
	}
	return l.bases[i/numbersGroup] + uint32(d)
}
