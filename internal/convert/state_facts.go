package convert

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
type facts struct {
	New, Old map[string]fact
}

func (f *facts) get(key string) fact {
	if v, ok := f.New[key]; ok {
		return v
	}
	return f.Old[key]
}

func (f *facts) put(key string, v fact, limit int) {
	if len(f.New) >= limit/2 {
		if _, ok := f.New[key]; !ok {
			f.Old, f.New = f.New, make(map[string]fact, limit/2)
		}
	}
	f.New[key] = v
}

// saw notes that a path and the folders above it exist.
func (c *Converter) saw(key string, dir, file bool) {
	v := c.s.Facts.get(key)
	n := v
	n.Exists = true
	n.Dir = v.Dir && !file || dir
	n.File = v.File && !dir || file && !dir
	if n != v {
		c.s.Facts.put(key, n, c.opt.MaxPaths)
	}
	for p := dirOf(key); p != ""; p = dirOf(p) {
		v := c.s.Facts.get(p)
		n := v
		n.Exists, n.Dir, n.File = true, true, false
		if n == v {
			return // so are the folders above it
		}
		c.s.Facts.put(p, n, c.opt.MaxPaths)
	}
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
