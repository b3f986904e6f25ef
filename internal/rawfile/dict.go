package rawfile

import (
	"hash/maphash"

	"github.com/akashi-audit/akashi/internal/event"
)

// dict numbers the values of a field in the order of their first appearance.
// It keeps its memory from block to block.
type dict struct {
	seed  maphash.Seed
	slots []dictSlot // a power of two, at most half full
	vals  []event.Value
}

type dictSlot struct {
	hash uint32
	n    uint32 // number, plus one; 0 is free
}

func newDict(seed maphash.Seed) *dict { return &dict{seed: seed, slots: make([]dictSlot, 64)} }

func (d *dict) reset() {
	clear(d.slots)
	clear(d.vals)
	d.vals = d.vals[:0]
}

func (d *dict) hash(v *event.Value) uint32 {
	h := (v.Num + uint64(v.Kind)) * 0x9e3779b97f4a7c15
	if v.Str != "" {
		h ^= maphash.String(d.seed, v.Str)
	}
	return uint32(h>>32) ^ uint32(h)
}

// add returns the number of v, a new one when v is new.
func (d *dict) add(v *event.Value) uint32 {
	h := d.hash(v)
	mask := uint32(len(d.slots) - 1)
	i := h & mask
	for ; d.slots[i].n != 0; i = (i + 1) & mask {
		if s := d.slots[i]; s.hash == h {
			if w := &d.vals[s.n-1]; w.Num == v.Num && w.Kind == v.Kind && w.Str == v.Str {
				return s.n - 1
			}
		}
	}
	d.vals = append(d.vals, *v)
	d.slots[i] = dictSlot{h, uint32(len(d.vals))}
	if 2*len(d.vals) > len(d.slots) {
		d.widen()
	}
	return uint32(len(d.vals) - 1)
}

func (d *dict) widen() {
	old := d.slots
	d.slots = make([]dictSlot, 2*len(old))
	mask := uint32(len(d.slots) - 1)
	for _, s := range old {
		if s.n == 0 {
			continue
		}
		i := s.hash & mask
		for d.slots[i].n != 0 {
			i = (i + 1) & mask
		}
		d.slots[i] = s
	}
}
