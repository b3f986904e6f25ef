package evtx

import (
	"errors"
	"fmt"

	"github.com/akashi-audit/akashi/internal/event"
)

// xmlChecker walks one piece of BinXML strictly.
type xmlChecker struct {
	c        *checker
	b        []byte // the chunk
	pos, end int
}

const checkDepth = 64 // nesting that any real event stays far below

var (
	errCut    = errors.New("runs past its end")
	errNested = errors.New("nested too deeply")
)

func (x *xmlChecker) take(n int) (int, error) {
	if n < 0 || x.end-x.pos < n {
		return 0, errCut
	}
	at := x.pos
	x.pos += n
	return at, nil
}

// fragment checks a fragment: header, then a template instance or elements, and
// the EOF token. dep tells whether elements carry a dependency id. A nested
// fragment (a value) may come without the header and the EOF token.
func (x *xmlChecker) fragment(dep, nested bool, depth int) error {
	if depth > checkDepth {
		return errNested
	}
	if !nested || x.pos < x.end && x.b[x.pos] == tokFragment {
		at, err := x.take(4)
		if err != nil {
			return err
		}
		if string(x.b[at:at+4]) != "\x0f\x01\x01\x00" {
			return fmt.Errorf("fragment header % x", x.b[at:at+4])
		}
	}
	if x.pos < x.end && x.b[x.pos] == tokTemplate {
		if err := x.instance(depth + 1); err != nil {
			return err
		}
	} else if err := x.content(dep, depth+1); err != nil {
		return err
	}
	if nested && x.pos == x.end {
		return nil
	}
	at, err := x.take(1)
	if err != nil {
		return fmt.Errorf("no EOF token: %w", err)
	}
	if x.b[at] != tokEOF {
		return fmt.Errorf("token %#02x instead of EOF", x.b[at])
	}
	return nil
}

// instance checks a template instance and its values.
func (x *xmlChecker) instance(depth int) error {
	at, err := x.take(10)
	if err != nil {
		return err
	}
	id, off := le32(x.b, at+2), le32(x.b, at+6)
	if !x.c.templates[off] {
		return fmt.Errorf("template offset %d is not in the table", off)
	}
	if le32(x.b, int(off)+tmplGUID) != id {
		return fmt.Errorf("template id %#x, its definition says %#x", id, le32(x.b, int(off)+tmplGUID))
	}
	if int(off) > x.pos {
		return fmt.Errorf("template offset %d lies ahead", off)
	}
	if int(off) == x.pos {
		if err := x.definition(depth); err != nil {
			return fmt.Errorf("template at offset %d: %w", off, err)
		}
	}
	if at, err = x.take(4); err != nil {
		return err
	}
	n := le32(x.b, at)
	if int64(n)*4 > int64(x.end-x.pos) {
		return fmt.Errorf("%d values do not fit", n)
	}
	at, _ = x.take(4 * int(n))
	for i := range int(n) {
		d := at + 4*i
		size := int(le16(x.b, d))
		start, err := x.take(size)
		if err == nil {
			err = x.value(start, size, x.b[d+2], depth)
		}
		if err != nil {
			return fmt.Errorf("value %d of type %#02x: %w", i, x.b[d+2], err)
		}
	}
	return nil
}

// definition checks an inline template definition.
func (x *xmlChecker) definition(depth int) error {
	at, err := x.take(tmplBody)
	if err != nil {
		return err
	}
	start, err := x.take(int(le32(x.b, at+tmplSize)))
	if err != nil {
		return err
	}
	body := &xmlChecker{c: x.c, b: x.b, pos: start, end: x.pos}
	if err := body.fragment(true, false, depth+1); err != nil {
		return fmt.Errorf("offset %d: %w", body.pos, err)
	}
	if body.pos != body.end {
		return fmt.Errorf("%d bytes behind the end", body.end-body.pos)
	}
	return nil
}

// value checks size bytes of a value against its type.
func (x *xmlChecker) value(at, size int, t byte, depth int) error {
	ok := true
	switch k := event.Kind(t); k {
	case event.KindNull:
	case event.KindString, event.KindArray | event.KindString:
		ok = size%2 == 0
	case event.KindInt8, event.KindUint8:
		ok = size == 1
	case event.KindInt16, event.KindUint16:
		ok = size == 2
	case event.KindInt32, event.KindUint32, event.KindReal32, event.KindHex32:
		ok = size == 4
	case event.KindInt64, event.KindUint64, event.KindReal64, event.KindHex64, event.KindFiletime:
		ok = size == 8
	case event.KindBool:
		ok = size == 1 || size == 2 || size == 4 || size == 8
	case event.KindSizeT:
		ok = size == 4 || size == 8
	case event.KindGUID, event.KindSystemTime:
		ok = size == 16
	case event.KindSID:
		ok = size >= 8 && size == 8+4*int(x.b[at+1])
	case event.KindXML:
		if size == 0 {
			return nil
		}
		n := &xmlChecker{c: x.c, b: x.b, pos: at, end: at + size}
		return n.fragment(false, true, depth+1)
	case event.KindANSI, event.KindBinary:
	default:
		if k&event.KindArray == 0 || !arrayElement(k&^event.KindArray) {
			return errors.New("no such type")
		}
	}
	if !ok {
		return fmt.Errorf("%d bytes", size)
	}
	return nil
}

