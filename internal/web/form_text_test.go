package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/akashi-audit/akashi/internal/query"
)

func formOf(page string, pairs ...string) *form {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return parseForm(&url.URL{Path: page, RawQuery: v.Encode()}, tokyo(), testNow())
}

// decoded is an address that people can read.
func decoded(u string) string {
	s, err := url.QueryUnescape(u)
	if err != nil {
		return u
	}
	return s
}

func TestTextFillsTheForm(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		fm := formOf("/search", "q", text)
		if got := decoded(fm.url()); got != want || len(fm.Problems) > 0 {
			t.Errorf("%s\n goes to %s %v\n want    %s", text, got, fm.Problems, want)
		}
	}
	f(`user:CORP\tanaka op:delete 給与`, `/search?op=delete&path=給与&user=CORP\tanaka`)
	f(`利用者：a、b　結果：拒否`, `/search?result=denied&user=a,b`)
	f(`file:"D:\a b.txt" server:fs01 client:PC-1`, `/search?client=PC-1&file=D:\a b.txt&server=fs01`)
	f(`folder:D:\共有\`, `/search?folder=D:\共有\`)
	f(`a b "c d"`, `/search?path=a&q=b "c d"`)
	f(`a folder:D:\x`, `/search?path=a&q=folder:"D:\x"`)
	f(`file:a,b`, `/search?q=file:a,b`)
	f(`user:a,"b,c"`, `/search?q=user:"b,c"&user=a`)
	f(`last:30d`, `/search?period=30d`)
	f(`last:7d last:30d`, `/search?period=7d`)
	f(`last:1d`, `/search?period=today`)
	f(`from:2026-10-24`, `/search?from=2026-10-24`)
	f(`last:4w`, `/search?from=2026-10-26`)
	f(`last:12h`, `/search?from=2026-11-22T06:30`)
	f(`from:2026-10-01 to:2026-10-31`, `/search?from=2026-10-01&to=2026-10-31`)
	f(`to:2026-10-31T12:30`, `/search?to=2026-10-31T12:30`)
	f(`class:all logons:shown`, `/search?network=1&noise=1`)
	f(`class:user -class:background`, `/search?q=class:user -class:background`)
	f(`class:system,user superseded:yes`, `/search?superseded=1`)
	f(`rule:x -user:b *.xlsx object:file sort:oldest session:7 limit:5`, `/search?q=path:*.xlsx object:file rule:x session:0x7 -user:b sort:oldest`)
	f(`"\u{202e}x" user:"\u{d800}"`, `/search?q="\u{202e}x" user:"\u{d800}"`)
}

func TestTextAndFieldsAddUp(t *testing.T) {
	fm := formOf("/search", "user", "a", "op", "read", "period", "30d", "noise", "1", "q", "user:b op:delete rule:x -path:y")
	want := `user:a,b op:read,delete rule:x class:all -path:y last:30d`
	if got := fm.Text(); got != want {
		t.Errorf("text %s, want %s", got, want)
	}
	if got := formOf("/people", "path", "x").Text(); got != "x" {
		t.Errorf("text of /people: %s", got)
	}
	if got := formOf("/people", "path", "x", "noise", "1").Text(); got != "x class:user,background" {
		t.Errorf("text of /people with background: %s", got)
	}
	if fm := formOf("/people", "q", "rule:x"); fm.empty() || !formOf("/people", "q", "sort:oldest").empty() {
		t.Error("a condition that no field shows counts, an order does not")
	}
}

// TestFormAndTextSayTheSame holds that a text finds the same as the form that it
// fills, that the form's text fills the same form, and that no address is
// redirected twice.
func TestFormAndTextSayTheSame(t *testing.T) {
	records := company(90).records
	terms := []string{
		"給与", "onerror", `"見積 x"`, `"a,b"`, "*.xlsx", "-*.pdf", "user:sato.takeshi", `user:CORP\ito.kenta,"x, y"`, "-user:tanaka.misaki", "op:read,delete", "op:copy",
		"-op:read", "result:success", "result:denied", `folder:D:\共有`, `-folder:"D:\共有\人事"`, "client:PC-031,192.0.2.12", "server:FS01", "object:file",
		"confidence:inferred", "rule:X1,R1", "session:0x3e7", "class:all", "class:user", "class:background", "class:user,system", "-class:background", "last:7d", "last:30d",
		"last:12h", "day:2026-11-20", "from:2026-11-01T09:30:15.5", "to:2026-11-20", "to:2026-11-21T00:30Z", "logons:shown", "superseded:no", "sort:oldest", "limit:3",
		`file:"D:\共有\経理\2026年度\請求書\名簿.csv"`, `"\u{202e}"`, "process:backup.exe",
	}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfNDistinct(rapid.SampledFrom(terms), 0, 6, rapid.ID).Draw(t, "terms"), " ")
		page := rapid.SampledFrom([]string{"/search", "/people"}).Draw(t, "page")
		want, err := query.ParseOnto(query.Query{HideNetworkLogons: true}, text, query.Clock{Now: testNow(), Zone: tokyo()})
		fm := formOf(page, "q", text)
		if err != nil {
			if fm.Wrong == nil || len(fm.Problems) == 0 {
				t.Fatalf("%s: %v is not shown", text, err)
			}
			return
		}
		if len(want.Classes) == 0 {
			want.Classes = fm.classes()
		}
		got := fm.query()
		a, b := query.NewMatcher(want), query.NewMatcher(got)
		for i := range records {
			if r := &records[i]; a.Match(r) != b.Match(r) {
				t.Fatalf("%s\nas a form %s\nrecord %v: text %v, form %v", text, decoded(fm.url()), r.ID(), a.Match(r), b.Match(r))
			}
		}
		if got.Oldest != want.Oldest {
			t.Fatalf("%s: order lost", text)
		}
		u, _ := url.Parse(fm.url())
		if again := parseForm(u, tokyo(), testNow()); again.url() != fm.url() {
			t.Fatalf("%s\ngoes to %s\nand to  %s", text, decoded(fm.url()), decoded(again.url()))
		}
		if again := formOf(page, "q", fm.Text()); again.url() != fm.url() {
			t.Fatalf("%s\ngoes to  %s\nits text %s\ngoes to  %s", text, decoded(fm.url()), fm.Text(), decoded(again.url()))
		}
	})
}

func TestConditionsOfTheTextAreChips(t *testing.T) {
	h := newSite(t, company(300))
	res, _ := get(t, h, "/search?"+url.Values{"q": {"user:sato.takeshi rule:X1 -op:copy"}}.Encode())
	where := res.Header.Get("Location")
	if res.StatusCode != http.StatusSeeOther || decoded(where) != "/search?q=rule:X1 -op:copy&user=sato.takeshi" {
		t.Fatalf("status %d, to %s", res.StatusCode, decoded(where))
	}
	_, body := get(t, h, where, "Accept-Language", "en")
	checkHTML(t, where, body)
	for _, want := range []string{
		`name="q" value="user:sato.takeshi rule:X1 -op:copy"`, `<input type="hidden" name="q" value="rule:X1 -op:copy">`,
		`<bdi>rule:X1</bdi>`, `<bdi>-op:copy</bdi>`, `href="/search?q=rule%3AX1&amp;user=sato.takeshi"`, `href="/search?q=-op%3Acopy&amp;user=sato.takeshi"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("page does not hold %s", want)
		}
	}
}

