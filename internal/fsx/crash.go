package fsx

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// ErrStopped is the error of every call after a Crash has stopped.
var ErrStopped = errors.New("the machine has stopped")

// Crash is an FS in memory, for tests, of a machine whose power can fail at any
// moment. It keeps apart what programs see and what is surely on disk: the data
// of a file when File.Sync returned, names when SyncDir of their folder
// returned. Image tells what a machine finds that is switched on again.
//
// It is as strict as POSIX lets a file system be. File.Sync saves no name,
// SyncDir saves no data and no names of folders below or above. Everything is
// safe for concurrent use.
type Crash struct {
	mu       sync.Mutex // guards the fields below and all inodes
	root     *inode
	op       int // changes so far: the time of this machine
	calls    int
	stopAt   int // call at which the machine stops; 0 = none
	stopped  bool
	watch    func(call int, op Op)
	capacity int64 // bytes of all files; < 0 = no bound
	used     int64
	free     int64 // what Free tells; < 0 = the truth
	locks    map[string]bool
}

// NewCrash makes an empty disk without a bound.
func NewCrash() *Crash {
	return &Crash{root: newInode(true, 0o755), capacity: -1, free: -1, locks: make(map[string]bool)}
}

// StopAt stops the machine at the n-th changing call from now (1 is the next):
// what that call changes may be on disk or not, it and all later ones fail.
func (c *Crash) StopAt(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopAt = c.calls + n
}

// Calls counts the changing calls so far: those that make, write, cut, sync,
// rename or remove something.
func (c *Crash) Calls() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls
}

// Watch has fn called in the middle of every changing call, when its change is
// made but nothing of it is sure. An Image taken by fn is that of a machine that
// stopped there. op is OpOpen for a file that is made or cut. nil ends it.
func (c *Crash) Watch(fn func(call int, op Op)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watch = fn
}

// SetSpace bounds the bytes of all files: a write that needs more is cut short
// with ENOSPC. free is what Free tells, a negative one lets it tell the truth; a
// negative capacity takes the bound away.
func (c *Crash) SetSpace(capacity, free int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.capacity, c.free = capacity, free
}

// Used is the sum of the sizes of all files.
func (c *Crash) Used() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.used
}

// change runs one changing call. What it does counts as done, though not as
// sure, when the machine stops at it; a sync counts as not done.
func (c *Crash) change(op Op, apply func() error) error {
	sync := op == OpSync || op == OpSyncDir
	c.mu.Lock()
	if c.stopped {
		c.mu.Unlock()
		return ErrStopped
	}
	c.calls++
	n, watch := c.calls, c.watch
	stop := c.stopAt > 0 && n >= c.stopAt
	var err error
	if !sync {
		c.op++
		err = apply()
	}
	if stop {
		c.stopped = true
		err = ErrStopped
	}
	c.mu.Unlock()
	if stop {
		return err
	}
	if watch != nil {
		watch(n, op)
	}
	if sync {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.stopped {
			return ErrStopped
		}
		err = apply()
	}
	return err
}

// parts splits a path into names.
func parts(path string) []string {
	path = filepath.ToSlash(filepath.Clean(path[len(filepath.VolumeName(path)):]))
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '.' && path == "." })
}

// find returns the inode of a path. The caller holds mu.
func (c *Crash) find(path string) (*inode, error) {
	at := c.root
	for _, name := range parts(path) {
		if !at.dir {
			return nil, syscall.ENOTDIR
		}
		next := at.names[name]
		if next == nil {
			return nil, os.ErrNotExist
		}
		at = next
	}
	return at, nil
}

// parent returns the folder of a path and its last name.
func (c *Crash) parent(path string) (*inode, string, error) {
	l := parts(path)
	if len(l) == 0 {
		return nil, "", os.ErrInvalid
	}
	dir, err := c.find(strings.Join(l[:len(l)-1], "/"))
	if err == nil && !dir.dir {
		err = syscall.ENOTDIR
	}
	return dir, l[len(l)-1], err
}

func pathError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	return &os.PathError{Op: op, Path: path, Err: err}
}

// OpenFile counts as a changing call when it makes or cuts a file.
func (c *Crash) OpenFile(name string, flag int, perm os.FileMode) (File, error) {
	c.mu.Lock()
	at, err := c.find(name)
	changes := errors.Is(err, os.ErrNotExist) && flag&os.O_CREATE != 0 || err == nil && flag&os.O_TRUNC != 0 && len(at.data) > 0
	switch {
	case c.stopped:
		err = ErrStopped
	case changes:
		err = nil
	case err == nil && flag&os.O_CREATE != 0 && flag&os.O_EXCL != 0:
		err = os.ErrExist
	case err == nil && at.dir:
		err = syscall.EISDIR
	}
	if err == nil && !changes {
		at.open++
	}
	c.mu.Unlock()
	if err == nil && changes {
		err = c.change(OpOpen, func() error {
			var err error
			if at, err = c.create(name, flag, perm); err == nil {
				at.open++
			}
			return err
		})
	}
	if err != nil {
		return nil, pathError("open", name, err)
	}
	return &crashFile{c: c, node: at, name: filepath.Base(name), flag: flag}, nil
}

