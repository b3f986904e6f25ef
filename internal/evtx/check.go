package evtx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"slices"
)

// Check verifies the structure of a whole log strictly and returns the first
// fault: file header (checksum, counts), chunk headers (checksums, free-space
// and last-record offsets, ids), records (size copies, ids without a hole),
// string and template tables (each entry is a name or template of the right
// hash in the right bucket), and BinXML (tokens, element and attribute sizes,
// values inside their record; each name in use stands in the table).
//
// It is meant for files that were closed: a dirty log or a live copy is a
// fault. Fully zero chunks behind the last one are preallocated space. Slack
// behind the free-space offset is not looked at. In a log of version 3.2 the
// bucket of a template is not judged. Memory is one chunk.
func Check(r io.ReaderAt, size int64) error {
	h := make([]byte, fileHeaderUsed)
	if err := readFull(r, h, 0); err != nil {
		return fmt.Errorf("file header: %w", err)
	}
	chunks := int64(le16(h, fhChunkCount))
	if err := checkFileHeader(h, size); err != nil {
		return fmt.Errorf("file header: %w", err)
	}
	c := &checker{chunk: make([]byte, chunkSize), version32: le16(h, fhMinorVersion) == 2}
	total := (size - fileHeaderSize) / chunkSize
	first := int64(le64(h, fhFirstChunk))
	for i := range total {
		if i < chunks {
			i = (first + i) % chunks // a wrapped log starts in the middle
		}
		if err := readFull(r, c.chunk, fileHeaderSize+i*chunkSize); err != nil {
			return fmt.Errorf("chunk %d: %w", i, err)
		}
		if i >= chunks {
			if !allZero(c.chunk) {
				return fmt.Errorf("chunk %d: not counted in the file header", i)
			}
			continue
		}
		if err := c.checkChunk(); err != nil {
			return fmt.Errorf("chunk %d: %w", i, err)
		}
	}
	if c.seen && c.next != le64(h, fhNextRecord) {
		return fmt.Errorf("file header: next record id %d, want %d", le64(h, fhNextRecord), c.next)
	}
	return nil
}

// checker holds what continues from chunk to chunk.
type checker struct {
	chunk []byte
	seen  bool   // a record was seen
	next  uint64 // id that the next record must have

	version32 bool // templates are hashed in another way, which is not published

	names     map[uint32]bool // offsets of the names in the table
	templates map[uint32]bool
}

