package convert

import (
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/record"
)

// Saving by temporary file (windows-events.md section 6, S1 to S5): the new
// content is written to T, the document F is renamed or deleted, or stays, T is
// renamed to F. One write of F is what the person did. F renamed to F.<ext> is none of
// these: it stays a write and a rename.

// desk returns what the session has under way in a folder, made when needed.
func (c *Converter) desk(logon uint64, dir string, now tick) *desk {
	hash := c.hash(dir)
	d := c.s.Desks.get(pathKey{logon, dir}, hash)
	if d == nil {
		d = c.pools.desk()
		c.s.Desks.put(pathKey{logon, dir}, hash, d)
		c.s.setTimer(timer{Due: now + saveWindow, Kind: timeDesk, Seq: logon, Key: dir, Num: hash})
	}
	d.Until = now + saveWindow
	return d
}

// saveStep looks at a new rename: of a document away from its name, or of a
// temporary file to it.
func (c *Converter) saveStep(s *session, a *act, now tick) {
	d := c.desk(s.Logon, dirOf(a.Key), now)
	base := baseOf(a.Key)
	t := c.freshTemp(a, now)
	if t == nil {
		if !tempName(base) && !lockName(base) {
			d.Moved = push(d.Moved, a.Seq, 8)
		}
		return
	}
	for i := len(d.Moved) - 1; i >= 0; i-- {
		f := c.s.Acts.get(d.Moved[i])
		if f == nil || f == a || now-f.Time > mergeWindow || f.Op != record.OpRename || f.Time < t.Time {
			continue
		}
		if f.NewPath != "" && !weakTemp(baseOf(fold(f.NewPath))) {
			continue
		}
		c.saved(s, d, f, t, a, ruleS1, now)
		return
	}
}

// saveEnd looks at a rename that has just got its name: of a temporary or fresh
// file to the name of a document that went away a moment ago.
func (c *Converter) saveEnd(s *session, a *act, key string, existed bool) bool {
	now := c.s.Now
	t := c.written(a, now)
	mac := strings.Contains(a.Key, macTemp) && baseOf(a.Key) == baseOf(key)
	if t == nil || dirOf(key) != dirOf(a.Key) && !mac {
		return false
	}
	d := c.desk(s.Logon, dirOf(key), now)
	for i := len(d.Moved) - 1; i >= 0; i-- {
		f := c.s.Acts.get(d.Moved[i])
		if f != nil && f != a && f.Key == key && f.Op == record.OpRename && now-f.Time <= saveWindow {
			c.saved(s, d, f, t, a, ruleS1, now)
			return true
		}
	}
	if f := c.live(c.paths(s.Logon, key).Delete, now, mergeWindow); f != nil {
		c.saved(s, d, f, t, a, ruleS3, now)
		return true
	}
	if download(baseOf(a.Key)) && t.Op == record.OpCreate {
		c.paths(s.Logon, key).Write = a.Seq
		c.absorb(a, t)
		a.Op, a.Rule, a.Certain = record.OpCreate, ruleS4, false
		a.Path, a.Key, a.NewPath, a.tag = a.NewPath, key, "", tag{}
		c.due(a, now+mergeWindow)
		return true
	}
	if existed && weakTemp(baseOf(a.Key)) || (tempName(baseOf(a.Key)) || mac) && !noiseName(key) {
		c.savedOver(d, a, t, key, now)
		return true
	}
	return false
}

// freshTemp is the act that wrote a temporary file which its session renames
// now, nil when there is none.
func (c *Converter) freshTemp(a *act, now tick) *act {
	if !weakTemp(baseOf(a.Key)) {
		return nil
	}
	return c.written(a, now)
}

// written is the act by which the session wrote a file that it renames now. Of
// a write that is lost the attributes may be left.
func (c *Converter) written(a *act, now tick) *act {
	p := c.pathsIf(pathKey{a.Logon, a.Key})
	if p == nil {
		return nil
	}
	if t := c.live(p.Write, now, saveWindow); t != nil {
		return t
	}
	if t := c.live(p.Attr, now, saveWindow); t != nil && c.lostSince(t.First) {
		return t
	}
	return nil
}

