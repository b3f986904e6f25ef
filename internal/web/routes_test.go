package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/account/accounttest"
	"github.com/akashi-audit/akashi/internal/trail"
)

// emptyTrail is a trail of nothing.
type emptyTrail struct{}

func (emptyTrail) Read(context.Context, trail.Filter) (*trail.Page, error) { return &trail.Page{}, nil }

// roleSite is the site with a desk, and as many visitors as there are roles.
func roleSite(t *testing.T, who func() *account.Visitor) (*site, http.Handler, *account.Desk) {
	t.Helper()
	desk := accounttest.Desk(t)
	s := &site{cfg: Config{
		Source: company(50), Now: testNow, Language: "en", Desk: desk, Trail: emptyTrail{}, Visitor: func(*http.Request) *account.Visitor { return who() },
	}}
	h, err := New(s.cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s, desk.Handler(h), desk
}

// visitors are who asks in TestEveryRoute. The token is one that searches only.
func visitors() map[string]*account.Visitor {
	m := map[string]*account.Visitor{"nobody": nil, "token": {ID: 9, Name: "t", Rights: account.See, Token: "script"}}
	for i, r := range account.Roles() {
		m[string(r)] = &account.Visitor{ID: int64(i + 1), Name: string(r), Roles: []account.Role{r}, Rights: r.Rights()}
	}
	return m
}

// mayOpen says for every route who gets past the check of rights. A route that is not
// here fails the test: decide who may open it first.
func mayOpen() map[string]string {
	const (
		everybody = "nobody token viewer reviewer officer admin"
		loggedIn  = "token viewer reviewer officer admin"
		exporters = "reviewer officer admin"
		holders   = "officer admin"
		admins    = "admin"
	)
	return map[string]string{
		"GET /": everybody, "POST /look": everybody, "GET /login": everybody, "POST /login": everybody, "POST /login/code": everybody,
		"POST /login/demo": everybody, "GET /first": everybody, "POST /first": everybody,

		"GET /{$}": loggedIn, "GET /status-line": loggedIn, "GET /data": loggedIn, "GET /people": loggedIn, "GET /files": loggedIn, "GET /search": loggedIn,
		"GET /records/{id...}": loggedIn, "GET /kit": loggedIn, "GET /jobs": loggedIn, "GET /jobs/{id}": loggedIn, "POST /jobs/{id}/cancel": loggedIn,
		"GET /jobs/{id}/files/{name}": loggedIn, "POST /logout": loggedIn,
		"GET /latest": loggedIn, "GET /coverage": loggedIn, "GET /help": loggedIn, "GET /data/server": loggedIn, "GET /data/retention": loggedIn,
		"GET /settings": exporters, "POST /start/close": admins, "GET /settings/import": admins, "POST /settings/import": admins, "POST /settings/import/path": admins,
		"GET /settings/import/{id}": admins, "GET /settings/filters": admins, "POST /settings/filters": admins, "POST /settings/filters/reconvert": admins,
		"GET /settings/calendar": admins, "POST /settings/calendar": admins, "GET /settings/folders": admins, "POST /settings/folders": admins, "GET /settings/retention": admins, "GET /settings/keys": admins,
		"POST /settings/keys/seal": admins, "GET /settings/keys/checkpoint": admins, "GET /settings/display": admins, "POST /settings/display": admins,
		"GET /settings/file": admins, "POST /data/care": admins, "POST /data/restore": admins, "POST /data/retention": admins, "GET /data/pool": admins, "POST /data/pool": admins, "POST /data/pool/bucket": admins, "POST /data/pool/set": admins, "POST /data/pool/lost": admins,
		"POST /data/pool/limits": admins, "POST /data/pool/rules": admins, "POST /data/pool/encryption": admins, "POST /data/pool/takeover": admins,
		"GET /data/holds": holders, "POST /data/holds": holders, "POST /data/holds/release": holders,
		"POST /data/retention/confirm": "officer", "POST /records/{id}/unmask": "officer",
		"GET /search.csv": exporters, "GET /exports/new": exporters, "POST /exports": exporters,

		"GET /search/counts": loggedIn, "GET /search/rows": loggedIn, "GET /search/tail": loggedIn, "GET /paths": loggedIn, "GET /people/life": loggedIn,
		"GET /files/tree": loggedIn, "GET /files/usual": loggedIn, "GET /files/taken": loggedIn, "GET /around/{id...}": loggedIn,
		"GET /saved": loggedIn, "POST /saved": loggedIn, "POST /saved/change": loggedIn,

		"GET /me": loggedIn, "POST /me/preferences": loggedIn, "POST /me/password": loggedIn, "GET /me/second.svg": loggedIn, "POST /me/second": loggedIn,
		"POST /me/second/recovery": loggedIn, "POST /me/second/drop": loggedIn, "POST /me/tokens": loggedIn, "POST /me/tokens/{id}/revoke": loggedIn,

		"GET /settings/people": admins, "POST /settings/people": admins, "GET /settings/people/{id}": admins, "POST /settings/people/{id}/grant": admins,
		"POST /settings/people/{id}/disable": admins, "POST /settings/people/{id}/enable": admins, "POST /settings/people/{id}/reset": admins,
		"POST /settings/people/{id}/tokens/{token}/revoke": admins,

		"GET /approvals": "officer", "POST /approvals/{id}": loggedIn, "GET /trail": exporters,
	}
}

func TestEveryRoute(t *testing.T) {
	all := mayOpen()
	s, _, _ := roleSite(t, func() *account.Visitor { return nil })
	handlers := map[string]http.Handler{}
	for name, v := range visitors() {
		_, handlers[name], _ = roleSite(t, func() *account.Visitor { return v })
	}
	for _, rt := range s.table() {
		may, ok := all[rt.pattern]
		if !ok {
			t.Errorf("%s: nobody decided who may open it", rt.pattern)
			continue
		}
		delete(all, rt.pattern)
		method, path, _ := strings.Cut(rt.pattern, " ")
		path = regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(strings.ReplaceAll(path, "{$}", ""), "1")
		if path == "/" && !strings.HasSuffix(rt.pattern, "{$}") {
			path = "/no-such-page"
		}
		for name, h := range handlers {
			r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(""))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			refused := w.Code == http.StatusForbidden || w.Code == http.StatusUnauthorized ||
				w.Code == http.StatusSeeOther && strings.HasPrefix(w.Header().Get("Location"), "/login") && (name == "nobody" || path != "/logout")
			if path == "/first" { // the code is refused, whoever asks
				refused = w.Code != http.StatusForbidden && w.Code != http.StatusUnprocessableEntity
			}
			if want := slices.Contains(strings.Fields(may), name); refused == want {
				t.Errorf("%s as %s: status %d %s, may open it %v", rt.pattern, name, w.Code, w.Header().Get("Location"), want)
			}
			if name == "nobody" && !strings.Contains(may, "nobody") && w.Code != http.StatusSeeOther {
				t.Errorf("%s as nobody: status %d, want the log-in", rt.pattern, w.Code)
			}
		}
	}
	for p := range all {
		t.Errorf("%s does not exist", p)
	}
}

