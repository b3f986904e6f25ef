package fsx

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWriteAtomicLeavesOldOrNew(t *testing.T) {
	for n := range 20 {
		dir := t.TempDir()
		path := filepath.Join(dir, "f")
		if err := WriteFileAtomic(path, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		fs := NewFault(OS{}, n)
		err := WriteAtomic(fs, path, 0o600, func(w io.Writer) error {
			_, err := io.WriteString(w, "new content")
			return err
		})
		b, rerr := os.ReadFile(path)
		if rerr != nil {
			t.Fatal(rerr)
		}
		if got := string(b); got != "new content" && (err == nil || got != "old") {
			t.Errorf("fault %d: content %q, error %v", n, got, err)
		}
		if err == nil && n < fs.Calls() {
			t.Errorf("fault %d was swallowed", n)
		}
		if n >= fs.Calls() {
			return
		}
	}
	t.Error("faults never ran out")
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	l, err := TryLock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := TryLock(path); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "process") {
		t.Errorf("second lock: %v, want ErrLocked with the process", err)
	}
	if err := l.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := l.Unlock(); err != nil {
		t.Errorf("second Unlock: %v", err)
	}
	l, err = TryLock(path)
	if err != nil {
		t.Fatalf("lock after unlock: %v", err)
	}
	if err := l.Unlock(); err != nil {
		t.Error(err)
	}
}

func TestFree(t *testing.T) {
	n, err := Free(t.TempDir())
	if err != nil || n == 0 {
		t.Errorf("Free = %d, %v", n, err)
	}
}
