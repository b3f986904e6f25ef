package convert

import (
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// usedRead: X1, a program read data.
func (c *Converter) usedRead(e *event.Event, s *session, h *handle, k handleKey) {
	now := tick(e.Time)
	if a := c.s.Acts.get(h.Act); a != nil && a.Op != record.OpSetAttributes {
		return // the handle's act takes the event
	}
	p := c.paths(s.Logon, h.Key)
	if a := c.live(p.Write, now, mergeWindow); a != nil { // part of the edit
		h.Act = a.Seq
		return
	}
	if a := c.live(p.Read, now, mergeWindow); a != nil && (a.Burst == 0 || now-a.First <= 2*sec && !c.listedSince(s, a)) {
		h.Act = a.Seq
		a.Last, a.Handle, a.Open = now, k, true
		a.Count++
		c.due(a, now+mergeWindow)
		return
	}
	a := c.handleAct(e, s, h, k, record.OpRead, ruleX1)
	p.Read = a.Seq
	s.Reads = push(s.Reads, a.Seq, 32)
	c.touch(s, h.Key, a, now)
	c.due(a, now+mergeWindow)
}

// usedExecute: E1.
func (c *Converter) usedExecute(e *event.Event, s *session, h *handle, k handleKey) {
	now := tick(e.Time)
	p := c.paths(s.Logon, h.Key)
	if a := c.live(p.Read, now, mergeWindow); a != nil {
		a.Op, a.Rule, a.Certain = record.OpExecute, ruleE1, false
		h.Act = a.Seq
		return
	}
	if a := c.s.Acts.get(h.Act); a != nil {
		return
	}
	a := c.handleAct(e, s, h, k, record.OpExecute, ruleE1)
	p.Read = a.Seq
	c.due(a, now+mergeWindow)
}

// usedMeta: A1, attributes were written and nothing else was done.
func (c *Converter) usedMeta(e *event.Event, s *session, h *handle, k handleKey) {
	now := tick(e.Time)
	if a := c.s.Acts.get(h.Act); a != nil && a.Op != record.OpRead || c.lostWrite(e, s, h, k) {
		return
	}
	p := c.paths(s.Logon, h.Key)
	for _, q := range [...]uint64{p.Write, p.Attr} {
		if a := c.live(q, now, mergeWindow); a != nil {
			h.Act = a.Seq
			if q == p.Attr {
				a.Last = now
				a.Count++
				c.due(a, now+mergeWindow)
			}
			return
		}
	}
	a := c.handleAct(e, s, h, k, record.OpSetAttributes, ruleA1)
	p.Attr = a.Seq
	c.due(a, now+mergeWindow)
}

// lostWrite: W3, attributes were written through a handle that had been asked
// for writing, and events are missing since: programs that only set attributes
// do not ask for it, so that the write is among what was lost.
func (c *Converter) lostWrite(e *event.Event, s *session, h *handle, k handleKey) bool {
	if h.Dir || h.Asked&writing == 0 || h.Used&writing != 0 || !c.lostSince(h.Open) {
		return false
	}
	c.usedWrite(e, s, h, k)
	if a := c.s.Acts.get(h.Act); a != nil && a.Rule == ruleW1 && a.Time == tick(e.Time) && a.Count == 1 {
		a.Rule, a.Certain = ruleW3, false
	}
	return true
}

// eitherKind reports whether the written object may be a folder to which a name
// was added: its open is not in the log, and its name has no extension.
func (h *handle) eitherKind() bool { return h.Asked&^writing == 0 && extOf(h.Key) == "" }

// usedWrite: W1, and C1 to C3 when the file was made by it, K1 when it is a copy.
func (c *Converter) usedWrite(e *event.Event, s *session, h *handle, k handleKey) {
	now := tick(e.Time)
	own := c.s.Acts.get(h.Act)
	base := baseOf(h.Key)
	c.changed(s.Logon, c.dir(h.Key), now)
	if lockName(base) {
		c.editOpened(s, h.Key, now)
	}
	if own == nil && h.Asked == h.Used { // no 4656: the new path of a rename, perhaps
		if a := c.targetFor(s, now); a != nil && newName(a, h) {
			c.takeIDs(a, h)
			c.renamed(s, a, h.Path, h.Key)
			a.Rule = ruleR1
			return
		}
	}
	if own != nil {
		switch own.Op {
		case record.OpWrite, record.OpCreate, record.OpCopy, record.OpMove:
			own.Last = now
			return
		}
	}
	p := c.paths(s.Logon, h.Key)
	if a := c.live(p.Write, now, mergeWindow); a != nil { // saved again
		if own != nil && own.Op == record.OpRead {
			c.absorb(a, own)
		}
		h.Act = a.Seq
		a.Last, a.Handle, a.Open = now, k, true
		a.Count++
		c.due(a, max(a.Due, now+mergeWindow))
		return
	}
	if a := c.savedAnew(s, h, now); a != nil {
		h.Act = a.Seq
		return
	}
	read := c.live(p.Read, now, mergeWindow)
	if own != nil && own.Op == record.OpRead {
		read = own
	}
	a := c.handleAct(e, s, h, k, record.OpWrite, ruleW1)
	if h.eitherKind() {
		a.Certain, a.Doubt = false, doubtKind
	}
	c.created(s, h, a)
	if src := c.copySource(s, a); src != nil {
		c.copied(a, src)
	}
	c.absorb(a, read)
	c.absorb(a, c.live(p.Attr, now, mergeWindow))
	c.paths(s.Logon, h.Key).Write = a.Seq
	weak := weakTemp(base)
	if weak {
		c.desk(s.Logon, dirOf(h.Key), now).Temp = a.Seq
	}
	wait := mergeWindow
	if a.Op == record.OpCopy {
		wait = moveWindow
	} else if weak && (a.Op == record.OpCreate || tempName(base)) {
		wait = saveWindow
	}
	c.due(a, now+wait)
}

// created decides whether a write made the file.
func (c *Converter) created(s *session, h *handle, a *act) {
	if h.Known {
		return
	}
	switch {
	case c.takeAdd(s, a, dirOf(h.Key), writeData):
		a.Op, a.Rule = record.OpCreate, ruleC1
	case h.Probed:
		a.Op, a.Rule = record.OpCreate, ruleC2
	case newItemName(baseOf(h.Key)):
		a.Op, a.Rule = record.OpCreate, ruleC3
	default:
		return
	}
	a.Certain = false
}

// takeAdd finds a name added to the folder shortly before or after and gives
// its events to the act.
func (c *Converter) takeAdd(s *session, a *act, dir string, mask uint32) bool {
	for i := len(s.Adds) - 1; i >= 0; i-- {
		d := &s.Adds[i]
		if d.Key == dir && d.Mask&mask != 0 && a.Time-d.At <= addWindow && d.At-a.Time <= addWindow {
			c.addIDs(a, d.IDs)
			a.First = min(a.First, d.At)
			s.Adds = append(s.Adds[:i], s.Adds[i+1:]...)
			return true
		}
	}
	return false
}

// usedAdd: a name was added to a folder. It belongs to a rename under way, to a
// new folder already listed, or to what comes next.
func (c *Converter) usedAdd(e *event.Event, s *session, h *handle, mask uint32) {
	now := tick(e.Time)
	ids := h.IDs
	c.changed(s.Logon, h.Key, now)
	if d := c.deskIf(s.Logon, h.Key); d != nil && now-d.SaveAt <= sec {
		if a := c.s.Acts.get(d.Saved); a != nil {
			c.takeIDs(a, h)
			return
		}
	}
	if a := c.targetFor(s, now); a != nil {
		c.takeIDs(a, h)
		if newName(a, h) {
			c.renamed(s, a, h.Path, h.Key)
			a.Rule = ruleR1
			return
		}
		c.target(a, h.Path, mask)
		return
	}
	if mask&appendData != 0 {
		for i := len(s.Fresh) - 1; i >= 0; i-- {
			a := c.s.Acts.get(s.Fresh[i])
			if a != nil && dirOf(a.Key) == h.Key && now-a.First <= addWindow+mergeWindow && now-a.Time <= addWindow {
				c.madeFolder(s, a)
				c.takeIDs(a, h)
				return
			}
		}
	}
	s.Adds = push(s.Adds, dirAdd{At: now, Key: h.Key, Path: h.Path, Mask: mask, IDs: append([]uint64(nil), ids...)}, 16)
	h.IDs = h.IDs[:0]
}

// madeFolder turns the first list of an unknown folder into its creation.
func (c *Converter) madeFolder(s *session, a *act) {
	a.Op, a.Rule, a.Certain, a.Object = record.OpCreate, ruleC1, false, record.ObjectDirectory
	s.Fresh = without(s.Fresh, a.Seq)
	p := c.paths(a.Logon, a.Key)
	p.List, p.Write = 0, a.Seq
}

// usedList: B1, a folder was listed.
func (c *Converter) usedList(e *event.Event, s *session, h *handle, k handleKey) {
	now := tick(e.Time)
	if c.s.Acts.get(h.Act) != nil {
		return
	}
	p := c.paths(s.Logon, h.Key)
	if a := c.live(p.Write, now, mergeWindow); a != nil {
		h.Act = a.Seq
		return
	}
	d := c.desk(s.Logon, h.Key, now)
	if a := c.live(p.List, now, mergeWindow); a != nil {
		h.Act = a.Seq
		a.Last, a.Handle, a.Open = now, k, true
		a.Count++
		d.List, d.ListAt, d.Burst = a.Seq, now, now
		c.due(a, max(a.Due, now+mergeWindow))
		return
	}
	a := c.handleAct(e, s, h, k, record.OpList, ruleB1)
	p.List = a.Seq
	if !h.Known && c.takeAdd(s, a, dirOf(h.Key), appendData) {
		c.madeFolder(s, a)
	} else if !h.Known {
		s.Fresh = push(s.Fresh, a.Seq, 8)
	}
	d.List, d.ListAt, d.Burst = a.Seq, now, now
	a.Refresh = now-d.Change <= sec
	c.due(a, now+mergeWindow)
}

// usedSecurity: P2 and P3.
func (c *Converter) usedSecurity(e *event.Event, s *session, h *handle, k handleKey, mask uint32) {
	now := tick(e.Time)
	p := c.paths(s.Logon, h.Key)
	add := func(op record.Op, rule ruleID) {
		if a := c.live(p.Perm, now, mergeWindow); a != nil && a.Op == op {
			h.Act = a.Seq
			return
		}
		a := c.handleAct(e, s, h, k, op, rule)
		p.Perm = a.Seq
		c.due(a, now+hintWindow)
	}
	if mask&writeOwner != 0 {
		add(record.OpSetOwner, ruleP3)
	}
	if mask&writeDAC != 0 {
		add(record.OpSetPermissions, ruleP2)
	}
}

// permissions handles 4670: P1.
func (c *Converter) permissions(e *event.Event) {
	c.securityChange(e, record.OpSetPermissions, ruleP1)
}

// auditSettings handles 4907: P4.
func (c *Converter) auditSettings(e *event.Event) {
	c.securityChange(e, record.OpSetAudit, ruleP4)
}

func (c *Converter) securityChange(e *event.Event, op record.Op, rule ruleID) {
	s := c.subject(e)
	p, ok := c.object(e, s)
	if !ok {
		return
	}
	now := tick(e.Time)
	k := keyOf(e)
	h := c.s.Handles.get(k)
	if h == nil || h.Key != p.Key || h.Logon != s.Logon { // the event's own subject wins
		h = &handle{
			Logon: s.Logon, Path: p.Path, Key: p.Key, Open: now, Src: sourceOf(e), PID: k.PID, User: s.User, SID: s.SID,
			Process: text(e.Get(event.ProcessName)), Dir: c.factOf(p.Key).dir(),
		}
		c.takeHints(h, now)
	}
	h.note(e, c.opt.MaxRawIDs)
	pk := c.paths(s.Logon, h.Key)
	a := c.live(pk.Perm, now, mergeWindow)
	if a != nil && a.Op == op {
		c.takeIDs(a, h)
		a.Time = now
	} else {
		a = c.handleAct(e, s, h, k, op, rule)
		pk.Perm = a.Seq
	}
	a.Rule, a.Certain, a.End = rule, true, max(a.End, now)
	if a.Get("old_sddl") == "" {
		a.detail("old_sddl", text(e.Get(event.OldSd)))
	}
	sd := text(e.Get(event.NewSd))
	a.detail("new_sddl", sd)
	if !c.factOf(h.Key).file() && inheritsToChildren(sd) {
		a.Object = record.ObjectDirectory // of this record only: an administrator's script may write such entries on files
	}
	c.saw(h.Key, false, false)
	c.due(a, now+hintWindow)
}

// inheritsToChildren reports whether an entry of the descriptor is inherited by
// files or folders inside: only a folder's can be.
func inheritsToChildren(sddl string) bool {
	for {
		n := strings.IndexByte(sddl, '(')
		if n < 0 {
			return false
		}
		sddl = sddl[n+1:]
		f := strings.SplitN(sddl, ";", 3)
		if len(f) == 3 && len(f[1])%2 == 0 {
			for i := 0; i+1 < len(f[1]); i += 2 {
				if w := f[1][i : i+2]; w == "OI" || w == "CI" {
					return true
				}
			}
		}
	}
}

// Get returns a detail, or "".
func (a *act) Get(key string) string {
	for _, p := range a.Detail {
		if p.Key == key {
			return p.Value
		}
	}
	return ""
}
