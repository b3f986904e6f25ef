package catalogue

import (
	"cmp"
	"encoding/binary"
)

// Kinds of touches: what an act did to a name. The numbers are on disk.
const (
	touchAway     = 1 // renamed or moved from this name to another, which may be unknown
	touchArrived  = 2 // renamed or moved to this name
	touchDeleted  = 3
	touchCreated  = 4
	touchCopied   = 5 // copied from this name to another
	touchCopyOf   = 6 // made by a copy of another
	touchBinned   = 7 // moved into the recycle bin, under a name that is not known
	touchLastKind = touchBinned
)

// noPath stands for a name that is not known.
const noPath = 1<<32 - 1

// touch is one act on one name. A rename is two, one at each name.
type touch struct {
	path  uint32
	other uint32
	time  int64  // Unix ns
	seq   uint32 // order of acts at the same time
	kind  uint8
}

func compareTouch(a, b touch) int {
	if a.path != b.path {
		return cmp.Compare(a.path, b.path)
	}
	return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.seq, b.seq), cmp.Compare(a.kind, b.kind), cmp.Compare(a.other, b.other))
}

// span is where the touches of a part lie in the order of acts.
type span struct {
	first, last int64  // Unix ns
	seqs        uint32 // more than the highest sequence number; 0 = no touches
}

func (s *span) add(t touch) {
	if s.seqs == 0 {
		s.first, s.last = t.time, t.time
	}
	s.first, s.last, s.seqs = min(s.first, t.time), max(s.last, t.time), max(s.seqs, t.seq+1)
}

// grain is the usual grain of times, 100 ns.
const grain = 100

func encodeTouches(l []touch) []byte {
	b := binary.AppendUvarint(nil, uint64(len(l)))
	last, low, high, unit := uint32(0), l[0].time, l[0].time, uint64(grain)
	for _, t := range l {
		b = binary.AppendUvarint(b, uint64(t.path-last))
		last = t.path
		low, high = min(low, t.time), max(high, t.time)
	}
	for _, t := range l {
		b = append(b, t.kind)
		if uint64(t.time-low)%grain != 0 {
			unit = 1
		}
	}
	for _, t := range l {
		b = binary.AppendUvarint(b, uint64(t.seq))
	}
	for _, t := range l {
		b = binary.AppendUvarint(b, uint64(t.other+1)) // noPath is 0
	}
	width := 0
	for most := uint64(high-low) / unit; most > 0; most >>= 8 {
		width++
	}
	b = binary.LittleEndian.AppendUint64(b, uint64(low))
	b = append(b, byte(unit), byte(width))
	for k := range width {
		for _, t := range l {
			b = append(b, byte(uint64(t.time-low)/unit>>(8*k)))
		}
	}
	return b
}

// decodeTouches reads a block of touches of a part with that many paths.
func decodeTouches(b []byte, paths uint32) ([]touch, bool) {
	r := reader{b: b}
	n := r.u(touchesPerBlock)
	l := make([]touch, n)
	path := uint64(0)
	for i := range l {
		if path += r.u(1 << 32); path >= uint64(paths) {
			return nil, false
		}
		l[i].path = uint32(path)
	}
	for i, k := range r.bytes(int(n)) {
		if k == 0 || k > touchLastKind {
			return nil, false
		}
		l[i].kind = k
	}
	for i := range l {
		l[i].seq = uint32(r.u(1<<32 - 2))
	}
	for i := range l {
		l[i].other = uint32(r.u(uint64(paths))) - 1
		if k := l[i].kind; (k == touchArrived || k == touchCopied || k == touchCopyOf) && l[i].other == noPath {
			return nil, false
		}
	}
	head := r.bytes(10)
	if r.bad || n == 0 || head[8] == 0 || head[9] > 8 || len(r.b) != int(n)*int(head[9]) {
		return nil, false
	}
	low, unit := binary.LittleEndian.Uint64(head), uint64(head[8])
	for i := range l {
		v := uint64(0)
		for k := range int(head[9]) {
			v |= uint64(r.b[k*int(n)+i]) << (8 * k)
		}
		l[i].time = int64(low + v*unit)
		if i > 0 && compareTouch(l[i-1], l[i]) >= 0 {
			return nil, false
		}
	}
	return l, true
}
