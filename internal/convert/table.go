package convert

import (
	"hash/maphash"
	"iter"
	"math/bits"
	"math/rand/v2"
)

// Tables of the state: open addressing in one array, which is read in half the
// time of a map. What a log can choose (logon ids, handles, names) is mixed with
// secret numbers, so that no log can make its entries meet. The order of a table
// is no order: nothing that is told may depend on it.

var (
	secretA, secretB = rand.Uint64(), rand.Uint64() | 1
	secretName       = maphash.MakeSeed()
)

func mix(k uint64) uint64 {
	hi, lo := bits.Mul64(k^secretA, secretB)
	return hi ^ lo
}

// homeOf is where the entry of k belongs in a table, but for its size. Four
// numbers that follow each other stand in one line of the processor's cache:
// handles and logon ids are given out in order. One mixing would lay numbers in order
// out at equal distances, which for some secret numbers is one long run: with 3,000
// handles, a search took 80 places on average in one process of a hundred.
func homeOf(k uint64) uint64 { return mix(mix(k>>2))<<2 | k&3 }

// nameHash is the hash of a folded path for tables. It differs from process to
// process.
func nameHash(key string) uint64 { return maphash.String(secretName, key) }

// table holds things by number. Its zero value is empty.
type table[V any] struct {
	slots []slot[V] // a power of two
	n     int
	at    uint64 // the place that was found or filled last: events of a moment are about one thing
	trace *trace // notes what is looked up; nil = nobody asks
}

type slot[V any] struct {
	key uint64
	v   *V // nil: free
}

const smallTable = 16

func (t *table[V]) len() int { return t.n }

// get returns what stands under k, nil for nothing.
func (t *table[V]) get(k uint64) *V {
	if t.at < uint64(len(t.slots)) {
		if s := &t.slots[t.at]; s.key == k && s.v != nil {
			return s.v
		}
	}
	return t.find(k)
}

func (t *table[V]) find(k uint64) *V {
	if t.trace != nil {
		t.trace.add(traceOf(k))
	}
	mask := uint64(len(t.slots)) - 1
	for i := homeOf(k) & mask; i < uint64(len(t.slots)); i = (i + 1) & mask {
		s := &t.slots[i]
		if s.v == nil {
			break
		}
		if s.key == k {
			t.at = i
			return s.v
		}
	}
	return nil
}

// put enters v, which is not nil, under k.
func (t *table[V]) put(k uint64, v *V) {
	if t.trace != nil {
		t.trace.add(traceOf(k))
	}
	if 4*t.n >= 3*len(t.slots) {
		t.grow()
	}
	mask := uint64(len(t.slots)) - 1
	i := homeOf(k) & mask
	for t.slots[i].v != nil && t.slots[i].key != k {
		i = (i + 1) & mask
	}
	if t.slots[i].v == nil {
		t.n++
	}
	t.slots[i] = slot[V]{k, v}
	t.at = i
}

func (t *table[V]) grow() {
	old := t.slots
	t.slots, t.n = make([]slot[V], max(smallTable, 2*len(old))), 0
	for _, s := range old {
		if s.v != nil {
			t.put(s.key, s.v)
		}
	}
}

// drop takes the entry of k away. Those behind it move up, so that no search
// ends too early.
func (t *table[V]) drop(k uint64) {
	if t.get(k) == nil {
		return
	}
	mask := uint64(len(t.slots)) - 1
	i := t.at
	for j := (i + 1) & mask; t.slots[j].v != nil; j = (j + 1) & mask {
		if home := homeOf(t.slots[j].key) & mask; (j-home)&mask >= (j-i)&mask {
			t.slots[i] = t.slots[j]
			i = j
		}
	}
	t.slots[i] = slot[V]{}
	t.n--
	t.forgetPlace()
}

// forgetPlace makes the next look-up a search.
func (t *table[V]) forgetPlace() { t.at = uint64(len(t.slots)) }

func (t *table[V]) clear() { *t = table[V]{trace: t.trace} }

// all yields the entries in no order. The table must not change meanwhile.
func (t *table[V]) all() iter.Seq2[uint64, *V] {
	return func(yield func(uint64, *V) bool) {
		for i := range t.slots {
			if s := &t.slots[i]; s.v != nil && !yield(s.key, s.v) {
				return
			}
		}
	}
}

// nameTable holds things by session and path. Its zero value is empty.
type nameTable[V any] struct {
	slots []nameSlot[V]
	n     int
	at    uint64 // as in table
}

