package convert

import (
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// Alternate streams (windows-events.md sections 8 and 10). A record is about the
// file; what was done to a stream of it is no deletion and no rename of the file.

// usedMark: a program read or wrote a mark such as Zone.Identifier beside the
// data (section 8, 3). It is part of what is done to the file, or nobody's act.
func (c *Converter) usedMark(e *event.Event, s *session, h *handle, k handleKey, mask uint32) {
	if c.s.Acts.get(h.Act) != nil || mask&(delete_|writing|meta|readData) == 0 {
		return
	}
	now := tick(e.Time)
	if c.joinsFile(s, h, now) {
		return
	}
	op, rule := record.OpRead, ruleX1
	if mask&(delete_|writing|meta) != 0 {
		op, rule = record.OpWrite, ruleW1
	}
	a := c.handleAct(e, s, h, k, op, rule)
	if a.Certain && mask&(writing|readData) == 0 {
		a.Certain, a.Doubt = false, doubtStream
	}
	a.Class = record.ClassBackground
	c.due(a, now+hintWindow)
}

// joinsFile lets the use of a mark be part of what the session does to the file.
func (c *Converter) joinsFile(s *session, h *handle, now tick) bool {
	p := c.pathsIf(pathKey{s.Logon, h.Key})
	if p == nil {
		return false
	}
	for _, q := range [...]uint64{p.Write, p.Copy, p.Read} {
		if a := c.live(q, now, mergeWindow); a != nil {
			h.Act = a.Seq
			return true
		}
	}
	return false
}

// streamDeleted: a stream of a file was deleted, or may have been, which changes
// the file.
func (c *Converter) streamDeleted(e *event.Event, s *session, h *handle, k handleKey) {
	now := tick(e.Time)
	a := c.s.Acts.get(h.Act)
	if a == nil && c.joinsFile(s, h, now) {
		a = c.s.Acts.get(h.Act)
	}
	if a == nil {
		a = c.handleAct(e, s, h, k, record.OpWrite, ruleW1)
		a.Certain, a.Doubt = false, doubtStream
		if h.Mark {
			a.Class = record.ClassBackground
		} else {
			c.paths(s.Logon, h.Key).Write = a.Seq
		}
		c.due(a, now+hintWindow)
	}
	c.takeIDs(a, h)
	if a.Op == record.OpWrite {
		a.detail("stream_deleted", "yes")
	}
	a.End = max(a.End, now)
}
