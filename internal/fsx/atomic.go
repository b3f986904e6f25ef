package fsx

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// tmpEnd ends the names of files that WriteAtomic is writing.
const tmpEnd = ".tmp"

// WriteAtomic makes or replaces the file at path with what write produces: the
// old content stays until the new one is on disk. On an error the old content
// is untouched.
func WriteAtomic(fs FS, path string, perm os.FileMode, write func(io.Writer) error) error {
	tmp := path + tmpEnd
	f, err := fs.OpenFile(tmp, os.O_RDWR|os.O_CREATE|os.O_TRUNC, perm)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<16)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = fs.Rename(tmp, path)
	}
	if err != nil {
		return errors.Join(err, ignoreMissing(fs.Remove(tmp)))
	}
	return fs.SyncDir(filepath.Dir(path))
}

// WriteFileAtomic is WriteAtomic of bytes on the operating system's files.
func WriteFileAtomic(path string, data []byte, perm os.FileMode) error {
	return WriteAtomic(OS{}, path, perm, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// ClearUnfinished removes what calls of WriteAtomic that were cut short left in
// a folder. Nobody may be writing there. A missing folder is no error.
func ClearUnfinished(fs FS, dir string) error {
	entries, err := fs.ReadDir(dir)
	if err != nil {
		return ignoreMissing(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), tmpEnd) && !e.IsDir() {
			if err := fs.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// MakeDir makes a folder, and those above it that are missing, so that it is
// there after a power failure.
func MakeDir(fs FS, dir string, perm os.FileMode) error {
	made := []string{}
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		if _, err := fs.ReadDir(at); !errors.Is(err, os.ErrNotExist) || at == filepath.Dir(at) {
			break
		}
		made = append(made, at)
	}
	if err := fs.MkdirAll(dir, perm); err != nil {
		return err
	}
	for _, at := range made {
		if err := fs.SyncDir(filepath.Dir(at)); err != nil {
			return err
		}
	}
	if len(made) > 0 {
		return nil
	}
	// Whoever made it may have been killed before this call. The folder above
	// need not be ours to read.
	if err := fs.SyncDir(filepath.Dir(dir)); !errors.Is(err, os.ErrPermission) {
		return err
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
