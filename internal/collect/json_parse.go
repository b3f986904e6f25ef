package collect

import (
	"errors"
	"strconv"
	"unicode/utf8"
)

const maxJSONDepth = 32

var errJSON = errors.New("json syntax")

// jsonParser parses one JSON value. Unlike encoding/json it keeps the order of
// keys and lone surrogates (\ud83d without its partner), which Windows names
// may hold.
type jsonParser struct {
	b []byte
	i int
}

func parseJSON(text []byte) (jnode, error) {
	p := &jsonParser{b: text}
	n, err := p.value(0)
	if err != nil {
		return n, err
	}
	if p.space(); p.i < len(p.b) {
		return n, errJSON
	}
	return n, nil
}

func (p *jsonParser) space() {
	for p.i < len(p.b) && isSpace(p.b[p.i]) {
		p.i++
	}
}

// eat skips blanks and takes c when it comes next.
func (p *jsonParser) eat(c byte) bool {
	p.space()
	if p.i < len(p.b) && p.b[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *jsonParser) value(depth int) (jnode, error) {
	if depth > maxJSONDepth {
		return jnode{}, errors.New("json nested too deep")
	}
	p.space()
	if p.i >= len(p.b) {
		return jnode{}, errJSON
	}
	switch p.b[p.i] {
	case '{', '[':
		return p.list(depth, p.b[p.i] == '{')
	case '"':
		s, err := p.text()
		return jnode{text: s, leaf: true}, err
	}
	start := p.i
	for p.i < len(p.b) && !isSpace(p.b[p.i]) && p.b[p.i] != ',' && p.b[p.i] != '}' && p.b[p.i] != ']' {
		p.i++
	}
	word := string(p.b[start:p.i])
	switch word {
	case "null":
		return jnode{leaf: true}, nil
	case "true", "false":
		return jnode{text: word, leaf: true}, nil
	}
	if _, err := strconv.ParseFloat(word, 64); err != nil && !errors.Is(err, strconv.ErrRange) || word[0] > '9' {
		return jnode{}, errJSON
	}
	return jnode{text: word, leaf: true}, nil
}

// list reads an object or an array.
func (p *jsonParser) list(depth int, obj bool) (jnode, error) {
	p.i++
	n := jnode{obj: obj}
	end := byte(']')
	if obj {
		end = '}'
	}
	if p.eat(end) {
		return n, nil
	}
	for {
		if obj {
			p.space()
			key, err := p.text()
			if err != nil {
				return n, err
			}
			if !p.eat(':') {
				return n, errJSON
			}
			n.keys = append(n.keys, key)
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return n, err
		}
		n.vals = append(n.vals, v)
		if p.eat(end) {
			return n, nil
		}
		if !p.eat(',') {
			return n, errJSON
		}
	}
}

// text reads a string; control characters in it are damage (a cut line).
func (p *jsonParser) text() (string, error) {
	if p.i >= len(p.b) || p.b[p.i] != '"' {
		return "", errJSON
	}
	p.i++
	start := p.i
	var out []byte
	for p.i < len(p.b) {
		switch c := p.b[p.i]; {
		case c == '"':
			out = append(out, p.b[start:p.i]...)
			p.i++
			return string(out), nil
		case c < 0x20:
			return "", errJSON
		case c == '\\':
			out = append(out, p.b[start:p.i]...)
			var ok bool
			if out, ok = p.escape(out); !ok {
				return "", errJSON
			}
			start = p.i
		default:
			p.i++
		}
	}
	return "", errJSON
}

func (p *jsonParser) escape(out []byte) ([]byte, bool) {
	if p.i+1 >= len(p.b) {
		return out, false
	}
	c := p.b[p.i+1]
	p.i += 2
	switch c {
	case '"', '\\', '/':
		return append(out, c), true
	case 'b':
		return append(out, '\b'), true
	case 'f':
		return append(out, '\f'), true
	case 'n':
		return append(out, '\n'), true
	case 'r':
		return append(out, '\r'), true
	case 't':
		return append(out, '\t'), true
	case 'u':
		u, ok := p.unit()
		if !ok {
			return out, false
		}
		if u&0xfc00 == 0xd800 && p.i+1 < len(p.b) && p.b[p.i] == '\\' && p.b[p.i+1] == 'u' {
			at := p.i
			p.i += 2
			low, ok := p.unit()
			if ok && low&0xfc00 == 0xdc00 {
				return utf8.AppendRune(out, 0x10000+(rune(u)&0x3ff)<<10+rune(low)&0x3ff), true
			}
			p.i = at
		}
		return appendUnit(out, u), true
	}
	return out, false
}

// unit reads the four digits of a \u escape.
func (p *jsonParser) unit() (uint16, bool) {
	if p.i+4 > len(p.b) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(p.b[p.i:p.i+4]), 16, 16)
	p.i += 4
	return uint16(n), err == nil
}