type nameSlot[V any] struct {
	hash uint64
	k    pathKey
	v    *V // nil: free
}

// entryHash is the hash of an entry of a session; name is that of its path.
func entryHash(logon, name uint64) uint64 { return mix(name + logon*0x9e3779b97f4a7c15) }

func (t *nameTable[V]) len() int { return t.n }

// is reports whether s is the entry of k, which has the hash given.
func (s *nameSlot[V]) is(k *pathKey, hash uint64) bool {
	return s.hash == hash && s.v != nil && s.k.Logon == k.Logon && s.k.Key == k.Key
}

// find returns the place of k, whose entry has the hash given, or the free place
// where it belongs. There are slots.
func (t *nameTable[V]) find(k *pathKey, hash uint64) *nameSlot[V] {
	if t.at < uint64(len(t.slots)) {
		if s := &t.slots[t.at]; s.is(k, hash) {
			return s
		}
	}
	mask := uint64(len(t.slots)) - 1
	for i := hash & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if s.v == nil || s.is(k, hash) {
			t.at = i
			return s
		}
	}
}

// get returns what stands under k, nil for nothing.
func (t *nameTable[V]) get(k pathKey, name uint64) *V {
	if t.n == 0 {
		return nil
	}
	return t.find(&k, entryHash(k.Logon, name)).v
}

// put enters v, which is not nil, under k.
func (t *nameTable[V]) put(k pathKey, name uint64, v *V) {
	if 4*t.n >= 3*len(t.slots) {
		old := t.slots
		t.slots = make([]nameSlot[V], max(smallTable, 2*len(old)))
		for i := range old {
			if old[i].v != nil {
				*t.find(&old[i].k, old[i].hash) = old[i]
			}
		}
	}
	h := entryHash(k.Logon, name)
	s := t.find(&k, h)
	if s.v == nil {
		t.n++
	}
	*s = nameSlot[V]{h, k, v}
}

// drop takes the entry of k away.
func (t *nameTable[V]) drop(k pathKey, name uint64) {
	if t.n == 0 {
		return
	}
	if t.find(&k, entryHash(k.Logon, name)).v == nil {
		return
	}
	mask := uint64(len(t.slots)) - 1
	i := t.at
	for j := (i + 1) & mask; t.slots[j].v != nil; j = (j + 1) & mask {
		if home := t.slots[j].hash & mask; (j-home)&mask >= (j-i)&mask {
			t.slots[i] = t.slots[j]
			i = j
		}
	}
	t.slots[i] = nameSlot[V]{}
	t.n--
}

func (t *nameTable[V]) clear() { *t = nameTable[V]{} }

// all yields the entries in no order. The table must not change meanwhile.
func (t *nameTable[V]) all() iter.Seq2[pathKey, *V] {
	return func(yield func(pathKey, *V) bool) {
		for i := range t.slots {
			if s := &t.slots[i]; s.v != nil && !yield(s.k, s.v) {
				return
			}
		}
	}
}

// handles are the open handles. Nearly all have a small process id and value:
// both make one number.
type handles struct {
	usual table[handle]
	odd   map[handleKey]*handle
}

// packed is the number of a usual handle: Windows gives out multiples of four.
func (k handleKey) packed() (n uint64, usual bool) {
	return k.PID<<40 | k.Handle>>2, k.PID < 1<<24 && k.Handle < 1<<42 && k.Handle&3 == 0
}

func (h *handles) len() int { return h.usual.n + len(h.odd) }

func (h *handles) get(k handleKey) *handle {
	if n, ok := k.packed(); ok {
		return h.usual.get(n)
	}
	return h.odd[k]
}

func (h *handles) put(k handleKey, v *handle) {
	if n, ok := k.packed(); ok {
		h.usual.put(n, v)
		return
	}
	if h.odd == nil {
		h.odd = map[handleKey]*handle{}
	}
	h.odd[k] = v
}

func (h *handles) drop(k handleKey) {
	if n, ok := k.packed(); ok {
		h.usual.drop(n)
		return
	}
	delete(h.odd, k)
}

func (h *handles) clear() { *h = handles{} }

// all yields the handles in no order.
func (h *handles) all() iter.Seq2[handleKey, *handle] {
	return func(yield func(handleKey, *handle) bool) {
		for n, v := range h.usual.all() {
			if !yield(handleKey{n >> 40, n & (1<<40 - 1) << 2}, v) {
				return
			}
		}
		for k, v := range h.odd {
			if !yield(k, v) {
				return
			}
		}
	}
}
