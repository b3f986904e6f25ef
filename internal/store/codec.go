package store

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/klauspost/compress/zstd"
)

// maxFrame bounds what a header may claim: meta, body or a block unpacked.
const maxFrame = 1 << 30

func checksum(parts ...[]byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli) // cached by the package
	var c uint32
	for _, p := range parts {
		c = crc32.Update(c, table, p)
	}
	return c
}

// codec packs and unpacks blocks. It is safe for concurrent use.
type codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newCodec() (*codec, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(2), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false))
	if err != nil {
		return nil, fmt.Errorf("make packer: %w", err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(maxFrame))
	if err != nil {
		return nil, fmt.Errorf("make unpacker: %w", err)
	}
	return &codec{enc, dec}, nil
}

func (c *codec) close() {
	_ = c.enc.Close() // holds no file
	c.dec.Close()
}

func (c *codec) pack(b []byte) []byte            { return c.enc.EncodeAll(b, nil) }
func (c *codec) unpack(b []byte) ([]byte, error) { return c.dec.DecodeAll(b, nil) }

// plainBlock is the most bytes of one block of a zstd frame (RFC 8878, 3.1.1.2).
const plainBlock = 128 << 10

// appendPlain appends b as a zstd frame that compresses nothing: for what is
// written again soon, and at most 4 GiB - 1.
func appendPlain(dst, b []byte) []byte {
	dst = append(dst, 0x28, 0xb5, 0x2f, 0xfd, 0xa0) // a single segment; its size has four bytes
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(b)))
	for {
		part := b[:min(len(b), plainBlock)]
		b = b[len(part):]
		head := uint32(len(part)) << 3 // raw
		if len(b) == 0 {
			head |= 1 // the last
		}
		dst = append(append(dst, byte(head), byte(head>>8), byte(head>>16)), part...)
		if len(b) == 0 {
			return dst
		}
	}
}

// encoder appends the parts of a frame's meta.
type encoder struct{ b []byte }

func (e *encoder) u(n uint64) { e.b = binary.AppendUvarint(e.b, n) }
func (e *encoder) i(n int64)  { e.b = binary.AppendVarint(e.b, n) }
func (e *encoder) str(s string) {
	e.u(uint64(len(s)))
	e.b = append(e.b, s...)
}

func (e *encoder) flag(v bool) {
	if v {
		e.u(1)
	} else {
		e.u(0)
	}
}

func (e *encoder) key(k Key) {
	e.u(uint64(k.Running))
	e.str(k.Channel)
	e.u(uint64(k.Generation))
	e.u(k.ID)
}

var errMeta = errors.New("frame meta does not follow its format")

// decoder reads the parts of a frame's meta; the first error sticks.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail() {
	d.err, d.b = errMeta, nil
}

func (d *decoder) u() uint64 {
	n, k := binary.Uvarint(d.b)
	if k <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[k:]
	return n
}

func (d *decoder) u32() uint32 {
	n := d.u()
	if n > 1<<32-1 {
		d.fail()
		return 0
	}
	return uint32(n)
}

func (d *decoder) i() int64 {
	n, k := binary.Varint(d.b)
	if k <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[k:]
	return n
}

// count reads the number of things that take at least one byte each.
func (d *decoder) count() int {
	n := d.u()
	if n > uint64(len(d.b)) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) str() string {
	n := d.count()
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}

func (d *decoder) hash() (h [sha256.Size]byte) {
	if len(d.b) < len(h) {
		d.fail()
		return h
	}
	d.b = d.b[copy(h[:], d.b):]
	return h
}

func (d *decoder) flag() bool { return d.u() != 0 }

func (d *decoder) key() Key {
	return Key{Running: event.Filetime(d.u()), Channel: d.str(), Generation: d.u32(), ID: d.u()}
}
