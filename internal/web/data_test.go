package web

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/care"
)

// shownPart is a page without the values that only go back to the server.
func shownPart(body string) string {
	return regexp.MustCompile(`<input type="hidden"[^>]*>`).ReplaceAllString(body, "")
}

type dataKit struct {
	t    *testing.T
	h    http.Handler
	data *fakeData
	jobs *fakeJobs
	who  *account.Visitor
	note string
}

func newDataKit(t *testing.T) *dataKit {
	k := &dataKit{t: t, data: &fakeData{}, jobs: &fakeJobs{}, who: &account.Visitor{ID: 7, Name: "t", Rights: account.AllRights}}
	k.h = siteOf(t, func(c *Config) {
		c.Jobs, c.Data = k.jobs, k.data
		c.Visitor = func(*http.Request) *account.Visitor { return k.who }
		c.Note = func(_ context.Context, action, object, ground string) error {
			k.note = action + "|" + object + "|" + ground
			return nil
		}
	})
	return k
}

func (k *dataKit) post(target string, kv ...string) (int, string) {
	k.t.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(kv); i += 2 {
		v.Set(kv[i], kv[i+1])
	}
	res, body := post(k.t, k.h, target, v.Encode())
	checkHTML(k.t, "POST "+target, shownPart(body))
	return res.StatusCode, body
}

// again answers yes on a page that asks, as a browser would, with more fields.
func (k *dataKit) again(target, body string, kv ...string) (int, string) {
	k.t.Helper()
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(body, -1) {
		kv = append(kv, m[1], strings.NewReplacer("&#34;", `"`, "&lt;", "<", "&gt;", ">", "&amp;", "&", "&#39;", "'", "&#43;", "+").Replace(m[2]))
	}
	return k.post(target, kv...)
}

func TestDataPages(t *testing.T) {
	k := newDataKit(t)
	k.data.terms = Retention{
		InForce: []Term{{Months: 84, Year: true, By: evil, Ground: evil}}, Waiting: []Term{{Server: evil, Months: 5, By: "t"}, {By: "u"}},
		Due: []DueMonth{{Server: evil, Month: "2016-04", Records: 1, Archived: true}, {Month: "2016-05", Held: []string{evil}}, {Month: "2016-06"}},
	}
	for _, lang := range []string{"ja", "en"} {
		for _, target := range []string{
			"/data", "/data/server?name=" + url.QueryEscape("FS01"+evil), "/data/server?year=2025&name=" + url.QueryEscape("FS01"+evil), "/data/holds", "/data/retention", "/data/pool",
			"/data?done=hold", "/data/holds?done=<script>",
		} {
			res, body := get(t, k.h, target, "Accept-Language", lang)
			if res.StatusCode != http.StatusOK {
				t.Errorf("%s: status %d", target, res.StatusCode)
			}
			checkHTML(t, lang+" "+target, shownPart(body))
		}
	}
	if res, _ := get(t, k.h, "/data/server?name=nobody"); res.StatusCode != http.StatusNotFound {
		t.Errorf("unknown server: %d", res.StatusCode)
	}
	k.data.noScope = true
	if res, _ := get(t, k.h, "/data"); res.StatusCode != http.StatusOK {
		t.Errorf("restricted overview: %d", res.StatusCode)
	}
	if res, _ := get(t, k.h, "/data/server?name=x"); res.StatusCode != http.StatusForbidden {
		t.Errorf("restricted server: %d", res.StatusCode)
	}
}

func TestCareAsksFirst(t *testing.T) {
	for _, what := range []string{"archive", "verify", "check", "expire", "heal", "scrub", "drain", "coverage", "remove", "replace", "tier", "renew"} {
		k := newDataKit(t)
		k.data.terms.InForce = []Term{{Months: 1}}
		with := ""
		if what == "replace" {
			with = "w"
		}
		code, body := k.post("/data/care", "what", what, "server", "FS01", "volume", "v", "with", with, "hash", "sha512", "rate", "20")
		if code != http.StatusOK || k.jobs.last.Kind != "" || !strings.Contains(body, `name="sure"`) {
			t.Fatalf("%s: %d, started %q", what, code, k.jobs.last.Kind)
		}
		if code, _ := k.again("/data/care", body); code != http.StatusSeeOther || k.jobs.last.Kind != what || !strings.HasPrefix(k.note, what+"|") {
			t.Errorf("%s: %d, started %q, noted %q", what, code, k.jobs.last.Kind, k.note)
		}
	}
	k := newDataKit(t)
	for _, c := range [][]string{{"what", "rm"}, {"what", "drain"}, {"what", "remove"}, {"what", "replace", "volume", "v"}, {"what", "drain", "volume", "v", "with", "w"}, {"what", "coverage"}, {"what", "renew"}, {"what", "renew", "hash", "sha256"}, {"what", "renew", "hash", "sha512", "rate", "fast"}, {}} {
		if code, _ := k.post("/data/care", c...); code != http.StatusBadRequest {
			t.Errorf("%v: %d", c, code)
		}
	}
	if code, _ := k.post("/data/care", "what", "expire", "sure", "1"); code == http.StatusSeeOther && len(k.data.terms.InForce) > 0 {
		t.Error("deletion without a term")
	}
	k.who = &account.Visitor{Name: "r", Rights: account.AllRights, Scope: account.Scope{Servers: []string{"FS01"}}}
	if code, _ := k.post("/data/care", "what", "verify", "sure", "1"); code != http.StatusForbidden {
		t.Errorf("restricted visitor: %d", code)
	}
	k.who = &account.Visitor{Name: "v", Rights: account.See}
	for _, target := range []string{"/data/care", "/data/holds", "/data/holds/release", "/data/retention", "/data/retention/confirm", "/data/pool", "/data/pool/bucket", "/data/pool/set", "/data/pool/lost"} {
		if code, _ := k.post(target, "what", "verify", "sure", "1", "case", "c", "ground", "g", "path", "/x"); code != http.StatusForbidden {
			t.Errorf("%s without the right: %d", target, code)
		}
	}
	if len(k.data.did) > 0 {
		t.Errorf("did %v", k.data.did)
	}
}

