package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// A log file is fileMagic and then frames. A frame is a header, its meta
// (packed) and its body: packed blocks one after the other, each with its own
// checksum in the meta, so that a block can be read alone.
const (
	fileMagic   = "akashi log 1\n\x00\x00\x00"
	frameMagic  = 0x31464b41 // "AKF1"
	headerSize  = 32
	frameCommit = 1
	metaVersion = 4
)

// header layout, little-endian: magic u32, type u8, meta version u8, flags u16
// (0), meta bytes u32, body bytes u32, sequence u64, CRC32C of the meta u32,
// CRC32C of the 28 bytes before u32.
type header struct {
	kind, version uint8
	metaLen, body uint32
	seq           uint64
	metaCRC       uint32
}

func (h *header) size() int64 { return headerSize + int64(h.metaLen) + int64(h.body) }

func (h *header) append(b []byte) []byte {
	at := len(b)
	b = binary.LittleEndian.AppendUint32(b, frameMagic)
	b = append(b, h.kind, h.version, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, h.metaLen)
	b = binary.LittleEndian.AppendUint32(b, h.body)
	b = binary.LittleEndian.AppendUint64(b, h.seq)
	b = binary.LittleEndian.AppendUint32(b, h.metaCRC)
	return binary.LittleEndian.AppendUint32(b, checksum(b[at:]))
}

// parseHeader reads a header; ok is false when it is none.
func parseHeader(b []byte) (h header, ok bool) {
	if len(b) < headerSize || binary.LittleEndian.Uint32(b) != frameMagic ||
		binary.LittleEndian.Uint32(b[28:]) != checksum(b[:28]) {
		return header{}, false
	}
	h = header{
		kind: b[4], version: b[5],
		metaLen: binary.LittleEndian.Uint32(b[8:]), body: binary.LittleEndian.Uint32(b[12:]),
		seq: binary.LittleEndian.Uint64(b[16:]), metaCRC: binary.LittleEndian.Uint32(b[24:]),
	}
	return h, h.metaLen <= maxFrame && h.body <= maxFrame
}

// blockRef finds one packed block.
type blockRef struct {
	file uint32 // number of the log file
	off  int64  // in the file
	size uint32 // packed bytes
	crc  uint32 // CRC32C of the packed bytes
	n    int    // events or records in it
}

// run is an inclusive range of record ids that are all there.
type run struct{ lo, hi uint64 }

// rawBlock holds events of one channel, by record id, without a long pause.
type rawBlock struct {
	blockRef
	channel     string
	first, last event.Filetime // times of the first and the last event
	min, max    event.Filetime // bounds of the times
	runs        []run
	pack        *packRef // nil: a block of the log, or a gone one
	at          int      // in pack
	gone        bool     // holds nothing: some or all of what it held was erased or deleted
	removed     []run    // of a gone block: what went away; nil = all
}

// inLog reports whether the events of the block are in the log.
func (b *rawBlock) inLog() bool { return b.pack == nil && !b.gone }

func (b *rawBlock) lo() uint64 { return b.runs[0].lo }
func (b *rawBlock) hi() uint64 { return b.runs[len(b.runs)-1].hi }

// idRange bounds the first record ids of a block's records in one channel.
type idRange struct {
	channel string
	gen     uint32
	lo, hi  uint64
}

// recBlock holds records, newest first by (time, id).
type recBlock struct {
	blockRef
	server   string
	seq      uint64
	min, max int64
	ids      []idRange
}

// holds reports whether the block can hold the record.
func (b *recBlock) holds(id record.ID) bool {
	return slices.ContainsFunc(b.ids, func(r idRange) bool {
		return r.channel == id.Channel && r.gen == id.Generation && r.lo <= id.FirstID && id.FirstID <= r.hi
	})
}

// rewind makes the records, tails and checkpoints of a server void that lie
// between two commits. Every frame repeats the server's last one, so that it
// holds even when the frame that made it is damaged.
type rewind struct{ to, at uint64 } // void: to < seq < at; at 0 = none

// frame is the meta of a commit.
type frame struct {
	version    uint8 // of the meta it was read from
	seq        uint64
	server     string
	received   int64
	late       *Key
	rewind     rewind
	setTail    bool
	watermark  Key
	raw        []*rawBlock
	records    []*recBlock
	tail       []*recBlock
	checkpoint *blockRef
	imports    []Import
	basis      Basis
	superseded []*recBlock
	step       supersedeStep
	facts      []*factBlock
	factsRead  bool
	spread     uint64

	// Since version 3:
	prev     [sha256.Size]byte // hash of the commit before
	digest   [sha256.Size]byte // SHA-256 of the body
	erasures []Erasure
	schedule *Schedule         // of retention; nil = as before
	hash     [sha256.Size]byte // SHA-256 of the meta; not stored in it

	// Since version 4, of the server, as of this commit:
	window  bool    // the commit stands among earlier ones
	voids   []void  // made by commits that are not in files, this one too
	order   []piece // nil: in the order of their numbers
	pending []Span
	shifts  []uint64 // commits that made the shifts in use
	shift   []byte
	shiftTo Key
	trace   *blockRef
}

