package convert

import "math/bits"

// fact is what is known of a path of this server: the sum of what follows.
type fact uint8

const (
	factExists fact = 1 << iota // seen in use and not deleted or renamed away since
	factDir
	factFile
	factReads  // uses of reading rights in it are logged
	factWrites // uses of other rights in it are logged
	factAll    = 1<<iota - 1
)

func (f fact) exists() bool { return f&factExists != 0 }
func (f fact) dir() bool    { return f&factDir != 0 }
func (f fact) file() bool   { return f&factFile != 0 }

// facts is a bounded memory of paths in two generations: when the newer is full,
// the older is forgotten. A fact that changes moves to the newer one.
//
// It keeps a sum of each path in place of its name: names are ten times as
// large, and fifty servers have fifty such memories. Two paths with one sum
// would share their fact; 58 bits of it are kept, and among 40,000 paths that is
// one chance in 2^28.
type facts struct {
	slots []factSlot // open addressing by sum, a power of two; see table
	spare []factSlot // as large, for forget
	n     int
	Gen   uint32 // the newer generation
	Newer int    // facts of it
	moves uint32 // how often facts changed their places; derived, 0 while there are none
	dirs  uint32 // how often a path turned out to be a folder; derived
	trace *trace // notes what is looked up; nil = nobody asks
}

// factSlot is a fact in one word: the upper 58 bits of the sum of the path, the
// generation's parity (two generations are kept) and five bits of what is known.
// 0 is free.
type factSlot uint64

const (
	factOdd factSlot = factAll + 1 // of an odd generation
	factSum          = ^factSlot(1<<6 - 1)
)

func (s factSlot) fact() fact { return fact(s & factAll) }

// slotFor is the slot of a fact.
func slotFor(sum uint64, gen uint32, f fact) factSlot {
	return factSlot(sum)&factSum | factSlot(gen&1)<<5 | factSlot(f)
}

// slotOf is the place of a sum, or the free place where it belongs.
func slotOf(slots []factSlot, sum uint64) *factSlot {
	mask := uint64(len(slots)) - 1
	for i := mix(sum&uint64(factSum)) & mask; ; i = (i + 1) & mask {
		if s := &slots[i]; *s == 0 || (*s^factSlot(sum))&factSum == 0 {
			return s
		}
	}
}

// at returns what is known of the path with a sum.
func (f *facts) at(sum uint64) fact {
	f.trace.add(uint32(sum >> 32))
	if f.n == 0 {
		return 0
	}
	return slotOf(f.slots, sum).fact()
}

// factPlace is where the fact of a path stood. It is derived; the zero value is
// nowhere.
type factPlace struct {
	moves uint32 // facts.moves then
	at    uint32
}

// near is slotOf with the memory of the place. There are slots.
func (f *facts) near(p *factPlace, sum uint64) *factSlot {
	if p.moves == f.moves && uint64(p.at) < uint64(len(f.slots)) {
		if s := &f.slots[p.at]; *s == 0 || (*s^factSlot(sum))&factSum == 0 { // a free place stays that of the sum
			return s
		}
	}
	f.trace.add(uint32(sum >> 32)) // else it was looked up since the trace began: see Converter.Trace
	mask := uint64(len(f.slots)) - 1
	for i := mix(sum&uint64(factSum)) & mask; ; i = (i + 1) & mask {
		if s := &f.slots[i]; *s == 0 || (*s^factSlot(sum))&factSum == 0 {
			p.at, p.moves = uint32(i), f.moves
			return s
		}
	}
}

func (f *facts) get(key string) fact { return f.at(pathSum(key)) }

// put sets what is known of the path with a sum.
func (f *facts) put(sum uint64, v fact, limit int) {
	var p factPlace
	f.putNear(&p, sum, v, limit)
}

