package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"

	"github.com/akashi-audit/akashi/internal/event"
)

// SetOptions of OpenSet.
type SetOptions struct {
	// Progress is called at each file that was looked into; nil = not.
	Progress func(done, total int, f *File)
	// Look is called for each event while files are looked into; nil = not. The
	// event is valid only during the call and has no payload yet.
	Look func(e *event.Event)
	// Fields tells which payload fields the caller of Events needs; the others may
	// be left null. nil, and a nil set, need all.
	Fields func(provider string, id uint32, failed bool) *event.Fields
}

// Set is a group of log files that is read as one.
type Set struct {
	files  []File
	fields needed
}

// OpenSet expands files and folders, looks into each file and notes what it
// holds. A bad file or path never fails it (see Files): only no readable path at
// all, and ctx, do.
func OpenSet(ctx context.Context, paths []string, opt SetOptions) (*Set, error) {
	s := &Set{fields: opt.Fields}
	if err := s.expand(paths); err != nil {
		return nil, err
	}
	for i := range s.files {
		f := &s.files[i]
		if f.Err == nil {
			f.src, f.Format, f.Err = open(f.Path, noFields)
		}
		if f.Err == nil {
			f.Err = f.index(ctx, opt.Look)
			if err := f.src.close(); f.Err == nil {
				f.Err = err
			}
			f.src = nil
			if f.Err == nil && f.Events == 0 && f.Format != FormatEVTX {
				f.Err, f.Damage = ErrForeign, nil
			}
		}
		if err := ctx.Err(); err != nil {
			return nil, errors.Join(err, s.Close())
		}
		if opt.Progress != nil {
			opt.Progress(i+1, len(s.files), f)
		}
	}
	return s, nil
}

// expand lists the files of the paths, each once, folders in name order.
func (s *Set) expand(paths []string) error {
	seen := map[string]bool{}
	add := func(path string, size int64, err error) {
		if abs, aerr := filepath.Abs(path); aerr == nil && seen[abs] {
			return
		} else if aerr == nil {
			seen[abs] = true
		}
		s.files = append(s.files, File{Path: path, Name: filepath.Base(path), Size: size, Err: err})
	}
	var first error // of the paths that cannot be read
	bad := 0
	unreadable := func(path string, err error) {
		first, bad = cmp.Or(first, err), bad+1
		add(path, 0, err)
	}
	for _, p := range paths {
		st, err := os.Stat(p)
		if err != nil {
			unreadable(p, err)
			continue
		}
		if !st.IsDir() {
			add(p, st.Size(), nil)
			continue
		}
		err = filepath.WalkDir(p, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				if path == p {
					return err
				}
				add(path, 0, err)
				return nil
			}
			if d.Type()&fs.ModeSymlink != 0 { // a linked file counts, a linked folder could lead in circles
				if st, err := os.Stat(path); err != nil || st.IsDir() {
					return nil
				}
			} else if !d.Type().IsRegular() {
				return nil
			}
			info, err := os.Stat(path)
			if err != nil {
				add(path, 0, err)
				return nil
			}
			add(path, info.Size(), nil)
			return nil
		})
		if err != nil {
			unreadable(p, fmt.Errorf("read folder %s: %w", p, err))
		}
	}
	if bad == len(paths) {
		return first
	}
	return nil
}

// Files tells what was found, in the order of the paths.
func (s *Set) Files() []File { return s.files }

// Servers lists the computers, sorted.
func (s *Set) Servers() []string {
	var l []string
	for i := range s.files {
		for _, st := range s.files[i].Streams {
			l = append(l, st.Computer)
		}
	}
	slices.Sort(l)
	return slices.Compact(l)
}

// part is one run of one stream.
type part struct {
	file *File
	st   *Stream
	n    int // index of the run
	run
	gen  uint32
	need needed
}

// Events yields the events of one server in merge order, duplicates removed and
// Generation set. The event is valid only during the call of fn.
func (s *Set) Events(ctx context.Context, server string, fn func(*event.Event) error) error {
	byChannel := map[string][]part{}
	for i := range s.files {
		f := &s.files[i]
		for j := range f.Streams {
			st := &f.Streams[j]
			if st.Computer != server {
				continue
			}
			for n, r := range st.runs.runs {
				byChannel[st.Channel] = append(byChannel[st.Channel], part{file: f, st: st, n: n, run: r, need: s.fields})
			}
		}
	}
	var inputs []Input
	for ch, parts := range byChannel {
		assignGenerations(parts)
		for _, p := range parts {
			inputs = append(inputs, Input{Channel: ch, Generation: p.gen, FirstID: p.firstID, Events: p.events(ctx)})
		}
	}
	return Merge(ctx, inputs, fn)
}

var errStop = errors.New("stop")

// events reads the run out of its file, sorted where the file is not.
func (p part) events(ctx context.Context) iter.Seq2[*event.Event, error] {
	read := p.read
	if !p.ordered {
		read = sorted(read, os.TempDir())
	}
	return func(yield func(*event.Event, error) bool) {
		err := read(ctx, func(e *event.Event) error {
			if !yield(e, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(nil, fmt.Errorf("read %s: %w", p.file.Path, err))
		}
	}
}

// read calls fn for the events of the run in file order. It opens the file
// itself: several streams of one file are read side by side.
func (p part) read(ctx context.Context, fn func(*event.Event) error) error {
	src, _, err := open(p.file.Path, p.need)
	if err != nil {
		return err
	}
	var t runTracker
	left := p.run.events
	err = src.events(ctx, func(e *event.Event) error {
		if e.Channel != p.st.Channel || e.Computer != p.st.Computer || t.add(e.RecordID, e.Time) != p.n {
			return nil
		}
		if err := fn(e); err != nil {
			return err
		}
		if left--; left == 0 {
			return errStop // a log that grows since it was looked into is read up to where it was
		}
		return nil
	})
	if errors.Is(err, errStop) && left == 0 {
		err = nil
	}
	return errors.Join(err, src.close())
}

// Close closes the files.
func (s *Set) Close() error {
	var err error
	for i := range s.files {
		if s.files[i].src != nil {
			err = errors.Join(err, s.files[i].src.close())
			s.files[i].src = nil
		}
	}
	return err
}
