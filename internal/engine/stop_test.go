package engine

import (
	"errors"
	"os"
	"testing"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// inLong is how many rounds, or which step, a test takes: the second number in the long
// form (AKASHI_LONG), else the first.
func inLong(short, long int) int {
	if os.Getenv("AKASHI_LONG") != "" {
		return long
	}
	return short
}

// copied is a copy of a closed folder.
func copied(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// stopped is what became of a copy of a folder whose disk died at work.
type stopped struct {
	dir            string
	opening, calls int // changes of the disk until the folder was open, and in all
	fired          bool
	err            error
}

// stopAt opens a copy of a closed folder on a disk that dies at its n-th change and stays
// dead, -1 = never, does the work, and closes the folder, whose error counts when the
// disk lived.
func stopAt(t *testing.T, dir string, d deps, n int, work func(*Engine) error) stopped {
	t.Helper()
	s := stopped{dir: copied(t, dir)}
	f := fsx.NewFault(fsx.OS{}, n)
	f.Sticky, d.fs = true, f
	e, err := open(t.Context(), s.dir, Options{}, d)
	if err != nil {
		t.Fatal(err)
	}
	s.opening = f.Calls()
	s.err = work(e)
	s.calls, s.fired = f.Calls(), f.Fired()
	if err := e.Close(); !s.fired {
		s.err = errors.Join(s.err, err)
	}
	return s
}
