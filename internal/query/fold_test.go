package query

import (
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

// slowFold is Fold without its short way.
func slowFold(s string) string { return strings.Map(foldRune, norm.NFKC.String(s)) }

// The runes of the short way begin anew in NFKC, are of that form and have no case.
func TestSettledRunes(t *testing.T) {
	n := 0
	for r := rune(0x80); r < 0x20000; r++ {
		if !settledRune(r) {
			continue
		}
		n++
		p := norm.NFKC.PropertiesString(string(r))
		if s := string(r); !p.BoundaryBefore() || norm.NFKC.String(s) != s || foldRune(r) != r {
			t.Errorf("%q (%U): begins anew %v, NFKC %q, folded %q", s, r, p.BoundaryBefore(), norm.NFKC.String(s), foldRune(r))
		}
	}
	if n < 20_000 {
		t.Errorf("%d runes", n)
	}
}

func TestFoldIsTheSlowOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"A", "z", "Ｚ", "か", "\u3099", "が", "ｶ", "ﾞ", "ー", "語", "\ufa11", "\xed\xa0\x80", "K", "é", "e", "\u0301", "一", "龥", "々", "\\", "ǅ", "ヽ", "゛"}
	for range 20_000 {
		var b strings.Builder
		for range rng.IntN(8) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		if s := b.String(); Fold(s) != slowFold(s) {
			t.Fatalf("Fold(%q) = %q, want %q", s, Fold(s), slowFold(s))
		}
	}
}