func readFull(r io.ReaderAt, b []byte, off int64) error {
	n, err := r.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

func allZero(b []byte) bool { return !slices.ContainsFunc(b, func(x byte) bool { return x != 0 }) }

func checkFileHeader(h []byte, size int64) error {
	chunks := int64(le16(h, fhChunkCount))
	flags := le32(h, fhFlags)
	switch {
	case string(h[:8]) != fileMagic:
		return errors.New("no ElfFile signature")
	case le32(h, fhCRC) != crc32.ChecksumIEEE(h[:fileHeaderSum]):
		return errors.New("wrong checksum")
	case le16(h, fhMajorVersion) != 3 || le16(h, fhMinorVersion) < 1 || le16(h, fhMinorVersion) > 2:
		return fmt.Errorf("version %d.%d", le16(h, fhMajorVersion), le16(h, fhMinorVersion))
	case le32(h, fhHeaderSize) != fileHeaderUsed || le16(h, fhBlockSize) != fileHeaderSize:
		return fmt.Errorf("header sizes %d and %d", le32(h, fhHeaderSize), le16(h, fhBlockSize))
	case flags&fileDirty != 0:
		return errors.New("the log was not closed (dirty)")
	case (size-fileHeaderSize)%chunkSize != 0:
		return fmt.Errorf("size %d is no whole number of chunks", size)
	case chunks > (size-fileHeaderSize)/chunkSize:
		return fmt.Errorf("%d chunks in a file that holds %d", chunks, (size-fileHeaderSize)/chunkSize)
	case chunks > 0 && (le64(h, fhFirstChunk) >= uint64(chunks) || le64(h, fhLastChunk) >= uint64(chunks)):
		return fmt.Errorf("first chunk %d, last chunk %d of %d", le64(h, fhFirstChunk), le64(h, fhLastChunk), chunks)
	}
	return nil
}

func (c *checker) checkChunk() error {
	b := c.chunk
	free := int(le32(b, chFree))
	switch {
	case string(b[:8]) != chunkMagic:
		return errors.New("no ElfChnk signature")
	case le32(b, chHeaderSize) != 128:
		return fmt.Errorf("header size %d", le32(b, chHeaderSize))
	case free < chunkHeaderSize || free > chunkSize:
		return fmt.Errorf("free-space offset %d", free)
	case le32(b, chHeaderCRC) != chunkHeaderCRC(b):
		return errors.New("wrong header checksum")
	case le32(b, chDataCRC) != crc32.ChecksumIEEE(b[chunkHeaderSize:free]):
		return errors.New("wrong data checksum")
	}
	if err := c.checkTables(free); err != nil {
		return err
	}
	return c.checkRecords(free)
}

// checkRecords walks the records up to the free space.
func (c *checker) checkRecords(free int) error {
	b := c.chunk
	pos, last, n := chunkHeaderSize, 0, uint64(0)
	first := le64(b, chFirstID)
	if free > pos && c.seen && first != c.next {
		return fmt.Errorf("first record id %d, want %d", first, c.next)
	}
	for pos < free {
		if err := c.checkRecord(pos, free, first+n); err != nil {
			return fmt.Errorf("record at offset %d: %w", pos, err)
		}
		last = pos
		pos += int(le32(b, pos+recSize))
		n++
	}
	if n == 0 {
		return nil // an empty log; Windows leaves several forms of ids here
	}
	c.seen, c.next = true, first+n
	switch {
	case le32(b, chLastRecord) != uint32(last):
		return fmt.Errorf("last-record offset %d, want %d", le32(b, chLastRecord), last)
	case le64(b, chLastID) != first+n-1:
		return fmt.Errorf("last record id %d, want %d", le64(b, chLastID), first+n-1)
	case le64(b, chLastNumber)-le64(b, chFirstNumber) != n-1:
		return fmt.Errorf("record numbers %d to %d for %d records", le64(b, chFirstNumber), le64(b, chLastNumber), n)
	}
	return nil
}

func (c *checker) checkRecord(pos, free int, id uint64) error {
	b := c.chunk
	if free-pos < recordMin || le32(b, pos) != recordMagic {
		return errors.New("no record signature")
	}
	size := int64(le32(b, pos+recSize))
	switch {
	case size < recordMin || size > int64(free-pos):
		return fmt.Errorf("size %d", size)
	case int64(le32(b, pos+int(size)-4)) != size:
		return fmt.Errorf("size %d, its copy %d", size, le32(b, pos+int(size)-4))
	case le64(b, pos+recID) != id:
		return fmt.Errorf("id %d, want %d", le64(b, pos+recID), id)
	}
	x := &xmlChecker{c: c, b: b, pos: pos + recordHeader, end: pos + int(size) - 4}
	if err := x.fragment(false, false, 0); err != nil {
		return fmt.Errorf("BinXML at offset %d: %w", x.pos, err)
	}
	if x.end-x.pos >= 8 && bytes.IndexByte(b[x.pos:x.end], tokFragment) == 0 {
		return errors.New("a second fragment")
	}
	return nil
}

// checkTables walks the string and template buckets and remembers their
// entries. The writer prepends to a chain, so links lead to lower offsets,
// which also rules out loops.
func (c *checker) checkTables(free int) error {
	b := c.chunk
	c.names, c.templates = map[uint32]bool{}, map[uint32]bool{}
	for k := range chStringCount {
		limit := uint32(math.MaxUint32)
		for off := le32(b, chStrings+4*k); off != 0; off = le32(b, int(off)) {
			hash, err := nameAt(b, off, free)
			if err == nil && (int(hash)%chStringCount != k || off >= limit) {
				err = fmt.Errorf("hash %#x, link to a later offset: %v", hash, off >= limit)
			}
			if err != nil {
				return fmt.Errorf("string bucket %d: name at offset %d: %w", k, off, err)
			}
			c.names[off], limit = true, off
		}
	}
	for k := range chTmplCount {
		limit := uint32(math.MaxUint32)
		for off := le32(b, chTemplates+4*k); off != 0; off = le32(b, int(off)) {
			err := templateAt(b, off, free)
			if err == nil && (!c.version32 && templateBucket(b[off+tmplGUID:off+tmplSize]) != k || off >= limit) {
				err = fmt.Errorf("GUID belongs to bucket %d, link to a later offset: %v",
					templateBucket(b[off+tmplGUID:off+tmplSize]), off >= limit)
			}
			if err != nil {
				return fmt.Errorf("template bucket %d: template at offset %d: %w", k, off, err)
			}
			c.templates[off], limit = true, off
		}
	}
	return nil
}

// nameAt checks the name at off and returns its hash.
func nameAt(b []byte, off uint32, free int) (uint16, error) {
	if off < chunkHeaderSize || int64(off)+nameHeader+2 > int64(free) {
		return 0, errors.New("outside of the records")
	}
	n := int(le16(b, int(off)+6))
	end := int(off) + nameHeader + 2*n
	if end+2 > free {
		return 0, fmt.Errorf("%d characters do not fit", n)
	}
	hash := binary.LittleEndian.Uint16(b[off+4:])
	if want := nameHash(units(b[off+nameHeader : end])); hash != want {
		return 0, fmt.Errorf("hash %#x, want %#x", hash, want)
	}
	if b[end] != 0 || b[end+1] != 0 {
		return 0, errors.New("no NUL behind it")
	}
	return hash, nil
}

// templateAt checks that a template definition fits at off.
func templateAt(b []byte, off uint32, free int) error {
	if off < chunkHeaderSize || int64(off)+tmplBody > int64(free) {
		return errors.New("outside of the records")
	}
	if int64(off)+tmplBody+int64(le32(b, int(off)+tmplSize)) > int64(free) {
		return fmt.Errorf("%d bytes do not fit", le32(b, int(off)+tmplSize))
	}
	return nil
}
