package evtx

import "encoding/binary"

// appendInstance appends the head of a template instance: a reference when the
// chunk holds the definition, else the definition itself.
func (w *Writer) appendInstance(b []byte, t *outTemplate) []byte {
	le := binary.LittleEndian
	id := le.Uint32(t.guid[:])
	b = append(b, tokFragment, 1, 1, 0, tokTemplate, 1)
	b = le.AppendUint32(b, id)
	if t.gen == w.gen {
		return le.AppendUint32(b, t.off)
	}
	off := uint32(w.pos + len(b) + 4)
	b = le.AppendUint32(b, off)
	head := &w.templateHead[t.bucket]
	b = le.AppendUint32(b, *head)
	*head = off
	b = append(b, t.guid[:]...)
	size := len(b)
	b = append(b, 0, 0, 0, 0, tokFragment, 1, 1, 0)
	b = w.appendNode(b, t.root, true)
	b = append(b, tokEOF)
	le.PutUint32(b[size:], uint32(len(b)-size-4))
	t.gen, t.off = w.gen, off
	w.defined = append(w.defined, outDef{tmpl: t})
	return b
}

// appendNode appends a node in binary form. inTemplate tells whether elements
// carry a dependency id.
func (w *Writer) appendNode(b []byte, n *outNode, inTemplate bool) []byte {
	le := binary.LittleEndian
	switch n.kind {
	case nodeText:
		b = append(b, tokValue, 1, 0, 0)
		at := len(b)
		b = appendUTF16(b, n.text)
		le.PutUint16(b[at-2:], uint16((len(b)-at)/2))
	case nodeSub:
		tok := byte(tokSubst)
		if n.optional {
			tok = tokOptionalSub
		}
		b = append(b, tok, byte(n.slot), byte(n.slot>>8), byte(n.vtype))
	case nodeElement:
		tok := byte(tokOpenStart)
		if len(n.attrs) > 0 {
			tok |= tokMore
		}
		b = append(b, tok)
		if inTemplate {
			b = le.AppendUint16(b, n.dep)
		}
		size := len(b)
		b = append(b, 0, 0, 0, 0)
		b = w.appendName(b, n.name)
		if len(n.attrs) > 0 {
			b = w.appendAttrs(b, n.attrs)
		}
		if len(n.kids) == 0 {
			b = append(b, tokCloseEmpty)
		} else {
			b = append(b, tokCloseStart)
			for _, k := range n.kids {
				b = w.appendNode(b, k, inTemplate)
			}
			b = append(b, tokEndElement)
		}
		le.PutUint32(b[size:], uint32(len(b)-size-4))
	}
	return b
}

func (w *Writer) appendAttrs(b []byte, attrs []*outNode) []byte {
	size := len(b)
	b = append(b, 0, 0, 0, 0)
	for i, a := range attrs {
		tok := byte(tokAttribute)
		if i+1 < len(attrs) {
			tok |= tokMore
		}
		b = append(b, tok)
		b = w.appendName(b, a.name)
		for _, k := range a.kids {
			b = w.appendNode(b, k, false)
		}
	}
	binary.LittleEndian.PutUint32(b[size:], uint32(len(b)-size-4))
	return b
}

// appendName appends the offset of a name, and the name itself where the chunk
// does not hold it yet.
func (w *Writer) appendName(b []byte, n *outName) []byte {
	le := binary.LittleEndian
	if n.gen == w.gen {
		return le.AppendUint32(b, n.off)
	}
	off := uint32(w.pos + len(b) + 4)
	b = le.AppendUint32(b, off)
	head := &w.nameHead[n.hash%chStringCount]
	b = le.AppendUint32(b, *head)
	*head = off
	b = le.AppendUint16(b, n.hash)
	b = le.AppendUint16(b, uint16(len(n.utf16)/2))
	b = append(b, n.utf16...)
	b = append(b, 0, 0)
	n.gen, n.off = w.gen, off
	w.defined = append(w.defined, outDef{name: n})
	return b
}

// A definition is what the record that is being made added to the chunk.
type outDef struct {
	name *outName
	tmpl *outTemplate
}

// forget takes back what a record that is not kept defined.
func (w *Writer) forget() {
	for _, d := range w.defined {
		if d.name != nil {
			d.name.gen = 0
		} else {
			d.tmpl.gen = 0
		}
	}
	w.defined = w.defined[:0]
	w.loadHeads()
}

// loadHeads and storeHeads copy the bucket tables from and to the chunk header.
func (w *Writer) loadHeads() {
	for i := range w.nameHead {
		w.nameHead[i] = binary.LittleEndian.Uint32(w.chunk[chStrings+4*i:])
	}
	for i := range w.templateHead {
		w.templateHead[i] = binary.LittleEndian.Uint32(w.chunk[chTemplates+4*i:])
	}
}

func (w *Writer) storeHeads() {
	for i, v := range w.nameHead {
		binary.LittleEndian.PutUint32(w.chunk[chStrings+4*i:], v)
	}
	for i, v := range w.templateHead {
		binary.LittleEndian.PutUint32(w.chunk[chTemplates+4*i:], v)
	}
	w.defined = w.defined[:0]
}
