package paths

import (
	"cmp"
	"testing"
)

// TestNameKey: keys order names as Compare does, as far as they go.
func TestNameKey(t *testing.T) {
	names := []string{"", "a", "A", "ab", "aB", "abc", "ABCD", "abd", "b", "é", "É", "見", "見積", "見積書", "見積書_1", "見積書_12", "見積書_ab", "見積書_AC", "見積書_abcd", "abcdef", "ABCDEG", "abcdé", "abcdÉ!", "abc\xff", "ｱ", "ア", "\xed\xa0\x80", "\xed", "\xff", "\xffa", "😀", "😀a", "\x01", "~", "ſ", "K", "k"}
	for _, a := range names {
		for _, b := range names {
			x, y := NameKey(a), NameKey(b)
			if c := Compare(`D:\`+a, `D:\`+b); x != y && cmp.Compare(x, y) != c {
				t.Errorf("keys of %q and %q: %x, %x; paths compare as %d", a, b, x, y, c)
			}
			first, x2 := NameKeys(a)
			_, y2 := NameKeys(b)
			if c := Compare(`D:\`+a, `D:\`+b); x == y && x2 != y2 && cmp.Compare(x2, y2) != c || first != x {
				t.Errorf("second keys of %q and %q: %x, %x; paths compare as %d", a, b, x2, y2, c)
			}
			if compareKey(a, b) == 0 && x != y {
				t.Errorf("%q and %q differ in case only, keys %x and %x", a, b, x, y)
			}
		}
	}
}
