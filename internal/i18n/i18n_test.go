package i18n

import (
	"regexp"
	"slices"
	"testing"
)

func TestLanguagesAgree(t *testing.T) {
	ja, err := load("ja")
	if err != nil {
		t.Fatal(err)
	}
	en, err := load("en")
	if err != nil {
		t.Fatal(err)
	}
	if len(ja) == 0 {
		t.Fatal("empty catalogue")
	}
	place := regexp.MustCompile(`\{[a-z_]+\}`)
	holders := func(s string) []string {
		l := place.FindAllString(s, -1)
		slices.Sort(l)
		return slices.Compact(l)
	}
	for k, v := range ja {
		w, ok := en[k]
		if !ok {
			t.Errorf("%q has no English", k)
			continue
		}
		if !slices.Equal(holders(v), holders(w)) {
			t.Errorf("%q: placeholders %v in Japanese, %v in English", k, holders(v), holders(w))
		}
	}
	for k := range en {
		if _, ok := ja[k]; !ok {
			t.Errorf("%q has no Japanese", k)
		}
	}
}

func TestPrinter(t *testing.T) {
	p := &Printer{lang: "en", words: map[string]string{"a": "{n} of {name}"}}
	if got := p.T("a", "n", 1234567, "name", "x"); got != "1,234,567 of x" {
		t.Errorf("T = %q", got)
	}
	if got := p.T("no.such"); got != "no.such" {
		t.Errorf("T of an unknown key = %q", got)
	}
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234: "-1,234", 100000: "100,000"} {
		if got := Number(n); got != want {
			t.Errorf("Number(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestFromEnv(t *testing.T) {
	env := func(m map[string]string) func(string) string { return func(k string) string { return m[k] } }
	f := func(wanted string, m map[string]string, want string) {
		t.Helper()
		if got := FromEnv(wanted, env(m)); got != want {
			t.Errorf("FromEnv(%q, %v) = %q, want %q", wanted, m, got, want)
		}
	}
	f("", nil, "en")
	f("", map[string]string{"LANG": "ja_JP.UTF-8"}, "ja")
	f("en", map[string]string{"LANG": "ja_JP.UTF-8"}, "en")
	f("", map[string]string{"LC_ALL": "C", "LANG": "ja_JP.UTF-8"}, "en")
}
