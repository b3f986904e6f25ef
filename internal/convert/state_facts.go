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
}

// facts is a bounded memory of paths: two generations, the older is forgotten
// when the newer is full. A path that is looked at moves to the newer one.
//
// It keeps a sum of each path in place of its name: names are ten times as
// large, and fifty servers have fifty such memories. Two paths with one sum
// would share their fact; among 40,000 that is one chance in 2^34.
type facts struct {
	New, Old map[uint64]fact
}

func (f *facts) get(key string) fact {
	k := pathSum(key)
	if v, ok := f.New[k]; ok {
		return v
	}
	return f.Old[k]
}

func (f *facts) put(key string, v fact, limit int) {
	k := pathSum(key)
	if len(f.New) >= limit/2 {
		if _, ok := f.New[k]; !ok {
			f.Old, f.New = f.New, make(map[uint64]fact, limit/2)
		}
	}
	f.New[k] = v
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

// saw notes that a path and the folder above it exist. It reports whether the
// folder was not known to be one.
func (c *Converter) saw(key string, dir, file bool) (learned bool) {
	v := c.s.Facts.get(key)
	n := v
	n.Exists = true
	n.Dir = v.Dir && !file || dir
	n.File = v.File && !dir || file && !dir
	if n != v {
		c.s.Facts.put(key, n, c.opt.MaxPaths)
	}
	if p := dirOf(key); p != "" {
		v := c.s.Facts.get(p)
		n := v
		n.Exists, n.Dir, n.File = true, true, false
		if n != v {
			c.s.Facts.put(p, n, c.opt.MaxPaths)
			learned = !v.Dir
		}
	}
	return learned
}

// sawUse notes that the use of rights is audited in a folder (entries are
// inherited from it): in that of a file, in a folder itself.
func (c *Converter) sawUse(h *handle, mask uint32) {
	key := h.Key
	if !h.Dir {
		key = dirOf(key)
	}
	v := c.s.Facts.get(key)
	n := v
	n.Reads = v.Reads || mask&(readData|execute) != 0
	n.Writes = v.Writes || mask&^(readData|execute|readAttr|readCtl) != 0
	if n != v {
		c.s.Facts.put(key, n, c.opt.MaxPaths)
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

// audited reports whether uses of such rights are known to be logged in the
// path's folder or one above it.
func (c *Converter) audited(key string, mask uint32) bool {
	reads := mask&^(readData|execute|readAttr|readCtl|synchro|0x8) == 0
	for ; key != ""; key = dirOf(key) {
		if f := c.s.Facts.get(key); reads && f.Reads || !reads && f.Writes {
			return true
		}
	}
	return false
}
