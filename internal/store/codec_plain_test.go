package store

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// TestAppendPlain: what is not compressed is a zstd frame that says its size.
func TestAppendPlain(t *testing.T) {
	c, err := newCodec()
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, plainBlock - 1, plainBlock, plainBlock + 1, 3*plainBlock + 7} {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		f := appendPlain([]byte("before"), b)[len("before"):]
		got, err := c.unpack(f)
		if err != nil || !bytes.Equal(got, b) {
			t.Errorf("%d bytes: %d come back, %v", n, len(got), err)
		}
		var h zstd.Header
		if err := h.Decode(f); err != nil || !h.HasFCS || h.FrameContentSize != uint64(n) {
			t.Errorf("%d bytes: the frame says %d, %v", n, h.FrameContentSize, err)
		}
		if n > 0 {
			if _, err := c.unpack(f[:len(f)-1]); err == nil {
				t.Errorf("%d bytes: a frame that is cut off is taken", n)
			}
		}
	}
}
