package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/akashi-audit/akashi/internal/catalogue"
	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/akashi-audit/akashi/internal/segment"
)

// The parts of the catalogue of a month become one together with its segments, because
// a part of a flush has just the dictionary of the flush's segment: paths are read and
// compared once. What is left are parts of several months, of segments that were opened
// anew, and of months that are over; those are joined by size.

// Parts of largePart bytes and more become one pathFan at a time, not mergeFan.
const (
	largePart = 1 << 20
	pathFan   = 16
)

// mergePaths joins parts of the catalogue of one server that are of one size,
// or all of them. The caller holds merging, and not work.
func (s *Store) mergePaths(ctx context.Context, all bool) (did bool, err error) {
	s.mu.RLock()
	have := slices.Clone(s.index.paths)
	s.mu.RUnlock()
	if !all {
		waiting := s.waitingPaths()
		have = slices.DeleteFunc(have, func(r *pathRef) bool { return waiting[r] })
	}
	l := choosePaths(have, all)
	if len(l) == 0 {
		return false, ctx.Err()
	}
	num, r, err := s.writeJoined(l)
	if num == 0 {
		return false, err
	}
	s.work.Lock()
	defer s.work.Unlock()
	if err == nil {
		err = s.publish(s.pathsMerged(l, r))
	}
	s.endFile(num)
	if err != nil {
		if r != nil {
			err = errors.Join(err, r.file.Close())
		}
		s.clean()
		return false, fmt.Errorf("merge path catalogue of %s: %w", l[0].server, err)
	}
	s.replacePaths(l, r)
	s.clean()
	return true, nil
}

// writeJoined writes and opens one part of some, under a number that the caller ends; 0 =
// the disk has no room for it.
func (s *Store) writeJoined(l []*pathRef) (num uint32, r *pathRef, err error) {
	var in []*catalogue.Part
	var size uint64
	for _, r := range l {
		in, size = append(in, r.part), size+uint64(r.size)
	}
	if err := s.room(size); err != nil {
		return 0, nil, err
	}
	num = s.beginFile()
	_, err = s.writeFile(pathDir, num, func(w io.Writer) error { return catalogue.Merge(w, in...) })
	if err == nil {
		err = s.syncDirs(pathDir)
	}
	if err == nil {
		r, err = s.openPaths(num, l[0].server)
	}
	return num, r, err
}

// waitingPaths are the parts that become one together with their segments.
func (s *Store) waitingPaths() map[*pathRef]bool {
	waiting := make(map[*pathRef]bool)
	for _, g := range s.groups() {
		if g.over && len(g.list) == 1 {
			continue
		}
		for _, r := range g.list {
			waiting[r.paths] = true
		}
	}
	return waiting
}

// joinPaths writes one part of those of some segments, whose dictionaries became one,
// unless one of them has no part of its own.
func (s *Store) joinPaths(m *joined, u *segment.Union) error {
	if m.g.superseded {
		return nil
	}
	s.mu.RLock()
	have := slices.Clone(s.index.paths)
	s.mu.RUnlock()
	var old []*pathRef
	numbers := make(map[*pathRef]*paths.Numbers)
	for i, r := range m.from {
		if r.paths == nil || !slices.Contains(have, r.paths) {
			return nil
		}
		numbers[r.paths] = u.Numbers[i]
		old = append(old, r.paths)
	}
	m.oldPaths = old
	slices.SortFunc(m.oldPaths, func(a, b *pathRef) int { return cmp.Compare(a.num, b.num) })
	var in []*catalogue.Part
	var of []*paths.Numbers
	for _, r := range m.oldPaths {
		in, of = append(in, r.part), append(of, numbers[r])
	}
	m.pathNum = s.beginFile()
	_, err := s.writeFile(pathDir, m.pathNum, func(w io.Writer) error { return catalogue.Join(w, u.Dict, in, of) })
	if errors.Is(err, catalogue.ErrNotOneMonth) || isDamagedPart(err) { // they stay as they are
		return nil
	}
	if err == nil {
		err = s.syncDirs(pathDir)
	}
	if err == nil {
		m.paths, err = s.openPaths(m.pathNum, m.g.server)
	}
	if err == nil && m.g.settles {
		err = s.widenPaths(m, have)
	}
	if err != nil {
		return fmt.Errorf("path catalogue: %w", err)
	}
	return nil
}

