package evtx

import (
	"encoding/binary"

	"github.com/akashi-audit/akashi/internal/event"
)

// headAt reads the start of a fragment that is a template instance whose
// definition stands elsewhere: the plan, and the offset of the value count.
func (d *decoder) headAt(c []byte, pos, end int, at place) (*plan, int) {
	if pos+templateHead+4 > end || pos < 0 || end > len(c) {
		return nil, 0
	}
	// The fragment header, the token, a byte that says nothing, the id (2 bytes and 2), the offset.
	h := c[pos : pos+templateHead]
	w := binary.LittleEndian.Uint64(h)
	if w&0xffffffffff != fragmentMark|tokTemplate<<32 {
		return nil, 0
	}
	x := binary.LittleEndian.Uint64(h[6:])
	def := uint32(x >> 32)
	key := def<<2 | uint32(at)
	ref := &d.refs[(key*0x9e3779b1)>>24]
	if ref.key != key || ref.epoch != d.epoch || ref.id != uint32(x) || int(def) == pos+templateHead {
		return nil, 0
	}
	return ref.plan, pos + templateHead
}

// templateHead is the size of the start of a fragment that is a template instance: up to
// the count of values, or the definition.
const templateHead = 14

// fragmentMark is the fragment header 0f 01 01 00.
const fragmentMark = fragmentVersion<<8&0xffffff00 | tokFragment

// inlineHead is headAt for a template that is not known in this chunk yet: its
// definition stands in the instance, as a rule.
func (d *decoder) inlineHead(c []byte, pos, end int, at place) (*plan, int) {
	p := skipFragmentHeader(c, pos, end)
	if p >= end || c[p] != tokTemplate {
		return nil, 0
	}
	in, err := readInstance(c, p, end)
	if err != nil {
		return nil, 0
	}
	q, err := d.planFor(c, &in, at)
	if err != nil {
		return nil, 0
	}
	return q, in.desc - 4
}

// recordHead is how the last record began that quick decoded. Most records of a chunk
// begin with the same bytes: up to the size of the payload.
type recordHead struct {
	plan *plan
	n    int // bytes up to the payload's descriptor; 0 where the next record cannot begin with them
	at   int // where they stand in this chunk
	def  int // offset of the definition
	slot int // from the record's first byte to the payload's descriptor
	data int // … and to the first value
}

// sameHead reports whether the record in c[pos:end] begins as d.head says.
func (d *decoder) sameHead(c []byte, pos, end int) bool {
	h := &d.head
	if h.n == 0 || pos+h.data > end || pos+templateHead == h.def || string(c[pos:pos+h.n]) != string(c[h.at:h.at+h.n]) {
		return false
	}
	behind := c[pos+h.n : pos+h.data]
	return behind[2] == byte(event.KindXML) && (len(behind) == 4 || string(behind[4:]) == string(h.plan.lay.desc[h.n-templateHead:]))
}

// newHead reads how the record in c[pos:end] begins into d.head. It reports false for a
// record that quick cannot decode.
func (d *decoder) newHead(c []byte, pos, end int) bool {
	h := &d.head
	*h = recordHead{}
	p, at := d.headAt(c, pos, end, atRoot)
	inline := p == nil
	if inline {
		p, at = d.inlineHead(c, pos, end, atRoot)
	}
	if p == nil || p.lay == nil {
		return false
	}
	lay := p.lay
	count := le32(c, at)
	if count > uint32(end-at-4)/4 || int(count) <= p.nested[0].slot {
		return false
	}
	n := int(count)
	lay.ok = lay.ok && n == lay.n
	desc := c[at+4 : at+4+4*n]
	k := 4 * p.nested[0].slot
	if lay.ok { // the size of the payload alone may differ
		lay.desc[k], lay.desc[k+1] = desc[k], desc[k+1]
	}
	if !lay.ok || string(desc) != string(lay.desc) {
		d.filled = nil
		if !p.relay(desc) {
			return false
		}
	}
	*h = recordHead{plan: p, at: pos, slot: at + 4 + k - pos, data: at + 4 + 4*n - pos}
	if !inline {
		h.n, h.def = h.slot, int(le32(c, pos+10))
	}
	return true
}
