package web

import (
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/record"
)

func TestRecordShowsEarlierVersions(t *testing.T) {
	m := company(50)
	r := &m.records[0]
	old := *r
	old.RulesVersion, old.SupersededBy, old.Received = 1, 2, 1_774_976_424_877_194_000
	old.Path = `D:\before\<x>.txt`
	m.earlier = []record.Record{old}
	f := func(lang string, want ...string) {
		t.Helper()
		_, body := get(t, newSite(t, m), recordURL(r.ID()), "Accept-Language", lang)
		checkHTML(t, lang, body)
		for _, w := range want {
			if !strings.Contains(body, w) {
				t.Errorf("%s: the page does not hold %q", lang, w)
			}
		}
	}
	f("en", `Earlier, taken in 2026-`, `D:\before\&lt;x&gt;.txt`)
	f("ja", "以前の版", `D:\before\&lt;x&gt;.txt`)
	r.SupersededBy = 2
	f("en", "Superseded by rules version</dt>")
	if _, body := get(t, newSite(t, m), "/search?superseded=1&user=x", "Accept-Language", "en"); !strings.Contains(body, "Superseded records only") {
		t.Error("a search of superseded records does not say so")
	}
}
