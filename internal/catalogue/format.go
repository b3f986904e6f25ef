package catalogue

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// magic begins a part, trailerMagic ends it. See docs/FORMAT.md.
const (
	magic        = "akcat 1\n"
	trailerMagic = "akcatend"
	trailerSize  = 32
)

// Kinds of blocks.
const (
	blockPage    = 1 // a page of the path dictionary
	blockIndex   = 2 // its index
	blockValues  = 3 // months and counts of valuesPerBlock paths
	blockTouches = 4 // what happened to names
)

const (
	valuesPerBlock  = 1 << 14
	touchesPerBlock = 1 << 12
	maxBlock        = 64 << 20 // bytes of a block as it is unpacked
	maxSets         = 1 << 20  // distinct sets of months
)

// DamageError says where a part does not follow its format.
type DamageError struct {
	Offset int64 // of the block in the part
	What   string
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("path catalogue damaged at byte %d: %s", e.Offset, e.What)
}

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// block is where a block stands.
type block struct {
	offset int64
	size   int // as stored
	plain  int // unpacked
	sum    uint32
	first  uint32 // of touches: the path id it begins with
	kind   uint8
}

// reader reads what a block or footer holds; the first error sticks.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) fail() { r.b, r.bad = nil, true }

func (r *reader) u(most uint64) uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > most {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) i() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count reads a number of things of at least one byte each.
func (r *reader) count() int { return int(r.u(uint64(len(r.b)))) }

func (r *reader) bytes(n int) []byte {
	if n > len(r.b) {
		r.fail()
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) str() string { return string(r.bytes(r.count())) }

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
