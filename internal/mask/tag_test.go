package mask

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTagger(t *testing.T) {
	tg := NewTagger([]byte("key"))
	for _, s := range []string{
		"", "983205673214", `D:\人事\983205673214_山田.pdf`, "９８３２０５６７３２１４", "9832-0567-3214", "９８３２－０５６７－３２１４", "9832ー0567　3214",
		"983205673214\xff983205673214", "1111-9832-0567-3214", "983205673214,9832-0567-3214,983", "9８3205６73214", "‹", "‹aaaaaaaa›", "************‹aaaaaaaa›", "‹‹983205673214››",
	} {
		got := tg.Text(s)
		if stars, _ := New(nil).Text(got); stars != got {
			t.Errorf("%q is masked as %q, which holds a number", s, got)
		}
		if back := tg.Reveal(got); back != s {
			t.Errorf("%q became %q and then %q", s, got, back)
		}
		if plain, _ := New(nil).Text(s); strings.Contains(plain, "*") != strings.Contains(got, "*") && !strings.Contains(s, "*") {
			t.Errorf("%q: %q and %q", s, plain, got)
		}
		if again := tg.Text(got); again != got {
			t.Errorf("%q is masked again: %q", got, again)
		}
	}
	if a, b := tg.Text("983205673214"), tg.Text("９８３２-０５６７-３２１４"); a[len(a)-14:] != b[len(b)-14:] {
		t.Errorf("the same number in two forms: %q, %q", a, b)
	}
	other := NewTagger([]byte("other"))
	if s := other.Text("983205673214"); tg.Reveal(s) == "983205673214" || s == tg.Text("983205673214") {
		t.Errorf("another key takes %q back", s)
	}
	if s := (*Tagger)(nil).Text("983205673214"); s != "************" || (*Tagger)(nil).Reveal(tg.Text("983205673214")) != tg.Text("983205673214") {
		t.Errorf("without a key: %q", s)
	}
}

func FuzzTagger(f *testing.F) {
	f.Add("9832-0567-3214")
	f.Add("９８３２０５６７３２１４\xed\xa0\x80‹k7q2m9xa›")
	f.Fuzz(func(t *testing.T, s string) {
		tg := NewTagger([]byte("k"))
		got := tg.Text(s)
		if plain, _ := New(nil).Text(got); plain != got {
			t.Fatalf("%q became %q, which holds a number", s, got)
		}
		if !strings.Contains(s, "‹") && tg.Reveal(got) != s {
			t.Fatalf("%q became %q and then %q", s, got, tg.Reveal(got))
		}
		if utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Fatalf("%q became %q", s, got)
		}
	})
}

func BenchmarkTagger(b *testing.B) {
	tg := NewTagger(nil)
	for b.Loop() {
		tg.Text(`D:\共有\人事\給与\2026年度\給与明細_11月.xlsx`)
	}
}
