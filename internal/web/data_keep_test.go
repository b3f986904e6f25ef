package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/account"
)

const aKey = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"

// What is settled of the volumes is asked first, noted, and done once; what does not
// read is refused with a reason, and a restricted visitor settles nothing.
func TestPoolCareAsksFirst(t *testing.T) {
	k := newDataKit(t)
	forms := map[string]url.Values{
		"/data/pool/limits":     {"volume": {"v"}, "quota": {"1.5"}, "reserve": {""}},
		"/data/pool/rules":      {"copies": {"2"}, "warn": {"90"}, "days": {"30", "", "365"}, "class": {"5", "9", "9"}},
		"/data/pool/encryption": {"recipients": {aKey + "\r\n" + aKey}, "identity": {"env:KEY"}},
		"/data/pool/takeover":   {"volume": {"v"}, "force": {"1"}},
	}
	send := func(target string, v url.Values) (int, string) {
		t.Helper()
		res, body := post(t, k.h, target, v.Encode())
		checkHTML(t, "POST "+target, shownPart(body))
		return res.StatusCode, body
	}
	with := func(target string, kv ...string) url.Values {
		v := cloneValues(forms[target])
		v.Set("sure", "1")
		for i := 0; i+1 < len(kv); i += 2 {
			v.Set(kv[i], kv[i+1])
		}
		return v
	}
	for target, want := range map[string][2]string{
		"/data/pool/limits":     {"limits v 1610612736 0", "volume_limits|v quota 1610612736 reserve 0|"},
		"/data/pool/rules":      {"rules 2 90 [{30 5} {365 9}]", "pool_rules|2 copies, warn 90 days, move [{30 5} {365 9}]|"},
		"/data/pool/encryption": {"encrypt [" + aKey + " " + aKey + "] env:KEY", "pool_encryption|" + aKey + " " + aKey + "|"},
		"/data/pool/takeover":   {"take v true", "volume_take|v, in use: true|"},
	} {
		k.note, k.data.changes = "", nil
		if code, body := send(target, forms[target]); code != http.StatusOK || !strings.Contains(body, `name="sure"`) || k.note != "" || len(k.data.changes) > 0 {
			t.Fatalf("%s: %d, noted %q", target, code, k.note)
		}
		if code, _ := send(target, with(target)); code != http.StatusSeeOther || k.note != want[1] || strings.Join(k.data.changes, ",") != want[0] {
			t.Errorf("%s: %d, noted %q, did %q", target, code, k.note, k.data.changes)
		}
	}
	k.data.changes = nil
	for _, bad := range []struct{ target, key, value string }{
		{"/data/pool/limits", "quota", "-1"}, {"/data/pool/limits", "quota", "NaN"}, {"/data/pool/limits", "reserve", "x"}, {"/data/pool/limits", "quota", "1e30"},
		{"/data/pool/rules", "copies", "0"}, {"/data/pool/rules", "copies", "10"}, {"/data/pool/rules", "warn", "-1"}, {"/data/pool/rules", "days", "1"},
		{"/data/pool/encryption", "recipients", "AGE-SECRET-KEY-1X"}, {"/data/pool/encryption", "identity", "relative"}, {"/data/pool/encryption", "identity", ""},
	} {
		if code, body := send(bad.target, with(bad.target, bad.key, bad.value)); code != http.StatusUnprocessableEntity || !strings.Contains(body, `role="alert"`) || strings.Contains(body, "AGE-SECRET") {
			t.Errorf("%+v: %d", bad, code)
		}
	}
	if code, _ := send("/data/pool/encryption", with("/data/pool/encryption", "recipients", "", "identity", "")); code != http.StatusSeeOther || k.data.changes[0] != "encrypt [] " {
		t.Errorf("no encryption: %d, %q", code, k.data.changes)
	}
	k.data.changes, k.data.refuse = nil, &VolumeError{Key: "web.pool.error.lease", Args: []any{"volume", evil, "host", evil, "dir", evil}}
	if code, body := send("/data/pool/takeover", with("/data/pool/takeover")); code != http.StatusUnprocessableEntity || !strings.Contains(body, `role="alert"`) {
		t.Errorf("in use: %d", code)
	}
	k.data.changes = nil
	for _, who := range []*account.Visitor{{Name: "r", Rights: account.AllRights, Scope: account.Scope{Servers: []string{"FS01"}}}, {Name: "v", Rights: account.See}} {
		k.who = who
		for target := range forms {
			if code, _ := send(target, with(target)); code != http.StatusForbidden || len(k.data.changes) > 0 {
				t.Errorf("%s as %s: %d", target, who.Name, code)
			}
		}
	}
}

// Terms of the archive and of kept files are proposed with their class; what is past
// them, and why it stays, is on the page.
func TestKeptRetentionPage(t *testing.T) {
	k := newDataKit(t)
	k.data.terms.InForce = []Term{{Class: "archive", Server: "FS01" + evil, Months: 120, By: "a", Time: 1}}
	for _, stays := range []string{"", "stored", "held", "locked", "unsure"} {
		k.data.terms.Kept = append(k.data.terms.Kept, KeptMonth{Server: "FS01" + evil, Month: "2016-04", Things: 2, Stays: stays, Cases: []string{evil}, Until: 1, Reason: evil})
	}
	k.data.terms.Kept = append(k.data.terms.Kept, KeptMonth{Month: "2016-05", Things: 1})
	for _, lang := range []string{"ja", "en"} {
		res, body := get(t, k.h, "/data/retention", "Accept-Language", lang)
		checkHTML(t, lang, body)
		if res.StatusCode != http.StatusOK || strings.Count(body, "2016-04") != 5 || !strings.Contains(body, `value="expire_kept"`) {
			t.Errorf("%s: %d", lang, res.StatusCode)
		}
	}
	code, body := k.post("/data/retention", "keep", "archive", "n", "10", "unit", "y", "server", "FS02")
	if code != http.StatusOK || !strings.Contains(body, "封印済みの日") {
		t.Fatalf("%d", code)
	}
	if code, _ = k.again("/data/retention", body); code != http.StatusSeeOther || k.note != `retention_propose|"FS02" 120 months, year false archive|` {
		t.Errorf("%d, noted %q", code, k.note)
	}
	if w := k.data.terms.Waiting; len(w) != 1 || w[0].Class != "archive" || w[0].Months != 120 {
		t.Errorf("proposed: %+v", w)
	}
	for _, bad := range [][]string{{"keep", "trail"}, {"keep", "originals", "server", "FS02"}} {
		if code, _ := k.post("/data/retention", append([]string{"n", "10", "unit", "y", "sure", "1"}, bad...)...); code != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d", bad, code)
		}
	}
	if _, body = k.post("/data/care", "what", "expire_kept"); !strings.Contains(body, "2016-05") || !strings.Contains(body, `class="grave"`) {
		t.Error("what goes is not shown first")
	}
}
