package mask

import (
	"strings"
	"testing"
)

// The published sample of the check digit is 98320567321 with 4.
func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"":                          "",
		"983205673214":              "************",
		"983205673215":              "983205673215",
		`D:\人事\983205673214_山田.pdf`: `D:\人事\************_山田.pdf`,
		"９８３２０５６７３２１４":              "＊＊＊＊＊＊＊＊＊＊＊＊",
		"9832-0567-3214":            "****-****-****",
		"9832 0567 3214":            "**** **** ****",
		"９８３２－０５６７－３２１４":               "＊＊＊＊－＊＊＊＊－＊＊＊＊",
		"9832ー0567　3214":               "****ー****　****",
		"9832-05673214":                "9832-05673214",
		"1983205673214":                "1983205673214",
		"9832056732140":                "9832056732140",
		"９983205673214":                "９983205673214",
		"983205673214\xff983205673214": "************\xff************",
		"1111-9832-0567-3214":/* both groups of three pass */ "****-****-****-****",
		"983205673214,9832-0567-3214,983":        "************,****-****-****,983",
		"{00000000-0000-0000-0000-000000000000}": "{00000000-0000-0000-0000-000000000000}",
	} {
		m := New([]byte("k"))
		got, commits := m.Text(in)
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		if (len(commits) > 0) != (in != want) {
			t.Errorf("%q: %d commitments", in, len(commits))
		}
	}
}

func TestCommitments(t *testing.T) {
	m := New([]byte("key"))
	_, c := m.Text("983205673214 and ９８３２－０５６７－３２１４")
	if len(c) != 2 || c[0] != c[1] || c[0] != Commit(m.Salt("983205673214"), "983205673214") {
		t.Errorf("commitments %x", c)
	}
	if _, other := New([]byte("other")).Text("983205673214"); other[0] == c[0] {
		t.Error("the key has no part in the commitment")
	}
}

func FuzzText(f *testing.F) {
	f.Add("9832-0567-3214")
	f.Add("９８３２０５６７３２１４\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, s string) {
		m := New(nil)
		got, c := m.Text(s)
		if len(got) != len(s) {
			t.Fatalf("%q became %q", s, got)
		}
		if again, more := m.Text(got); again != got || len(more) > 0 {
			t.Fatalf("%q is masked again: %q", got, again)
		}
		if (len(c) == 0) != (got == s) {
			t.Fatalf("%q: %d commitments", s, len(c))
		}
	})
}

func BenchmarkText(b *testing.B) {
	s := strings.Repeat("1234-5678 ", 100_000)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		New(nil).Text(s)
	}
}
