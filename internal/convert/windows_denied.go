package convert

import (
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// denied handles a failed 4656 or 4659: NTFS refused an open (section 11).
func (c *Converter) denied(e *event.Event) {
	s := c.subject(e)
	p, ok := c.object(e, s)
	if !ok {
		return
	}
	now := tick(e.Time)
	h := &handle{Logon: s.Logon, Path: p.Path, Key: p.Key, Open: now, Src: sourceOf(e), PID: e.Get(event.ProcessId).Uint(),
		User: s.User, SID: s.SID, Process: text(e.Get(event.ProcessName)), Snapshot: p.Snapshot, IDs: []uint64{e.RecordID}}
	mask := mapGeneric(uint32(e.Get(event.AccessMask).Uint()))
	h.Dir = c.factOf(p.Key).dir() || folderMask(mask)
	c.takeHints(h, now)
	pk := c.paths(s.Logon, p.Key)
	if a := c.live(pk.Denied, now, denyWindow); a != nil && a.PID == h.PID {
		c.again(a, h.IDs, h.Src, now)
		return
	}
	a := c.handleAct(e, s, h, handleKey{}, 0, ruleF1)
	a.Result, a.Open, a.Certain = record.Denied, false, true
	c.refusedRights(a, text(e.Get(event.AccessReason)), mask)
	c.refused(a, s)
}

// shareDenied handles a failed 5145: the share's permissions refused.
func (c *Converter) shareDenied(e *event.Event, s *session, p *pathInfo, mask uint32, ip string) {
	now := tick(e.Time)
	pk := c.paths(s.Logon, p.Key)
	if a := c.live(pk.Denied, now, denyWindow); a != nil {
		c.again(a, []uint64{e.RecordID}, sourceOf(e), now)
		return
	}
	a := c.newAct(e, s, 0, ruleF2)
	a.Path, a.Key, a.IP, a.PID = p.Path, p.Key, ip, 4
	a.Result, a.Certain, a.Object = record.Denied, true, record.ObjectFile
	if c.factOf(p.Key).dir() || folderMask(mask) {
		a.Object = record.ObjectDirectory
	}
	c.refusedRights(a, text(e.Get(event.AccessReason)), mask)
	c.refused(a, s)
}

// again counts another try of the same refusal.
func (c *Converter) again(a *act, ids []uint64, src source, now tick) {
	if a.Src.same(src) {
		c.addIDs(a, ids)
	}
	a.Count++
	a.Last, a.End = now, max(a.End, now)
	c.due(a, now+denyWindow)
}

// loweredWish reports whether a success with such a mask is the lowered wish of
// a program that was refused (section 11). A mere look at the attributes is
// not: Explorer looks at what it could not open.
func loweredWish(a *act, mask uint32) bool {
	const look = 0x8 | readAttr | readCtl | synchro
	return mask&^look != 0 || a.Mask&^look == 0
}

// shareGranted lets a share access undo the refusal of the try just before it
// by the share; its events count as those of the success.
func (c *Converter) shareGranted(p *pending, h *hint) {
	a := c.live(p.Denied, h.At, sec)
	if a == nil || a.Rule != ruleF2 || !loweredWish(a, h.Mask) {
		return
	}
	if a.Src.same(h.Src) {
		for _, id := range a.IDs[max(0, len(a.IDs)-4):] {
			p.Hints = push(p.Hints, hint{At: h.At, ID: id, Mask: readCtl, IP: a.IP, Path: h.Path, Key: h.Key, Src: h.Src, User: h.User, SID: h.SID}, 8)
		}
	}
	c.forget(a)
}

func (c *Converter) refused(a *act, s *session) {
	c.paths(s.Logon, a.Key).Denied = a.Seq
	c.due(a, a.Time+denyWindow)
}

// refusedRights names the operation that was refused: the class of the denied
// rights of the first try, by the precedence of section 11 (owner and
// permissions, deletion, writing, reading, listing). One deviation: an open that
// asks to write the data of a file together with DELETE or WRITE_DAC is that of
// a program that writes (CopyFile opens its target with 0x13019f and 0x17019f,
// sections 4 and 7.2). An open for deletion or rename (0x10080, 0x110080) or
// for the permissions never asks to write data, so that no refused deletion is
// taken for a write. Who asks for everything, WRITE_OWNER included, is named by
// the precedence.
func (c *Converter) refusedRights(a *act, reason string, mask uint32) {
	d := deniedRights(reason) & (mask | maxAllowed)
	if d == 0 {
		d = mask
	}
	a.Mask = d
	a.detail("denied_rights", rightsText(d))
	file := a.Object != record.ObjectDirectory
	switch {
	case d&writing != 0 && d&writeOwner == 0 && file:
		a.Op = record.OpWrite
	case d&writeOwner != 0:
		a.Op = record.OpSetOwner
	case d&writeDAC != 0:
		a.Op = record.OpSetPermissions
	case d&sysSec != 0:
		a.Op = record.OpSetAudit
	case d&(delete_|delChild) != 0:
		a.Op = record.OpDelete
	case d&writing != 0:
		a.Op = record.OpCreate
	case d&readData != 0 && file, d&(readData|execute|meta) == 0:
		a.Op = record.OpRead
	case d&readData != 0:
		a.Op = record.OpList
	case d&execute != 0:
		a.Op = record.OpExecute
	default:
		a.Op = record.OpSetAttributes
	}
}
