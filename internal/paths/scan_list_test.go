package paths

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestListByAnyByte looks for words in lists of names by each of their bytes.
func TestListByAnyByte(t *testing.T) {
	letters := rapid.SampledFrom([]string{"a", "B", "b", "1", "見", "積", "見積見"})
	text := func(least, most int) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(letters, least, most).Draw(t, "letters"), "")
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		l := rapid.SliceOfN(text(0, 12), 1, 80).Draw(t, "names")
		slices.Sort(l)
		var w texts
		every := rapid.IntRange(1, 90).Draw(t, "whole one in")
		for i, s := range l {
			w.add(s, i%every == 0)
		}
		word := strings.ToLower(text(1, 6).Draw(t, "word"))
		begins := rapid.Bool().Draw(t, "begins")
		lowered := rapid.Bool().Draw(t, "lowered") // as where the byte is a letter
		for rare := range len(word) {
			given := bytes.Clone(w.text)
			if lowered || letter(word[rare]) {
				lowerInto(given, given)
			}
			f := &finder{begins: begins}
			done, err := f.list(w.shared, given, []byte(word), rare, nil)
			if err != nil || !done && rare == len(word)-1 {
				t.Fatalf("byte %d: %v, done %v", rare, err, done)
			}
			for i, s := range l {
				s = strings.ToLower(s)
				want := strings.Contains(s, word)
				if begins {
					want = strings.HasPrefix(s, word)
				}
				if got := f.page.Has(uint32(i)); done && got != want || got && !want {
					t.Fatalf("%q in %q (%d of %d) by byte %d: %v, want %v", word, s, i, len(l), rare, got, want)
				}
			}
		}
	})
}

// TestListFollowsNoFurther: names that nearly have the word again and again are left to
// its last byte, and all that have it are found.
func TestListFollowsNoFurther(t *testing.T) {
	var l []string
	for i := range 3000 {
		l = append(l, fmt.Sprintf(`%s%04d`, strings.Repeat("1", 240), i))
	}
	l = append(l, strings.Repeat("1", 250)+"見")
	d, _, _ := encodeSmall(t, slices.Clone(l), pageSize)
	p, err := d.namesAt(0)
	if err != nil {
		t.Fatal(err)
	}
	word := []byte("111見積")
	f := &finder{word: word}
	if done, err := f.list(p.shared, p.text, word, 0, nil); done || err != nil {
		t.Errorf("names were followed to the end: %v", err)
	}
	for _, w := range []string{"111見", "11112999"} {
		s, err := d.Search(context.Background(), Contains(w))
		if err != nil || s.Len() != 1 {
			t.Errorf("%q: %d names, %v", w, s.Len(), err)
		}
		f := &finder{word: []byte(w)}
		f.pages, f.rare = 1, 0 // nothing is sampled
		if err := d.scanPages(t.Context(), f, Range{0, uint32(len(d.names))}, nil, s); err != nil || s.Len() != 1 {
			t.Errorf("%q by its first byte: %d names, %v", w, s.Len(), err)
		}
	}
}

// TestRarestByte: the byte by which a word is looked for is one that names seldom have.
func TestRarestByte(t *testing.T) {
	for _, x := range []struct{ text, word, rare string }{
		{strings.Repeat("qQ積", 50) + strings.Repeat("z1", 10), "q1積", "1"},
		{strings.Repeat("qQ積", 50) + strings.Repeat("z1", 10), "z1積", "1"}, // as seldom as z, without making letters lower
		{strings.Repeat("1", 1000) + "Z", "z1", "z"},
	} {
		f := &finder{word: []byte(x.word)}
		f.sample([]byte(x.text))
		if got := string(f.word[f.rare]); got != x.rare {
			t.Errorf("%q in %.20q: by byte %q, want %q", x.word, x.text, got, x.rare)
		}
	}
}
