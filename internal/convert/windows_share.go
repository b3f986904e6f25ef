package convert

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/record"
)

// shareOf learns a share from an event that names it and its folder. The newest
// event that names a folder is right: a share may be removed and made again
// elsewhere, and the events of that may be missing.
func (c *Converter) shareOf(e *event.Event) (name string, sh share) {
	name = c.textOf(e, event.ShareName)
	local := c.path(c.textOf(e, event.ShareLocalPath))
	if sh, ok := c.s.Shares[name]; ok && sh.Key != "" {
		if key := strings.TrimRight(local.Key, `\`); local.Drop || key == "" || key == sh.Key {
			return name, sh
		}
		c.forgetPaths()
	}
	sh = share{UNC: c.unc(name)}
	if !local.Drop {
		sh.Local, sh.Key = strings.TrimRight(local.Path, `\`), strings.TrimRight(local.Key, `\`)
	}
	if len(c.s.Shares) >= 4096 {
		clear(c.s.Shares)
		c.forgetPaths()
	}
	c.s.Shares[name] = sh
	c.sharesChanged()
	return name, sh
}

// lastShare is the share that an event named last. It is derived from the state.
type lastShare struct {
	share
	name   string
	raw    string // its folder, as the event named it
	pipes  bool
	usual  bool // Local is a folder of a drive
	system bool // and one of the system's

	below     bool   // no other share begins below it
	belowGen  uint64 // Converter.shareGen when that was found
	belowUNC  string // shareFor of the names below it
	belowRoot uint32

	unread []byte     // the folder with a backslash behind it, as a log holds it: UTF-16
	as     [2]rawText // name and raw as a log holds them
}

// enter makes the event's share the last one.
func (c *Converter) enter(e *event.Event) *lastShare {
	if l := c.last; l != nil && l.as[0].is(e, event.ShareName) && l.as[1].is(e, event.ShareLocalPath) {
		return l
	}
	name, raw := c.textOf(e, event.ShareName), c.textOf(e, event.ShareLocalPath)
	if l := c.last; l != nil && l.name == name && (l.raw == raw || raw == "") {
		if l.raw == raw {
			l.as[0].learn(e, event.ShareName)
			l.as[1].learn(e, event.ShareLocalPath)
		}
		return l
	}
	l := c.shares[name]
	if l == nil || l.raw != raw && raw != "" {
		_, sh := c.shareOf(e)
		if len(c.shares) >= 256 {
			clear(c.shares)
		}
		l = &lastShare{share: sh, name: name, raw: raw, pipes: pipeShare(name)}
		l.system = systemFolder(sh.Key + `\`)
		if sh.Local != "" && utf8.ValidString(sh.Local) {
			l.usual = len(sh.Local) >= 2 && sh.Local[1] == ':' && (len(sh.Local) == 2 || sh.Local[2] == '\\') && !strings.Contains(sh.Local[2:], ":")
			for _, u := range utf16.Encode([]rune(sh.Local + `\`)) {
				l.unread = append(l.unread, byte(u), byte(u>>8))
			}
		}
		if sh.Key != "" {
			c.shares[name] = l
		}
	}
	if l.Key != "" {
		c.last = l
		if l.raw == raw {
			l.as[0].learn(e, event.ShareName)
			l.as[1].learn(e, event.ShareLocalPath)
		}
	}
	return l
}

// path makes a name below the share uniform.
func (l *lastShare) path(c *Converter, rel []byte) (p *pathInfo, root bool) {
	rel = bytes.TrimLeft(rel, `\`)
	if len(rel) == 0 {
		return c.path(l.Local), true
	}
	b := append(append(c.raw[:0], l.Local...), '\\')
	b = append(b, rel...)
	c.raw = b
	return c.pathOf(b), false
}

// unc writes \\*\NAME with the server's name.
func (c *Converter) unc(name string) string {
	if rest, ok := strings.CutPrefix(name, `\\*\`); ok {
		return `\\` + c.host + `\` + rest
	}
	return name
}

// sharesChanged forgets what was derived from the shares.
func (c *Converter) sharesChanged() {
	c.shareList = c.shareList[:0]
	c.shareGen++
}

// shareOfAct is shareFor of an act's path.
func (c *Converter) shareOfAct(a *act) (unc string, root uint32) {
	if l := a.tag.share; l != nil {
		if unc, root, ok := c.shareBelow(l); ok {
			return unc, root
		}
	}
	return c.shareFor(a.Path, a.Key)
}

// shareFor finds the share with the longest folder above a path.
func (c *Converter) shareFor(path, key string) (unc string, root uint32) {
	c.listShares()
	best := -1
	for i := range c.shareList {
		sh := &c.shareList[i]
		if sh.Key == "" || len(sh.Key) < best || !under(key, sh.Key) || !cutsAt(path, sh) {
			continue
		}
		if len(sh.Key) == best && (adminShare(sh.UNC) && !adminShare(unc) || adminShare(sh.UNC) == adminShare(unc) && sh.UNC >= unc) {
			continue // of two shares of one folder the plain, then the smaller name
		}
		best, unc, root = len(sh.Key), sh.UNC, uint32(len(sh.Local))
	}
	return unc, root
}

// listShares fills shareList.
func (c *Converter) listShares() {
	if len(c.shareList) == 0 {
		for _, sh := range c.s.Shares {
			c.shareList = append(c.shareList, sh)
		}
	}
}

// cutsAt reports whether the share's folder is the beginning of path, byte for
// byte as long: folding may change lengths.
func cutsAt(path string, sh *share) bool {
	n := len(sh.Local)
	return n <= len(path) && (n == len(path) || path[n] == '\\') && (path[:n] == sh.Local || fold(path[:n]) == sh.Key)
}

func adminShare(unc string) bool { return strings.HasSuffix(unc, "$") }

func pipeShare(name string) bool {
	n := baseOf(name)
	return strings.EqualFold(n, "IPC$") || strings.EqualFold(n, "PRINT$")
}

// shareConnect handles 5140: a share was reached by a session.
func (c *Converter) shareConnect(e *event.Event) {
	s := c.subject(e)
	ip := address(c.textOf(e, event.IpAddress))
	s.moved(tick(e.Time), ip)
	name, sh := c.shareOf(e)
	if !e.Failed() || pipeShare(name) {
		return
	}
	path, key := sh.Local, sh.Key
	if path == "" {
		path, key = sh.UNC, fold(sh.UNC)
	}
	if p := c.pathsIf(pathKey{s.Logon, key}); p != nil {
		if a := c.live(p.Denied, tick(e.Time), denyWindow); a != nil { // tried again
			c.again(a, []uint64{e.RecordID}, sourceOf(e), tick(e.Time))
			return
		}
	}
	a := c.newAct(e, s, record.OpRead, ruleF2)
	a.Result, a.Certain, a.Object, a.IP = record.Denied, true, record.ObjectShare, ip
	a.Path, a.Key = path, key
	c.refused(a, s)
}

// shareOpen handles 5145: access to a path below a share was asked for.
func (c *Converter) shareOpen(e *event.Event) {
	s := c.subject(e)
	now := tick(e.Time)
	ip := c.address(e, s)
	s.moved(now, ip)
	sh := c.enter(e)
	if sh.Key == "" || sh.pipes {
		c.unused(e, ReasonNoVolume)
		return
	}
	p, root, slot := c.sharePath(e, sh)
	if p.Drop {
		c.unused(e, ReasonNoVolume)
		return
	}
	mask := mapGeneric(uint32(e.Get(event.AccessMask).Uint()))
	if e.Failed() {
		c.shareDenied(e, s, p, mask, ip)
		return
	}
	switch {
	case p.Mark:
		mask = readAttr | synchro
	case p.Stream && mask&delete_ != 0: // of the stream, which changes the file
		mask = mask&^delete_ | writeData
	}
	s.Share = asked{now, mask, ip, p.Path, p.Key}
	if dir := p.Dir; !root && !c.knownDir(p).dir() {
		c.knownFolder(dir)
		c.wasFolder(s, dir, now)
	}
	if c.s.Gaps > 0 && mask&(writing|delete_) == 0 {
		c.lostSwap(s, p.Key, now)
	}
	if c.candidate(s, p, mask, now, e.RecordID, sourceOf(e)) {
		return
	}
	if !root {
		c.touch(s, p.Key, nil, now)
	}
	c.hinted(e, s, p, mask, root, slot)
}

// hinted notes a share access that waits for its open, or ends the wait where none
// will come.
func (c *Converter) hinted(e *event.Event, s *session, p *pathInfo, mask uint32, root bool, slot *unreadSlot) {
	now := tick(e.Time)
	k := pathKey{s.Logon, p.Key}
	pk := c.s.Paths.get(k, p.hash)
	if pk != nil && pk.Denied != 0 {
		c.shareGranted(pk, &hint{At: now, Mask: mask, Path: p.Path, Key: p.Key, Src: sourceOf(e), User: s.User, SID: s.SID})
		pk = c.pathsAt(k, p.hash)
	}
	op, _ := requestedOp(mask, root || folderMask(mask), baseOf(p.Key))
	waits := op == 0 || c.auditedPath(p, mask)
	switch {
	case waits && pk == nil:
		c.await(s, p, slot).set(e, s, p, mask, root)
		return
	case pk == nil:
		pk = c.pathsAt(k, p.hash)
	}
	if len(pk.Hints) >= maxHints {
		pk.Hints = pk.Hints[:copy(pk.Hints, pk.Hints[len(pk.Hints)-maxHints+1:])]
	}
	pk.newHint().set(e, s, p, mask, root)
	if !waits {
		hints := pk.Hints
		pk.Hints = nil
		c.requested(k, pk, hints)
		c.dropPaths(k, p.hash, c.pathsIf(k))
		return
	}
	c.s.setTimer(timer{Due: now + hintWindow, Kind: timeHint, Seq: s.Logon, Key: p.Key, Num: p.hash})
}

// set sets all fields of a hint.
func (h *hint) set(e *event.Event, s *session, p *pathInfo, mask uint32, root bool) {
	h.At, h.ID, h.Mask, h.IP, h.Path, h.Key, h.Src, h.User, h.SID, h.Root = tick(e.Time), e.RecordID, mask, s.Share.IP, p.Path, p.Key, sourceOf(e), s.User, s.SID, root
}

// newHint makes room for a hint. All its fields must be set: it may have been
// another one.
func (p *pending) newHint() *hint {
	n := len(p.Hints)
	if n < cap(p.Hints) {
		p.Hints = p.Hints[:n+1]
	} else {
		p.Hints = append(p.Hints, hint{})
	}
	return &p.Hints[n]
}

// maxHints are the share accesses of a path that wait for its open.
const maxHints = 8

// takeHints gives a handle the share accesses that led to it: they show the
// client's address and what was asked for.
func (c *Converter) takeHints(h *handle, now tick) {
	k := pathKey{h.Logon, h.Key}
	if w := &c.waiting; w.on && w.k == k {
		w.on = false
		if c.pathsIf(k) == nil {
			c.takeHint(h, &w.hint, now)
			return
		}
		*c.paths(k.Logon, k.Key).newHint() = w.hint // something came there since
	}
	p := c.pathsIf(k)
	if p == nil {
		return
	}
	for _, q := range [...]uint64{p.Read, p.Write, p.Delete, p.List, p.Perm, p.Attr} {
		if a := c.live(q, now, hintWindow); a != nil && a.Requested && a.Count == 1 { // now it is known what was used
			h.IP, h.Open = a.IP, min(h.Open, a.First)
			h.Probed = h.Probed || a.Probed
			h.Known = a.Known
			if a.Src.same(h.Src) {
				h.IDs = append(h.IDs, a.IDs...)
			}
			c.forget(a)
		}
	}
	if p = c.pathsIf(k); p == nil {
		return
	}
	for i := range p.Hints {
		c.takeHint(h, &p.Hints[i], now)
	}
	p.Hints = p.Hints[:0] // the entry goes when the time of its hints is over
}

// takeHint gives a handle one share access.
func (c *Converter) takeHint(h *handle, x *hint, now tick) {
	if now-x.At > hintWindow {
		return
	}
	h.IP = x.IP
	h.Open = min(h.Open, x.At)
	if x.Mask&^(readAttr|synchro) == 0 && x.Mask&synchro == 0 {
		h.Probed = true
	}
	if !h.Dir && folderMask(x.Mask) && !c.factOf(h.Key).file() {
		h.Dir = true
	}
	if x.Src.same(h.Src) {
		h.IDs = append(h.IDs, x.ID)
	}
}

// expireHints ends the wait for the 4656 of share accesses.
func (c *Converter) expireHints(k pathKey, hash uint64, at tick) {
	p := c.s.Paths.get(k, hash)
	if p == nil {
		return
	}
	n := 0
	for n < len(p.Hints) && p.Hints[n].At+hintWindow <= at {
		n++
	}
	if n > 0 {
		gone := append([]hint(nil), p.Hints[:n]...)
		p.Hints = append(p.Hints[:0], p.Hints[n:]...)
		c.requested(k, p, gone)
		p = c.s.Paths.get(k, hash)
	}
	c.dropPaths(k, hash, p)
}

// shareChange handles 5142, 5143 and 5144.
func (c *Converter) shareChange(e *event.Event) {
	s := c.subject(e)
	delete(c.s.Shares, text(e.Get(event.ShareName)))
	c.sharesChanged()
	c.forgetPaths()
	name, sh := c.shareOf(e)
	a := c.newAct(e, s, record.OpShareChanged, ruleV5)
	a.Certain, a.Object = true, record.ObjectShare
	a.Path = sh.UNC
	if a.Path == "" {
		a.Path = name
	}
	a.detail("local_path", sh.Local)
	a.detail("change", map[uint32]string{5142: "added", 5143: "changed", 5144: "removed"}[e.ID])
	a.detail("old_sddl", text(e.Get(event.OldShareSD)))
	a.detail("new_sddl", text(e.Get(event.NewShareSD)))
	a.detail("old_remark", text(e.Get(event.OldRemark)))
	a.detail("new_remark", text(e.Get(event.NewRemark)))
	if e.ID == 5144 {
		delete(c.s.Shares, name)
		c.sharesChanged()
		c.forgetPaths()
	}
	c.due(a, a.Time+sec)
}
