package rawfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/akashi-audit/akashi/internal/column"
	"github.com/akashi-audit/akashi/internal/event"
)

// A file is fileMagic, frames, the directory and a trailer. A frame is a head,
// the meta of its block and the packed block. The directory repeats the metas,
// so that a reader finds all blocks at once, and without it still finds them.
const (
	fileMagic   = "akashi raw 1\n\x00\x00\x00"
	frameMagic  = 0x31524b41 // "AKR1"
	headSize    = 20
	trailerSize = 32
	endMagic    = "akrawend"
	maxMeta     = 1 << 24 // bytes of the meta of one block
	maxBody     = 1 << 30 // bytes of one packed block
)

// Run is a range of record ids that are all there, both ends included.
type Run struct{ Lo, Hi uint64 }

// Block is what a file says about one of its blocks.
type Block struct {
	Server, Channel string
	Events          int
	First, Last     event.Filetime // times of the first and the last event
	Min, Max        event.Filetime // bounds of the times
	Runs            []Run          // of record ids, ascending
	Offset          int64          // of its frame in the file
	Size            int64          // of its frame

	meta []byte
	body uint32 // bytes of the packed block
	crc  uint32 // CRC32C of the packed block
}

// DamageError says which bytes of a file are damaged. The blocks that it does
// not name can be read.
type DamageError struct {
	Block  int // place in Blocks; -1 when it is none of them
	Offset int64
	Size   int64
	Reason string
}

func (e *DamageError) Error() string {
	if e.Block < 0 {
		return fmt.Sprintf("damaged bytes %d to %d of a file of raw events: %s", e.Offset, e.Offset+e.Size, e.Reason)
	}
	return fmt.Sprintf("damaged block %d at byte %d of a file of raw events: %s", e.Block, e.Offset, e.Reason)
}

func checksum(parts ...[]byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli) // cached by the package
	var c uint32
	for _, p := range parts {
		c = crc32.Update(c, table, p)
	}
	return c
}

// describe makes the meta of events, which are in record order.
func describe(server, channel string, events []*event.Event) (*Block, error) {
	if len(events) == 0 {
		return nil, errors.New("add no events to a file of raw events")
	}
	b := &Block{Server: server, Channel: channel, Events: len(events)}
	b.First, b.Last = events[0].Time, events[len(events)-1].Time
	b.Min, b.Max = b.First, b.First
	for i, e := range events {
		if i > 0 && e.RecordID <= events[i-1].RecordID {
			return nil, fmt.Errorf("add events of channel %s: not in record order at %d", channel, e.RecordID)
		}
		b.Min, b.Max = min(b.Min, e.Time), max(b.Max, e.Time)
		if n := len(b.Runs); n > 0 && b.Runs[n-1].Hi+1 == e.RecordID {
			b.Runs[n-1].Hi++
		} else {
			b.Runs = append(b.Runs, Run{e.RecordID, e.RecordID})
		}
	}
	u := func(n uint64) { b.meta = binary.AppendUvarint(b.meta, n) }
	for _, s := range [...]string{server, channel} {
		u(uint64(len(s)))
		b.meta = append(b.meta, s...)
	}
	u(uint64(b.Events))
	for _, t := range [...]event.Filetime{b.First, b.Last, b.Min, b.Max} {
		u(uint64(t))
	}
	u(uint64(len(b.Runs)))
	prev := uint64(0)
	for _, r := range b.Runs {
		u(r.Lo - prev)
		u(r.Hi - r.Lo)
		prev = r.Hi
	}
	if len(b.meta) > maxMeta {
		return nil, fmt.Errorf("add events of channel %s: their directory entry has %d bytes", channel, len(b.meta))
	}
	return b, nil
}

