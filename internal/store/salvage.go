package store

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// When both manifests are lost, a new one is made from what the other files say
// of themselves. Some of it is lost: which commits were void, the places of
// checkpoints and tails, the list of imports, erasures and the schedule. The
// records must therefore be converted again; erasures come back from the seal.

// errNoManifest is the reason when segments are there and no manifest.
var errNoManifest = errors.New("both manifests are missing, and the log does not begin at the first commit")

// orphaned reports whether the folder holds immutable files that the log does
// not explain: an empty manifest would make all of them waste.
func (s *Store) orphaned() (bool, error) {
	files := 0
	for _, dir := range [...]string{segmentDir, rawDir, keepDir} {
		l, err := s.fileNumbers(dir)
		if err != nil {
			return false, err
		}
		files += len(l)
	}
	if files == 0 {
		return false, nil
	}
	nums, err := s.logNumbers()
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(nums) == 0 {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	l, err := s.openLog(nums[0], false)
	if err != nil {
		return false, err
	}
	defer l.f.Close()
	b := make([]byte, headerSize)
	if _, err := l.readAt(b, int64(len(fileMagic))); err != nil {
		return false, err
	}
	h, ok := parseHeader(b)
	return ok && h.seq != 1, nil
}

// salvageManifest makes a manifest of the footers.
func (s *Store) salvageManifest() (*manifest, error) {
	m := &manifest{Generation: 1, Chain: make([]byte, 32)}
	servers := make(map[string]bool)
	nums, err := s.fileNumbers(segmentDir)
	if err != nil {
		return nil, err
	}
	var segs []*segmentRef
	for _, n := range nums {
		m.NextFile = max(m.NextFile, n+1)
		r, err := s.openSegment(n)
		if err != nil {
			s.lost(segmentDir, manifestFile{Num: n}, err)
			continue
		}
		segs = append(segs, r)
	}
	for _, r := range newestSegments(segs) {
		m.Segments = append(m.Segments, r.manifest(r.meta.Server))
		m.Absorbed = max(m.Absorbed, r.maxSeq())
		servers[r.meta.Server] = true
	}
	for _, r := range segs {
		_ = r.file.Close() // is opened again
	}
	if err := s.salvagePacks(m, servers); err != nil {
		return nil, err
	}
	if nums, err = s.logNumbers(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for i, n := range nums {
		if m.NextFile = max(m.NextFile, n+1); i == 0 {
			m.FirstLog = n
		}
	}
	if len(nums) == 0 {
		m.FirstLog = m.NextFile
		m.NextFile++
	}
	for _, name := range sortedKeys(servers) {
		m.Servers = append(m.Servers, manifestServer{Name: name})
	}
	return m, nil
}

// newestSegments leaves out the segments that were merged into another: one of
// a higher number has all of their commits and at least as many rows.
func newestSegments(l []*segmentRef) (out []*segmentRef) {
	l = slices.Clone(l)
	slices.SortFunc(l, func(a, b *segmentRef) int { return cmp.Compare(b.num, a.num) })
	for _, r := range l {
		if !slices.ContainsFunc(out, func(o *segmentRef) bool { return o.covers(r) }) {
			out = append(out, r)
		}
	}
	slices.Reverse(out)
	return out
}

// covers reports whether o was merged into r, as far as their footers tell.
func (r *segmentRef) covers(o *segmentRef) bool {
	if r.meta.Server != o.meta.Server || r.meta.Superseded != o.meta.Superseded || r.month != o.month || r.meta.First > o.meta.First || r.meta.Last < o.meta.Last {
		return false
	}
	rows := make(map[uint64]int64)
	for _, q := range r.meta.Seqs {
		rows[q.Seq] = q.Rows
	}
	for _, q := range o.meta.Seqs {
		if rows[q.Seq] < q.Rows {
			return false
		}
	}
	return true
}

func (s *Store) salvagePacks(m *manifest, servers map[string]bool) error {
	nums, err := s.fileNumbers(rawDir)
	if err != nil {
		return err
	}
	for _, n := range nums {
		m.NextFile = max(m.NextFile, n+1)
		p, err := s.openPack(n)
		if err != nil {
			s.lost(rawDir, manifestFile{Num: n}, err)
			continue
		}
		m.Raw = append(m.Raw, manifestFile{Num: n, Size: p.size})
		p.blocks(func(server string, _ *rawBlock) { servers[server] = true })
		if err := p.file.Close(); err != nil {
			return fmt.Errorf("close %s: %w", fileName(rawDir, n), err)
		}
	}
	for _, dir := range [...]string{keepDir, pathDir} {
		l, err := s.fileNumbers(dir)
		if err != nil {
			return err
		}
		for _, n := range l {
			m.NextFile = max(m.NextFile, n+1)
		}
	}
	return nil
}

func sortedKeys(m map[string]bool) []string {
	l := make([]string, 0, len(m))
	for k := range m {
		l = append(l, k)
	}
	slices.Sort(l)
	return l
}

// absorbed drops what the log repeats of packed events after a manifest was made
// anew. The caller holds mu.
func (x *index) absorbed() {
	for name, sv := range x.servers {
		c := sv.clone()
		c.parts = make(map[string][]*life)
		for ch, l := range c.raw {
			c.raw[ch] = slices.DeleteFunc(l, func(b *rawBlock) bool {
				twice := b.inLog() && slices.ContainsFunc(l, func(o *rawBlock) bool { return o.pack != nil && o.includes(b) })
				if twice {
					c.events -= int64(b.n)
				}
				return twice
			})
		}
		x.servers[name] = c
	}
	x.settle()
}

// includes reports whether all events of o can be in b.
func (b *rawBlock) includes(o *rawBlock) bool {
	if o.min < b.min || o.max > b.max {
		return false
	}
	for _, r := range o.runs {
		if i := runs(b.runs).search(r.lo); i == len(b.runs) || b.runs[i].lo > r.lo || b.runs[i].hi < r.hi {
			return false
		}
	}
	return true
}
