package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"

	"github.com/akashi-audit/akashi/internal/segment"
)

// Merges join segments of one server, month and kind. Rows are written again a
// few times at most: eight of a size, or sixty-four, become one of the next, and a
// month that is over becomes one segment. A merge goes on beside flushes: it takes
// only segments that are there when it begins, and only for the moment in which its
// result takes their place it keeps flushes away.

const (
	mergeFan   = 8       // segments of a size that become one
	mergeLarge = 64      // the same, of the largest size that is merged at all: each row of them costs most
	mergeLate  = 256     // segments of one server that make appends wait for merges
	mergeRows  = 1 << 16 // rows of the smallest size
	mergeSizes = 3       // sizes, each mergeFan times the one before; larger ones stay until their month is over
	mergeWorth = 10      // a month that is over is merged again when a tenth of it is in small segments
)

// group is the segments of one server, month and kind.
type group struct {
	server     string
	month      segment.Month
	superseded bool
	list       []*segmentRef // most rows first
	over       bool          // the month is over
	days       int           // that are merged side by side, see segment.Options
	settles    bool          // the last month of the server that is to be merged while somebody waits
}

// groups lists what can be merged.
func (s *Store) groups() []*group {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []*group
	for name, sv := range s.index.servers {
		at := make(map[segment.Month]*group)
		old := make(map[segment.Month]*group)
		var last segment.Month
		add := func(m map[segment.Month]*group, r *segmentRef) {
			g := m[r.month]
			if g == nil {
				g = &group{server: name, month: r.month, superseded: r.meta.Superseded}
				m[r.month] = g
				out = append(out, g)
			}
			g.list = append(g.list, r)
			last = max(last, r.month)
		}
		waiting := sv.unsettled() // a merge would take rows and what replaced them for doubles
		for _, r := range sv.segments {
			if !slices.Contains(waiting, r) {
				add(at, r)
			}
		}
		for _, r := range sv.oldSegments {
			add(old, r)
		}
		for _, m := range [...]map[segment.Month]*group{at, old} {
			for _, g := range m {
				g.over = g.month < last
			}
		}
	}
	for _, g := range out {
		slices.SortFunc(g.list, func(a, b *segmentRef) int {
			return cmp.Or(cmp.Compare(b.meta.Rows, a.meta.Rows), cmp.Compare(a.num, b.num))
		})
	}
	slices.SortFunc(out, func(a, b *group) int {
		return cmp.Or(cmp.Compare(a.server, b.server), cmp.Compare(a.month, b.month), cmp.Compare(a.list[0].num, b.list[0].num))
	})
	return out
}

// sizeOfRows is 0 for the smallest segments.
func sizeOfRows(rows int64) int {
	n := 0
	for limit := int64(mergeRows); rows >= limit && n < mergeSizes; limit *= mergeFan {
		n++
	}
	return n
}

// worthwhile chooses what of a group should become one segment now; nil for
// nothing.
func worthwhile(g *group) []*segmentRef {
	if g.over && len(g.list) > 1 {
		var small int64
		for _, r := range g.list[1:] {
			small += r.meta.Rows
		}
		if len(g.list) > mergeFan || small*mergeWorth >= g.list[0].meta.Rows {
			return g.list
		}
	}
	bySize := make([][]*segmentRef, mergeSizes+1)
	for _, r := range g.list {
		n := sizeOfRows(r.meta.Rows)
		bySize[n] = append(bySize[n], r)
	}
	for n, l := range bySize[:mergeSizes] {
		if len(l) >= mergeLarge || n < mergeSizes-1 && len(l) >= mergeFan {
			return l
		}
	}
	return nil
}

// settleDays is how many days are merged side by side at most while somebody waits.
const settleDays = 4

