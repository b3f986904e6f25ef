package convert

// fact is what is known of a path of this server.
type fact struct {
	Exists  bool // seen in use and not deleted or renamed away since
	Dir     bool
	File    bool
	Audited bool // object access events came for it or for something in it
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

// saw notes that a path exists and that the folder above it is a folder with
// auditing.
func (c *Converter) saw(key string, dir, file bool) {
	v := c.s.Facts.get(key)
	n := v
	n.Exists, n.Audited = true, true
	n.Dir = v.Dir && !file || dir
	n.File = v.File && !dir || file && !dir
	if n != v {
		c.s.Facts.put(key, n, c.opt.MaxPaths)
	}
	if p := dirOf(key); p != "" {
		v := c.s.Facts.get(p)
		n := v
		n.Exists, n.Dir, n.File, n.Audited = true, true, false, true
		if n != v {
			c.s.Facts.put(p, n, c.opt.MaxPaths)
		}
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

// audited reports whether object access events are known for the path's folder
// or one above it.
func (c *Converter) audited(key string) bool {
	if c.s.Facts.get(key).Audited {
		return true
	}
	for key = dirOf(key); key != ""; key = dirOf(key) {
		if c.s.Facts.get(key).Audited {
			return true
		}
	}
	return false
}
