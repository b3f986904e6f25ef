package web

import (
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/record"
)

func TestEarlierVersions(t *testing.T) {
	m := company(20)
	r := &m.records[0]
	h := newSite(t, m)
	if _, body := get(t, h, recordURL(r.ID()), "Accept-Language", "en"); strings.Contains(body, `id="earlier"`) || strings.Contains(body, "no longer holds") {
		t.Error("a record without earlier versions shows some")
	}
	then := *r
	then.Class, then.RulesVersion, then.SupersededBy, then.Detail = record.ClassBackground, 7, 8, nil
	then.Set("reason", "wrong password")
	then.Path += "\u202e"
	m.earlier = []record.Record{then}
	_, body := get(t, h, recordURL(r.ID()), "Accept-Language", "en")
	checkHTML(t, "earlier", body)
	for _, want := range []string{`id="earlier"`, "1 version<", "Rule table, version 7", "Background activity (background)", "A person&#39;s act (user)", "<bdi>wrong password</bdi>", `\u{202e}`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not hold %q", want)
		}
	}
	m.earlier, r.SupersededBy = nil, 8
	_, body = get(t, h, recordURL(r.ID()), "Accept-Language", "ja")
	checkHTML(t, "superseded", body)
	if !strings.Contains(body, "第 8 版）で置き換えられ") {
		t.Error("a superseded record does not say so")
	}
}
