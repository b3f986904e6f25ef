package convert

import (
	"slices"

	"github.com/akashi-audit/akashi/internal/record"
)

// A share access says that the listing of a folder was asked for. Explorer asks
// again and again while a folder is shown, from several sessions of the same
// person, and looks into each folder below; a program that walks a tree asks
// for all of it (windows-events.md section 7.1: 702 listings for some clicks).
// What a person did is a browse: one record for a folder, its repeats counted
// in it; one record for the top of a tree that was walked. A look into a folder
// that is shown, within 300 ms of the list and into none of its files, is no
// person's choice either; a folder to which the person comes back is told.
const (
	browseWindow  = 60 * sec  // repeats of one browse of a folder
	browseLongest = 600 * sec // a folder that is shown all day is told anew
	walkGap       = sec       // between the steps of one walk
	walkFolders   = 5         // fewer folders in one go: each is told
	walkLists     = 16        // folders of a person remembered
)

// personKey is a person at a client: Windows opens several sessions for one.
type personKey struct{ SID, IP string }

// walk is what one person lists just now over the share.
type walk struct {
	Lists []uint64 // settled list acts that still wait for repeats, newest last
	Top   uint64   // the list at the top of a walk
	End   tick     // newest listing of the walk
	Steps []uint64 // acts of folders below the top while they are few
	Looks int32    // looks into folders that became part of the top
	Whole bool     // the walk is one record
}

// browsed takes a list that only share accesses show and is over. It reports
// whether the list became part of another or waits for repeats.
func (c *Converter) browsed(a *act) bool {
	if a.Op != record.OpList || !a.Requested || a.Refresh || a.Class != 0 || a.Result != record.Success {
		return false
	}
	k := personKey{a.SID, a.IP}
	if a.SID == "" {
		k.SID = a.User
	}
	w := c.s.Walks[k]
	if a.Held {
		if w != nil {
			w.Lists, w.Steps = without(w.Lists, a.Seq), without(w.Steps, a.Seq)
			if len(w.Lists) == 0 {
				delete(c.s.Walks, k)
			}
		}
		return false
	}
	if c.afterParent(a) {
		return true
	}
	if w == nil {
		w = &walk{End: longAgo}
		c.s.Walks[k] = w
	}
	top := c.s.Acts.get(w.Top)
	step := top != nil && top.Held && a.First <= w.End+walkGap && a.First >= top.First-walkGap && under(a.Key, top.Key)
	once := step && a.Last-a.First <= walkGap // nobody came back to it
	if step {
		look := dirOf(a.Key) == top.Key && a.First-w.End <= previewOpen && len(a.Touched) == 0 // Explorer's into a folder that it shows
		w.End = max(w.End, a.First)
		if once && (w.Whole || look) {
			w.Looks++
			c.walked(top, a)
			c.whole(w, top)
			return true
		}
	}
	for i := len(w.Lists) - 1; i >= 0; i-- {
		m := c.s.Acts.get(w.Lists[i])
		if m == nil || m.Key != a.Key || a.First-m.Last > browseWindow || a.Last-m.First > browseLongest {
			continue
		}
		if m == top {
			w.End = max(w.End, a.First)
		}
		n := m.Count + a.Count
		c.absorb(m, a)
		m.Count = n
		c.due(m, m.Last+browseWindow)
		return true
	}
	a.Held = true
	a.Timer = 1<<63 - 1
	c.due(a, max(a.Last+browseWindow, c.s.Now))
	if len(w.Lists) == walkLists {
		w.Lists = slices.Delete(w.Lists, 0, 1)
	}
	w.Lists = append(w.Lists, a.Seq)
	if !step {
		w.Top, w.End, w.Steps, w.Looks, w.Whole = a.Seq, a.First, w.Steps[:0], 0, false
		return true
	}
	if !once || w.Whole {
		return true
	}
	w.Steps = append(w.Steps, a.Seq)
	c.whole(w, top)
	return true
}

// whole makes a walk through enough folders one record.
func (c *Converter) whole(w *walk, top *act) {
	if w.Whole || len(w.Steps)+int(w.Looks) < walkFolders {
		return
	}
	for _, q := range w.Steps {
		if m := c.s.Acts.get(q); m != nil && m != top {
			w.Lists = without(w.Lists, q)
			c.walked(top, m)
		}
	}
	w.Steps, w.Whole = w.Steps[:0], true
}

// afterParent lets a list wait for that of a folder above it that began before
// it and still waits for the reads of its files.
func (c *Converter) afterParent(a *act) bool {
	for dir := dirOf(a.Key); dir != ""; dir = dirOf(dir) {
		p := c.pathsIf(pathKey{a.Logon, dir})
		if p == nil {
			continue
		}
		if m := c.s.Acts.get(p.List); m != nil && m.Requested && !m.Held && m.First <= a.First && m.First >= a.First-mergeWindow {
			a.Timer = 1<<63 - 1
			c.due(a, max(m.Due, c.s.Now)+1)
			return true
		}
	}
	return false
}

// walked makes the list of a folder part of that of the top of its tree.
func (c *Converter) walked(top, a *act) {
	n := top.Count + a.Count
	c.absorb(top, a)
	top.Count = n
	c.due(top, max(top.Due, top.Last+browseWindow))
}