func encodeRef(e *encoder, r *blockRef, base int64) {
	e.u(uint64(r.off - base))
	e.u(uint64(r.size))
	e.u(uint64(r.crc))
	e.u(uint64(r.n))
}

func encodeRecBlocks(e *encoder, l []*recBlock, base int64) {
	e.u(uint64(len(l)))
	for _, b := range l {
		encodeRef(e, &b.blockRef, base)
		e.i(b.min)
		e.i(b.max)
		e.u(uint64(len(b.ids)))
		for _, r := range b.ids {
			e.str(r.channel)
			e.u(uint64(r.gen))
			e.u(r.lo)
			e.u(r.hi)
		}
	}
}

// encode writes the meta; block offsets count from base.
func (f *frame) encode(base int64) ([]byte, error) {
	e := &encoder{}
	e.str(f.server)
	e.i(f.received)
	e.flag(f.late != nil)
	if f.late != nil {
		e.key(*f.late)
	}
	e.u(f.rewind.to)
	e.u(f.rewind.at)
	e.flag(f.setTail)
	e.key(f.watermark)
	e.u(uint64(len(f.raw)))
	for _, b := range f.raw {
		encodeRef(e, &b.blockRef, base)
		e.str(b.channel)
		for _, t := range [...]event.Filetime{b.first, b.last, b.min, b.max} {
			e.u(uint64(t))
		}
		e.u(uint64(len(b.runs)))
		prev := uint64(0)
		for _, r := range b.runs {
			e.u(r.lo - prev)
			e.u(r.hi - r.lo)
			prev = r.hi
		}
	}
	encodeRecBlocks(e, f.records, base)
	encodeRecBlocks(e, f.tail, base)
	e.flag(f.checkpoint != nil)
	if f.checkpoint != nil {
		encodeRef(e, f.checkpoint, base)
	}
	e.u(uint64(len(f.imports)))
	for i := range f.imports {
		b, err := json.Marshal(&f.imports[i])
		if err != nil {
			return nil, fmt.Errorf("encode import: %w", err)
		}
		e.str(string(b))
	}
	e.u(uint64(f.basis.Rules))
	e.str(f.basis.Settings)
	encodeRecBlocks(e, f.superseded, base)
	e.u(uint64(f.step))
	e.u(uint64(len(f.facts)))
	for _, b := range f.facts {
		encodeRef(e, &b.blockRef, base)
		e.i(b.min)
		e.i(b.max)
	}
	e.flag(f.factsRead)
	e.u(f.spread)
	e.b = append(append(e.b, f.prev[:]...), f.digest[:]...)
	e.u(uint64(len(f.erasures)))
	for i := range f.erasures {
		b, err := json.Marshal(&f.erasures[i])
		if err != nil {
			return nil, fmt.Errorf("encode erasure: %w", err)
		}
		e.str(string(b))
	}
	e.flag(f.schedule != nil)
	if f.schedule != nil {
		b, err := json.Marshal(f.schedule)
		if err != nil {
			return nil, fmt.Errorf("encode schedule: %w", err)
		}
		e.str(string(b))
	}
	f.encodeOrder(e, base)
	return e.b, nil
}

func (f *frame) encodeOrder(e *encoder, base int64) {
	e.flag(f.window)
	e.u(uint64(len(f.voids)))
	for _, v := range f.voids {
		e.u(v.To)
		e.u(v.At)
		e.u(v.By)
	}
	e.u(uint64(len(f.order)))
	for _, p := range f.order {
		e.u(p.Lo)
		e.u(p.Hi)
	}
	e.u(uint64(len(f.pending)))
	for _, s := range f.pending {
		e.key(s.From)
		e.key(s.To)
	}
	e.u(uint64(len(f.shifts)))
	for _, n := range f.shifts {
		e.u(n)
	}
	e.flag(f.shift != nil)
	if f.shift != nil {
		e.str(string(f.shift))
		e.key(f.shiftTo)
	}
	e.flag(f.trace != nil)
	if f.trace != nil {
		encodeRef(e, f.trace, base)
	}
}
