package simulate

import (
	"fmt"
	"strings"
)

// What other programs than Office do with files (windows-events.md section 6,
// "Save-by-temporary-file"). None of these belongs to an ordinary day of the
// demonstration; Variant.Programs mixes them in.

// hex is a random number in n hex digits.
func (g *gesture) hex(n int) string {
	return fmt.Sprintf("%0*x", n, g.w.rng.Uint64()&(1<<(4*n)-1))
}

// replace renames over an existing file: nothing tells that the old content is
// gone but the name itself, which is looked at afterwards. Without share checks
// that proves nothing of the document.
func (g *gesture) replace(root *node, a *act, dir, from, to string) {
	if g.w.variant.NoShareChecks && g.smb() {
		a.Observable = false
	}
	g.swap(root, dir, from)
	g.check(root, to, openStat)
}

// document opens a file in a program that leaves a lock file beside it.
func (g *gesture) document(n *node, a *act, lock string) {
	root, dir, path := n.root(), n.parent.path(), n.path()
	o := g.open(root, path, openRead)
	g.use(o, maskRead)
	g.step(milli, 30*milli)
	g.shut(o)
	if lock != "" {
		a.side(dir + `\` + lock)
		g.make(root, dir, dir+`\`+lock, openBoth, maskWrite, nil)
	}
}

// saver is how one program saves a document: temporary names and steps.
type saver struct {
	kind string
	exts []string
	lock func(name string) string
	save func(g *gesture, n *node, a *act)
}

// safeWrite writes temporary content, in dir.
func (g *gesture) safeWrite(n *node, a *act, dir, temp string) string {
	temp = dir + `\` + temp
	a.side(temp)
	g.make(n.root(), dir, temp, openTemp, maskWrite|maskAppend, a)
	g.step(2*milli, 40*milli)
	return temp
}

func savers() []saver {
	none := func(string) string { return "" }
	stem := func(name string) string { return strings.TrimSuffix(name, extOf(name)) }
	return []saver{
		{"libreoffice_save", []string{".xlsx", ".docx", ".csv"}, func(n string) string { return ".~lock." + n + "#" }, func(g *gesture, n *node, a *act) {
			dir := n.parent.path()
			temp := g.safeWrite(n, a, dir, "lu"+g.hex(8)+".tmp")
			g.replace(n.root(), a, dir, temp, n.path())
		}},
		{"autocad_save", []string{".dwg", ".pdf"}, func(n string) string { return stem(n) + ".dwl" }, func(g *gesture, n *node, a *act) {
			dir := n.parent.path()
			temp := g.safeWrite(n, a, dir, "sav"+g.hex(4)+".tmp")
			bak := dir + `\` + stem(n.name) + ".bak"
			a.side(bak)
			g.swap(n.root(), dir, n.path())
			g.step(milli, 5*milli)
			g.swap(n.root(), dir, temp)
			g.check(n.root(), n.path(), openStat)
		}},
		{"adobe_save", []string{".pdf", ".jpg"}, none, func(g *gesture, n *node, a *act) {
			dir := n.parent.path()
			temp := g.safeWrite(n, a, dir, "ps"+g.hex(4)+".tmp")
			g.purge(n.root(), n.path(), openRename)
			g.step(milli, 5*milli)
			g.swap(n.root(), dir, temp)
			g.check(n.root(), n.path(), openStat)
		}},
		{"replacefile_save", []string{".txt", ".csv"}, none, func(g *gesture, n *node, a *act) {
			dir := n.parent.path()
			temp := g.safeWrite(n, a, dir, n.name+"~RF"+g.hex(6)+".TMP")
			old := dir + `\` + n.name + "~RF" + g.hex(6) + ".TMP"
			a.side(old)
			g.swap(n.root(), dir, n.path())
			g.swap(n.root(), dir, temp)
			g.purge(n.root(), old, openKill)
		}},
		{"vim_save", []string{".txt", ".csv"}, func(n string) string { return "." + n + ".swp" }, func(g *gesture, n *node, a *act) {
			root, dir := n.root(), n.parent.path()
			probe, old := dir+`\4913`, n.path()+"~"
			a.side(probe)
			a.side(old)
			g.make(root, dir, probe, openBoth, maskWrite, nil)
			g.purge(root, probe, openKill)
			g.swap(root, dir, n.path())
			g.check(root, old, openStat)
			g.make(root, dir, n.path(), openBoth, maskWrite, a)
			g.purge(root, old, openKill)
		}},
		{"emacs_save", []string{".txt", ".csv"}, func(n string) string { return ".#" + n }, func(g *gesture, n *node, a *act) {
			root, dir := n.root(), n.parent.path()
			auto := dir + `\#` + n.name + "#"
			a.side(auto)
			a.side(n.path() + "~")
			g.make(root, dir, auto, openBoth, maskWrite, nil)
			g.step(second, 3*second)
			g.swap(root, dir, n.path())
			g.make(root, dir, n.path(), openBoth, maskWrite, a)
			g.purge(root, auto, openKill)
		}},
		{"mac_save", []string{".txt", ".pdf", ".xlsx"}, none, func(g *gesture, n *node, a *act) {
			root, dir := n.root(), n.parent.path()
			temp := g.safeWrite(n, a, dir, n.name+".sb-"+g.hex(8)+"-aB3xYz")
			g.make(root, dir, dir+`\._`+n.name, openBoth, maskWrite, nil)
			a.side(dir + `\._` + n.name)
			g.replace(root, a, dir, temp, n.path())
		}},
	}
}

