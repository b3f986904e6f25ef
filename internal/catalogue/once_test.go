package catalogue

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/akashi-audit/akashi/internal/paths"
)

// TestMonthsPastCache: months are the same where the cache cannot hold the values of the
// paths, and then it takes none of them.
func TestMonthsPastCache(t *testing.T) {
	p := part(t, made(rand.New(rand.NewPCG(9, 1)), 4000)...)
	want, err := p.Search(t.Context(), paths.Contains("a"))
	if err != nil || len(want) == 0 {
		t.Fatalf("%v, %v", want, err)
	}
	q := *p
	q.cache = NewCache(1)
	got, err := q.Search(t.Context(), paths.Contains("a"))
	if err != nil || !slices.Equal(got, want) || q.cache.used != 0 {
		t.Errorf("%v, %v, %d bytes kept; want %v", got, err, q.cache.used, want)
	}
}