func isDamagedPart(err error) bool {
	var damage *catalogue.DamageError
	return errors.As(err, &damage)
}

// widenPaths makes the new part of a merge one with the other parts of its server, which
// are not to be merged before: it is done beside the rows of the last month, and what
// mergePaths would do behind them.
func (s *Store) widenPaths(m *joined, have []*pathRef) error {
	have = slices.DeleteFunc(slices.Clone(have), func(r *pathRef) bool { return r.server != m.g.server || slices.Contains(m.oldPaths, r) })
	l := choosePaths(append(have, m.paths), true)
	if !slices.Contains(l, m.paths) {
		return nil
	}
	num, r, err := s.writeJoined(l)
	if err != nil {
		s.endFile(num)
		if isDamagedPart(err) { // mergePaths tells
			return nil
		}
		return err
	}
	s.endFile(m.pathNum) // no manifest will name it
	for _, o := range l {
		if o == m.paths {
			err = o.file.Close()
		} else {
			m.oldPaths = append(m.oldPaths, o)
		}
	}
	m.pathNum, m.paths, m.wide = num, r, true
	return err
}

// pathsMerged is the manifest with one part of the catalogue in the place of some.
func (s *Store) pathsMerged(l []*pathRef, r *pathRef) *manifest {
	m := *s.manifest
	m.Generation++
	m.putPaths(l, r)
	return &m
}

// putPaths names a part of the catalogue in the place of some.
func (m *manifest) putPaths(l []*pathRef, r *pathRef) {
	m.Paths = slices.DeleteFunc(slices.Clone(m.Paths), func(f manifestFile) bool {
		return slices.ContainsFunc(l, func(r *pathRef) bool { return r.num == f.Num })
	})
	m.Paths = append(m.Paths, manifestFile{Num: r.num, Server: r.server, Size: r.size})
}

// replacePaths puts a part in the place of some in the index.
func (s *Store) replacePaths(l []*pathRef, r *pathRef) {
	s.mu.Lock()
	s.index.paths = append(slices.DeleteFunc(slices.Clone(s.index.paths), func(o *pathRef) bool { return slices.Contains(l, o) }), r)
	s.mu.Unlock()
	var gone []io.Closer
	for _, o := range l {
		gone = append(gone, o.file)
	}
	s.pins.retire(func() { closeAll(gone) })
}

// mostPaths bounds the paths of the parts that become one. What a merge holds in memory, and
// what every part does once it is open, grows with it; beyond it the parts of a
// server stay side by side, each of its own months.
const mostPaths = 16 << 20

// choosePaths picks the parts that should become one: mergeFan of a size of one
// server, or pathFan; with all, as many as may be one.
func choosePaths(l []*pathRef, all bool) []*pathRef {
	byServer := make(map[string][]*pathRef)
	for _, r := range l {
		byServer[r.server] = append(byServer[r.server], r)
	}
	for _, l := range byServer {
		if all {
			if l := manyPaths(l, mostPaths); l != nil {
				return l
			}
			continue
		}
		slices.SortFunc(l, func(a, b *pathRef) int { return cmp.Compare(a.size, b.size) })
		for i := range l {
			fan := mergeFan
			if l[i].size >= largePart {
				fan = pathFan
			}
			if i+fan <= len(l) && l[i+fan-1].size <= max(64<<10, l[i].size*mergeFan) && pathsOf(l[i:i+fan]) <= mostPaths {
				return l[i : i+fan]
			}
		}
	}
	return nil
}

// manyPaths are the first parts, by age, that may become one, of at most limit
// paths together; nil when there are none.
func manyPaths(l []*pathRef, limit int) []*pathRef {
	slices.SortFunc(l, func(a, b *pathRef) int { return cmp.Compare(a.num, b.num) })
	from, n := 0, 0
	for i, r := range l {
		if n += r.part.Len(); i > from && n > limit {
			if i-from > 1 {
				return l[from:i]
			}
			from, n = i, r.part.Len()
		}
	}
	if len(l)-from > 1 {
		return l[from:]
	}
	return nil
}

// pathsOf is how many paths parts have, each its own.
func pathsOf(l []*pathRef) (n int) {
	for _, r := range l {
		n += r.part.Len()
	}
	return n
}
