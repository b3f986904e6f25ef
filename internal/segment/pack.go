package segment

import (
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// packer compresses. It belongs to one goroutine.
type packer struct {
	enc   *zstd.Encoder
	least float64 // bits of information of a byte from which on it is not worth packing
	// plainly: columns of numbers are not packed at all. They are written again soon, and
	// the time for packing and unpacking them is worth more than their room.
	plainly bool
	plane   []byte
	out     []byte
	alt     []uint64
	codes   []uint64
	hist    [256]uint32
}

func newPacker(level int) (*packer, error) {
	if level == 0 {
		level = 3
	}
	enc, err := zstd.NewWriter(io.Discard, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(level)),
		zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false), zstd.WithSingleSegment(true))
	if err != nil {
		return nil, fmt.Errorf("make packer: %w", err)
	}
	return &packer{enc: enc, least: 7.8, plainly: level == 1}, nil
}

func (p *packer) close() { _ = p.enc.Close() } // it writes nowhere

// pack appends b as one zstd frame.
func (p *packer) pack(dst, b []byte) []byte { return p.enc.EncodeAll(b, dst) }

// unpacker is the inverse of packer. It is safe for concurrent use.
type unpacker struct{ dec *zstd.Decoder }

// maxUnpacked bounds what one frame may unpack to.
const maxUnpacked = 1 << 28

func newUnpacker() (*unpacker, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(maxUnpacked), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, fmt.Errorf("make unpacker: %w", err)
	}
	return &unpacker{dec}, nil
}

// unpackIn unpacks a frame that must give exactly n bytes, into the memory of dst where that
// is enough.
func (u *unpacker) unpackIn(dst, b []byte, n int) ([]byte, error) {
	var h zstd.Header
	if err := h.Decode(b); err != nil || !h.HasFCS || h.FrameContentSize != uint64(n) {
		return nil, fmt.Errorf("%w: packed part does not unpack to %d bytes", errFormat, n)
	}
	out, err := u.dec.DecodeAll(b, slices.Grow(dst[:0], n))
	if err != nil || len(out) != n {
		return nil, fmt.Errorf("%w: packed part does not unpack to %d bytes: %w", errFormat, n, err)
	}
	return out, nil
}

// unpackAny unpacks a frame of unknown size; a frame may not claim more than a
// thousand times its own size.
func (u *unpacker) unpackAny(b []byte) ([]byte, error) { return u.unpackAnyIn(nil, b) }

// unpackAnyIn is unpackAny into the memory of dst, where that is enough.
func (u *unpacker) unpackAnyIn(dst, b []byte) ([]byte, error) {
	var h zstd.Header
	if err := h.Decode(b); err != nil || !h.HasFCS || h.FrameContentSize > min(maxUnpacked, 1<<20+1000*uint64(len(b))) {
		return nil, fmt.Errorf("%w: packed part of unlikely size", errFormat)
	}
	return u.unpackIn(dst, b, int(h.FrameContentSize))
}