// lostSwap looks at a path that is in use although the session has just renamed
// it away, with a temporary file beside it: the rename of that file to the old
// name is among the lost events (S1).
func (c *Converter) lostSwap(s *session, key string, now tick) {
	d := c.deskIf(s.Logon, dirOf(key))
	if d == nil || d.Temp == 0 || len(d.Moved) == 0 {
		return
	}
	t := c.live(d.Temp, now, saveWindow)
	if t == nil || !c.lostSince(t.First) || dirOf(t.Key) != dirOf(key) {
		return
	}
	for i := len(d.Moved) - 1; i >= 0; i-- {
		f := c.s.Acts.get(d.Moved[i])
		if f != nil && f.Key == key && f.Op == record.OpRename && f.NewPath == "" && !f.Open && f.Time >= t.Time && now-f.Time <= foreignName {
			c.saved(s, d, f, t, t, ruleS1, now)
			return
		}
	}
}

// leftFor reports whether the session has just renamed away or deleted the
// object of that name, so that a temporary file that is renamed now may take it.
func (c *Converter) leftFor(a *act, key string, now tick) bool {
	d := c.deskIf(a.Logon, dirOf(key))
	if d == nil || dirOf(key) != dirOf(a.Key) || c.freshTemp(a, now) == nil {
		return false
	}
	for _, q := range d.Moved {
		if f := c.s.Acts.get(q); f != nil && f != a && f.Key == key && now-f.Time <= mergeWindow {
			return true
		}
	}
	return false
}

// renamedOver reports whether a path that exists may be the new name of a
// rename: a temporary file that the session has just written gets the name of a
// document in its folder, which is looked at next (S5). Nothing in the log tells
// that the old document went.
func (c *Converter) renamedOver(a *act, p *pathInfo, dir string, mask uint32, now tick) bool {
	const other = writing | delete_ | writeDAC | writeOwner
	return a.Target && fold(a.NewDir) == dir && dirOf(a.Key) == dir && mask&other == 0 && !folderMask(mask) &&
		now-max(a.End, a.Time) <= foreignName && !weakTemp(baseOf(p.Key)) && !noiseName(p.Key) &&
		!c.factOf(p.Key).dir() && c.freshTemp(a, now) != nil
}

// savedOver: S5, the rename a of the temporary file t is a write of the document
// whose name it took.
func (c *Converter) savedOver(d *desk, a, t *act, key string, now tick) {
	a.detail("temporary_file", temporaryOf(a, key))
	c.unlink(a, a.Key)
	a.Op, a.Rule, a.Certain, a.Object = record.OpWrite, ruleS5, false, record.ObjectFile
	a.Path, a.Key, a.NewPath, a.NewDir, a.Target, a.tag = a.NewPath, key, "", "", false, tag{}
	a.Time, a.Count = t.Time, 1
	c.absorb(a, t)
	p := c.paths(a.Logon, key)
	if w := c.live(p.Write, now, mergeWindow); w != nil && w != a {
		a.Count += w.Count
		c.absorb(a, w)
	}
	if r := c.s.Acts.get(p.Read); r != nil && now-r.Last <= mergeWindow {
		c.absorb(a, r)
	}
	c.paths(a.Logon, key).Write = a.Seq
	a.Last = now
	d.Saved, d.SaveAt = a.Seq, now
	c.due(a, now+mergeWindow)
}

// replaced looks at the rename of a temporary file in its folder when no share
// access will tell the new name: it took the place of the document that the same
// program deleted a moment ago (S3).
func (c *Converter) replaced(a *act) {
	s, now := c.s.Sessions.get(a.Logon), c.s.Now
	if s == nil || s.Share.At != 0 || a.NewPath != "" || fold(a.NewDir) != dirOf(a.Key) {
		return
	}
	t := c.freshTemp(a, now)
	d := c.deskIf(a.Logon, dirOf(a.Key))
	if t == nil || d == nil {
		return
	}
	c.replacedGone(s, d, a, t, now)
}

func (c *Converter) replacedGone(s *session, d *desk, a, t *act, now tick) bool {
	for i := len(d.Moved) - 1; i >= 0; i-- {
		f := c.s.Acts.get(d.Moved[i])
		if f != nil && f.Op == record.OpDelete && f.Time >= t.Time && a.Time-f.Time <= sec && f.PID == a.PID && dirOf(f.Key) == dirOf(a.Key) {
			c.saved(s, d, f, t, a, ruleS3, now)
			return true
		}
	}
	return false
}

