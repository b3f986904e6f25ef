package facets

import (
	"sync"

	"golang.org/x/sync/errgroup"
)

// Times of rows that were counted without being read. Of all rows of a person only the
// first and the last matter, and what else is known of rows mostly tells which these can
// be: of days that do not overlap, only those of the first and of the last.

// Rows reads the times of rows by their places, Unix ns.
type Rows interface {
	// Times fills to with the time of each place.
	Times(at []int, to []int64) error
}

// Spot is a row whose time is not read yet; it lies between Lo and Hi, both included.
type Spot struct {
	Lo, Hi int64
	Rows   Rows
	At     int
}

// turned is the spot on a time that runs backwards, where the last row is the first.
func (x Spot) turned() Spot {
	x.Lo, x.Hi = ^x.Hi, ^x.Lo
	return x
}

// span is between which times something was: what is known, and rows that may be
// before or behind it.
type span struct {
	known       bool
	first, last int64
	firsts      []Spot
	lasts       []Spot // turned, see Spot.turned
}

// add takes what was between two times.
func (s *span) add(first, last int64) {
	if !s.known {
		s.known, s.first, s.last = true, first, last
	}
	s.first, s.last = min(s.first, first), max(s.last, last)
}

// addSpots takes the first and the last row of what was counted.
func (s *span) addSpots(first, last Spot) {
	s.firsts, s.lasts = sooner(s.firsts, first), sooner(s.lasts, last.turned())
}

// merge takes what another span has.
func (s *span) merge(o *span) {
	if o.known {
		s.add(o.first, o.last)
	}
	for _, x := range o.firsts {
		s.firsts = sooner(s.firsts, x)
	}
	for _, x := range o.lasts {
		s.lasts = sooner(s.lasts, x)
	}
}

// spotsMost is from how many spots on those are looked for that do not matter any more.
const spotsMost = 64

// sooner adds a spot to those that can be the first; the one with the least Hi is in front.
func sooner(l []Spot, x Spot) []Spot {
	if len(l) > 0 && l[0].Hi <= x.Lo {
		return l
	}
	if l = append(l, x); x.Hi < l[0].Hi {
		l[0], l[len(l)-1] = x, l[0]
	}
	if len(l)%spotsMost == 0 {
		l = soonest(l)
	}
	return l
}

// soonest leaves the spots that can be the first.
func soonest(l []Spot) []Spot {
	n := min(1, len(l))
	for _, x := range l[n:] {
		if x.Lo < l[0].Hi {
			l[n] = x
			n++
		}
	}
	return l[:n]
}

// wantedRow is a row whose time is wanted, and the span that wants it.
type wantedRow struct {
	at int
	of *span
}

// ReadTimes reads the times that are still to be read. It must be called when everything
// was counted, while the rows can be read; after an error the Counter is of no use.
func (c *Counter) ReadTimes() error {
	wanted := make(map[Rows][]wantedRow)
	take := func(s *span) {
		for _, l := range [2][]Spot{soonest(s.firsts), soonest(s.lasts)} {
			for _, x := range l {
				wanted[x.Rows] = append(wanted[x.Rows], wantedRow{x.At, s})
			}
		}
		s.firsts, s.lasts = nil, nil
	}
	take(&c.span)
	for _, p := range c.people {
		take(&p.span)
	}
	var mu sync.Mutex // guards the spans
	var group errgroup.Group
	group.SetLimit(readers)
	for rows, l := range wanted {
		group.Go(func() error {
			at, times := make([]int, len(l)), make([]int64, len(l))
			for i := range l {
				at[i] = l[i].at
			}
			if err := rows.Times(at, times); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			for i := range l {
				l[i].of.add(times[i], times[i])
				c.span.add(times[i], times[i]) // each row is one of all
			}
			return nil
		})
	}
	return group.Wait()
}
