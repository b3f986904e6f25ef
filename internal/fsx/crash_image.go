package fsx

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
)

// way is how an image treats what was not synced.
type way int

const (
	wayOrder way = iota // the machine wrote in order and stopped somewhere, in the middle of a write
	wayFiles            // each file and folder has its own moment
	wayMixed            // each sector, size and name has its own
	ways
)

// imager makes one image.
type imager struct {
	r     *rand.Rand
	way   way
	data  int // moment of data and sizes
	names int
	torn  bool
	ops   []int
	done  map[*inode]*inode // nil while a folder is being made
}

// Image is a disk as it may be found when the power fails now: what was synced
// is there, the rest is there, gone, cut at any byte or out of order, by the
// seed. Seed 0 loses all that is not sure, 1 keeps all (as when only the
// process was killed), 2 keeps names and loses data, 3 keeps data and loses
// names; other seeds choose. The same seed gives the same image; the receiver
// goes on undisturbed. The image is a machine of its own on which nothing is
// open or locked and all is sure.
func (c *Crash) Image(seed uint64) *Crash {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := &imager{r: rand.New(rand.NewPCG(seed, 0x5eed)), done: make(map[*inode]*inode)}
	c.root.pending(make(map[*inode]bool), &m.ops)
	slices.Sort(m.ops)
	m.ops = slices.Compact(m.ops)
	switch seed {
	case 0:
	case 1:
		m.data, m.names = math.MaxInt, math.MaxInt
	case 2:
		m.names = math.MaxInt
	case 3:
		m.data = math.MaxInt
	default:
		m.way = way(m.r.IntN(int(ways)))
		m.torn = m.way != wayMixed && m.r.IntN(2) == 0
		m.data = m.moment()
		m.names = m.data
	}
	out := NewCrash()
	out.capacity, out.free = c.capacity, c.free
	out.root = m.node(c.root)
	out.used = out.root.total(make(map[*inode]bool))
	return out
}

// Fork is a copy of the machine on which all processes were killed: nothing is
// open or locked, and what was not synced is still only in memory.
func (c *Crash) Fork() *Crash {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := NewCrash()
	out.op, out.capacity, out.free = c.op, c.capacity, c.free
	out.root = c.root.copy(make(map[*inode]*inode))
	out.used = out.root.total(make(map[*inode]bool))
	return out
}

func (n *inode) copy(done map[*inode]*inode) *inode {
	if n == nil || done[n] != nil {
		return done[n]
	}
	x := newInode(n.dir, n.perm)
	done[n] = x
	x.links = n.links
	x.data, x.stable, x.sizes, x.writes = slices.Clone(n.data), slices.Clone(n.stable), slices.Clone(n.sizes), slices.Clone(n.writes)
	for at, p := range n.pages {
		x.pages[at] = &page{slices.Clone(p.versions), p.lost}
	}
	for name, to := range n.names {
		x.names[name] = to.copy(done)
	}
	for name, to := range n.sure {
		x.sure[name] = to.copy(done)
	}
	for name, l := range n.unsure {
		for _, v := range l {
			x.unsure[name] = append(x.unsure[name], nameAt{v.op, v.node.copy(done)})
		}
	}
	return x
}

// moment is 0, a change that is not sure, or the end.
func (m *imager) moment() int {
	k := m.r.IntN(len(m.ops) + 2)
	switch {
	case k == 0:
		return 0
	case k <= len(m.ops):
		return m.ops[k-1]
	}
	return math.MaxInt
}

// pending collects the moments of all changes that are not sure.
func (n *inode) pending(seen map[*inode]bool, ops *[]int) {
	if n == nil || seen[n] {
		return
	}
	seen[n] = true
	for _, p := range n.pages {
		for _, v := range p.versions {
			*ops = append(*ops, v.op)
		}
	}
	for _, s := range n.sizes {
		*ops = append(*ops, s.op)
	}
	for _, l := range n.unsure {
		for _, v := range l {
			*ops = append(*ops, v.op)
			v.node.pending(seen, ops)
		}
	}
	for _, x := range n.names {
		x.pending(seen, ops)
	}
	for _, x := range n.sure {
		x.pending(seen, ops)
	}
}

