package rawfile

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
)

// File is a file of raw events open for reading.
type File struct {
	r       io.ReaderAt
	size    int64
	unpack  *Unpacker
	blocks  []*Block
	end     int64 // of the frames
	damaged []*DamageError
}

// Open reads the directory of a file of size bytes. When that is damaged, it
// looks for the blocks themselves; Damaged tells. A file in which there is
// neither a directory nor a block gives a *DamageError.
func Open(r io.ReaderAt, size int64, u *Unpacker) (*File, error) {
	f := &File{r: r, size: size, unpack: u}
	head, err := f.bytes(0, min(size, int64(len(fileMagic))))
	if err != nil {
		return nil, err
	}
	if string(head) != fileMagic {
		f.note(-1, 0, int64(len(head)), "head of the file")
	}
	if err := f.directory(); err != nil {
		var d *DamageError
		if !errors.As(err, &d) {
			return nil, err
		}
		f.damaged = append(f.damaged, d)
		if err := f.scan(); err != nil {
			return nil, err
		}
		if len(f.blocks) == 0 {
			return nil, d
		}
	}
	return f, nil
}

func (f *File) note(block int, off, size int64, reason string) {
	f.damaged = append(f.damaged, &DamageError{block, off, size, reason})
}

// bytes reads n bytes at off, which lie in the file.
func (f *File) bytes(off, n int64) ([]byte, error) {
	b := make([]byte, n)
	if k, err := f.r.ReadAt(b, off); k < len(b) {
		return nil, fmt.Errorf("read raw events at %d: %w", off, err)
	}
	return b, nil
}

// directory finds the blocks by the directory.
func (f *File) directory() error {
	n := min(f.size, trailerSize)
	b, err := f.bytes(f.size-n, n)
	if err != nil {
		return err
	}
	if n < trailerSize || string(b[24:]) != endMagic || binary.LittleEndian.Uint32(b[20:]) != checksum(b[:20]) {
		return &DamageError{-1, f.size - n, n, "end of the file"}
	}
	off, size := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint32(b[8:])
	if size > maxBody || off != uint64(f.size)-trailerSize-uint64(size) || off > uint64(f.size) {
		return &DamageError{-1, f.size - n, n, "place of the directory"}
	}
	dir, err := f.bytes(int64(off), int64(size))
	if err != nil {
		return err
	}
	if checksum(dir) != binary.LittleEndian.Uint32(b[12:]) {
		return &DamageError{-1, int64(off), int64(size), "checksum of the directory"}
	}
	if f.blocks, err = parseDirectory(dir, int64(off)); err != nil {
		return &DamageError{-1, int64(off), int64(size), err.Error()}
	}
	f.end = int64(off)
	return nil
}

// scan finds the blocks by their frames.
func (f *File) scan() error {
	magic := binary.LittleEndian.AppendUint32(nil, frameMagic)
	at, lost := int64(len(fileMagic)), int64(-1)
	for at+headSize <= f.size {
		b, err := f.frame(at)
		if err != nil {
			return err
		}
		if b != nil {
			if lost >= 0 {
				f.note(-1, lost, at-lost, "no block is found here")
			}
			lost = -1
			f.blocks = append(f.blocks, b)
			at += b.Size
			f.end = at
			continue
		}
		if lost < 0 {
			lost = at
		}
		window, err := f.bytes(at+1, min(f.size-at-1, 1<<18))
		if err != nil {
			return err
		}
		if i := bytes.Index(window, magic); i >= 0 {
			at += 1 + int64(i)
		} else {
			at += max(1, int64(len(window)-len(magic)))
		}
	}
	return nil
}

// frame reads the head and the meta of a frame; nil when there is none at off.
func (f *File) frame(off int64) (*Block, error) {
	if f.size-off < headSize {
		return nil, nil
	}
	h, err := f.bytes(off, headSize)
	if err != nil {
		return nil, err
	}
	n, body, ok := parseHead(h)
	size := headSize + int64(n) + int64(body)
	if !ok || size > f.size-off {
		return nil, nil
	}
	meta, err := f.bytes(off+headSize, int64(n))
	if err != nil {
		return nil, err
	}
	if checksum(h[:16], meta) != binary.LittleEndian.Uint32(h[16:]) {
		return nil, nil
	}
	b, err := parseMeta(meta)
	if err != nil {
		return nil, nil
	}
	b.Offset, b.Size, b.body, b.crc = off, size, body, binary.LittleEndian.Uint32(h[12:])
	return b, nil
}

// Lists reports whether a file has exactly these blocks.
func (f *File) Lists(blocks []*Block) bool {
	return slices.EqualFunc(f.blocks, blocks, func(a, b *Block) bool {
		return a.Offset == b.Offset && a.Size == b.Size && a.body == b.body && a.crc == b.crc && bytes.Equal(a.meta, b.meta)
	})
}

// Blocks lists the blocks in the order of the file. The caller does not change
// them.
func (f *File) Blocks() []*Block { return f.blocks }

// Damaged lists what Open found damaged.
func (f *File) Damaged() []*DamageError { return f.damaged }

// Read returns the events of block i. A damaged block gives a *DamageError.
func (f *File) Read(i int) ([]*event.Event, error) {
	l, err := f.read(i, f.unpack.Events)
	if err == nil && !f.blocks[i].holds(l) {
		err = f.blocks[i].damage(i, "its events are not those of its entry")
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// ReadIDs returns the events of block i whose record ids are in ids, which are
// ascending. A damaged block gives a *DamageError.
func (f *File) ReadIDs(i int, ids []uint64) ([]*event.Event, error) {
	return f.read(i, func(b []byte) ([]*event.Event, error) { return f.unpack.EventsByID(b, ids) })
}

func (f *File) read(i int, unpack func([]byte) ([]*event.Event, error)) ([]*event.Event, error) {
	bl := f.blocks[i]
	b, err := f.bytes(bl.Offset+headSize+int64(len(bl.meta)), int64(bl.body))
	if err != nil {
		return nil, err
	}
	if checksum(b) != bl.crc {
		return nil, bl.damage(i, "checksum")
	}
	l, err := unpack(b)
	if err != nil {
		return nil, bl.damage(i, err.Error())
	}
	return l, nil
}

func (b *Block) damage(i int, reason string) error {
	return &DamageError{i, b.Offset, b.Size, reason}
}

// holds reports whether the events are those that the block names.
func (b *Block) holds(l []*event.Event) bool {
	at := 0
	for _, r := range b.Runs {
		for id := r.Lo; ; id++ {
			if at == len(l) || l[at].RecordID != id {
				return false
			}
			if at++; id == r.Hi {
				break
			}
		}
	}
	return at == len(l) && b.First == l[0].Time && b.Last == l[at-1].Time
}

// Check reads the whole file and returns every damage of it, in no order.
// Other errors, such as those of the io.ReaderAt or ctx, end it.
func (f *File) Check(ctx context.Context) ([]*DamageError, error) {
	found := append([]*DamageError(nil), f.damaged...)
	for i, b := range f.blocks {
		if err := ctx.Err(); err != nil {
			return found, err
		}
		again, err := f.frame(b.Offset)
		if err != nil {
			return found, err
		}
		if again == nil || !bytes.Equal(again.meta, b.meta) || again.body != b.body || again.crc != b.crc {
			found = append(found, &DamageError{i, b.Offset, headSize + int64(len(b.meta)), "head of the block"})
		}
		if _, err := f.Read(i); err != nil {
			var d *DamageError
			if !errors.As(err, &d) {
				return found, err
			}
			found = append(found, d)
		}
	}
	return found, nil
}
