package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/export"
	"github.com/akashi-audit/akashi/internal/i18n"
)

func TestExportPages(t *testing.T) {
	jobs := &fakeJobs{}
	who := &account.Visitor{ID: 7, Name: "t", Rights: account.AllRights}
	noted := ""
	h := siteOf(t, func(c *Config) {
		c.Jobs = jobs
		c.Visitor = func(*http.Request) *account.Visitor { return who }
		c.Note = func(_ context.Context, action, object, ground string) error {
			noted = action + "|" + object + "|" + ground
			return nil
		}
	})
	search := "op=delete&op=read&path=%3Cimg+src%3Dx%3E%E2%80%AE&period=30d"
	for _, lang := range []string{"ja", "en"} {
		for _, target := range []string{"/exports/new", "/exports/new?page=/people&path=%E7%B5%A6%E4%B8%8E", "/exports/new?page=/search&" + search, "/exports/new?user=nobody"} {
			res, body := get(t, h, target, "Accept-Language", lang)
			if res.StatusCode != http.StatusOK {
				t.Errorf("%s: status %d", target, res.StatusCode)
			}
			checkHTML(t, target, body)
		}
	}
	start := func(v url.Values) int {
		t.Helper()
		res, body := post(t, h, "/exports", v.Encode())
		checkHTML(t, "POST /exports", body)
		return res.StatusCode
	}
	ask := func(kv ...string) url.Values {
		v := url.Values{"search": {"path=%E7%B5%A6%E4%B8%8E"}, "page": {"/people"}, "kind": {"export"}, "format": {"xlsx"}}
		for i := 0; i+1 < len(kv); i += 2 {
			v.Set(kv[i], kv[i+1])
		}
		return v
	}
	if code := start(ask()); code != http.StatusSeeOther || jobs.last.Kind != "export" || jobs.last.Need != account.See|account.Export {
		t.Errorf("export: %d, %+v", code, jobs.last)
	}
	for _, lang := range []string{"ja", "en"} {
		_, body := get(t, h, "/jobs/abc", "Accept-Language", lang)
		p := i18n.For(lang)
		if says := p.T("web.export.format.xlsx") + " – " + p.T("web.how.part") + ": 給与"; !strings.Contains(body, says) {
			t.Errorf("in %s the job is not about %q", lang, says)
		}
	}
	var x ExportRequest
	if err := json.Unmarshal(jobs.job.Params, &x); err != nil || x.Format != export.XLSX || len(x.Query.Words) != 1 || x.Query.Words[0] != "給与" || len(x.Query.Classes) != 1 || x.Text == "" {
		t.Errorf("parameters %+v, %v", x, err)
	}
	if !strings.HasPrefix(noted, "export|xlsx: ") {
		t.Errorf("noted %q", noted)
	}
	if code := start(ask("unmask", "1", "ground", "監査 12 号")); code != http.StatusSeeOther || !jobs.last.Need.Has(account.Unmask) || !strings.HasSuffix(noted, "|監査 12 号") {
		t.Errorf("unmasked: %d, noted %q", code, noted)
	}
	if code := start(ask("kind", "evidence", "case", "2026-11")); code != http.StatusSeeOther || jobs.last.Kind != "evidence" {
		t.Errorf("evidence: %d", code)
	}
	noted = ""
	for want, l := range map[int][]url.Values{
		http.StatusUnprocessableEntity: {ask("unmask", "1", "ground", "  "), ask("kind", "evidence", "case", "")},
		http.StatusBadRequest:          {ask("format", "exe"), ask("search", "%zz"), ask("search", "from=x"), ask("kind", "evidence", "case", strings.Repeat("a", 201))},
	} {
		for _, v := range l {
			if code := start(v); code != want {
				t.Errorf("%v: status %d, want %d", v, code, want)
			}
		}
	}
	who = &account.Visitor{ID: 7, Name: "t", Rights: account.See | account.Export}
	if code := start(ask("unmask", "1", "ground", "x")); code != http.StatusForbidden {
		t.Errorf("unmasked without the right: %d", code)
	}
	who = &account.Visitor{ID: 7, Name: "t", Rights: account.See}
	if code := start(ask()); code != http.StatusForbidden {
		t.Errorf("without the right: %d", code)
	}
	if noted != "" {
		t.Errorf("noted what did not happen: %q", noted)
	}
}
