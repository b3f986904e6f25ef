package fsx

import (
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"
)

// sector is what a disk writes at once, mostly.
const sector = 512

// inode is a file or folder of a Crash. Guarded by Crash.mu. Times are values
// of Crash.op.
type inode struct {
	dir         bool
	perm        os.FileMode
	links, open int // of a file: 1 while it has a name; open handles

	data   []byte          // as programs see it
	stable []byte          // surely on disk
	pages  map[int64]*page // sectors with unsynced content
	sizes  []sizeAt        // sizes since the last sync
	writes []extent        // since the last sync

	names  map[string]*inode
	sure   map[string]*inode
	unsure map[string][]nameAt // values of names since the last SyncDir
}

// page is the unsynced history of a sector.
type page struct {
	versions []pageAt
	lost     bool // a sync failed: the system takes it for written, the disk may not have it
}

type pageAt struct {
	op   int
	data []byte // sector bytes, zeros behind the end of the file
}

type sizeAt struct {
	op   int
	size int64
}

// extent is where a write wrote.
type extent struct {
	op  int
	off int64
	n   int
}

type nameAt struct {
	op   int
	node *inode // nil: removed
}

func newInode(dir bool, perm os.FileMode) *inode {
	n := &inode{dir: dir, perm: perm}
	if dir {
		n.names, n.sure, n.unsure = make(map[string]*inode), make(map[string]*inode), make(map[string][]nameAt)
	} else {
		n.pages = make(map[int64]*page)
	}
	return n
}

func (n *inode) setName(op int, name string, to *inode) {
	if to == nil {
		delete(n.names, name)
	} else {
		n.names[name] = to
	}
	n.unsure[name] = append(n.unsure[name], nameAt{op, to})
}

func (n *inode) syncNames() {
	n.sure = maps.Clone(n.names)
	clear(n.unsure)
}

// resize cuts b or extends it with zeros.
func resize(b []byte, size int64) []byte {
	if size <= int64(len(b)) {
		clear(b[size:]) // what comes back later is zero
		return b[:size]
	}
	if size <= int64(cap(b)) {
		clear(b[len(b):size])
		return b[:size]
	}
	return append(slices.Grow(b, int(size)-len(b)+len(b)/2), make([]byte, int(size)-len(b))...)
}

// dirty notes the content of the sectors of [from, to).
func (n *inode) dirty(op int, from, to int64) {
	for at := from / sector; at*sector < to; at++ {
		b := make([]byte, sector)
		if at*sector < int64(len(n.data)) {
			copy(b, n.data[at*sector:])
		}
		p := n.pages[at]
		if p == nil {
			p = &page{}
			n.pages[at] = p
		}
		p.versions, p.lost = append(p.versions, pageAt{op, b}), false
	}
}

func (n *inode) write(op int, b []byte, off int64) {
	if end := off + int64(len(b)); end > int64(len(n.data)) {
		n.data = resize(n.data, end)
		n.sizes = append(n.sizes, sizeAt{op, end})
	}
	copy(n.data[off:], b)
	n.dirty(op, off, off+int64(len(b)))
	n.writes = append(n.writes, extent{op, off, len(b)})
}

func (n *inode) truncate(op int, size int64) {
	old := int64(len(n.data))
	n.data = resize(n.data, size)
	n.sizes = append(n.sizes, sizeAt{op, size})
	if size < old {
		n.dirty(op, size, old)
	}
}

func (n *inode) sync() {
	n.stable = resize(n.stable, max(int64(len(n.stable)), int64(len(n.data))))
	for at, p := range n.pages {
		if p.lost {
			continue
		}
		if at*sector < int64(len(n.stable)) {
			copy(n.stable[at*sector:], p.versions[len(p.versions)-1].data)
		}
		delete(n.pages, at)
	}
	n.stable = resize(n.stable, int64(len(n.data)))
	n.sizes, n.writes = nil, nil
}

// lose is a sync that failed: what was not written since stays unsure for ever,
// because a later sync does not write it again.
func (n *inode) lose() {
	for _, p := range n.pages {
		p.lost = true
	}
}

// holds reports whether x is this folder or lies below it.
func (n *inode) holds(x *inode) bool {
	if n == x {
		return true
	}
	for _, at := range n.names {
		if at.dir && at.holds(x) {
			return true
		}
	}
	return false
}

func (n *inode) info(name string) os.FileInfo {
	return nodeInfo{name: name, size: int64(len(n.data)), dir: n.dir, perm: n.perm}
}

type nodeInfo struct {
	name string
	size int64
	dir  bool
	perm os.FileMode
}

func (i nodeInfo) Name() string       { return i.name }
func (i nodeInfo) Size() int64        { return i.size }
func (i nodeInfo) ModTime() time.Time { return time.Unix(0, 0) }
func (i nodeInfo) IsDir() bool        { return i.dir }
func (i nodeInfo) Sys() any           { return nil }
func (i nodeInfo) Mode() os.FileMode {
	if i.dir {
		return fs.ModeDir | i.perm
	}
	return i.perm
}
