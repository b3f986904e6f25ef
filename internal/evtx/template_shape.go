package evtx

import (
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
)

// place is where a fragment stands in an event.
type place uint8

const (
	atRoot      place = iota // the whole event
	atEvent                  // below Event: System, EventData, UserData
	atEventData              // below EventData
	atUserData               // below UserData
)

// sysField is a field of System that an event keeps.
type sysField uint8

const (
	sysProvider sysField = iota
	sysEventID
	sysQualifiers
	sysVersion
	sysLevel
	sysTask
	sysOpcode
	sysKeywords
	sysTime
	sysRecordID
	sysActivity
	sysRelated
	sysPID
	sysTID
	sysChannel
	sysComputer
	sysUserID
	numSys
)

// sysName finds the System field that an element ("EventID") or an attribute of
// one ("Provider/@Name") fills.
func sysName(elem, attr string) (sysField, bool) {
	switch elem + "@" + attr {
	case "Provider@Name":
		return sysProvider, true
	case "EventID@":
		return sysEventID, true
	case "EventID@Qualifiers":
		return sysQualifiers, true
	case "Version@":
		return sysVersion, true
	case "Level@":
		return sysLevel, true
	case "Task@":
		return sysTask, true
	case "Opcode@":
		return sysOpcode, true
	case "Keywords@":
		return sysKeywords, true
	case "TimeCreated@SystemTime":
		return sysTime, true
	case "EventRecordID@":
		return sysRecordID, true
	case "Correlation@ActivityID":
		return sysActivity, true
	case "Correlation@RelatedActivityID":
		return sysRelated, true
	case "Execution@ProcessID":
		return sysPID, true
	case "Execution@ThreadID":
		return sysTID, true
	case "Channel@":
		return sysChannel, true
	case "Computer@":
		return sysComputer, true
	case "Security@UserID":
		return sysUserID, true
	}
	return 0, false
}

// source says where a value comes from: one slot, a literal, or both mixed.
type source struct {
	slot  int // >= 0; fromLit or fromParts
	lit   event.Value
	parts []source // of fromParts: slots and literals
}

const (
	fromLit   = -1
	fromParts = -2
)

// nested is a slot or a literal instance that holds a further fragment.
type nested struct {
	slot int // -1: the instance at off
	off  int
	end  int
	at   place
}

// shape is what a fragment means for an event.
type shape struct {
	sys     []sysSource
	nested  []nested
	payload string
	names   []string
	values  []source
	found   bool // a payload element stood here
	dynamic bool // a name comes from a value: this shape holds for one record only
}

type sysSource struct {
	field sysField
	src   source
}

// shaper turns toks into a shape. text resolves a slot to its text; nil while a
// template is compiled.
type shaper struct {
	d    *decoder
	c    []byte
	toks []tok
	i    int
	text func(slot int) string
	out  *shape
}

func (s *shaper) name(t tok) string { return s.d.nameText(s.c[t.off : t.off+t.n]) }

// run shapes all of toks as a fragment that stands at.
func (s *shaper) run(at place) {
	for s.i < len(s.toks) {
		t := s.toks[s.i]
		switch t.op {
		case opOpen:
			s.element(at)
		case opSub, opInstance:
			s.nest(t, at)
			s.i++
		default:
			s.i++
		}
	}
}

func (s *shaper) nest(t tok, at place) {
	if len(s.out.nested) >= 8 {
		return
	}
	n := nested{slot: -1, off: int(t.off), end: int(t.off + t.n), at: at}
	if t.op == opSub {
		n.slot = int(t.slot)
	}
	s.out.nested = append(s.out.nested, n)
}

// element shapes the element whose opOpen is at s.i.
func (s *shaper) element(at place) {
	name := s.name(s.toks[s.i])
	switch {
	case at == atRoot && name == "Event":
		s.skipTag()
		s.children(atEvent)
	case at == atRoot || at == atEvent:
		s.section(name)
	case at == atEventData:
		s.data(name)
	default:
		s.flat(name)
	}
}

// section shapes a child of Event.
func (s *shaper) section(name string) {
	switch {
	case name == "System":
		s.skipTag()
		for s.i < len(s.toks) && s.toks[s.i].op != opClose {
			if s.toks[s.i].op == opOpen {
				s.systemField()
			} else {
				s.i++
			}
		}
		s.i++
	case name == "RenderingInfo" || s.out.found:
		s.skip()
	case name == "EventData":
		s.out.found, s.out.payload = true, name
		s.attrs("")
		s.children(atEventData)
	case name == "UserData":
		s.out.found, s.out.payload = true, name
		s.skipTag()
		s.children(atUserData)
	default:
		s.out.found, s.out.payload = true, name
		s.leaf("", true)
	}
}

