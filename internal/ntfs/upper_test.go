package ntfs

import (
	"testing"
	"unicode"
)

// TestUpper compares with lines of the upper case table of Windows 8 ([MS-UCODEREF]),
// which that of NTFS is.
func TestUpper(t *testing.T) {
	f := func(small, capital rune) {
		t.Helper()
		if got := Upper(small); got != capital {
			t.Errorf("%c %U: %U, want %U", small, small, got, capital)
		}
	}
	for _, x := range [][2]rune{
		{'a', 'A'}, {'z', 'Z'}, {0xe9, 0xc9}, {0xff, 0x178}, {0x101, 0x100}, {0x1c6, 0x1c4}, {0x250, 0x2c6f}, {0x3b1, 0x391}, {0x3c3, 0x3a3},
		{0x437, 0x417}, {0x561, 0x531}, {0x1d7d, 0x2c63}, {0x1e01, 0x1e00}, {0x1f80, 0x1f88}, {0x1fb3, 0x1fbc}, {0x214e, 0x2132}, {0x2170, 0x2160},
		{0x24d0, 0x24b6}, {0x2c30, 0x2c00}, {0x2d00, 0x10a0}, {0xa641, 0xa640}, {0xff41, 0xff21},
	} {
		f(x[0], x[1])
		f(x[1], x[1])
	}
	// The Kelvin, Ångström and Ohm signs, long s, dotless i, micro, final sigma, Dž, sharp
	// s, letters with a younger capital, of more than two bytes of UTF-16, and without case.
	for _, r := range []rune{0x212a, 0x212b, 0x2126, 0x17f, 0x131, 0xb5, 0x3c2, 0x1c5, 0x1e9e, 0xdf, 0x265, 0x10d0, 0xab70, 0x10428, 'あ', '漢', '\\', '1', unicode.MaxRune} {
		f(r, r)
	}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		u := Upper(r)
		if Upper(u) != u || Caseless(r) && (unicode.ToUpper(r) != r || unicode.ToLower(r) != r) {
			t.Fatalf("%U: %U", r, u)
		}
	}
}
