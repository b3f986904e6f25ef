package store

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// adopt takes over what a manifest says. Files that do not open are damage:
// they stay where they are, and are left out of every answer. The caller holds
// mu.
func (s *Store) adopt(m *manifest, was *index) error {
	x := newIndex()
	x.seq, x.spread, x.imports = m.Absorbed, m.Spread, slices.Clone(m.Imports)
	copy(x.chain[:], m.Chain)
	s.manifest, s.index, s.nextFile, s.nextLog = m, x, max(s.nextFile, m.NextFile), m.FirstLog
	x.erasures, x.schedule, x.expired = slices.Clone(m.Erasures), m.Schedule, slices.Clone(m.Expired)
	for i := range m.Servers {
		sv := m.Servers[i].index()
		x.setErasures(sv)
		x.servers[sv.name] = sv
	}
	for _, f := range m.Facts {
		x.facts = append(x.facts, &factBlock{blockRef: f.Ref.ref(), seq: f.Seq, min: f.Min, max: f.Max})
	}
	for i, o := range openAll(m.Segments, func(f manifestFile) (*segmentRef, error) { return s.reopen(f, was) }) {
		f, r, err := m.Segments[i], o.file, o.err
		if err != nil {
			s.lost(segmentDir, f, err)
			continue
		}
		sv := x.servers[f.Server]
		if sv == nil || r.meta.Server != f.Server {
			s.lost(segmentDir, f, errors.New("it is of another server"))
			continue
		}
		if r.meta.Superseded {
			sv.oldSegments = append(sv.oldSegments, r)
		} else {
			sv.segments = append(sv.segments, r)
		}
	}
	for _, f := range m.Raw {
		p, err := s.openPack(f.Num)
		if err != nil {
			s.lost(rawDir, f, err)
			continue
		}
		x.packs = append(x.packs, p)
		p.blocks(func(server string, b *rawBlock) {
			if sv := x.servers[server]; sv != nil {
				sv.raw[b.channel] = append(sv.raw[b.channel], b)
				sv.events += int64(b.n)
			}
		})
	}
	for i, o := range openAll(m.Paths, func(f manifestFile) (*pathRef, error) { return s.openPaths(f.Num, f.Server) }) {
		f, r, err := m.Paths[i], o.file, o.err
		if err != nil {
			s.lost(pathDir, f, err)
			x.partial[f.Server] = true
			continue
		}
		x.paths = append(x.paths, r)
	}
	return s.openKeeps(m)
}

// openedFile is what opening a file gave.
type openedFile[T any] struct {
	file T
	err  error
}

// openFan is how many files are opened at a time: a cold disk is asked for several
// footers at once.
const openFan = 8

// openAll opens files side by side.
func openAll[T any](l []manifestFile, open func(manifestFile) (T, error)) []openedFile[T] {
	out := make([]openedFile[T], len(l))
	var group errgroup.Group
	group.SetLimit(openFan)
	for i := range l {
		group.Go(func() error {
			out[i].file, out[i].err = open(l[i])
			return nil
		})
	}
	_ = group.Wait() // each has its own error
	return out
}

// reopen opens a segment, or takes the one that is open already.
func (s *Store) reopen(f manifestFile, was *index) (*segmentRef, error) {
	if was != nil {
		if sv := was.servers[f.Server]; sv != nil {
			for _, r := range slices.Concat(sv.segments, sv.oldSegments) {
				if r.num == f.Num {
					return r, nil
				}
			}
		}
	}
	return s.openSegment(f.Num)
}

// lost notes a file that cannot be used.
func (s *Store) lost(dir string, f manifestFile, err error) {
	name := fileName(dir, f.Num)
	reason := err.Error()
	if errors.Is(err, fs.ErrNotExist) {
		reason = "the file is missing"
	}
	s.damaged(&DamageError{File: name, Size: f.Size, Reason: strings.TrimPrefix(reason, "open "+name+": ")})
}

func (m *manifestServer) index() *serverIndex {
	sv := newServerIndex(m.Name)
	sv.rewind, sv.voids, sv.unread = rewind{m.Rewind[0], m.Rewind[1]}, slices.Clone(m.Voids), m.Unread
	sv.pending, sv.order, sv.shifts = slices.Clone(m.Spans), slices.Clone(m.Order), slices.Clone(m.Shifts)
	if m.Pending != nil {
		sv.pending = addSpan(sv.pending, Span{*m.Pending, LastKey()})
	}
	sv.tail, sv.old, sv.drafts = recBlocks(m.Name, m.Tail), recBlocks(m.Name, m.Old), recBlocks(m.Name, m.Drafts)
	for _, c := range m.Checkpoints {
		x := checkpoint{seq: c.Seq, watermark: c.Watermark, ref: c.Ref.ref(), basis: c.Basis}
		for _, t := range c.Traces {
			x.traces = append(x.traces, t.ref())
		}
		sv.checkpoints = append(sv.checkpoints, x)
	}
	for _, g := range m.Gone {
		b := g.block()
		sv.raw[b.channel] = append(sv.raw[b.channel], b)
	}
	return sv
}

