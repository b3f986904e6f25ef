package simulate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
)

// scene is one kind of act, done cleanly by one person at time t.
type scene struct {
	kind string
	do   func(w *server, p *person, t int64)
}

// onFile lets the person do something with a file of his share.
func onFile(kind string, do func(g *gesture, n *node)) scene {
	return onNode(kind, isFile, do)
}

func onNode(kind string, ok func(*node) bool, do func(g *gesture, n *node)) scene {
	return scene{kind, func(w *server, p *person, t int64) {
		if n := w.pick(w.rootOf(p), t, ok); n != nil {
			do(w.acting(p, kind, t), n)
		}
	}}
}

// onClosed lets the person try something in the folder of individual numbers.
func onClosed(kind, op string) scene {
	return scene{kind, func(w *server, p *person, t int64) {
		if l := w.closedFiles(p.dept, false, t); len(l) > 0 {
			w.acting(p, kind, t).deny(l[w.rng.IntN(len(l))], op)
		}
	}}
}

// acting is a gesture of p in his session over SMB.
func (w *server) acting(p *person, kind string, t int64) *gesture {
	s, t := w.session(p, t)
	return w.gesture(s, kind, t)
}

// rootOf is the share that the person uses most.
func (w *server) rootOf(p *person) *node {
	var l []*node
	for _, r := range w.roots {
		if r.name == p.dept {
			return r
		}
		if !r.low {
			l = append(l, r)
		}
	}
	if len(l) == 0 {
		return w.roots[0]
	}
	return l[w.rng.IntN(len(l))]
}

// otherDir is a folder of the same share that is not n's.
func (w *server) otherDir(n *node, t int64) *node {
	return w.pick(n.root(), t, func(k *node) bool { return k.dir && k != n.parent && k.child(n.name) == nil })
}

func subDir(n *node) bool    { return n.dir && n.parent != nil }
func smallDir(n *node) bool  { return subDir(n) && size(n) < 40 }
func size(n *node) (sum int) { n.walk(func(*node) bool { sum++; return true }); return sum }

// scenes are the kinds, in the order of Kinds.
func scenes() []scene {
	l := []scene{
		onFile("open_read", func(g *gesture, n *node) { g.read(n) }),
		onFile("edit_save", func(g *gesture, n *node) { g.edit(n) }),
		onNode("create", isDir, func(g *gesture, n *node) { g.create(n) }),
		onNode("new_then_rename", isDir, func(g *gesture, n *node) { g.newThenRename(n) }),
		onNode("copy_in", isDir, func(g *gesture, n *node) { g.copyIn(n, 1+g.w.rng.IntN(5)) }),
		onFile("copy_within", func(g *gesture, n *node) {
			if to := g.w.otherDir(n, g.t); to != nil {
				g.copyWithin(n, to)
			}
		}),
		onFile("copy_out", func(g *gesture, n *node) { g.copyOut(g.neighbours(n, 1+g.w.rng.IntN(5))) }),
		onFile("rename", func(g *gesture, n *node) { g.rename(n) }),
		onFile("move", func(g *gesture, n *node) {
			if to := g.w.otherDir(n, g.t); to != nil {
				g.move(n, to)
			}
		}),
		onNode("mkdir", isDir, func(g *gesture, n *node) { g.mkdir(n) }),
		onNode("folder_rename", subDir, func(g *gesture, n *node) {
			if n.free(g.t) {
				g.rename(n)
			}
		}),
		onNode("folder_delete", smallDir, func(g *gesture, n *node) {
			if n.free(g.t) {
				g.deleteTree(n)
			}
		}),
		onFile("delete", func(g *gesture, n *node) { g.delete(n, true) }),
		onFile("delete_10080", func(g *gesture, n *node) { g.delete(n, false) }),
		onClosed("denied_read", "read"),
		onClosed("denied_write", "write"),
		onClosed("denied_delete", "delete"),
		{"denied_share", func(w *server, p *person, t int64) {
			if r := w.archive(); r != nil {
				if n := w.pick(r, t, isFile); n != nil {
					w.acting(p, "denied_share", t).denyShare(n)
				}
			}
		}},
		{"logon_logoff", func(w *server, p *person, t int64) { w.session(p, t) }},
		{"logon_failed", func(w *server, p *person, t int64) { w.failedLogons(p, t, 3+w.rng.IntN(8)) }},
	}
	return slices.Concat(l, closedScenes(), officeScenes(), adminScenes(), rareScenes(), systemScenes(), programScenes())
}

// Kinds lists the kinds of Scenario.
func Kinds() []string {
	var l []string
	for _, s := range scenes() {
		l = append(l, s.kind)
	}
	return l
}

// scenarioStart is when each scenario begins: a Wednesday morning in Japan.
func scenarioStart() time.Time { return time.Date(2026, 6, 10, 0, 30, 0, 0, time.UTC) }

// Scenario makes one act of a kind, done cleanly by one person who logs on for
// it, and the truth. All events are of one server, in order of their record
// ids in each channel. An unknown kind is an error.
func Scenario(kind string, seed uint64) (events []*event.Event, truth []Action, err error) {
	for _, s := range scenes() {
		if s.kind != kind {
			continue
		}
		w, events := collectServer(seed, 4, 60)
		p := w.comp.people[rand.New(rand.NewPCG(seed, 7)).IntN(4)]
		start := scenarioStart().UnixNano()
		w.due.add(start, func(t int64) { s.do(w, p, t) })
		if err := w.finish(); err != nil {
			return nil, nil, err
		}
		return *events, w.truth(), nil
	}
	return nil, nil, fmt.Errorf("unknown kind of scenario %q", kind)
}

// collectServer is a furnished server whose events are kept in memory.
func collectServer(seed uint64, people, files int) (*server, *[]*event.Event) {
	var l []*event.Event
	w := newServer("mnt-fs01."+dnsSuffix, "MNT-FS01", newCompany(seed, people), seed, func(e *event.Event) error {
		l = append(l, e)
		return nil
	})
	w.furnish(append(departments[:], archiveShare), files)
	return w, &l
}