// saveBy opens a document in the program, works on it and saves it.
func (g *gesture) saveBy(s saver, n *node) {
	a := g.begin("write", n.path(), objFile)
	lock := s.lock(n.name)
	g.document(n, a, lock)
	g.step(8*second, 5*minute)
	s.save(g, n, a)
	g.step(3*second, 60*second)
	if lock != "" {
		g.purge(n.root(), n.parent.path()+`\`+lock, openKill)
	}
	n.busy = g.t
	g.end(a)
}

// download is a browser's: a file under a temporary name, renamed at its end.
func (g *gesture) download(in *node, temp string) {
	n := in.add(g.w.fileName(in, ".zip", ".pdf"), false)
	root, dir, path := n.root(), in.path(), n.path()
	a := g.begin("create", path, objFile)
	a.AltOps = []string{"rename", "write"}
	if temp == "" {
		temp = n.name + ".part"
	}
	temp = dir + `\` + temp
	a.side(temp)
	a.side(path)
	g.make(root, dir, temp, openBoth, maskWrite|maskAppend, nil)
	g.step(200*milli, 8*second)
	g.swap(root, dir, temp)
	g.proof(a)
	g.step(2*milli, 20*milli)
	g.check(root, path, openStat)
	o := g.open(root, path+":Zone.Identifier", openWrite) // where it came from
	g.use(o, maskWrite)
	g.shut(o)
	n.busy = g.t
	g.end(a)
}

// robocopy copies files of the client or of a folder, several at a time.
func (g *gesture) robocopy(from, to *node, most int) {
	var l []*node
	for _, k := range from.kids {
		if !k.dir && k.busy <= g.t && to.child(k.name) == nil && len(l) < most {
			l = append(l, k)
		}
	}
	start, end := g.t, g.t
	for i, n := range l { // four at a time, each on its own time line
		g.t = start + int64(i/4)*70*milli + int64(i%4)*3*milli
		g.copyWithin(n, to)
		end = max(end, g.t)
	}
	g.t = end
}

// pack puts the files of a folder into a new archive.
func (g *gesture) pack(in *node) {
	files := in.kids
	n := in.add(g.w.fileName(in, ".zip"), false)
	root := n.root()
	a := g.begin("create", n.path(), objFile)
	a.AltOps = []string{"write"}
	g.check(root, n.path(), openShort)
	g.enter(in.path(), openAddFile, maskWrite)
	o := g.open(root, n.path(), openBoth)
	g.use(o, maskWrite|maskAppend)
	g.proof(a)
	for _, k := range files {
		if !k.dir && k.busy <= g.t {
			g.t += g.w.between(milli, 40*milli)
			g.read(k)
		}
	}
	g.use(o, maskTimes)
	g.shut(o)
	n.busy = g.t
	g.end(a)
}

// series renames many files of a folder at once, as the Explorer does with a
// selection.
func (g *gesture) series(in *node, most int) {
	stem := fileStems[g.w.rng.IntN(len(fileStems))]
	i := 0
	for _, k := range append([]*node(nil), in.kids...) {
		if k.dir || k.busy > g.t || i >= most {
			continue
		}
		i++
		name := fmt.Sprintf("%s_%s (%d)%s", stem, g.hex(4), i, extOf(k.name))
		if in.child(name) == nil {
			g.relocate(k, in, name, "rename")
			g.step(300*micro, 4*milli)
		}
	}
}

// shred is a program that writes an encrypted copy beside each file and deletes
// the file.
func (g *gesture) shred(in *node, most int) {
	for _, k := range append([]*node(nil), in.kids...) {
		if k.dir || k.busy > g.t || most == 0 {
			continue
		}
		most--
		g.read(k)
		c := in.add(k.name+".lck", false)
		a := g.begin("create", c.path(), objFile)
		a.AltOps = []string{"write"}
		g.make(c.root(), in.path(), c.path(), openBoth, maskWrite|maskAppend, a)
		c.busy = g.t
		g.end(a)
		d := g.begin("delete", k.path(), objFile)
		g.erase(k, d, true)
		g.end(d)
		g.step(5*milli, 200*milli)
	}
}

// carry renames or moves a folder; what is opened afterwards is below its new
// name.
func (g *gesture) carry(n, to *node, name string) {
	op := "rename"
	if to != n.parent {
		op = "move"
	}
	g.relocate(n, to, name, op)
	g.step(300*milli, 3*second)
	for _, k := range n.kids {
		if !k.dir && k.busy <= g.t {
			g.read(k)
			break
		}
	}
}

// createEmpty makes a file and writes nothing into it.
func (g *gesture) createEmpty(in *node) {
	n := in.add(g.w.fileName(in), false)
	a := g.begin("create", n.path(), objFile)
	a.AltOps = []string{"write"}
	g.check(n.root(), n.path(), openShort)
	g.enter(in.path(), openAddFile, maskWrite)
	g.shut(g.open(n.root(), n.path(), openBoth))
	n.busy = g.t
	g.end(a)
}

// mkdirPlain makes a folder that the program does not look into.
func (g *gesture) mkdirPlain(in *node) {
	n := in.add(g.w.folderName(in), true)
	a := g.begin("create", n.path(), objDir)
	a.AltOps = []string{"write"}
	g.check(n.root(), n.path(), openList)
	g.enter(in.path(), openAddDir, maskAppend)
	g.proof(a)
	g.shut(g.ask(n.path(), openList))
	n.busy = g.t
	g.end(a)
}

// renameNamed renames on a system that logs the new path as the target.
func (g *gesture) renameNamed(n *node) {
	root, old := n.root(), n.path()
	a := g.begin("rename", old, objFile)
	o := g.open(root, old, openRename)
	g.use(o, maskDelete)
	g.proof(a)
	n.name = g.w.fileName(n.parent, extOf(n.name))
	a.NewPath, a.NewPathObservable = n.path(), true
	g.tick()
	g.enter(n.path(), openAddFile, maskWrite)
	g.shut(o)
	n.busy = g.t
	g.end(a)
}

var form4664 = audit(4664, 0, 12800, subject("FileName", "LinkName", "TransactionId")...)

// link makes a hard link to a file.
func (g *gesture) link(n *node) {
	k := n.parent.add(g.w.fileName(n.parent, extOf(n.name)), false)
	a := g.begin("link", n.path(), objFile)
	a.NewPath = k.path()
	g.w.emit(g.t, form4664, false, g.acts, append(g.s.subject(), str(n.path()), str(k.path()), guid(noGUID))...)
	g.proof(a)
	n.busy, k.busy = g.t, g.t
	g.end(a)
}

// coauthor lets a second person read the document while the first saves it.
func (w *server) coauthor(p *person, n *node, t int64) {
	for _, other := range []*person{w.comp.people[w.rng.IntN(len(w.comp.people))], w.comp.admin} {
		if other == p {
			continue
		}
		w.due.add(t+w.between(second, 3*minute), func(t int64) {
			if n.parent.child(n.name) == n {
				w.acting(other, "coauthor", t).read(n)
			}
		})
	}
	w.acting(p, "coauthor_save", t).officeSave(n)
}

// programScenes are the kinds of this file.
func programScenes() []scene {
	var l []scene
	for _, s := range savers() {
		l = append(l, onNode(s.kind, hasExt(s.exts...), func(g *gesture, n *node) { g.saveBy(s, n) }))
	}
	return append(l,
		onNode("browser_download", isDir, func(g *gesture, n *node) {
			g.download(n, "Unconfirmed "+fmt.Sprint(100000+g.w.rng.IntN(800000))+".crdownload")
		}),
		onNode("firefox_download", isDir, func(g *gesture, n *node) { g.download(n, "") }),
		onNode("robocopy", isDir, func(g *gesture, n *node) {
			if to := g.w.pick(n.root(), g.t, func(k *node) bool { return k.dir && k != n }); to != nil {
				g.robocopy(n, to, 12)
			}
		}),
		onNode("create_empty", isDir, func(g *gesture, n *node) { g.createEmpty(n) }),
		onNode("mkdir_plain", isDir, func(g *gesture, n *node) { g.mkdirPlain(n) }),
		onFile("rename_named", func(g *gesture, n *node) { g.renameNamed(n) }),
		onFile("hard_link", func(g *gesture, n *node) { g.link(n) }),
		scene{"coauthor", func(w *server, p *person, t int64) {
			if n := w.pick(w.rootOf(p), t, hasExt(".docx", ".xlsx", ".pptx")); n != nil {
				w.coauthor(p, n, t)
			}
		}},
		onNode("zip", subDir, func(g *gesture, n *node) { g.pack(n) }),
		onNode("mass_rename", subDir, func(g *gesture, n *node) { g.series(n, 20) }),
		onNode("shred", subDir, func(g *gesture, n *node) { g.shred(n, 12) }),
		onNode("folder_rename_then_read", subDir, func(g *gesture, n *node) {
			if n.free(g.t) {
				g.carry(n, n.parent, g.w.folderName(n.parent))
			}
		}),
		onNode("folder_move", smallDir, func(g *gesture, n *node) {
			to := g.w.pick(n.root(), g.t, func(k *node) bool { return k.dir && k != n.parent && !below(k, n) && k.child(n.name) == nil })
			if to != nil && n.free(g.t) {
				g.carry(n, to, n.name)
			}
		}),
	)
}

// below reports whether n is in the tree of dir.
func below(n, dir *node) bool {
	for ; n != nil; n = n.parent {
		if n == dir {
			return true
		}
	}
	return false
}
