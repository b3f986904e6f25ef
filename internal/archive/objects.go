package archive

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// Reader is an open object.
type Reader interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Objects keeps immutable objects. A name carries the hash of its bytes.
type Objects interface {
	// Put stores an object durably. A name that is there already is left alone.
	Put(ctx context.Context, name string, r io.ReaderAt, size int64) error
	// Open opens an object, or fails with fs.ErrNotExist.
	Open(ctx context.Context, name string) (Reader, error)
	// List lists names with a prefix, ascending.
	List(ctx context.Context, prefix string) ([]string, error)
}

// Spanner is an Objects that can check the spans of an object as they are read, and
// read them from another copy where they are not right.
type Spanner interface {
	OpenSpans(ctx context.Context, name string, spans []manifest.Span) (Reader, error)
}

// Remover is an Objects that can take objects away for ever. Copies that the
// storage does not let go yet are its own to remember; what is not there is no
// error.
type Remover interface {
	Remove(ctx context.Context, name string) error
}

// open opens an object that a manifest names.
func (a *Archive) open(ctx context.Context, o *manifest.Object) (Reader, error) {
	if s, ok := a.objects.(Spanner); ok {
		return s.OpenSpans(ctx, o.Name, o.Spans)
	}
	return a.objects.Open(ctx, o.Name)
}

// Folder keeps objects as files below one folder. It is safe for concurrent
// readers beside one writer.
type Folder struct {
	fs  fsx.FS
	dir string
}

// NewFolder is the objects below dir, which is made with the first one. fs nil is
// the operating system's.
func NewFolder(fs fsx.FS, dir string) *Folder {
	if fs == nil {
		fs = fsx.OS{}
	}
	return &Folder{fs: fs, dir: dir}
}

func (f *Folder) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

// Put writes the object under a temporary name, syncs and renames it.
func (f *Folder) Put(ctx context.Context, name string, r io.ReaderAt, size int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	path := f.path(name)
	if h, err := f.fs.OpenFile(path, os.O_RDONLY, 0); err == nil {
		st, err := h.Stat()
		if err = errors.Join(err, h.Close()); err == nil && st.Size() == size {
			return nil
		}
	}
	if err := fsx.MakeDir(f.fs, filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("put %s: %w", name, err)
	}
	err := fsx.WriteAtomic(f.fs, path, 0o600, func(w io.Writer) error {
		_, err := io.Copy(w, io.NewSectionReader(r, 0, size))
		return err
	})
	if err != nil {
		return fmt.Errorf("put %s: %w", name, err)
	}
	return nil
}

// Remove removes the file of an object, and folders that are empty then.
func (f *Folder) Remove(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	at := f.path(name)
	if err := f.fs.Remove(at); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove object %s: %w", name, err)
	}
	if err := f.fs.SyncDir(filepath.Dir(at)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove object %s: %w", name, err)
	}
	return nil
}

type openFile struct {
	fsx.File
	size int64
}

func (o openFile) Size() int64 { return o.size }

// Open opens the file of an object.
func (f *Folder) Open(ctx context.Context, name string) (Reader, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	h, err := f.fs.OpenFile(f.path(name), os.O_RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("open object %s: %w", name, err)
	}
	st, err := h.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open object %s: %w", name, err), h.Close())
	}
	return openFile{h, st.Size()}, nil
}

// List walks the folder. What WriteAtomic left unfinished is no object.
func (f *Folder) List(ctx context.Context, prefix string) ([]string, error) {
	var out []string
	var walk func(dir string) error
	walk = func(dir string) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		l, err := f.fs.ReadDir(f.path(dir))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("list objects: %w", err)
		}
		for _, e := range l {
			name := e.Name()
			if dir != "" {
				name = dir + "/" + name
			}
			if e.IsDir() {
				if strings.HasPrefix(name, prefix) || strings.HasPrefix(prefix, name) {
					if err := walk(name); err != nil {
						return err
					}
				}
			} else if _, ok := manifest.NameHash(name); ok && strings.HasPrefix(name, prefix) && !strings.HasSuffix(name, ".tmp") {
				out = append(out, name)
			}
		}
		return nil
	}
	if err := walk(""); err != nil {
		return nil, err
	}
	slices.Sort(out)
	return out, nil
}

// SafeName is a server's name as one part of a path on every system: letters,
// digits, "-" and "_" of any script stay, a dot stays inside, every other byte is
// %XX, and so is the first letter of a name that Windows reserves and a "_" at the
// beginning, which no server's folder has. Different names stay different.
func SafeName(server string) string {
	var b strings.Builder
	for i, r := range server {
		n := len(string(r))
		if r == unicode.ReplacementChar {
			n = 1
		}
		inside := r == '.' && i > 0 && i+1 < len(server)
		if n <= len(server)-i && string(r) == server[i:i+n] && (i != 0 || !reserved(server)) &&
			(unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_' && i > 0 || inside) {
			b.WriteRune(r)
			continue
		}
		for _, c := range []byte(server[i : i+n]) {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	if b.Len() == 0 {
		return "%"
	}
	if b.Len() > 180 { // names of files end at 255 bytes
		sum := seal.Hash(sha256.Sum256([]byte(server)))
		return fmt.Sprintf("%%long-%x", sum[:])
	}
	return b.String()
}

// reserved reports whether Windows gives the name to a device.
func reserved(name string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	if slices.Contains([]string{"CON", "PRN", "AUX", "NUL"}, stem) {
		return true
	}
	return len(stem) == 4 && (stem[:3] == "COM" || stem[:3] == "LPT") && stem[3] >= '0' && stem[3] <= '9'
}
