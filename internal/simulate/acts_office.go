package simulate

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// ownerName is the file by which an Office program marks a document as open:
// of a long name the first two characters give way.
func ownerName(name string) string {
	stem := utf16.Encode([]rune(strings.TrimSuffix(name, extOf(name))))
	switch {
	case len(stem) >= 8:
		stem = stem[2:]
	case len(stem) == 7:
		stem = stem[1:]
	}
	if len(stem) > 0 && stem[0] >= 0xdc00 && stem[0] < 0xe000 {
		stem = stem[1:] // no half of a character
	}
	return "~$" + string(utf16.Decode(stem)) + extOf(name)
}

// purge deletes a file by handle and is no act of its own.
func (g *gesture) purge(root *node, path string, mask uint32) {
	o := g.open(root, path, mask)
	g.use(o, maskDelete)
	g.tick()
	g.gone(o)
	g.shut(o)
}

// swap renames inside a folder and is no act of its own.
func (g *gesture) swap(root *node, dir, path string) {
	o := g.open(root, path, openRename)
	g.use(o, maskDelete)
	g.tick()
	g.enter(dir, openAddFile, maskWrite)
	g.shut(o)
}

// officeOpen opens a document in an Office program, which makes the owner
// file. It returns that file's path.
func (g *gesture) officeOpen(n *node, a *act, reading bool) string {
	root, dir, path := n.root(), n.parent.path(), n.path()
	owner := dir + `\` + ownerName(n.name)
	a.side(owner)
	g.check(root, path, openStat)
	o := g.open(root, path, openBoth)
	g.use(o, maskRead)
	if reading {
		g.proof(a)
	}
	g.step(300*micro, 20*milli)
	g.shut(o)
	g.make(root, dir, owner, openTemp, maskWrite, nil)
	o = g.open(root, path, openRead)
	g.use(o, maskRead)
	g.step(milli, 90*milli)
	g.shut(o)
	return owner
}

// officeRead opens a document, looks at it and closes it.
func (g *gesture) officeRead(n *node) {
	a := g.begin("read", n.path(), objFile)
	owner := g.officeOpen(n, a, true)
	g.step(20*second, 20*minute)
	g.purge(n.root(), owner, openRename)
	n.busy = g.t
	g.end(a)
}

// officeSave edits a document and saves it some times by way of temporary
// files: each save is an act. Word and PowerPoint have names of their own for
// them.
func (g *gesture) officeSave(n *node) {
	root, dir, path := n.root(), n.parent.path(), n.path()
	a := g.begin("write", path, objFile)
	owner := g.officeOpen(n, a, false)
	saves := 1 + g.w.rng.IntN(3)
	for i := range saves {
		if i > 0 {
			a = g.begin("write", path, objFile)
			a.side(owner)
		}
		g.step(40*second, 15*minute)
		fresh, old := fmt.Sprintf("%08X", g.w.rng.Uint32()), fmt.Sprintf("%08X.tmp", g.w.rng.Uint32())
		switch extOf(n.name) {
		case ".docx":
			fresh, old = fmt.Sprintf("~WRD%04d.tmp", g.w.rng.IntN(10000)), fmt.Sprintf("~WRL%04d.tmp", g.w.rng.IntN(10000))
		case ".pptx":
			k := g.w.rng.IntN(0xff00)
			fresh, old = fmt.Sprintf("ppt%04X.tmp", k), fmt.Sprintf("ppt%04X.tmp", k+1+g.w.rng.IntN(200))
		}
		fresh, old = dir+`\`+fresh, dir+`\`+old
		a.side(fresh)
		a.side(old)
		if i > 0 {
			a.start = g.t
		}
		g.check(root, path, openStat)
		g.make(root, dir, fresh, openTemp, maskWrite, nil)
		g.step(milli, 25*milli)
		g.swap(root, dir, path)
		g.swap(root, dir, fresh)
		g.proof(a)
		g.check(root, path, openStat)
		g.purge(root, old, openKill)
		if g.w.chance(0.5) {
			o := g.open(root, path, openRead)
			g.use(o, maskRead)
			g.shut(o)
		}
		if i < saves-1 {
			g.end(a)
		}
	}
	g.step(5*second, 10*minute)
	g.purge(root, owner, openRename)
	n.busy = g.t
	g.end(a)
}

// browse opens a folder in the Explorer, which looks at all files and reads
// some for thumbnails.
func (g *gesture) browse(n *node) {
	root, dir := n.root(), n.path()
	a := g.begin("list", dir, objDir)
	g.check(root, dir, openStat)
	o := g.open(root, dir, openList)
	g.use(o, maskRead)
	g.proof(a)
	g.tick()
	if g.w.chance(0.5) {
		a.side(dir + `\desktop.ini`)
		g.check(root, dir+`\desktop.ini`, openRead)
	}
	if g.w.chance(0.5) {
		g.check(root, dir, openList)
	}
	for i, k := range n.kids {
		if i == 30 {
			break
		}
		if k.dir {
			continue
		}
		a.side(k.path())
		g.check(root, k.path(), openStat)
		if hasExt(".jpg", ".pdf", ".pptx")(k) && k.busy <= g.t {
			h := g.open(root, k.path(), openRead)
			g.use(h, maskRead)
			g.step(200*micro, 12*milli)
			g.shut(h)
		}
	}
	g.shut(o)
	g.end(a)
}
