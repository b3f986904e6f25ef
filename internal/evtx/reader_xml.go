package evtx

import "github.com/akashi-audit/akashi/internal/event"

// maxXML bounds the text of one nested fragment.
const maxXML = 1 << 18

// xmlText renders the BinXML in c[off:off+n] as XML text. What cannot be read
// gives "".
func (d *decoder) xmlText(c []byte, off, n int) string {
	x := xmlWriter{d: d, c: c}
	x.fragment(off, off+n, 0)
	return string(x.b)
}

type xmlWriter struct {
	d    *decoder
	c    []byte
	b    []byte
	work int // tokens rendered, bounded
}

func (x *xmlWriter) fragment(pos, end, depth int) {
	if depth > 8 || pos >= end {
		return
	}
	p := skipFragmentHeader(x.c, pos, end)
	if p < end && x.c[p] == tokTemplate {
		in, err := readInstance(x.c, p, end)
		if err != nil {
			return
		}
		x.instance(in, depth)
		return
	}
	var f fragment
	if parseLiteral(&f, x.c, pos, end) == nil {
		x.toks(f.toks, nil, depth)
	}
}

func (x *xmlWriter) instance(in instance, depth int) {
	var f fragment
	if parseDefinition(&f, x.c, in) == nil {
		x.toks(f.toks, &in, depth)
	}
}

func (x *xmlWriter) toks(toks []tok, in *instance, depth int) {
	var open []string
	quote := false
	end := func() {
		if quote {
			x.b = append(x.b, '"')
			quote = false
		}
	}
	for i := 0; i < len(toks) && len(x.b) < maxXML && x.work < 4*maxToks; i++ {
		t := toks[i]
		x.work++
		name := func() string { return x.d.nameText(x.c[t.off : t.off+t.n]) }
		switch t.op {
		case opOpen:
			open = append(open, name())
			x.b = append(append(x.b, '<'), open[len(open)-1]...)
		case opAttr:
			end()
			x.b = append(append(append(x.b, ' '), name()...), `="`...)
			quote = true
		case opBody:
			end()
			x.b = append(x.b, '>')
		case opClose:
			if len(open) > 0 {
				x.b = append(append(append(x.b, "</"...), open[len(open)-1]...), '>')
				open = open[:len(open)-1]
			}
		case opText:
			x.value(t.vt, int(t.off), int(t.n), depth)
		case opCharRef:
			x.escape(string(event.AppendUnit(nil, t.slot)))
		case opEntity:
			x.b = append(append(append(x.b, '&'), name()...), ';')
		case opSub:
			if in != nil && int(t.slot) < in.n {
				vt, off, n := in.slot(x.c, int(t.slot))
				x.value(vt, off, n, depth)
			}
		case opInstance:
			if in, err := readInstance(x.c, int(t.off), int(t.off+t.n)); err == nil && depth < 8 {
				x.instance(in, depth+1)
			}
		}
	}
}

func (x *xmlWriter) value(vt uint8, off, n, depth int) {
	if vt == uint8(event.KindXML) {
		x.fragment(off, off+n, depth+1)
		return
	}
	x.escape(x.d.slowValue(vt, x.c, off, n).Text())
}

func (x *xmlWriter) escape(s string) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '&':
			x.b = append(x.b, "&amp;"...)
		case '<':
			x.b = append(x.b, "&lt;"...)
		case '>':
			x.b = append(x.b, "&gt;"...)
		case '"':
			x.b = append(x.b, "&quot;"...)
		default:
			x.b = append(x.b, s[i])
		}
	}
}
