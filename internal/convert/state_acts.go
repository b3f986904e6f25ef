package convert

import (
	"slices"
	"strconv"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

func itoa(n uint64) string { return strconv.FormatUint(n, 10) }

// text is the value as text; "-" is none.
func text(v event.Value) string {
	if v.Kind == event.KindString || v.Kind == event.KindSID {
		if v.Str == "-" {
			return ""
		}
		return v.Str
	}
	return v.Name()
}

func (a *act) detail(key, value string) {
	if value == "" {
		return
	}
	for i := range a.Detail {
		if a.Detail[i].Key == key {
			a.Detail[i].Value = value
			return
		}
	}
	a.Detail = append(a.Detail, record.Pair{Key: key, Value: value})
}

// newAct makes an act from an event, not yet due.
func (c *Converter) newAct(e *event.Event, s *session, op record.Op, rule ruleID) *act {
	c.s.Seq++
	now := tick(e.Time)
	a := c.pools.act()
	a.Seq, a.Op, a.Result, a.Rule, a.Src, a.IDs = c.s.Seq, op, record.Success, rule, sourceOf(e), append(a.IDs, e.RecordID)
	a.Time, a.First, a.End, a.Last, a.Count, a.Timer = now, now, now, now, 1, 1<<63-1
	if s != nil {
		a.Logon, a.User, a.SID = s.Logon, s.User, s.SID
		s.Pending++
	}
	if c.s.Away.By != 0 {
		c.noteClock(a)
	}
	c.s.Acts.put(a)
	return a
}

// handleAct makes an act from a use of a handle and takes the handle's events.
func (c *Converter) handleAct(e *event.Event, s *session, h *handle, k handleKey, op record.Op, rule ruleID) *act {
	a := c.newAct(e, s, op, rule)
	a.IDs = a.IDs[:0]
	c.takeIDs(a, h)
	if len(a.IDs) == 0 { // the event used several rights, and another act has it too
		a.IDs = append(a.IDs, e.RecordID)
	}
	a.First = min(h.Open, a.Time)
	a.tag = h.tag
	if p := c.at; p != nil && p.Key == h.Key && !c.known(p).dir() {
		a.tag.noDir = c.s.Facts.dirs + 1
	}
	a.Path, a.Key, a.PID, a.Process, a.IP = h.Path, h.Key, h.PID, h.Process, h.IP
	a.User, a.SID = h.User, h.SID
	a.Known, a.Snapshot, a.Open, a.Handle = h.Known, h.Snapshot, true, k
	a.Object = record.ObjectFile
	if h.Dir {
		a.Object = record.ObjectDirectory
	}
	a.Certain = ruleTable[rule].Confidence == certain
	a.Txn = h.Txn
	if h.Stream {
		a.detail("stream", "yes")
	}
	if h.Removable {
		a.detail("removable", "yes")
	}
	h.Act = a.Seq
	return a
}

// actOf makes an act from an open handle whose uses are not in the log, at the
// time of its opening.
func (c *Converter) actOf(s *session, h *handle, k handleKey, op record.Op, rule ruleID) *act {
	c.s.Seq++
	a := &act{
		Seq: c.s.Seq, Op: op, Result: record.Success, Object: record.ObjectFile, Rule: rule, Logon: s.Logon, User: h.User, SID: h.SID, IP: h.IP,
		Src: h.Src, Time: h.Open, First: h.Open, End: h.Open, Last: h.Open, Count: 1, Timer: 1<<63 - 1, Path: h.Path, Key: h.Key, PID: h.PID, Process: h.Process,
		Known: h.Known, Snapshot: h.Snapshot, Handle: k,
	}
	if h.Dir {
		a.Object = record.ObjectDirectory
	}
	c.takeIDs(a, h)
	s.Pending++
	c.s.Acts.put(a)
	h.Act = a.Seq
	return a
}

// takeIDs moves the events that no act has yet from the handle to the act.
func (c *Converter) takeIDs(a *act, h *handle) {
	if a.Src.same(h.Src) {
		c.addIDs(a, h.IDs)
	}
	h.IDs = h.IDs[:0]
}

func (c *Converter) addIDs(a *act, ids []uint64) {
	if n := c.opt.MaxRawIDs - len(a.IDs); n < len(ids) {
		ids = ids[:max(n, 0)]
	}
	a.IDs = append(a.IDs, ids...)
}

// evidence adds an event to an act.
func (c *Converter) evidence(a *act, e *event.Event) {
	if a.Src.Channel == e.Channel && a.Src.Generation == e.Generation && len(a.IDs) < c.opt.MaxRawIDs {
		a.IDs = append(a.IDs, e.RecordID)
	}
	a.End = max(a.End, tick(e.Time))
}

// due says when an act is final unless something joins it.
func (c *Converter) due(a *act, at tick) {
	a.Due = at
	if at < a.Timer {
		a.Timer = at
		c.s.setTimer(timer{Due: at, Kind: timeAct, Seq: a.Seq})
	}
}

// live returns a pending act of the path that may still take something at now.
func (c *Converter) live(seq uint64, now, window tick) *act {
	if seq == 0 {
		return nil
	}
	a := c.s.Acts.get(seq)
	if a == nil || now-a.Last > window {
		return nil
	}
	return a
}

// absorb makes b part of a.
func (c *Converter) absorb(a, b *act) {
	if a == nil || b == nil || a == b {
		return
	}
	if a.Src.same(b.Src) {
		c.addIDs(a, b.IDs)
	}
	a.First, a.End, a.Last = min(a.First, b.First), max(a.End, b.End), max(a.Last, b.Last)
	if a.IP == "" {
		a.IP = b.IP
	}
	if h := c.s.Handles.get(b.Handle); h != nil && h.Act == b.Seq {
		h.Act = a.Seq
	}
	c.forget(b)
}

// forget takes an act out of all lists.
func (c *Converter) forget(a *act) {
	if c.s.Acts.get(a.Seq) != a {
		return
	}
	c.s.Acts.drop(a)
	c.pools.acts.give(a)
	c.unlink(a, a.Key)
	if a.NewPath != "" {
		c.unlink(a, fold(a.NewPath))
	}
	if s := c.s.Sessions.get(a.Logon); s != nil {
		s.Renames = without(s.Renames, a.Seq)
		s.Reads = without(s.Reads, a.Seq)
		s.Fresh = without(s.Fresh, a.Seq)
		if s.Pending > 0 { // an act without a session counts nowhere
			s.Pending--
		}
	}
}

func (c *Converter) unlink(a *act, key string) {
	k := pathKey{a.Logon, key}
	hash := a.tag.hash
	if hash == 0 || key != a.Key {
		hash = c.hash(key)
	}
	p := c.s.Paths.get(k, hash)
	if p == nil {
		return
	}
	for _, f := range [...]*uint64{&p.Read, &p.Write, &p.Delete, &p.Denied, &p.Copy, &p.Perm, &p.Attr, &p.List} {
		seq := *f
		if seq == a.Seq {
			seq = 0
		}
		*f = seq // without a branch: which one it is cannot be guessed
	}
	c.dropPaths(k, hash, p)
}

func without(l []uint64, seq uint64) []uint64 {
	if n := slices.Index(l, seq); n >= 0 {
		return slices.Delete(l, n, n+1)
	}
	return l
}

// push appends to a short list that keeps its newest entries.
func push[T any](l []T, v T, limit int) []T {
	if len(l) >= limit {
		n := copy(l, l[len(l)-limit+1:])
		clear(l[n:])
		l = l[:n]
	}
	return append(l, v)
}
