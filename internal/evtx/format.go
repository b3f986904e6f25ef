package evtx

import "hash/crc32"

// Sizes and offsets of the file ([MS-EVEN6] 2.2 and the libevtx format notes).
const (
	fileHeaderSize  = 4096 // space of the file header; chunks follow
	fileHeaderUsed  = 128  // bytes of it that carry meaning
	fileHeaderSum   = 120  // the header CRC-32 covers bytes 0..119
	chunkHeaderUsed = 128  // bytes of the chunk header before the tables
	chunkSize       = 65536
	chunkHeaderSize = 512 // 128 bytes, 64 string buckets, 32 template buckets
	recordHeader    = 24  // magic, size, id, time
	recordMin       = 28  // header and size copy, no payload
)

// Magics.
const (
	fileMagic   = "ElfFile\x00"
	chunkMagic  = "ElfChnk\x00"
	recordMagic = 0x00002a2a // little-endian u32
)

// File header fields.
const (
	fhFirstChunk   = 8  // u64
	fhLastChunk    = 16 // u64
	fhNextRecord   = 24 // u64, id of the next record
	fhHeaderSize   = 32 // u32, 128
	fhMinorVersion = 36 // u16, 1 or 2
	fhMajorVersion = 38 // u16, 3
	fhBlockSize    = 40 // u16, 4096
	fhChunkCount   = 42 // u16
	fhFlags        = 120
	fhCRC          = 124
)

// File flags.
const (
	fileDirty = 1
	fileFull  = 2
	fileNoCRC = 4
)

// Chunk header fields.
const (
	chFirstNumber = 8   // u64, first record number
	chLastNumber  = 16  // u64
	chFirstID     = 24  // u64, first record id
	chLastID      = 32  // u64
	chHeaderSize  = 40  // u32, 128
	chLastRecord  = 44  // u32, offset of the last record
	chFree        = 48  // u32, offset of the free space
	chDataCRC     = 52  // u32, CRC-32 of 512..free
	chFlags       = 120 // u32
	chHeaderCRC   = 124 // u32, CRC-32 of 0..119 and 128..511
	chStrings     = 128 // 64 x u32
	chStringCount = 64
	chTemplates   = 384 // 32 x u32
	chTmplCount   = 32
)

// Record fields.
const (
	recSize = 4
	recID   = 8
	recTime = 16
	recBody = 24
)

// Name node of a chunk: next u32, hash u16, length u16 (characters), UTF-16,
// NUL. Template node: next u32, GUID 16, size u32, body.
const (
	nameLink   = 4 // the offset of the next name: the only part of a name that differs between chunks
	nameHeader = 8
	tmplGUID   = 4
	tmplSize   = 20
	tmplBody   = 24
)

// BinXML tokens ([MS-EVEN6] 2.2.12).
const (
	tokEOF          = 0x00
	tokOpenStart    = 0x01
	tokCloseStart   = 0x02
	tokCloseEmpty   = 0x03
	tokEndElement   = 0x04
	tokValue        = 0x05
	tokAttribute    = 0x06
	tokCDATA        = 0x07
	tokCharRef      = 0x08
	tokEntityRef    = 0x09
	tokPITarget     = 0x0a
	tokPIData       = 0x0b
	tokTemplate     = 0x0c
	tokSubst        = 0x0d
	tokOptionalSub  = 0x0e
	tokFragment     = 0x0f
	tokMore         = 0x40 // or-ed: attributes or further data follow
	fragmentVersion = 0x00000101
)

// nameHash is the hash of a name in the chunk's string table: the low 16 bits
// of a multiply by 65599 over its UTF-16 units; the bucket is hash % 64.
func nameHash(units []uint16) uint16 {
	var h uint32
	for _, u := range units {
		h = h*65599 + uint32(u)
	}
	return uint16(h)
}

// chunkHeaderCRC is the checksum of a chunk's header and tables.
func chunkHeaderCRC(chunk []byte) uint32 {
	sum := crc32.ChecksumIEEE(chunk[:chFlags])
	return crc32.Update(sum, crc32.IEEETable, chunk[chStrings:chunkHeaderSize])
}
