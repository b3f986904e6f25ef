package restored

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

const (
	// DirName is the folder of the sets in a data folder.
	DirName = manifest.RestoredDir
	// ClearedName is the file that says for which erasures every set was looked
	// through, relative to the data folder.
	ClearedName = DirName + "/cleared.json"
	setEnd      = ".json"
	segmentEnd  = ".seg"
	// formatVersion is that of a set's own file.
	formatVersion = 1
	// maxSet bounds the own file of a set, in bytes.
	maxSet = 16 << 20
)

// Key names a server's day, as the manifests of the archive do (2026-11-22).
type Key struct{ Server, Day string }

// Set is what is restored of a server's day: the stored form of its own file.
type Set struct {
	Format     int         `json:"format"`
	Server     string      `json:"server"`
	Day        string      `json:"day"`
	Zone       string      `json:"zone"`
	Parts      []seal.Hash `json:"parts"`    // hashes of the manifests of the parts it was made of, in their order
	Erasures   seal.Hash   `json:"erasures"` // of the erasures that were honoured when it was made
	Records    int64       `json:"records"`
	Superseded int64       `json:"superseded"`
	Made       int64       `json:"made"` // Unix ns
	By         string      `json:"by"`
	Files      []File      `json:"files"`
}

// File is a segment of a set.
type File struct {
	Name       string    `json:"name"` // within the folder of the day
	Superseded bool      `json:"superseded"`
	Rows       int64     `json:"rows"`
	Size       int64     `json:"size"`
	SHA256     seal.Hash `json:"sha256"`
}

// Key is the day of the set.
func (s *Set) Key() Key { return Key{s.Server, s.Day} }

// Bytes is the size of the set's segments.
func (s *Set) Bytes() (n int64) {
	for i := range s.Files {
		n += s.Files[i].Size
	}
	return n
}

// name is that of the set's files, without their ends: a hash of what it was made of
// and when, so that other bytes have another name.
func (s *Set) name() (string, error) {
	c := *s
	c.Files, c.Records, c.Superseded = nil, 0, 0
	b, err := json.Marshal(&c)
	if err != nil {
		return "", fmt.Errorf("name a restored day: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// check refuses a set that does not say what its name and place say.
func (s *Set) check(day, base string) error {
	if s.Format != formatVersion {
		return fmt.Errorf("restored day has format %d, this akashi reads %d", s.Format, formatVersion)
	}
	name, err := s.name()
	if err != nil {
		return err
	}
	if s.Day != day || name+setEnd != base {
		return fmt.Errorf("restored day %s/%s does not say what its name says", day, base)
	}
	for i := range s.Files {
		f := s.Files[i].Name
		if path.Base(f) != f || !strings.HasPrefix(f, name+".") || !strings.HasSuffix(f, segmentEnd) || s.Files[i].Size < 0 {
			return fmt.Errorf("restored day %s/%s names a file that is not its own", day, base)
		}
	}
	return nil
}

// isDay reports whether the name of a folder is a day.
func isDay(name string) bool {
	_, err := time.Parse(time.DateOnly, name)
	return err == nil
}

// decodeSet reads the own file of a set.
func decodeSet(b []byte, day, base string) (*Set, error) {
	s := &Set{}
	if err := manifest.Decode(b, s); err != nil {
		return nil, fmt.Errorf("restored day %s/%s: %w", day, base, err)
	}
	return s, s.check(day, base)
}
