package segment

import (
	"cmp"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/paths"
)

// ordered is the rows of a month in stored order and the output's dictionaries.
type ordered struct {
	rows                                                      []uint32
	tables                                                    *tables
	sorted                                                    []string
	numbers                                                   []uint32 // of each of sorted, as Add gave them
	counts                                                    []uint32 // by these numbers: rows that have it as path or new path
	usual                                                     []uint32
	person, origin, stamp, client, kind, share, process, path []uint32
	part                                                      *partWriter
	dict                                                      *paths.Packed // once it is written
}

// pick lists the rows of a month as they came, and tells its first and last day.
func (b *Builder) pick(x *ordered, m Month) (first, last int32) {
	if MonthOf(int(b.days.first)) == m && MonthOf(int(b.days.last)) == m { // all of them
		x.rows = make([]uint32, b.rows.n)
		for i := range x.rows {
			x.rows[i] = uint32(i)
		}
		return b.days.first, b.days.last
	}
	first, last = int32(1<<31-1), int32(-1<<31)
	for i := range b.rows.n {
		if d := b.rows.at(uint32(i)).day; d < first || d > last { // days that were not asked about yet
			if MonthOf(int(d)) == m {
				first, last = min(first, d), max(last, d)
			}
		}
	}
	for i := range b.rows.n {
		if d := b.rows.at(uint32(i)).day; d >= first && d <= last {
			x.rows = append(x.rows, uint32(i))
		}
	}
	return first, last
}

// order sorts the rows of a month and numbers what they use anew.
func (b *Builder) order(m Month) *ordered {
	x := &ordered{tables: &tables{}}
	first, last := b.pick(x, m)
	use := func(n int) []bool { return make([]bool, n) }
	people, origins, stamps, clients := use(len(b.people.all)), use(len(b.origins.all)), use(len(b.stamps.all)), use(len(b.clients.all))
	kinds, processes, usedShares := use(len(b.kinds.all)), use(len(b.processes.all)), use(len(b.shares.all))
	x.counts = make([]uint32, b.paths.Len())
	empty := false // some row has the path ""
	for _, i := range x.rows {
		r := b.rows.at(i)
		people[r.person], origins[r.origin], stamps[r.stamp], clients[r.client] = true, true, true, true
		kinds[r.kind], processes[r.process], usedShares[r.share] = true, true, true
		x.counts[r.path]++
		if r.newPath != 0 {
			x.counts[r.newPath]++
		} else {
			empty = true
		}
	}
	x.tables.people, x.person = keepUsed(b.people.all, people, comparePeople)
	x.tables.origins, x.origin = keepUsed(b.origins.all, origins, nil)
	x.tables.stamps, x.stamp = keepUsed(b.stamps.all, stamps, compareStamps)
	x.tables.clients, x.client = keepUsed(b.clients.all, clients, nil)
	x.tables.kinds, x.kind = keepUsed(b.kinds.all, kinds, nil)
	x.tables.processes, x.process = keepUsed(b.processes.all, processes, nil)
	used := use(b.paths.Len())
	for i, n := range x.counts {
		used[i] = n > 0 || i == 0 && empty
		if used[i] && b.usual[i] != 0 { // the usual share may be that of another month's row
			usedShares[b.usual[i]-1] = true
		}
	}
	used[0] = true
	x.tables.shares, x.share = keepUsed(b.shares.all, usedShares, nil)
	x.sorted, x.numbers, x.path = b.sortPaths(used)
	x.usual = b.usualShares(x)
	b.sortRows(x, first, last)
	return x
}

// usualShares are those of the sorted paths. A path that only new paths name has none;
// it is given that of the one before it, so that there are few runs.
func (b *Builder) usualShares(x *ordered) []uint32 {
	l := make([]uint32, len(x.sorted))
	last := uint32(0)
	for n, i := range x.numbers {
		if b.usual[i] != 0 {
			last = x.share[b.usual[i]-1]
		}
		l[n] = last
	}
	return l
}

// sortRows sorts by day and person in one go, then each person's rows.
func (b *Builder) sortRows(x *ordered, first, last int32) {
	if len(x.rows) == 0 {
		return
	}
	people := len(x.tables.people)
	starts := make([]uint32, (int(last-first)+1)*people+1)
	bucket := func(i uint32) int { return int(b.rows.at(i).day-first)*people + int(x.person[b.rows.at(i).person]) }
	for _, i := range x.rows {
		starts[bucket(i)+1]++
	}
	for i := 1; i < len(starts); i++ {
		starts[i] += starts[i-1]
	}
	sorted, next := make([]uint32, len(x.rows)), slices.Clone(starts)
	times := make([]int64, len(x.rows))
	for _, i := range x.rows {
		k := bucket(i)
		sorted[next[k]], times[next[k]] = i, b.rows.at(i).time
		next[k]++
	}
	compare := func(i, j uint32) int { return b.compare(b.rows.at(i), b.rows.at(j), x) }
	for k := range len(starts) - 1 {
		from, to := starts[k], starts[k+1]
		if ascends(times[from:to]) { // as they came, mostly: rows are not read again
			continue
		}
		if l := sorted[from:to]; !slices.IsSortedFunc(l, compare) {
			slices.SortFunc(l, compare)
		}
	}
	x.rows = sorted
}

// ascends reports whether every time is later than the one before.
func ascends(l []int64) bool {
	for i := 1; i < len(l); i++ {
		if l[i] <= l[i-1] {
			return false
		}
	}
	return true
}

func compareStamps(a, b stamp) int {
	return cmp.Or(cmp.Compare(a.seq, b.seq), cmp.Compare(a.received, b.received))
}

// keepUsed leaves the used entries, sorted when compare is not nil, and gives
// the new number of each.
func keepUsed[T any](all []T, used []bool, compare func(a, b T) int) (kept []T, number []uint32) {
	order := make([]uint32, 0, len(all))
	for i, ok := range used {
		if ok {
			order = append(order, uint32(i))
		}
	}
	if compare != nil {
		slices.SortFunc(order, func(a, b uint32) int { return compare(all[a], all[b]) })
	}
	number = make([]uint32, len(all))
	for n, i := range order {
		kept = append(kept, all[i])
		number[i] = uint32(n)
	}
	return kept, number
}

// compare is the stored order: day, person, time, id, arrival.
func (b *Builder) compare(p, q *builtRow, x *ordered) int {
	if p.day != q.day {
		return cmp.Compare(p.day, q.day)
	}
	if p.person != q.person {
		return cmp.Compare(x.person[p.person], x.person[q.person])
	}
	if p.time != q.time {
		return cmp.Compare(p.time, q.time)
	}
	return cmp.Or(compareOrigins(&b.origins.all[p.origin], &b.origins.all[q.origin]), cmp.Compare(p.firstID, q.firstID), cmp.Compare(p.ordinal, q.ordinal),
		compareArrival(b.stamps.all[p.stamp], b.stamps.all[q.stamp]))
}

func compareArrival(a, b stamp) int {
	return cmp.Or(cmp.Compare(a.received, b.received), cmp.Compare(a.seq, b.seq))
}

// compareOrigins orders as ids do.
func compareOrigins(a, b *origin) int {
	return cmp.Or(strings.Compare(a.channel, b.channel), cmp.Compare(a.gen, b.gen))
}
