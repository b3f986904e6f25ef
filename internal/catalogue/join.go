package catalogue

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/klauspost/compress/zstd"
)

// ErrNotOneMonth: parts of several months cannot be joined by a dictionary of one.
var ErrNotOneMonth = errors.New("parts of the path catalogue are not of one month")

// Join is Merge of parts of one month whose paths have become one dictionary already:
// numbers says of each part what the id of each of its paths became there. It neither
// reads nor compares a path.
func Join(out io.Writer, dict *paths.Packed, parts []*Part, numbers []*paths.Numbers) error {
	if len(parts) == 0 || len(parts) != len(numbers) {
		return fmt.Errorf("join %d path catalogues by the numbers of %d", len(parts), len(numbers))
	}
	w, err := newWriter(out, zstd.SpeedDefault)
	if err != nil {
		return err
	}
	l, roots, err := mergingParts(parts)
	if err != nil {
		return err
	}
	counts := make([]uint64, dict.N)
	for i, m := range l {
		if len(m.p.sets) != 1 || !slices.Equal(m.p.sets[0], parts[0].sets[0]) {
			return ErrNotOneMonth
		}
		if m.ids = numbers[i]; m.ids.Len() != m.p.Len() {
			return fmt.Errorf("join a path catalogue of %d paths by %d numbers", m.p.Len(), m.ids.Len())
		}
		for at := range m.ids.Len() {
			v, err := m.valuesOf(uint32(at))
			if err != nil {
				return err
			}
			counts[m.ids.At(uint32(at))] += v.counts[at%valuesPerBlock]
		}
	}
	w.take(dict)
	for _, n := range counts {
		if err := w.path("", parts[0].sets[0], n); err != nil {
			return err
		}
	}
	return w.joined(l, parts[0].server, roots)
}

// joined writes what is behind the paths of parts, whose ids are known.
func (w *writer) joined(l []*merging, server string, roots []Root) error {
	if !numberSpans(l) {
		return fmt.Errorf("merge path catalogues: too many acts at one time")
	}
	if err := mergeTouches(w, l); err != nil {
		return err
	}
	slices.SortFunc(roots, compareRoots)
	return w.finish(server, slices.Compact(roots))
}
