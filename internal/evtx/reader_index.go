package evtx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
)

// ErrFormat is wrapped by every error about a file that is no EVTX log.
var ErrFormat = errors.New("not an EVTX file")

// fileHeader is what the file header says; counts are hints only.
type fileHeader struct {
	ok     bool
	next   uint64 // id of the next record
	chunks int
	flags  uint32
}

// readAt fills b as far as the file goes and returns how much that was.
func readAt(r io.ReaderAt, b []byte, off int64) (int, error) {
	n, err := r.ReadAt(b, off)
	if errors.Is(err, io.EOF) || n == len(b) {
		err = nil
	}
	return n, err
}

// openHeader reads the file header. A file whose header is damaged is accepted
// when a chunk stands where one must.
func openHeader(r io.ReaderAt, size int64) (h fileHeader, err error) {
	if size == 0 {
		return h, fmt.Errorf("%w: it is empty", ErrFormat)
	}
	var b [fileHeaderSize + 8]byte
	n, err := readAt(r, b[:min(size, int64(len(b)))], 0)
	if err != nil {
		return h, fmt.Errorf("read file header: %w", err)
	}
	if string(b[:8]) == fileMagic {
		if n < fileHeaderSize {
			return h, fmt.Errorf("%w: cut inside the file header (%d bytes)", ErrFormat, n)
		}
		h.ok = true
		h.next = le64(b[:], fhNextRecord)
		h.chunks = le16(b[:], fhChunkCount)
		h.flags = le32(b[:], fhFlags)
		return h, nil
	}
	if n == len(b) && string(b[fileHeaderSize:]) == chunkMagic {
		return h, nil
	}
	return h, fmt.Errorf("%w: it does not begin with ElfFile", ErrFormat)
}

// indexChunks finds the chunks by reading the start of each. Where a chunk
// header is missing it looks for one at another place, so that bytes that were
// cut out or put in cost one chunk only.
func indexChunks(r io.ReaderAt, size int64, buf []byte) ([]chunkInfo, error) {
	list := make([]chunkInfo, 0, min(size/chunkSize+1, 1<<16))
	var head [chunkHeaderSize + recordHeader]byte
	for off := int64(fileHeaderSize); off < size; {
		n, err := readAt(r, head[:min(int64(len(head)), size-off)], off)
		if err != nil {
			return list, fmt.Errorf("read chunk at %d: %w", off, err)
		}
		if n == 0 {
			break
		}
		ci := chunkInfo{off: off, num: int((off - fileHeaderSize) / chunkSize), size: int(min(chunkSize, size-off))}
		next := off + chunkSize
		if n >= 8 && string(head[:8]) == chunkMagic {
			ci.key = firstID(head[:n])
			list = append(list, ci)
			off = next
			continue
		}
		if k := len(list) - 1; k >= 0 && list[k].off+chunkSize == off && !list[k].zero {
			// Bytes may be missing in the chunk before: then this one began earlier.
			b := buf[:chunkSize]
			if m, err := readAt(r, b, list[k].off); err == nil && m == chunkSize {
				if p := findChunk(r, list[k].off, b, size); p > 0 {
					list[k].size = p
					off = list[k].off + int64(p)
					continue
				}
			}
		}
		m, err := readAt(r, buf[:ci.size], off)
		if err != nil {
			return list, fmt.Errorf("read chunk at %d: %w", off, err)
		}
		b := buf[:m]
		ci.zero = noBytes(b)
		if p := findChunk(r, off, b, size); p > 0 {
			ci.size = p
			next = off + int64(p)
		}
		if !ci.zero {
			ci.key = carvedID(b[:ci.size])
		}
		list = append(list, ci)
		off = next
	}
	return list, nil
}

// findChunk looks in b, the bytes at off, for a chunk header off the grid whose
// checksum is right.
func findChunk(r io.ReaderAt, off int64, b []byte, size int64) int {
	for from := 1; ; {
		i := bytes.Index(b[from:], []byte(chunkMagic))
		if i < 0 {
			return 0
		}
		p := from + i
		from = p + 1
		var h [chunkHeaderSize]byte
		if off+int64(p)+chunkHeaderSize > size {
			return 0
		}
		if n, err := readAt(r, h[:], off+int64(p)); err != nil || n < len(h) {
			return 0
		}
		if chunkHeaderCRC(h[:]) == le32(h[:], chHeaderCRC) {
			return p
		}
	}
}

// firstID is the id of a chunk's first record, from the record itself or else
// from the header.
func firstID(head []byte) uint64 {
	if len(head) >= chunkHeaderSize+recordHeader && le32(head, chunkHeaderSize) == recordMagic {
		return le64(head, chunkHeaderSize+recID)
	}
	if len(head) >= chHeaderSize {
		return le64(head, chFirstID)
	}
	return 0
}

func carvedID(b []byte) uint64 {
	if p := findRecord(b, min(chunkHeaderSize, len(b)), len(b), func(uint64) bool { return true }); p >= 0 {
		return le64(b, p+recID)
	}
	return 0
}

func noBytes(b []byte) bool {
	for len(b) >= 8 {
		if le64(b, 0) != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// order puts the chunks in record order: a wrapped log begins in the middle of
// its file. Chunks without a known id keep their neighbour's place.
func order(list []chunkInfo) []chunkInfo {
	var prev uint64
	sorted := true
	for i := range list {
		if list[i].key == 0 {
			list[i].key = prev
		}
		sorted = sorted && list[i].key >= prev
		prev = list[i].key
	}
	if sorted {
		return list
	}
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b chunkInfo) int {
		switch {
		case a.key < b.key:
			return -1
		case a.key > b.key:
			return 1
		}
		return 0
	})
	return out
}
