package web

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/record"
)

// TestWords holds every key of the templates and the code against the catalogue,
// and the catalogue against them.
func TestWords(t *testing.T) {
	used := map[string]bool{}
	prefixes := []string{
		"web.op.", "web.result.", "web.object.", "web.confidence.", "web.class.", "web.csv.",
		"web.how.", "web.weekday.", "web.seal.", "web.state.", "web.off.", "web.start.", "web.nav.", "web.key.", "web.term.", "web.ppc.", "web.flt.", "web.cal.", "web.set.done_", "web.job.kind.", "web.period.", "web.hint.", "web.group.", "web.people.title", "web.files.title", "web.search.title",
	}
	key := regexp.MustCompile(`"(web\.[a-z0-9_.]+)"`)
	for _, pattern := range []string{"*.go", "templates/*.html"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			if strings.HasSuffix(n, "_test.go") {
				continue
			}
			b, err := os.ReadFile(n)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range key.FindAllStringSubmatch(string(b), -1) {
				used[m[1]] = true
			}
			if regexp.MustCompile(`\p{Hiragana}|\p{Katakana}`).Match(b) && n != "templates/frame.html" {
				t.Errorf("%s: Japanese outside the catalogue", n)
			}
		}
	}
	for _, lang := range []string{"ja", "en"} {
		p := i18n.For(lang)
		for k := range used {
			if !p.Has(k) && !strings.HasSuffix(k, ".") && !strings.HasSuffix(k, "_") && k != "web.hint" && !strings.HasPrefix(k, "web.group") {
				t.Errorf("%s: no words for %s", lang, k)
			}
		}
		for _, o := range record.Ops() {
			if !p.Has("web.op." + o.String()) {
				t.Errorf("%s: no words for operation %s", lang, o)
			}
		}
		for _, o := range record.Objects() {
			if !p.Has("web.object." + o.String()) {
				t.Errorf("%s: no words for object %s", lang, o)
			}
		}
		for _, f := range record.Fields() {
			if !p.Has("web.csv." + f) {
				t.Errorf("%s: no words for field %s", lang, f)
			}
		}
	}
	for _, area := range []string{"web", "frame", "kit", "help", "dash", "settings"} {
		b, err := os.ReadFile("../i18n/" + area + "_en.json")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^ *"(web\.[^"]+)":`).FindAllStringSubmatch(string(b), -1) {
			dynamic := false
			for _, p := range prefixes {
				dynamic = dynamic || strings.HasPrefix(m[1], p)
			}
			if !dynamic && !used[m[1]] {
				t.Errorf("%s is used nowhere", m[1])
			}
		}
	}
}
