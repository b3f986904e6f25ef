package catalogue

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/klauspost/compress/zstd"
)

// Root is the local folder of a share, as records name it.
type Root struct{ Share, Folder string }

// firstLevel packs parts that a merge will soon replace.
const firstLevel = zstd.SpeedFastest

// writer writes a part: paths in order, then touches in order, then finish.
type writer struct {
	w       io.Writer
	enc     *zstd.Encoder
	offset  int64
	blocks  []block
	dict    *paths.Encoder
	packed  *paths.Packed // the dictionary when it was made before; else nil
	sets    map[string]int
	setList []Months
	last    int    // the set of the path before
	inSets  []byte // the columns of the block of values under way
	counts  []byte
	values  int
	touches []touch
	span    span
	err     error
}

func newWriter(out io.Writer, level zstd.EncoderLevel) (*writer, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(level), zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("make packer: %w", err)
	}
	w := &writer{w: out, enc: enc, sets: make(map[string]int)}
	w.dict = paths.NewEncoder(func(page []byte) error { return w.block(blockPage, page, 0) })
	w.write([]byte(magic))
	return w, w.err
}

func (w *writer) write(b []byte) {
	if w.err == nil {
		_, w.err = w.w.Write(b)
		w.offset += int64(len(b))
	}
}

func (w *writer) block(kind uint8, plain []byte, first uint32) error {
	return w.packedBlock(kind, w.enc.EncodeAll(plain, nil), len(plain), first)
}

// packedBlock writes a block that unpacks to so many bytes.
func (w *writer) packedBlock(kind uint8, b []byte, plain int, first uint32) error {
	w.blocks = append(w.blocks, block{kind: kind, offset: w.offset, size: len(b), plain: plain, sum: checksum(b), first: first})
	w.write(b)
	return w.err
}

// take writes the pages of a dictionary that was made before: that of the paths
// which path will be called with.
func (w *writer) take(dict *paths.Packed) {
	w.packed = dict
	for i, p := range dict.Pages {
		_ = w.packedBlock(blockPage, p, dict.Plain[i], 0) // the error sticks
	}
}

// path appends a path; paths must ascend by paths.Compare.
func (w *writer) path(path string, months Months, n uint64) error {
	if w.packed == nil {
		if err := w.dict.Add(path); err != nil {
			return err
		}
	}
	set := w.last
	if len(w.setList) == 0 || !slices.Equal(months, w.setList[set]) { // most are like the one before
		set = w.set(months)
		w.last = set
	}
	w.inSets = binary.AppendUvarint(w.inSets, uint64(set))
	w.counts = binary.AppendUvarint(w.counts, n)
	if w.values++; w.values == valuesPerBlock {
		return w.flushValues()
	}
	return nil
}

// set is the number of a set of months.
func (w *writer) set(months Months) int {
	var key []byte
	for _, m := range months {
		key = binary.LittleEndian.AppendUint16(key, uint16(m))
	}
	n, ok := w.sets[string(key)]
	if !ok {
		n = len(w.setList)
		w.sets[string(key)] = n
		w.setList = append(w.setList, slices.Clone(months))
	}
	return n
}

func (w *writer) flushValues() error {
	b := append(w.inSets, w.counts...)
	w.inSets, w.counts, w.values = w.inSets[:0], w.counts[:0], 0
	return w.block(blockValues, b, 0)
}

// touch appends a touch; touches must ascend by path, time and sequence.
func (w *writer) touch(t touch) error {
	w.span.add(t)
	if w.touches = append(w.touches, t); len(w.touches) == touchesPerBlock {
		return w.flushTouches()
	}
	return nil
}

func (w *writer) flushTouches() error {
	b := encodeTouches(w.touches)
	first := w.touches[0].path
	w.touches = w.touches[:0]
	return w.block(blockTouches, b, first)
}

// finish writes what is left, the footer and the trailer.
func (w *writer) finish(server string, roots []Root) error {
	defer w.enc.Close() //nolint:errcheck // it holds no file
	n := w.dict.Len()
	index, err := w.dict.Finish()
	if err != nil {
		return err
	}
	if w.packed != nil {
		n, index = w.packed.N, w.packed.Index
	}
	if err := w.block(blockIndex, index, 0); err != nil {
		return err
	}
	if w.values > 0 {
		if err := w.flushValues(); err != nil {
			return err
		}
	}
	if len(w.touches) > 0 {
		if err := w.flushTouches(); err != nil {
			return err
		}
	}
	footer := w.footer(server, n, roots)
	at := w.offset
	w.write(footer)
	t := binary.LittleEndian.AppendUint64(nil, uint64(at))
	t = binary.LittleEndian.AppendUint32(t, uint32(len(footer)))
	t = binary.LittleEndian.AppendUint32(t, checksum(footer))
	t = binary.LittleEndian.AppendUint32(t, 0)
	t = binary.LittleEndian.AppendUint32(t, checksum(t))
	w.write(append(t, trailerMagic...))
	return w.err
}

func (w *writer) footer(server string, n int, roots []Root) []byte {
	b := appendString(nil, server)
	b = binary.AppendUvarint(b, uint64(n))
	b = binary.AppendUvarint(b, uint64(len(w.setList)))
	for _, set := range w.setList {
		b = binary.AppendUvarint(b, uint64(len(set)))
		last := Month(0)
		for _, m := range set {
			b = binary.AppendUvarint(b, uint64(m-last))
			last = m
		}
	}
	b = binary.AppendUvarint(b, uint64(len(roots)))
	for _, r := range roots {
		b = appendString(appendString(b, r.Share), r.Folder)
	}
	b = binary.AppendVarint(b, w.span.first)
	b = binary.AppendVarint(b, w.span.last)
	b = binary.AppendUvarint(b, uint64(w.span.seqs))
	b = binary.AppendUvarint(b, uint64(len(w.blocks)))
	for _, x := range w.blocks {
		b = append(b, x.kind)
		b = binary.AppendUvarint(b, uint64(x.size))
		b = binary.AppendUvarint(b, uint64(x.plain))
		b = binary.LittleEndian.AppendUint32(b, x.sum)
		b = binary.AppendUvarint(b, uint64(x.first))
	}
	return b
}