func TestTextFollowsTheFields(t *testing.T) {
	h := newSite(t, company(50))
	_, body := get(t, h, "/search?user=sato.takeshi&q=rule:X1", "HX-Request", "true")
	if !strings.Contains(body, `<hx-partial hx-target="#text" hx-swap="outerHTML">`) || !strings.Contains(body, `value="user:sato.takeshi rule:X1"`) {
		t.Errorf("the part does not renew the text: %.300s", body)
	}
	if _, body = get(t, h, "/files?user=sato.takeshi", "HX-Request", "true"); strings.Contains(body, "hx-partial") {
		t.Error("a page without text renews it")
	}
}

func TestWrongTextIsMarked(t *testing.T) {
	h := newSite(t, company(50))
	f := func(lang, text string, want ...string) {
		t.Helper()
		target := "/search?" + url.Values{"q": {text}, "user": {"sato"}}.Encode()
		res, body := get(t, h, target, "Accept-Language", lang)
		checkHTML(t, target, body)
		for _, w := range append(want, `aria-invalid="true"`, `value="sato"`) {
			if res.StatusCode != http.StatusOK || !strings.Contains(body, w) {
				t.Errorf("%s: status %d, page does not hold %s", text, res.StatusCode, w)
			}
		}
		if strings.Contains(body, `type="hidden" name="q"`) {
			t.Errorf("%s: the wrong text goes with the fields", text)
		}
	}
	f("en", "給与 op:delte", "did you mean delete?", `<code>給与 op:<mark>delte</mark></code>`, `value="給与 op:delte"`)
	f("ja", "操做：<b>", "操作 のことですか", `<code><mark>操做</mark>：&lt;b&gt;</code>`)
	f("en", "usr:\u202ex", `<mark>usr</mark>:\u{202e}x`)
	f("en", "op:", `<mark>op:</mark>`)
	if _, body := get(t, h, "/people?q=op:delte"); !strings.Contains(body, "<mark>delte</mark>") {
		t.Error("a page without the field does not show what is wrong")
	}
	if res, _ := get(t, h, "/search.csv?q=op:delte"); res.StatusCode != http.StatusBadRequest {
		t.Errorf("CSV of a wrong text: status %d", res.StatusCode)
	}
	m := company(300)
	var n int
	want := query.NewMatcher(query.Query{Rules: []string{"R1"}, HideNetworkLogons: true})
	for i := range m.records {
		if want.Match(&m.records[i]) {
			n++
		}
	}
	_, body := get(t, newSite(t, m), "/search.csv?q=rule:R1")
	if got := strings.Count(body, "\r\n") - 1; got != n || n == 0 {
		t.Errorf("CSV of a text has %d records, want %d", got, n)
	}
}
