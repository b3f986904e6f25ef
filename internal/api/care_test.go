package api

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/account/accounttest"
	"github.com/akashi-audit/akashi/internal/care"
)

const testPassword = accounttest.Password

// newDesk is a desk with ann (1, administrator), bob (2, officer) and eve (3, viewer).
func newDesk(t *testing.T) *account.Desk {
	t.Helper()
	return accounttest.Desk(t, accounttest.Someone("ann", account.Admin), accounttest.Someone("bob", account.Officer), accounttest.Someone("eve", account.Viewer))
}

// changes asks every route that changes something, in an order in which each can be
// answered well.
func changes() []asking {
	return []asking{
		{"POST", "/saved", `{"name":"x","q":"op:read","shared":true}`, ""}, {"PATCH", "/saved/1", `{"shared":false}`, ""}, {"DELETE", "/saved/1", "", ""},
		{"POST", "/holds", `{"case":"B","servers":["fs"],"q":"op:read","from":"2026-01-01","to":"2026-02-01","ground":"調査"}`, ""}, {"POST", "/holds/B/release", `{"ground":"済"}`, ""},
		{"GET", "/retention", "", ""}, {"POST", "/retention/proposals", `{"months":84,"year":true,"ground":"規程"}`, ""},
		{"POST", "/retention/proposals", `{"months":3,"class":"background","server":"fs"}`, ""},
		{"POST", "/retention/proposals", `{"class":"archive","server":"fs","months":120,"ground":"規程"}`, ""},
		{"GET", "/pool/rules", "", ""}, {"PUT", "/pool/rules", `{"copies":2,"warn_days":30,"move":[{"days":90,"class":7}]}`, "*"},
		{"GET", "/pool/encryption", "", ""}, {"PUT", "/pool/encryption", `{"recipients":["passphrase"],"identity":"env:KEYS"}`, "*"},
		{"GET", "/pool/volumes/nas/limits", "", ""}, {"PUT", "/pool/volumes/nas/limits", `{"quota":1073741824,"reserve":0}`, "*"}, {"POST", "/pool/volumes/nas/takeover", `{"force":false}`, ""},
		{"GET", "/me/preferences", "", ""}, {"PUT", "/me/preferences", `{"shown":"安","language":"ja","zone":"Asia/Tokyo","dense":true}`, "*"},
		{"POST", "/settings/background/preview", `{"accounts":["CORP\\svc"],"addresses":[],"processes":[]}`, ""},
		{"POST", "/care", `{"kind":"verify"}`, ""}, {"POST", "/care", `{"kind":"renew","hash":"sha512","rate":20}`, ""}, {"POST", "/care", `{"kind":"nonsense"}`, ""}, {"POST", "/reconversions", `{"dry_run":true}`, ""},
		{"GET", "/pool", "", ""}, {"POST", "/pool/volumes", `{"path":"/mnt","name":"nas"}`, ""},
		{"POST", "/pool/volumes", `{"name":"s3","bucket":{"endpoint":"https://s3.example","bucket":"b","keys":"env:X","lock_days":1}}`, ""},
		{"PATCH", "/pool/volumes/nas", `{"class":2,"state":"readonly"}`, ""}, {"POST", "/pool/volumes/nas/lost", "", ""},
		{"GET", "/settings", "", ""}, {"GET", "/settings/background", "", ""}, {"GET", "/settings/background/history", "", ""}, {"GET", "/settings/calendar", "", ""},
		{"PUT", "/settings/background", `{"accounts":["CORP\\svc"],"addresses":[],"processes":[]}`, "*"},
		{"PUT", "/settings/calendar", `{"public_holidays":true,"year_end":"","closed":[],"worked":[],"hours":{"mon":"08:30-18:00","tue":"","wed":"","thu":"","fri":"","sat":"","sun":""}}`, "*"},
		{"GET", "/settings/folders", "", ""}, {"GET", "/settings/folders/history", "", ""}, {"PUT", "/settings/folders", `{"folders":["特定個人情報"]}`, "*"},
		{"GET", "/settings/language", "", ""}, {"PUT", "/settings/language", `{"language":"en"}`, "*"}, {"PUT", "/settings/language", `{"language":"ja"}`, ""},
		{"GET", "/seal", "", ""}, {"POST", "/seal/checkpoints", "", ""},
		{"POST", "/me/tokens", `{"name":"script","rights":["see","people"],"days":7}`, ""}, {"GET", "/me/tokens", "", ""}, {"DELETE", "/me/tokens/1", "", ""},
		{"GET", "/people", "", ""}, {"POST", "/people", `{"name":"joe","roles":["viewer"],"servers":["fs"]}`, ""}, {"GET", "/people/3", "", ""}, {"PATCH", "/people/3", `{"shown":"E"}`, ""},
		{"PUT", "/people/3/grant", `{"roles":["reviewer"],"servers":[],"folders":["D:\\x"],"ground":"異動"}`, "*"},
		{"PUT", "/people/3/grant", `{"roles":["officer"],"servers":[],"folders":[],"ground":"異動"}`, "*"}, {"GET", "/proposals", "", ""},
		{"POST", "/proposals/1/decision", `{"decision":"rejected"}`, ""}, {"POST", "/proposals/1/decision", `{"decision":"approved"}`, ""},
		{"POST", "/people/3/disable", `{"ground":"退職"}`, ""}, {"POST", "/people/3/enable", `{}`, ""}, {"POST", "/people/3/reset", `{"second_factor":true}`, ""},
		{"GET", "/people/1/tokens", "", ""}, {"DELETE", "/people/1/tokens/1", "", ""}, {"GET", "/people/99", "", ""}, {"DELETE", "/me/tokens/99", "", ""},
		{"POST", "/retention/confirmation", `{"ground":"規程"}`, `"` + care.Mark((&care.Retention{Waiting: waitingTerms()}).Mark()) + `"`},
	}
}

