package convert

import (
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// How long rules wait, in event time (windows-events.md sections 5 and 6).
const (
	mergeWindow  = 5 * sec // repeats become one record
	addWindow    = 200 * milli
	targetWindow = sec      // rename: the folder of the target
	nameWindow   = 10 * sec // rename: the first open of the new name
	foreignName  = 2 * sec  // the same when extension and name differ
	saveWindow   = 30 * sec
	moveWindow   = 60 * sec // copy, then deletion of the original
	denyWindow   = 2 * sec
	hintWindow   = 2 * sec   // 5145 and its 4656
	handleIdle   = 15 * sec  // a handle without 4658
	longOpen     = 600 * sec // a rename whose handle stays open
	anyFile      = "File"
)

func keyOf(e *event.Event) handleKey {
	return handleKey{e.Get(event.ProcessId).Uint(), e.Get(event.HandleId).Uint()}
}

// object makes the object's path uniform; ok is false when it is no file.
func (c *Converter) object(e *event.Event, s *session) (p *pathInfo, ok bool) {
	if !ofFile(e) {
		c.unused(e, ReasonOtherObject)
		return nil, false
	}
	p = c.objectPath(e)
	if p.unknown != nil && c.learnVolume(p, &s.Share, tick(e.Time)) {
		p = c.objectPath(e)
	}
	if p.Drop {
		c.unused(e, ReasonNoVolume)
	}
	return p, !p.Drop
}

// ofFile reports whether an event says that its object is a file.
func ofFile(e *event.Event) bool {
	t := e.Get(event.ObjectType)
	if _, raw, ok := e.Unread(t); ok {
		return string(raw) == "F\x00i\x00l\x00e\x00"
	}
	return t.Text() == anyFile
}

// open handles 4656: an open was asked for.
func (c *Converter) open(e *event.Event) {
	if e.Failed() {
		c.denied(e)
		return
	}
	k := keyOf(e)
	if old := c.s.Handles.get(k); old != nil {
		c.closeHandle(k, old, old.Last) // closed without an event, at some time since
	}
	s := c.subject(e)
	p, ok := c.object(e, s)
	if !ok || k.Handle == 0 {
		return
	}
	mask := mapGeneric(uint32(e.Get(event.AccessMask).Uint()))
	h := c.newHandle(e, s, k, p, mask)
	h.note(e, c.opt.MaxRawIDs)
	c.opened(h, mask, tick(e.Time))
}

// note adds an event to those that no act has taken yet. Ids of another life of
// the channel, before it was created anew, cannot stand beside it.
func (h *handle) note(e *event.Event, limit int) {
	if h.Src.Generation != e.Generation || h.Src.Channel != e.Channel {
		h.IDs, h.Src = h.IDs[:0], sourceOf(e)
	}
	if len(h.IDs) < limit {
		h.IDs = append(h.IDs, e.RecordID)
	}
}

// newHandle enters a handle and takes the share accesses that led to it.
func (c *Converter) newHandle(e *event.Event, s *session, k handleKey, p *pathInfo, mask uint32) *handle {
	now := tick(e.Time)
	f := c.known(p)
	h := c.pools.handle()
	h.Logon, h.Path, h.Key, h.Asked, h.Open, h.Last, h.Gap, h.Src, h.PID = s.Logon, p.Path, p.Key, mask, now, now, c.s.Gaps, sourceOf(e), k.PID
	h.Known, h.Snapshot, h.Stream, h.Mark, h.Removable = f.exists(), p.Snapshot, p.Stream, p.Mark, e.Task == 12812
	h.tag = p.tag
	h.User, h.SID, h.Process = s.User, s.SID, text(e.Get(event.ProcessName))
	h.Txn = c.transactionOf(e)
	h.Dir = f.dir() || !f.file() && folderMask(mask)
	c.takeHints(h, now)
	v := f
	if c.candidate(s, p, mask, now, e.RecordID, sourceOf(e)) {
		v = c.known(p)
	}
	// The target of a rename is opened like a folder, and may be the new path of a
	// file: what is below it will tell.
	if c.sawPath(p, v, h.Dir && (f.dir() || mask&writing == 0), false) {
		c.wasFolder(s, dirOf(p.Key), now)
	}
	c.s.Handles.put(k, h)
	if h.Dir && mask&readData != 0 {
		s.Listing = k
	}
	if !c.s.Sees4658 {
		c.s.setTimer(timer{Due: now + handleIdle, Kind: timeHandle, Seq: k.PID, Num: k.Handle})
	}
	return h
}

const nullGUID = "{00000000-0000-0000-0000-000000000000}"

// opened lets an open that succeeded undo what only a failure would have meant.
func (c *Converter) opened(h *handle, mask uint32, now tick) {
	p := c.pathsIf(pathKey{h.Logon, h.Key})
	if p == nil {
		return
	}
	if a := c.live(p.Denied, now, sec); a != nil && loweredWish(a, mask) { // the program lowered its wish
		if a.Src.same(h.Src) && len(h.IDs)+len(a.IDs) < c.opt.MaxRawIDs {
			h.IDs = append(slices.Clone(a.IDs), h.IDs...)
		}
		c.forget(a)
	}
	if a := c.live(p.Delete, now, hintWindow); a != nil && a.Rule == ruleD3 && mask&delete_ == 0 {
		c.forget(a)
	}
}

// use handles 4663: a right was used.
func (c *Converter) use(e *event.Event) {
	s := c.subject(e)
	k := keyOf(e)
	h := c.s.Handles.get(k)
	p, ok := c.object(e, s)
	if !ok {
		if h != nil {
			c.closeHandle(k, h, tick(e.Time))
		}
		return
	}
	mask := mapGeneric(uint32(e.Get(event.AccessMask).Uint()))
	if h != nil && h.Key != p.Key || h != nil && h.Logon != s.Logon {
		c.closeHandle(k, h, h.Last) // the value was given to another object
		h = nil
	}
	if h == nil {
		h = c.newHandle(e, s, k, p, mask)
		c.opened(h, mask, tick(e.Time)) // its 4656 is not in the log
	}
	h.note(e, c.opt.MaxRawIDs)
	h.Last = max(h.Last, tick(e.Time))
	h.Gap = c.s.Gaps
	if h.Process == "" {
		h.Process = text(e.Get(event.ProcessName))
	}
	h.Used |= mask
	h.Dir = h.Dir || mask&delChild != 0
	c.sawUse(p, h.Dir, mask)
	c.used(e, s, h, k, mask)
	if a := c.s.Acts.get(h.Act); a != nil {
		c.takeIDs(a, h)
		a.End = max(a.End, tick(e.Time))
	}
	c.lateOrphan(k, e)
}

// used derives what a newly used right means (section 6).
func (c *Converter) used(e *event.Event, s *session, h *handle, k handleKey, mask uint32) {
	if h.Mark {
		c.usedMark(e, s, h, k, mask)
		return
	}
	if h.Stream && mask&delete_ != 0 {
		c.streamDeleted(e, s, h, k)
		mask &^= delete_
	}
	if mask&delete_ != 0 {
		c.usedDelete(e, s, h, k)
	}
	if mask&delChild != 0 && h.Dir {
		c.usedDeleteChild(e, s, h, k)
	}
	if mask&(writeDAC|writeOwner) != 0 {
		c.usedSecurity(e, s, h, k, mask)
	}
	switch {
	case mask&writing != 0 && h.Dir:
		c.usedAdd(e, s, h, mask)
	case mask&writing != 0:
		c.saw(h.Key, false, !h.eitherKind())
		c.usedWrite(e, s, h, k)
	case mask&meta != 0:
		c.usedMeta(e, s, h, k)
	}
	switch {
	case mask&readData != 0 && h.Dir:
		c.usedList(e, s, h, k)
	case mask&execute != 0 && !h.Dir && executable(baseOf(h.Key)):
		c.usedExecute(e, s, h, k)
	case mask&readData != 0:
		c.usedRead(e, s, h, k)
	}
}

// close handles 4658.
func (c *Converter) close(e *event.Event) {
	c.s.Sees4658 = true
	k := keyOf(e)
	h := c.s.Handles.get(k)
	if h == nil {
		c.unused(e, ReasonNoHandle)
		return
	}
	if a := c.s.Acts.get(h.Act); a != nil {
		c.takeIDs(a, h)
		c.evidence(a, e)
	}
	c.closeHandle(k, h, tick(e.Time))
}

// closeHandle forgets a handle and tells its act.
func (c *Converter) closeHandle(k handleKey, h *handle, at tick) {
	if h == nil {
		return
	}
	c.s.Handles.drop(k)
	c.pools.handles.give(h)
	a := c.s.Acts.get(h.Act)
	if a == nil && h.Act == 0 {
		c.madeEmpty(k, h)
		return
	}
	if a == nil || a.Handle != k {
		return
	}
	a.Open = false
	a.End = max(a.End, min(at, c.s.Now))
	if a.Op == record.OpRename {
		c.renameClosed(a, at)
	}
}

// madeEmpty: C1 of an object that was opened and not used further: a name was
// added to its folder at that moment. An empty file and a new folder are made so.
func (c *Converter) madeEmpty(k handleKey, h *handle) {
	s := c.s.Sessions.get(h.Logon)
	if h.Known || h.Stream || s == nil || len(s.Adds) == 0 || !h.Dir && h.Asked&writing == 0 {
		return
	}
	mask := writeData
	if h.Dir {
		mask = appendData
	}
	a := &act{Time: h.Open, First: h.Open}
	if !c.takeAdd(s, a, dirOf(h.Key), mask) {
		return
	}
	ids := a.IDs
	a = c.actOf(s, h, k, record.OpCreate, ruleC1)
	c.addIDs(a, ids)
	c.paths(s.Logon, h.Key).Write = a.Seq
	c.due(a, c.s.Now+mergeWindow)
}

// deleted handles 4660.
func (c *Converter) deleted(e *event.Event) {
	k := keyOf(e)
	s := c.subject(e)
	h := c.s.Handles.get(k)
	if h != nil && h.SID != "" && s.SID != "" && h.SID != s.SID {
		c.closeHandle(k, h, tick(e.Time)) // the value was given to another person's open, whose 4656 is missing
		h = nil
	}
	if h == nil {
		c.s.Orphans[k] = &orphan{
			At: tick(e.Time), ID: e.RecordID, Src: sourceOf(e), Logon: s.Logon, User: s.User, SID: s.SID,
			PID: k.PID, Process: text(e.Get(event.ProcessName)),
		}
		c.s.setTimer(timer{Due: tick(e.Time) + hintWindow, Kind: timeOrphan, Seq: k.PID, Num: k.Handle})
		return
	}
	c.deletedHandle(e, s, h, k)
}

func (c *Converter) deletedHandle(e *event.Event, s *session, h *handle, k handleKey) {
	h.note(e, c.opt.MaxRawIDs)
	if h.Stream {
		c.streamDeleted(e, s, h, k)
		return
	}
	a := c.s.Acts.get(h.Act)
	if a == nil || a.Op != record.OpRename || a.Key != h.Key {
		a = c.handleAct(e, s, h, k, record.OpDelete, ruleD1)
	} else {
		c.takeIDs(a, h)
		s.Renames = without(s.Renames, a.Seq)
		a.NewPath, a.NewDir, a.Target = "", "", false
		a.Time = tick(e.Time)
	}
	a.Op, a.Rule, a.Certain = record.OpDelete, ruleD1, h.Gap == c.s.Gaps
	a.Last, a.End = tick(e.Time), max(a.End, tick(e.Time))
	c.removed(a)
}

// lateOrphan joins a 4660 that came before the 4663 with the name.
func (c *Converter) lateOrphan(k handleKey, e *event.Event) {
	o := c.s.Orphans[k]
	if o == nil {
		return
	}
	delete(c.s.Orphans, k)
	h := c.s.Handles.get(k)
	if h == nil || tick(e.Time)-o.At > hintWindow || h.Logon != o.Logon || h.Used&delete_ == 0 {
		return
	}
	h.IDs = append(h.IDs, o.ID)
	c.deletedHandle(e, c.session(o.Logon), h, k)
}

// expireOrphan reports a deletion over the network whose name is not in the
// log. Other programs' 4660 may be registry keys: they say nothing of files.
func (c *Converter) expireOrphan(k handleKey) {
	o := c.s.Orphans[k]
	if o == nil {
		return
	}
	delete(c.s.Orphans, k)
	if o.PID != 4 || wellKnownLogon(o.Logon) {
		return
	}
	c.s.Seq++
	a := &act{
		Seq: c.s.Seq, Op: record.OpDelete, Result: record.Success, Object: record.ObjectFile, Rule: ruleD1, Logon: o.Logon,
		User: o.User, SID: o.SID, Src: o.Src, IDs: []uint64{o.ID}, Time: o.At, First: o.At, End: o.At, Count: 1, PID: o.PID, Process: o.Process,
	}
	a.Doubt = doubtHandle
	a.detail("reason", "name not in the log")
	c.emit(a)
}

// duplicate handles 4690: the same object under another handle.
func (c *Converter) duplicate(e *event.Event) {
	from := handleKey{e.Get(event.SourceProcessId).Uint(), e.Get(event.SourceHandleId).Uint()}
	to := handleKey{e.Get(event.TargetProcessId).Uint(), e.Get(event.TargetHandleId).Uint()}
	h := c.s.Handles.get(from)
	if from == to {
		return
	}
	if old := c.s.Handles.get(to); old != nil {
		c.closeHandle(to, old, tick(e.Time))
	}
	if h == nil {
		c.unused(e, ReasonNoHandle)
		return
	}
	d := *h
	d.Act, d.IDs, d.Open, d.Last, d.PID = 0, []uint64{e.RecordID}, tick(e.Time), tick(e.Time), to.PID
	d.Src = sourceOf(e)
	c.s.Handles.put(to, &d)
	if !c.s.Sees4658 {
		c.s.setTimer(timer{Due: d.Last + handleIdle, Kind: timeHandle, Seq: to.PID, Num: to.Handle})
	}
}

// deleteOnClose handles 4659: opened with the intent to delete, no handle.
func (c *Converter) deleteOnClose(e *event.Event) {
	s := c.subject(e)
	p, ok := c.object(e, s)
	mask := uint32(e.Get(event.AccessMask).Uint())
	if !ok || mask&delete_ == 0 {
		return
	}
	if e.Failed() {
		c.denied(e)
		return
	}
	h := &handle{
		Logon: s.Logon, Path: p.Path, Key: p.Key, Open: tick(e.Time), Src: sourceOf(e), PID: e.Get(event.ProcessId).Uint(),
		User: s.User, SID: s.SID, Snapshot: p.Snapshot, IDs: []uint64{e.RecordID}, Txn: c.transactionOf(e),
	}
	f := c.factOf(p.Key)
	h.Dir, h.Stream, h.Mark = f.dir(), p.Stream, p.Mark
	c.takeHints(h, tick(e.Time))
	if p.Stream && !e.Failed() {
		c.streamDeleted(e, s, h, handleKey{})
		return
	}
	a := c.handleAct(e, s, h, handleKey{}, record.OpDelete, ruleD3)
	a.Open = false
	c.removed(a)
}
