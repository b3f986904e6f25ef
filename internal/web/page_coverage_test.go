package web

import (
	"strings"
	"testing"
)

// TestCoverageInWords: audit subcategories and what bears on completeness are named in the
// reader's language, times in the reader's zone; a subcategory without words keeps its name.
func TestCoverageInWords(t *testing.T) {
	h := healthy()
	h.coverage[server1] = &Coverage{
		Found: testNow().UnixNano(), Off: 1,
		Subcategories: []CoverageSubcategory{
			{GUID: "{0CCE9244-69AE-11D9-BED3-505054503030}", Name: "Detailed File Share", State: "on",
				Silences: []CoverageSilence{{From: "2026-11-19T00:00:00Z", To: "2026-11-19T03:00:00Z"}}},
			{GUID: "{0CCE92FF-69AE-11D9-BED3-505054503030}", Name: "Something New", State: "on"},
		},
		NoticeList: []CoverageNotice{
			{Kind: "audit_off", Time: "2026-11-20T00:00:00Z", GUID: "{0CCE921D-69AE-11D9-BED3-505054503030}", Detail: "File System"},
			{Kind: "time_changed", Time: "2026-11-20T00:00:00Z", Detail: "2026-11-20T00:00:00Z → 2026-11-20T01:00:00Z"},
		},
	}
	for lang, want := range map[string][]string{
		"ja": {"詳細なファイル共有", "Something New", "ファイル システム", "2026-11-19 09:00:00", "09:00:00 → 2026-11-20 10:00:00"},
		"en": {"Detailed File Share", "Something New", "File System", "2026-11-19 09:00:00", "09:00:00 → 2026-11-20 10:00:00"},
	} {
		m := company(200)
		m.status.Servers[0].Last = m.records[0].Time
		_, body := get(t, dashSite(t, &asked{memory: m}, h, nil), "/coverage", "Accept-Language", lang)
		checkHTML(t, lang, body)
		for _, w := range want {
			if !strings.Contains(body, w) {
				t.Errorf("%s: the page does not say %q", lang, w)
			}
		}
	}
}