func waitingTerms() []care.Term { return []care.Term{{Months: 84, By: "bob", Time: 5}} }

// problemOf reads a problem.
func problemOf(t *testing.T, b []byte) *Problem {
	t.Helper()
	var p Problem
	if err := json.Unmarshal(b, &p); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	p.Code = strings.TrimPrefix(p.Type, "akashi:problem:")
	return &p
}

// TestChangesRefused: what pages refuse the API refuses too, and names the field.
func TestChangesRefused(t *testing.T) {
	m := many(1)
	m.desk = newDesk(t)
	c := newClient(t, m)
	f := func(x asking, status int, code, field string) {
		t.Helper()
		m.notes, m.care.did = nil, nil
		w := c.do(x.method, Prefix+x.path, x.body, append(x.header(), "Accept-Language", "ja")...)
		p := problemOf(t, w.Body.Bytes())
		if w.Code != status || p.Code != code || p.Parameter != field || strings.HasPrefix(p.Title, "api.") {
			t.Errorf("%+v: %d %s, want %d %s %s", x, w.Code, w.Body, status, code, field)
		}
		if len(m.notes)+len(m.care.did) > 0 {
			t.Errorf("%+v: noted %v, did %v", x, m.notes, m.care.did)
		}
	}
	f(asking{"POST", "/holds", `{"case":"A","servers":["fs"]}`, ""}, 400, "missing", "ground")
	f(asking{"POST", "/holds", `{"case":"A","servers":["fs"],"ground":" "}`, ""}, 400, "missing", "ground")
	f(asking{"POST", "/holds", `{"case":"A","ground":"x"}`, ""}, 400, "missing", "all")
	f(asking{"POST", "/holds", `{"case":"A","ground":"x","q":"op:nonsense"}`, ""}, 400, "value", "q")
	f(asking{"POST", "/holds", `{"case":"A","ground":"x","all":true,"from":"2026-02-01","to":"2026-01-01"}`, ""}, 400, "value", "to")
	f(asking{"POST", "/holds", `{"case":"A","ground":"x","all":true,"from":"soon"}`, ""}, 400, "value", "from")
	f(asking{"POST", "/holds", `{"case":"` + strings.Repeat("x", 201) + `","ground":"x","all":true}`, ""}, 400, "value", "case")
	f(asking{"POST", "/holds", `{"case":7,"ground":"x"}`, ""}, 400, "value", "case")
	f(asking{"POST", "/holds", `{"case":"A","ground":"x","al":true}`, ""}, 400, "parameter", "al")
	f(asking{"POST", "/holds", `["A"]`, ""}, 400, "body", "")
	f(asking{"POST", "/holds?x=1", `{"case":"A"}`, ""}, 400, "parameter", "x")
	f(asking{"POST", "/retention/proposals", `{"months":1201}`, ""}, 400, "value", "months")
	f(asking{"POST", "/retention/proposals", `{"months":0,"year":true}`, ""}, 400, "value", "year")
	f(asking{"POST", "/retention/proposals", `{"months":3,"class":"user"}`, ""}, 400, "value", "class")
	f(asking{"POST", "/retention/proposals", `{"months":1201,"class":"background"}`, ""}, 400, "value", "months")
	f(asking{"POST", "/retention/proposals", `{"class":"all","months":12}`, ""}, 400, "value", "class")
	f(asking{"POST", "/retention/proposals", `{"class":"originals","server":"fs","months":12}`, ""}, 400, "value", "class")
	f(asking{"PUT", "/pool/rules", `{"copies":0,"warn_days":1,"move":[]}`, "*"}, 400, "value", "copies")
	f(asking{"PUT", "/pool/rules", `{"copies":1,"warn_days":1,"move":[{"days":1,"class":9},{"days":0,"class":9}]}`, "*"}, 400, "value", "move[1].days")
	f(asking{"PUT", "/pool/rules", `{"copies":1,"warn_days":1}`, "*"}, 400, "missing", "move")
	f(asking{"PUT", "/pool/rules", `{"copies":1,"warn_days":1,"move":[]}`, ""}, 428, "if_match", "")
	f(asking{"PUT", "/pool/encryption", `{"recipients":["AGE-SECRET-KEY-1X"],"identity":"/k"}`, "*"}, 400, "value", "recipients[0]")
	f(asking{"PUT", "/pool/encryption", `{"recipients":["passphrase"],"identity":""}`, "*"}, 400, "missing", "identity")
	f(asking{"PUT", "/pool/encryption", `{"recipients":[],"identity":"keys"}`, "*"}, 400, "value", "identity")
	f(asking{"PUT", "/pool/volumes/nas/limits", `{"quota":-1,"reserve":0}`, "*"}, 400, "value", "quota")
	f(asking{"PUT", "/pool/volumes/none/limits", `{"quota":1,"reserve":0}`, "*"}, 404, "not_there", "")
	f(asking{"PUT", "/pool/volumes/nas/limits", `{"quota":1,"reserve":0}`, `"other"`}, 412, "changed", "")
	f(asking{"POST", "/care", `{"kind":"drain"}`, ""}, 400, "missing", "volume")
	f(asking{"POST", "/care", `{"kind":"replace","volume":"a"}`, ""}, 400, "missing", "with")
	f(asking{"POST", "/care", `{"kind":"import"}`, ""}, 400, "value", "kind")
	f(asking{"POST", "/care", `{"kind":"renew"}`, ""}, 400, "missing", "hash")
	f(asking{"POST", "/care", `{"kind":"renew","hash":"sha256"}`, ""}, 400, "value", "hash")
	f(asking{"POST", "/care", `{"kind":"renew","hash":"sha512","rate":100001}`, ""}, 400, "value", "rate")
	f(asking{"POST", "/care", `{"kind":"verify","hash":"sha512"}`, ""}, 400, "value", "hash")
	f(asking{"POST", "/pool/volumes", `{"name":"x"}`, ""}, 400, "missing", "path")
	f(asking{"POST", "/pool/volumes", `{"bucket":{"endpoint":"ftp://x","bucket":"b","keys":"env:X"}}`, ""}, 400, "value", "endpoint")
	f(asking{"POST", "/pool/volumes", `{"bucket":{"endpoint":"https://x","bucket":"b","keys":"AKIA123"}}`, ""}, 400, "value", "keys")
	f(asking{"POST", "/pool/volumes", `{"bucket":{"endpoint":"https://x","bucket":"b","keys":"env:X"},"path":"/x"}`, ""}, 400, "value", "path")
	f(asking{"PATCH", "/pool/volumes/nas", `{"class":10,"state":"active"}`, ""}, 400, "value", "class")
	f(asking{"PUT", "/settings/language", `{"language":"fr"}`, "*"}, 400, "value", "language")
	f(asking{"PUT", "/settings/background", `{"accounts":[]}`, "*"}, 400, "missing", "addresses")
	f(asking{"PUT", "/settings/background", `{"accounts":["a"],"addresses":[],"processes":[]}`, ""}, 428, "if_match", "")
	f(asking{"PUT", "/settings/background", `{"accounts":["a"],"addresses":[],"processes":[]}`, `"other"`}, 412, "changed", "")
	f(asking{"POST", "/people", `{"name":"a b","roles":["viewer"]}`, ""}, 400, "value", "name")
	f(asking{"POST", "/people", `{"name":"eve","roles":["viewer"]}`, ""}, 409, "taken", "name")
	f(asking{"POST", "/people", `{"name":"joe","roles":["king"]}`, ""}, 400, "value", "roles")
	f(asking{"POST", "/people", `{"name":"joe","roles":["viewer"],"folders":["x"]}`, ""}, 400, "value", "scope")
	f(asking{"POST", "/people", `{"name":"joe","roles":["officer"]}`, ""}, 409, "needs_other", "roles")
	f(asking{"PUT", "/people/1/grant", `{"roles":["viewer"],"servers":[],"folders":[]}`, "*"}, 403, "own", "")
	f(asking{"PUT", "/people/3/grant", `{"roles":["viewer"],"servers":[],"folders":[]}`, ""}, 428, "if_match", "")
	f(asking{"PUT", "/people/3/grant", `{"roles":["viewer"],"servers":[],"folders":[]}`, `"other"`}, 412, "changed", "")
	f(asking{"POST", "/people/1/disable", `{}`, ""}, 403, "own", "")
	f(asking{"POST", "/people/77/disable", `{}`, ""}, 404, "not_there", "")
	f(asking{"POST", "/me/tokens", `{"name":"x","rights":["approve"],"days":7}`, ""}, 400, "value", "rights")
	f(asking{"POST", "/me/tokens", `{"name":"x","rights":["all"],"days":7}`, ""}, 400, "value", "rights[0]")
	f(asking{"POST", "/me/tokens", `{"name":"x","rights":["see"],"days":400}`, ""}, 400, "value", "rights")
	f(asking{"POST", "/proposals/9/decision", `{"decision":"approved"}`, ""}, 404, "not_there", "")
	f(asking{"POST", "/proposals/9/decision", `{"decision":"yes"}`, ""}, 400, "value", "decision")
	f(asking{"POST", "/retention/confirmation", `{"ground":"x"}`, ""}, 428, "if_match", "")
	f(asking{"POST", "/retention/confirmation", `{"ground":"x"}`, `"x"`}, 409, "no_proposal", "")
	m.care.waiting = waitingTerms()
	f(asking{"POST", "/retention/confirmation", `{"ground":"x"}`, `"x"`}, 412, "changed", "")
	f(asking{"POST", "/retention/confirmation", `{"ground":"x"}`, "*"}, 412, "changed", "")
	m.care.waiting[0].By = "ANN"
	mark := (&care.Retention{Waiting: m.care.waiting}).Mark()
	f(asking{"POST", "/retention/confirmation", `{"ground":"x"}`, `"` + care.Mark(mark) + `"`}, 403, "own", "")
	f(asking{"POST", "/people/3/enable", "", ""}, 415, "media", "")
	c.v.Scope.Servers = []string{"fs"}
	for _, x := range changes() {
		p, _, _ := strings.Cut(strings.TrimPrefix(x.path, "/"), "/")
		if x.method == "GET" && x.path != "/settings/folders" || !slices.Contains([]string{"holds", "retention", "pool"}, p) && !strings.Contains(x.path, "folders") {
			continue
		}
		f(x, 403, "restricted", "")
	}
	f(asking{"POST", "/care", `{"kind":"expire"}`, ""}, 403, "restricted", "")
}

