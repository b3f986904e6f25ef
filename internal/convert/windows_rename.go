package convert

import (
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// usedDelete: DELETE was used. Until the handle closes it may be a deletion
// (4660) or a rename.
func (c *Converter) usedDelete(e *event.Event, s *session, h *handle, k handleKey) {
	now := tick(e.Time)
	if a := c.s.Acts.get(h.Act); a != nil && (a.Op == record.OpDelete || a.Op == record.OpRename) {
		return
	}
	if p := c.pathsIf(pathKey{s.Logon, h.Key}); p != nil && c.s.Gaps > 0 {
		if m := c.live(p.Copy, now, sec); m != nil && m.Op == record.OpRename && fold(m.NewPath) == h.Key && m.Key != h.Key && c.lostSince(m.First) {
			m.NewPath, p.Copy = "", 0 // its name was lost: this one is another file's, which is renamed itself
		}
	}
	a := c.handleAct(e, s, h, k, record.OpRename, ruleR2)
	s.Renames = push(s.Renames, a.Seq, 512)
	if c.s.Sees4658 {
		c.due(a, now+longOpen)
	} else {
		c.due(a, now+nameWindow+foreignName)
	}
	c.saveStep(s, a, now)
}

// usedDeleteChild: D2, a child was deleted by the folder's right. Its name is
// that of the 5145 that came just before; without one it is not in the log.
func (c *Converter) usedDeleteChild(e *event.Event, s *session, h *handle, k handleKey) {
	x := &s.Share
	now := tick(e.Time)
	if x.Mask&delete_ == 0 || dirOf(x.Key) != h.Key || now-x.At > sec {
		return
	}
	p := c.paths(s.Logon, x.Key)
	if a := c.live(p.Delete, now, sec); a != nil {
		c.takeIDs(a, h)
		if a.Requested {
			a.Op, a.Rule, a.Requested = record.OpDelete, ruleD2, false
			s.Renames = without(s.Renames, a.Seq)
			c.due(a, now+hintWindow)
		}
		return
	}
	a := c.handleAct(e, s, h, k, record.OpDelete, ruleD2)
	h.Act = 0
	a.Path, a.Key, a.IP, a.Object, a.Open, a.tag = x.Path, x.Key, x.IP, record.ObjectFile, false, tag{}
	c.removed(a)
}

// renameClosed: no 4660 came, so the name moved. Its new name may still come.
func (c *Converter) renameClosed(a *act, at tick) {
	if s := c.s.Sessions.get(a.Logon); s != nil && !a.Target {
		for i := len(s.Adds) - 1; i >= 0; i-- { // the folder of the target was opened first
			if d := &s.Adds[i]; d.At >= a.First-targetWindow && d.At <= at+targetWindow && d.At >= a.Time-targetWindow {
				c.addIDs(a, d.IDs)
				path, mask := d.Path, d.Mask
				s.Adds = append(s.Adds[:i], s.Adds[i+1:]...)
				c.target(a, path, mask)
				break
			}
		}
	}
	a.Lost = c.lostSince(a.Time)
	c.gone(a.Key)
	c.changed(a.Logon, dirOf(a.Key), at)
	if a.NewPath != "" {
		c.due(a, at+mergeWindow)
	} else if a.Op == record.OpRename {
		c.due(a, at+nameWindow)
	}
}

// target notes the folder into which an object is renamed (R1).
func (c *Converter) target(a *act, dir string, mask uint32) {
	a.Target, a.NewDir, a.Rule = true, dir, ruleR1
	c.gone(a.Key)
	if mask&appendData != 0 && mask&writeData == 0 {
		a.Object = record.ObjectDirectory
	}
	if strings.Contains(fold(dir)+`\`, recycleDir+`\`) && !strings.Contains(a.Key, recycleDir+`\`) {
		a.Op, a.Rule, a.Certain = record.OpDelete, ruleD4, false
		a.detail("recycle_bin", "yes")
		if s := c.s.Sessions.get(a.Logon); s != nil {
			s.Renames = without(s.Renames, a.Seq)
		}
		c.gone(a.Key)
		c.due(a, c.s.Now+hintWindow)
		return
	}
	c.replaced(a)
}

// newName reports whether the target of a rename that is named is the new path
// itself, as some versions of Windows log it, and not its folder: a path never
// seen before, of the same name, or beside the old one with the same extension
// (section 6, R1: "accept both").
func newName(a *act, h *handle) bool {
	if h.Known || h.Key == a.Key {
		return false
	}
	ext := extOf(h.Key)
	return baseOf(h.Key) == baseOf(a.Key) || dirOf(h.Key) == dirOf(a.Key) && ext != "" && ext == extOf(a.Key)
}

// targetFor is the newest rename of the session whose target folder may be in
// use at now, nil when there is none.
func (c *Converter) targetFor(s *session, now tick) *act {
	for i, n := len(s.Renames)-1, 0; i >= 0 && n < 8; i, n = i-1, n+1 {
		a := c.s.Acts.get(s.Renames[i])
		if a != nil && !a.Target && now-a.Time <= targetWindow && (a.Open || !c.s.Sees4658) {
			return a
		}
	}
	return nil
}

// wasFolder takes back a write of a path that turns out to be a folder, because
// a path below it is in use: its 0x2 was AddFile. Logs without 4656 do not tell
// before.
func (c *Converter) wasFolder(s *session, key string, now tick) {
	p := c.pathsIf(pathKey{s.Logon, key})
	if p == nil {
		return
	}
	a := c.live(p.Write, now, addWindow)
	if a == nil || a.Rule != ruleW1 || a.Count > 1 {
		return
	}
	mask := writeData
	if h := c.s.Handles.get(a.Handle); h != nil && h.Act == a.Seq {
		h.Dir, h.Act, mask = true, 0, h.Used&writing
	}
	if r := c.targetFor(s, a.Time); r != nil {
		c.addIDs(r, a.IDs)
		c.target(r, a.Path, mask)
	} else {
		s.Adds = push(s.Adds, dirAdd{At: a.Time, Key: key, Path: a.Path, Mask: mask, IDs: append([]uint64(nil), a.IDs...)}, 16)
	}
	c.forget(a)
}

// candidate offers a path that was just opened as the new name of a rename that
// waits for one (R2): a name not seen before, or the old one in other letters,
// in the folder of the target. It reports whether one took it.
func (c *Converter) candidate(s *session, p *pathInfo, mask uint32, now tick, id uint64, src source) bool {
	if len(s.Renames) == 0 || folderMask(mask) && mask&writing != 0 {
		return false
	}
	if p.Mark {
		mask = readAttr | synchro // a mark on the file that just got its name
	}
	exists := c.known(p).Exists
	dir := p.Dir
	listing := false
	if d := c.deskIf(s.Logon, dir); d != nil {
		listing = now-d.Burst <= burstGap && now-d.ListAt <= burstLength
	}
	var best *act
	score := 0
	for i, n := len(s.Renames)-1, 0; i >= 0 && n < 128; i, n = i-1, n+1 {
		a := c.s.Acts.get(s.Renames[i])
		if a == nil || a.NewPath != "" || a.Op != record.OpRename || a.Path == p.Path || now-a.End > nameWindow || a.Open && now-a.Time > nameWindow {
			continue
		}
		v := likeness(a, p, dir, mask, exists, listing, now)
		if v < 5 && !exists && c.leftFor(a, p.Key, now) {
			v = 5
		}
		if v == 0 && exists && !listing && c.renamedOver(a, p, dir, mask, now) {
			v = 4
		}
		if v > score {
			best, score = a, v
		}
	}
	if best == nil {
		return false
	}
	c.renamed(s, best, p.Path, p.Key)
	if best.Src.same(src) {
		c.addIDs(best, []uint64{id})
	}
	best.End = max(best.End, now)
	return true
}

// likeness weighs a path as the new name of a rename, 0 when it is none. A look
// at attributes is what Explorer does with a name it has just given; an open for
// writing or deleting is work on another file unless the names agree.
func likeness(a *act, p *pathInfo, dir string, mask uint32, exists, listing bool, now tick) int {
	old, base := baseOf(a.Key), baseOf(p.Key)
	if a.Target && fold(a.NewDir) != dir || !a.Target && dirOf(a.Key) != dir && old != base {
		return 0
	}
	if a.Object == record.ObjectDirectory && extOf(p.Key) != "" && extOf(a.Key) == "" {
		return 0
	}
	look := mask&^(readAttr|synchro) == 0 && mask&synchro != 0
	near := now-max(a.End, a.Time) <= foreignName
	switch {
	case a.Key == p.Key: // other letters only
		return 6
	case exists:
		if old == base && a.Target {
			return 5
		}
		return 0
	case old == base:
		return 5
	case strings.HasPrefix(base, old):
		return 4
	case listing || mask&(writing|delete_|writeDAC|writeOwner) != 0 || a.Object != record.ObjectDirectory && folderMask(mask):
		return 0
	case extOf(a.Key) == extOf(p.Key) && (look || near):
		return 3
	case look && near:
		return 2
	}
	return 0
}

// renamed gives a rename its new name.
func (c *Converter) renamed(s *session, a *act, path, key string) {
	existed := a.Key != key && c.factOf(key).Exists
	a.NewPath = path
	s.Renames = without(s.Renames, a.Seq)
	c.gone(a.Key)
	c.arrived(key, a.Object == record.ObjectDirectory)
	if c.saveEnd(s, a, key, existed) {
		return
	}
	c.paths(a.Logon, key).Copy = a.Seq
	if !a.Open {
		c.due(a, c.s.Now+mergeWindow)
	}
}

// removed handles a deletion: of a copy's original (then it was a move), of
// what a save left over, or simply of an object.
func (c *Converter) removed(a *act) {
	now := a.Last
	c.gone(a.Key)
	c.changed(a.Logon, dirOf(a.Key), now)
	c.editClosed(a.Logon, a.Key, now)
	p := c.paths(a.Logon, a.Key)
	if l := c.live(p.List, now, mergeWindow); l != nil && now-l.First <= mergeWindow { // listed in order to be deleted
		c.absorb(a, l)
		p = c.paths(a.Logon, a.Key)
	}
	if m := c.live(p.Copy, now, moveWindow); m != nil && (m.Op == record.OpCopy || m.Rule == ruleK2) && m.Key == a.Key {
		m.Op, m.Rule = record.OpMove, ruleK2
		m.Time = a.Time
		c.absorb(m, a)
		c.due(m, now+hintWindow)
		return
	}
	if m := c.live(p.Delete, now, hintWindow); m != nil { // 4659 and 4660 of one deletion
		if a.Certain {
			m.Rule, m.Certain, m.Time = a.Rule, true, a.Time
		}
		c.absorb(m, a)
		c.due(m, now+hintWindow)
		return
	}
	if d := c.deskIf(a.Logon, dirOf(a.Key)); d != nil && weakTemp(baseOf(a.Key)) && now-d.SaveAt <= saveWindow {
		if m := c.s.Acts.get(d.Saved); m != nil {
			if t := c.live(p.Write, now, saveWindow); t != nil && t != m {
				c.absorb(m, t)
			}
			c.absorb(m, a)
			return
		}
	}
	p = c.paths(a.Logon, a.Key)
	p.Delete = a.Seq
	if a.Object != record.ObjectDirectory && !noiseName(a.Key) {
		d := c.desk(a.Logon, dirOf(a.Key), now)
		d.Moved = push(d.Moved, a.Seq, 8)
		if t := c.live(d.Temp, now, saveWindow); t != nil { // a temporary file may take its place
			c.due(a, now+nameWindow+mergeWindow)
			return
		}
	}
	c.due(a, now+hintWindow)
}

// finalRename decides between rename and move once all is known.
func (c *Converter) finalRename(a *act) {
	dir := a.NewDir
	if a.NewPath != "" {
		dir = dirOf(a.NewPath)
	}
	if dir != "" && fold(dir) != dirOf(a.Key) {
		a.Op = record.OpMove
	}
	if a.NewPath == "" && c.nameOfDownload(a) {
		return
	}
	if a.NewPath == "" && dir != "" {
		a.detail("new_folder", dir)
	}
	if a.NewPath == "" {
		a.detail("reason", "new name not in the log")
	}
}