// content checks elements and text up to a token that ends them.
func (x *xmlChecker) content(dep bool, depth int) error {
	for x.pos < x.end {
		var err error
		switch t := x.b[x.pos]; t {
		case tokOpenStart, tokOpenStart | tokMore:
			err = x.element(dep, depth)
		case tokEOF, tokEndElement:
			return nil
		default:
			err = x.text(t)
		}
		if err != nil {
			return err
		}
	}
	return errCut
}

// text checks a text or substitution token.
func (x *xmlChecker) text(t byte) error {
	switch t &^ tokMore {
	case tokValue:
		at, err := x.take(4)
		if err != nil {
			return err
		}
		if x.b[at+1] != byte(event.KindString) {
			return fmt.Errorf("literal of type %#02x", x.b[at+1])
		}
		_, err = x.take(2 * int(le16(x.b, at+2)))
		return err
	case tokCDATA:
		at, err := x.take(3)
		if err != nil {
			return err
		}
		_, err = x.take(2 * int(le16(x.b, at+1)))
		return err
	case tokCharRef:
		_, err := x.take(3)
		return err
	case tokEntityRef:
		if _, err := x.take(1); err != nil {
			return err
		}
		return x.name()
	case tokSubst, tokOptionalSub:
		_, err := x.take(4)
		return err
	}
	return fmt.Errorf("token %#02x", t)
}

// name checks a name offset and, where it stands inline, skips the name.
func (x *xmlChecker) name() error {
	at, err := x.take(4)
	if err != nil {
		return err
	}
	off := le32(x.b, at)
	if !x.c.names[off] {
		return fmt.Errorf("name offset %d is not in the table", off)
	}
	if int(off) == x.pos {
		_, err = x.take(nameHeader + 2*int(le16(x.b, x.pos+6)) + 2)
		return err
	}
	if int(off) > x.pos {
		return fmt.Errorf("name offset %d lies ahead", off)
	}
	return nil
}

// element checks an element and that its sizes are right.
func (x *xmlChecker) element(dep bool, depth int) error {
	if depth > checkDepth {
		return errNested
	}
	head := 5
	if dep {
		head = 7
	}
	at, err := x.take(head)
	if err != nil {
		return err
	}
	size := int(le32(x.b, at+head-4))
	if size < 0 || size > x.end-x.pos {
		return fmt.Errorf("element of %d bytes: %w", size, errCut)
	}
	e := &xmlChecker{c: x.c, b: x.b, pos: x.pos, end: x.pos + size}
	if err = e.name(); err == nil && x.b[at]&tokMore != 0 {
		err = e.attributes()
	}
	if err == nil {
		err = e.elementBody(dep, depth)
	}
	if err == nil && e.pos != e.end {
		err = fmt.Errorf("element is %d bytes shorter than its size", e.end-e.pos)
	}
	x.pos = e.pos
	return err
}

func (x *xmlChecker) elementBody(dep bool, depth int) error {
	at, err := x.take(1)
	if err != nil {
		return err
	}
	switch x.b[at] {
	case tokCloseEmpty:
		return nil
	case tokCloseStart:
		if err := x.content(dep, depth+1); err != nil {
			return err
		}
		if at, err = x.take(1); err == nil && x.b[at] != tokEndElement {
			err = fmt.Errorf("token %#02x instead of the end of the element", x.b[at])
		}
		return err
	}
	return fmt.Errorf("token %#02x behind a start tag", x.b[at])
}

func (x *xmlChecker) attributes() error {
	at, err := x.take(4)
	if err != nil {
		return err
	}
	size := int(le32(x.b, at))
	if size < 0 || size > x.end-x.pos {
		return errCut
	}
	a := &xmlChecker{c: x.c, b: x.b, pos: x.pos, end: x.pos + size}
	for more := true; more; {
		at, err := a.take(1)
		if err != nil {
			return fmt.Errorf("attributes: %w", err)
		}
		if x.b[at]&^tokMore != tokAttribute {
			return fmt.Errorf("token %#02x instead of an attribute", x.b[at])
		}
		more = x.b[at]&tokMore != 0
		if err := a.name(); err != nil {
			return err
		}
		for a.pos < a.end && a.b[a.pos]&^tokMore != tokAttribute {
			if err := a.text(a.b[a.pos]); err != nil {
				return err
			}
		}
	}
	if a.pos != a.end {
		return fmt.Errorf("attributes are %d bytes shorter than their size", a.end-a.pos)
	}
	x.pos = a.end
	return nil
}
