package simulate

import "fmt"

func objectOf(n *node) string {
	if n.dir {
		return objDir
	}
	return objFile
}

// permissions changes who may do what with a file or folder (4670).
func (g *gesture) permissions(n *node) {
	root, path := n.root(), n.path()
	a := g.begin("set_permissions", path, objectOf(n))
	g.check(root, path, 0x120080)
	g.step(200*milli, 3*second)
	o := g.open(root, path, openDAC)
	g.use(o, maskWriteDAC)
	g.tick()
	g.w.emit(g.t, form4670, false, g.acts, append(g.object(path, o.value()), str("D:AI(A;ID;FA;;;BA)(A;ID;0x1301bf;;;DU)"),
		str("D:PAI(A;;FA;;;BA)(A;;0x1301bf;;;"+g.s.p.sid+")(A;;0x1200a9;;;DU)"), hex64(g.s.pid), str(g.s.process))...)
	g.proof(a)
	g.shut(o)
	n.busy = g.t
	g.end(a)
}

// owner takes the ownership of a file or folder.
func (g *gesture) owner(n *node) {
	a := g.begin("set_owner", n.path(), objectOf(n))
	o := g.open(n.root(), n.path(), openOwner)
	g.use(o, maskWriteOwner)
	g.proof(a)
	g.tick()
	g.shut(o)
	n.busy = g.t
	g.end(a)
}

// auditing changes what is audited (4907).
func (g *gesture) auditing(n *node) {
	path := n.path()
	a := g.begin("set_audit", path, objectOf(n))
	g.check(n.root(), path, openAudit)
	handle := 0x404 + 4*uint64(g.w.handle(g.t))
	g.w.emit(g.t, form4907, false, g.acts, append(g.object(path, handle), str("S:AI"), str("S:ARAI(AU;OICISAFA;DCLCRPCRSDWDWO;;;WD)"), hex64(g.s.pid), str(g.s.process))...)
	g.proof(a)
	g.w.handles[(handle-0x404)/4] = g.t + 1
	g.end(a)
}

// print prints a document on the server's queue.
func (g *gesture) print(n *node) {
	g.read(n)
	g.step(second, 6*second)
	p := g.s.p
	g.w.group++
	g.group = g.w.group
	a := g.begin("print", n.name, objFile)
	g.w.jobID++
	pages := 1 + g.w.rng.Uint32N(24)
	printer := []string{"複合機-本社2F", "複合機-工場1F", "カラーLBP 営業"}[len(p.dept+p.name)%3]
	g.w.emit(g.t, form307, false, g.acts, uint32v(g.w.jobID), str(n.name), str(p.name), str(p.client()), str(printer), str(fmt.Sprintf("IP_192.168.9.%d", 31+len(p.name)%3)),
		uint32v(pages*(20_000+g.w.rng.Uint32N(60_000))), uint32v(pages))
	g.proof(a)
	a.ClientIPObservable = p.client() == `\\`+p.ip
	g.end(a)
}

// local runs f in a session of the administrator at the console.
func local(kind, process string, f func(g *gesture, n *node)) scene {
	return scene{kind, func(w *server, _ *person, t int64) {
		n := w.pick(w.rootOf(w.comp.admin), t, isFile)
		if n == nil {
			return
		}
		s := w.localSession(w.comp.admin, t, process)
		g := w.gesture(s, kind, t+2*second)
		f(g, n)
		w.due.add(g.t+20*second, func(t int64) { w.logoff(s, t) })
	}}
}

const (
	notepad  = `C:\Windows\System32\notepad.exe`
	explorer = `C:\Windows\explorer.exe`
	command  = `C:\Windows\System32\cmd.exe`
)

// recycle deletes a file in the server's own Explorer: it moves to the recycle
// bin, beside a note of where it came from.
func (g *gesture) recycle(n *node) {
	bin := volume[:3] + `$Recycle.Bin\` + g.s.p.sid
	code := fmt.Sprintf("%06X", g.w.rng.Uint32N(1<<24)) + extOf(n.name)
	a := g.begin("delete", n.path(), objFile)
	a.AltOps = []string{"move"}
	a.side(bin)
	a.side(bin + `\$I` + code)
	a.side(bin + `\$R` + code)
	g.make(nil, bin, bin+`\$I`+code, openBoth, maskWrite, nil)
	o := g.ask(n.path(), openRename)
	g.use(o, maskDelete)
	g.proof(a)
	g.tick()
	g.enter(bin, openAddFile, maskWrite)
	g.shut(o)
	n.remove()
	g.end(a)
}

// adminScenes are what an administrator does and what concerns printers.
func adminScenes() []scene {
	admin := func(kind string, f func(g *gesture, n *node)) scene {
		return scene{kind, func(w *server, _ *person, t int64) {
			if n := w.pick(w.rootOf(w.comp.admin), t, func(n *node) bool { return n.parent != nil }); n != nil {
				f(w.acting(w.comp.admin, kind, t), n)
			}
		}}
	}
	return []scene{
		onNode("set_permissions", func(n *node) bool { return n.parent != nil }, func(g *gesture, n *node) { g.permissions(n) }),
		admin("set_owner", func(g *gesture, n *node) { g.owner(n) }),
		admin("set_audit", func(g *gesture, n *node) { g.auditing(n) }),
		onNode("print", hasExt(".pdf", ".docx", ".xlsx"), func(g *gesture, n *node) { g.print(n) }),
		local("local_read", notepad, func(g *gesture, n *node) { g.read(n) }),
		local("local_edit", notepad, func(g *gesture, n *node) { g.edit(n) }),
		local("local_delete", command, func(g *gesture, n *node) {
			a := g.begin("delete", n.path(), objFile)
			g.erase(n, a, true)
			g.end(a)
		}),
		local("local_recycle", explorer, func(g *gesture, n *node) { g.recycle(n) }),
	}
}

// officeScenes are what office programs and the Explorer do.
func officeScenes() []scene {
	doc := hasExt(".docx", ".xlsx", ".pptx")
	return []scene{
		onNode("office_read", doc, func(g *gesture, n *node) { g.officeRead(n) }),
		onNode("office_save", doc, func(g *gesture, n *node) { g.officeSave(n) }),
		onNode("browse", isDir, func(g *gesture, n *node) { g.browse(n) }),
	}
}
