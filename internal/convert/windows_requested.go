package convert

import "github.com/akashi-audit/akashi/internal/record"

// requested handles share accesses that no object access event confirmed. Where
// the folder has auditing, nothing was used: they are no acts. Elsewhere they
// are all there is, and say what was asked for (rules W2, X2, D5).
func (c *Converter) requested(k pathKey, p *pending, hints []hint) {
	last := &hints[len(hints)-1]
	mask := uint32(0)
	probed := false
	dir := c.factOf(k.Key).dir() || last.Root
	for i := range hints {
		m := hints[i].Mask
		if m == readAttr && mask == 0 {
			probed = true
		}
		mask |= m
		dir = dir || folderMask(m)
	}
	if c.audited(k.Key, mask) {
		if !c.requestedNew(k, hints, mask, dir) {
			c.joinHints(p, hints)
		}
		return
	}
	if dir && !c.factOf(k.Key).dir() {
		c.knownFolder(k.Key)
	}
	op, rule := requestedOp(mask, dir, baseOf(k.Key))
	known := c.factOf(k.Key).exists()
	if op == 0 {
		return
	}
	if noiseProbe(k.Key) && op == record.OpRead && c.probedFor(k, hints) {
		return
	}
	if op == record.OpWrite && mask&readData != 0 && mask&(delete_|writeDAC|writeOwner) == 0 && officeDocument(k.Key) && (known || !probed) {
		op, rule = record.OpRead, ruleX2 // Office asks for both to read; whether it is Office, its owner file tells (wroteInPlace)
	}
	s := c.session(k.Logon)
	c.s.Seq++
	a := c.pools.act()
	a.Seq, a.Op, a.Result, a.Rule, a.Src, a.Logon, a.User, a.SID, a.IP = c.s.Seq, op, record.Success, rule, last.Src, k.Logon, last.User, last.SID, last.IP
	a.Time, a.First, a.End, a.Last, a.Count, a.Timer = hints[0].At, hints[0].At, last.At, last.At, 1, 1<<63-1
	a.Path, a.Key, a.PID, a.Requested, a.Probed, a.Known, a.Object, a.Mask = last.Path, k.Key, 4, true, probed, known, record.ObjectFile, mask
	for i := range hints {
		if hints[i].Src.same(a.Src) {
			c.addIDs(a, []uint64{hints[i].ID})
		}
	}
	if dir {
		a.Object = record.ObjectDirectory
	}
	a.detail("requested", rightsText(mask))
	s.Pending++
	c.s.Acts.put(a)
	if op != record.OpDelete {
		c.saw(k.Key, dir, !dir && op == record.OpWrite)
	}
	c.requestedAct(s, k, a, known, probed)
}

// requestedNew: C1 of an object that only share accesses name, because opens are
// not logged and nothing was written: at that moment a name was added to its
// folder, and no use of anything else accounts for it.
func (c *Converter) requestedNew(k pathKey, hints []hint, mask uint32, dir bool) bool {
	s := c.s.Sessions.get(k.Logon)
	if s == nil || len(s.Adds) == 0 || c.factOf(k.Key).exists() {
		return false
	}
	add := appendData
	if mask&writing != 0 {
		add = writeData
	} else if !dir {
		return false
	}
	for i := range hints {
		x := &hints[i]
		a := &act{Time: x.At, First: x.At}
		if !c.takeAdd(s, a, dirOf(k.Key), add) {
			continue
		}
		h := &handle{Logon: k.Logon, Path: x.Path, Key: k.Key, Open: x.At, Src: x.Src, PID: 4, User: x.User, SID: x.SID, IP: x.IP, Dir: add == appendData}
		for j := range hints {
			if hints[j].Src.same(h.Src) {
				h.IDs = append(h.IDs, hints[j].ID)
			}
		}
		ids := a.IDs
		a = c.actOf(s, h, handleKey{}, record.OpCreate, ruleC1)
		c.addIDs(a, ids)
		c.saw(k.Key, h.Dir, !h.Dir)
		c.paths(k.Logon, k.Key).Write = a.Seq
		c.due(a, c.s.Now+mergeWindow)
		return true
	}
	return false
}

