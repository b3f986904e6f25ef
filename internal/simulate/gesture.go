package simulate

import (
	"strconv"
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
)

// gesture is one thing that a person does, and its time line.
type gesture struct {
	w     *server
	s     *session
	kind  string
	class string
	group int
	t     int64
	acts  []*act // those that the next events belong to
}

// open is a handle in use.
type open struct {
	n    int
	path string
	mask uint32
	used uint32
}

func (w *server) gesture(s *session, kind string, t int64) *gesture {
	w.group++
	return &gesture{w: w, s: s, kind: kind, class: classUser, group: w.group, t: t}
}

// step lets a random time pass.
func (g *gesture) step(a, b int64) { g.t += g.w.between(a, b) }

// tick is the time between two events of one request.
func (g *gesture) tick() { g.step(20*micro, 380*micro) }

// begin starts an act: the events from now on belong to it, until end.
func (g *gesture) begin(op, path, object string) *act {
	a := &act{start: g.t, end: g.t, proof: g.t}
	a.Action = Action{
		ID: len(g.w.acts) + 1, Server: g.w.name, User: g.s.p.user(), SID: g.s.p.sid, ClientIP: g.s.ip(), Op: op, Path: path, Result: success, Object: object,
		Observable: true, NewPathObservable: true, ClientIPObservable: true, Class: g.class, Kind: g.kind, Group: g.group,
	}
	if v := g.w.variant; v.NoShareChecks && g.smb() {
		// Nothing but a share check names the target of a rename.
		a.NewPathObservable = op != "rename" && op != "move"
	}
	g.w.acts = append(g.w.acts, a)
	g.acts = append(g.acts[:len(g.acts):len(g.acts)], a)
	return a
}

// proof says that the event that was just written proves the act.
func (g *gesture) proof(a *act) { a.proof = g.t - g.t%100 }

// end says that the further events do not belong to a.
func (g *gesture) end(a *act) {
	var l []*act
	for _, k := range g.acts {
		if k != a {
			l = append(l, k)
		}
	}
	g.acts = l
	g.s.used = max(g.s.used, g.t)
}

func (a *act) side(path string) { a.SidePaths = append(a.SidePaths, path) }

// smb reports whether the requests come from the network.
func (g *gesture) smb() bool { return !g.s.local }

func (g *gesture) shareOf(root *node) (name, local string) {
	name = root.share
	return `\\*\` + name, `\??\` + volume + `\` + root.name
}

// connect writes the first use of a share in the session.
func (g *gesture) connect(n *node) {
	root := n.root()
	if !g.smb() || g.s.shares[root] {
		return
	}
	g.s.shares[root] = true
	name, local := g.shareOf(root)
	g.w.emit(g.t, form5140, false, g.acts, append(g.s.subject(), str("File"), str(g.s.p.address()), str(strconv.Itoa(g.s.port)), str(name), str(local), hex32(1), str(g.w.lists.list(1)))...)
	g.tick()
}

// check is the access check at the share, which each request over SMB meets.
func (g *gesture) check(root *node, path string, mask uint32) { g.checkShare(root, path, mask, 0) }

func (g *gesture) checkShare(root *node, path string, mask, refused uint32) {
	if !g.smb() {
		return
	}
	g.connect(root)
	name, local := g.shareOf(root)
	rel := strings.TrimPrefix(strings.TrimPrefix(path, root.path()), `\`)
	if rel == "" {
		rel = `\`
	}
	ace := aceShare
	if root.low {
		ace = aceShareLow
	}
	l := g.w.lists
	g.w.emit(g.t, form5145, refused != 0, g.acts, append(g.s.subject(), str("File"), str(g.s.p.address()), str(strconv.Itoa(g.s.port)), str(name), str(local), str(rel),
		hex32(mask), str(l.list(mask)), str(l.reason(mask, refused, ace)))...)
	g.tick()
}

func (g *gesture) object(path string, handle uint64) []event.Value {
	if g.w.variant.DeviceNames && g.smb() {
		path = deviceName + path[2:]
	}
	return append(g.s.subject(), str("Security"), str("File"), str(path), hex64(handle))
}

func (o *open) value() uint64 { return 0x404 + 4*uint64(o.n) }

// ask is the request that gives a handle (4656), without its share check.
func (g *gesture) ask(path string, mask uint32) *open {
	o := &open{n: g.w.handle(g.t), path: path, mask: mask}
	l := g.w.lists
	g.w.emit(g.t, form4656, false, g.acts, append(g.object(path, o.value()), guid(noGUID), str(l.list(mask)), str(l.reason(mask, 0, aceFolder)), hex32(mask),
		str("-"), uint32v(0), hex64(g.s.pid), str(g.s.process), str("S:AI"))...)
	g.tick()
	return o
}

// open is share check and request.
func (g *gesture) open(root *node, path string, mask uint32) *open {
	g.check(root, path, mask)
	return g.ask(path, mask)
}

// refuse is a request that the folder's permissions do not allow.
func (g *gesture) refuse(root *node, path string, mask, refused uint32) {
	g.check(root, path, mask)
	l := g.w.lists
	g.w.emit(g.t, form4656, true, g.acts, append(g.object(path, 0), guid(noGUID), str(l.list(mask)), str(l.reason(mask, refused, aceReadOnly)), hex32(mask),
		str("-"), uint32v(0), hex64(g.s.pid), str(g.s.process), str("-"))...)
}

// use is the first use of a right through the handle (4663); further uses of
// the same right leave no event.
func (g *gesture) use(o *open, mask uint32) {
	mask &^= o.used
	if mask == 0 {
		return
	}
	o.used |= mask
	g.w.emit(g.t, form4663, false, g.acts, append(g.object(o.path, o.value()), str(g.w.lists.list(mask)), hex32(mask), hex64(g.s.pid), str(g.s.process), str("S:AI"))...)
}

// shut closes the handle (4658).
func (g *gesture) shut(o *open) {
	g.tick()
	g.w.emit(g.t, form4658, false, g.acts, append(g.s.subject(), str("Security"), hex64(o.value()), hex64(g.s.pid), str(g.s.process))...)
	g.w.handles[o.n] = g.t + 1
	g.tick()
}

// gone is the deletion through the handle (4660).
func (g *gesture) gone(o *open) {
	g.w.emit(g.t, form4660, false, g.acts, append(g.s.subject(), str("Security"), hex64(o.value()), hex64(g.s.pid), str(g.s.process), guid(noGUID))...)
}

// enter is the server's own request for the folder that gets a new entry.
func (g *gesture) enter(dir string, mask, bit uint32) {
	o := g.ask(dir, mask)
	g.use(o, bit)
	g.shut(o)
}