// lostName settles the rename of a temporary file whose new name is among the
// lost events: it took the place of the document that was deleted just before.
func (c *Converter) lostName(a *act) bool {
	s, d := c.s.Sessions.get(a.Logon), c.deskIf(a.Logon, dirOf(a.Key))
	if s == nil || d == nil || !c.lostSince(a.First) || a.Target && fold(a.NewDir) != dirOf(a.Key) {
		return false
	}
	t := c.freshTemp(a, a.End)
	return t != nil && c.replacedGone(s, d, a, t, c.s.Now)
}

// nameOfDownload concludes the name of a finished download whose rename shows no
// name: that of the temporary file without its ending (x.zip.part).
func (c *Converter) nameOfDownload(a *act) bool {
	base := baseOf(a.Path)
	name := base[:len(base)-len(extOf(base))]
	if !download(baseOf(a.Key)) || extOf(name) == "" || fold(a.NewDir) != dirOf(a.Key) {
		return false
	}
	t := c.freshTemp(a, a.End)
	if t == nil || t.Op != record.OpCreate {
		return false
	}
	a.detail("temporary_file", base)
	a.detail("reason", "name concluded from the temporary file")
	a.Op, a.Rule, a.Certain, a.Count = record.OpCreate, ruleS4, false, 1
	c.unlink(a, a.Key)
	a.Path = a.NewDir + `\` + name
	a.Key, a.NewDir, a.tag = fold(a.Path), "", tag{}
	c.absorb(a, t)
	return true
}

// saved makes one write of f out of the document's rename or deletion f, the
// temporary file's content t and its rename a.
func (c *Converter) saved(s *session, d *desk, f, t, a *act, rule ruleID, now tick) {
	f.Op, f.Rule, f.Certain, f.Count = record.OpWrite, rule, false, 1
	f.Time = t.Time
	if f.NewPath != "" {
		c.unlink(f, fold(f.NewPath))
	}
	f.NewPath, f.NewDir, f.Target = "", "", false
	f.Object = record.ObjectFile
	f.detail("temporary_file", temporaryOf(a, f.Key))
	s.Renames = without(s.Renames, f.Seq)
	d.Moved = slices.DeleteFunc(d.Moved, func(q uint64) bool { return q == f.Seq || q == a.Seq })
	if a.NewPath != "" {
		c.unlink(a, fold(a.NewPath))
	}
	c.absorb(f, t)
	c.absorb(f, a)
	c.gone(a.Key)
	c.arrived(f.Key, false)
	p := c.paths(f.Logon, f.Key)
	if r := c.s.Acts.get(p.Read); r != nil && now-r.Last <= mergeWindow {
		c.absorb(f, r)
	}
	if w := c.s.Acts.get(p.Write); w != nil && w != f {
		w.Count++
		f.Count = w.Count
		c.absorb(f, w)
	}
	p = c.paths(f.Logon, f.Key)
	p.Write, p.Delete = f.Seq, 0
	f.Last = now
	d.Saved, d.SaveAt = f.Seq, now
	f.Timer = 1<<63 - 1
	c.due(f, now+mergeWindow)
}

// temporaryOf is what a record of the document key tells of its temporary file, which a
// renamed: the path when it is in another folder.
func temporaryOf(a *act, key string) string {
	if dirOf(a.Key) != dirOf(key) {
		return a.Path
	}
	return baseOf(a.Path)
}

// savedAnew: S2, the document was renamed away and its name is written again.
func (c *Converter) savedAnew(s *session, h *handle, now tick) *act {
	d := c.deskIf(s.Logon, dirOf(h.Key))
	if d == nil {
		return nil
	}
	for i := len(d.Moved) - 1; i >= 0; i-- {
		f := c.s.Acts.get(d.Moved[i])
		if f == nil || f.Key != h.Key || f.Op != record.OpRename || now-f.Time > saveWindow {
			continue
		}
		if f.NewPath != "" {
			if !weakTemp(baseOf(fold(f.NewPath))) {
				continue
			}
			c.unlink(f, fold(f.NewPath))
		}
		f.Op, f.Rule, f.Certain, f.Time = record.OpWrite, ruleS2, false, now
		f.NewPath, f.NewDir, f.Target = "", "", false
		s.Renames = without(s.Renames, f.Seq)
		d.Moved = without(d.Moved, f.Seq)
		c.takeIDs(f, h)
		p := c.paths(s.Logon, h.Key)
		p.Write = f.Seq
		f.Last = now
		d.Saved, d.SaveAt = f.Seq, now
		c.due(f, now+mergeWindow)
		c.arrived(h.Key, false)
		return f
	}
	return nil
}
