package convert

import "iter"

// acts are the records in the making, by their number. Numbers are given out in
// order and most acts live for seconds only: so the newest stand in a ring at their
// number, where neighbours share a line of the processor's cache, and a look-up is
// one comparison. An act whose place another one needs moves to a table. The zero
// value is empty.
type acts struct {
	ring []*act // of a power of two; an act stands at its number, or not at all
	old  table[act]
	n    int
}

// ringActs is the length of the ring: the numbers of some ten seconds of a busy server
// (acts, and timers, which have numbers of the same row).
const ringActs = 1 << 13

func (t *acts) len() int { return t.n }

// get returns the act of a number, nil for none.
func (t *acts) get(seq uint64) *act {
	if i := seq & (ringActs - 1); i < uint64(len(t.ring)) {
		if a := t.ring[i]; a != nil && a.Seq == seq {
			return a
		}
	}
	if t.old.n == 0 {
		return nil
	}
	return t.old.get(seq)
}

// near returns what stands at the place of a number in the ring: its act, another one,
// or nil. It reads nothing of an act.
func (t *acts) near(seq uint64) *act {
	if i := seq & (ringActs - 1); i < uint64(len(t.ring)) {
		return t.ring[i]
	}
	return nil
}

// put enters an act, which is not nil, under its number. None stands there.
func (t *acts) put(a *act) {
	if t.ring == nil {
		t.ring = make([]*act, ringActs)
	}
	p := &t.ring[a.Seq&(ringActs-1)]
	if *p != nil {
		t.old.put((*p).Seq, *p)
	}
	*p = a
	t.n++
}

// drop takes an act away that is there.
func (t *acts) drop(a *act) {
	t.n--
	if p := &t.ring[a.Seq&(ringActs-1)]; *p == a {
		*p = nil
		return
	}
	t.old.drop(a.Seq)
}

// all yields the acts in no order. They must not change meanwhile.
func (t *acts) all() iter.Seq2[uint64, *act] {
	return func(yield func(uint64, *act) bool) {
		for _, a := range t.ring {
			if a != nil && !yield(a.Seq, a) {
				return
			}
		}
		for seq, a := range t.old.all() {
			if !yield(seq, a) {
				return
			}
		}
	}
}

func (t *acts) encode(e *encoder) {
	e.uint(uint64(t.n))
	for seq, a := range t.all() {
		e.uint(seq)
		encodePtr(e, a)
	}
}

func (t *acts) decode(d *decoder) {
	for range d.length() {
		seq := d.uint()
		a := decodePtr[act](d)
		if d.err == nil && (a.Seq != seq || t.get(seq) != nil) {
			d.fail("act under another number, or twice")
		}
		if d.err != nil {
			return
		}
		t.put(a)
	}
}

func (t *acts) own(x *cloner) {
	space := make([]act, t.n-t.old.n)
	ring := t.ring
	t.ring = nil
	if ring != nil {
		t.ring = make([]*act, ringActs)
	}
	for i, a := range ring {
		if a != nil {
			t.ring[i] = ownPtr(x, &space[0], a)
			space = space[1:]
		}
	}
	t.old.own(x)
}