// putNear is put with the memory of the place.
func (f *facts) putNear(p *factPlace, sum uint64, v fact, limit int) {
	f.room()
	s := f.near(p, sum)
	if *s == 0 || *s&factOdd != f.odd() {
		if f.Newer >= limit/2 {
			f.forget()
			s = f.near(p, sum)
		}
		f.Newer++
	}
	if *s == 0 {
		f.n++
	}
	if v.dir() && !s.fact().dir() {
		f.dirs++
	}
	*s = slotFor(sum, f.Gen, v)
}

// odd is the parity of the newer generation as it stands in a slot.
func (f *facts) odd() factSlot { return factSlot(f.Gen&1) << 5 }

// room makes place for one more.
func (f *facts) room() {
	if 4*f.n < 3*len(f.slots) {
		return
	}
	f.moves++
	old := f.slots
	f.slots, f.spare = make([]factSlot, max(smallTable, 2*len(old))), nil
	for _, s := range old {
		if s != 0 {
			*slotOf(f.slots, uint64(s)) = s
		}
	}
}

// forget drops the older generation and begins a new one.
func (f *facts) forget() {
	kept := f.spare
	if kept == nil {
		kept = make([]factSlot, len(f.slots))
	}
	clear(kept)
	f.n = 0
	f.moves++
	for _, s := range f.slots {
		if s != 0 && s&factOdd == f.odd() {
			*slotOf(kept, uint64(s)) = s
			f.n++
		}
	}
	f.slots, f.spare = kept, f.slots
	f.Gen++
	f.Newer = 0
}

func (f *facts) encode(e *encoder) {
	e.uint(uint64(f.Gen))
	e.uint(uint64(f.n))
	for _, s := range f.slots {
		if s != 0 {
			e.uint(uint64(s))
		}
	}
}

func (f *facts) decode(d *decoder) {
	f.Gen = uint32(d.uint())
	n := d.length()
	for range n {
		s := factSlot(d.uint())
		if d.err != nil {
			return
		}
		f.room()
		if p := slotOf(f.slots, uint64(s)); s&factSum != 0 && *p == 0 {
			*p = s
			f.n++
		}
		if s&factOdd == f.odd() {
			f.Newer++
		}
	}
	if f.n != n {
		d.fail("one path twice")
	}
}

// pathSum is a 64-bit sum of a folded path, the same in every process because
// checkpoints hold it: words are mixed by folded multiplication.
func pathSum(s string) uint64 {
	const k1, k2 = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93
	h := uint64(len(s)) * k1
	i := 0
	for ; i+8 <= len(s); i += 8 {
		hi, lo := bits.Mul64(h^word(s[i:i+8]), k1)
		h = hi ^ lo ^ h<<1
	}
	last := uint64(0) // the rest, filled up with zeros
	switch rest := len(s) - i; {
	case rest == 0:
	case len(s) >= 8:
		last = word(s[len(s)-8:]) >> (64 - 8*rest)
	default:
		for j := range rest {
			last |= uint64(s[i+j]) << (8 * j)
		}
	}
	hi, lo := bits.Mul64(h^last, k2)
	h = hi ^ lo
	hi, lo = bits.Mul64(h^k1, k2)
	return max(hi^lo, 1<<6)
}

