package catalogue

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/akashi-audit/akashi/internal/paths"
	"github.com/akashi-audit/akashi/internal/query"
)

// TestJoinIsMerge: parts of one month that are joined by the numbers of a dictionary
// become what Merge makes of them.
func TestJoinIsMerge(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	l := made(rng, 4000)
	for i := range l { // one month
		l[i].Time = time.Date(2026, 11, 1, 0, 0, i, 0, time.UTC).UnixNano()
	}
	parts := split(t, rng, l)
	var all []string
	for _, p := range parts {
		for _, e := range entries(t, p) {
			all = append(all, e.Path)
		}
	}
	slices.SortFunc(all, paths.Compare)
	all = slices.Compact(all)
	numbers := make([]*paths.Numbers, len(parts))
	for i, p := range parts {
		numbers[i] = &paths.Numbers{}
		for _, e := range entries(t, p) {
			n, _ := slices.BinarySearchFunc(all, e.Path, paths.Compare)
			numbers[i].Append(uint32(n))
		}
	}
	dict := dictOf(t, all)
	joined := write(t, func(w io.Writer) error { return Join(w, dict, parts, numbers) })
	merged := write(t, func(w io.Writer) error { return Merge(w, parts...) })
	if bad := joined.Check(); len(bad) > 0 {
		t.Fatal(bad)
	}
	if got, want := entries(t, joined), entries(t, merged); !slices.EqualFunc(got, want, func(a, b Entry) bool {
		return a.Path == b.Path && a.N == b.N && slices.Equal(a.Months, b.Months)
	}) {
		t.Errorf("paths differ: %d and %d", len(got), len(want))
	}
	for _, e := range entries(t, merged)[:300] {
		sameLife(t, e.Path, joined, merged)
	}
	if err := Join(io.Discard, dict, parts, numbers[1:]); err == nil {
		t.Error("parts without numbers were joined")
	}
	l[0].Time = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC).UnixNano()
	two := part(t, l[:2]...)
	none := &paths.Numbers{}
	for range two.Len() {
		none.Append(0)
	}
	if err := Join(io.Discard, dict, Parts{two}, []*paths.Numbers{none}); !errors.Is(err, ErrNotOneMonth) {
		t.Errorf("a part of two months: %v", err)
	}
}

func entries(t *testing.T, p *Part) (l []Entry) {
	t.Helper()
	if err := p.Each(func(e Entry) error {
		l = append(l, e)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return l
}

// dictOf is the dictionary of sorted paths, as segments have it.
func dictOf(t *testing.T, all []string) *paths.Packed {
	t.Helper()
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true))
	if err != nil {
		t.Fatal(err)
	}
	index, pages := paths.Encode(all)
	dict := &paths.Packed{N: len(all), Index: index}
	for _, p := range pages {
		dict.Pages, dict.Plain = append(dict.Pages, enc.EncodeAll(p, nil)), append(dict.Plain, len(p))
	}
	return dict
}

// sameLife says that two parts tell the same life of a path.
func sameLife(t *testing.T, path string, got, want *Part) {
	t.Helper()
	x, err := Parts{got}.Follow(context.Background(), path, 0, query.Extent{})
	if err != nil {
		t.Fatal(err)
	}
	y, err := Parts{want}.Follow(context.Background(), path, 0, query.Extent{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(y, x); diff != "" {
		t.Fatalf("life of %q: %s", path, diff)
	}
}