func (n *inode) total(seen map[*inode]bool) (size int64) {
	if seen[n] {
		return 0
	}
	seen[n] = true
	size = int64(len(n.data))
	for _, x := range n.names {
		size += x.total(seen)
	}
	return size
}

func (m *imager) node(n *inode) *inode {
	if x, ok := m.done[n]; ok {
		return x
	}
	m.done[n] = nil
	x := newInode(n.dir, n.perm)
	if n.dir {
		m.folder(n, x)
	} else {
		x.links = 1
		x.stable = m.content(n)
		x.data = slices.Clone(x.stable)
	}
	m.done[n] = x
	return x
}

func (m *imager) folder(n, x *inode) {
	at := m.names
	if m.way == wayFiles {
		at = m.moment()
	}
	names := make(map[string]*inode, len(n.sure))
	maps.Copy(names, n.sure)
	for _, name := range slices.Sorted(maps.Keys(n.unsure)) {
		l := n.unsure[name]
		k := len(l) // how many of the changes of this name are on disk
		if m.way == wayMixed {
			k = m.r.IntN(len(l) + 1)
		} else {
			for k > 0 && l[k-1].op > at {
				k--
			}
		}
		if k > 0 {
			names[name] = l[k-1].node
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if names[name] == nil {
			continue
		}
		if to := m.node(names[name]); to != nil {
			x.names[name], x.sure[name] = to, to
		}
	}
}

// content is what the disk holds of a file.
func (m *imager) content(n *inode) []byte {
	if m.way == wayMixed {
		return m.mixed(n)
	}
	at := m.data
	if m.way == wayFiles {
		at = m.moment()
	}
	if m.torn {
		for _, w := range n.writes {
			if w.op == at {
				return m.cut(n, w)
			}
		}
	}
	return n.contentAt(at)
}

// contentAt is the content when all changes up to a moment are on disk.
func (n *inode) contentAt(op int) []byte {
	size := int64(len(n.stable))
	for _, s := range n.sizes {
		if s.op <= op {
			size = s.size
		}
	}
	b := resize(slices.Clone(n.stable), size)
	for at, p := range n.pages {
		for _, v := range slices.Backward(p.versions) {
			if v.op <= op {
				place(b, at, v.data)
				break
			}
		}
	}
	return b
}

func place(b []byte, at int64, data []byte) {
	if at*sector < int64(len(b)) {
		copy(b[at*sector:], data)
	}
}

// cut is the content when the write w was under way: its first bytes are on
// disk; the size may say otherwise.
func (m *imager) cut(n *inode, w extent) []byte {
	before, after := n.contentAt(w.op-1), n.contentAt(w.op)
	k := m.r.IntN(w.n + 1)
	if m.r.IntN(2) == 0 { // at the border of a sector
		k = int(max(0, (w.off+int64(k))/sector*sector-w.off))
	}
	end := min(w.off+int64(k), int64(len(after)))
	if end > int64(len(before)) {
		before = resize(before, end)
	}
	if end > w.off {
		copy(before[w.off:end], after[w.off:end])
	}
	if m.r.IntN(2) == 0 {
		before = resize(before, max(int64(len(before)), int64(len(after))))
	}
	return before
}

// mixed takes any version of each sector and any size. Space that was given to
// the file but not written can hold what the disk held before.
func (m *imager) mixed(n *inode) []byte {
	size := int64(len(n.stable))
	if k := m.r.IntN(len(n.sizes) + 1); k > 0 {
		size = n.sizes[k-1].size
	}
	b := resize(slices.Clone(n.stable), size)
	for _, at := range slices.Sorted(maps.Keys(n.pages)) {
		p := n.pages[at]
		data := m.version(n, at, p)
		if m.r.IntN(8) == 0 { // the sector itself is torn
			k := m.r.IntN(sector)
			data = append(slices.Clone(data[:k]), m.version(n, at, p)[k:]...)
		}
		place(b, at, data)
	}
	return b
}

func (m *imager) version(n *inode, at int64, p *page) []byte {
	if k := m.r.IntN(len(p.versions) + 1); k > 0 {
		return p.versions[k-1].data
	}
	b := make([]byte, sector)
	if at*sector < int64(len(n.stable)) {
		copy(b, n.stable[at*sector:])
	} else if m.r.IntN(4) == 0 {
		for i := range b {
			b[i] = byte(m.r.Uint32())
		}
	}
	return b
}
