package restored

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/segment"
)

// Finding is a damaged file of a set.
type Finding struct {
	Server, Day string
	File        string // relative to the data folder, slash-separated
	Offset      int64
	Size        int64
	Reason      string
}

// Check reads every byte of every set and compares it with what the set's own file
// says. progress is told of the bytes done; nil = nobody.
func (s *Shelf) Check(ctx context.Context, progress func(done, all int64, file string)) ([]Finding, error) {
	var all, done int64
	sets := s.List()
	for i := range sets {
		all += sets[i].Bytes()
	}
	var out []Finding
	for i := range sets {
		for _, f := range sets[i].Files {
			name := DirName + "/" + sets[i].Day + "/" + f.Name
			if progress != nil {
				progress(done, all, name)
			}
			l, err := s.checkFile(ctx, &sets[i], &f, name)
			if err != nil {
				return out, err
			}
			out, done = append(out, l...), done+f.Size
		}
	}
	return out, nil
}

func (s *Shelf) checkFile(ctx context.Context, x *Set, f *File, name string) (l []Finding, err error) {
	at := func(off, size int64, why string) {
		l = append(l, Finding{x.Server, x.Day, name, off, size, why})
	}
	h, err := s.fs.OpenFile(filepath.Join(s.dir, x.Day, f.Name), os.O_RDONLY, 0)
	if errors.Is(err, os.ErrNotExist) && s.Get(x.Key()) == nil { // released meanwhile
		return nil, nil
	}
	if err != nil {
		at(0, f.Size, err.Error())
		return l, nil
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	sum, n, err := hashFile(ctx, h)
	if err != nil {
		return l, err
	}
	if n != f.Size || sum != f.SHA256 {
		at(0, f.Size, "its bytes are not those that were written")
	}
	seg, err := segment.Open(h, n, segment.OpenOptions{Name: f.Name})
	if err != nil {
		at(0, n, err.Error())
		return l, nil
	}
	bad, err := seg.Check(ctx)
	for _, d := range bad {
		at(d.Offset, d.Size, d.Reason)
	}
	return l, err
}

// hashFile is the SHA-256 and the size of a file.
func hashFile(ctx context.Context, f fsx.File) (sum seal.Hash, n int64, err error) {
	h := sha256.New()
	b := make([]byte, 1<<20)
	for {
		if err := ctx.Err(); err != nil {
			return sum, n, err
		}
		k, err := f.ReadAt(b, n)
		h.Write(b[:k])
		n += int64(k)
		if errors.Is(err, io.EOF) {
			return seal.Hash(h.Sum(nil)), n, nil
		}
		if err != nil {
			return sum, n, err
		}
	}
}
