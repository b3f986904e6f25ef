package restored

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// cleared is the stored form of ClearedName.
type cleared struct {
	Format   int       `json:"format"`
	Erasures seal.Hash `json:"erasures"`
}

// Cleared reports whether every set was looked through for what these erasures, of
// which the hash is given, hide. It is so when there is no set.
func (s *Shelf) Cleared(erasures seal.Hash) bool {
	s.mu.Lock()
	same := true
	for _, e := range s.sets {
		same = same && e.Erasures == erasures
	}
	s.mu.Unlock()
	if same {
		return true
	}
	f, err := s.fs.OpenFile(s.clearedPath(), os.O_RDONLY, 0)
	if err != nil {
		return false
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSet))
	var c cleared
	return errors.Join(err, f.Close()) == nil && manifest.Decode(b, &c) == nil && c.Format == formatVersion && c.Erasures == erasures
}

// SetCleared remembers that every set was looked through.
func (s *Shelf) SetCleared(erasures seal.Hash) error {
	b, err := manifest.Encode(cleared{formatVersion, erasures})
	if err != nil {
		return err
	}
	err = fsx.WriteAtomic(s.fs, s.clearedPath(), 0o600, func(w io.Writer) error { _, err := w.Write(b); return err })
	if err != nil {
		return fmt.Errorf("note what restored days were looked through for: %w", err)
	}
	return nil
}

func (s *Shelf) clearedPath() string {
	return filepath.Join(filepath.Dir(s.dir), filepath.FromSlash(ClearedName))
}

// Servers lists the servers of which something is restored, ascending.
func (s *Shelf) Servers() []string {
	var l []string
	for _, x := range s.List() {
		l = append(l, x.Server)
	}
	slices.Sort(l)
	return slices.Compact(l)
}