// TestTokensChangeLess: a token does what its rights are for, and nothing that only a
// person may do.
func TestTokensChangeLess(t *testing.T) {
	m := many(1)
	m.desk = newDesk(t)
	c := newClient(t, m)
	c.v = &account.Visitor{ID: 1, Name: "ann", Token: "script", Rights: account.AllRights &^ account.Approve}
	for _, x := range []struct {
		asking
		status int
	}{
		{asking{"POST", "/people", `{"name":"joe","roles":["viewer"]}`, ""}, 201}, {asking{"POST", "/people", `{"name":"max","roles":["admin"]}`, ""}, 403},
		{asking{"PUT", "/people/3/grant", `{"roles":["reviewer"],"servers":[],"folders":[]}`, "*"}, 200},
		{asking{"PUT", "/people/3/grant", `{"roles":["admin"],"servers":[],"folders":[]}`, "*"}, 403},
		{asking{"PUT", "/people/3/grant", `{"roles":["officer"],"servers":[],"folders":[]}`, "*"}, 403},
		{asking{"POST", "/people/3/disable", `{}`, ""}, 200}, {asking{"POST", "/people/3/reset", `{}`, ""}, 403},
		{asking{"GET", "/me/tokens", "", ""}, 403}, {asking{"POST", "/me/tokens", `{"name":"x","rights":["see"],"days":7}`, ""}, 403},
		{asking{"POST", "/retention/confirmation", `{"ground":"x"}`, "*"}, 403}, {asking{"POST", "/retention/proposals", `{"months":7}`, ""}, 201},
	} {
		if w := c.do(x.method, Prefix+x.path, x.body, x.header()...); w.Code != x.status {
			t.Errorf("%+v: %d %s, want %d", x.asking, w.Code, w.Body, x.status)
		}
	}
}

