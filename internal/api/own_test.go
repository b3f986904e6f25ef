package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/care"
)

// own is a person at his browser.
type own struct {
	t      *testing.T
	m      *memory
	h      http.Handler
	cookie string
}

// browser logs ann in.
func browser(t *testing.T, m *memory) *own {
	t.Helper()
	c := newClient(t, m)
	in := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := m.desk.LogIn(r.Context(), account.Credentials{Name: "ann", Password: testPassword}, ""); err != nil {
			t.Error(err)
		}
	})
	mux := http.NewServeMux()
	mux.Handle("/login", in)
	mux.Handle("/", c.h)
	b := &own{t: t, m: m, h: m.desk.Handler(mux)}
	b.do(asking{"POST", "/../../login", "", ""})
	if b.cookie == "" {
		t.Fatal("no session")
	}
	return b
}

func (b *own) do(x asking) *httptest.ResponseRecorder {
	b.t.Helper()
	path := Prefix + x.path
	if strings.HasSuffix(path, "/login") {
		path = "/login"
	}
	r := httptest.NewRequestWithContext(b.t.Context(), x.method, path, strings.NewReader(x.body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Cookie", b.cookie)
	if x.match != "" {
		r.Header.Set("If-Match", x.match)
	}
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r)
	for _, k := range w.Result().Cookies() {
		b.cookie = k.Name + "=" + k.Value
	}
	return w
}

// TestOwnAccount: a person changes password and second factor with the present password
// only, and the document says what the answers are.
func TestOwnAccount(t *testing.T) {
	m := many(1)
	m.desk = newDesk(t)
	b := browser(t, m)
	doc := newDocument(t)
	f := func(x asking, status int, code, field string) []byte {
		t.Helper()
		w := b.do(x)
		doc.check(t, x, w)
		if w.Code != status {
			t.Fatalf("%s %s: %d %s, want %d", x.method, x.path, w.Code, w.Body, status)
		}
		if code != "" {
			if p := problemOf(t, w.Body.Bytes()); p.Code != code || p.Parameter != field {
				t.Errorf("%s %s: %s, want %s %s", x.method, x.path, w.Body, code, field)
			}
		}
		return w.Body.Bytes()
	}
	const pw = `"password":"` + testPassword + `"`
	f(asking{"GET", "/me/second-factor", "", ""}, 200, "", "")
	f(asking{"POST", "/me/second-factor/secret", `{}`, ""}, 400, "missing", "password")
	f(asking{"POST", "/me/second-factor/secret", `{"password":"wrong"}`, ""}, 400, "value", "password")
	var s struct{ Secret, URL string }
	if err := json.Unmarshal(f(asking{"POST", "/me/second-factor/secret", "{" + pw + "}", ""}, 200, "", ""), &s); err != nil {
		t.Fatal(err)
	}
	if u, err := url.Parse(s.URL); err != nil || u.Query().Get("secret") != s.Secret {
		t.Errorf("%+v, %v", s, err)
	}
	code, err := hotp.GenerateCodeCustom(s.Secret, uint64(time.Now().Unix()/30), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		t.Fatal(err)
	}
	f(asking{"POST", "/me/second-factor", `{` + pw + `,"code":"12345"}`, ""}, 400, "value", "code")
	f(asking{"POST", "/me/second-factor", `{"password":"wrong","code":"` + code + `"}`, ""}, 400, "value", "password")
	var l struct {
		Codes []string `json:"recovery_codes"`
	}
	if err := json.Unmarshal(f(asking{"POST", "/me/second-factor", `{` + pw + `,"code":"` + code + `"}`, ""}, 201, "", ""), &l); err != nil || len(l.Codes) != 10 {
		t.Errorf("%+v, %v", l, err)
	}
	f(asking{"POST", "/me/second-factor/secret", "{" + pw + "}", ""}, 409, "done_already", "")
	f(asking{"POST", "/me/second-factor/recovery-codes", "{" + pw + "}", ""}, 201, "", "")
	f(asking{"POST", "/me/second-factor/off", `{"password":"x"}`, ""}, 400, "value", "password")
	f(asking{"POST", "/me/second-factor/off", "{" + pw + "}", ""}, 204, "", "")
	f(asking{"POST", "/me/password", `{` + pw + `,"new_password":"short"}`, ""}, 400, "value", "new_password")
	f(asking{"POST", "/me/password", `{"password":"x","new_password":"five strange words here"}`, ""}, 400, "value", "password")
	other := *b
	before := b.cookie
	f(asking{"POST", "/me/password", `{` + pw + `,"new_password":"five strange words here"}`, ""}, 204, "", "")
	if b.cookie == before {
		t.Error("the session goes on under the old cookie")
	}
	f(asking{"GET", "/me", "", ""}, 200, "", "")
	if w := other.do(asking{"GET", "/me", "", ""}); w.Code != 401 {
		t.Errorf("the session of before: %d", w.Code)
	}
	for range 12 { // wrong passwords are counted
		if w := b.do(asking{"POST", "/me/second-factor/off", `{"password":"x"}`, ""}); w.Code == 429 && w.Header().Get("Retry-After") != "" {
			doc.done(t, "/me/second-factor", "/me/password")
			if want := []string{"people.second ann", "people.recovery ann", "people.second_off ann", "people.password ann"}; !slices.Equal(m.notes, want) {
				t.Errorf("noted %q", m.notes)
			}
			return
		}
	}
	t.Error("wrong passwords cost nothing")
}

// TestTokensAreNotTheirPerson: a token reads and changes preferences, and nothing by which
// one becomes the person; nor does the visitor of a demonstration.
func TestTokensAreNotTheirPerson(t *testing.T) {
	m := many(1)
	m.desk = newDesk(t)
	c := newClient(t, m)
	const pw = `"password":"` + testPassword + `"`
	for _, x := range []asking{
		{"POST", "/me/password", `{` + pw + `,"new_password":"five strange words here"}`, ""}, {"POST", "/me/second-factor/secret", `{` + pw + `}`, ""},
		{"POST", "/me/second-factor", `{` + pw + `,"code":"123456"}`, ""}, {"POST", "/me/second-factor/off", `{` + pw + `}`, ""}, {"POST", "/me/second-factor/recovery-codes", `{` + pw + `}`, ""},
	} {
		c.v = &account.Visitor{ID: 1, Name: "ann", Token: "script", Rights: account.AllRights &^ account.Approve}
		if w := c.do(x.method, Prefix+x.path, x.body); w.Code != 403 || problemOf(t, w.Body.Bytes()).Code != "person_only" {
			t.Errorf("a token at %s: %d %s", x.path, w.Code, w.Body)
		}
		c.v = account.DemoVisitor()
		if w := c.do(x.method, Prefix+x.path, x.body); w.Code != 404 {
			t.Errorf("nobody at %s: %d %s", x.path, w.Code, w.Body)
		}
	}
	c.v = &account.Visitor{ID: 1, Name: "ann", Token: "script", Rights: account.See}
	etag := c.do("GET", Prefix+"/me/preferences", "").Header().Get("ETag")
	put := func(body, match string, status int, field string) {
		t.Helper()
		w := c.do("PUT", Prefix+"/me/preferences", body, "If-Match", match)
		if w.Code != status || field != "" && problemOf(t, w.Body.Bytes()).Parameter != field {
			t.Errorf("%s: %d %s, want %d %s", body, w.Code, w.Body, status, field)
		}
	}
	put(`{"shown":"安","language":"fr","zone":"","dense":false}`, etag, 400, "language")
	put(`{"shown":"安","language":"ja","zone":"Mars/Olympus","dense":false}`, etag, 400, "zone")
	put(`{"shown":"安","language":"ja","zone":"Asia/Tokyo","dense":true}`, etag, 200, "")
	put(`{"shown":"x","language":"ja","zone":"Asia/Tokyo","dense":true}`, etag, 412, "")
	put(`{"shown":"x","language":"ja","zone":"Asia/Tokyo","dense":true}`, "", 428, "")
	p, err := m.desk.Book().Person(t.Context(), 1)
	if want := (account.Preferences{Shown: "安", Lang: "ja", Zone: "Asia/Tokyo", Dense: true}); err != nil || p.Preferences() != want {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestPreview: what would be background is counted of what the asker finds.
func TestPreview(t *testing.T) {
	c := newClient(t, many(5))
	w := c.do("POST", Prefix+"/settings/background/preview", `{"accounts":["TANAKA","nobody"],"addresses":[],"processes":[]}`)
	var v struct {
		From          string
		Read, Records int
		Cut           bool
		Entries       []struct {
			Entry   string
			Records int
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || w.Code != 200 {
		t.Fatal(w.Code, w.Body, err)
	}
	if v.From != "2023-10-17" || v.Read != 5 || v.Records != 5 || v.Cut || len(v.Entries) != 2 || v.Entries[0].Records != 5 || v.Entries[1].Records != 0 {
		t.Errorf("%+v", v)
	}
}

// TestPoolByTwo: of two who saw the same, the second is told that it changed.
func TestPoolByTwo(t *testing.T) {
	m := many(1)
	c := newClient(t, m)
	for path, bodies := range map[string][2]string{
		"/pool/rules":              {`{"copies":2,"warn_days":60,"move":[{"days":30,"class":7}]}`, `{"copies":3,"warn_days":60,"move":[]}`},
		"/pool/encryption":         {`{"recipients":["passphrase"],"identity":"env:KEYS"}`, `{"recipients":[],"identity":""}`},
		"/pool/volumes/nas/limits": {`{"quota":5,"reserve":6}`, `{"quota":0,"reserve":0}`},
	} {
		etag := c.do("GET", Prefix+path, "").Header().Get("ETag")
		if w := c.do("PUT", Prefix+path, bodies[0], "If-Match", etag); w.Code != 200 || w.Header().Get("ETag") == etag || `"`+m.care.seen+`"` != etag {
			t.Errorf("%s: %d %s, seen %s", path, w.Code, w.Body, m.care.seen)
		}
		if w := c.do("PUT", Prefix+path, bodies[1], "If-Match", etag); w.Code != 412 {
			t.Errorf("%s by another: %d %s", path, w.Code, w.Body)
		}
	}
	if want := (care.Pool{Copies: 2, WarnDays: 60, Move: []care.MoveRule{{Days: 30, Class: 7}}}); m.care.rules.Copies != want.Copies || !slices.Equal(m.care.rules.Move, want.Move) || m.care.limits.Quota != 5 || m.care.encrypt.Identity != "env:KEYS" {
		t.Errorf("%+v %+v %+v", m.care.rules, m.care.limits, m.care.encrypt)
	}
}