// mergeOnce does the first merge that choose finds. The caller holds merging, and
// not work.
func (s *Store) mergeOnce(ctx context.Context, choose func(*group) []*segmentRef) (did bool, err error) {
	for _, g := range s.groups() {
		if l := choose(g); len(l) > 0 {
			return true, s.mergeGroup(ctx, g, l)
		}
	}
	return false, nil
}

func (s *Store) mergeGroup(ctx context.Context, g *group, l []*segmentRef) error {
	if err := s.merge(ctx, g, l); err != nil {
		return fmt.Errorf("merge segments of %s, %s: %w", g.server, g.month, err)
	}
	return nil
}

// mergeWhole makes one segment of a group of several, for all processors: somebody waits.
// The caller holds merging, and not work.
func (s *Store) mergeWhole(ctx context.Context) (did bool, err error) {
	l := slices.DeleteFunc(s.groups(), func(g *group) bool { return len(g.list) < 2 })
	if len(l) == 0 {
		return false, ctx.Err()
	}
	g := l[0]
	g.days = min(runtime.GOMAXPROCS(0), settleDays)
	g.settles = !slices.ContainsFunc(l[1:], func(o *group) bool { return o.server == g.server && !o.superseded })
	return true, s.mergeGroup(ctx, g, g.list)
}

// Settle flushes the log and merges every month into one segment.
func (s *Store) Settle(ctx context.Context) error {
	if s.opt.ReadOnly {
		return errors.New("settle: the data folder is open for reading only")
	}
	if err := s.Flush(ctx); err != nil { // beside a merge that goes on
		return err
	}
	s.merging.Lock()
	defer s.merging.Unlock()
	if err := s.Flush(ctx); err != nil { // what came meanwhile
		return err
	}
	for did := true; did; {
		var err error
		if did, err = s.mergeWhole(ctx); err != nil {
			return err
		}
	}
	for did := true; did; {
		var err error
		if did, err = s.mergePaths(ctx, true); err != nil {
			return err
		}
	}
	s.work.Lock()
	defer s.work.Unlock()
	return s.forget()
}

// alone keeps flushes and merges away until the end of the work of the caller, who
// calls done then.
func (s *Store) alone() (done func()) {
	s.merging.Lock()
	s.work.Lock()
	return func() {
		s.work.Unlock()
		s.merging.Unlock()
	}
}

// forget writes the manifest once more, so that nothing is kept for the one
// before.
func (s *Store) forget() error {
	if s.manifest.Generation == 0 {
		return nil
	}
	m := *s.manifest
	m.Generation++
	if err := s.publish(&m); err != nil {
		return err
	}
	s.clean()
	return nil
}

// merge puts one segment in the place of some. Rows that are void and compared
// are left out, and so are those that terms took out; when none is left there is no new
// segment. Rows that were erased stay until Compact has found the events behind them.
// The caller holds merging, and not work.
func (s *Store) merge(ctx context.Context, g *group, l []*segmentRef) error {
	m, err := s.join(ctx, g, l, nil)
	s.work.Lock()
	defer s.work.Unlock()
	return s.take(m, err)
}

// mergeWithout is merge without the rows that match one of the filters. The caller
// holds merging and work.
func (s *Store) mergeWithout(ctx context.Context, g *group, l []*segmentRef, hide []*segment.Filter) error {
	return s.take(s.join(ctx, g, l, hide))
}

// joined is a merge that is written and not yet true.
type joined struct {
	g    *group
	from []*segmentRef
	num  uint32
	out  []*segmentRef // one, or none when no row was left

	// The parts of the catalogue of these segments and the one in their place, whose
	// dictionary is that of the new segment; nil = they stay. When it is wide it has
	// become one with parts of other months, which are among the old ones.
	oldPaths []*pathRef
	pathNum  uint32
	paths    *pathRef
	wide     bool
}

