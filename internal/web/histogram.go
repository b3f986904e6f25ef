package web

import (
	"strconv"
	"strings"

	"github.com/akashi-audit/akashi/internal/record"
)

// group is a colour of the histogram and a column of the people table.
type group int

const (
	groupRead group = iota
	groupChange
	groupCopy
	groupDelete
	groupOther
	numGroups
)

// groupOf sorts an operation.
func groupOf(o record.Op) group {
	switch o {
	case record.OpRead, record.OpList, record.OpExecute:
		return groupRead
	case record.OpWrite, record.OpCreate, record.OpRename, record.OpMove, record.OpLink, record.OpSetAttributes,
		record.OpSetPermissions, record.OpSetOwner, record.OpSetAudit:
		return groupChange
	case record.OpCopy, record.OpPrint:
		return groupCopy
	case record.OpDelete:
		return groupDelete
	}
	return groupOther
}

// opsOf lists the operations of a group.
func opsOf(g group) []record.Op {
	var l []record.Op
	for _, o := range record.Ops() {
		if groupOf(o) == g {
			l = append(l, o)
		}
	}
	return l
}

// Key is the group's message key.
func (g group) Key() string {
	return "web.group." + [...]string{"read", "change", "copy", "delete", "other"}[g]
}

// Class is the group's CSS class.
func (g group) Class() string { return "g" + strconv.Itoa(int(g)) }

// histogram is the drawing of counts per day: what was done as a stack above
// the line, what was refused or failed below it. Lengths are in the units of the view box.
type histogram struct {
	Width, Height, Base int
	Bars                []bar
	Max                 uint64
	Step                int    // days per bar
	Unit                string // key of the length of a bar, "" = Step days
	First, Last         string
	Groups              []group // that occur
	Refused             bool
	Total, TotalRefused uint64
}

// bar is one bar: a day, or several days of a long range.
type bar struct {
	X, W       string
	HitX, HitW string
	Parts      []part
	From, To   string // first and last day
	N, Denied  uint64
	URL        string
	Href       string
}

type part struct {
	Class string
	Y, H  string
	N     uint64
	Group group
}

const (
	histWidth  = 1200
	histHeight = 128
	histBars   = 124 // most bars; longer ranges join days
	widestBar  = 88  // of a short range; its days still fill the width
)

// newHistogram draws the days; link gives the address of a range of days.
func newHistogram(days []dayCounts, link func(from, to string) string) *histogram {
	if len(days) == 0 {
		return nil
	}
	h := &histogram{Width: histWidth, Height: histHeight, Step: (len(days) + histBars - 1) / histBars}
	h.First, h.Last = days[0].Day, days[len(days)-1].Day
	var bars []slot
	for i := 0; i < len(days); i += h.Step {
		var x slot
		part := days[i:min(i+h.Step, len(days))]
		for _, d := range part {
			for o, n := range d.Ops {
				x.Groups[groupOf(o)] += n
			}
			x.N += d.N
			x.Denied += d.Denied
		}
		bars = append(bars, x)
		h.Bars = append(h.Bars, bar{From: part[0].Day, To: part[len(part)-1].Day, N: x.N, Denied: x.Denied})
	}
	h.draw(bars, link)
	return h
}

// draw places the bars of a histogram, whose labels are there.
func (h *histogram) draw(bars []slot, link func(from, to string) string) {
	var all [numGroups]uint64
	var maxDenied uint64
	for _, x := range bars {
		for g, n := range x.Groups {
			all[g] += n
		}
		h.Max, maxDenied = max(h.Max, x.N-min(x.Denied, x.N)), max(maxDenied, x.Denied)
		h.Total, h.TotalRefused = h.Total+x.N, h.TotalRefused+x.Denied
	}
	for g := range numGroups {
		if all[g] > 0 {
			h.Groups = append(h.Groups, g)
		}
	}
	h.Refused = maxDenied > 0
	scale := float64(histHeight-8) / float64(max(h.Max+maxDenied, 1))
	if h.Refused { // a small refusal must stay visible
		scale = float64(histHeight-14) / float64(max(h.Max+maxDenied, 1))
	}
	base := float64(histHeight) - float64(maxDenied)*scale - 2
	if h.Refused {
		base -= 6
	}
	h.Base = int(base)
	slot := float64(histWidth) / float64(len(bars))
	for i, x := range bars {
		h.Bars[i].place(i, slot, h.Base, scale, x.Groups, x.Denied)
		h.Bars[i].URL = link(h.Bars[i].From, h.Bars[i].To)
	}
}

// place draws one bar. A count above zero is at least two units high.
func (b *bar) place(i int, slot float64, base int, scale float64, groups [numGroups]uint64, denied uint64) {
	gap := max(min(slot*0.22, 6), slot-widestBar)
	b.HitX, b.HitW = num(float64(i)*slot), num(slot)
	b.X, b.W = num(float64(i)*slot+gap/2), num(slot-gap)
	y := float64(base)
	for g := range numGroups {
		n := groups[g]
		if n == 0 {
			continue
		}
		h := max(float64(n)*scale, 1.5)
		y -= h
		b.Parts = append(b.Parts, part{Class: g.Class(), Y: num(y), H: num(h), N: n, Group: g})
	}
	if denied > 0 {
		b.Parts = append(b.Parts, part{Class: "gx", Y: num(float64(base) + 2), H: num(max(float64(denied)*scale, 3)), N: denied, Group: -1})
	}
}

func num(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }

// Label is the bar's range in words.
func (b bar) Label() string {
	if b.From == b.To {
		return b.From
	}
	from, to := strings.Replace(b.From, "T", " ", 1), strings.Replace(b.To, "T", " ", 1)
	if len(from) > 10 && len(to) > 10 && from[:10] == to[:10] {
		to = to[11:]
	}
	return from + " – " + to
}

// Middle is the day in the middle of the axis, "" on short ranges.
func (h *histogram) Middle() string {
	if len(h.Bars) < 14 {
		return ""
	}
	return h.Bars[len(h.Bars)/2].From
}
