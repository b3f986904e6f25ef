package simulate

import (
	"strings"

	"github.com/akashi-audit/akashi/internal/event"
)

const logProvider = "Microsoft-Windows-Eventlog"

// Forms of what concerns the server itself. They are never changed.
var (
	form1102 = &form{logProvider, 1102, 0, 4, 0, 104, 0x4020000000000000, security, event.NewSchema("UserData/LogFileCleared", []string{"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId"})}
	form4719 = audit(4719, 0, 13568, subject("CategoryId", "SubcategoryId", "SubcategoryGuid", "AuditPolicyChanges")...)
	form4616 = audit(4616, 1, 12288, subject("PreviousTime", "NewTime", "ProcessId", "ProcessName")...)
)

// systemScenes are what an administrator does to the server and its log. They
// are rare: an ordinary day has none.
func systemScenes() []scene {
	console := func(kind string, f func(g *gesture, a *act)) scene {
		return scene{kind, func(w *server, _ *person, t int64) {
			s := w.localSession(w.comp.admin, t, `C:\Windows\System32\mmc.exe`)
			g := w.gesture(s, kind, t+20*second)
			a := g.begin(kind, "", "")
			f(g, a)
			g.proof(a)
			g.end(a)
			w.due.add(g.t+minute, func(t int64) { w.logoff(s, t) })
		}}
	}
	return []scene{
		console("log_cleared", func(g *gesture, a *act) {
			a.Path = security
			g.w.emit(g.t, form1102, false, g.acts, g.s.subject()...)
		}),
		console("audit_policy_changed", func(g *gesture, _ *act) {
			g.w.emit(g.t, form4719, false, g.acts, append(g.s.subject(), str("%%8274"), str("%%12800"), guid("{0CCE921D-69AE-11D9-BED3-505054503030}"), str("%%8448, %%8450"))...)
		}),
		console("time_changed", func(g *gesture, _ *act) {
			now := event.FromUnixNano(g.t)
			g.w.emit(g.t, form4616, false, g.acts, append(g.s.subject(), event.Uint(event.KindFiletime, uint64(now)-3600*10_000_000), event.Uint(event.KindFiletime, uint64(now)),
				hex64(g.s.pid), str(`C:\Windows\System32\svchost.exe`))...)
		}),
	}
}

// moveAcross moves a file to another share: the client copies it and deletes
// the original.
func (g *gesture) moveAcross(n, to *node) {
	src := n.path()
	a := g.begin("move", src, objFile)
	c := to.add(n.name, false)
	dst := c.path()
	a.NewPath = dst
	from := g.open(n.root(), src, openRead)
	g.use(from, maskRead)
	g.tick()
	g.make(to.root(), to.path(), dst, openCopy, maskWrite|maskAppend, nil)
	g.shut(from)
	g.step(2*milli, 40*milli)
	o := g.open(n.root(), src, openRename)
	g.use(o, maskDelete)
	g.tick()
	g.gone(o)
	g.proof(a)
	g.shut(o)
	n.remove()
	c.busy = g.t
	g.end(a)
}

// retry is a program that asks for more than it may have and then reads only:
// nothing was refused in the user's eyes.
func (g *gesture) retry(n *node) {
	path, root := n.path(), n.root()
	a := g.begin("read", path, objFile)
	g.refuse(root, path, openBoth, 0x116)
	g.step(milli, 30*milli)
	o := g.open(root, path, openRead)
	g.use(o, maskRead)
	g.proof(a)
	g.step(2*milli, 60*milli)
	g.shut(o)
	n.busy = g.t
	g.end(a)
}

// recase changes upper and lower case of a name only.
func (g *gesture) recase(n *node) {
	ext := extOf(n.name)
	other := strings.ToUpper(ext)
	if other == ext {
		other = strings.ToLower(ext)
	}
	g.relocate(n, n.parent, strings.TrimSuffix(n.name, ext)+other, "rename")
}

// rareScenes are acts of users that are seldom or hard to tell.
func rareScenes() []scene {
	return []scene{
		onFile("rename_case", func(g *gesture, n *node) { g.recase(n) }),
		onFile("read_after_refusal", func(g *gesture, n *node) { g.retry(n) }),
		onFile("move_across", func(g *gesture, n *node) {
			for _, r := range g.w.roots {
				if r != n.root() && !r.low {
					if to := g.w.pick(r, g.t, isDir); to != nil && to.child(n.name) == nil {
						g.moveAcross(n, to)
						return
					}
				}
			}
		}),
		{"mass_read", func(w *server, p *person, t int64) {
			for _, r := range w.roots {
				if mn := r.child(mnFolder); mn != nil {
					w.massRead(p, mn.kids, t)
				}
			}
		}},
		{"ransomware", func(w *server, p *person, t int64) { w.ransom(p, w.rootOf(p), 20, t) }},
		{"av_scan", func(w *server, _ *person, t int64) { w.sweep("av_scan", antivirus, volume[:2], 40, t) }},
		{"backup", func(w *server, _ *person, t int64) {
			w.sweep("backup", backupExe, shadowCopy, 40, t)
		}},
	}
}