func TestHoldPages(t *testing.T) {
	k := newDataKit(t)
	ask := []string{"case", "案件 1", "server", "FS01", "query", `user:CORP\tanaka`, "reason", "訴訟"}
	code, body := k.post("/data/holds", ask...)
	if code != http.StatusOK || len(k.data.did) > 0 {
		t.Fatalf("%d, did %v", code, k.data.did)
	}
	if code, _ := k.again("/data/holds", body); code != http.StatusSeeOther || len(k.data.did) != 1 || k.data.did[0] != `hold 案件 1 FS01 user:CORP\tanaka 訴訟` || k.note != "hold|案件 1|訴訟" {
		t.Errorf("%d, did %v, noted %q", code, k.data.did, k.note)
	}
	for _, c := range [][]string{
		{"case", "", "server", "F", "reason", "g"}, {"case", "c", "server", "F"}, {"case", "c", "reason", "g"}, {"case", "c", "reason", "g", "query", `"`},
		{"case", "c", "reason", "g", "all", "1", "from", "yesterday"}, {"case", "c", "reason", "g", "all", "1", "from", "2026-02-01", "to", "2026-01-01"},
	} {
		if code, _ := k.post("/data/holds", append(c, "sure", "1")...); code != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d", c, code)
		}
	}
	code, body = k.post("/data/holds/release", "case", "案件 1")
	if code != http.StatusOK || len(k.data.did) != 1 {
		t.Fatalf("%d, did %v", code, k.data.did)
	}
	if code, _ := k.again("/data/holds/release", body, "ground", " "); code != http.StatusUnprocessableEntity {
		t.Errorf("without a ground: %d", code)
	}
	if code, _ := k.again("/data/holds/release", body, "ground", "和解"); code != http.StatusSeeOther || k.data.did[1] != "release 案件 1 和解" {
		t.Errorf("%d, did %v", code, k.data.did)
	}
	k.data.refuse = care.ErrNotFound
	if code, _ := k.again("/data/holds/release", body, "ground", "x"); code != http.StatusNotFound {
		t.Errorf("no such case: %d", code)
	}
}

func TestRetentionByTwo(t *testing.T) {
	k := newDataKit(t)
	code, body := k.post("/data/retention", "n", "7", "unit", "y", "reason", "規程")
	if code != http.StatusOK || len(k.data.did) > 0 {
		t.Fatalf("%d, did %v", code, k.data.did)
	}
	if code, _ := k.again("/data/retention", body); code != http.StatusSeeOther || k.data.terms.Waiting[0].Months != 84 || k.data.terms.Waiting[0].Ground != "規程" {
		t.Errorf("%d, %+v", code, k.data.terms)
	}
	k.data.terms.Waiting[0].By = "T" // the same person
	if code, _ := k.post("/data/retention/confirm", "sure", "1", "ground", "x"); code != http.StatusForbidden {
		t.Errorf("own proposal: %d", code)
	}
	k.who = &account.Visitor{Name: "officer", Rights: account.See | account.Approve}
	code, body = k.post("/data/retention/confirm")
	if code != http.StatusOK || len(k.data.did) != 1 {
		t.Fatalf("%d, did %v", code, k.data.did)
	}
	k.data.terms.Waiting[0].Months = 1
	if code, _ := k.again("/data/retention/confirm", body, "ground", "承認"); code != http.StatusUnprocessableEntity {
		t.Errorf("what waits changed: %d", code)
	}
	k.data.terms.Waiting[0].Months = 84
	if code, _ := k.again("/data/retention/confirm", body, "ground", ""); code != http.StatusUnprocessableEntity {
		t.Errorf("without a ground: %d", code)
	}
	if code, _ := k.again("/data/retention/confirm", body, "ground", "承認"); code != http.StatusSeeOther || k.data.did[1] != "confirm 承認" {
		t.Errorf("%d, did %v", code, k.data.did)
	}
	k.who = &account.Visitor{Name: "admin", Rights: account.AllRights}
	for _, c := range [][]string{{"n", "0", "unit", "y"}, {"n", "x", "unit", "m"}, {"n", "101", "unit", "y"}, {"n", "-1", "unit", "m"}} {
		if code, _ := k.post("/data/retention", append(c, "sure", "1")...); code != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d", c, code)
		}
	}
	k.data.terms.Waiting = nil
	if code, _ := k.post("/data/retention/confirm"); code != http.StatusConflict {
		t.Errorf("nothing waits: %d", code)
	}
}