func TestSafeNext(t *testing.T) {
	f := func(next, want string) {
		t.Helper()
		if got := safeNext(next); got != want {
			t.Errorf("safeNext(%q) = %q, want %q", next, got, want)
		}
	}
	f("/people?path=a%2Fb", "/people?path=a%2Fb")
	f("/records/FS01:Security:0:1:0", "/records/FS01:Security:0:1:0")
	f("/%E7%B5%A6%E4%B8%8E", "/%E7%B5%A6%E4%B8%8E")
	for _, bad := range []string{
		"", "//evil.example", "//evil.example/x", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "javascript:alert(1)", "/\t/evil.example",
		"/\n/evil.example", " /x", "evil.example", "/%2f/evil.example/..//x\r\nSet-Cookie: a=b", "http:/x", "/login", "/login?next=/x", "/logout", "/first?code=x", "/login/demo", "//login", "/" + strings.Repeat("a", 50_000),
	} {
		if got := safeNext(bad); got != "/" {
			t.Errorf("safeNext(%.60q) = %.60q", bad, got)
		}
	}
}

func FuzzSafeNext(f *testing.F) {
	f.Add("/%2f%2fevil.example")
	f.Add("/.//evil.example")
	f.Add("/@evil.example")
	f.Fuzz(func(t *testing.T, next string) {
		got := safeNext(next)
		base, err := url.Parse("https://akashi.example/login")
		if err != nil {
			t.Fatal(err)
		}
		u, err := base.Parse(got)
		if err != nil || u.Host != "akashi.example" || u.Scheme != "https" || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n\t") {
			t.Errorf("safeNext(%q) = %q leads to %v, %v", next, got, u, err)
		}
	})
}

func TestAskToLogIn(t *testing.T) {
	_, h, _ := roleSite(t, func() *account.Visitor { return nil })
	res, _ := get(t, h, "/people?path=a&x=%2F%2F")
	if loc := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || loc != "/login?next=%2Fpeople%3Fpath%3Da%26x%3D%252F%252F" {
		t.Errorf("%d %s", res.StatusCode, loc)
	}
	res, _ = get(t, h, "/people?path=a", "HX-Request", "true", "HX-Current-URL", "https://akashi.example/people?path=b")
	if to := res.Header.Get("HX-Redirect"); res.StatusCode != http.StatusUnauthorized || to != "/login?next=%2Fpeople%3Fpath%3Db" {
		t.Errorf("a part of a page: %d %s", res.StatusCode, to)
	}
	for _, lang := range []string{"ja", "en"} {
		res, body := get(t, h, "/login?next=%2F%2Fevil.example", "Accept-Language", lang)
		if res.StatusCode != http.StatusOK || strings.Contains(body, `"//`) || strings.Contains(body, "<nav") {
			t.Errorf("%s log-in: %d", lang, res.StatusCode)
		}
		checkHTML(t, "log-in", body)
	}
}

// TestWhatMustBeDoneFirst: a person who must choose a password opens nothing else.
func TestWhatMustBeDoneFirst(t *testing.T) {
	v := &account.Visitor{ID: 0, Name: "x", Needs: account.NeedsPassword}
	_, h, _ := roleSite(t, func() *account.Visitor { return v })
	if res, _ := get(t, h, "/search"); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/me" {
		t.Errorf("search: %d %s", res.StatusCode, res.Header.Get("Location"))
	}
	if res, _ := get(t, h, "/me"); res.StatusCode != http.StatusOK {
		t.Errorf("own page: %d", res.StatusCode)
	}
}

// TestTheVisitorsChoice: language, zone and rows of the person.
func TestTheVisitorsChoice(t *testing.T) {
	v := &account.Visitor{ID: 1, Name: "x", Rights: account.See, Lang: "en", Zone: "America/New_York", Dense: true}
	_, h, _ := roleSite(t, func() *account.Visitor { return v })
	_, body := get(t, h, "/search", "Accept-Language", "ja")
	for _, want := range []string{`<html lang="en"`, "America/New_York", `class="dense"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not hold %s", want)
		}
	}
	if _, body = get(t, h, "/search", "Cookie", "akashi_lang=ja"); !strings.Contains(body, `<html lang="ja"`) {
		t.Error("the choice in this browser does not count")
	}
}
