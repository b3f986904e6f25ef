package web

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/record"
)

func newSite(t testing.TB, src Source) http.Handler {
	t.Helper()
	h, err := New(Config{
		Source: src, Now: testNow, Version: "test",
		Visitor: func(*http.Request) *account.Visitor { return &account.Visitor{Name: "t", Rights: account.AllRights} },
		Rules: []Rule{{ID: "X1", Source: "6", Certain: true, Words: Words{Ja: "ファイルのデータが読まれた(4663)。", En: "Data of the file was read (4663)."},
			Can: Words{"読み取り", "a read"}, Cannot: Words{"人が見たこと", "that a person looked"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func get(t testing.TB, h http.Handler, target string, header ...string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	res := w.Result()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

// follow is get that follows redirects, as a browser does.
func follow(t testing.TB, h http.Handler, target string, header ...string) (*http.Response, string) {
	t.Helper()
	for range 3 {
		res, body := get(t, h, target, header...)
		if res.StatusCode != http.StatusSeeOther {
			return res, body
		}
		target = res.Header.Get("Location")
	}
	t.Fatalf("GET %s: redirected without end", target)
	return nil, ""
}

// checkHTML finds what a strict policy forbids and words that are missing.
func checkHTML(t *testing.T, where, body string) {
	t.Helper()
	if m := regexp.MustCompile(`web\.[a-z_]+\.[a-z_.0-9]+`).FindString(body); m != "" {
		t.Errorf("%s: message key %q has no words", where, m)
	}
	for _, bad := range []string{"\u202e", "\u200b", "\x01", "<img src=x", "ZgotmplZ"} {
		if strings.Contains(body, bad) {
			t.Errorf("%s: the page holds %q", where, bad)
		}
	}
	for z := html.NewTokenizer(strings.NewReader(body)); ; {
		tt := z.Next()
		if tt == html.ErrorToken {
			return
		}
		tok := z.Token()
		src := false
		for _, a := range tok.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Val, "javascript:") {
				t.Errorf("%s: <%s %s=%q>", where, tok.Data, a.Key, a.Val)
			}
			src = src || a.Key == "src"
		}
		if tok.Data == "style" || tok.Data == "script" && tt == html.StartTagToken && !src {
			t.Errorf("%s: inline <%s>", where, tok.Data)
		}
	}
}

func TestPages(t *testing.T) {
	m := company(2000)
	h := newSite(t, m)
	targets := []string{
		"/", "/people", "/files", "/search", "/data", "/people?path=%E7%B5%A6%E4%B8%8E", "/files?user=sato.takeshi&period=7d",
		"/search?op=delete&result=success&noise=1&network=1", "/search?path=onerror", "/files?user=nobody", "/search?from=x",
		"/records/" + escapePath(m.records[0].ID().String()),
	}
	for _, lang := range []string{"ja", "en"} {
		for _, target := range targets {
			res, body := follow(t, h, target, "Accept-Language", lang)
			where := lang + " " + target
			if res.StatusCode != http.StatusOK {
				t.Errorf("%s: status %d", where, res.StatusCode)
			}
			if !strings.Contains(body, `<html lang="`+lang+`">`) {
				t.Errorf("%s: wrong language", where)
			}
			if res.Header.Get("Content-Security-Policy") == "" || res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: header missing", where)
			}
			checkHTML(t, where, body)
		}
	}
}

func TestHostileNameIsShownVisibly(t *testing.T) {
	m := company(300)
	_, body := follow(t, newSite(t, m), "/search?path=onerror", "Accept-Language", "ja")
	for _, want := range []string{`\u{202e}`, `\u{200b}`, `\u{1}`, "&lt;img src=x onerror=alert(1)&gt;"} {
		if !strings.Contains(body, want) {
			t.Errorf("page does not hold %q", want)
		}
	}
	for i := range m.records {
		if r := &m.records[i]; strings.Contains(r.Path, "onerror") {
			res, body := get(t, newSite(t, m), recordURL(r.ID()))
			if res.StatusCode != http.StatusOK {
				t.Errorf("record page: status %d", res.StatusCode)
			}
			checkHTML(t, "record", body)
		}
	}
}

func TestErrors(t *testing.T) {
	f := func(target string, want int) {
		t.Helper()
		res, body := get(t, newSite(t, company(50)), target)
		if res.StatusCode != want {
			t.Errorf("GET %s = %d, want %d", target, res.StatusCode, want)
		}
		if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
			checkHTML(t, target, body)
		}
	}
	f("/nothing", 404)
	f("/records/x", 404)
	f("/records/FS01:Security:0:999999:0", 404)
	f("/static/..%2fmanifest.json", 404)
	f("/static/none.css", 404)
	m := company(50)
	m.fail = errors.New("secret reason")
	res, body := get(t, newSite(t, m), "/search")
	if res.StatusCode != http.StatusInternalServerError || strings.Contains(body, "secret") {
		t.Errorf("failing source: status %d, body tells the reason: %v", res.StatusCode, strings.Contains(body, "secret"))
	}
}

func TestEmptyFolder(t *testing.T) {
	m := &memory{status: Status{Dir: "/srv/a b", Running: &Progress{Files: 12, FilesDone: 3, Bytes: 100, BytesDone: 40, Left: 95 * time.Second}}}
	var notes []string
	h := dashSite(t, m, told{}, func(c *Config) {
		c.Note = func(_ context.Context, action, _, _ string) error {
			notes = append(notes, action)
			return nil
		}
	})
	for _, target := range []string{"/", "/people", "/search", "/data", "/coverage"} {
		_, body := get(t, h, target, "Accept-Language", "en")
		for _, want := range []string{`hx-select="#main"`, `value="40"`, "3 of 12 files", `hx-get="/status-line"`} {
			if !strings.Contains(body, want) {
				t.Errorf("%s does not hold %q", target, want)
			}
		}
		checkHTML(t, target, body)
	}
	if slices.Contains(notes, "coverage") {
		t.Error("a page that waits for the first import writes into the trail each time")
	}
	m.status.Running = nil
	_, body := get(t, h, "/", "Accept-Language", "en")
	if !strings.Contains(body, `href="/settings/import"`) || !strings.Contains(body, "akashi demo --serve demo") {
		t.Error("an empty folder does not say what to do next")
	}
	m.status.Demo = true
	for _, target := range []string{"/", "/search", "/coverage"} {
		_, body = get(t, h, target, "Accept-Language", "en")
		if !strings.Contains(body, "is making the logs") || !strings.Contains(body, `hx-select="#main"`) || strings.Contains(body, "akashi demo --serve demo") {
			t.Errorf("%s of a demonstration whose logs are being made does not say so", target)
		}
	}
	_, body = get(t, h, "/status-line", "HX-Request", "true")
	if !strings.HasPrefix(strings.TrimSpace(body), `<div class="line"`) {
		t.Errorf("status line is a whole page: %.60s", body)
	}
}

func TestLanguage(t *testing.T) {
	f := func(accept, cookie, want string) {
		t.Helper()
		_, body := get(t, newSite(t, company(10)), "/", "Accept-Language", accept, "Cookie", cookie)
		if !strings.Contains(body, `<html lang="`+want+`">`) {
			t.Errorf("Accept-Language %q, cookie %q: want %s", accept, cookie, want)
		}
	}
	f("", "", "ja")
	f("en-GB,en;q=0.9", "", "en")
	f("fr,en;q=0.5,ja;q=0.4", "", "en")
	f("de", "", "ja")
	f("en", "akashi_lang=ja", "ja")
	f("en", "akashi_lang=<x>", "en")
	res, _ := get(t, newSite(t, company(10)), "//evil.example/x?lang=en&a=1")
	if loc := res.Header.Get("Location"); strings.HasPrefix(loc, "//") || strings.Contains(loc, "://") {
		t.Errorf("language switch goes to another host: %s", loc)
	}
	res, _ = get(t, newSite(t, company(10)), "/search?lang=en&op=read")
	if loc := res.Header.Get("Location"); loc != "/search?op=read" || len(res.Cookies()) != 1 {
		t.Errorf("language switch: %s, cookies %v", loc, res.Cookies())
	}
}

func TestParts(t *testing.T) {
	h := newSite(t, company(2000))
	res, body := get(t, h, "/people?what=%E7%B5%A6%E4%B8%8E&how=part&from=&to=&period=", "HX-Request", "true")
	if got := res.Header.Get("HX-Push-Url"); got != "/people?path=%E7%B5%A6%E4%B8%8E" {
		t.Errorf("HX-Push-Url = %q", got)
	}
	if !strings.HasPrefix(body, `<div id="results"`) {
		t.Errorf("results part begins %.60q", body)
	}
	if !strings.Contains(res.Header.Get("Vary"), "HX-Request") {
		t.Errorf("Vary = %q", res.Header.Values("Vary"))
	}
	next := regexp.MustCompile(`hx-get="(/people[^"]*cursor=[^"]*)"`).FindStringSubmatch(body)
	if next == nil {
		t.Fatal("no more button")
	}
	_, more := get(t, h, html.UnescapeString(next[1]), "HX-Request", "true")
	if !strings.HasPrefix(more, "<hx-partial") || strings.Count(more, "<tr") != 100 || !strings.Contains(more, `id="next"`) {
		t.Errorf("more: %d rows, begins %.60q", strings.Count(more, "<tr"), more)
	}
	_, page := get(t, h, html.UnescapeString(next[1]))
	if strings.Count(page, "data-row") != 100 || !strings.Contains(page, "<!doctype html>") {
		t.Errorf("without script the next page has %d rows", strings.Count(page, "data-row"))
	}
}

func TestCSV(t *testing.T) {
	m := company(1500)
	h := newSite(t, m)
	res, body := get(t, h, "/search.csv?page=search&noise=1&network=1", "Accept-Language", "ja")
	if ct := res.Header.Get("Content-Type"); ct != "text/csv; charset=utf-8" {
		t.Errorf("Content-Type = %q", ct)
	}
	text, ok := strings.CutPrefix(body, "\ufeff")
	if !ok {
		t.Error("no byte order mark")
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(m.records)+1 || len(rows[0]) != len(record.Fields()) {
		t.Errorf("%d rows of %d cells, want %d of %d", len(rows), len(rows[0]), len(m.records)+1, len(record.Fields()))
	}
	if rows[0][1] != "日時" || !strings.HasSuffix(rows[1][1], "+09:00") {
		t.Errorf("head %q, time %q", rows[0][1], rows[1][1])
	}
	guarded := false
	for _, r := range rows[1:] {
		for i, c := range r {
			if c != "" && strings.ContainsAny(c[:1], "=+-@\t\r") {
				t.Errorf("column %s: %q runs as a formula", rows[0][i], c)
			}
			guarded = guarded || c == "'=cmd|'/c calc'!A0"
		}
	}
	if !guarded {
		t.Error("the formula in a file name is missing")
	}
}

func TestAssetsAreSmall(t *testing.T) {
	a, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(a.files[a.names["app.css"]+".gz"]); n == 0 || n > 15<<10 {
		t.Errorf("CSS has %d bytes compressed, want at most %d", n, 15<<10)
	}
	if n := len(a.files[a.names["app.js"]+".gz"]) + len(a.files[a.names["htmx.js"]+".gz"]) + len(a.files[a.names["search.js"]+".gz"]); n > 60<<10 {
		t.Errorf("JavaScript has %d bytes compressed, want at most %d", n, 60<<10)
	}
	res, _ := get(t, newSite(t, company(10)), a.url("app.css"), "Accept-Encoding", "gzip")
	if res.Header.Get("Content-Encoding") != "gzip" || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("headers of a built file: %v", res.Header)
	}
}

func FuzzFormIsStable(f *testing.F) {
	f.Add("what=a&how=file&from=2026-11-01&op=read&op=x&user=a,b")
	f.Add("period=7d&from=2026-01-01&cursor=%ff&path=%22C:%5Ca%22")
	f.Add("q=user:a,%22b%2Cc%22+-path:x+last:7d+class:all+rule:y&user=z&to=2026-11-20")
	f.Add("q=from:2026-10-25T00:30Z+%22%5Cu%7Bd800%7D%22+a+b&what=c&how=folder&noise=1&network=1")
	f.Fuzz(func(t *testing.T, raw string) {
		fm := parseForm(&url.URL{Path: "/search", RawQuery: raw}, tokyo(), testNow())
		once := fm.url()
		u, err := url.Parse(once)
		if err != nil {
			t.Fatalf("url() = %q: %v", once, err)
		}
		if len(fm.Problems) == 0 && parseForm(u, tokyo(), testNow()).url() != once {
			t.Errorf("form %q: address %q is not its own address", raw, once)
		}
		fm.query() // must not panic
	})
}

func TestRefusalsAreNoUse(t *testing.T) {
	m := company(400)
	for i := range m.records {
		r := &m.records[i]
		r.Result = record.Success
		if strings.HasSuffix(r.User, "ito.kenta") || i%10 == 0 {
			r.Result = record.Denied
		}
	}
	h := newSite(t, m)
	_, body := get(t, h, "/people?path=%E5%85%B1%E6%9C%89", "Accept-Language", "en")
	if !strings.Contains(body, "1 more was only refused") {
		t.Error("who was only refused counts as a user")
	}
	for _, target := range []string{"/people?path=%E5%85%B1%E6%9C%89&result=denied", "/people?path=%E5%85%B1%E6%9C%89&result=success"} {
		if res, body := get(t, h, target); res.StatusCode != http.StatusOK || !strings.Contains(body, `id="people"`) {
			t.Errorf("%s: status %d or no people", target, res.StatusCode)
		}
	}
}

// Network log-ons are left out until the link beside the results is followed.
func TestNetworkLogonsAreHidden(t *testing.T) {
	h := newSite(t, company(1500))
	const link, cell = `href="/search?network=1"`, "Log-on type: network (3)"
	_, body := get(t, h, "/search", "Accept-Language", "en")
	if !strings.Contains(body, link) || strings.Contains(body, cell) {
		t.Errorf("link %v, network log-ons shown %v", strings.Contains(body, link), strings.Contains(body, cell))
	}
	_, body = get(t, h, "/search?network=1", "Accept-Language", "en")
	if strings.Contains(body, link) || !strings.Contains(body, cell) {
		t.Errorf("when shown: link %v, network log-ons shown %v", strings.Contains(body, link), strings.Contains(body, cell))
	}
	if _, body = get(t, h, "/people?path=a", "Accept-Language", "en"); strings.Contains(body, "show network") {
		t.Error("a search for files offers log-ons")
	}
}

func TestTheProgramIsNoServer(t *testing.T) {
	m := company(60)
	x := m.records[0]
	x.Server, x.FirstID, x.Path = record.OwnServer, 1, "akashi.toml [background]"
	m.records = append(m.records, x)
	h := newSite(t, m)
	const facet = "server=%28akashi%29"
	if _, body := get(t, h, "/search?path=o"); strings.Contains(body, facet) {
		t.Error("the program itself stands in the list of servers")
	}
	if _, body := get(t, h, "/search?"+facet); !strings.Contains(body, "akashi.toml [background]") {
		t.Error("its own record is not found when it is asked for")
	}
}
