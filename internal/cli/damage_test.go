package cli

import (
	"os"
	"regexp"
	"testing"

	"github.com/akashi-audit/akashi/internal/i18n"
)

// TestDamageInWords: every kind of damage that readers of logs tell has words in both
// languages, and places in text files have no chunk.
func TestDamageInWords(t *testing.T) {
	kinds := map[string]bool{}
	for file, pattern := range map[string]string{
		"../evtx/reader_chunk.go": `damage[A-Z]\w+ += "([a-z-]+)"`, "../collect/xml.go": `bad\([^"]*"([a-z_]+)"`, "../collect/json.go": `bad\([^"]*"([a-z_]+)"`,
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
			kinds[m[1]] = true
		}
	}
	if len(kinds) < 15 {
		t.Errorf("only %d kinds found: %v", len(kinds), kinds)
	}
	for _, lang := range []string{"en", "ja"} {
		for k := range kinds {
			if p := i18n.For(lang); !p.Has("cli.damage.kind." + k) {
				t.Errorf("no words for %s in %s", k, lang)
			}
		}
	}
	f := func(lang string, chunk int, kind, want string) {
		t.Helper()
		a := &app{p: i18n.For(lang)}
		if got := a.damage(chunk, 77, kind, 1); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f("en", 3, "record", "damage in chunk 3 at byte 77: a record cannot be read, 1 record lost")
	f("en", -1, "xml_cut", "damage at byte 77: the file ends within an event, 1 record lost")
	f("ja", -1, "xml_cut", "損傷: 位置 77、イベントの途中でファイルが終わっている、失われた記録 1 件")
	f("en", 3, "new-kind", "damage in chunk 3 at byte 77: new-kind, 1 record lost")
}
