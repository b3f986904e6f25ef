package convert

import (
	"cmp"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
)

// Reason says why an event was used by no rule.
type Reason uint8

// Values of Reason.
const (
	ReasonNoRule      Reason = 1 // no rule is about such events
	ReasonOtherObject Reason = 2 // the object is no file: a registry key, process, token … (windows-events.md section 3.1)
	ReasonNoVolume    Reason = 3 // the name is of a pipe or device, or empty (section 8)
	ReasonNoHandle    Reason = 4 // the open of its handle is not in the log
)

var reasonText = [...]string{ReasonNoRule: "no_rule", ReasonOtherObject: "other_object", ReasonNoVolume: "no_volume", ReasonNoHandle: "no_handle"}

// String is the reason's identifier.
func (r Reason) String() string {
	if int(r) < len(reasonText) {
		return reasonText[r]
	}
	return ""
}

// Unused counts events of one kind that no rule used.
type Unused struct {
	Provider string
	ID       uint32
	Reason   Reason
	Count    uint64
}

// unusedKey is Unused without its count.
type unusedKey struct {
	Provider string
	ID       uint32
	Reason   Reason
}

// maxUnused bounds the kinds of events that are counted apart; the others are
// counted under the provider "".
const maxUnused = 512

// unused notes an event that no rule takes.
func (c *Converter) unused(e *event.Event, why Reason) {
	k := unusedKey{e.Provider, e.ID, why}
	if _, ok := c.s.Unused[k]; !ok && len(c.s.Unused) >= maxUnused {
		k = unusedKey{Reason: why}
	}
	c.s.Unused[k]++
}

// Unused lists the events that no rule used, most frequent first. They are
// stored like all others; nothing is lost.
func (c *Converter) Unused() []Unused {
	l := make([]Unused, 0, len(c.s.Unused))
	for k, n := range c.s.Unused {
		l = append(l, Unused{k.Provider, k.ID, k.Reason, n})
	}
	slices.SortFunc(l, func(a, b Unused) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Reason, b.Reason))
	})
	return l
}
