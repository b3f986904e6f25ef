package evtx

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
)

// An outNode is one piece of a template or of a literal fragment.
type outNode struct {
	kind     nodeKind
	dep      uint16     // element: the value it depends on, or noDep
	name     *outName   // element, attribute
	attrs    []*outNode // element
	kids     []*outNode // element; attribute: its one value
	text     string     // text
	slot     uint16     // substitution
	vtype    event.Kind // substitution: declared type
	optional bool       // substitution: nothing is written when the value is null
}

type nodeKind uint8

const (
	nodeElement nodeKind = 1
	nodeAttr    nodeKind = 2
	nodeText    nodeKind = 3
	nodeSub     nodeKind = 4
)

const noDep = 0xffff

// maxNameBytes bounds names and literal texts (WTF-8); more could not fit into a
// chunk anyway.
const maxNameBytes = 32768

// A outName is an element or attribute name and where the current chunk
// holds it.
type outName struct {
	text  string
	utf16 []byte
	hash  uint16
	gen   uint64 // the chunk that off belongs to
	off   uint32
}

// A template is a template definition and where the current chunk holds it.
type outTemplate struct {
	guid   [16]byte
	bucket int // of the chunk's template table
	root   *outNode
	gen    uint64 // the chunk that off belongs to
	off    uint32
}

func newTemplate(salt string, root *outNode) *outTemplate {
	g := fingerprint(salt, root)
	return &outTemplate{guid: g, bucket: templateBucket(g[:]), root: root}
}

// templateBucket is the bucket of a template: the name hash over the GUID as
// eight 16-bit units, mod 32 (observed in real logs).
func templateBucket(guid []byte) int { return int(nameHash(units(guid)) % chTmplCount) }

// fingerprint gives the GUID of a template: the first 16 bytes of SHA-256 over
// salt and the tree, so equal templates have equal GUIDs in every file.
func fingerprint(salt string, root *outNode) (g [16]byte) {
	h := sha256.New()
	var walk func(b []byte, n *outNode) []byte
	walk = func(b []byte, n *outNode) []byte {
		b = append(b, byte(n.kind), byte(n.vtype), flagByte(n.optional))
		b = binary.LittleEndian.AppendUint16(b, n.dep)
		b = binary.LittleEndian.AppendUint16(b, n.slot)
		if n.name != nil {
			b = appendLenString(b, n.name.text)
		}
		b = appendLenString(b, n.text)
		b = append(b, byte(len(n.attrs)), byte(len(n.attrs)>>8))
		for _, a := range n.attrs {
			b = walk(b, a)
		}
		b = append(b, byte(len(n.kids)), byte(len(n.kids)>>8))
		for _, k := range n.kids {
			b = walk(b, k)
		}
		return b
	}
	h.Write(walk(appendLenString(nil, salt), root))
	copy(g[:], h.Sum(nil))
	return g
}

func flagByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func appendLenString(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(s))), s...)
}

// names interns the names of the writer's templates.
type outNames map[string]*outName

func (m outNames) get(s string) (*outName, error) {
	if n, ok := m[s]; ok {
		return n, nil
	}
	if len(s) > maxNameBytes {
		return nil, fmt.Errorf("name of %d bytes is too long", len(s))
	}
	u := appendUTF16(nil, s)
	n := &outName{text: s, utf16: u, hash: nameHash(units(u))}
	m[s] = n
	return n, nil
}

// outBuilder makes trees; the first error stays.
type outBuilder struct {
	names outNames
	err   error
}

func (m *outBuilder) name(s string) *outName {
	n, err := m.names.get(s)
	if err != nil && m.err == nil {
		m.err = err
	}
	return n
}

func (m *outBuilder) elem(name string, parts ...*outNode) *outNode {
	n := &outNode{kind: nodeElement, dep: noDep, name: m.name(name)}
	for _, p := range parts {
		n.add(p)
	}
	return n
}

func (n *outNode) add(p *outNode) {
	if p.kind == nodeAttr {
		n.attrs = append(n.attrs, p)
	} else {
		n.kids = append(n.kids, p)
	}
}

func (m *outBuilder) attr(name string, value *outNode) *outNode {
	return &outNode{kind: nodeAttr, name: m.name(name), kids: []*outNode{value}}
}

func (m *outBuilder) text(s string) *outNode {
	if len(s) > maxNameBytes && m.err == nil {
		m.err = fmt.Errorf("literal text of %d bytes is too long", len(s))
	}
	return &outNode{kind: nodeText, text: s}
}

func sub(slot int, t event.Kind) *outNode {
	return &outNode{kind: nodeSub, slot: uint16(slot), vtype: t}
}

func opt(slot int, t event.Kind) *outNode {
	return &outNode{kind: nodeSub, slot: uint16(slot), vtype: t, optional: true}
}

func (k outSlot) sub(slot int) *outNode {
	if k.nullable {
		return opt(slot, k.kind)
	}
	return sub(slot, k.kind)
}

