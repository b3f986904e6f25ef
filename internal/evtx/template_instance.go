package evtx

import "slices"

// instance is a template instance: where its definition is and where its
// values are.
type instance struct {
	id   uint32 // first four bytes of the definition's GUID
	def  int    // offset of the definition in the chunk
	n    int    // values
	desc int    // offset of the n descriptors (size u16, type u8, 0)
	data int    // offset of the first value
	end  int    // end of the last value
	own  bool   // the definition stands in the instance
}

// readInstance reads c[pos:end], where c[pos] is the template token. It checks
// that all values lie before end.
func readInstance(c []byte, pos, end int) (in instance, err error) {
	end = min(end, len(c))
	if pos+14 > end {
		return in, errShort
	}
	in.id = le32(c, pos+2)
	def := le32(c, pos+6)
	p := pos + 10
	if def < chunkHeaderUsed || def > uint32(len(c)-tmplBody) {
		return in, errTemplate
	}
	in.def = int(def)
	if in.def == p {
		in.own = true
		size := le32(c, p+tmplSize)
		if size > uint32(end-p) {
			return in, errTemplate
		}
		p += tmplBody + int(size)
		if p+4 > end {
			return in, errValues
		}
	}
	n := le32(c, p)
	p += 4
	if n > uint32(end-p)/4 {
		return in, errValues
	}
	in.n, in.desc, in.data = int(n), p, p+4*int(n)
	q := in.data
	for i := in.desc; i < in.data; i += 4 {
		q += int(le32(c, i) & 0xffff)
	}
	if q > end {
		return in, errValues
	}
	in.end = q
	return in, nil
}

// slot finds value number i (< n) by a scan; the hot loop sums as it goes.
func (in *instance) slot(c []byte, i int) (vt uint8, off, n int) {
	off = in.data
	for j := 0; j < i; j++ {
		off += le16(c, in.desc+4*j)
	}
	d := le32(c, in.desc+4*i)
	return uint8(d >> 16), off, int(d & 0xffff)
}

// skipFragmentHeader steps over 0f 01 01 00.
func skipFragmentHeader(c []byte, pos, end int) int {
	for pos+4 <= end && c[pos] == tokFragment {
		pos += 4
	}
	return pos
}

// parseLiteral parses BinXML outside of a template. Element starts carry no
// dependency id there; some writers add it.
func parseLiteral(f *fragment, c []byte, pos, end int) error {
	err := f.parse(c, pos, end, false)
	if err == nil {
		return nil
	}
	var g fragment
	if g.parse(c, pos, end, true) != nil {
		return err
	}
	f.toks = append(f.toks[:0], g.toks...)
	return nil
}

// definition is parseDefinition for records.
func (d *decoder) definition(c []byte, in instance) error {
	if err := d.named(c, in); err != nil {
		return err
	}
	return parseDefinition(&d.frag, c, in)
}

// named checks that a reference names the first four bytes of the definition's
// GUID; where they are damaged, the instance that stands in front of its own
// definition proves the name.
func (d *decoder) named(c []byte, in instance) error {
	if le32(c, in.def+tmplGUID) != in.id {
		own := ownName{in.def, in.id}
		switch {
		case in.own && len(d.owns) < 64:
			d.owns = append(d.owns, own)
		case !slices.Contains(d.owns, own):
			return errTemplate
		}
	}
	return nil
}

// ownName is a template name proven by its own instance.
type ownName struct {
	def int
	id  uint32
}

// parseDefinition parses the body of the definition that in refers to.
func parseDefinition(f *fragment, c []byte, in instance) error {
	size := le32(c, in.def+tmplSize)
	body := in.def + tmplBody
	if size > uint32(len(c)-body) {
		return errTemplate
	}
	return f.parse(c, body, body+int(size), true)
}
