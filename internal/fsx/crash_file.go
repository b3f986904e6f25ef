package fsx

import (
	"io"
	"os"
	"syscall"
)

// crashFile is an open file of a Crash.
type crashFile struct {
	c    *Crash
	node *inode
	name string
	flag int

	// guarded by c.mu
	pos    int64
	closed bool
}

func (f *crashFile) writable() bool { return f.flag&(os.O_WRONLY|os.O_RDWR) != 0 }

func (f *crashFile) fail(op string, err error) error { return pathError(op, f.name, err) }

func (f *crashFile) readAt(b []byte, off int64) (int, error) {
	switch {
	case f.c.stopped:
		return 0, f.fail("read", ErrStopped)
	case f.closed:
		return 0, f.fail("read", os.ErrClosed)
	case off < 0:
		return 0, f.fail("read", syscall.EINVAL)
	case off >= int64(len(f.node.data)):
		if len(b) == 0 {
			return 0, nil
		}
		return 0, io.EOF
	}
	return copy(b, f.node.data[off:]), nil
}

func (f *crashFile) Read(b []byte) (int, error) {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	n, err := f.readAt(b, f.pos)
	f.pos += int64(n)
	return n, err
}

func (f *crashFile) ReadAt(b []byte, off int64) (int, error) {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	n, err := f.readAt(b, off)
	if err == nil && n < len(b) {
		err = io.EOF
	}
	return n, err
}

// writeAt writes as much as there is space for. It runs under c.mu.
func (f *crashFile) writeAt(b []byte, off int64) (n int, err error) {
	switch {
	case f.closed:
		return 0, os.ErrClosed
	case !f.writable():
		return 0, syscall.EBADF
	case off < 0:
		return 0, syscall.EINVAL
	}
	c := f.c
	size := int64(len(f.node.data))
	if grow := off + int64(len(b)) - size; c.capacity >= 0 && grow > 0 && c.used+grow > c.capacity {
		b, err = b[:max(0, int64(len(b))-(c.used+grow-c.capacity))], syscall.ENOSPC
	}
	if len(b) > 0 {
		f.node.write(c.op, b, off)
		c.used += int64(len(f.node.data)) - size
	}
	return len(b), err
}

func (f *crashFile) Write(b []byte) (n int, err error) {
	err = f.c.change(OpWrite, func() error {
		if f.flag&os.O_APPEND != 0 {
			f.pos = int64(len(f.node.data))
		}
		var err error
		n, err = f.writeAt(b, f.pos)
		f.pos += int64(n)
		return err
	})
	return n, f.fail("write", err)
}

func (f *crashFile) WriteAt(b []byte, off int64) (n int, err error) {
	err = f.c.change(OpWrite, func() error {
		var err error
		n, err = f.writeAt(b, off)
		return err
	})
	return n, f.fail("write", err)
}

func (f *crashFile) Sync() error {
	return f.fail("sync", f.c.change(OpSync, func() error {
		if f.closed {
			return os.ErrClosed
		}
		f.node.sync()
		return nil
	}))
}

// LoseWrites is a failed sync as Linux has it: the next one that succeeds says
// nothing about what was written before this one.
func (f *crashFile) LoseWrites() {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	f.node.lose()
}

func (f *crashFile) Truncate(size int64) error {
	return f.fail("truncate", f.c.change(OpTruncate, func() error {
		switch grow := size - int64(len(f.node.data)); {
		case f.closed:
			return os.ErrClosed
		case !f.writable() || size < 0:
			return syscall.EINVAL
		case f.c.capacity >= 0 && grow > 0 && f.c.used+grow > f.c.capacity:
			return syscall.ENOSPC
		default:
			f.c.used += grow
			f.node.truncate(f.c.op, size)
		}
		return nil
	}))
}

func (f *crashFile) Stat() (os.FileInfo, error) {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	switch {
	case f.c.stopped:
		return nil, f.fail("stat", ErrStopped)
	case f.closed:
		return nil, f.fail("stat", os.ErrClosed)
	}
	return f.node.info(f.name), nil
}

// Close closes also after the machine has stopped.
func (f *crashFile) Close() error {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	if f.closed {
		return f.fail("close", os.ErrClosed)
	}
	f.closed = true
	if f.node.open--; f.node.open == 0 && f.node.links == 0 {
		f.c.used -= int64(len(f.node.data))
	}
	return nil
}
