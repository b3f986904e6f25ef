package evtx

import (
	"encoding/binary"
	"math/bits"

	"github.com/akashi-audit/akashi/internal/event"
)

// Bounds of an Interner.
const (
	internWays    = 4
	internSets    = 1 << 13
	internRing    = 4 << 20 // bytes of raw keys that are remembered
	internLongest = 1 << 14 // longer values are not remembered
)

// Interner maps the raw bytes of a value (UTF-16, SID, GUID …) to its text, so
// that a text that stood in the log before costs no transcoding and no
// allocation. It is bounded: old texts are forgotten first, by about 4 MiB of
// raw bytes and 32,768 texts. It serves one goroutine at a time.
type Interner struct {
	tags   [][internWays]uint32 // part of each entry's hash, 0 = unused: a miss touches these only
	sets   [][internWays]internEntry
	ring   []byte
	head   uint64 // bytes written to the ring so far
	buf    []byte // scratch of a miss
	victim uint32
	misses uint64
}

// internEntry is half a line of the processor's cache.
type internEntry struct {
	pos  uint64 // position of the raw bytes in the stream of ring bytes
	n    uint32
	kind event.Kind
	text string
}

// NewInterner makes an empty table; its memory grows with use.
func NewInterner() *Interner {
	return &Interner{tags: make([][internWays]uint32, internSets), sets: make([][internWays]internEntry, internSets)}
}

const (
	mul0 = 0xa0761d6478bd642f
	mul1 = 0xe7037ed1a0b428db
)

// hashBytes hashes raw 16 bytes a step (multiply and fold).
func hashBytes(seed uint64, b []byte) uint64 {
	h := seed ^ mul0
	n := uint64(len(b))
	for len(b) > 16 {
		hi, lo := bits.Mul64(binary.LittleEndian.Uint64(b)^mul1, binary.LittleEndian.Uint64(b[8:])^h)
		h = hi ^ lo
		b = b[16:]
	}
	var x, y uint64
	switch {
	case len(b) >= 8:
		x = binary.LittleEndian.Uint64(b)
		y = binary.LittleEndian.Uint64(b[len(b)-8:])
	case len(b) >= 4:
		x = uint64(binary.LittleEndian.Uint32(b))
		y = uint64(binary.LittleEndian.Uint32(b[len(b)-4:]))
	case len(b) > 0:
		x = uint64(b[0])<<16 | uint64(b[len(b)>>1])<<8 | uint64(b[len(b)-1])
	}
	hi, lo := bits.Mul64(x^mul1^n, y^h)
	h = hi ^ lo
	return h | 1
}

// text is the text of raw as a value of kind k.
func (t *Interner) text(k event.Kind, raw []byte) string {
	var m memo
	return t.recall(&m, k, raw)
}

// memo remembers the last text of one place in an event. Most fields repeat from
// record to record, and then neither hash nor table is needed.
type memo struct {
	pos  uint64
	n    uint32
	kind event.Kind
	text string
}

// recall is text with a memo.
func (t *Interner) recall(m *memo, k event.Kind, raw []byte) string {
	if int(m.n) == len(raw) && m.kind == k && t.head-m.pos <= uint64(len(t.ring)) {
		at := m.pos % internRing
		if string(t.ring[at:at+uint64(m.n)]) == string(raw) {
			return m.text
		}
	}
	h := hashBytes(uint64(k), raw)
	i := (h >> 32) % internSets
	tag := uint32(h)
	for way, x := range &t.tags[i] {
		if x != tag {
			continue
		}
		e := &t.sets[i][way]
		if e.kind == k && int(e.n) == len(raw) && t.head-e.pos <= uint64(len(t.ring)) {
			at := e.pos % internRing
			if string(t.ring[at:at+uint64(e.n)]) == string(raw) {
				*m = memo{pos: e.pos, n: e.n, kind: k, text: e.text}
				return e.text
			}
		}
	}
	return t.miss(m, i, tag, k, raw)
}

func (t *Interner) miss(m *memo, set uint64, tag uint32, k event.Kind, raw []byte) string {
	t.misses++
	t.buf = appendText(t.buf[:0], k, raw)
	text := string(t.buf)
	if cap(t.buf) > 1<<18 {
		t.buf = nil
	}
	if len(raw) > internLongest {
		return text
	}
	way := 0
	for way < internWays && t.tags[set][way] != 0 {
		way++
	}
	if way == internWays {
		t.victim++
		way = int(t.victim % internWays)
	}
	pos := t.store(raw)
	t.sets[set][way] = internEntry{pos: pos, n: uint32(len(raw)), kind: k, text: text}
	t.tags[set][way] = tag
	*m = memo{pos: pos, n: uint32(len(raw)), kind: k, text: text}
	return text
}

// store copies raw into the ring and returns its position. Raw bytes never wrap
// around the end of the ring.
func (t *Interner) store(raw []byte) uint64 {
	at := int(t.head % internRing)
	if at+len(raw) > internRing {
		t.head += uint64(internRing - at)
		at = 0
	}
	if at+len(raw) > len(t.ring) {
		if cap(t.ring) < at+len(raw) {
			grown := make([]byte, len(t.ring), min(internRing, max(2*cap(t.ring), at+len(raw), 1<<16)))
			copy(grown, t.ring)
			t.ring = grown
		}
		t.ring = t.ring[:at+len(raw)]
	}
	copy(t.ring[at:], raw)
	pos := t.head
	t.head += uint64(len(raw))
	return pos
}
