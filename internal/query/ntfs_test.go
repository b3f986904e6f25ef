package query

import (
	"slices"
	"testing"
	"unicode"

	"github.com/akashi-audit/akashi/internal/ntfs"
)

// TestSameNamesFold: what is one name for NTFS is one for a search.
func TestSameNamesFold(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if u := ntfs.Upper(r); u != r && !EqualPath(string(r), string(u)) {
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
