package paths

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

// list is a Source of a slice.
type list struct {
	l   []string
	at  int
	end error
}

func (s *list) Next() bool   { s.at++; return s.at <= len(s.l) }
func (s *list) Path() []byte { return []byte(s.l[s.at-1]) }
func (s *list) Err() error   { return s.end }

// TestUnion joins lists of paths that share some, against a map.
func TestUnion(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for n := range 9 {
		want := make(map[string][]int)
		var sources []Source
		for i := range n {
			s := &list{}
			for range rng.IntN(200) {
				p := []string{"", `D:\a\`, `D:\A\`, `D:\`, `E:\見積\`}[rng.IntN(5)] + string(rune('A'+rng.IntN(60)))
				if !slices.Contains(s.l, p) {
					s.l = append(s.l, p)
					want[p] = append(want[p], i)
				}
			}
			slices.SortFunc(s.l, Compare)
			sources = append(sources, s)
		}
		u := NewUnion(sources)
		last := ""
		for k := 0; u.Next(); k++ {
			p := string(u.Path())
			if !slices.Equal(u.On(), want[p]) {
				t.Fatalf("%q is in %v, want %v", p, u.On(), want[p])
			}
			if delete(want, p); k > 0 && Compare(last, p) >= 0 {
				t.Fatalf("%q comes behind %q", p, last)
			}
			last = p
		}
		if u.Err() != nil || len(want) > 0 {
			t.Fatalf("%d sources: %v, %d paths are missing", n, u.Err(), len(want))
		}
	}
	failed := errors.New("damaged")
	u := NewUnion([]Source{&list{l: []string{"a", "b"}}, &list{l: []string{"a"}, end: failed}})
	if !u.Next() || u.Next() || !errors.Is(u.Err(), failed) {
		t.Errorf("a source that fails: %v", u.Err())
	}
}
