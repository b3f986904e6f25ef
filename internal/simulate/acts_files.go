package simulate

// read opens a file and reads it. The program may ask for the attributes first.
func (g *gesture) read(n *node) *act {
	path, root := n.path(), n.root()
	a := g.begin("read", path, objFile)
	if g.smb() && g.w.chance(0.5) {
		g.check(root, path, openStat)
	}
	o := g.open(root, path, openRead)
	if g.w.chance(0.2) {
		g.use(o, 0x80)
		g.tick()
	}
	g.use(o, maskRead)
	g.proof(a)
	g.step(2*milli, 60*milli)
	g.shut(o)
	n.busy = g.t
	g.end(a)
	return a
}

// edit reads a file and some minutes later writes it in place.
func (g *gesture) edit(n *node) {
	path, root := n.path(), n.root()
	a := g.begin("write", path, objFile)
	o := g.open(root, path, openRead)
	g.use(o, maskRead)
	g.step(2*milli, 60*milli)
	g.shut(o)
	g.step(20*second, 12*minute)
	mask := uint32(openWrite)
	if g.w.chance(0.4) {
		mask = openBoth
	}
	o = g.open(root, path, mask)
	g.use(o, maskWrite)
	g.proof(a)
	g.step(200*micro, 3*milli)
	if g.w.chance(0.5) {
		g.use(o, maskAppend)
		g.step(100*micro, milli)
	}
	g.shut(o)
	g.check(root, path, openStat)
	n.busy = g.t
	g.end(a)
}

// make writes the requests that make a file and fill it.
func (g *gesture) make(root *node, dir, path string, mask, use uint32, a *act) {
	if g.smb() {
		g.check(root, path, openShort)
	}
	g.enter(dir, openAddFile, maskWrite)
	o := g.open(root, path, mask)
	g.use(o, use)
	if a != nil {
		g.proof(a)
	}
	g.step(300*micro, 25*milli)
	g.use(o, maskTimes)
	g.shut(o)
}

// create saves a new file into a folder.
func (g *gesture) create(in *node) *node {
	n := in.add(g.w.fileName(in), false)
	a := g.begin("create", n.path(), objFile)
	a.AltOps = []string{"write"}
	g.make(n.root(), in.path(), n.path(), openBoth, maskWrite|maskAppend, a)
	g.check(n.root(), n.path(), openStat)
	n.busy = g.t
	g.end(a)
	return n
}

// copyIn copies files of the client into a folder.
func (g *gesture) copyIn(in *node, files int) {
	root := in.root()
	for range files {
		n := in.add(g.w.fileName(in), false)
		a := g.begin("create", n.path(), objFile)
		a.AltOps = []string{"write"}
		a.side(in.path())
		g.check(root, in.path(), openRead)
		g.make(root, in.path(), n.path(), openCopy, maskWrite|maskAppend, a)
		o := g.open(root, in.path(), openList)
		g.use(o, maskRead)
		g.shut(o)
		n.busy = g.t
		g.end(a)
		g.step(4*milli, 300*milli)
	}
}

// copyOut copies files to the client, which looks like reading them.
func (g *gesture) copyOut(files []*node) {
	for _, n := range files {
		g.read(n)
		g.step(5*milli, 150*milli)
	}
}

// neighbours are up to most free files of n's folder, n first.
func (g *gesture) neighbours(n *node, most int) []*node {
	l := []*node{n}
	for _, k := range n.parent.kids {
		if len(l) < most && k != n && !k.dir && k.busy <= g.t {
			l = append(l, k)
		}
	}
	return l
}

// copyWithin copies a file to another folder of the server.
func (g *gesture) copyWithin(n, to *node) *node {
	name := n.name
	if to.child(name) != nil {
		name = g.w.fileName(to)
	}
	c := to.add(name, false)
	src, dst := n.path(), c.path()
	a := g.begin("copy", src, objFile)
	a.NewPath = dst
	from := g.open(n.root(), src, openRead)
	g.use(from, maskRead)
	g.tick()
	g.connect(to)
	g.check(to.root(), dst, openShort)
	g.enter(to.path(), openAddFile, maskWrite)
	o := g.open(to.root(), dst, openCopy)
	g.use(o, maskWrite)
	g.proof(a)
	g.step(2*milli, 60*milli)
	g.use(o, maskTimes)
	g.shut(o)
	g.shut(from)
	n.busy, c.busy = g.t, g.t
	g.end(a)
	return c
}