// TestSettingsByTwo: of two who saw the same, the second is told that it changed.
func TestSettingsByTwo(t *testing.T) {
	m := many(1)
	c := newClient(t, m)
	etag := c.do("GET", Prefix+"/settings/background", "").Header().Get("ETag")
	put := func(body, match string) int {
		return c.do("PUT", Prefix+"/settings/background", body, "If-Match", match).Code
	}
	if got := put(`{"accounts":["a"],"addresses":[],"processes":[]}`, etag); got != 200 || m.care.by.Name != "ann" || `"`+m.care.by.Seen+`"` != etag {
		t.Errorf("first: %d, %+v", got, m.care.by)
	}
	if got := put(`{"accounts":["b"],"addresses":[],"processes":[]}`, etag); got != 412 || m.care.bg.Accounts[0] != "a" {
		t.Errorf("second: %d", got)
	}
	m.notes = nil
	if got := put(`{"accounts":["a"],"addresses":[],"processes":[]}`, "*"); got != 200 || len(m.notes) > 0 {
		t.Errorf("the same again: %d, %v", got, m.notes)
	}
	m.care.refuse = care.ErrBusy
	if got := put(`{"accounts":["b"],"addresses":[],"processes":[]}`, "*"); got != 409 {
		t.Errorf("during an import: %d", got)
	}
	m.care.refuse, m.care.bad = nil, []care.SettingProblem{{Key: "background.accounts", Index: 1}}
	w := c.do("PUT", Prefix+"/settings/background", `{"accounts":["b","c*"],"addresses":[],"processes":[]}`, "If-Match", "*", "Accept-Language", "ja")
	if p := problemOf(t, w.Body.Bytes()); w.Code != 400 || p.Parameter != "accounts[1]" || !strings.Contains(p.Detail, "c*") {
		t.Errorf("a bad entry: %d %s", w.Code, w.Body)
	}
}

// TestSecretsStay: values of settings that nobody may see are told to nobody.
func TestSecretsStay(t *testing.T) {
	c := newClient(t, many(1))
	if w := c.do("GET", Prefix+"/settings", ""); strings.Contains(w.Body.String(), "geheim") || !strings.Contains(w.Body.String(), `D:`) {
		t.Errorf("%s", w.Body)
	}
	c.v.Scope.Folders = []string{`D:\y`}
	if w := c.do("GET", Prefix+"/settings", ""); strings.Contains(w.Body.String(), `D:`) {
		t.Errorf("%s", w.Body)
	}
	if w := c.do("GET", Prefix+"/retention", ""); w.Code != 403 {
		t.Errorf("%d", w.Code)
	}
}
