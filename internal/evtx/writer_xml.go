package evtx

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
)

// appendFragment appends nested XML, given as text, as a literal fragment.
func (w *Writer) appendFragment(b []byte, text string) ([]byte, error) {
	p := &xmlReader{s: text, m: &outBuilder{names: w.cache.names}}
	nodes, err := p.content("", 0)
	if err == nil {
		err = p.m.err
	}
	if err != nil {
		return b, fmt.Errorf("nested XML at byte %d: %w", len(text)-len(p.s), err)
	}
	b = append(b, tokFragment, 1, 1, 0)
	for _, n := range nodes {
		b = w.appendNode(b, n, false)
	}
	return append(b, tokEOF), nil
}

// xmlReader reads the XML that event.KindXML carries: elements, attributes, text,
// CDATA, character references and the five named entities. Prefixes stay part
// of the names, white space stays, and a lone surrogate (WTF-8) is a character
// like any other, which encoding/xml would not allow.
type xmlReader struct {
	s string // what is left
	m *outBuilder
}

const maxXMLDepth = 48

var errXML = errors.New("not well-formed")

// content reads up to the end tag of parent, or to the end of the text.
func (p *xmlReader) content(parent string, depth int) ([]*outNode, error) {
	var out []*outNode
	for {
		text, err := p.text()
		if err != nil {
			return nil, err
		}
		if text != "" {
			out = append(out, p.m.text(text))
		}
		switch {
		case p.s == "":
			if parent != "" {
				return nil, errXML
			}
			return out, nil
		case strings.HasPrefix(p.s, "</"):
			p.s = p.s[2:]
			if name, err := p.name(); err != nil || parent == "" || name != parent {
				return nil, errXML
			}
			p.space()
			return out, p.expect(">")
		case depth >= maxXMLDepth:
			return nil, errNested
		}
		n, err := p.element(depth)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
}

// element reads the element that starts here.
func (p *xmlReader) element(depth int) (*outNode, error) {
	if err := p.expect("<"); err != nil {
		return nil, err
	}
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	n := p.m.elem(name)
	for {
		p.space()
		switch {
		case strings.HasPrefix(p.s, "/>"):
			p.s = p.s[2:]
			return n, nil
		case strings.HasPrefix(p.s, ">"):
			p.s = p.s[1:]
			kids, err := p.content(name, depth+1)
			n.kids = kids
			return n, err
		}
		attr, err := p.name()
		if err != nil {
			return nil, err
		}
		p.space()
		if err := p.expect("="); err != nil {
			return nil, err
		}
		p.space()
		if p.s == "" || p.s[0] != '"' && p.s[0] != '\'' {
			return nil, errXML
		}
		value, rest, ok := strings.Cut(p.s[1:], p.s[:1])
		if !ok {
			return nil, errXML
		}
		p.s = rest
		if value, err = unescape(value); err != nil {
			return nil, err
		}
		n.add(p.m.attr(attr, p.m.text(value)))
	}
}

// text reads character data and CDATA sections up to the next tag.
func (p *xmlReader) text() (string, error) {
	var out string
	for {
		i := strings.IndexByte(p.s, '<')
		if i < 0 {
			i = len(p.s)
		}
		t, err := unescape(p.s[:i])
		if err != nil {
			return "", err
		}
		out, p.s = out+t, p.s[i:]
		rest, ok := strings.CutPrefix(p.s, "<![CDATA[")
		if !ok {
			return out, nil
		}
		t, rest, ok = strings.Cut(rest, "]]>")
		if !ok {
			return "", errXML
		}
		out, p.s = out+t, rest
	}
}

func (p *xmlReader) name() (string, error) {
	i := strings.IndexAny(p.s, " \t\r\n=/><\"'&")
	if i <= 0 {
		return "", errXML
	}
	name := p.s[:i]
	p.s = p.s[i:]
	return name, nil
}

func (p *xmlReader) space() { p.s = strings.TrimLeft(p.s, " \t\r\n") }

func (p *xmlReader) expect(tok string) error {
	rest, ok := strings.CutPrefix(p.s, tok)
	if !ok {
		return errXML
	}
	p.s = rest
	return nil
}

// unescape resolves the references of s.
func unescape(s string) (string, error) {
	if strings.IndexByte(s, '&') < 0 {
		return s, nil
	}
	var b []byte
	for {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			return string(append(b, s...)), nil
		}
		b = append(b, s[:i]...)
		ref, rest, ok := strings.Cut(s[i+1:], ";")
		if !ok {
			return "", errXML
		}
		s = rest
		if num, isNum := strings.CutPrefix(ref, "#"); isNum {
			base := 10
			if hex, isHex := strings.CutPrefix(num, "x"); isHex {
				num, base = hex, 16
			}
			n, err := strconv.ParseUint(num, base, 32)
			if err != nil || n > 0x10ffff {
				return "", errXML
			}
			if n < 0x10000 {
				b = event.AppendUnit(b, uint16(n))
			} else {
				b = append(b, string(rune(n))...)
			}
			continue
		}
		t := entity(ref)
		if strings.HasPrefix(t, "&") && ref != "amp" {
			return "", errXML
		}
		b = append(b, t...)
	}
}