// requestedAct enters an act that is only asked for.
func (c *Converter) requestedAct(s *session, k pathKey, a *act, known, probed bool) {
	now := a.Last
	p := c.paths(k.Logon, k.Key)
	switch a.Op {
	case record.OpRead, record.OpExecute:
		for _, q := range [...]uint64{p.Write, p.Read} {
			if m := c.live(q, now, mergeWindow); m != nil {
				m.Last = max(m.Last, now)
				c.askedAgain(s, p, m, a)
				c.absorb(m, a)
				return
			}
		}
		p.Read = a.Seq
		s.Reads = push(s.Reads, a.Seq, 32)
		c.touch(s, a.Key, a, a.Time)
	case record.OpList:
		if !known && probed {
			a.Op, a.Rule = record.OpCreate, ruleC2
			p.Write = a.Seq
			break
		}
		if m := c.live(p.List, now, mergeWindow); m != nil && now-m.First <= browseLongest {
			m.Count++
			c.absorb(m, a)
			d := c.desk(s.Logon, k.Key, now)
			d.List, d.ListAt = m.Seq, now
			if m.Held {
				c.due(m, now+browseWindow)
			}
			return
		}
		p.List = a.Seq
		d := c.desk(s.Logon, k.Key, now)
		d.List, d.ListAt, d.Burst = a.Seq, a.Time, a.Time
		a.Refresh = now-d.Change <= sec
	case record.OpWrite:
		c.requestedWrite(s, k, a, known, probed)
		return
	case record.OpDelete:
		c.requestedDelete(s, k, a)
		return
	case record.OpSetPermissions, record.OpSetOwner:
		p.Perm = a.Seq
	case record.OpSetAttributes:
		p.Attr = a.Seq
	}
	c.due(a, c.s.Now+mergeWindow)
}

// askedAgain notes another request to read what a session asked for just now. A
// program that wants to write asks for reading and writing first and, when the
// file itself refuses that, for reading alone (section 7.1, "open file to
// read"): then it was a read. A copy's target is asked for with other rights.
func (c *Converter) askedAgain(s *session, p *pending, m, a *act) {
	lowered := m.Requested && m.Mask&writing != 0 && m.Mask&readData != 0 && m.Mask&(delete_|writeDAC|writeOwner) == 0 &&
		a.Mask&writing == 0 && a.Time-m.First <= sec
	switch {
	case m.Op == record.OpRead && lowered:
		m.Mask = a.Mask
		m.Count++
	case m.Op == record.OpRead:
		m.Mask |= a.Mask
		m.Count++
	case m.Op == record.OpWrite && lowered && m.Rule == ruleW2 && m.Count == 1:
		m.Op, m.Rule, m.Mask = record.OpRead, ruleX2, a.Mask
		p.Write, p.Read = 0, m.Seq
		s.Reads = push(s.Reads, m.Seq, 32)
	}
}

func (c *Converter) requestedWrite(s *session, k pathKey, a *act, known, probed bool) {
	now := a.Last
	c.changed(s.Logon, dirOf(k.Key), now)
	if lockName(baseOf(k.Key)) {
		c.editOpened(s, k.Key, now)
	}
	p := c.paths(k.Logon, k.Key)
	if m := c.live(p.Write, now, mergeWindow); m != nil {
		if m.Op == record.OpWrite && a.Time-m.Time > sec {
			m.Count++ // saved again; within a second it is a program's second try
		}
		c.absorb(m, a)
		return
	}
	if !known && (probed || newItemName(baseOf(k.Key))) {
		a.Op, a.Rule = record.OpCreate, ruleC2
		if !probed {
			a.Rule = ruleC3
		}
		if src := c.copySource(s, a); src != nil {
			c.copied(a, src)
		}
	}
	c.absorb(a, c.live(p.Read, now, mergeWindow))
	c.paths(k.Logon, k.Key).Write = a.Seq
	switch {
	case a.Op == record.OpCopy:
		c.due(a, c.s.Now+moveWindow)
	case weakTemp(baseOf(k.Key)):
		c.due(a, c.s.Now+saveWindow)
	default:
		c.due(a, c.s.Now+mergeWindow)
	}
}

