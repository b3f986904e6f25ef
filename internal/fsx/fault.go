package fsx

import (
	"errors"
	"fmt"
	"os"
	"sync"
)

// ErrInjected is the error of a call that a Fault makes fail.
var ErrInjected = errors.New("injected fault")

// Op is a set of kinds of calls.
type Op uint16

// The kinds of calls.
const (
	OpOpen     Op = 1 << iota // OpenFile for writing
	OpWrite                   // Write, WriteAt
	OpSync                    // File.Sync
	OpTruncate                // File.Truncate
	OpRename
	OpRemove
	OpMkdir
	OpSyncDir
	OpOpenRead // OpenFile for reading only
	OpRead     // Read, ReadAt
	OpReadDir
)

// Changes are the kinds that can change something.
const Changes = OpOpen | OpWrite | OpSync | OpTruncate | OpRename | OpRemove | OpMkdir | OpSyncDir

// Fault is an FS for tests whose n-th call of some kinds fails. A failing sync
// of a file of a Crash loses what it was to save, as on Linux.
type Fault struct {
	FS
	// Sticky makes every later call of the kinds fail too, as on a dead disk.
	Sticky bool
	// Ops are the kinds that count and fail; 0 = Changes.
	Ops Op
	// Err is what failing calls say; nil = ErrInjected.
	Err error
	// Short is how many of n bytes a failing write leaves; nil = half of them.
	Short func(n int) int
	// FreeBytes, when not 0, is the free space that Free tells.
	FreeBytes uint64

	mu    sync.Mutex // guards the fields below
	left  int        // calls until the failing one; < 0: none fails
	calls int
	fired bool
	off   bool
}

// NewFault makes the n-th changing call from now on fail; n = 0 is the first,
// a negative n lets all succeed.
func NewFault(fs FS, n int) *Fault { return &Fault{FS: fs, left: n} }

// Calls counts the calls of the kinds so far.
func (f *Fault) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// Fired reports whether a call has failed.
func (f *Fault) Fired() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fired
}

// Heal lets all calls from now on succeed.
func (f *Fault) Heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.off = true
}

func (f *Fault) hit(op Op) error {
	kinds := f.Ops
	if kinds == 0 {
		kinds = Changes
	}
	if kinds&op == 0 {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	switch {
	case f.off:
		return nil
	case f.fired:
		if !f.Sticky {
			return nil
		}
	case f.left != 0:
		if f.left > 0 {
			f.left--
		}
		return nil
	}
	f.fired = true
	if f.Err != nil {
		return fmt.Errorf("%w: %w", ErrInjected, f.Err)
	}
	return ErrInjected
}

// OpenFile fails as OpOpen when it can change something, else as OpOpenRead.
func (f *Fault) OpenFile(name string, flag int, perm os.FileMode) (File, error) {
	op := OpOpenRead
	if flag&(os.O_WRONLY|os.O_RDWR) != 0 {
		op = OpOpen
	}
	if err := f.hit(op); err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	file, err := f.FS.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return &faultFile{file, f}, nil
}

// Rename fails by count.
func (f *Fault) Rename(from, to string) error {
	if err := f.hit(OpRename); err != nil {
		return err
	}
	return f.FS.Rename(from, to)
}

// Remove fails by count.
func (f *Fault) Remove(name string) error {
	if err := f.hit(OpRemove); err != nil {
		return err
	}
	return f.FS.Remove(name)
}

// MkdirAll fails by count.
func (f *Fault) MkdirAll(dir string, perm os.FileMode) error {
	if err := f.hit(OpMkdir); err != nil {
		return err
	}
	return f.FS.MkdirAll(dir, perm)
}

// ReadDir fails by count.
func (f *Fault) ReadDir(dir string) ([]os.DirEntry, error) {
	if err := f.hit(OpReadDir); err != nil {
		return nil, err
	}
	return f.FS.ReadDir(dir)
}

// SyncDir fails by count.
func (f *Fault) SyncDir(dir string) error {
	if err := f.hit(OpSyncDir); err != nil {
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

// short is what a failing write writes of b.
func (f *faultFile) short(b []byte) []byte {
	if f.f.Short != nil {
		return b[:min(len(b), max(0, f.f.Short(len(b))))]
	}
	return b[:len(b)/2]
}

func (f *faultFile) Read(b []byte) (int, error) {
	if err := f.f.hit(OpRead); err != nil {
		return 0, err
	}
	return f.File.Read(b)
}

func (f *faultFile) ReadAt(b []byte, off int64) (int, error) {
	if err := f.f.hit(OpRead); err != nil {
		return 0, err
	}
	return f.File.ReadAt(b, off)
}

func (f *faultFile) Write(b []byte) (int, error) {
	if err := f.f.hit(OpWrite); err != nil {
		n, _ := f.File.Write(f.short(b)) // fails anyhow
		return n, err
	}
	return f.File.Write(b)
}

func (f *faultFile) WriteAt(b []byte, off int64) (int, error) {
	if err := f.f.hit(OpWrite); err != nil {
		n, _ := f.File.WriteAt(f.short(b), off) // fails anyhow
		return n, err
	}
	return f.File.WriteAt(b, off)
}

func (f *faultFile) Sync() error {
	if err := f.f.hit(OpSync); err != nil {
		if l, ok := f.File.(interface{ LoseWrites() }); ok {
			l.LoseWrites()
		}
		return err
	}
	return f.File.Sync()
}

func (f *faultFile) Truncate(size int64) error {
	if err := f.f.hit(OpTruncate); err != nil {
		return err
	}
	return f.File.Truncate(size)
}
