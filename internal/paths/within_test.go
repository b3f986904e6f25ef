package paths

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/query"
)

// TestAddWithin asks dictionaries with and without twins of letters, and whether they
// are found out as they should.
func TestAddWithin(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	for round := range 60 {
		letters := []string{"k", "K", "s", "S", "a", "σ", "Σ", "あ", "μ"}
		if round%3 > 0 {
			letters = append(letters, "\u212a", "\u017f", "ς", "\u00b5")[:len(letters)+2*(round%3)]
		}
		name := func() string {
			var b strings.Builder
			for range 1 + r.IntN(2) {
				b.WriteString(letters[r.IntN(len(letters))])
			}
			return b.String()
		}
		path := func(depth int) string {
			p := "D:"
			for range depth {
				p += `\` + name()
			}
			return p
		}
		var l []string
		for range 300 {
			l = append(l, path(1+r.IntN(4)))
		}
		slices.SortFunc(l, Compare)
		l = slices.Compact(l)
		d, _, _ := encodeSmall(t, l, 60)
		for range 40 {
			folder := path(r.IntN(4))
			if r.IntN(2) == 0 {
				folder = l[r.IntN(len(l))]
			}
			var want []uint32
			for i, p := range l {
				if _, ok := query.Lies(p, folder); ok {
					want = append(want, uint32(i))
				}
			}
			s := &Set{}
			if err := d.AddWithin(s, folder); err != nil {
				t.Fatal(err)
			}
			if got := slices.Collect(s.All()); !slices.Equal(got, want) {
				t.Fatalf("round %d, %q: %d paths, want %d", round, folder, len(got), len(want))
			}
		}
	}
}
