package paths

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/query"
)

// TestTwoScanners looks for words in a dictionary that two scanners share.
func TestTwoScanners(t *testing.T) {
	l := office(100_000)
	slices.SortFunc(l, Compare)
	index, pages := Encode(l)
	d, err := Open(index, func(i int) ([]byte, error) { return pages[i], nil })
	if err != nil {
		t.Fatal(err)
	}
	if len(d.names) < 2*scanShare {
		t.Fatalf("%d pages are scanned at once, at least %d are needed", len(d.names), 2*scanShare)
	}
	for _, word := range []string{"見積書", "invoice", "e", "ない名前", `物産_7\見積`, ".pdf"} {
		s, err := d.Search(t.Context(), Contains(word))
		if err != nil {
			t.Fatal(err)
		}
		folded := query.Fold(word)
		for i, p := range l {
			if want := strings.Contains(query.Fold(p), folded); s.Has(uint32(i)) != want {
				t.Fatalf("%q in %q: %v, want %v", word, p, !want, want)
			}
		}
	}
	steps, stop := atomic.Int64{}, errors.New("stop")
	ctx := pace.With(t.Context(), func(context.Context) error {
		if steps.Add(1) > int64(len(d.names)/2) {
			return stop
		}
		return nil
	})
	if _, err := d.Search(ctx, Contains("invoice")); !errors.Is(err, stop) {
		t.Errorf("stopped on its way: %v", err)
	}
	dead, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Search(dead, Contains("invoice")); !errors.Is(err, context.Canceled) {
		t.Errorf("ended before: %v", err)
	}
	broken, err := Open(index, func(i int) ([]byte, error) {
		if i == d.names[len(d.names)-1].page {
			return nil, errors.New("unreadable page")
		}
		return pages[i], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := broken.Search(t.Context(), Contains("invoice")); err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("a page that cannot be read: %v", err)
	}
}

// TestMeetsLooksNoFurther asks of folders of a sparse set: each question reads its
// own range only.
func TestMeetsLooksNoFurther(t *testing.T) {
	var s Set
	s.Add(1 << 22)
	n := testing.Benchmark(func(b *testing.B) {
		for i := range b.N {
			if from := uint32(i%1000) * 100; s.Meets(Range{from, from + 100}) {
				b.Fatal("met")
			}
		}
	})
	if per := n.NsPerOp(); per > 5000 { // going on to the id that is far reads 65,000 words
		t.Errorf("%d ns for a range of 100 ids", per)
	}
	for _, x := range []struct {
		r    Range
		want bool
	}{{Range{0, 1 << 22}, false}, {Range{0, 1<<22 + 1}, true}, {Range{1 << 22, 1<<22 + 1}, true}, {Range{1<<22 + 1, 1 << 23}, false}, {Range{7, 7}, false}, {Range{1 << 30, 1<<30 + 1}, false}} {
		if s.Meets(x.r) != x.want {
			t.Errorf("%v: %v", x.r, !x.want)
		}
	}
}
