package evtx

import (
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
)

// parts reads the run of text, references and slots at s.i.
func (s *shaper) parts() source {
	var ps []source
	for ; s.i < len(s.toks); s.i++ {
		t := s.toks[s.i]
		switch t.op {
		case opSub:
			ps = append(ps, source{slot: int(t.slot)})
			continue
		case opText:
			ps = append(ps, source{slot: fromLit, lit: s.d.slowValue(t.vt, s.c, int(t.off), int(t.n))})
			continue
		case opCharRef:
			ps = append(ps, source{slot: fromLit, lit: event.String(string(event.AppendUnit(nil, t.slot)))})
			continue
		case opEntity:
			ps = append(ps, source{slot: fromLit, lit: event.String(entity(s.name(t)))})
			continue
		}
		break
	}
	switch {
	case len(ps) == 0:
		return source{slot: fromLit}
	case len(ps) == 1:
		return ps[0]
	}
	var text strings.Builder
	for _, p := range ps {
		if p.slot != fromLit {
			return source{slot: fromParts, parts: ps}
		}
		text.WriteString(p.lit.Text())
	}
	return source{slot: fromLit, lit: event.String(text.String())}
}

// resolve is the text of a name that may depend on values.
func (s *shaper) resolve(src source) string {
	if src.slot == fromLit {
		return src.lit.Text()
	}
	s.out.dynamic = true
	if s.text == nil {
		return ""
	}
	if src.slot >= 0 {
		return s.text(src.slot)
	}
	var b strings.Builder
	for _, p := range src.parts {
		if p.slot >= 0 {
			b.WriteString(s.text(p.slot))
		} else {
			b.WriteString(p.lit.Text())
		}
	}
	return b.String()
}

func entity(name string) string {
	switch name {
	case "amp":
		return "&"
	case "lt":
		return "<"
	case "gt":
		return ">"
	case "quot":
		return `"`
	case "apos":
		return "'"
	}
	return "&" + name + ";"
}