// parseMeta is the inverse of what describe writes.
func parseMeta(meta []byte) (*Block, error) {
	r := column.NewReader(meta)
	b := &Block{meta: meta}
	b.Server = string(r.Bytes(r.Count()))
	b.Channel = string(r.Bytes(r.Count()))
	b.Events = int(r.Uvarint(MaxEvents))
	for _, t := range [...]*event.Filetime{&b.First, &b.Last, &b.Min, &b.Max} {
		*t = event.Filetime(r.Uvarint(1<<64 - 1))
	}
	prev, total := uint64(0), uint64(0)
	for i := range r.Count() {
		lo := prev + r.Uvarint(1<<64-1)
		hi := lo + r.Uvarint(MaxEvents)
		if lo < prev || hi < lo || i > 0 && lo == prev {
			r.Fail("runs of record ids overlap")
		}
		if r.Err() != nil {
			break
		}
		prev = hi
		total += hi - lo + 1
		b.Runs = append(b.Runs, Run{lo, hi})
	}
	if r.Err() == nil && (r.Len() != 0 || total != uint64(b.Events) || total == 0) {
		r.Fail("%d record ids of %d events, %d bytes left over", total, b.Events, r.Len())
	}
	return b, r.Err()
}

// head is the first part of a frame, little-endian: magic, bytes of the meta,
// bytes of the packed block, its CRC32C, CRC32C of the 16 bytes before and the
// meta; each u32.
func (b *Block) head() []byte {
	h := binary.LittleEndian.AppendUint32(make([]byte, 0, headSize), frameMagic)
	h = binary.LittleEndian.AppendUint32(h, uint32(len(b.meta)))
	h = binary.LittleEndian.AppendUint32(h, b.body)
	h = binary.LittleEndian.AppendUint32(h, b.crc)
	return binary.LittleEndian.AppendUint32(h, checksum(h, b.meta))
}

// parseHead reads what the head of a frame says of its sizes.
func parseHead(h []byte) (meta, body uint32, ok bool) {
	meta, body = binary.LittleEndian.Uint32(h[4:]), binary.LittleEndian.Uint32(h[8:])
	return meta, body, binary.LittleEndian.Uint32(h) == frameMagic && meta <= maxMeta && body <= maxBody
}

// appendDirectory writes number of blocks and of each the offset of its frame,
// the bytes and the CRC32C of the packed block, the bytes of the meta and the
// meta.
func appendDirectory(b []byte, blocks []*Block) []byte {
	b = binary.AppendUvarint(b, uint64(len(blocks)))
	for _, bl := range blocks {
		b = binary.AppendUvarint(b, uint64(bl.Offset))
		b = binary.AppendUvarint(b, uint64(bl.body))
		b = binary.AppendUvarint(b, uint64(bl.crc))
		b = binary.AppendUvarint(b, uint64(len(bl.meta)))
		b = append(b, bl.meta...)
	}
	return b
}

// parseDirectory is the inverse of appendDirectory. All frames lie one behind
// the other up to end.
func parseDirectory(dir []byte, end int64) ([]*Block, error) {
	r := column.NewReader(dir)
	var blocks []*Block
	at := int64(len(fileMagic))
	for range r.Count() {
		off := r.Uvarint(uint64(end))
		body, crc := r.Uvarint(maxBody), r.Uvarint(1<<32-1)
		meta := r.Bytes(int(r.Uvarint(maxMeta)))
		if r.Err() != nil {
			break
		}
		b, err := parseMeta(slices.Clone(meta))
		if err != nil {
			return nil, err
		}
		b.Offset, b.body, b.crc = int64(off), uint32(body), uint32(crc)
		b.Size = headSize + int64(len(meta)) + int64(body)
		if b.Offset != at || b.Size > end-at {
			r.Fail("block at %d, want %d", off, at)
			break
		}
		at += b.Size
		blocks = append(blocks, b)
	}
	if r.Err() == nil && (r.Len() != 0 || at != end) {
		r.Fail("blocks end at %d, want %d; %d bytes left over", at, end, r.Len())
	}
	return blocks, r.Err()
}

// trailer, little-endian: offset of the directory u64, its size u32, its CRC32C
// u32, 0 u32, CRC32C of the 20 bytes before u32, endMagic.
func appendTrailer(b []byte, off int64, dir []byte) []byte {
	at := len(b)
	b = binary.LittleEndian.AppendUint64(b, uint64(off))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(dir)))
	b = binary.LittleEndian.AppendUint32(b, checksum(dir))
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint32(b, checksum(b[at:]))
	return append(b, endMagic...)
}
