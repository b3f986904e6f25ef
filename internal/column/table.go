package column

import (
	"encoding/binary"
	"hash/maphash"
)

// Table numbers texts in the order of their first appearance. It keeps its
// memory from block to block. The zero Table is not ready: use NewTable.
type Table struct {
	seed  maphash.Seed
	slots []slot // a power of two, at most half full
	text  []string
}

// slot is empty when n is 0.
type slot struct {
	hash uint32
	n    uint32 // place in text, plus one
}

// NewTable makes an empty table.
func NewTable() *Table {
	return &Table{seed: maphash.MakeSeed(), slots: make([]slot, 1<<12)}
}

// Reset forgets all texts.
func (t *Table) Reset() {
	clear(t.slots)
	clear(t.text)
	t.text = t.text[:0]
}

// Len is the number of texts.
func (t *Table) Len() int { return len(t.text) }

// Text is the text of a number.
func (t *Table) Text(n uint32) string { return t.text[n] }

// All are the texts in the order of their numbers; they must not be changed.
func (t *Table) All() []string { return t.text }

// find returns the slot of s, or the free one that it would take.
func (t *Table) find(s string) (i, hash uint32) {
	hash = uint32(maphash.String(t.seed, s))
	mask := uint32(len(t.slots) - 1)
	for i = hash & mask; t.slots[i].n != 0; i = (i + 1) & mask {
		if t.slots[i].hash == hash && t.text[t.slots[i].n-1] == s {
			break
		}
	}
	return i, hash
}

// Find returns the number of s, if it has one.
func (t *Table) Find(s string) (n uint32, ok bool) {
	i, _ := t.find(s)
	n = t.slots[i].n
	return n - 1, n != 0
}

// FindAll is Find of several texts, of which the memory is fetched side by side:
// out is the number of each plus one, 0 for one that has none. It may miss a text
// that shares its place with another.
func (t *Table) FindAll(l []string, out []uint32) {
	hashes, mask := out[:len(l)], uint32(len(t.slots)-1)
	for i, s := range l {
		hashes[i] = uint32(maphash.String(t.seed, s))
	}
	for i, h := range hashes {
		at := t.slots[h&mask]
		if at.hash != h {
			at.n = 0
		}
		out[i] = at.n
	}
	for i, n := range out[:len(l)] {
		if n != 0 && t.text[n-1] != l[i] {
			out[i] = 0
		}
	}
}

// Add returns the number of s, a new one when s is new.
func (t *Table) Add(s string) uint32 {
	n, _ := t.Keep(s, nil)
	return n
}

// Keep is Add that keeps what keep makes of a new text, which must be equal to it;
// fresh tells whether it was new. nil = the text itself.
func (t *Table) Keep(s string, keep func(string) string) (n uint32, fresh bool) {
	i, h := t.find(s)
	if n := t.slots[i].n; n != 0 {
		return n - 1, false
	}
	if keep != nil {
		s = keep(s)
	}
	t.text = append(t.text, s)
	t.slots[i] = slot{h, uint32(len(t.text))}
	if 2*len(t.text) > len(t.slots) {
		t.widen()
	}
	return uint32(len(t.text) - 1), true
}

func (t *Table) widen() {
	old := t.slots
	t.slots = make([]slot, 2*len(old))
	mask := uint32(len(t.slots) - 1)
	for _, s := range old {
		if s.n == 0 {
			continue
		}
		i := s.hash & mask
		for t.slots[i].n != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = s
	}
}

// Append appends the form of the table.
func (t *Table) Append(b []byte) []byte { return AppendTexts(b, t.text) }

// AppendTexts appends the form of a list of texts: their number as a uvarint,
// the column of their lengths (wide), the bytes of all.
func AppendTexts(b []byte, text []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(text)))
	lengths := make([]uint32, len(text))
	for i, s := range text {
		lengths[i] = uint32(len(s))
	}
	b = AppendNumbers(b, lengths, true)
	for _, s := range text {
		b = append(b, s...)
	}
	return b
}

// Texts reads a list of texts. The texts share one piece of memory.
func (r *Reader) Texts() []string {
	n := r.Count()
	lengths := make([]uint32, n)
	Numbers(r, lengths, 1<<32-1, true)
	total := uint64(0)
	for _, l := range lengths {
		total += uint64(l)
	}
	if total > uint64(len(r.b)) {
		r.Fail("texts of %d bytes in %d", total, len(r.b))
		return nil
	}
	all := string(r.Bytes(int(total)))
	if r.err != nil {
		return nil
	}
	text := make([]string, n)
	for i, l := range lengths {
		text[i], all = all[:l], all[l:]
	}
	return text
}
