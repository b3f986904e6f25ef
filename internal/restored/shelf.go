package restored

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/segment"
)

const (
	// cacheBytes is what unpacked parts of all segments take at most.
	cacheBytes = 96 << 20
	// maxOpen is how many days are held open while nobody asks them.
	maxOpen = 128
)

// Options of Open.
type Options struct {
	FS       fsx.FS         // nil = the operating system's
	Zone     *time.Location // of the calendar days
	ReadOnly bool           // another process may change the sets
}

// Shelf is the restored days of a data folder.
type Shelf struct {
	fs    fsx.FS
	dir   string // the folder DirName
	opt   Options
	cache *segment.Cache

	mu     sync.Mutex // guards the fields below
	sets   map[Key]*entry
	used   uint64 // counts uses, to know the day that was used last
	closed bool
}

// entry is a set that is there.
type entry struct {
	*Set
	name string // without the ends
	open *Day   // nil while nobody asked
}

// Open looks at the restored days of the data folder at dir. A missing folder is one
// without any. What an interrupted Maker left is removed, but not for reading only.
func Open(dir string, opt Options) (*Shelf, error) {
	if opt.FS == nil {
		opt.FS = fsx.OS{}
	}
	if opt.Zone == nil {
		opt.Zone = time.UTC
	}
	c, err := segment.NewCache(cacheBytes)
	if err != nil {
		return nil, err
	}
	s := &Shelf{fs: opt.FS, dir: filepath.Join(dir, DirName), opt: opt, cache: c, sets: make(map[Key]*entry)}
	if err := s.load(); err != nil {
		return nil, err
	}
	if opt.ReadOnly {
		return s, nil
	}
	return s, s.clean()
}

// Refresh sees what another process made or removed since.
func (s *Shelf) Refresh() error {
	if !s.opt.ReadOnly {
		return nil
	}
	return s.load()
}

// names lists the files of a day.
func (s *Shelf) names(day string) ([]string, error) {
	l, err := s.fs.ReadDir(filepath.Join(s.dir, day))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("list restored days: %w", err)
	}
	var out []string
	for _, e := range l {
		if !e.IsDir() {
			out = append(out, e.Name())
		}
	}
	return out, nil
}

// days lists the folders of days.
func (s *Shelf) days() ([]string, error) {
	l, err := s.fs.ReadDir(s.dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("list restored days: %w", err)
	}
	var out []string
	for _, e := range l {
		if e.IsDir() && isDay(e.Name()) {
			out = append(out, e.Name())
		}
	}
	return out, nil
}

// load reads which sets there are. One that does not read is as if it were not there:
// the archive has its records.
func (s *Shelf) load() error {
	days, err := s.days()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known := make(map[string]*entry, len(s.sets))
	for _, e := range s.sets {
		known[e.Day+"/"+e.name] = e
	}
	now := make(map[Key]*entry)
	for _, day := range days {
		l, err := s.names(day)
		if err != nil {
			return err
		}
		for _, base := range l {
			name, ok := strings.CutSuffix(base, setEnd)
			if !ok {
				continue
			}
			e := known[day+"/"+name]
			if e == nil {
				x, err := s.read(day, base)
				if err != nil {
					continue
				}
				e = &entry{Set: x, name: name}
			}
			if old := now[e.Key()]; old == nil || old.Made < e.Made { // the older one is about to be removed
				now[e.Key()] = e
			}
		}
	}
	for _, e := range known {
		if now[e.Key()] != e {
			e.close()
		}
	}
	s.sets = now
	return nil
}

// read reads the own file of a set.
func (s *Shelf) read(day, base string) (*Set, error) {
	f, err := s.fs.OpenFile(filepath.Join(s.dir, day, base), os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSet+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if len(b) > maxSet {
		return nil, fmt.Errorf("restored day %s/%s is too large", day, base)
	}
	return decodeSet(b, day, base)
}

// clean removes files that belong to no set.
func (s *Shelf) clean() error {
	days, err := s.days()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	keep := make(map[string]bool)
	for _, e := range s.sets {
		keep[e.Day+"/"+e.name+setEnd] = true
		for i := range e.Files {
			keep[e.Day+"/"+e.Files[i].Name] = true
		}
	}
	for _, day := range days {
		l, err := s.names(day)
		if err != nil {
			return err
		}
		slices.SortFunc(l, func(a, b string) int { // a set's own file first: what is left of it then counts for nothing
			return cmp.Or(cmp.Compare(len(filepath.Ext(b)), len(filepath.Ext(a))), strings.Compare(a, b))
		})
		left, gone := 0, 0
		for _, base := range l {
			if keep[day+"/"+base] {
				left++
				continue
			}
			if err := s.fs.Remove(filepath.Join(s.dir, day, base)); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("clean restored days: %w", err)
			}
			gone++
		}
		if gone > 0 {
			if err := s.fs.SyncDir(filepath.Join(s.dir, day)); err != nil {
				return fmt.Errorf("clean restored days: %w", err)
			}
		}
		if left == 0 {
			s.removeDay(day)
		}
	}
	return nil
}

// removeDay removes the folder of a day that is empty. One that stays does no harm.
func (s *Shelf) removeDay(day string) {
	if s.fs.Remove(filepath.Join(s.dir, day)) == nil {
		_ = s.fs.SyncDir(s.dir)
	}
}

// List is what is restored, by day and server.
func (s *Shelf) List() []Set {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Set{}
	for _, e := range s.sets {
		out = append(out, *e.Set)
	}
	slices.SortFunc(out, func(x, y Set) int { return cmp.Or(strings.Compare(x.Day, y.Day), strings.Compare(x.Server, y.Server)) })
	return out
}

// Get is the set of a day; nil when there is none.
func (s *Shelf) Get(k Key) *Set {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.sets[k]; e != nil {
		c := *e.Set
		return &c
	}
	return nil
}

// Current reports whether a set was made of exactly these parts.
func (s *Set) Current(parts []seal.Hash) bool { return slices.Equal(s.Parts, parts) }

// Remove takes the set of a day away; it answers for nothing from then on. It tells
// what there was, nil for nothing.
func (s *Shelf) Remove(k Key) (*Set, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.sets[k]
	if e == nil {
		return nil, nil
	}
	delete(s.sets, k)
	if err := s.remove(e); err != nil {
		return e.Set, fmt.Errorf("remove restored day %s: %w", k.Day, err)
	}
	s.removeDay(k.Day)
	return e.Set, nil
}

// remove removes the files of a set: its own first, without which the others count for
// nothing. The caller holds mu.
func (s *Shelf) remove(e *entry) error {
	dir := filepath.Join(s.dir, e.Day)
	gone := func(name string) error {
		if err := s.fs.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	}
	if err := gone(e.name + setEnd); err != nil {
		return err
	}
	if err := s.fs.SyncDir(dir); err != nil {
		return err
	}
	segments := func() error {
		var err error
		for i := range e.Files {
			err = errors.Join(err, gone(e.Files[i].Name))
		}
		return err
	}
	busy := e.close()
	err := segments()
	if err != nil && busy != nil { // some systems keep open files: the last answer removes them
		busy.last = func() { _ = errors.Join(segments(), s.fs.SyncDir(dir)) } // else the next start does
		return nil
	}
	return errors.Join(err, s.fs.SyncDir(dir))
}

// Close ends the use.
func (s *Shelf) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, e := range s.sets {
		e.close()
	}
}
