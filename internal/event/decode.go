package event

import (
	"fmt"

	"github.com/akashi-audit/akashi/internal/column"
)

// columnReader reads a block of blockColumns.
type columnReader struct {
	*column.Reader
	plain   []string
	known   uint32 // texts of plain that the columns so far have named
	schemas []*Schema

	parent []uint8
	ofText []uint8
	ofNum  []uint8
	same   []bool
	miss32 []uint32
	miss64 []uint64
}

func decodeColumns(b []byte) ([]*Event, error) {
	r := &columnReader{Reader: column.NewReader(b), known: 1}
	n := int(r.Uvarint(BlockEvents))
	r.plain = r.Texts()
	if r.Err() == nil && (len(r.plain) == 0 || r.plain[0] != "") {
		r.Fail("texts without the empty one")
	}
	if r.Err() != nil {
		return nil, fmt.Errorf("%w: %w", errBlock, r.Err())
	}
	r.names(n)
	store := make([]Event, n)
	group := make([]uint32, n)
	column.Numbers(r.Reader, group, uint64(len(r.schemas)-1), false)
	r.system(store, group)
	rows, wide := r.room(store, group)
	for g := range rows {
		r.values(rows[g], wide)
	}
	if r.Err() == nil && r.Len() != 0 {
		r.Fail("%d bytes left over", r.Len())
	}
	if r.Err() != nil {
		return nil, fmt.Errorf("%w: %w", errBlock, r.Err())
	}
	events := make([]*Event, n)
	for i := range store {
		events[i] = &store[i]
	}
	return events, nil
}

// place is the inverse of fresh.
func (r *columnReader) place(v uint32) uint32 {
	if v == 0 {
		v = r.known
		r.known++
	} else {
		v--
	}
	if int(v) >= len(r.plain) {
		r.Fail("text %d of %d", v, len(r.plain))
		return 0
	}
	return v
}

// names reads the schemas, no more than there are events; the first is none.
func (r *columnReader) names(events int) {
	r.schemas = make([]*Schema, 1, 8)
	name := func() string { return r.plain[r.place(uint32(r.Uvarint(uint64(len(r.plain)))))] }
	for range r.Uvarint(uint64(events)) {
		payload := name()
		l := make([]string, r.Count())
		for i := range l {
			l[i] = name()
		}
		if r.Err() != nil {
			return
		}
		r.schemas = append(r.schemas, NewSchema(payload, l))
	}
}

// system reads the system fields.
func (r *columnReader) system(store []Event, group []uint32) {
	r.parent = make([]uint8, len(store))
	for i, g := range group {
		store[i].Schema = r.schemas[g]
		r.parent[i] = uint8(g % parents)
	}
	v := make([]uint64, len(store))
	for k, c := range numColumns {
		if k == timeColumn || k == recordIDColumn {
			r.Differences(v)
		} else {
			r.follow(r.parent, c.max, func(i int, n uint64) { v[i] = n })
		}
		for i, n := range v {
			c.set(&store[i], n)
		}
	}
	for _, c := range strColumns {
		r.followTexts(r.parent, func(i int, s uint32) { *c(&store[i]) = r.plain[s] })
	}
}

// room makes room for the values and sorts the events by schema.
func (r *columnReader) room(store []Event, group []uint32) (rows [][]*Event, wide bool) {
	counts := make([]uint32, len(store))
	column.Numbers(r.Reader, counts, 1<<32-1, false)
	total := uint64(0)
	for _, n := range counts {
		total += uint64(n)
	}
	wide = total > roomy
	if wide && total > uint64(r.Len()) {
		r.Fail("%d values in %d bytes", total, r.Len())
	}
	if r.Err() != nil {
		return nil, false
	}
	rows = make([][]*Event, len(r.schemas))
	values := make([]Value, total)
	for i, n := range counts {
		if n > 0 {
			store[i].Values, values = values[:n:n], values[n:]
		}
		rows[group[i]] = append(rows[group[i]], &store[i])
	}
	return rows, wide
}

// follow reads a number column and gives each number to set.
func (r *columnReader) follow(parent []uint8, limit uint64, set func(int, uint64)) {
	r.same = sized(r.same, len(parent))
	r.miss64 = sized(r.miss64, len(parent)-r.Bits(r.same))
	miss := r.miss64
	column.Numbers(r.Reader, miss, limit, false)
	var last [parents]uint64
	for i, same := range r.same {
		p := parent[i]
		if !same {
			last[p], miss = miss[0], miss[1:]
		}
		set(i, last[p])
	}
}

// followTexts reads a text column and gives the number of each text to set.
func (r *columnReader) followTexts(parent []uint8, set func(int, uint32)) {
	r.same = sized(r.same, len(parent))
	r.miss32 = sized(r.miss32, len(parent)-r.Bits(r.same))
	miss := r.miss32
	column.Numbers(r.Reader, miss, uint64(len(r.plain)), false)
	var last [parents]uint32
	for i, same := range r.same {
		p := parent[i]
		if !same {
			last[p], miss = r.place(miss[0]), miss[1:]
		}
		set(i, last[p])
	}
}

// sized is v with n elements of any content.
func sized[T any](v []T, n int) []T {
	if cap(v) < n {
		return make([]T, n, max(n, BlockEvents))
	}
	return v[:n]
}

// values reads the values of the events of one schema. It changes the list.
func (r *columnReader) values(rows []*Event, wide bool) {
	r.parent = sized(r.parent, len(rows))
	clear(r.parent)
	for slot := 0; r.Err() == nil; slot++ {
		n := 0
		for i, ev := range rows {
			if slot < len(ev.Values) {
				rows[n], r.parent[n] = ev, r.parent[i]
				n++
			}
		}
		rows, r.parent = rows[:n], r.parent[:n]
		if n == 0 {
			return
		}
		r.slot(rows, slot, wide)
	}
}

// slot reads one value of each event.
func (r *columnReader) slot(rows []*Event, slot int, wide bool) {
	r.miss32 = sized(r.miss32, len(rows))
	column.Numbers(r.Reader, r.miss32, 1<<9-1, wide)
	r.ofText, r.ofNum = r.ofText[:0], r.ofNum[:0]
	texts, nums := make([]*Value, 0, len(rows)), make([]*Value, 0, len(rows))
	for i, head := range r.miss32 {
		v := &rows[i].Values[slot]
		v.Kind = Kind(head >> 1)
		if head&1 != 0 || v.Kind.usesStr() {
			texts, r.ofText = append(texts, v), append(r.ofText, r.parent[i])
		}
		if head&1 != 0 || v.Kind.usesNum() {
			nums, r.ofNum = append(nums, v), append(r.ofNum, r.parent[i])
		}
	}
	switch {
	case slot == 0 && len(texts) == len(rows):
		r.followTexts(r.ofText, func(i int, s uint32) {
			texts[i].Str = r.plain[s]
			r.parent[i] = uint8(s % parents)
		})
	case len(texts) > 0:
		r.followTexts(r.ofText, func(i int, s uint32) { texts[i].Str = r.plain[s] })
	}
	if len(nums) > 0 {
		r.follow(r.ofNum, 1<<64-1, func(i int, n uint64) { nums[i].Num = n })
	}
}
