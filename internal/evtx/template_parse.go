package evtx

import (
	"encoding/binary"
	"errors"
)

// Bounds of one fragment, so that work stays in proportion to its bytes.
const (
	maxDepth = 64    // open elements
	maxToks  = 16384 // tokens of one fragment
)

var (
	errShort    = errors.New("fragment runs past its end")
	errToken    = errors.New("unknown token")
	errTooDeep  = errors.New("elements nested too deep")
	errName     = errors.New("name outside the chunk")
	errTemplate = errors.New("template definition is damaged")
	errValues   = errors.New("values run past the record")
	errEmpty    = errors.New("no element")
)

// op is the kind of a tok.
type op uint8

const (
	opOpen     op = iota + 1 // name at off, n bytes; attributes follow, then opBody
	opAttr                   // name at off, n bytes; its parts follow
	opBody                   // end of the start tag
	opClose                  // end of the element
	opText                   // value of type vt at off, n bytes
	opSub                    // value number slot
	opCharRef                // character number slot
	opEntity                 // entity name at off, n bytes
	opInstance               // template instance that starts (its 0x0c) at off, n bytes
)

// tok is one piece of a parsed fragment; names and texts are offsets into the
// chunk.
type tok struct {
	op     op
	vt     uint8
	slot   uint16
	off, n uint32
}

// fragment parses BinXML into toks without building a tree.
type fragment struct {
	c    []byte // the chunk
	pos  int
	end  int
	dep  bool // element starts carry a dependency id (template bodies)
	toks []tok
	refs []nameRef // to names, in order; their bytes are those of c
}

func le16(b []byte, i int) int    { return int(binary.LittleEndian.Uint16(b[i : i+2])) }
func le32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[i : i+4]) }
func le64(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i : i+8]) }

func (f *fragment) emit(t tok) error {
	if len(f.toks) >= maxToks {
		return errTooDeep
	}
	f.toks = append(f.toks, t)
	return nil
}

// parse reads c[pos:end] into f.toks. It stops at the end-of-fragment token or
// at end, and fails on anything that is not a complete fragment.
func (f *fragment) parse(c []byte, pos, end int, dep bool) error {
	f.c, f.pos, f.end, f.dep, f.toks, f.refs = c, pos, min(end, len(c)), dep, f.toks[:0], f.refs[:0]
	depth, inTag := 0, false
	for f.pos < f.end {
		t := f.c[f.pos]
		f.pos++
		var err error
		switch t &^ tokMore {
		case tokEOF:
			if depth > 0 {
				return errShort
			}
			if len(f.toks) == 0 {
				return errEmpty
			}
			return nil
		case tokFragment:
			f.pos += 3
		case tokOpenStart:
			if inTag {
				return errToken
			}
			if depth++; depth > maxDepth {
				return errTooDeep
			}
			inTag = true
			err = f.openStart(t&tokMore != 0)
		case tokCloseStart, tokCloseEmpty:
			if !inTag {
				return errToken
			}
			inTag = false
			err = f.emit(tok{op: opBody})
			if t == tokCloseEmpty && err == nil {
				depth--
				err = f.emit(tok{op: opClose})
			}
		case tokEndElement:
			if inTag || depth == 0 {
				return errToken
			}
			depth--
			err = f.emit(tok{op: opClose})
		case tokAttribute:
			if !inTag {
				return errToken
			}
			err = f.named(opAttr)
		default:
			err = f.content(t)
		}
		if err != nil {
			return err
		}
	}
	if depth > 0 || len(f.toks) == 0 {
		return errShort
	}
	return nil
}

// content reads the tokens that carry data.
func (f *fragment) content(t uint8) error {
	switch t &^ tokMore {
	case tokValue:
		return f.text()
	case tokSubst, tokOptionalSub:
		if f.pos+3 > f.end {
			return errShort
		}
		s := tok{op: opSub, slot: uint16(le16(f.c, f.pos)), vt: f.c[f.pos+2]}
		f.pos += 3
		return f.emit(s)
	case tokCharRef:
		if f.pos+2 > f.end {
			return errShort
		}
		s := tok{op: opCharRef, slot: uint16(le16(f.c, f.pos))}
		f.pos += 2
		return f.emit(s)
	case tokEntityRef:
		return f.named(opEntity)
	case tokCDATA:
		return f.chars()
	case tokPITarget: // skipped: it is no data
		if _, _, err := f.name(); err != nil {
			return err
		}
		return nil
	case tokPIData:
		n := len(f.toks)
		err := f.chars()
		f.toks = f.toks[:n]
		return err
	case tokTemplate:
		return f.instance()
	}
	return errToken
}

