package paths

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/query"
)

// TestDenseNames asks of many names that share much with each other: words
// then end in what is written of a name and begin in what it shares, folders
// have several spellings, equal names go over the ends of pages.
func TestDenseNames(t *testing.T) {
	pieces := []string{"a", "A", "b", "か", "か\u3099", "積", "責", "Ａ", "1", "\uff3c"}
	roots := []string{`D:\`, `d:\`, `D:\a\`, `D:\A\`, `D:\aか\`, "D:\\aか\u3099\\", "D:\\α\u0345\\", `D:\αι\`, `D:\ΑΙ\`, `D:\積\b\`, ""}
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 11))
		some := func(most int) string {
			var b strings.Builder
			for range rng.IntN(most + 1) {
				b.WriteString(pieces[rng.IntN(len(pieces))])
			}
			return b.String()
		}
		var l []string
		for range 1 + rng.IntN(250) {
			l = append(l, roots[rng.IntN(len(roots))]+some(7))
		}
		slices.SortFunc(l, Compare)
		l = slices.Compact(l)
		d, _, _ := encodeSmall(t, l, []int{1, 40, 300, pageSize}[rng.IntN(4)])
		for range 25 {
			word := some(4)
			switch rng.IntN(6) {
			case 0:
				word = some(2) + `\` + some(3)
			case 1:
				word = roots[rng.IntN(len(roots))] + some(2)
			}
			n := Contains(word)
			switch rng.IntN(8) {
			case 0:
				n = Meets(query.NewPattern("*" + word + "*1"))
			case 1:
				n = RestBegins(rng.IntN(9), word)
			}
			got, err := d.Search(context.Background(), n)
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range l {
				if want := n.match(p); want != got.Has(uint32(i)) {
					t.Fatalf("seed %d: Search(%+v) of %q = %v, want %v", seed, n, p, !want, want)
				}
			}
		}
		for _, want := range l {
			r, err := d.Find(want)
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range l {
				if same(p, want) != contains(r, uint32(i)) {
					t.Fatalf("seed %d: Find(%q) = %v, place %d is %q", seed, want, r, i, p)
				}
			}
		}
	}
}

func TestLongNames(t *testing.T) {
	long := strings.Repeat("長", 32767)
	l := []string{long, long + "い", `D:\` + long, `D:\` + long + `\a`, `D:\` + long + "あ", `\\?\` + long + `\`, "x" + strings.Repeat("y", 300) + "1", "x" + strings.Repeat("y", 300) + "2"}
	d, _, _ := encodeSmall(t, l, pageSize)
	for i, p := range l {
		if got, err := d.Path(uint32(i)); err != nil || got != p {
			t.Errorf("Path(%d) has %d bytes, %v, want %d", i, len(got), err, len(p))
		}
		if r, err := d.Find(p); err != nil || r != (Range{uint32(i), uint32(i) + 1}) {
			t.Errorf("Find of path %d = %v, %v", i, r, err)
		}
		if s, err := d.Search(context.Background(), Contains(p)); err != nil || !s.Has(uint32(i)) {
			t.Errorf("path %d is not found by itself: %v", i, err)
		}
	}
}

func TestSetAgainstMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for range 200 {
		var a, b Set
		in := make([]bool, 400)
		inB := make([]bool, 400)
		for range rng.IntN(20) {
			r := Range{uint32(rng.IntN(300)), 0}
			r.To = r.From + uint32(rng.IntN(100))
			a.AddRange(r)
			for id := r.From; id < r.To; id++ {
				in[id] = true
			}
			x, y := uint32(rng.IntN(400)), uint32(rng.IntN(400))
			a.Remove(x)
			in[x] = false
			b.Add(y)
			inB[y] = true
		}
		kind := rng.IntN(3)
		switch kind {
		case 0:
			a.And(&b)
		case 1:
			a.Or(&b)
		}
		for id := range in {
			want := [...]bool{in[id] && inB[id], in[id] || inB[id], in[id]}[kind]
			if a.Has(uint32(id)) != want {
				t.Fatalf("Has(%d) = %v, want %v", id, !want, want)
			}
		}
		n, ranges := 0, 0
		for r := range a.Ranges() {
			ranges += r.Len()
			if !a.Meets(r) || r.To < 400 && a.Has(r.To) {
				t.Fatalf("%v is no whole range", r)
			}
		}
		for range a.All() {
			n++
		}
		if n != ranges || n != a.Len() || (n == 0) != a.Empty() {
			t.Fatalf("%d ids, %d in ranges, Len %d", n, ranges, a.Len())
		}
	}
}