// relocate is a rename or a move inside the volume: the old name is opened for
// it, and the server enters the folder of the new name.
func (g *gesture) relocate(n, to *node, name, op string) {
	object, mask, bit := objFile, uint32(openAddFile), uint32(maskWrite)
	if n.dir {
		object, mask, bit = objDir, openAddDir, maskAppend
	}
	root, old := n.root(), n.path()
	a := g.begin(op, old, object)
	if g.smb() {
		g.check(root, old, openStat)
	}
	o := g.open(root, old, openRename)
	g.use(o, maskDelete)
	g.proof(a)
	g.tick()
	g.enter(to.path(), mask, bit)
	g.shut(o)
	n.remove()
	n.name, n.parent = name, to
	to.kids = append(to.kids, n)
	a.NewPath = n.path()
	g.step(2*milli, 40*milli)
	g.check(root, n.path(), openStat)
	n.busy = g.t
	g.end(a)
}

// rename gives a file or folder another name.
func (g *gesture) rename(n *node) {
	if n.dir {
		g.relocate(n, n.parent, g.w.folderName(n.parent), "rename")
		return
	}
	g.relocate(n, n.parent, g.w.fileName(n.parent, extOf(n.name)), "rename")
}

// move puts a file into another folder.
func (g *gesture) move(n, to *node) bool {
	if to == n.parent || to.child(n.name) != nil {
		return false
	}
	g.relocate(n, to, n.name, "move")
	return true
}

// mkdir makes a folder.
func (g *gesture) mkdir(in *node) *node {
	n := in.add(g.w.folderName(in), true)
	root, path := n.root(), n.path()
	a := g.begin("create", path, objDir)
	a.AltOps = []string{"write"}
	g.check(root, path, openShort)
	o := g.open(root, path, openList)
	g.use(o, maskRead)
	g.tick()
	g.enter(in.path(), openAddDir, maskAppend)
	g.proof(a)
	g.shut(o)
	g.check(root, path, openStat)
	n.busy = g.t
	g.end(a)
	return n
}

// newThenRename makes a file by the Explorer's menu and names it.
func (g *gesture) newThenRename(in *node) {
	if in.child("新しいテキスト文書.txt") != nil {
		return
	}
	n := in.add("新しいテキスト文書.txt", false)
	root, path := n.root(), n.path()
	a := g.begin("create", path, objFile)
	a.AltOps = []string{"write"}
	g.check(root, path, openShort)
	g.enter(in.path(), openAddFile, maskWrite)
	o := g.open(root, path, openTemp)
	g.use(o, maskWrite|maskTimes)
	g.proof(a)
	g.shut(o)
	g.end(a)
	g.step(3*second, 9*second)
	g.rename(n)
}

// delete removes a file, by the handle (4656 … 4660) or by the form without
// one (4659).
func (g *gesture) delete(n *node, byHandle bool) {
	root, path := n.root(), n.path()
	a := g.begin("delete", path, objFile)
	g.check(root, path, openStat)
	g.step(200*milli, 900*milli)
	g.erase(n, a, byHandle)
	g.end(a)
}

// erase is the deletion itself.
func (g *gesture) erase(n *node, a *act, byHandle bool) {
	root, path := n.root(), n.path()
	mask := uint32(openRename)
	if n.dir {
		mask = openPurge
	}
	if byHandle {
		o := g.open(root, path, mask)
		g.use(o, maskDelete)
		g.tick()
		g.gone(o)
		g.proof(a)
		g.shut(o)
	} else {
		g.check(root, path, openKill)
		l := g.w.lists
		g.w.emit(g.t, form4659, false, g.acts, append(g.object(path, 0), guid(noGUID), str(l.list(openKill)), hex32(openKill), str("-"), hex64(g.s.pid))...)
		g.proof(a)
	}
	n.remove()
}

// deleteTree removes a folder with all that is in it, children first.
func (g *gesture) deleteTree(n *node) {
	path := n.path()
	o := g.open(n.root(), path, openList)
	g.use(o, maskRead)
	g.shut(o)
	for len(n.kids) > 0 {
		k := n.kids[0]
		if k.dir {
			g.deleteTree(k)
			continue
		}
		a := g.begin("delete", k.path(), objFile)
		g.erase(k, a, true)
		g.end(a)
		g.step(200*micro, 3*milli)
	}
	a := g.begin("delete", path, objDir)
	g.erase(n, a, true)
	g.end(a)
}

func extOf(name string) string {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '.' {
			return name[i:]
		}
	}
	return ""
}
