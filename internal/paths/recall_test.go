package paths

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/akashi-audit/akashi/internal/query"
)

// What a Dict remembers is what it finds, whatever the caller did to the set.
func TestRecall(t *testing.T) {
	l := office(20_000)
	slices.SortFunc(l, Compare)
	index, pages := Encode(l)
	reads := 0
	var mu sync.Mutex
	d, err := Open(index, func(i int) ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		reads++
		return pages[i], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	needles := []Needle{Contains("見積書"), Contains("ない名前"), Meets(query.NewPattern("*.dwg")), Meets(query.NewWord("*.dwg")), RestBegins(9, `\人事部`)}
	first := map[int][]uint64{}
	ask := func(i int) (scanned bool) {
		before := reads
		s, err := d.Search(t.Context(), needles[i])
		if err != nil {
			t.Fatal(err)
		}
		got := slices.Clone(s.Words())
		for len(got) > 0 && got[len(got)-1] == 0 {
			got = got[:len(got)-1]
		}
		if first[i] == nil {
			first[i] = append(got, 0)
		} else if !slices.Equal(append(got, 0), first[i]) {
			t.Errorf("needle %d: another answer than at first", i)
		}
		s.AddRange(Range{0, uint32(len(l))}) // the set is ours
		return reads > before
	}
	for i := range recallMost {
		if !ask(i) {
			t.Errorf("needle %d: answered without a look", i)
		}
	}
	for i := range recallMost {
		if ask(i) {
			t.Errorf("needle %d: looked for again", i)
		}
	}
	if !ask(4) || ask(3) || !ask(0) { // the new one takes the place of the oldest
		t.Error("the last answers are not those that are kept")
	}
	if len(d.recall.last) != recallMost {
		t.Errorf("%d answers are kept", len(d.recall.last))
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for k := range 20 {
				if _, err := d.Search(t.Context(), Contains(fmt.Sprint("年度", (i+k)%6))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkSearchAgain(b *testing.B) {
	l := office(200_000)
	slices.SortFunc(l, Compare)
	index, pages := Encode(l)
	d, err := Open(index, func(i int) ([]byte, error) { return pages[i], nil })
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := d.Search(b.Context(), Contains("見積")); err != nil {
			b.Fatal(err)
		}
	}
}