// children shapes everything up to the close of the current element.
func (s *shaper) children(at place) {
	for s.i < len(s.toks) {
		t := s.toks[s.i]
		switch t.op {
		case opClose:
			s.i++
			return
		case opOpen:
			s.element(at)
		case opSub, opInstance:
			s.nest(t, at)
			s.i++
		default:
			s.i++
		}
	}
}

// systemField shapes one child of System.
func (s *shaper) systemField() {
	elem := s.name(s.toks[s.i])
	s.i++
	for s.i < len(s.toks) && s.toks[s.i].op == opAttr {
		attr := s.name(s.toks[s.i])
		s.i++
		s.setSys(elem, attr, s.parts())
	}
	s.i++ // opBody
	src := s.parts()
	s.setSys(elem, "", src)
	for s.i < len(s.toks) && s.toks[s.i].op != opClose {
		if s.toks[s.i].op == opOpen {
			s.skip()
		} else {
			s.i++
		}
	}
	s.i++
}

func (s *shaper) setSys(elem, attr string, src source) {
	if f, ok := sysName(elem, attr); ok {
		s.out.sys = append(s.out.sys, sysSource{f, src})
	}
}

// data shapes a child of EventData.
func (s *shaper) data(elem string) {
	s.i++
	name := ""
	if elem != "Data" {
		name = elem
	}
	type extra struct {
		name string
		src  source
	}
	var more []extra
	for s.i < len(s.toks) && s.toks[s.i].op == opAttr {
		attr := s.name(s.toks[s.i])
		s.i++
		src := s.parts()
		if attr == "Name" && elem == "Data" {
			name = s.resolve(src)
		} else if !isNamespace(attr) {
			more = append(more, extra{attr, src})
		}
	}
	for _, m := range more {
		s.add(joinPath(name, "@"+m.name), m.src)
	}
	s.leafBody(name, false)
}

// flat shapes the element of UserData that names the payload.
func (s *shaper) flat(name string) {
	if s.out.payload == "UserData" || s.out.payload == "" {
		s.out.found, s.out.payload = true, "UserData/"+name
		s.leaf("", true)
		return
	}
	s.leaf(name, false)
}

// leaf shapes an element below UserData: attributes, text, children.
func (s *shaper) leaf(path string, root bool) {
	s.attrs(path)
	s.leafBody(path, root)
}

// attrs shapes the start tag and steps behind opBody.
func (s *shaper) attrs(path string) {
	s.i++
	for s.i < len(s.toks) && s.toks[s.i].op == opAttr {
		attr := s.name(s.toks[s.i])
		s.i++
		src := s.parts()
		if !isNamespace(attr) {
			s.add(joinPath(path, "@"+attr), src)
		}
	}
}

// leafBody shapes what follows the attributes: opBody, content, opClose. A root
// without text adds nothing.
func (s *shaper) leafBody(path string, root bool) {
	s.i++ // opBody
	src := s.parts()
	if s.i >= len(s.toks) || s.toks[s.i].op == opClose {
		if !root || src.slot != fromLit || !src.lit.IsNull() {
			s.add(path, src)
		}
		s.i++
		return
	}
	if src.slot != fromLit || strings.TrimSpace(src.lit.Str) != "" {
		s.add(path, src)
	}
	for s.i < len(s.toks) && s.toks[s.i].op != opClose {
		if s.toks[s.i].op == opOpen {
			s.leaf(joinPath(path, s.name(s.toks[s.i])), false)
			continue
		}
		before := s.i
		if src := s.parts(); src.slot != fromLit || strings.TrimSpace(src.lit.Str) != "" {
			s.add(path, src)
		}
		if s.i == before {
			s.i++
		}
	}
	s.i++
}

func (s *shaper) add(name string, src source) {
	s.out.names = append(s.out.names, name)
	s.out.values = append(s.out.values, src)
}

// skipTag steps behind the opBody of the element at s.i.
func (s *shaper) skipTag() {
	for s.i < len(s.toks) && s.toks[s.i].op != opBody {
		s.i++
	}
	s.i++
}

// skip steps over the whole element at s.i.
func (s *shaper) skip() {
	for depth := 0; s.i < len(s.toks); {
		switch s.toks[s.i].op {
		case opOpen:
			depth++
		case opClose:
			depth--
		}
		s.i++
		if depth == 0 {
			return
		}
	}
}

func isNamespace(attr string) bool { return attr == "xmlns" || strings.HasPrefix(attr, "xmlns:") }

func joinPath(path, name string) string {
	if path == "" {
		return name
	}
	return path + "/" + name
}
