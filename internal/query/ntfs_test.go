package query

import (
	"slices"
	"testing"
	"unicode"
)

// TestUpcase compares with lines of the upper case table of Windows 8 ([MS-UCODEREF]),
// which that of NTFS is.
func TestUpcase(t *testing.T) {
	f := func(small, capital rune) {
		t.Helper()
		if got := upcase(small); got != capital {
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
		if u := upcase(r); u != r && (!EqualPath(string(r), string(u)) || upcase(u) != u) {
			t.Fatalf("%U and %U are one name, but not when letters may differ in case", r, u)
		}
	}
}

func TestLies(t *testing.T) {
	f := func(path, folder, rest string, want bool) {
		t.Helper()
		got, ok := Lies(path, folder)
		if ok != want || ok && got != rest {
			t.Errorf("%q in %q: %q, %v", path, folder, got, ok)
		}
	}
	f(`D:\a\b`, `d:\A`, `\b`, true)
	f(`D:\a`, `d:\A`, ``, true)
	f(`D:\ab`, `d:\A`, ``, false)
	f(`D:\ab`, `d:\`, `ab`, true)
	f(`D:`, `d:\`, ``, false)
	f("D:\\ÿ\\x", "d:\\Ÿ", `\x`, true)     // two bytes both
	f("D:\\ɐ\\x", "d:\\Ɐ", `\x`, true)     // two bytes and three
	f("D:\\\u212a\\x", `D:\k`, ``, false)  // the Kelvin sign
	f("D:\\\u212a\\x", `D:\K`, ``, false)  //
	f("D:\\k\\x", "D:\\\u212a", ``, false) //
	f("D:\\\xed\xa0\x80\\x", "d:\\\xed\xa0\x80", `\x`, true)
	f("D:\\\xed\xa0\x81\\x", "d:\\\xed\xa0\x80", ``, false)
	f("D:\\\xff", "D:\\�", ``, false)
	if SameServer("fs\u212a", "FSK.example.jp") || !SameServer("fsk", "FSK.example.jp") || SameShare(`\\fs\k`, "\\\\fs\\\u212a") || !SameShare(`\\fs\k`, `\\FS.example.jp\K`) {
		t.Error("a server or a share is taken for another")
	}
}

func TestTwins(t *testing.T) {
	f := func(text string, want ...rune) {
		t.Helper()
		if got := Twins(text); !slices.Equal(got, want) {
			t.Errorf("%q: %U, want %U", text, got, want)
		}
	}
	f(`D:\共有\総務\あ`)
	f(`D:\task`, 0x17f, 0x212a)
	f("\u212a", 'K', 'k')
	f("σΣ", 0x3c2)
	f("\xff")
}

// A Sight goes by Lies: shares and servers, too.
func TestSightOfLikeNames(t *testing.T) {
	s := NewSight(Extent{Servers: []string{"FSK"}, Folders: []string{`\\FSK\task\x`, `D:\s`}})
	f := func(path, share, root string, want bool) {
		t.Helper()
		if got := s.Path(path, share, root); got != want {
			t.Errorf("%q of %q at %q: %v", path, share, root, got)
		}
	}
	f(`E:\t\X\a`, `\\fsk\TASK`, `E:\t`, true)
	f(`E:\t\X\a`, "\\\\fsk\\TAS\u212a", `E:\t`, false)
	f(`E:\t\X\a`, "\\\\fs\u212a\\TASK", `E:\t`, false)
	f(`d:\S\a`, "", "", true)
	f("d:\\\u017f\\a", "", "", false)
	if !s.Server("fsk.example.jp") || s.Server("fs\u212a") {
		t.Error("servers")
	}
	if !s.Above(`d:\S`) || s.Above("d:\\\u017f") || !s.Above("d:") {
		t.Error("above")
	}
}
