package column

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// ErrDamaged is wrapped by every error of a Reader.
var ErrDamaged = errors.New("damaged column")

// Zigzag makes a small number of a small positive or negative difference.
func Zigzag(d uint64) uint64 { return d<<1 ^ uint64(int64(d)>>63) }

// Unzigzag is the inverse of Zigzag.
func Unzigzag(u uint64) uint64 { return u>>1 ^ -(u & 1) }

// AppendNumbers appends the form of a column: a byte with the width w of its
// numbers in bytes, the smallest number as a uvarint, then w planes: the lowest
// byte of each number less the smallest, then the next byte of each, and so on.
// A column of one value has width 0 and no planes, unless wide is set: then it
// has a byte at least for each number, so that a reader knows from the size
// how many numbers there can be.
func AppendNumbers[T uint8 | uint32 | uint64](b []byte, v []T, wide bool) []byte {
	if len(v) == 0 {
		return append(b, 0, 0)
	}
	lo, hi := v[0], v[0]
	for _, n := range v {
		lo, hi = min(lo, n), max(hi, n)
	}
	w := 0
	for x := uint64(hi - lo); x > 0; x >>= 8 {
		w++
	}
	if wide {
		w = max(w, 1)
	}
	b = binary.AppendUvarint(append(b, byte(w)), uint64(lo))
	for p := range w {
		at := len(b)
		b = slices.Grow(b, len(v))[:at+len(v)]
		plane, shift := b[at:at+len(v)], 8*p
		for i, n := range v {
			plane[i] = byte((n - lo) >> shift)
		}
	}
	return b
}

// grains are what AppendDifferences tries: FILETIME, milliseconds and seconds
// in nanoseconds.
var grains = [...]uint64{1e9, 1e6, 100}

// AppendDifferences appends a column as the differences of each number to the
// one before, zigzag: the first number less 0 and the largest of 1, 100,
// 1,000,000 and 1,000,000,000 that divides all others, both uvarint, then the
// others divided by it. It changes v.
func AppendDifferences(b []byte, v []uint64) []byte {
	if len(v) == 0 {
		return b
	}
	b = binary.AppendUvarint(b, v[0])
	for i := len(v) - 1; i > 0; i-- {
		v[i] -= v[i-1]
	}
	grain := uint64(1)
	v = v[1:]
	for _, g := range grains {
		if divides(g, v) {
			grain = g
			break
		}
	}
	b = binary.AppendUvarint(b, grain)
	for i, d := range v {
		if grain > 1 {
			d = uint64(int64(d) / int64(grain))
		}
		v[i] = Zigzag(d)
	}
	return AppendNumbers(b, v, false)
}

func divides(g uint64, v []uint64) bool {
	for _, d := range v {
		if int64(d)%int64(g) != 0 {
			return false
		}
	}
	return true
}

// Differences fills v with a column of differences.
func (r *Reader) Differences(v []uint64) {
	if len(v) == 0 {
		return
	}
	v[0] = r.Uvarint(1<<64 - 1)
	grain := r.Uvarint(1e9)
	Numbers(r, v[1:], 1<<64-1, false)
	for i := 1; i < len(v); i++ {
		v[i] = v[i-1] + Unzigzag(v[i])*grain
	}
}

// Reader reads the forms one after the other; the first error sticks, and
// everything read behind it is zero.
type Reader struct {
	b   []byte
	err error
}

// NewReader reads b, which must not change while texts are read.
func NewReader(b []byte) *Reader { return &Reader{b: b} }

// Err is the first error.
func (r *Reader) Err() error { return r.err }

// Len is how many bytes are left.
func (r *Reader) Len() int { return len(r.b) }

// Fail makes the reader fail for a reason that its caller found.
func (r *Reader) Fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
	}
	r.b = nil
}

// Uvarint reads a number of at most limit.
func (r *Reader) Uvarint(limit uint64) uint64 {
	n, k := binary.Uvarint(r.b)
	if k <= 0 || n > limit {
		r.Fail("bad number %d, want at most %d", n, limit)
		return 0
	}
	r.b = r.b[k:]
	return n
}

// Count reads the number of things that take at least one byte each.
func (r *Reader) Count() int { return int(r.Uvarint(uint64(len(r.b)))) }

// Bytes returns the next n bytes, or nil.
func (r *Reader) Bytes(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.Fail("%d bytes of %d", n, len(r.b))
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

// Numbers fills v with a column of len(v) numbers, each at most limit. wide
// columns have at least a byte for each number. The caller bounds len(v).
func Numbers[T uint8 | uint32 | uint64](r *Reader, v []T, limit uint64, wide bool) {
	w := int(r.Uvarint(8))
	lo := r.Uvarint(limit)
	if wide && w == 0 && len(v) > 0 {
		r.Fail("column of no width")
	}
	planes := r.Bytes(w * len(v))
	if r.err != nil {
		clear(v)
		return
	}
	if w == 0 {
		for i := range v {
			v[i] = T(lo)
		}
		return
	}
	if w > sizeOf[T]() {
		r.Fail("column of width %d", w)
		clear(v)
		return
	}
	for i, x := range planes[:len(v)] {
		v[i] = T(x)
	}
	for p := 1; p < w; p++ {
		shift := 8 * p
		for i, x := range planes[p*len(v) : (p+1)*len(v)] {
			v[i] |= T(x) << shift
		}
	}
	room := T(limit - lo)
	base := T(lo)
	ok := true
	for i, x := range v {
		ok = ok && x <= room
		v[i] = x + base
	}
	if !ok {
		r.Fail("number above %d", limit)
		clear(v)
	}
}

func sizeOf[T uint8 | uint32 | uint64]() int {
	n := 0
	for x := ^T(0); x > 0; x >>= 1 {
		n++
	}
	return n / 8
}

// AppendBits appends a column of yes and no: a byte 0 when all are no, 1 when
// all are yes, or 2 and then eight to a byte, the first in the lowest bit.
func AppendBits(b []byte, v []bool) []byte {
	yes := 0
	for _, x := range v {
		yes += int(bit(x))
	}
	switch yes {
	case 0:
		return append(b, 0)
	case len(v):
		return append(b, 1)
	}
	b = append(b, 2)
	for ; len(v) >= 8; v = v[8:] {
		b = append(b, bit(v[0])|bit(v[1])<<1|bit(v[2])<<2|bit(v[3])<<3|bit(v[4])<<4|bit(v[5])<<5|bit(v[6])<<6|bit(v[7])<<7)
	}
	if len(v) > 0 {
		var x byte
		for k, y := range v {
			x |= bit(y) << k
		}
		b = append(b, x)
	}
	return b
}

func bit(v bool) byte {
	if v {
		return 1
	}
	return 0
}

// Bits fills v and returns how many are yes.
func (r *Reader) Bits(v []bool) int {
	yes := 0
	switch r.Uvarint(2) {
	case 0:
		clear(v)
		return 0
	case 1:
		for i := range v {
			v[i] = true
		}
		return len(v)
	}
	b := r.Bytes((len(v) + 7) / 8)
	if b == nil {
		clear(v)
		return 0
	}
	for i := range v {
		v[i] = b[i/8]>>(i%8)&1 != 0
		if v[i] {
			yes++
		}
	}
	return yes
}