// keeps lists the files of kept blocks that a manifest names.
func (m *manifest) keeps() map[uint32]bool {
	l := make(map[uint32]bool)
	for _, f := range m.Facts {
		l[f.Ref.File] = true
	}
	for i := range m.Servers {
		sv := &m.Servers[i]
		for _, part := range [...][]manifestRecords{sv.Tail, sv.Old, sv.Drafts} {
			for _, b := range part {
				l[b.Ref.File] = true
			}
		}
		for _, c := range sv.Checkpoints {
			l[c.Ref.File] = true
			for _, t := range c.Traces {
				l[t.File] = true
			}
		}
	}
	return l
}

func (s *Store) openKeeps(m *manifest) error {
	s.kept = nil
	for num := range m.keeps() {
		l, err := s.openKept(num)
		if errors.Is(err, fs.ErrNotExist) {
			s.lost(keepDir, manifestFile{Num: num}, err)
			continue
		}
		if err != nil {
			return err
		}
		s.kept = append(s.kept, l)
	}
	slices.SortFunc(s.kept, func(a, b *logFile) int { return cmp.Compare(a.num, b.num) })
	return nil
}

// loadManifest adopts the newest manifest. A folder whose manifests are all
// damaged gives an error: what it holds is not known.
func (s *Store) loadManifest(was *index) error {
	l, err := s.readManifests()
	if err != nil {
		return err
	}
	if len(l) == 0 {
		s.manifest, s.older = &manifest{}, nil
		for _, d := range s.Damage() {
			if slices.Contains(manifestNames[:], d.File) {
				if s.opt.salvage {
					break
				}
				return fmt.Errorf("%w; run akashi store repair", d)
			}
		}
		waste, err := s.orphaned()
		if err != nil {
			return err
		}
		if waste && !s.opt.salvage {
			return fmt.Errorf("%w; run akashi store repair", &DamageError{File: manifestNames[0], Reason: errNoManifest.Error()})
		}
		if s.opt.salvage {
			m, err := s.salvageManifest()
			if err != nil {
				return err
			}
			return s.adopt(m, was)
		}
		return nil
	}
	s.older = nil
	if len(l) > 1 {
		s.older = l[1]
	}
	return s.adopt(l[0], was)
}

// publish makes m true on disk. When that fails it may be there all the same, so
// that its files must stay until another one is. The caller holds work.
func (s *Store) publish(m *manifest) error {
	s.mu.RLock()
	m.NextFile = s.nextFile
	s.mu.RUnlock()
	err := s.writeManifest(m)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.doubtful = append(s.doubtful, m)
		return err
	}
	s.manifest, s.older, s.doubtful = m, s.manifest, nil
	return nil
}

// needed reports whether one of the two manifests, or the log behind them, needs
// a file.
func (s *Store) needed() func(dir string, num uint32) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	type file struct {
		dir string
		num uint32
	}
	want := make(map[file]bool)
	first := s.manifest.FirstLog
	for _, m := range append([]*manifest{s.manifest, s.older}, s.doubtful...) {
		if m == nil {
			continue
		}
		first = min(first, m.FirstLog)
		for dir, l := range map[string][]manifestFile{segmentDir: m.Segments, rawDir: m.Raw, pathDir: m.Paths} {
			for _, f := range l {
				want[file{dir, f.Num}] = true
			}
		}
		for num := range m.keeps() {
			want[file{keepDir, num}] = true
		}
	}
	making := slices.Clone(s.making)
	return func(dir string, num uint32) bool {
		return slices.Contains(making, num) || want[file{dir, num}] || dir == logDir && num >= first
	}
}

// clean removes files that no manifest needs, when the readers of now are done
// with them. A file that cannot be removed is tried again the next time. A log
// file with damage is put aside instead. The caller holds work.
func (s *Store) clean() {
	need := s.needed()
	damaged := make(map[string]bool)
	for _, d := range s.Damage() {
		damaged[d.File] = true
	}
	var gone []string
	for dir := range fileEnds {
		nums, err := s.fileNumbers(dir)
		if err != nil {
			continue
		}
		for _, n := range nums {
			if !need(dir, n) {
				gone = append(gone, fileName(dir, n))
			}
		}
	}
	if len(gone) == 0 {
		return
	}
	s.pins.retire(func() {
		for _, name := range gone {
			path := filepath.Join(s.dir, filepath.FromSlash(name))
			if damaged[name] {
				aside := filepath.Join(s.dir, quarantineDir, filepath.Base(path))
				if s.fs.MkdirAll(filepath.Dir(aside), 0o700) == nil && s.fs.Rename(path, aside) == nil {
					continue
				}
			}
			_ = s.fs.Remove(path) // tried again the next time
		}
	})
}

// removeOrphans removes what a failed flush or merge has left.
func (s *Store) removeOrphans() { s.clean() }

// closers are all open files of an index.
func (x *index) closers() []io.Closer {
	var l []io.Closer
	for _, sv := range x.servers {
		for _, r := range slices.Concat(sv.segments, sv.oldSegments) {
			l = append(l, r.file)
		}
	}
	for _, p := range x.packs {
		l = append(l, p.file)
	}
	for _, p := range x.paths {
		l = append(l, p.file)
	}
	return l
}