// join writes one segment of what some hold, which stay. The caller holds merging, so
// that they stay open.
func (s *Store) join(ctx context.Context, g *group, l []*segmentRef, hide []*segment.Filter) (*joined, error) {
	s.mu.RLock()
	sv := s.index.servers[g.server]
	yes, _ := sv.settled()
	drop := segment.View{Hide: slices.Concat(hide, sv.taken())}
	if !g.superseded { // superseded records hold whatever becomes void
		drop.Void = ranges(yes)
	}
	s.mu.RUnlock()
	var in []*segment.Segment
	var size uint64
	for _, r := range l {
		in = append(in, r.seg)
		size += uint64(r.size)
	}
	m := &joined{g: g, from: l}
	if err := s.room(size); err != nil {
		return m, err
	}
	opt := segment.Options{Zone: s.opt.Zone, Days: g.days}
	if !g.over && len(l) < len(g.list) { // will be merged again
		opt.Level = flushLevel
	}
	m.num = s.beginFile()
	opt.Joined = func(u *segment.Union) error { return s.joinPaths(m, u) }
	var meta *segment.Meta
	piece := 0
	if g.days > 0 {
		piece = earlyPiece
	}
	_, err := s.writeFileEarly(segmentDir, m.num, piece, func(w io.Writer) (err error) {
		meta, err = segment.Merge(ctx, w, in, drop, opt)
		return err
	})
	if errors.Is(err, segment.ErrNoRows) {
		return m, nil
	}
	if err == nil {
		err = s.syncDirs(segmentDir)
	}
	if err == nil && meta.Rows > 0 {
		var r *segmentRef
		if r, err = s.openSegment(m.num); err == nil {
			m.out = append(m.out, r)
			if !m.wide {
				r.paths = m.paths
			}
		}
	}
	return m, err
}

// take makes a merge true, or clears away what is left of it when err is not nil.
// The caller holds merging and work.
func (s *Store) take(m *joined, err error) error {
	if err == nil {
		now := s.merged(m.g.server, m.from, m.out)
		if m.paths != nil {
			now.putPaths(m.oldPaths, m.paths)
		}
		err = s.publish(now)
	}
	s.endFile(m.num)
	s.endFile(m.pathNum)
	if err != nil {
		for _, r := range m.out {
			err = errors.Join(err, r.file.Close())
		}
		if m.paths != nil {
			err = errors.Join(err, m.paths.file.Close())
		}
		s.clean()
		return err
	}
	s.replace(m.g, m.from, m.out)
	if m.paths != nil {
		s.replacePaths(m.oldPaths, m.paths)
	}
	s.clean()
	return nil
}

// room reports whether the disk takes a new file of some bytes.
func (s *Store) room(size uint64) error {
	free, err := s.fs.Free(s.dir)
	if err != nil {
		return err
	}
	if free < size+reserve {
		return &SpaceError{Dir: s.dir, Free: free, Need: size + reserve}
	}
	return nil
}

// merged is the manifest with some segments in the place of others.
func (s *Store) merged(server string, l, out []*segmentRef) *manifest {
	m := *s.manifest
	m.Generation++
	m.Segments = slices.DeleteFunc(slices.Clone(m.Segments), func(f manifestFile) bool {
		return slices.ContainsFunc(l, func(r *segmentRef) bool { return r.num == f.Num })
	})
	for _, r := range out {
		m.Segments = append(m.Segments, r.manifest(server))
	}
	return &m
}

// replace puts segments in the place of others in the index.
func (s *Store) replace(g *group, l, out []*segmentRef) {
	s.mu.Lock()
	sv := s.index.servers[g.server].clone()
	s.index.servers[g.server] = sv
	list := &sv.segments
	if g.superseded {
		list = &sv.oldSegments
	}
	*list = append(slices.DeleteFunc(*list, func(r *segmentRef) bool { return slices.Contains(l, r) }), out...)
	sv.prune()
	s.mu.Unlock()
	var gone []io.Closer
	for _, r := range l {
		gone = append(gone, r.file)
	}
	s.pins.retire(func() { closeAll(gone) })
}
