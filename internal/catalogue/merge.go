package catalogue

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/klauspost/compress/zstd"
)

// Merge writes one part that says what the parts of one server say together.
// It holds two bytes per path of each part and a few blocks in memory, and reads
// past the cache of the parts: what it reads is not needed again.
func Merge(out io.Writer, parts ...*Part) error {
	if len(parts) == 0 {
		return fmt.Errorf("merge path catalogues: there are none")
	}
	w, err := newWriter(out, zstd.SpeedDefault)
	if err != nil {
		return err
	}
	l, roots, err := mergingParts(parts)
	if err != nil {
		return err
	}
	if err := mergePaths(w, l); err != nil {
		return err
	}
	return w.joined(l, parts[0].server, roots)
}

// mergingParts makes parts of one server ready, past their cache.
func mergingParts(parts []*Part) (l []*merging, roots []Root, err error) {
	for _, p := range parts {
		if !strings.EqualFold(p.server, parts[0].server) {
			return nil, nil, fmt.Errorf("merge path catalogues of two servers, %s and %s", parts[0].server, p.server)
		}
		q := *p
		q.cache = NewCache(1)
		l = append(l, &merging{p: &q, c: p.dict.With(q.page).Cursor(), at: -1})
		roots = append(roots, p.roots...)
	}
	return l, roots, nil
}

// merging is a part that is being merged.
type merging struct {
	p       *Part
	c       *paths.Cursor
	ids     *paths.Numbers
	values  *valueBlock
	at      int // which block values is
	block   int // of touches, the one after those read
	touches []touch
	seq     uint32 // added to sequence numbers
}

func mergePaths(w *writer, l []*merging) error {
	sources := make([]paths.Source, len(l))
	for i, m := range l {
		sources[i], m.ids = m.c, paths.NewNumbers(m.p.Len())
	}
	u := paths.NewUnion(sources)
	type value struct {
		months Months
		n      uint64
	}
	feed := paths.NewFeed(func(path string, v value) error { return w.path(path, v.months, v.n) })
	defer feed.Close() //nolint:errcheck // for the returns with another error
	for id := uint32(0); u.Next(); id++ {
		var months Months
		n := uint64(0)
		for _, i := range u.On() {
			m := l[i]
			at := m.c.ID()
			v, err := m.valuesOf(at)
			if err != nil {
				return err
			}
			set := m.p.sets[v.sets[at%valuesPerBlock]]
			if months == nil {
				months = set
			} else if !slices.Equal(months, set) {
				months = months.Or(set)
			}
			n += v.counts[at%valuesPerBlock]
			m.ids.Append(id)
		}
		if !feed.Add(u.Path(), value{months, n}) {
			break
		}
	}
	return cmp.Or(u.Err(), feed.Close())
}

// valuesOf is the block with the values of a path.
func (m *merging) valuesOf(path uint32) (v *valueBlock, err error) {
	if i := int(path) / valuesPerBlock; i != m.at {
		if m.values, err = m.p.valuesAt(i); err != nil {
			return nil, err
		}
		m.at = i
	}
	return m.values, nil
}

// head is the next touch of a part, in the ids of the whole.
func (m *merging) head() (touch, bool, error) {
	if len(m.touches) == 0 {
		if m.block == len(m.p.touches) {
			return touch{}, false, nil
		}
		l, err := m.p.touchesAt(m.block)
		if err != nil {
			return touch{}, false, err
		}
		m.touches = l
		m.block++
	}
	t := m.touches[0]
	t.path = m.ids.At(t.path)
	t.seq += m.seq
	if t.other != noPath {
		t.other = m.ids.At(t.other)
	}
	return t, true, nil
}

// numberSpans keeps acts of the same time in the order of the parts: where the
// times of parts overlap, the later part's acts are numbered behind the
// earlier's.
func numberSpans(l []*merging) bool {
	for i, m := range l {
		s := &m.p.span
		next := uint64(0)
		for _, o := range l[:i] {
			if t := &o.p.span; t.seqs > 0 && t.first <= s.last && s.first <= t.last {
				next = max(next, uint64(o.seq)+uint64(t.seqs))
			}
		}
		if next+uint64(s.seqs) > 1<<32-1 {
			return false
		}
		m.seq = uint32(next)
	}
	return true
}

// mergeTouches writes the touches of all parts by path.
func mergeTouches(w *writer, l []*merging) error {
	for {
		var least *merging
		var best touch
		for _, m := range l {
			t, ok, err := m.head()
			if err != nil {
				return err
			}
			if ok && (least == nil || compareTouch(t, best) < 0) {
				least, best = m, t
			}
		}
		if least == nil {
			return nil
		}
		least.touches = least.touches[1:]
		if err := w.touch(best); err != nil {
			return err
		}
	}
}
