package paths

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// TestFeed: all paths come in order with their values; after an error none is used, the
// one who feeds learns it, and nobody waits for ever.
func TestFeed(t *testing.T) {
	for _, n := range []int{0, 1, feedBatch - 1, feedBatch, 5*feedBatch + 7} {
		var want, got []string
		f := NewFeed(func(path string, v int) error {
			got = append(got, fmt.Sprint(path, v))
			return nil
		})
		for i := range n {
			p := []byte(fmt.Sprintf(`D:\%d\名前%d`, i%9, i))
			want = append(want, fmt.Sprint(string(p), i))
			if !f.Add(p, i) {
				t.Fatalf("path %d of %d is refused", i, n)
			}
			clear(p) // the feed has a copy
		}
		if err := errors.Join(f.Close(), f.Close()); err != nil || !slices.Equal(got, want) {
			t.Errorf("%d paths came, want %d; %v", len(got), len(want), err)
		}
	}
	full := errors.New("the disk is full")
	used := 0
	f := NewFeed(func(string, struct{}) error {
		if used++; used == 10 {
			return full
		}
		return nil
	})
	refused := false
	for range 20 * feedBatch {
		refused = !f.Add([]byte("a"), struct{}{}) || refused
	}
	if err := f.Close(); !errors.Is(err, full) || used != 10 || !refused {
		t.Errorf("%d paths were used, refused %v, error %v", used, refused, err)
	}
}
