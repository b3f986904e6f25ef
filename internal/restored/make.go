package restored

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/segment"
)

// buildBytes is the memory of a segment that is being built; a day with more gets
// several.
const buildBytes = 96 << 20

// seq is the number of the commit that every row names: there is none.
const seq = 1

// ErrChanged: the archive changed while the day was read, so that nothing was kept.
var ErrChanged = errors.New("the archived day changed meanwhile")

// Maker makes the set of a day. It belongs to one goroutine.
type Maker struct {
	s     *Shelf
	set   Set
	name  string
	build [2]*segment.Builder // records that hold, superseded ones
	limit int
	made  []string // names of files, within the folder of the day
}

// Begin begins the set of a day from these parts, made for somebody at a time (Unix
// ns), with the hash of the erasures that are honoured.
func (s *Shelf) Begin(k Key, parts []seal.Hash, erasures seal.Hash, by string, at int64) (*Maker, error) {
	if s.opt.ReadOnly {
		return nil, errors.New("restore: the data folder is open for reading only")
	}
	m := &Maker{s: s, limit: buildBytes, set: Set{Format: formatVersion, Server: k.Server, Day: k.Day, Zone: s.opt.Zone.String(), Parts: parts, Erasures: erasures, Made: at, By: by, Files: []File{}}}
	if !isDay(k.Day) {
		return nil, fmt.Errorf("restore: %q is no day", k.Day)
	}
	var err error
	if m.name, err = m.set.name(); err != nil {
		return nil, err
	}
	return m, fsx.MakeDir(s.fs, m.dir(), 0o700)
}

func (m *Maker) dir() string { return filepath.Join(m.s.dir, m.set.Day) }

// Add takes a copy of a record of the day.
func (m *Maker) Add(r *record.Record) error {
	n := 0
	if r.SupersededBy != 0 {
		n = 1
		m.set.Superseded++
	} else {
		m.set.Records++
	}
	if m.build[n] == nil {
		m.build[n] = segment.NewBuilder(m.set.Server, n == 1, segment.Options{Zone: m.s.opt.Zone})
	}
	m.build[n].Add(r, seq)
	if m.build[n].Bytes() < m.limit {
		return nil
	}
	return m.flush(n)
}

// flush writes what was added.
func (m *Maker) flush(n int) error {
	b := m.build[n]
	m.build[n] = nil
	if b == nil {
		return nil
	}
	for _, month := range b.Months() {
		f := File{Name: fmt.Sprintf("%s.%d%s", m.name, len(m.set.Files), segmentEnd), Superseded: n == 1}
		h := sha256.New()
		m.made = append(m.made, f.Name)
		err := fsx.WriteAtomic(m.s.fs, filepath.Join(m.dir(), f.Name), 0o600, func(w io.Writer) error {
			meta, err := b.WriteMonth(io.MultiWriter(w, h), month)
			if err == nil {
				f.Rows, f.Size = meta.Rows, meta.Size
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("write restored day: %w", err)
		}
		f.SHA256 = seal.Hash(h.Sum(nil))
		m.set.Files = append(m.set.Files, f)
	}
	return nil
}

// Finish makes the set count, in the place of what was restored of the day before.
// unchanged is asked when nothing can come between any more: whether the day is still
// what it was when it was read. If not, the error is ErrChanged.
func (m *Maker) Finish(unchanged func() bool) (*Set, error) {
	for n := range m.build {
		if err := m.flush(n); err != nil {
			return nil, err
		}
	}
	b, err := manifest.Encode(&m.set)
	if err != nil {
		return nil, err
	}
	s := m.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, os.ErrClosed
	}
	if !unchanged() {
		return nil, ErrChanged
	}
	base := m.name + setEnd
	m.made = append(m.made, base)
	err = fsx.WriteAtomic(s.fs, filepath.Join(m.dir(), base), 0o600, func(w io.Writer) error { _, err := w.Write(b); return err })
	if err != nil {
		return nil, fmt.Errorf("write restored day: %w", err)
	}
	k := m.set.Key()
	old := s.sets[k]
	s.sets[k] = &entry{Set: &m.set, name: m.name}
	m.made = nil
	c := m.set
	if old != nil {
		if err := s.remove(old); err != nil { // the new one is in place; the next start removes the rest
			return &c, fmt.Errorf("remove what was restored before: %w", err)
		}
	}
	return &c, nil
}

// Abort removes what was written of a set that does not count. After Finish it does
// nothing. What stays is removed by the next start.
func (m *Maker) Abort() {
	if len(m.made) == 0 {
		return
	}
	for _, name := range slices.Backward(m.made) {
		_ = m.s.fs.Remove(filepath.Join(m.dir(), name))
	}
	_ = m.s.fs.SyncDir(m.dir())
	m.s.removeDay(m.set.Day)
}