// word reads eight bytes.
func word(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// known returns what is known of a path.
func (c *Converter) known(p *pathInfo) fact {
	if c.s.Facts.n == 0 {
		c.s.Facts.trace.add(uint32(p.sum >> 32))
		return 0
	}
	return c.s.Facts.near(&p.place, p.sum).fact()
}

// knownDir returns what is known of the folder of a path.
func (c *Converter) knownDir(p *pathInfo) fact {
	if c.s.Facts.n == 0 {
		c.s.Facts.trace.add(uint32(p.dirSum >> 32))
		return 0
	}
	return c.s.Facts.near(&p.dirPlace, p.dirSum).fact()
}

// factOf returns what is known of a path by its folded name.
func (c *Converter) factOf(key string) fact { return c.s.Facts.at(c.sum(key)) }

// learn sets what is known of a path.
func (c *Converter) learn(sum uint64, v fact) { c.s.Facts.put(sum, v, c.opt.MaxPaths) }

// onlyFolder reports whether a path is known as a folder and nothing else.
func (c *Converter) onlyFolder(key string) bool {
	f := c.factOf(key)
	return f&(factDir|factFile) == factDir
}

// saw notes that a path and the folders above it exist.
func (c *Converter) saw(key string, dir, file bool) {
	sum := c.sum(key)
	if v := c.s.Facts.at(sum); v != v.seen(dir, file) {
		c.learn(sum, v.seen(dir, file))
	}
	c.sawFolders(dirOf(key))
}

// sawFolders notes that a folder and those above it exist.
func (c *Converter) sawFolders(dir string) {
	for ; dir != ""; dir = dirOf(dir) {
		sum := pathSum(dir)
		v := c.s.Facts.at(sum)
		if v == v.seen(true, false) {
			return // so are the folders above it
		}
		c.learn(sum, v.seen(true, false))
	}
}

// seen is f of a path that was seen as a folder, as a file, or as either.
func (f fact) seen(dir, file bool) fact {
	f |= factExists
	switch {
	case dir:
		return f&^factFile | factDir
	case file:
		return f&^factDir | factFile
	}
	return f
}

// sawPath is saw for a path of which v is known. It reports whether the folder was not
// known to be one.
func (c *Converter) sawPath(p *pathInfo, v fact, dir, file bool) (learned bool) {
	if v != v.seen(dir, file) {
		c.s.Facts.putNear(&p.place, p.sum, v.seen(dir, file), c.opt.MaxPaths)
	}
	if p.Dir == "" {
		return false
	}
	if v := c.knownDir(p); v != v.seen(true, false) {
		c.s.Facts.putNear(&p.dirPlace, p.dirSum, v.seen(true, false), c.opt.MaxPaths)
		c.sawFolders(dirOf(p.Dir))
		return !v.dir()
	}
	return false
}

// sawUse notes that the use of rights is audited in a folder (entries are
// inherited from it): in that of a file, in a folder itself.
func (c *Converter) sawUse(p *pathInfo, dir bool, mask uint32) {
	var now fact
	if mask&(readData|execute) != 0 {
		now |= factReads
	}
	if mask&^(readData|execute|readAttr|readCtl) != 0 {
		now |= factWrites
	}
	v := c.knownDir(p)
	if dir {
		v = c.known(p)
	}
	switch {
	case v|now == v:
	case dir:
		c.s.Facts.putNear(&p.place, p.sum, v|now, c.opt.MaxPaths)
	default:
		c.s.Facts.putNear(&p.dirPlace, p.dirSum, v|now, c.opt.MaxPaths)
	}
}

// gone notes that a name is free again.
func (c *Converter) gone(key string) {
	sum := c.sum(key)
	v := c.s.Facts.at(sum)
	c.learn(sum, v&^factExists)
}

// arrived notes a name that came by a rename.
func (c *Converter) arrived(key string, dir bool) {
	sum := c.sum(key)
	v := c.s.Facts.at(sum)
	c.learn(sum, v.seen(dir, !dir))
}

// asksToRead reports whether a mask asks for nothing but to read.
func asksToRead(mask uint32) bool {
	return mask&^(readData|execute|readAttr|readCtl|synchro|0x8) == 0
}

// audited reports whether uses of such rights are known to be logged in the
// path's folder or one above it.
func (c *Converter) audited(key string, mask uint32) bool {
	reads := asksToRead(mask)
	for ; key != ""; key = dirOf(key) {
		if c.factOf(key).logs(reads) {
			return true
		}
	}
	return false
}

func (f fact) logs(reads bool) bool {
	if reads {
		return f&factReads != 0
	}
	return f&factWrites != 0
}

// auditedPath is audited for a path with its sums.
func (c *Converter) auditedPath(p *pathInfo, mask uint32) bool {
	reads := asksToRead(mask)
	d := c.knownDir(p)
	return d.logs(reads) || c.audited(p.Key, mask)
}
