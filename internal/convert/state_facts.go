package convert

import (
	"encoding/binary"
	"math/bits"
)

// fact is what is known of a path of this server.
type fact struct {
	Exists bool // seen in use and not deleted or renamed away since
	Dir    bool
	File   bool
	Reads  bool // uses of reading rights in it are logged
	Writes bool // uses of other rights in it are logged
	Gen    uint32
}

// facts is a bounded memory of paths in two generations: when the newer is full,
// the older is forgotten. A fact that changes moves to the newer one.
//
// It keeps a sum of each path in place of its name: names are ten times as
// large, and fifty servers have fifty such memories. Two paths with one sum
// would share their fact; among 40,000 that is one chance in 2^34.
type facts struct {
	Of    map[uint64]*fact // by pathSum
	Gen   uint32           // the newer generation
	Newer int              // facts of it
	added uint64           // facts that were ever added, so that an absence can be remembered
}

// at returns what is known of a path, nil for nothing.
func (f *facts) at(key string) *fact { return f.Of[pathSum(key)] }

func (f *facts) get(key string) fact {
	if v := f.at(key); v != nil {
		return *v
	}
	return fact{}
}

// put sets what is known of a path and returns where it is kept.
func (f *facts) put(key string, v fact, limit int) *fact {
	k := pathSum(key)
	p := f.Of[k]
	if p == nil || p.Gen != f.Gen {
		if f.Newer >= limit/2 {
			f.forget()
			p = f.Of[k]
		}
		f.Newer++
	}
	if p == nil {
		p = &fact{}
		f.Of[k] = p
		f.added++
	}
	v.Gen = f.Gen
	*p = v
	return p
}

// forget drops the older generation and begins a new one.
func (f *facts) forget() {
	for k, p := range f.Of {
		if p.Gen != f.Gen {
			delete(f.Of, k)
		}
	}
	f.Gen++
	f.Newer = 0
}

// current reports whether p, found earlier, is still kept.
func (f *facts) current(p *fact) bool { return p != nil && p.Gen+1 >= f.Gen }

// way is where the fact of a path was found. It is derived.
type way struct {
	at     *fact
	absent uint64 // there was none when so many had been added, plus one
}

// follow returns what is known of a path, found by its way or anew.
func (f *facts) follow(w *way, key string) fact {
	if f.current(w.at) {
		return *w.at
	}
	if w.at = nil; w.absent == f.added+1 {
		return fact{}
	}
	if w.at = f.at(key); w.at == nil {
		w.absent = f.added + 1
		return fact{}
	}
	return *w.at
}

// pathSum is a 64-bit sum of a folded path, the same in every process because
// checkpoints hold it: words are mixed by folded multiplication.
func pathSum(s string) uint64 {
	const k1, k2 = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93
	h := uint64(len(s)) * k1
	var word [8]byte
	for len(s) >= 8 {
		copy(word[:], s)
		hi, lo := bits.Mul64(h^binary.LittleEndian.Uint64(word[:]), k1)
		h = hi ^ lo ^ h<<1
		s = s[8:]
	}
	word = [8]byte{}
	copy(word[:], s)
	hi, lo := bits.Mul64(h^binary.LittleEndian.Uint64(word[:]), k2)
	h = hi ^ lo
	hi, lo = bits.Mul64(h^k1, k2)
	return hi ^ lo
}

// known returns what is known of a path. The way to it is kept in p.
func (c *Converter) known(p *pathInfo) fact { return c.s.Facts.follow(&p.own, p.Key) }

// knownDir returns what is known of the folder of a path.
func (c *Converter) knownDir(p *pathInfo) fact { return c.s.Facts.follow(&p.above, p.Dir) }

// onlyFolder reports whether a path is known as a folder and nothing else.
func (c *Converter) onlyFolder(key string) bool {
	f := c.s.Facts.get(key)
	return f.Dir && !f.File
}

// saw notes that a path and the folders above it exist.
func (c *Converter) saw(key string, dir, file bool) {
	if v := c.s.Facts.get(key); v != v.seen(dir, file) {
		c.s.Facts.put(key, v.seen(dir, file), c.opt.MaxPaths)
	}
	c.sawFolders(dirOf(key))
}

// sawFolders notes that a folder and those above it exist.
func (c *Converter) sawFolders(dir string) {
	for ; dir != ""; dir = dirOf(dir) {
		v := c.s.Facts.get(dir)
		if v == v.seen(true, false) {
			return // so are the folders above it
		}
		c.s.Facts.put(dir, v.seen(true, false), c.opt.MaxPaths)
	}
}

// seen is f of a path that was seen as a folder, as a file, or as either.
func (f fact) seen(dir, file bool) fact {
	f.Exists = true
	f.Dir, f.File = f.Dir && !file || dir, f.File && !dir || file && !dir
	return f
}

// sawPath is saw for a path with its way. It reports whether the folder was not
// known to be one.
func (c *Converter) sawPath(p *pathInfo, dir, file bool) (learned bool) {
	if v := c.known(p); v != v.seen(dir, file) {
		p.own.at = c.s.Facts.put(p.Key, v.seen(dir, file), c.opt.MaxPaths)
	}
	if p.Dir == "" {
		return false
	}
	if v := c.knownDir(p); v != v.seen(true, false) {
		p.above.at = c.s.Facts.put(p.Dir, v.seen(true, false), c.opt.MaxPaths)
		c.sawFolders(dirOf(p.Dir))
		return !v.Dir
	}
	return false
}

// sawUse notes that the use of rights is audited in a folder (entries are
// inherited from it): in that of a file, in a folder itself.
func (c *Converter) sawUse(p *pathInfo, dir bool, mask uint32) {
	reads, writes := mask&(readData|execute) != 0, mask&^(readData|execute|readAttr|readCtl) != 0
	v := c.known(p)
	if !dir {
		v = c.knownDir(p)
	}
	if (v.Reads || !reads) && (v.Writes || !writes) {
		return
	}
	v.Reads, v.Writes = v.Reads || reads, v.Writes || writes
	if dir {
		p.own.at = c.s.Facts.put(p.Key, v, c.opt.MaxPaths)
	} else {
		p.above.at = c.s.Facts.put(p.Dir, v, c.opt.MaxPaths)
	}
}

// gone notes that a name is free again.
func (c *Converter) gone(key string) {
	v := c.s.Facts.get(key)
	v.Exists = false
	c.s.Facts.put(key, v, c.opt.MaxPaths)
}

// arrived notes a name that came by a rename.
func (c *Converter) arrived(key string, dir bool) {
	v := c.s.Facts.get(key)
	v.Exists, v.Dir, v.File = true, dir, !dir
	c.s.Facts.put(key, v, c.opt.MaxPaths)
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
		if f := c.s.Facts.at(key); f != nil && f.logs(reads) {
			return true
		}
	}
	return false
}

func (f *fact) logs(reads bool) bool { return reads && f.Reads || !reads && f.Writes }

// auditedPath is audited for a path with its way.
func (c *Converter) auditedPath(p *pathInfo, mask uint32) bool {
	reads := asksToRead(mask)
	d := c.knownDir(p)
	return d.logs(reads) || c.audited(p.Key, mask)
}
