package catalogue

import (
	"fmt"
	"slices"
	"time"
)

// Month is a calendar month: 12 · year + month − 1.
type Month uint16

// MonthOf is the month of a moment in its own zone.
func MonthOf(t time.Time) Month { return Month(12*t.Year() + int(t.Month()) - 1) }

// String gives 2026-11.
func (m Month) String() string { return fmt.Sprintf("%04d-%02d", m/12, m%12+1) }

// Months is a set of months, ascending.
type Months []Month

// Has reports whether m is in the set.
func (l Months) Has(m Month) bool {
	_, ok := slices.BinarySearch(l, m)
	return ok
}

// with is the set and m.
func (l Months) with(m Month) Months {
	i, ok := slices.BinarySearch(l, m)
	if ok {
		return l
	}
	return slices.Insert(l, i, m)
}

// Or is what one of the sets has.
func (l Months) Or(o Months) Months {
	out := slices.Clone(l)
	for _, m := range o {
		out = out.with(m)
	}
	return out
}

// And is what both sets have.
func (l Months) And(o Months) Months {
	return slices.DeleteFunc(slices.Clone(l), func(m Month) bool { return !o.Has(m) })
}
