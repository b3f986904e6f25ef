package pool

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/manifest"
)

const (
	tmpEnd  = ".tmp"  // of files that are being written
	lockEnd = ".lock" // of files that say who uses a volume
	// maxMeta bounds the small files of a volume, in bytes.
	maxMeta = 1 << 20
)

func newSum() hash.Hash { return sha256.New() }

// folder keeps objects as files below one folder: a local disk, a share, any drive.
type folder struct {
	fs  fsx.FS
	dir string
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

// nonce is a text that nobody else makes.
func nonce() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func (f *folder) Put(ctx context.Context, name string, r io.ReaderAt, size int64) (place, error) {
	at := f.path(name)
	err := f.check(ctx, name, size)
	var bad *damageError
	switch {
	case err == nil: // it may have been renamed and the machine stopped before this
		return place{}, f.fs.SyncDir(filepath.Dir(at))
	case errors.As(err, &bad):
		if err := f.Aside(ctx, name, place{}); err != nil {
			return place{}, fmt.Errorf("put aside what lies there: %w", err)
		}
	case !errors.Is(err, fs.ErrNotExist):
		return place{}, err
	}
	if _, err := f.fs.ReadDir(f.dir); err != nil { // a volume that is gone is not made anew
		return place{}, hideMissing(err)
	}
	if err := fsx.MakeDir(f.fs, filepath.Dir(at), 0o700); err != nil {
		return place{}, err
	}
	tmp := at + "." + nonce() + tmpEnd
	if err := f.write(ctx, tmp, name, r, size); err != nil {
		return place{}, errors.Join(err, ignoreMissing(f.fs.Remove(tmp)))
	}
	if err := f.fs.Rename(tmp, at); err != nil {
		return place{}, errors.Join(err, ignoreMissing(f.fs.Remove(tmp)))
	}
	return place{}, f.fs.SyncDir(filepath.Dir(at))
}

// write makes the temporary file and reads it back.
func (f *folder) write(ctx context.Context, tmp, name string, r io.ReaderAt, size int64) (err error) {
	h, err := f.fs.OpenFile(tmp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	if err := copyChunks(ctx, h, r, size, nil); err != nil {
		return err
	}
	if err := h.Sync(); err != nil {
		return err
	}
	got, err := hashReader(ctx, h, size, nil)
	if err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	if want := storedHash(name); got != want {
		return fmt.Errorf("read back: %w", &damageError{name, want, got})
	}
	return nil
}

// check reads a stored file: nil when it is as its name says.
func (f *folder) check(ctx context.Context, name string, size int64) error {
	r, err := f.Open(ctx, name, place{})
	if err != nil {
		return err
	}
	defer r.Close()
	want := storedHash(name)
	if r.Size() != size {
		return &damageError{name: name, want: want}
	}
	got, err := hashReader(ctx, r, size, nil)
	if err == nil && got != want {
		err = &damageError{name, want, got}
	}
	return err
}

type openFile struct {
	fsx.File
	size int64
}

func (o openFile) Size() int64 { return o.size }

func (f *folder) Open(ctx context.Context, name string, _ place) (Reader, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	h, err := f.fs.OpenFile(f.path(name), os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	st, err := h.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = errors.New("it is no file")
	}
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return openFile{h, st.Size()}, nil
}

// notOurs are folders in the root of a volume that hold no objects.
var notOurs = []string{manifest.QuarantineDir, "lost+found", "System Volume Information", "$RECYCLE.BIN", ".snapshot", ".Trash-1000"}

// walk calls fn for every file, with its name relative to the volume.
func (f *folder) walk(ctx context.Context, dir string, fn func(name string, d fs.DirEntry) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l, err := f.fs.ReadDir(f.path(dir))
	if err != nil {
		return err
	}
	for _, d := range l {
		name := path.Join(dir, d.Name())
		if !d.IsDir() {
			err = fn(name, d)
		} else if !slices.Contains(notOurs, name) {
			err = f.walk(ctx, name, fn)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) List(ctx context.Context, fn func(found) error) error {
	return f.walk(ctx, "", func(name string, d fs.DirEntry) error {
		if _, _, ok := parseStored(name); !ok {
			return nil
		}
		st, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return fn(found{Name: name, Size: st.Size(), Time: st.ModTime().UnixNano()})
	})
}

func (f *folder) Delete(ctx context.Context, name string, _ place) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	at := f.path(name)
	if err := ignoreMissing(f.fs.Remove(at)); err != nil {
		return err
	}
	if err := f.fs.SyncDir(filepath.Dir(at)); err != nil {
		return ignoreMissing(err)
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) { // folders that are empty now
		if l, err := f.fs.ReadDir(f.path(dir)); err != nil || len(l) > 0 || f.fs.Remove(f.path(dir)) != nil {
			break
		}
	}
	return nil
}

// Aside renames a damaged file into the quarantine. Its name there carries no hash,
// so that nobody takes it for an object.
func (f *folder) Aside(ctx context.Context, name string, _ place) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	dir, base := path.Split(name)
	to := f.path(path.Join(manifest.QuarantineDir, dir, strings.ReplaceAll(base, ".", "_")+"-"+nonce()+".bad"))
	if err := fsx.MakeDir(f.fs, filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if err := f.fs.Rename(f.path(name), to); err != nil {
		return ignoreMissing(err)
	}
	return errors.Join(f.fs.SyncDir(filepath.Dir(to)), f.fs.SyncDir(filepath.Dir(f.path(name))))
}

func (f *folder) Space(ctx context.Context) (free, total int64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, 0, err
	}
	n, err := f.fs.Free(f.dir)
	if err != nil {
		return 0, 0, err
	}
	free = int64(min(n, 1<<62))
	if _, ok := f.fs.(fsx.OS); ok {
		if all, err := fsx.Total(f.dir); err == nil {
			total = int64(min(all, 1<<62))
		}
	}
	return free, total, nil
}

func (f *folder) Read(ctx context.Context, name string) (b []byte, err error) {
	r, err := f.Open(ctx, name, place{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if r.Size() > maxMeta {
		return nil, fmt.Errorf("%s has %d bytes: too many", name, r.Size())
	}
	return io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
}

func (f *folder) Write(ctx context.Context, name string, b []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return fsx.WriteAtomic(f.fs, f.path(name), 0o600, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(b))
		return err
	})
}

func (f *folder) Remove(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := ignoreMissing(f.fs.Remove(f.path(name))); err != nil {
		return err
	}
	return ignoreMissing(f.fs.SyncDir(f.dir))
}

// device names the disk that the volume is on, "" when that is not known.
func (f *folder) device() string {
	if _, ok := f.fs.(fsx.OS); !ok {
		return ""
	}
	return fsx.Device(f.dir)
}

func (f *folder) Close() error { return nil }

// unfinishedAge is how old a temporary file is that surely nobody writes any more.
const unfinishedAge = 24 * time.Hour

// clean removes what writers that were stopped left, and tells how many files that
// was. Ages are told by the volume's own clock, which may be another than ours.
func (f *folder) clean(ctx context.Context) (n int, err error) {
	probe := f.path("akashi-clock-" + nonce() + tmpEnd)
	h, err := f.fs.OpenFile(probe, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	st, err := h.Stat()
	if err = errors.Join(err, h.Close(), f.fs.Remove(probe)); err != nil {
		return 0, err
	}
	now := st.ModTime()
	err = f.walk(ctx, "", func(name string, d fs.DirEntry) error {
		if !strings.HasSuffix(name, tmpEnd) {
			return nil
		}
		st, err := d.Info()
		if err != nil || now.Sub(st.ModTime()) < unfinishedAge {
			return ignoreMissing(err)
		}
		n++
		return ignoreMissing(f.fs.Remove(f.path(name)))
	})
	return n, err
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