// create makes or cuts a file. The caller holds mu.
func (c *Crash) create(name string, flag int, perm os.FileMode) (*inode, error) {
	dir, base, err := c.parent(name)
	if err != nil {
		return nil, err
	}
	at := dir.names[base]
	switch {
	case at == nil:
		at = newInode(false, perm)
		at.links = 1
		dir.setName(c.op, base, at)
	case at.dir:
		return nil, syscall.EISDIR
	case flag&os.O_EXCL != 0:
		return nil, os.ErrExist
	case flag&os.O_TRUNC != 0:
		c.used -= int64(len(at.data))
		at.truncate(c.op, 0)
	}
	return at, nil
}

// Rename moves a name; a file that has the new one already loses it.
func (c *Crash) Rename(from, to string) error {
	err := c.change(OpRename, func() error {
		a, an, err := c.parent(from)
		if err != nil {
			return err
		}
		b, bn, err := c.parent(to)
		if err != nil {
			return err
		}
		n := a.names[an]
		old := b.names[bn]
		switch {
		case n == nil:
			return os.ErrNotExist
		case old != nil && old.dir: // as package os has it
			return syscall.EEXIST
		case n == old:
			return nil
		case old != nil && n.dir:
			return syscall.ENOTDIR
		case n.holds(b):
			return syscall.EINVAL
		case old != nil:
			c.unlink(old)
		}
		b.setName(c.op, bn, n)
		a.setName(c.op, an, nil)
		return nil
	})
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

func (c *Crash) unlink(n *inode) {
	if n.links = 0; n.open == 0 {
		c.used -= int64(len(n.data))
	}
}

// Remove removes a file or an empty folder.
func (c *Crash) Remove(name string) error {
	return pathError("remove", name, c.change(OpRemove, func() error {
		dir, base, err := c.parent(name)
		if err != nil {
			return err
		}
		n := dir.names[base]
		switch {
		case n == nil:
			return os.ErrNotExist
		case len(n.names) > 0:
			return syscall.ENOTEMPTY
		}
		c.unlink(n)
		dir.setName(c.op, base, nil)
		return nil
	}))
}

// MkdirAll counts one call for each folder that it makes.
func (c *Crash) MkdirAll(dir string, perm os.FileMode) error {
	l := parts(dir)
	for i := range l {
		path := strings.Join(l[:i+1], "/")
		c.mu.Lock()
		at, err := c.find(path)
		if c.stopped {
			err = ErrStopped
		}
		c.mu.Unlock()
		switch {
		case err == nil && at.dir:
			continue
		case err == nil:
			err = syscall.ENOTDIR
		case errors.Is(err, os.ErrNotExist):
			err = c.change(OpMkdir, func() error {
				up, base, err := c.parent(path)
				if err == nil && up.names[base] == nil {
					up.setName(c.op, base, newInode(true, perm))
				}
				return err
			})
		}
		if err != nil {
			return pathError("mkdir", dir, err)
		}
	}
	return nil
}

// ReadDir lists a folder by name.
func (c *Crash) ReadDir(dir string) ([]os.DirEntry, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, err := c.find(dir)
	switch {
	case c.stopped:
		err = ErrStopped
	case err == nil && !at.dir:
		err = syscall.ENOTDIR
	}
	if err != nil {
		return nil, pathError("open", dir, err)
	}
	l := make([]os.DirEntry, 0, len(at.names))
	for name, n := range at.names {
		l = append(l, fs.FileInfoToDirEntry(n.info(name)))
	}
	slices.SortFunc(l, func(a, b os.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return l, nil
}

// SyncDir makes the names in dir sure.
func (c *Crash) SyncDir(dir string) error {
	return pathError("sync", dir, c.change(OpSyncDir, func() error {
		at, err := c.find(dir)
		if err == nil && !at.dir {
			err = syscall.ENOTDIR
		}
		if err == nil {
			at.syncNames()
		}
		return err
	}))
}

// Free tells what SetSpace said.
func (c *Crash) Free(string) (uint64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.stopped:
		return 0, ErrStopped
	case c.free >= 0:
		return uint64(c.free), nil
	case c.capacity < 0:
		return 1 << 40, nil
	}
	return uint64(max(0, c.capacity-c.used)), nil
}

// TryLock locks a name among the users of this Crash.
func (c *Crash) TryLock(path string) (*Lock, error) {
	f, err := c.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := strings.Join(parts(path), "/")
	if c.locks[key] {
		return nil, fmt.Errorf("%w (process 1)", ErrLocked)
	}
	c.locks[key] = true
	return &Lock{close: func() error {
		c.mu.Lock()
		delete(c.locks, key)
		c.mu.Unlock()
		return f.Close()
	}}, nil
}
