package convert

import (
	"slices"
	"strings"
	"unicode"
)

// trace is the set of what a converter looked up in the tables that remember
// for long: facts by the sum of the path, sessions by logon id, SID or name. What
// stands in such a table and was not looked up had no effect, whatever it says:
// so two states that differ in it alone go on alike (state_agree.go). Keys are 32
// bits of a sum: two that meet only make the proof fail.
type trace struct {
	recent [256]uint32 // keys added last, by their lowest bits: most are asked for again at once
	slots  []uint32    // open addressing, a power of two; 0 is free
	n      int
	full   bool // more than maxTrace: everything counts as looked up
}

// maxTrace bounds what is noted between two checkpoints: 2 MiB.
const maxTrace = 1 << 18

// add notes a key. t may be nil: nobody asks.
func (t *trace) add(k uint32) {
	if t != nil && t.recent[k&255] != k {
		t.enter(k)
	}
}

func (t *trace) enter(k uint32) {
	if t.full {
		return
	}
	t.recent[k&255] = k
	k = max(k, 1)
	if 4*t.n >= 3*len(t.slots) {
		t.grow()
		if t.full {
			return
		}
	}
	mask := uint32(len(t.slots)) - 1
	i := k * 0x9e3779b1 >> 7 & mask
	for ; t.slots[i] != 0; i = (i + 1) & mask {
		if t.slots[i] == k {
			return
		}
	}
	t.slots[i] = k
	t.n++
}

func (t *trace) grow() {
	if t.n > maxTrace {
		t.full, t.slots = true, nil
		return
	}
	old := t.slots
	t.slots = make([]uint32, max(1024, 2*len(old)))
	t.n = 0
	for _, k := range old {
		if k != 0 {
			t.enter(k)
		}
	}
}

// traceOf is the key of a logon id.
func traceOf(logon uint64) uint32 { return uint32(logon * 0x9e3779b97f4a7c15 >> 32) }

// traceText is the key of a text: "s" and a SID, "u" and a name.
func traceText(s string) uint32 { return uint32(pathSum(s) >> 32) }

// traceName is the key of a user's name without domain, the same for all names
// that strings.EqualFold calls equal.
func traceName(user string) uint32 {
	return traceText("u" + strings.Map(func(r rune) rune {
		least := r
		for o := unicode.SimpleFold(r); o != r; o = unicode.SimpleFold(o) {
			least = min(least, o)
		}
		return least
	}, user[strings.LastIndexByte(user, '\\')+1:]))
}

// beginTrace begins to note what is looked up, when the options ask for it.
// Whatever was remembered of earlier look-ups is forgotten: it would hide the
// next one.
func (c *Converter) beginTrace() {
	if !c.given.Trace {
		return
	}
	c.trace = &trace{}
	c.s.Facts.trace, c.s.Sessions.trace = c.trace, c.trace
	c.entered()
	c.s.Facts.moves++
	c.s.Facts.dirs++
	c.s.Sessions.forgetPlace()
	c.near = nil
}

// Trace returns what was looked up since the last call, or since New or Restore,
// as keys in ascending order; ok is false when it was too much to note, or when
// the options do not ask for it. It begins anew.
func (c *Converter) Trace() (keys []uint32, ok bool) {
	t := c.trace
	if t == nil {
		return nil, false
	}
	c.beginTrace()
	if t.full {
		return nil, false
	}
	keys = make([]uint32, 0, t.n)
	for _, k := range t.slots {
		if k != 0 {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys, true
}
