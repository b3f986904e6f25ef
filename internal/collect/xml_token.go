package collect

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// xmlNode is an element of one event.
type xmlNode struct {
	name  string // without namespace prefix
	attrs []xmlAttr
	kids  []*xmlNode
	text  string // character data directly below, joined
}

type xmlAttr struct{ name, value string }

func (n *xmlNode) attr(name string) string {
	for _, a := range n.attrs {
		if a.name == name {
			return a.value
		}
	}
	return ""
}

func (n *xmlNode) kid(name string) *xmlNode {
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	return nil
}

const (
	maxXMLDepth = 64
	maxXMLNodes = 64 << 10
)

var (
	errXMLSyntax = errors.New("xml syntax")
	errXMLDeep   = errors.New("xml nested too deep")
)

// xmlParser parses one element. It reads the subset that events use: elements,
// attributes, text, character references, CDATA, comments and processing
// instructions; no document type.
type xmlParser struct {
	b     []byte
	nodes int
}

func (p *xmlParser) element(depth int) (*xmlNode, error) {
	if depth > maxXMLDepth || p.nodes > maxXMLNodes {
		return nil, errXMLDeep
	}
	p.nodes++
	n := &xmlNode{}
	closed, err := p.startTag(n)
	if err != nil || closed {
		return n, err
	}
	var text []byte
	for {
		i := bytes.IndexByte(p.b, '<')
		if i < 0 {
			return nil, errXMLSyntax
		}
		text = appendUnescaped(text, p.b[:i])
		p.b = p.b[i:]
		switch {
		case bytes.HasPrefix(p.b, []byte("</")):
			end := bytes.IndexByte(p.b, '>')
			if end < 0 || localName(strings.TrimSpace(string(p.b[2:end]))) != n.name {
				return nil, errXMLSyntax
			}
			p.b = p.b[end+1:]
			n.text = string(text)
			return n, nil
		case bytes.HasPrefix(p.b, []byte("<![CDATA[")):
			end := bytes.Index(p.b, []byte("]]>"))
			if end < 0 {
				return nil, errXMLSyntax
			}
			text = append(text, p.b[len("<![CDATA["):end]...)
			p.b = p.b[end+3:]
		case bytes.HasPrefix(p.b, []byte("<!--")):
			if !p.skip("-->") {
				return nil, errXMLSyntax
			}
		case bytes.HasPrefix(p.b, []byte("<?")):
			if !p.skip("?>") {
				return nil, errXMLSyntax
			}
		default:
			k, err := p.element(depth + 1)
			if err != nil {
				return nil, err
			}
			n.kids = append(n.kids, k)
		}
	}
}

func (p *xmlParser) skip(end string) bool {
	i := bytes.Index(p.b, []byte(end))
	if i < 0 {
		return false
	}
	p.b = p.b[i+len(end):]
	return true
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// startTag reads <name a="v" …> or <name …/>.
func (p *xmlParser) startTag(n *xmlNode) (closed bool, err error) {
	i := 1
	for i < len(p.b) && !isSpace(p.b[i]) && p.b[i] != '>' && p.b[i] != '/' {
		i++
	}
	if n.name = localName(string(p.b[1:min(i, len(p.b))])); n.name == "" {
		return false, errXMLSyntax
	}
	for {
		for i < len(p.b) && isSpace(p.b[i]) {
			i++
		}
		switch {
		case i >= len(p.b):
			return false, errXMLSyntax
		case p.b[i] == '>':
			p.b = p.b[i+1:]
			return false, nil
		case p.b[i] == '/':
			if i+1 >= len(p.b) || p.b[i+1] != '>' {
				return false, errXMLSyntax
			}
			p.b = p.b[i+2:]
			return true, nil
		}
		eq := bytes.IndexByte(p.b[i:], '=')
		if eq < 0 {
			return false, errXMLSyntax
		}
		name := strings.TrimSpace(string(p.b[i : i+eq]))
		i += eq + 1
		for i < len(p.b) && isSpace(p.b[i]) {
			i++
		}
		if i >= len(p.b) || p.b[i] != '"' && p.b[i] != '\'' || strings.ContainsAny(name, "<>\"'") {
			return false, errXMLSyntax
		}
		end := bytes.IndexByte(p.b[i+1:], p.b[i])
		if end < 0 {
			return false, errXMLSyntax
		}
		if name != "xmlns" && !strings.HasPrefix(name, "xmlns:") {
			n.attrs = append(n.attrs, xmlAttr{localName(name), string(appendUnescaped(nil, p.b[i+1:i+1+end]))})
		}
		i += end + 2
	}
}

func localName(s string) string {
	return s[strings.IndexByte(s, ':')+1:]
}

// appendUnescaped resolves references; what is none stays as it is. A reference
// to a surrogate, which XML forbids and Windows writes, keeps its three bytes.
func appendUnescaped(dst, b []byte) []byte {
	for {
		i := bytes.IndexByte(b, '&')
		if i < 0 {
			return append(dst, b...)
		}
		dst = append(dst, b[:i]...)
		b = b[i:]
		end := bytes.IndexByte(b[:min(len(b), 12)], ';')
		if end < 0 {
			dst, b = append(dst, '&'), b[1:]
			continue
		}
		out, ok := appendReference(dst, string(b[1:end]))
		if !ok {
			dst, b = append(dst, '&'), b[1:]
			continue
		}
		dst, b = out, b[end+1:]
	}
}

func appendReference(dst []byte, name string) ([]byte, bool) {
	switch name {
	case "lt":
		return append(dst, '<'), true
	case "gt":
		return append(dst, '>'), true
	case "amp":
		return append(dst, '&'), true
	case "quot":
		return append(dst, '"'), true
	case "apos":
		return append(dst, '\''), true
	}
	digits, isRef := strings.CutPrefix(name, "#")
	base := 10
	if d, hex := strings.CutPrefix(digits, "x"); hex {
		digits, base = d, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	switch {
	case !isRef || err != nil || n > utf8.MaxRune:
		return dst, false
	case n >= 0xd800 && n < 0xe000:
		return appendUnit(dst, uint16(n)), true
	}
	return utf8.AppendRune(dst, rune(n)), true
}
