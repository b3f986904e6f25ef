package convert

import (
	"hash/maphash"

	"github.com/akashi-audit/akashi/internal/event"
)

// unreadCache knows the paths of the texts that a source left unread, by their
// bytes. Most events name a path that an event just before them named: then
// nothing is read at all. It is derived.
type unreadCache struct {
	slots [256]unreadSlot
	last  [2]*unreadSlot // the newest object and the newest name below a share
}

type unreadSlot struct {
	hash  uint64
	raw   []byte
	share *lastShare // the text is a name below it; nil: it is a path
	known bool       // it has a name
	name  pathInfo
	root  bool // it names the share's own folder
}

func (u *unreadCache) clear() {
	for i := range u.slots {
		u.slots[i].known = false
	}
	u.last = [2]*unreadSlot{}
}

// names reports whether a path is that of the share access, letter for letter.
func (s *unreadSlot) names(raw []byte) bool {
	if s.share == nil {
		return false
	}
	local := s.share.unread
	n := len(local)
	return s.known && n > 0 && len(raw) == n+len(s.raw) && len(s.raw) > 2 && (s.raw[0] != '\\' || s.raw[1] != 0) &&
		string(raw[n:]) == string(s.raw) && string(raw[:n]) == string(local)
}

// holds reports whether a path is that of a plain name below the share.
func (l *lastShare) holds(raw []byte) bool {
	n := len(l.unread)
	return n > 0 && len(raw) > n+2 && string(raw[:n]) == string(l.unread) && (raw[n] != '\\' || raw[n+1] != 0)
}

// unreadPath makes an unread text uniform; share is nil for a path.
func (c *Converter) unreadPath(raw []byte, share *lastShare) *unreadSlot {
	last := &c.unread.last[0]
	if share != nil {
		last = &c.unread.last[1]
	}
	if l := *last; l != nil && l.known && (l.share == share && string(l.raw) == string(raw) || share == nil && l.names(raw)) {
		c.at = &l.name
		return l
	}
	if sh := c.unread.last[1]; share == nil && sh != nil && sh.names(raw) { // the open that a share access asked for
		c.at = &sh.name
		return sh
	}
	if sh := c.last; share == nil && sh != nil && sh.holds(raw) { // of a share access before that
		share, raw = sh, raw[len(sh.unread):]
	}
	hash := maphash.Bytes(secretName, raw)
	slot := &c.unread.slots[hash%uint64(len(c.unread.slots))]
	*last = slot
	if slot.hash == hash && slot.known && slot.share == share && string(slot.raw) == string(raw) {
		c.at = &slot.name
		return slot
	}
	if cap(slot.raw) > 1<<12 {
		slot.raw = nil
	}
	slot.hash, slot.share, slot.raw, slot.root = hash, share, append(slot.raw[:0], raw...), false
	slot.known = true
	if share != nil && c.shareName(&slot.name, share, raw) {
		c.at = &slot.name
		return slot
	}
	c.text = event.AppendUTF16(c.text[:0], raw)
	if string(c.text) == "-" {
		c.text = c.text[:0]
	}
	if share != nil {
		p, root := share.path(c, c.text)
		slot.name, slot.root = *p, root
	} else {
		slot.name = *c.pathOf(c.text)
	}
	c.at = &slot.name
	return slot
}

// objectPath is the path of an event's object.
func (c *Converter) objectPath(e *event.Event) *pathInfo {
	v := e.Get(event.ObjectName)
	if _, raw, ok := e.Unread(v); ok {
		return &c.unreadPath(raw, nil).name
	}
	return c.path(text(v))
}

// sharePath is the path that a share access names, and whether it is the share's
// own folder. slot is nil for a name that was read.
func (c *Converter) sharePath(e *event.Event, share *lastShare) (p *pathInfo, root bool, slot *unreadSlot) {
	v := e.Get(event.RelativeTargetName)
	if _, raw, ok := e.Unread(v); ok {
		slot = c.unreadPath(raw, share)
		return &slot.name, slot.root, slot
	}
	c.text = append(c.text[:0], text(v)...)
	p, root = share.path(c, c.text)
	return p, root, nil
}

// rawText is a text, SID or GUID by the bytes that a log has for it. It knows short ones
// only. Its zero value is none.
type rawText struct {
	n     uint8
	bytes [31]byte
}

// is reports whether a field that was left unread has these bytes.
func (t *rawText) is(e *event.Event, f event.Field) bool {
	_, raw, ok := e.Unread(e.Get(f))
	return ok && t.n != 0 && string(raw) == string(t.bytes[:t.n])
}

// learn notes the bytes of a field, if it was left unread.
func (t *rawText) learn(e *event.Event, f event.Field) {
	if _, raw, ok := e.Unread(e.Get(f)); ok && len(raw) <= len(t.bytes) {
		t.n = uint8(copy(t.bytes[:], raw))
	}
}

// Bounds of the texts that are remembered by their bytes: how many, and bytes of
// one.
const (
	maxTexts = 1 << 13
	longText = 512
)

// textOf is the text of a field, also of one that was left unread; "-" is none.
func (c *Converter) textOf(e *event.Event, f event.Field) string {
	v := e.Get(f)
	k, raw, ok := e.Unread(v)
	if !ok {
		return text(v)
	}
	if len(raw) > longText {
		return text(e.Read(v))
	}
	c.text = append(append(c.text[:0], byte(k)), raw...)
	s, ok := c.texts[string(c.text)]
	if !ok {
		if len(c.texts) >= maxTexts {
			clear(c.texts)
		}
		s = text(e.Read(v))
		c.texts[string(c.text)] = s
	}
	return s
}
