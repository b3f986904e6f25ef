package coverage

import (
	"cmp"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
)

// Run is a run of record ids that are held, both ends included. From and To are
// times that no event of it lies before or behind, or those of its first and last
// event where they are known.
type Run struct {
	Lo, Hi   uint64
	From, To event.Filetime
}

// Holes is what a set of runs lacks between its lowest and its highest id.
type Holes struct {
	First, Last uint64
	Held        uint64
	Missing     uint64
	Count       int
	Gaps        []Gap // at most the number that was asked for
	Filtered    bool  // see Channel
	TooFew      bool
	until       event.Filetime
}

// HolesOf finds the ids that are missing between runs, which may overlap and stand
// in any order; it sorts them. It keeps at most so many gaps, the lowest.
func HolesOf(l []Run, most int) Holes {
	var h Holes
	if len(l) == 0 {
		return h
	}
	slices.SortFunc(l, func(a, b Run) int { return cmp.Or(cmp.Compare(a.Lo, b.Lo), cmp.Compare(a.Hi, b.Hi)) })
	h.First, h.Last, h.Held, h.until = l[0].Lo, l[0].Hi, l[0].Hi-l[0].Lo+1, l[0].To
	for _, r := range l[1:] {
		switch {
		case r.Hi <= h.Last:
		case r.Lo <= h.Last+1:
			h.Held += r.Hi - h.Last
			h.Last, h.until = r.Hi, r.To
		default:
			n := r.Lo - h.Last - 1
			h.Missing += n
			if h.Count++; len(h.Gaps) < most {
				h.Gaps = append(h.Gaps, Gap{h.Last + 1, r.Lo - 1, n, h.until.String(), r.From.String()})
			}
			h.Held += r.Hi - r.Lo + 1
			h.Last, h.until = r.Hi, r.To
		}
	}
	c := channel{Channel: Channel{GapCount: h.Count, Received: h.Held}}
	h.Filtered = c.filtered()
	h.TooFew = !h.Filtered && c.tooFew()
	return h
}

// Quiet finds the silences between events of these times, ascending, of one channel.
func Quiet(times []event.Filetime) []Silence {
	var c channel
	for i, t := range times {
		if i == 0 {
			c.First = t
		}
		c.times(t, hour)
	}
	var out []Silence
	for _, s := range c.quiet {
		if !usual(s, c.quiet) {
			s.From, s.To, s.Seconds = s.from.String(), s.to.String(), int64((s.to-s.from)/second)
			out = append(out, s)
		}
	}
	return out
}
