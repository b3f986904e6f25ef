package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// errFormat is wrapped by every error about bytes that do not follow the format.
var errFormat = errors.New("segment format")

func checksum(b []byte) uint32 {
	return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) // the table is cached by the package
}

func zigzag(d uint64) uint64   { return d<<1 ^ uint64(int64(d)>>63) }
func unzigzag(u uint64) uint64 { return u>>1 ^ -(u & 1) }

// encoder appends numbers and texts.
type encoder struct{ b []byte }

func (e *encoder) u(n uint64)   { e.b = binary.AppendUvarint(e.b, n) }
func (e *encoder) i(n int64)    { e.b = binary.AppendVarint(e.b, n) }
func (e *encoder) str(s string) { e.u(uint64(len(s))); e.b = append(e.b, s...) }

// part appends bytes with their length.
func (e *encoder) part(b []byte) { e.u(uint64(len(b))); e.b = append(e.b, b...) }

// decoder is the inverse of encoder; the first error sticks, and everything
// read after it is zero.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail(what string) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s", errFormat, what)
	}
	d.b = nil
}

func (d *decoder) u() uint64 {
	if len(d.b) > 0 && d.b[0] < 0x80 { // most numbers
		n := uint64(d.b[0])
		d.b = d.b[1:]
		return n
	}
	n, k := binary.Uvarint(d.b)
	if k <= 0 {
		d.fail("number cut off")
		return 0
	}
	d.b = d.b[k:]
	return n
}

// max reads a number that must not be larger than limit.
func (d *decoder) max(limit uint64, what string) uint64 {
	n := d.u()
	if n > limit {
		d.fail(fmt.Sprintf("%s %d, at most %d", what, n, limit))
		return 0
	}
	return n
}

func (d *decoder) i() int64 {
	n := d.u()
	return int64(unzigzag(n))
}

func (d *decoder) byte() byte {
	if len(d.b) == 0 {
		d.fail("cut off")
		return 0
	}
	c := d.b[0]
	d.b = d.b[1:]
	return c
}

// count reads the number of things that take at least one byte each.
func (d *decoder) count() int { return int(d.max(uint64(len(d.b)), "count")) }

// bytes reads n bytes, which stay part of the input.
func (d *decoder) bytes(n int) []byte {
	if n < 0 || n > len(d.b) {
		d.fail("cut off")
		return nil
	}
	b := d.b[:n:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) part() []byte { return d.bytes(d.count()) }
func (d *decoder) str() string  { return string(d.part()) }

// texts reads a number of texts, which share one piece of memory with what follows them.
func (d *decoder) texts() []string {
	l, whole := make([]string, d.count()), string(d.b)
	for i := range l {
		b := d.part()
		end := len(whole) - len(d.b)
		if d.err != nil {
			return nil
		}
		l[i] = whole[end-len(b) : end]
	}
	return l
}

// end is the error, if any; bytes left over are one.
func (d *decoder) end() error {
	if d.err == nil && len(d.b) > 0 {
		d.fail(fmt.Sprintf("%d bytes left over", len(d.b)))
	}
	return d.err
}
