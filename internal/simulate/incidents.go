package simulate

// massRead reads files one after the other.
func (w *server) massRead(p *person, files []*node, t int64) {
	s, t := w.session(p, t)
	g := w.gesture(s, "mass_read", t)
	for _, n := range files {
		if n.parent.child(n.name) == n {
			g.read(n)
			g.step(600*milli, 9*second)
		}
	}
}

// ransom encrypts up to n files of a share from one PC: each file is read and
// written in place and gets another extension; each folder gets a note.
func (w *server) ransom(p *person, root *node, n int, t int64) {
	s, t := w.session(p, t)
	g := w.gesture(s, "ransomware", t)
	const note, ext = "!復号の手順!.txt", ".minamo"
	var dirs []*node
	root.walk(func(k *node) bool {
		if k.dir && !inClosed(k) {
			dirs = append(dirs, k)
		}
		return true
	})
	for _, d := range dirs {
		hit := false
		for _, k := range append([]*node(nil), d.kids...) {
			if n == 0 {
				return
			}
			if k.dir || k.busy > g.t {
				continue
			}
			n--
			hit = true
			g.encrypt(k)
			g.relocate(k, d, k.name+ext, "rename")
			g.step(20*milli, 900*milli)
		}
		if hit && d.child(note) == nil {
			k := d.add(note, false)
			a := g.begin("create", k.path(), objFile)
			a.AltOps = []string{"write"}
			g.make(root, d.path(), k.path(), openWrite, maskWrite, a)
			k.busy = g.t
			g.end(a)
		}
	}
}

func (g *gesture) encrypt(n *node) {
	a := g.begin("write", n.path(), objFile)
	o := g.open(n.root(), n.path(), openTemp)
	g.use(o, maskRead)
	g.step(milli, 15*milli)
	g.use(o, maskWrite)
	g.proof(a)
	g.step(2*milli, 40*milli)
	g.shut(o)
	n.busy = g.t
	g.end(a)
}

// denialBurst is a program on one PC that tries the files of closed folders and
// of the share that may only be read, up to n of them, one after the other.
func (w *server) denialBurst(p *person, n int, t int64) {
	s, t := w.session(p, t)
	g := w.gesture(s, "denied_burst", t)
	for _, f := range w.closedFiles(p.dept, false, t) {
		if n == 0 {
			return
		}
		n--
		g.deny(f, "read")
		g.step(15*milli, 400*milli)
	}
	r := w.archive()
	if r == nil {
		return
	}
	r.walk(func(k *node) bool {
		if !k.dir {
			n--
			g.denyShare(k)
			g.step(15*milli, 400*milli)
		}
		return n > 0
	})
}

// closedScenes are about the folders that only few may enter.
func closedScenes() []scene {
	return []scene{
		{"closed_read", func(w *server, p *person, t int64) { // one of those who may
			l := w.closedFiles(p.dept, true, t)
			for i := 0; len(l) == 0 && i < len(w.comp.people); i++ {
				p = w.comp.people[i]
				l = w.closedFiles(p.dept, true, t)
			}
			if len(l) > 0 {
				w.acting(p, "closed_read", t).read(l[w.rng.IntN(len(l))])
			}
		}},
		{"denied_burst", func(w *server, p *person, t int64) { w.denialBurst(p, 30, t) }},
		restartScene(),
	}
}
