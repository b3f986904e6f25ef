package simulate

import "time"

// service is a session of the system itself, by a named program.
func (w *server) service(process string) *session {
	p := &person{name: w.short + "$", sid: systemSID}
	return &session{p: p, id: systemLogon, local: true, pid: 0x3f0 + 4*w.rng.Uint64N(900), process: process}
}

const (
	antivirus = `C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.25030.2-0\MsMpEng.exe`
	indexer   = `C:\Windows\System32\SearchProtocolHost.exe`
	backupExe = `C:\Windows\System32\wbengine.exe`

	shadowCopy = `\Device\HarddiskVolumeShadowCopy12`
)

// sweep lets a program of the system read n files, one after the other; prefix
// stands in place of the drive, for a shadow copy.
func (w *server) sweep(kind, process, prefix string, n int, t int64) {
	g := w.gesture(w.service(process), kind, t)
	g.class = background
	for _, r := range w.roots {
		r.walk(func(k *node) bool {
			if !k.dir && w.rng.IntN(3) == 0 {
				n--
				g.inspect(k, prefix)
			}
			return n > 0
		})
	}
}

// glance lets a program of the system read n files anywhere, as they change.
func (w *server) glance(kind, process string, n int, t int64) {
	g := w.gesture(w.service(process), kind, t)
	g.class = background
	for range n {
		r := w.roots[w.rng.IntN(len(w.roots))]
		if k := w.pick(r, t, isFile); k != nil {
			g.inspect(k, volume[:2])
		}
	}
}

// inspect reads a file for the system.
func (g *gesture) inspect(n *node, prefix string) {
	path := n.path()
	a := g.begin("read", path, objFile)
	o := g.ask(prefix+path[2:], openRead)
	g.use(o, maskRead)
	g.proof(a)
	g.step(milli, 40*milli)
	g.shut(o)
	g.end(a)
	g.step(2*milli, 60*milli)
}

// noise plans what no person does on the day that begins at d.
func (o *office) noise(d time.Time, at func(float64) int64) {
	w := o.w
	quietly := func(h float64, f func(t int64)) {
		w.due.add(at(h), func(t int64) {
			if !w.quiet {
				f(t)
			}
		})
	}
	scale := o.acts / demoActs
	quietly(2+w.rng.Float64()/4, func(t int64) {
		w.sweep("backup", backupExe, shadowCopy, int(110*scale), t)
	})
	if d.Weekday() == time.Wednesday {
		quietly(12.2, func(t int64) { w.sweep("av_scan", antivirus, volume[:2], int(300*scale), t) })
	}
	for range o.poisson(18 * scale) {
		quietly(8+11*w.rng.Float64(), func(t int64) {
			w.glance("av_realtime", antivirus, 1, t)
		})
	}
	for range o.poisson(6 * scale) {
		quietly(8+11*w.rng.Float64(), func(t int64) { w.glance("indexer", indexer, 1+w.rng.IntN(5), t) })
	}
	for range o.poisson(8 * scale) { // the computer account looks at a share
		quietly(7+13*w.rng.Float64(), func(t int64) {
			s, t := w.session(w.comp.machine, t)
			g := w.gesture(s, "computer_account", t)
			g.class = background
			if n := w.pick(w.rootOf(w.comp.machine), t, isFile); n != nil {
				g.read(n)
			}
		})
	}
}
