package evtx

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// An image is a template definition as it stood in some chunk. Chunks repeat the
// definitions of the ones before: their bytes are the same but for the offsets of
// names, so a definition that was seen before is recognised by comparing and not
// parsed again.
type image struct {
	body  []byte
	fixed []byte // 0 for the bytes of body that differ between chunks, else 0xff
	names []nameRef
	again []nameAgain // further references to the same names
	plan  *plan
}

// nameAgain is a reference to the name of an earlier one.
type nameAgain struct {
	at int // offset in the body
	as int // number of the earlier one
}

// nameRef is a reference to a name in a fragment.
type nameRef struct {
	at   int    // offset of the reference; from the beginning of the body in an image
	own  bool   // the name stands behind the reference
	name []byte // UTF-16
	off  uint32 // in an image, what the reference was in the chunk that is compared
}

// imageKey is what definitions must have in common to be compared.
type imageKey struct {
	guid [16]byte
	size uint32
	at   place
}

// Bounds of the images: variants of one definition that differ in the names that
// stand in place, and bytes in all.
const (
	maxVariants   = 8
	maxImageBytes = 4 << 20
)

// keyOfImage returns the key of the definition that in refers to.
func keyOfImage(c []byte, in *instance, at place) imageKey {
	return imageKey{[16]byte(c[in.def+tmplGUID:]), le32(c, in.def+tmplSize), at}
}

// seenPlan returns the plan of a definition that was seen before, or nil.
func (d *decoder) seenPlan(c []byte, in *instance, k imageKey) *plan {
	body := in.def + tmplBody
	if k.size > uint32(len(c)-body) {
		return nil
	}
	for _, m := range d.images[k] {
		if m.same(c, body) {
			return m.plan
		}
	}
	return nil
}

// same reports whether the definition whose body stands at c[at:] parses to the
// same tokens, names and texts. It compares all that the parser looks at.
func (m *image) same(c []byte, at int) bool {
	body := c[at : at+len(m.body)]
	if !equalWhere(body, m.body, m.fixed) {
		return false
	}
	for i := range m.names {
		r := &m.names[i]
		r.off = le32(body, r.at)
		if !r.same(c, at+r.at, r.own) {
			return false
		}
	}
	for i := range m.again {
		x := &m.again[i]
		r := &m.names[x.as]
		if name := le32(body, x.at); name != r.off || int(name) == at+x.at+4 {
			o := nameRef{name: r.name, off: name}
			if !o.same(c, at+x.at, false) {
				return false
			}
		}
	}
	return true
}

// same reports whether the reference at c[at:] names the same, and whether that stands
// behind it if own says so.
func (r *nameRef) same(c []byte, at int, own bool) bool {
	switch {
	case (int(r.off) == at+4) != own || r.off < chunkHeaderUsed || int(r.off) > len(c)-nameHeader-len(r.name):
		return false
	case own: // its hash, length and text were compared with the body
		return true
	}
	text := int(r.off) + nameHeader
	return 2*le16(c, int(r.off)+6) == len(r.name) && string(c[text:text+len(r.name)]) == string(r.name)
}

// equalWhere reports whether a and b have the same bits where those of mask are set.
// All have one length.
func equalWhere(a, b, mask []byte) bool {
	i := 0
	for ; i+32 <= len(a) && i+32 <= len(b) && i+32 <= len(mask); i += 32 {
		x, y, m := a[i:i+32], b[i:i+32], mask[i:i+32]
		d := (binary.LittleEndian.Uint64(x) ^ binary.LittleEndian.Uint64(y)) & binary.LittleEndian.Uint64(m)
		d |= (binary.LittleEndian.Uint64(x[8:]) ^ binary.LittleEndian.Uint64(y[8:])) & binary.LittleEndian.Uint64(m[8:])
		d |= (binary.LittleEndian.Uint64(x[16:]) ^ binary.LittleEndian.Uint64(y[16:])) & binary.LittleEndian.Uint64(m[16:])
		d |= (binary.LittleEndian.Uint64(x[24:]) ^ binary.LittleEndian.Uint64(y[24:])) & binary.LittleEndian.Uint64(m[24:])
		if d != 0 {
			return false
		}
	}
	a, b, mask = a[i:], b[i:], mask[i:]
	for len(a) >= 8 && len(b) >= 8 && len(mask) >= 8 {
		if (binary.LittleEndian.Uint64(a)^binary.LittleEndian.Uint64(b))&binary.LittleEndian.Uint64(mask) != 0 {
			return false
		}
		a, b, mask = a[8:], b[8:], mask[8:]
	}
	for i := range a {
		if (a[i]^b[i])&mask[i] != 0 {
			return false
		}
	}
	return true
}

// remember keeps the definition that d.frag was just parsed from.
func (d *decoder) remember(c []byte, in *instance, k imageKey, p *plan) {
	body := in.def + tmplBody
	for _, t := range d.frag.toks {
		if t.op == opInstance { // its definition is somewhere else in the chunk
			return
		}
	}
	if len(d.images[k]) >= maxVariants {
		return
	}
	if d.imageBytes > maxImageBytes {
		clear(d.images)
		d.imageBytes = 0
	}
	m := &image{body: append([]byte(nil), c[body:body+int(k.size)]...), plan: p}
	m.fixed = bytes.Repeat([]byte{0xff}, len(m.body))
	for _, r := range d.frag.refs {
		r.at -= body
		if r.own && r.at+4+nameHeader+len(r.name)+2 > len(m.body) {
			return // the name runs past the definition
		}
		clear(m.fixed[r.at : r.at+4])
		if r.own {
			clear(m.fixed[r.at+4 : r.at+4+nameLink])
		}
		r.name = append([]byte(nil), r.name...)
		d.imageBytes += 64 + len(r.name)
		if as := slices.IndexFunc(m.names, func(o nameRef) bool { return string(o.name) == string(r.name) }); as >= 0 && !r.own {
			m.again = append(m.again, nameAgain{r.at, as})
			continue
		}
		m.names = append(m.names, r)
	}
	d.imageBytes += 256 + 2*len(m.body)
	d.images[k] = append(d.images[k], m)
}
