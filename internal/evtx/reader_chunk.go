package evtx

import (
	"bytes"
	"hash/crc32"

	"github.com/akashi-audit/akashi/internal/event"
)

// Kinds of damage.
const (
	damageFileHeader   = "file-header"      // the file header is damaged; chunks were found all the same
	damageTruncated    = "truncated"        // the file ends inside a chunk, or before its header says
	damageChunkMagic   = "chunk-magic"      // chunk header damaged: its records were carved
	damageChunkCRC     = "chunk-header-crc" // warning
	damageDataCRC      = "chunk-data-crc"   // warning
	damageFreeSpace    = "free-space"       // warning: the offset of the free space is stale or wrong
	damageEmpty        = "empty-chunk"      // zeros where records are missing
	damageRecordHeader = "record-header"    // bytes that are no record
	damageRecordSize   = "record-size"      // warning unless lost: size or its copy is wrong
	damageRecordID     = "record-id"        // warning: the id does not fit its neighbours
	damageRecord       = "record"           // the record cannot be decoded
	damageMissing      = "missing-records"  // ids jump without visible damage
)

// chunkInfo is one chunk as the index pass found it.
type chunkInfo struct {
	num  int
	off  int64
	size int    // bytes in the file, chunkSize unless cut
	key  uint64 // id of the first record, for the order
	zero bool   // no chunk magic and nothing else at its start
}

// chunkResult is what remains to be known of a chunk after its records were
// yielded.
type chunkResult struct {
	info        chunkInfo
	first, last uint64 // ids of the first and last record; have
	have        bool
	damage      []Damage
	head, tail  int // index in damage of a loss before the first or after the last record whose size ids must tell; -1
	recovered   int
}

// scanner walks the records of one chunk.
type scanner struct {
	d      *decoder
	c      []byte // chunkSize bytes
	res    chunkResult
	noCRC  bool
	slack  bool // look for old records behind the free space
	hdrOK  bool // header checksum right: its numbers can be used
	free   int
	id     uint64 // id expected next; 0 = unknown
	alt    uint64 // id that would continue another series; 0 = none
	open   int    // index of a loss that the next id will measure; -1
	carved int    // index of the damage that the chunk header is lost; -1
	rec    Record
	ev     event.Event
	emit   func(*Record) error
}

func (s *scanner) add(off int, kind string, lost int) int {
	s.res.damage = append(s.res.damage, Damage{Chunk: s.res.info.num, Offset: s.res.info.off + int64(off), Kind: kind, Lost: lost})
	return len(s.res.damage) - 1
}

// scan yields the records of the chunk in c.
func (s *scanner) scan(info chunkInfo, c []byte) error {
	s.c = c
	s.res = chunkResult{info: info, head: -1, tail: -1}
	s.id, s.alt, s.open, s.carved = 0, 0, -1, -1
	s.d.startChunk()
	s.header()
	pos := chunkHeaderSize
	for {
		var next int
		var err error
		if size := s.usual(pos); size > 0 {
			next, err = pos+size, s.decode(pos, size, s.res.last, damageRecord)
		} else {
			next, err = s.step(pos)
		}
		if err != nil {
			return err
		}
		if next <= pos {
			break
		}
		pos = next
	}
	s.finish(pos)
	if s.slack {
		return s.scanSlack(pos)
	}
	return nil
}

// header checks the chunk header and sets free.
func (s *scanner) header() {
	info := &s.res.info
	s.free = chunkSize
	s.hdrOK = false
	free := int(le32(s.c, chFree))
	plausible := free >= chunkHeaderSize && free <= chunkSize
	if string(s.c[:8]) != chunkMagic {
		damaged := s.add(0, damageChunkMagic, 0)
		copy(s.c, chunkMagic) // the buffer is ours: perhaps only the magic is wrong
		if !plausible || chunkHeaderCRC(s.c) != le32(s.c, chHeaderCRC) {
			s.open, s.carved = damaged, damaged
			s.cut()
			return
		}
	}
	noCRC := s.noCRC || le32(s.c, chHeaderCRC) == 0 && le32(s.c, chDataCRC) == 0
	if !noCRC {
		s.hdrOK = plausible && chunkHeaderCRC(s.c) == le32(s.c, chHeaderCRC)
		if !s.hdrOK {
			s.add(0, damageChunkCRC, 0)
		}
	}
	if !plausible {
		s.add(chFree, damageFreeSpace, 0)
		s.cut()
		return
	}
	s.free = free
	if s.hdrOK && info.size == chunkSize &&
		crc32.ChecksumIEEE(s.c[chunkHeaderSize:free]) != le32(s.c, chDataCRC) {
		s.add(chunkHeaderSize, damageDataCRC, 0)
	}
	s.cut()
}

