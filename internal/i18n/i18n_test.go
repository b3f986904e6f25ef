package i18n

import (
	"maps"
	"regexp"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// placeholders of a text, without repetition; the words of a plural form differ
// by language, its name does not.
func placeholders(text string) []string {
	m := map[string]bool{}
	for _, s := range regexp.MustCompile(`\{([a-z_]+)(\|[^}]*)?\}`).FindAllStringSubmatch(text, -1) {
		m[s[1]] = true
	}
	return slices.Sorted(maps.Keys(m))
}

func TestCatalogue(t *testing.T) {
	all, err := load(catalogues)
	if err != nil {
		t.Fatal(err)
	}
	ja, en := all[Japanese], all[English]
	if d := cmp.Diff(slices.Sorted(maps.Keys(en)), slices.Sorted(maps.Keys(ja))); d != "" {
		t.Errorf("keys differ (-en +ja):\n%s", d)
	}
	for k, text := range en {
		if d := cmp.Diff(placeholders(text), placeholders(ja[k])); d != "" {
			t.Errorf("placeholders of %s differ (-en +ja):\n%s", k, d)
		}
		if text == "" || ja[k] == "" {
			t.Errorf("key %s is empty", k)
		}
	}
}

func TestLoadRefusesTwoMeanings(t *testing.T) {
	_, err := load(fstest.MapFS{"a_en.json": {Data: []byte(`{"k":"1"}`)}, "b_en.json": {Data: []byte(`{"k":"2"}`)}})
	if err == nil {
		t.Error("a key in two files gave no error")
	}
}

func TestT(t *testing.T) {
	p := &Printer{lang: English, texts: map[string]string{
		"k": "{n} {n|file|files} in {dir}, {other}", "plain": "100 %", "open": "a { b",
	}}
	f := func(want, key string, args ...any) {
		t.Helper()
		if got := p.T(key, args...); got != want {
			t.Errorf("T(%q, %v) = %q, want %q", key, args, got, want)
		}
	}
	f("1 file in {n}, {other}", "k", "n", 1, "dir", "{n}")
	f("1,234,567 files in d, x", "k", "n", uint64(1234567), "dir", "d", "other", "x")
	f("100 %", "plain")
	f("a { b", "open", "n", 1)
	f("missing.key", "missing.key", "n", 1)
}

func TestForms(t *testing.T) {
	ja, en := For("ja_JP.UTF-8"), For("C.UTF-8")
	f := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	day := time.Date(2026, 11, 22, 3, 4, 5, 0, time.UTC)
	f(ja.Lang(), "ja")
	f(en.Lang(), "en")
	f(For("jav").Lang(), "en")
	f(ja.Date(day), "2026年11月22日")
	f(en.Date(day), "22 Nov 2026")
	f(en.Time(day), "2026-11-22 03:04:05")
	f(ja.Duration(200*time.Second), "3分20秒")
	f(en.Duration(2*time.Hour+5*time.Minute), "2 h 5 min")
	f(en.Duration(1500*time.Millisecond), "1.5 s")
	f(Number(-1234), "-1,234")
	f(en.Bytes(12), "12 B")
	f(en.Bytes(3<<20+400<<10), "3.4 MB")
}

func TestFromEnv(t *testing.T) {
	f := func(want, option string, env map[string]string) {
		t.Helper()
		if got := FromEnv(option, func(k string) string { return env[k] }); got != want {
			t.Errorf("FromEnv(%q, %v) = %q, want %q", option, env, got, want)
		}
	}
	f("en", "", nil)
	f("ja", "", map[string]string{"LANG": "ja_JP.UTF-8"})
	f("en", "", map[string]string{"LANG": "ja_JP.UTF-8", "LC_ALL": "C"})
	f("ja", "", map[string]string{"LANG": "C", "AKASHI_LANG": "ja"})
	f("en", "en", map[string]string{"AKASHI_LANG": "ja"})
}
