package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// IndexName is the file in the data folder that remembers what the manifests say
// and which state of the store they cover. All but the second can be read from
// the objects again, and that only saves work.
//
// Its first line is an index, each line after it a change of that. A line that is cut
// short, as a power cut leaves it, ends the file: it is written anew with the next change.
const IndexName = "archive-index.json"

// indexSlack: the file is written anew when it has so many lines more than twice what
// is remembered, so that a run over any number of days writes each name a few times only.
const indexSlack = 1024

// index is the stored form of what is remembered, or of a change of it.
type index struct {
	Marks    map[string]string `json:"marks,omitempty"`    // by server and day: state of the store that is sealed
	Recorded []string          `json:"recorded,omitempty"` // names of manifests, and of what is erased, with a leaf in the log
	// Clean are, by server and day, the erasures and parts of which is known that
	// the parts hold nothing that the erasures hide.
	Clean map[string]string `json:"clean,omitempty"`
}

// size is how many things are remembered.
func (x *index) size() int { return len(x.Marks) + len(x.Recorded) + len(x.Clean) }

// indexFile is what is remembered, and where it stands.
type indexFile struct {
	index
	lines int  // in the file
	whole bool // it ends with a line that is whole, so that one can follow
}

func newIndex() index { return index{Marks: make(map[string]string), Clean: make(map[string]string)} }

// apply makes a change.
func (x *index) apply(c *index) {
	maps.Copy(x.Marks, c.Marks)
	maps.Copy(x.Clean, c.Clean)
	x.Recorded = append(x.Recorded, c.Recorded...)
}

func (a *Archive) indexPath() string { return filepath.Join(a.opt.Dir, IndexName) }

// loadIndex reads what is remembered; what does not read is as if it were not
// there.
func (a *Archive) loadIndex() {
	a.state = indexFile{index: newIndex()}
	f, err := a.opt.FS.OpenFile(a.indexPath(), os.O_RDONLY, 0)
	if err != nil {
		return
	}
	b, err := io.ReadAll(io.LimitReader(f, maxManifest))
	if errors.Join(err, f.Close()) == nil {
		a.state.read(b)
	}
}

// read takes the lines of a file, up to the first that does not read.
func (s *indexFile) read(b []byte) {
	for len(b) > 0 {
		line, rest, ended := bytes.Cut(b, []byte{'\n'})
		var x index
		if !ended || json.Unmarshal(line, &x) != nil {
			s.whole = false
			return
		}
		s.apply(&x)
		s.lines++
		s.whole, b = true, rest
	}
}

// remember makes a change durable. The caller holds mu.
func (a *Archive) remember(c index) error {
	s := &a.state
	s.apply(&c)
	follows := s.whole && s.lines <= 2*s.size()+indexSlack
	s.whole = false // until it is written
	err := fs.ErrNotExist
	if follows {
		err = a.appendIndex(&c)
	}
	if errors.Is(err, fs.ErrNotExist) {
		slices.Sort(s.Recorded)
		s.Recorded, s.lines = slices.Compact(s.Recorded), 0
		err = fsx.WriteAtomic(a.opt.FS, a.indexPath(), 0o600, func(w io.Writer) error { return json.NewEncoder(w).Encode(&s.index) })
	}
	if err != nil {
		return fmt.Errorf("write the index of the archive: %w", err)
	}
	s.lines++
	s.whole = true
	return nil
}

// appendIndex adds a line to the file.
func (a *Archive) appendIndex(c *index) (err error) {
	line, err := json.Marshal(c)
	if err != nil {
		return err
	}
	f, err := a.opt.FS.OpenFile(a.indexPath(), os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(append(line, '\n')); err != nil {
		return err
	}
	return f.Sync()
}