// cut notes that the file ends inside the chunk.
func (s *scanner) cut() {
	if s.res.info.size < s.free && s.res.info.size < chunkSize {
		i := s.add(s.res.info.size, damageTruncated, 0)
		if s.open < 0 {
			s.open = i
		}
	}
}

// at reads the header of the record that would start at pos.
func (s *scanner) at(pos int) (size int, id uint64, magic, whole bool) {
	if pos+recordMin > chunkSize {
		return 0, 0, false, false
	}
	magic = le32(s.c, pos) == recordMagic
	n := le32(s.c, pos+recSize)
	id = le64(s.c, pos+recID)
	if n < recordMin || n > uint32(chunkSize-pos) {
		return 0, id, magic, false
	}
	size = int(n)
	return size, id, magic, le32(s.c, pos+size-4) == n
}

// usual reports the size of the record at pos when it is whole and has the id that comes
// next, and counts it as seen; 0 leaves everything to step.
func (s *scanner) usual(pos int) int {
	if pos+recordMin > len(s.c) {
		return 0
	}
	h := s.c[pos : pos+recordHeader]
	size, id := int(le32(h, recSize)), le64(h, recID)
	if le32(h, 0) != recordMagic || size < recordMin || size > len(s.c)-pos || id != s.id || id == 0 || s.open >= 0 || !s.res.have ||
		int(le32(s.c, pos+size-4)) != size {
		return 0
	}
	s.res.last, s.id = id, id+1
	return size
}

// step yields the record at pos and returns where the next one starts; pos
// itself when the chunk has no more.
func (s *scanner) step(pos int) (int, error) {
	size, id, magic, whole := s.at(pos)
	if pos >= s.free {
		// Beyond the free space only an unbroken series of ids is the log: the
		// header of a chunk in use is written late.
		if !magic || !whole || s.id == 0 || id != s.id {
			return pos, nil
		}
		return pos + size, s.yield(pos, size, id, damageRecord)
	}
	if magic && whole {
		if s.id != 0 && id != s.id && !s.plausible(id) {
			id = s.oddID(pos, id)
		}
		return pos + size, s.yield(pos, size, id, damageRecord)
	}
	return s.broken(pos, size, id, magic)
}

// oddID deals with an id that does not follow: alone it is damaged, but where
// the next id follows it another series begins (clusters of another chunk).
func (s *scanner) oddID(pos int, id uint64) uint64 {
	if id == s.alt && s.alt != 0 {
		s.id, s.alt = id, 0
		return id
	}
	s.alt = id + 1
	s.add(pos, damageRecordID, 0)
	return s.id
}

// plausible reports whether id can follow in this chunk.
func (s *scanner) plausible(id uint64) bool {
	return s.id == 0 || id >= s.id && id-s.id < chunkSize/recordMin
}

// broken deals with bytes at pos that are not a whole record.
func (s *scanner) broken(pos, size int, id uint64, magic bool) (int, error) {
	if s.rest(pos) {
		return pos, nil
	}
	q := s.find(pos + 4)
	if !magic && (s.id == 0 || id != s.id) {
		switch {
		case s.open >= 0:
		case s.carved >= 0:
			s.open = s.carved
		default:
			s.open = s.add(pos, damageRecordHeader, 0)
		}
		return max(q, pos), nil
	}
	end := q
	if q < 0 {
		end = s.free
	}
	if size != 0 && pos+size <= end { // the copy at the end is wrong, the size fits
		if pos+size == end || s.starts(pos+size) {
			end = pos + size
		}
	}
	if !s.plausible(id) {
		id = s.id
	}
	damaged := s.add(pos, damageRecordSize, 0)
	if end-pos < recordMin {
		return max(end, pos+1), nil
	}
	err := s.yield(pos, end-pos, id, damageRecord)
	s.open = damaged // what is missing behind it was lost here
	return end, err
}