func (f *fragment) openStart(attrs bool) error {
	if f.dep {
		f.pos += 2
	}
	f.pos += 4 // size of the element: not needed, not trusted
	if err := f.named(opOpen); err != nil {
		return err
	}
	if attrs {
		f.pos += 4 // size of the attribute list
	}
	return nil
}

func (f *fragment) named(o op) error {
	off, n, err := f.name()
	if err != nil {
		return err
	}
	return f.emit(tok{op: o, off: uint32(off), n: uint32(n)})
}

// name reads a name reference; the name itself may follow in place.
func (f *fragment) name() (off, n int, err error) {
	if f.pos+4 > f.end {
		return 0, 0, errShort
	}
	at := int(le32(f.c, f.pos))
	f.pos += 4
	if at < chunkHeaderUsed || at > len(f.c)-nameHeader {
		return 0, 0, errName
	}
	n = 2 * le16(f.c, at+6)
	off = at + nameHeader
	if off+n > len(f.c) {
		return 0, 0, errName
	}
	f.refs = append(f.refs, nameRef{at: f.pos - 4, own: at == f.pos, name: f.c[off : off+n]})
	if at == f.pos {
		f.pos = off + n + 2
	}
	return off, n, nil
}

// chars reads a counted UTF-16 text.
func (f *fragment) chars() error {
	if f.pos+2 > f.end {
		return errShort
	}
	n := 2 * le16(f.c, f.pos)
	f.pos += 2
	return f.take(uint8(1), n)
}

func (f *fragment) take(vt uint8, n int) error {
	if n < 0 || f.pos+n > f.end {
		return errShort
	}
	t := tok{op: opText, vt: vt, off: uint32(f.pos), n: uint32(n)}
	f.pos += n
	return f.emit(t)
}

// text reads a literal value: usually a string, sometimes another type.
func (f *fragment) text() error {
	if f.pos+1 > f.end {
		return errShort
	}
	vt := f.c[f.pos]
	f.pos++
	switch vt {
	case 0x01:
		return f.chars()
	case 0x02, 0x0e, 0x21:
		if f.pos+2 > f.end {
			return errShort
		}
		n := le16(f.c, f.pos)
		f.pos += 2
		return f.take(vt, n)
	case 0x13:
		if f.pos+2 > f.end {
			return errShort
		}
		return f.take(vt, 8+4*int(f.c[f.pos+1]))
	}
	if vt&0x80 != 0 {
		if f.pos+2 > f.end {
			return errShort
		}
		n := le16(f.c, f.pos)
		f.pos += 2
		if vt == 0x81 {
			n *= 2
		}
		return f.take(vt, n)
	}
	if n := fixedSize(vt); n >= 0 {
		return f.take(vt, n)
	}
	return errToken
}

// fixedSize is the natural size of a value type, -1 when it has none.
func fixedSize(vt uint8) int {
	switch vt {
	case 0x00:
		return 0
	case 0x03, 0x04:
		return 1
	case 0x05, 0x06:
		return 2
	case 0x07, 0x08, 0x0b, 0x0d, 0x14:
		return 4
	case 0x09, 0x0a, 0x0c, 0x10, 0x11, 0x15:
		return 8
	case 0x0f, 0x12:
		return 16
	}
	return -1
}

// instance steps over a template instance inside literal BinXML.
func (f *fragment) instance() error {
	start := f.pos - 1
	in, err := readInstance(f.c, start, f.end)
	if err != nil {
		return err
	}
	f.pos = in.end
	return f.emit(tok{op: opInstance, off: uint32(start), n: uint32(in.end - start)})
}