// dependent makes an element of one optional value: the element is left out
// when the value is null.
func (m *outBuilder) dependent(name string, slot int, t event.Kind) *outNode {
	n := m.elem(name, opt(slot, t))
	n.dep = uint16(slot)
	return n
}

// Values of the System template, in the order of Windows' own.
const (
	outLevel = iota
	outOpcode
	outTask
	outEventID
	outQualifiers
	outKeywords
	outTime
	outActivity
	outPID
	outTID
	outRecordID
	outVersion
	outUserID
	outRelated
	outProvider
	outGUID
	outChannel
	outPayload
	outCount
)

const eventNamespace = "http://schemas.microsoft.com/win/2004/08/events/event"

// systemTemplate is the outer template. The computer is literal, as Windows
// writes it.
func systemTemplate(m *outBuilder, computer string, payload bool) *outTemplate {
	eventID := m.elem("EventID", m.attr("Qualifiers", opt(outQualifiers, event.KindUint16)), opt(outEventID, event.KindUint16))
	eventID.dep = outEventID
	comp := m.elem("Computer")
	if computer != "" {
		comp.add(m.text(computer))
	}
	root := m.elem("Event", m.attr("xmlns", m.text(eventNamespace)),
		m.elem("System",
			m.elem("Provider", m.attr("Name", opt(outProvider, event.KindString)), m.attr("Guid", opt(outGUID, event.KindGUID))),
			eventID,
			m.dependent("Version", outVersion, event.KindUint8),
			m.dependent("Level", outLevel, event.KindUint8),
			m.dependent("Task", outTask, event.KindUint16),
			m.dependent("Opcode", outOpcode, event.KindUint8),
			m.dependent("Keywords", outKeywords, event.KindHex64),
			m.elem("TimeCreated", m.attr("SystemTime", opt(outTime, event.KindFiletime))),
			m.dependent("EventRecordID", outRecordID, event.KindUint64),
			m.elem("Correlation", m.attr("ActivityID", opt(outActivity, event.KindGUID)), m.attr("RelatedActivityID", opt(outRelated, event.KindGUID))),
			m.elem("Execution", m.attr("ProcessID", opt(outPID, event.KindUint32)), m.attr("ThreadID", opt(outTID, event.KindUint32))),
			m.dependent("Channel", outChannel, event.KindString),
			comp,
			m.elem("Security", m.attr("UserID", opt(outUserID, event.KindSID)))))
	if payload {
		root.add(opt(outPayload, event.KindXML))
	}
	return newTemplate("system", root)
}

// payloadTemplate is the inner template: the payload element of s with one
// value per name.
func payloadTemplate(m *outBuilder, provider string, id uint32, version uint8, s *event.Schema, kinds []outSlot) *outTemplate {
	path := strings.Split(s.Payload, "/")
	var root *outNode
	if len(path) == 1 && path[0] == "EventData" {
		root = m.elem("EventData")
		for i, name := range s.Names {
			if attr, ok := strings.CutPrefix(name, "@"); ok && attr != "" && accepts(root, attr) {
				root.add(m.attr(attr, kinds[i].sub(i)))
				continue
			}
			d := m.elem("Data")
			if name != "" {
				d.add(m.attr("Name", m.text(name)))
			}
			d.add(kinds[i].sub(i))
			root.add(d)
		}
	} else {
		root = m.elem(path[0])
		leaf := root
		for _, p := range path[1:] {
			next := m.elem(p)
			leaf.add(next)
			leaf = next
		}
		m.paths(leaf, s.Names, kinds)
	}
	salt := fmt.Sprintf("%s/%d/%d", provider, id, version)
	return newTemplate(salt, root)
}

// paths adds one value per name below leaf. A name continues the elements of
// the name before it as far as that is possible; a value that stands already
// begins a new element.
func (m *outBuilder) paths(leaf *outNode, list []string, kinds []outSlot) {
	open := []*outNode{leaf} // the elements that the last name went through
	for i, name := range list {
		segs := strings.Split(name, "/")
		var attr string
		if a, ok := strings.CutPrefix(segs[len(segs)-1], "@"); ok {
			attr, segs = a, segs[:len(segs)-1]
		}
		if len(segs) == 1 && segs[0] == "" {
			segs = nil // the text of the payload element itself
		}
		n := 1
		for n < len(open) && n <= len(segs) && open[n].name.text == segs[n-1] {
			n++
		}
		if n == len(segs)+1 && n > 1 && !accepts(open[n-1], attr) {
			n-- // the same element again
		}
		open = open[:n]
		for _, s := range segs[n-1:] {
			e := m.elem(s)
			open[len(open)-1].add(e)
			open = append(open, e)
		}
		last := open[len(open)-1]
		if attr != "" {
			last.add(m.attr(attr, kinds[i].sub(i)))
		} else {
			last.add(kinds[i].sub(i))
		}
	}
}

// accepts reports whether a value can join the element e in document order.
func accepts(e *outNode, attr string) bool {
	if attr == "" {
		return len(e.kids) == 0
	}
	if len(e.kids) > 0 {
		return false
	}
	for _, a := range e.attrs {
		if a.name.text == attr {
			return false
		}
	}
	return true
}
