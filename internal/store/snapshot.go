package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// Snapshot is what a copy of a data folder took.
type Snapshot struct {
	Commit uint64       `json:"commit"` // the last one that it holds
	Files  int          `json:"files"`
	Linked int          `json:"linked"` // of them, hard links
	Bytes  int64        `json:"bytes"`  // copied
	Check  *CheckReport `json:"check"`
}

// ErrNotEmpty: a snapshot goes into a new or an empty folder.
var ErrNotEmpty = errors.New("the folder is not empty")

// Snapshot copies the folder as it stands, also while another process writes to
// it, and reads the whole copy. The copy is a data folder by itself: immutable
// files are hard links where that is possible, the log is copied up to its last
// commit. extra names further files of the folder (slash-separated); missing
// ones are left out.
func (s *Store) Snapshot(ctx context.Context, dest string, extra []string, progress func(done, all int64, file string)) (*Snapshot, error) {
	entries, err := os.ReadDir(dest)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look into %s: %w", dest, err)
	}
	if len(entries) > 0 {
		return nil, fmt.Errorf("snapshot into %s: %w", dest, ErrNotEmpty)
	}
	r, err := s.reader()
	if err != nil {
		return nil, err
	}
	defer r.release()
	c := &copier{s: s, ctx: ctx, dest: dest, out: &Snapshot{}, progress: progress}
	s.mu.RLock()
	m := *s.manifest
	files := slices.Clone(s.files)
	ends := make([]int64, len(files))
	for i, l := range files {
		ends[i] = l.end
	}
	c.out.Commit = s.index.seq
	s.mu.RUnlock()
	if err := c.copyAll(&m, files, ends, extra); err != nil {
		return nil, err
	}
	opt := CheckOptions{Zone: s.opt.Zone}
	if c.out.Check, err = Check(ctx, dest, opt); err != nil {
		return nil, fmt.Errorf("read the copy: %w", err)
	}
	return c.out, nil
}

// copier makes a snapshot.
type copier struct {
	s        *Store
	ctx      context.Context //nolint:containedctx // of one call
	dest     string
	out      *Snapshot
	progress func(done, all int64, file string)
	all      int64
	done     int64
}

func (c *copier) copyAll(m *manifest, files []*logFile, ends []int64, extra []string) error {
	var names []string
	for dir, l := range map[string][]manifestFile{segmentDir: m.Segments, rawDir: m.Raw, pathDir: m.Paths} {
		for _, f := range l {
			names = append(names, fileName(dir, f.Num))
			c.all += f.Size
		}
	}
	for num := range m.keeps() {
		names = append(names, fileName(keepDir, num))
	}
	slices.Sort(names)
	need := uint64(reserve)
	for _, n := range ends {
		need += uint64(n)
		c.all += n
	}
	if err := os.MkdirAll(c.dest, 0o700); err != nil {
		return fmt.Errorf("make %s: %w", c.dest, err)
	}
	free, err := fsx.Free(c.dest)
	if err != nil {
		return err
	}
	if !c.canLink(names) {
		need += uint64(c.all)
	}
	if free < need {
		return &SpaceError{Dir: c.dest, Free: free, Need: need}
	}
	for _, name := range names {
		if err := c.link(name); err != nil {
			return err
		}
	}
	for i, l := range files {
		if err := c.copy(l.name, io.NewSectionReader(l.f, 0, ends[i])); err != nil {
			return err
		}
	}
	for _, name := range extra {
		if err := c.file(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return c.seal(m)
}

// seal writes what makes the copy a data folder, last.
func (c *copier) seal(m *manifest) error {
	if m.Generation > 0 {
		b, err := encodeManifest(m)
		if err != nil {
			return err
		}
		for _, name := range manifestNames {
			if err := fsx.WriteFileAtomic(filepath.Join(c.dest, name), b, 0o600); err != nil {
				return fmt.Errorf("write %s of the copy: %w", name, err)
			}
		}
	}
	if err := os.MkdirAll(filepath.Join(c.dest, logDir), 0o700); err != nil {
		return fmt.Errorf("make the log of the copy: %w", err)
	}
	return c.file(formatName)
}

// canLink tries whether a file can be linked into the copy.
func (c *copier) canLink(names []string) bool {
	if len(names) == 0 {
		return true
	}
	probe := filepath.Join(c.dest, "probe.tmp")
	if os.Link(filepath.Join(c.s.dir, filepath.FromSlash(names[0])), probe) != nil {
		return false
	}
	return os.Remove(probe) == nil
}

// link puts an immutable file into the copy.
func (c *copier) link(name string) error {
	to := filepath.Join(c.dest, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return fmt.Errorf("make a folder of the copy: %w", err)
	}
	if os.Link(filepath.Join(c.s.dir, filepath.FromSlash(name)), to) == nil {
		c.out.Files++
		c.out.Linked++
		return c.ctx.Err()
	}
	err := c.file(name)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is missing: run akashi store check", name)
	}
	return err
}

// file copies a file of the folder.
func (c *copier) file(name string) (err error) {
	f, err := os.Open(filepath.Join(c.s.dir, filepath.FromSlash(name)))
	if err != nil {
		return fmt.Errorf("copy %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return c.copy(name, f)
}

func (c *copier) copy(name string, r io.Reader) error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	to := filepath.Join(c.dest, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return fmt.Errorf("make a folder of the copy: %w", err)
	}
	err := fsx.WriteAtomic(fsx.OS{}, to, 0o600, func(w io.Writer) error {
		n, err := io.Copy(w, r)
		c.out.Bytes += n
		c.done += n
		return err
	})
	if err != nil {
		return fmt.Errorf("copy %s: %w", name, err)
	}
	c.out.Files++
	if c.progress != nil {
		c.progress(c.done, c.all, name)
	}
	return nil
}
