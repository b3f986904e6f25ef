package restored

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/segment"
)

// Day is the open set of a day. Whoever got it from Find gives it back by Release.
type Day struct {
	shelf   *Shelf
	now     []*segment.Segment // records that hold
	old     []*segment.Segment // superseded ones
	damaged atomic.Bool

	// The fields below are guarded by the shelf's mu.
	files   []fsx.File
	refs    int
	used    uint64
	dropped bool   // the files are closed with the last Release
	last    func() // called then; may be nil
}

// Segments are those of the records that hold, or of the superseded ones.
func (d *Day) Segments(superseded bool) []*segment.Segment {
	if superseded {
		return d.old
	}
	return d.now
}

// Damaged reports whether a segment turned out to be damaged: an answer from it may
// lack records, and is none.
func (d *Day) Damaged() bool { return d.damaged.Load() }

// Find opens what is restored of a day when it was made of exactly these parts; nil
// when there is no such set, or none that can be read.
func (s *Shelf) Find(k Key, parts []seal.Hash) *Day {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.sets[k]
	if s.closed || e == nil || !e.Current(parts) {
		return nil
	}
	if e.open == nil {
		d, err := s.open(e)
		if err != nil {
			return nil
		}
		e.open = d
		s.shrink(e)
	}
	if e.open.Damaged() {
		return nil
	}
	s.used++
	e.open.refs++
	e.open.used = s.used
	return e.open
}

// open opens the segments of a set. The caller holds mu.
func (s *Shelf) open(e *entry) (*Day, error) {
	d := &Day{shelf: s}
	if err := d.open(e); err != nil {
		d.closeFiles()
		return nil, err
	}
	return d, nil
}

func (d *Day) open(e *entry) error {
	s := d.shelf
	for i := range e.Files {
		x := &e.Files[i]
		f, err := s.fs.OpenFile(filepath.Join(s.dir, e.Day, x.Name), os.O_RDONLY, 0)
		if err != nil {
			return err
		}
		d.files = append(d.files, f)
		st, err := f.Stat()
		if err != nil {
			return err
		}
		if st.Size() != x.Size {
			return fmt.Errorf("restored file %s has %d bytes, want %d", x.Name, st.Size(), x.Size)
		}
		seg, err := segment.Open(f, x.Size, segment.OpenOptions{Name: x.Name, Cache: s.cache, Damaged: func(*segment.DamageError) { d.damaged.Store(true) }})
		if err != nil {
			return err
		}
		if m := seg.Meta(); m.Server != e.Server || m.Superseded != x.Superseded || m.Rows != x.Rows {
			return fmt.Errorf("restored file %s is not what its set says", x.Name)
		}
		if d.damaged.Load() {
			return fmt.Errorf("restored file %s is damaged", x.Name)
		}
		if x.Superseded {
			d.old = append(d.old, seg)
		} else {
			d.now = append(d.now, seg)
		}
	}
	return nil
}

// shrink closes days that were used long ago. The caller holds mu.
func (s *Shelf) shrink(but *entry) {
	n := 0
	var oldest *entry
	for _, e := range s.sets {
		if e.open == nil {
			continue
		}
		n++
		if e != but && e.open.refs == 0 && (oldest == nil || e.open.used < oldest.open.used) {
			oldest = e
		}
	}
	if n > maxOpen && oldest != nil {
		oldest.close()
	}
}

// Release gives the day back.
func (d *Day) Release() {
	if d == nil {
		return
	}
	d.shelf.mu.Lock()
	defer d.shelf.mu.Unlock()
	d.refs--
	if d.refs == 0 && d.dropped {
		d.closeFiles()
		if d.last != nil {
			d.last()
		}
	}
}

// close ends the use of an entry's open day, with the last Release when there are
// answers under way: then it returns the day. The caller holds mu.
func (e *entry) close() *Day {
	d := e.open
	e.open = nil
	if d == nil {
		return nil
	}
	if d.refs > 0 {
		d.dropped = true
		return d
	}
	d.closeFiles()
	return nil
}

func (d *Day) closeFiles() {
	for _, f := range d.files {
		_ = f.Close() // it was only read
	}
	d.files = nil
}
