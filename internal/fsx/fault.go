package fsx

import (
	"errors"
	"os"
	"sync"
)

// ErrInjected is the error of a call that a Fault makes fail.
var ErrInjected = errors.New("injected fault")

// Fault is an FS for tests whose n-th changing call (open for writing, write,
// sync, truncate, rename, remove, directory sync) fails. A failing write leaves
// half of its bytes.
type Fault struct {
	FS
	// Sticky makes every later changing call fail too, as on a dead disk.
	Sticky bool
	// FreeBytes, when not 0, is the free space that Free tells.
	FreeBytes uint64

	mu    sync.Mutex // guards the fields below
	left  int        // calls until the failing one; < 0: none fails
	calls int
	fired bool
}

// NewFault makes the n-th changing call from now on fail; n = 0 is the first,
// a negative n lets all succeed.
func NewFault(fs FS, n int) *Fault { return &Fault{FS: fs, left: n} }

// Calls counts the changing calls so far.
func (f *Fault) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

func (f *Fault) hit() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.fired && f.Sticky {
		return ErrInjected
	}
	if f.left < 0 {
		return nil
	}
	f.left--
	if f.left < 0 {
		f.fired = true
		return ErrInjected
	}
	return nil
}

// OpenFile fails by count when it can change something.
func (f *Fault) OpenFile(name string, flag int, perm os.FileMode) (File, error) {
	if flag&(os.O_WRONLY|os.O_RDWR) != 0 {
		if err := f.hit(); err != nil {
			return nil, &os.PathError{Op: "open", Path: name, Err: err}
		}
	}
	file, err := f.FS.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return &faultFile{file, f}, nil
}

// Rename fails by count.
func (f *Fault) Rename(from, to string) error {
	if err := f.hit(); err != nil {
		return err
	}
	return f.FS.Rename(from, to)
}

// Remove fails by count.
func (f *Fault) Remove(name string) error {
	if err := f.hit(); err != nil {
		return err
	}
	return f.FS.Remove(name)
}

// SyncDir fails by count.
func (f *Fault) SyncDir(dir string) error {
	if err := f.hit(); err != nil {
		return err
	}
	return f.FS.SyncDir(dir)
}

// Free is FreeBytes when set.
func (f *Fault) Free(dir string) (uint64, error) {
	if f.FreeBytes != 0 {
		return f.FreeBytes, nil
	}
	return f.FS.Free(dir)
}

type faultFile struct {
	File
	f *Fault
}

func (f *faultFile) Write(b []byte) (int, error) {
	if err := f.f.hit(); err != nil {
		n, _ := f.File.Write(b[:len(b)/2])
		return n, err
	}
	return f.File.Write(b)
}

func (f *faultFile) WriteAt(b []byte, off int64) (int, error) {
	if err := f.f.hit(); err != nil {
		n, _ := f.File.WriteAt(b[:len(b)/2], off)
		return n, err
	}
	return f.File.WriteAt(b, off)
}

func (f *faultFile) Sync() error {
	if err := f.f.hit(); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *faultFile) Truncate(size int64) error {
	if err := f.f.hit(); err != nil {
		return err
	}
	return f.File.Truncate(size)
}