// requestedDelete: a rename, unless no new name comes; then a deletion (D5).
func (c *Converter) requestedDelete(s *session, k pathKey, a *act) {
	now := a.Last
	p := c.paths(k.Logon, k.Key)
	c.changed(s.Logon, dirOf(k.Key), now)
	c.editClosed(s.Logon, k.Key, now)
	if m := c.live(p.Copy, now, moveWindow); m != nil && m.Op == record.OpCopy && m.Key == a.Key {
		m.Op, m.Rule, m.Time = record.OpMove, ruleK2, a.Time
		c.absorb(m, a)
		c.due(m, now+hintWindow)
		return
	}
	if m := c.live(p.Delete, now, hintWindow); m != nil {
		c.absorb(m, a)
		return
	}
	if l := c.live(p.List, now, mergeWindow); l != nil && now-l.First <= mergeWindow {
		c.absorb(a, l)
		p = c.paths(k.Logon, k.Key)
	}
	if d := c.deskIf(a.Logon, dirOf(a.Key)); d != nil && weakTemp(baseOf(a.Key)) && now-d.SaveAt <= saveWindow {
		if m := c.s.Acts.get(d.Saved); m != nil { // what the save left over
			c.absorb(m, a)
			return
		}
	}
	a.Op, a.Rule = record.OpRename, ruleR2
	p.Delete = a.Seq
	c.gone(a.Key)
	s.Renames = push(s.Renames, a.Seq, 512)
	c.due(a, c.s.Now+nameWindow)
	c.saveStep(s, a, now)
}

// wroteInPlace names a finished read of an Office document that asked for
// writing as well. Office does so to open a document, makes its owner file next,
// and saves by temporary files; a program that makes no owner file writes in
// place.
func (c *Converter) wroteInPlace(a *act) {
	if !a.Requested || a.Held || a.Mask&writing == 0 || !officeDocument(a.Key) {
		return
	}
	if ed := c.editOf(a.Logon, a.Key); ed == nil || ed.Made > a.Last+editOpening {
		a.Op, a.Rule = record.OpWrite, ruleW2
	}
}

// officeDocument reports documents of Office programs that save through a
// temporary file (section 6).
func officeDocument(key string) bool {
	switch extOf(key) {
	case ".DOCX", ".DOCM", ".DOC", ".XLSX", ".XLSM", ".XLSB", ".XLS", ".PPTX", ".PPTM", ".PPT":
		return !lockName(baseOf(key))
	}
	return false
}

// joinHints adds looks at a path to what the session did to it just now.
func (c *Converter) joinHints(p *pending, hints []hint) {
	for i := range hints {
		for _, q := range [...]uint64{p.Write, p.Read, p.Delete, p.List, p.Copy} {
			if a := c.live(q, hints[i].At, mergeWindow); a != nil && a.Src.same(hints[i].Src) {
				c.addIDs(a, []uint64{hints[i].ID})
				break
			}
		}
	}
}

// knownFolder notes a folder that only share accesses showed.
func (c *Converter) knownFolder(key string) {
	sum := c.sum(key)
	v := c.s.Facts.at(sum)
	c.learn(sum, v&^factFile|factDir)
}

// requestedOp names what a mask asks for; 0 when it is no act (N1).
func requestedOp(mask uint32, dir bool, base string) (record.Op, ruleID) {
	switch {
	case mask&writing != 0 && !dir:
		return record.OpWrite, ruleW2
	case mask&writeOwner != 0:
		return record.OpSetOwner, ruleP3
	case mask&writeDAC != 0:
		return record.OpSetPermissions, ruleP2
	case mask&delete_ != 0:
		return record.OpDelete, ruleD5
	case mask&readData != 0 && dir:
		return record.OpList, ruleB4
	case mask&execute != 0 && !dir && executable(base):
		return record.OpExecute, ruleE1
	case mask&readData != 0:
		return record.OpRead, ruleX2
	case mask&meta != 0:
		return record.OpSetAttributes, ruleA2
	}
	return 0, 0
}

// probedFor gives the looks for desktop.ini and its like to the list of the
// folder, or of the folder above it, for which Explorer makes them.
func (c *Converter) probedFor(k pathKey, hints []hint) bool {
	for dir, n := dirOf(k.Key), 0; dir != "" && n < 2; dir, n = dirOf(dir), n+1 {
		p := c.pathsIf(pathKey{k.Logon, dir})
		if p == nil {
			continue
		}
		if l := c.live(p.List, hints[0].At, burstLength); l != nil && l.Src.same(hints[0].Src) {
			for i := range hints {
				c.addIDs(l, []uint64{hints[i].ID})
			}
			l.End = max(l.End, hints[len(hints)-1].At)
			return true
		}
	}
	return false
}

// noiseProbe reports files that Explorer looks for in every folder.
func noiseProbe(key string) bool {
	switch baseOf(key) {
	case "DESKTOP.INI", "THUMBS.DB", "AUTORUN.INF", "FOLDER.JPG", "FOLDER.GIF":
		return true
	}
	return false
}
