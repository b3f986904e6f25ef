package paths

import (
	"cmp"
	"slices"
	"testing"
	"unicode"

	"github.com/akashi-audit/akashi/internal/query"
	"pgregory.net/rapid"
)

// elements is the order spelled out: characters by their smallest case, bytes
// that are no UTF-8 behind them.
func elements(s string) (l []rune) {
	for s != "" {
		r, n := key(s)
		l, s = append(l, r), s[n:]
	}
	return l
}

func TestCompare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawPath(t), drawPath(t)
		if rapid.Bool().Draw(t, "alike") {
			b = a[:rapid.IntRange(0, len(a)).Draw(t, "cut")] + b
		}
		fa, na := split(a)
		fb, nb := split(b)
		want := cmp.Or(slices.Compare(elements(fa), elements(fb)), slices.Compare(elements(na), elements(nb)), cmp.Compare(a, b))
		if got := Compare(a, b); got != want {
			t.Fatalf("Compare(%q, %q) = %d, want %d", a, b, got, want)
		}
		if got, want := slices.Equal(elements(a), elements(b)), same(a, b); got != want {
			t.Fatalf("%q and %q are equal: %v, want %v", a, b, got, want)
		}
	})
}

func TestOrbitOfEveryRune(t *testing.T) {
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		want := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			want = min(want, f)
		}
		if got := orbit(r); got != want {
			t.Fatalf("orbit(%U) = %U, want %U", r, got, want)
		}
	}
}

func TestLowerInto(t *testing.T) {
	for c := range 256 {
		b := make([]byte, 19)
		for i := range b {
			b[i] = byte(c)
		}
		lowerInto(b, b)
		want := byte(c)
		if 'A' <= c && c <= 'Z' {
			want += 'a' - 'A'
		}
		if i := slices.IndexFunc(b, func(g byte) bool { return g != want }); i >= 0 {
			t.Errorf("lowerInto of %#x gives %#x at %d", c, b[i], i)
		}
	}
}

func TestPlainNamesFoldToLower(t *testing.T) {
	var all []byte
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if s := string(r); plain(s) {
			all = append(all, s...)
			if got := query.Fold(s); got != lower(s) {
				t.Errorf("Fold(%U) = %q, want %q", r, got, lower(s))
			}
		}
	}
	if got := query.Fold(string(all)); got != lower(string(all)) {
		t.Errorf("all of them together fold otherwise")
	}
}
