package segment

import (
	"cmp"
	"slices"

	"github.com/akashi-audit/akashi/internal/facets"
	"github.com/akashi-audit/akashi/internal/record"
)

// ends collects what was counted of each person, and where their first and last
// rows are. Partitions ascend by day and the rows of a person in one ascend by
// time, so of all times only two per person need to be read.
type ends struct {
	spots [2][]spot  // first and last row of each person
	acts  [][]uint64 // rows of each act, by person; nil = none
}

// spot is a place of a row; block is nil when there is none.
type spot struct {
	p     *part
	block *block
	row   uint16
}

func newEnds(people int) *ends {
	return &ends{spots: [2][]spot{make([]spot, people), make([]spot, people)}, acts: make([][]uint64, people)}
}

// note takes the first and the last row of a person in a block.
func (e *ends) note(p *part, b *block, person uint32, first, last uint16) {
	if e.spots[0][person].block == nil {
		e.spots[0][person] = spot{p, b, first}
	}
	e.spots[1][person] = spot{p, b, last}
}

// count takes rows of one act of a person.
func (e *ends) count(person, act uint32, acts int, n uint64) {
	if e.acts[person] == nil {
		e.acts[person] = make([]uint64, acts)
	}
	e.acts[person][act] += n
}

// add reads the times and adds the sums of people.
func (e *ends) add(c *counting) error {
	var times [2][]int64
	for i, l := range e.spots {
		var err error
		if times[i], err = readSpots(l, c.sc.b.f.onceRows); err != nil {
			return err
		}
	}
	e.each(c, func(person int, p *facets.Person) {
		first, last := times[0][person], times[1][person]
		total := uint64(0)
		for a, n := range e.acts[person] {
			total += n
			if p != nil {
				act := &c.sc.s.acts[a]
				p.Add(act.op, n, act.result != record.Success, first, last)
			}
		}
		c.into.AddTotal(total, first, last)
	})
	return nil
}

// addLater adds the sums of people, whose times are to be read when everything was
// counted.
func (e *ends) addLater(c *counting) {
	rows := &endRows{once: c.sc.b.f.onceRows}
	at := func(x *spot) facets.Spot {
		rows.l = append(rows.l, *x)
		return facets.Spot{Lo: x.block.first, Hi: x.block.last, Rows: rows, At: len(rows.l) - 1}
	}
	e.each(c, func(person int, p *facets.Person) {
		first, last := at(&e.spots[0][person]), at(&e.spots[1][person])
		total := uint64(0)
		for a, n := range e.acts[person] {
			total += n
			if p != nil {
				act := &c.sc.s.acts[a]
				p.Count(act.op, n, act.result != record.Success)
			}
		}
		if p == nil {
			c.into.AddTotalAt(total, first, last)
			return
		}
		p.AddSpots(first, last)
		c.into.AddTotalOf(total)
	})
}

// each calls fn for the people who have rows.
func (e *ends) each(c *counting, fn func(person int, p *facets.Person)) {
	for person := range e.acts {
		if e.acts[person] != nil {
			fn(person, c.people[person])
		}
	}
}

// endRows are rows of a segment whose times may be wanted.
type endRows struct {
	once bool // their blocks are not wanted again
	l    []spot
}

// Times implements facets.Rows.
func (r *endRows) Times(at []int, to []int64) error {
	l := make([]spot, len(at))
	for i, n := range at {
		l[i] = r.l[n]
	}
	times, err := readSpots(l, r.once)
	copy(to, times)
	return err
}

// readSpots reads the times of rows, block by block; with once past the cache.
func readSpots(l []spot, once bool) ([]int64, error) {
	var memory passed
	var order []int
	for i := range l {
		if l[i].block != nil {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := &l[i], &l[j]
		return cmp.Or(cmp.Compare(a.p.info.day, b.p.info.day), cmp.Compare(a.block.start, b.block.start), cmp.Compare(a.row, b.row))
	})
	out := make([]int64, len(l))
	for len(order) > 0 {
		at := &l[order[0]]
		var rows []uint16
		n := 0
		for n < len(order) && l[order[n]].block == at.block {
			rows = append(rows, l[order[n]].row)
			n++
		}
		v, err := at.p.columnIn(&memory, at.block, colTime, once)
		if err != nil {
			return nil, err
		}
		times := make([]uint64, len(rows))
		v.gather(times, rows)
		for i, k := range order[:n] {
			out[k] = int64(times[i])
		}
		order = order[n:]
	}
	return out, nil
}
