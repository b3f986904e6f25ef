package facets

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// timeRows are rows of one source, and how many times of them were read.
type timeRows struct {
	times []int64
	reads *int
	err   error
}

func (r *timeRows) Times(at []int, to []int64) error {
	*r.reads += len(at)
	for i, n := range at {
		to[i] = r.times[n]
	}
	return r.err
}

// TestReadTimes: first and last times of rows that are read at the end are those of all
// rows, whatever is known of each before, and of days apart only two are read.
func TestReadTimes(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	for round := range 400 {
		apart := round%2 == 0 // days that do not overlap
		q := query.Query{Lists: []query.Lists{query.ListPeople, query.ListOps}[rng.IntN(2)]}
		counters := []*Counter{New(&q, nil), New(&q, nil), New(&q, nil)}
		reads := 0
		var first, last int64
		n := uint64(0)
		for day := range 1 + rng.IntN(200) {
			c := counters[rng.IntN(len(counters))]
			lo := int64(rng.IntN(500)) - 300
			if apart {
				lo = int64(day*7919%211) * 1000
			}
			hi := lo + int64(1+rng.IntN(900))
			rows := &timeRows{reads: &reads}
			for range 2 {
				rows.times = append(rows.times, lo+rng.Int64N(hi-lo+1))
			}
			slices.Sort(rows.times)
			if n == 0 {
				first, last = rows.times[0], rows.times[1]
			}
			first, last = min(first, rows.times[0]), max(last, rows.times[1])
			n += 2
			a, b := Spot{lo, hi, rows, 0}, Spot{lo, hi, rows, 1}
			p := c.Person("u", "")
			switch {
			case !apart && rng.IntN(5) == 0: // read at once
				c.AddTotal(2, rows.times[0], rows.times[1])
				if p != nil {
					p.Add(record.OpRead, 2, false, rows.times[0], rows.times[1])
				}
			case p != nil:
				p.Count(record.OpRead, 2, false)
				p.AddSpots(a, b)
				c.AddTotalOf(2)
			default:
				c.AddTotalAt(2, a, b)
			}
		}
		for _, o := range counters[1:] {
			counters[0].Merge(o)
		}
		if err := counters[0].ReadTimes(); err != nil {
			t.Fatal(err)
		}
		f := answer(t, counters[0])
		if f.Total != n || f.First != first || f.Last != last {
			t.Fatalf("round %d: %d from %d to %d, want %d from %d to %d", round, f.Total, f.First, f.Last, n, first, last)
		}
		if len(f.People) == 1 && (f.People[0].N != n || f.People[0].First != first || f.People[0].Last != last) {
			t.Fatalf("round %d: person %+v, want %d from %d to %d", round, f.People[0], n, first, last)
		}
		if apart && reads != 2 {
			t.Fatalf("round %d: %d times were read of days apart", round, reads)
		}
	}
	c, bad := New(&query.Query{}, nil), errors.New("damage")
	rows := &timeRows{times: []int64{1, 2}, reads: new(int), err: bad}
	c.AddTotalAt(2, Spot{0, 9, rows, 0}, Spot{0, 9, rows, 1})
	if err := c.ReadTimes(); !errors.Is(err, bad) {
		t.Errorf("times that cannot be read: %v", err)
	}
}