// rest reports whether nothing but zeros follows up to the free space; that is
// the end of the chunk, and a loss if ids are missing.
func (s *scanner) rest(pos int) bool {
	for _, b := range s.c[pos:s.free] {
		if b != 0 {
			return false
		}
	}
	if s.open < 0 && s.carved < 0 {
		s.open = s.add(pos, damageRecordHeader, 0)
	}
	return true
}

// starts reports whether a record begins at pos.
func (s *scanner) starts(pos int) bool {
	size, _, magic, whole := s.at(pos)
	return magic && (whole || size > 0)
}

// find returns the next place at or behind from where a whole record stands, or
// -1.
func (s *scanner) find(from int) int {
	return findRecord(s.c, from, s.free, func(id uint64) bool { return s.hdrOK || s.plausible(id) })
}

var recordMagicBytes = []byte{0x2a, 0x2a, 0, 0}

func findRecord(c []byte, from, to int, ok func(id uint64) bool) int {
	for from < to-recordMin {
		i := bytes.Index(c[from:to], recordMagicBytes)
		if i < 0 {
			return -1
		}
		p := from + i
		if p+recordMin > len(c) {
			return -1
		}
		n := le32(c, p+recSize)
		if n >= recordMin && n <= uint32(len(c)-p) && le32(c, p+int(n)-4) == n && ok(le64(c, p+recID)) {
			return p
		}
		from = p + 1
	}
	return -1
}

// seen moves the expected id on and measures an open loss by it.
func (s *scanner) seen(id uint64) {
	r := &s.res
	if !r.have {
		r.have, r.first = true, id
		if s.open >= 0 {
			r.head = s.open
		}
	} else if id > s.id && s.id != 0 {
		lost := int(min(id-s.id, chunkSize/recordMin))
		if s.open >= 0 {
			r.damage[s.open].Lost += lost
		} else {
			s.add(chunkHeaderSize, damageMissing, lost)
		}
	}
	s.open = -1
	r.last = id
	s.id = id + 1
}

// yield counts the record in c[pos:pos+size] as seen, decodes it and passes it on.
func (s *scanner) yield(pos, size int, id uint64, kind string) error {
	if id == 0 && s.id != 0 {
		id = s.id
	}
	s.seen(id)
	return s.decode(pos, size, id, kind)
}

// decode decodes the record in c[pos:pos+size], which was seen, and passes it on.
func (s *scanner) decode(pos, size int, id uint64, kind string) error {
	t := event.Filetime(le64(s.c, pos+recTime))
	if pos+size > s.res.info.size { // the rest is not in the file
		s.add(pos, kind, 1)
		return nil
	}
	ok, err := s.d.record(&s.ev, s.c, pos+recBody, pos+size-4, id, t)
	if err != nil {
		s.add(pos, kind, 1)
		return nil
	}
	if !ok {
		return nil
	}
	r := &s.rec
	if r.Event != &s.ev {
		r.Event = &s.ev
	}
	r.HeaderID, r.HeaderTime, r.Chunk, r.Offset, r.Recovered = id, t, s.res.info.num, s.res.info.off+int64(pos), false
	return s.emit(r)
}

// finish settles what was lost behind the last record.
func (s *scanner) finish(pos int) {
	r := &s.res
	lastID := le64(s.c, chLastID)
	trusted := s.hdrOK && s.res.info.size == chunkSize || s.hdrOK && s.id != 0
	if s.open >= 0 {
		switch {
		case !r.have:
			r.head = s.open
			first := le64(s.c, chFirstID)
			if s.hdrOK && lastID >= first && lastID-first < chunkSize/recordMin {
				r.have, r.first, r.last = true, first, lastID
				r.damage[s.open].Lost = int(lastID - first + 1)
				r.head = -1
			}
		case trusted && lastID >= r.last && lastID-r.last < chunkSize/recordMin:
			r.damage[s.open].Lost += int(lastID - r.last)
			r.last = lastID
		default:
			r.tail = s.open
		}
	}
	if r.have && r.head >= 0 && s.hdrOK {
		if first := le64(s.c, chFirstID); first <= r.first && r.first-first < chunkSize/recordMin {
			r.damage[r.head].Lost += int(r.first - first)
			r.first, r.head = first, -1
		}
	}
	if s.carved >= 0 && r.have && r.tail < 0 {
		r.tail = s.carved
	}
	if pos > s.free {
		s.add(chFree, damageFreeSpace, 0)
	}
	s.open = -1
}
