//go:build windows

package fsx

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

// Free tells how many bytes this user may still write to the volume of dir.
func Free(dir string) (uint64, error) {
	p, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(p, &free, nil, nil); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return free, nil
}

// Total tells how many bytes the volume of dir has, used ones included.
func Total(dir string) (uint64, error) {
	p, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var total uint64
	if err := windows.GetDiskFreeSpaceEx(p, nil, &total, nil); err != nil {
		return 0, fmt.Errorf("size of the volume of %s: %w", dir, err)
	}
	return total, nil
}

// root is the volume of dir as Windows names it: C:\ or \\server\share\.
func root(dir string) []uint16 {
	p, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return nil
	}
	at := make([]uint16, 1024)
	if windows.GetVolumePathName(p, &at[0], uint32(len(at))) != nil {
		return nil
	}
	return at
}

// Kind names the file system of dir as Windows does, "" when it does not tell.
func Kind(dir string) string {
	at, name := root(dir), make([]uint16, 64)
	if at == nil || windows.GetVolumeInformation(&at[0], nil, 0, nil, nil, nil, &name[0], uint32(len(name))) != nil {
		return ""
	}
	return windows.UTF16ToString(name)
}

// Device names the disk, share or partition of dir, "" when that is not known.
func Device(dir string) string { return windows.UTF16ToString(root(dir)) }

// syncDir does nothing: NTFS journals names itself and offers no call for it.
func syncDir(string) error { return nil }

// lockFile locks one byte far behind the content, so that others can still
// read who holds it.
func lockFile(f *os.File) error {
	at := &windows.Overlapped{OffsetHigh: 1}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return ErrLocked
	}
	return err
}
