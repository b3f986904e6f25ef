package fsx

import (
	"errors"
	"os"
	"slices"
	"syscall"
	"testing"
)

// TestFaultKinds makes the second call of each kind fail, once and for good.
func TestFaultKinds(t *testing.T) {
	open := func(fs FS, flag int) error {
		f, err := fs.OpenFile("/f", flag, 0o600)
		if err == nil {
			err = f.Close()
		}
		return err
	}
	for name, k := range map[string]struct {
		op   Op
		call func(fs FS, f File) error
	}{
		"open":      {OpOpen, func(fs FS, _ File) error { return open(fs, os.O_RDWR|os.O_CREATE) }},
		"open read": {OpOpenRead, func(fs FS, _ File) error { return open(fs, os.O_RDONLY) }},
		"write":     {OpWrite, func(_ FS, f File) error { _, err := f.Write([]byte("x")); return err }},
		"write at":  {OpWrite, func(_ FS, f File) error { _, err := f.WriteAt([]byte("x"), 3); return err }},
		"read at":   {OpRead, func(_ FS, f File) error { _, err := f.ReadAt(nil, 0); return err }},
		"read":      {OpRead, func(_ FS, f File) error { _, err := f.Read(nil); return err }},
		"sync":      {OpSync, func(_ FS, f File) error { return f.Sync() }},
		"truncate":  {OpTruncate, func(_ FS, f File) error { return f.Truncate(9) }},
		"rename":    {OpRename, func(fs FS, _ File) error { return fs.Rename("/f", "/f") }},
		"mkdir":     {OpMkdir, func(fs FS, _ File) error { return fs.MkdirAll("/m", 0o700) }},
		"readdir":   {OpReadDir, func(fs FS, _ File) error { _, err := fs.ReadDir("/"); return err }},
		"sync dir":  {OpSyncDir, func(fs FS, _ File) error { return fs.SyncDir("/") }},
		"remove": {OpRemove, func(fs FS, _ File) error {
			if err := open(fs, os.O_RDWR|os.O_CREATE); err != nil {
				return err
			}
			return fs.Remove("/f")
		}},
	} {
		for _, sticky := range []bool{false, true} {
			c := NewCrash()
			fault := NewFault(c, 1)
			fault.Sticky, fault.Ops, fault.Err = sticky, k.op, syscall.EIO
			f, err := c.OpenFile("/f", os.O_RDWR|os.O_CREATE, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			var got []bool
			for i := range 5 {
				if i == 4 {
					fault.Heal()
				}
				err := k.call(fault, &faultFile{f, fault})
				if err != nil && (!errors.Is(err, ErrInjected) || !errors.Is(err, syscall.EIO)) {
					t.Errorf("%s: %v", name, err)
				}
				got = append(got, err != nil)
			}
			if want := []bool{false, true, sticky, sticky, false}; !slices.Equal(got, want) || fault.Calls() != 5 || !fault.Fired() {
				t.Errorf("%s, sticky %v: failed %v, want %v; %d calls", name, sticky, got, want, fault.Calls())
			}
		}
	}
}

func TestFaultShortWrite(t *testing.T) {
	c := NewCrash()
	fault := NewFault(c, 1)
	fault.Short = func(n int) int { return n - 1 }
	f, err := fault.OpenFile("/f", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := f.Write([]byte("12345")); n != 4 || !errors.Is(err, ErrInjected) {
		t.Errorf("short write: %d, %v", n, err)
	}
	if got := content(t, c, "/f"); got != "1234" {
		t.Errorf("left %q", got)
	}
}
