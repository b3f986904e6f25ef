package fsx

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Lock is an exclusive lock between processes. The operating system drops it
// when the process ends, however it ends.
type Lock struct{ close func() error }

// TryLock takes the lock file at path, making it if need be, and writes the
// process id into it. When another process holds it the error is ErrLocked,
// with that process's id in the text.
func TryLock(path string) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		defer f.Close()
		if errors.Is(err, ErrLocked) {
			b := make([]byte, 32)
			n, _ := f.ReadAt(b, 0) // the id is only for the message
			if pid, perr := strconv.Atoi(strings.TrimSpace(string(b[:n]))); perr == nil {
				return nil, fmt.Errorf("%w (process %d)", ErrLocked, pid)
			}
		}
		return nil, err
	}
	// The content only helps people; the lock does not depend on it.
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return &Lock{f.Close}, nil
}

// Unlock gives the lock back. The file stays.
func (l *Lock) Unlock() error {
	if l == nil || l.close == nil {
		return nil
	}
	err := l.close()
	l.close = nil
	return err
}
