package web

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/calendar"
	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/job"
)

// kept is Settings in memory; it validates what tests need.
type kept struct {
	bg      Background
	cal     calendar.Settings
	lang    string
	by      string
	busy    bool
	max     int64
	folders []string
}

func (k *kept) Values() []SettingValue {
	return []SettingValue{
		{Key: "language", Value: "'ja'", Default: "'ja'"}, {Key: "background.accounts", Value: "['" + hostile + "']", Default: "[]"},
		{Key: "mail.password", Value: "'geheim'", Default: "''"},
	}
}

func (k *kept) Background() Background { return k.bg }

func (k *kept) SetBackground(_ context.Context, by care.Author, b Background) ([]SettingProblem, error) {
	if k.busy {
		return nil, care.ErrBusy
	}
	if i := slices.IndexFunc(b.Accounts, func(s string) bool { return strings.Contains(s, "*") }); i >= 0 {
		return []SettingProblem{{Key: "background.accounts", Index: i}}, nil
	}
	k.bg, k.by = b, by.Name
	return nil, nil
}

func (k *kept) Business() calendar.Settings { return k.cal }

func (k *kept) SetBusiness(_ context.Context, by care.Author, c calendar.Settings) ([]SettingProblem, error) {
	_, bad := calendar.New(c)
	var l []SettingProblem
	for _, e := range bad {
		l = append(l, SettingProblem{Key: "calendar." + e.Key, Index: e.Index})
	}
	if l == nil {
		k.cal, k.by = c, by.Name
	}
	return l, nil
}

func (k *kept) Language() string { return k.lang }

func (k *kept) SetLanguage(_ context.Context, by care.Author, lang string) error {
	k.lang, k.by = lang, by.Name
	return nil
}

func (k *kept) History(context.Context) ([]SettingChange, error) {
	return []SettingChange{{By: hostile, Time: testNow().UnixNano(), Sealed: true, Added: Background{Accounts: []string{`CORP\svc`}}, Removed: Background{Processes: []string{"x.exe"}}}}, nil
}

func (k *kept) SealNow(context.Context) error {
	if k.busy {
		return care.ErrBusy
	}
	return nil
}

func (k *kept) ImportFolders() []string { return []string{"/logs"} }

func (k *kept) UploadLimit() int64 { return k.max }

// spool is Jobs that fill a folder, and Imports.
type spool struct {
	fakeJobs
	dir     string
	filled  bool
	free    int64
	summary *ImportSummary
}

func (s *spool) Submit(ctx context.Context, v *account.Visitor, q job.Request) (*job.Job, error) {
	if q.Fill != nil {
		if err := q.Fill(s.dir); err != nil {
			return nil, err
		}
		s.filled = true
	}
	return s.fakeJobs.Submit(ctx, v, q)
}

func (s *spool) Free() (int64, error) { return s.free, nil }

func (s *spool) Summary(context.Context, string) (*ImportSummary, error) { return s.summary, nil }

func (s *spool) Allowed(path string) (string, error) {
	if path != "/logs/a" {
		return "", ErrNotAllowed
	}
	return path, nil
}

// bench is a site with settings, and what was noted.
type workbench struct {
	http.Handler
	set   *kept
	spool *spool
	notes []string
}

func newBench(t *testing.T, rights account.Right) *workbench {
	t.Helper()
	b := &workbench{set: &kept{lang: "ja", max: 1 << 20}, spool: &spool{dir: t.TempDir(), free: 1 << 40}}
	b.Handler = dashSite(t, &asked{memory: company(800)}, healthy(), func(c *Config) {
		c.Settings, c.Imports, c.Jobs = b.set, b.spool, b.spool
		c.Visitor = func(*http.Request) *account.Visitor { return &account.Visitor{Name: "yamamoto", Rights: rights} }
		c.Note = func(_ context.Context, action, object, _ string) error {
			b.notes = append(b.notes, action+" "+object)
			return nil
		}
	})
	return b
}

func postBody(t *testing.T, h http.Handler, target, kind string, body io.Reader) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, target, body)
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Accept-Language", "en")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), w.Body.String()
}

func postForm(t *testing.T, h http.Handler, target, form string) *http.Response {
	t.Helper()
	res, _ := postBody(t, h, target, "application/x-www-form-urlencoded", strings.NewReader(form))
	return res
}

// TestSettingsNeedTheirRight: whoever lacks the right of a route gets nothing
// from it, and changes nothing.
func TestSettingsNeedTheirRight(t *testing.T) {
	s := &site{}
	for _, rt := range slices.Concat(s.settingsRoutes(), s.dashRoutes()) {
		if rt.need == 0 {
			if rt.pattern != "GET /settings" && rt.pattern != "GET /help" {
				t.Errorf("%s needs no right", rt.pattern)
			}
			continue
		}
		b := newBench(t, account.AllRights&^rt.need)
		method, target, _ := strings.Cut(strings.NewReplacer("{id}", "abc", "{$}", "").Replace(rt.pattern), " ")
		r := httptest.NewRequest(method, target, strings.NewReader("accounts=x&do=save&language=en"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		b.ServeHTTP(w, r)
		if w.Code != http.StatusForbidden || b.set.by != "" || len(b.notes) > 0 || b.spool.filled {
			t.Errorf("%s without its right: status %d, changed by %q, noted %q", rt.pattern, w.Code, b.set.by, b.notes)
		}
	}
}

func TestSettingsPages(t *testing.T) {
	b := newBench(t, account.AllRights)
	b.spool.fakeJobs.job = job.Job{ID: "abc", Kind: "import", By: "yamamoto", State: job.Done, Visitor: &account.Visitor{Name: "yamamoto"}}
	b.spool.summary = &ImportSummary{Files: []Import{{Name: hostile, Damage: 2, Lost: 3}, {Name: "b", Error: "no log"}}, Servers: []string{server1}, Left: []string{hostile}, LeftN: 1}
	for _, lang := range []string{"ja", "en"} {
		for _, target := range []string{
			"/settings", "/settings/import", "/settings/import/abc", "/settings/filters", "/settings/calendar", "/settings/calendar?year=2019", "/settings/retention",
			"/settings/keys", "/settings/display", "/settings/file", "/help", "/kit", "/coverage",
		} {
			res, body := get(t, b, target, "Accept-Language", lang)
			if res.StatusCode != http.StatusOK {
				t.Errorf("%s: status %d", target, res.StatusCode)
			}
			checkHTML(t, lang+" "+target, body)
		}
	}
	if _, body := get(t, b, "/settings/file"); strings.Contains(body, "geheim") {
		t.Error("a password is shown")
	}
	if _, body := get(t, b, "/settings/import/abc", "Accept-Language", "en"); !strings.Contains(body, "Copy it from the server again") || !strings.Contains(body, "Nothing is missing") {
		t.Error("the result of an import does not say what to do")
	}
	res, body := get(t, b, "/settings/keys/checkpoint")
	if body != "akashi/x\n9\nAAAA\n" || !strings.Contains(res.Header.Get("Content-Disposition"), "attachment") || !slices.Contains(b.notes, "checkpoint 9") {
		t.Errorf("checkpoint %q, notes %q", body, b.notes)
	}
}

func TestFilters(t *testing.T) {
	b := newBench(t, account.AllRights)
	do := func(form url.Values) (*http.Response, string) {
		t.Helper()
		return postBody(t, b, "/settings/filters", "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	}
	res, body := do(url.Values{"do": {"preview"}, "accounts": {"sato.takeshi\r\nCORP\\nobody"}, "addresses": {"192.0.2.0/24"}, "processes": {"back*"}})
	if res.StatusCode != http.StatusOK || !strings.Contains(body, `id="preview"`) || !strings.Contains(body, "192.0.2.0/24") || b.set.by != "" || len(b.notes) > 0 {
		t.Errorf("preview: status %d, changed by %q, %q", res.StatusCode, b.set.by, b.notes)
	}
	res, body = do(url.Values{"do": {"save"}, "accounts": {"ok\na*" + hostile}})
	if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, `id="flt-accounts-err"`) || !strings.Contains(body, `aria-invalid="true"`) || b.set.by != "" {
		t.Errorf("a wrong account: status %d, changed by %q", res.StatusCode, b.set.by)
	}
	checkHTML(t, "wrong account", body)
	b.notes = nil
	res, _ = do(url.Values{"do": {"save"}, "accounts": {`CORP\svc `}, "processes": {"scan*\n\n"}})
	if res.StatusCode != http.StatusSeeOther || b.set.by != "yamamoto" || !slices.Equal(b.set.bg.Accounts, []string{`CORP\svc`}) || !slices.Equal(b.set.bg.Processes, []string{"scan*"}) {
		t.Errorf("save: status %d, %+v by %q", res.StatusCode, b.set.bg, b.set.by)
	}
	if len(b.notes) != 1 || !strings.HasPrefix(b.notes[0], "settings background: accounts=CORP") {
		t.Errorf("notes %q", b.notes)
	}
	res, _ = do(url.Values{"do": {"save"}, "accounts": {`CORP\svc`}, "processes": {"scan*"}})
	if loc := res.Header.Get("Location"); loc != "/settings/filters?done=same" || len(b.notes) != 1 {
		t.Errorf("the same again goes to %q, notes %q", loc, b.notes)
	}
	b.set.busy = true
	if res, body = do(url.Values{"do": {"save"}, "accounts": {"other"}}); res.StatusCode != http.StatusConflict || !strings.Contains(body, "while an import") || !strings.Contains(body, ">other</textarea>") {
		t.Errorf("while an import runs: status %d", res.StatusCode)
	}
	if res := postForm(t, b, "/settings/filters/reconvert", "do=try"); res.Header.Get("Location") != "/jobs/abc" || b.spool.last.Kind != "reconvert" || !b.spool.last.Params.(ReconvertRequest).DryRun {
		t.Errorf("reconvert: %q, %+v", res.Header.Get("Location"), b.spool.last)
	}
}

// TestPreviewCounts holds the counts against the records one by one.
func TestPreviewCounts(t *testing.T) {
	m := company(800)
	s := &site{cfg: Config{Source: m}}
	rq := &request{r: httptest.NewRequest(http.MethodPost, "/", nil), zone: tokyo(), now: testNow()}
	p, err := s.preview(rq, Background{Accounts: []string{"SATO.takeshi", `CORP\suzuki.ichiro`, "S-1-5-21-1-2-3-1103"}, Addresses: []string{"192.0.2.14", "192.0.2.15/32"}})
	if err != nil {
		t.Fatal(err)
	}
	want := make([]uint64, 5)
	n := uint64(0)
	for i := range m.records {
		r := &m.records[i]
		if r.Class != 1 && r.Class.String() != "user" {
			continue
		}
		hit := []bool{r.User == `CORP\sato.takeshi`, r.User == `CORP\suzuki.ichiro`, r.SID == "S-1-5-21-1-2-3-1103", r.ClientIP == "192.0.2.14", r.ClientIP == "192.0.2.15"}
		for k, ok := range hit {
			if ok {
				want[k]++
			}
		}
		if slices.Contains(hit, true) {
			n++
		}
	}
	for i, e := range p.Entries {
		if e.N != want[i] || e.N == 0 {
			t.Errorf("%s: %d, want %d", e.Text, e.N, want[i])
		}
	}
	if p.N != n || p.Cut {
		t.Errorf("together %d, want %d", p.N, n)
	}
}

func TestCalendarPage(t *testing.T) {
	b := newBench(t, account.AllRights)
	form := url.Values{"public": {"1"}, "year_end": {"12-29..01-03"}, "closed": {"2026-08-13..2026-08-15 夏季休業"}, "mon": {"8-18"}, "tue": {"09:00-17:00"}}
	res, body := postBody(t, b, "/settings/calendar", "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, `id="cal-mon-err"`) || strings.Contains(body, `id="cal-tue-err"`) || b.set.by != "" {
		t.Errorf("wrong hours: status %d", res.StatusCode)
	}
	checkHTML(t, "wrong hours", body)
	form.Set("mon", "08:30-18:00")
	if res := postForm(t, b, "/settings/calendar", form.Encode()); res.Header.Get("Location") != "/settings/calendar?done=saved" || b.set.cal.Hours[1] != "08:30-18:00" || !b.set.cal.PublicHolidays {
		t.Errorf("save: %q, %+v", res.Header.Get("Location"), b.set.cal)
	}
	form.Set("closed", "2026-02-30")
	if res := postForm(t, b, "/settings/calendar", form.Encode()); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a day that is none: status %d", res.StatusCode)
	}
}

func TestLook(t *testing.T) {
	b := newBench(t, account.See)
	res := postForm(t, b, "/look", "theme=dark&rows=dense&back=%2Fsearch%3Fop%3Dread")
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/search?op=read" || len(res.Cookies()) != 2 {
		t.Fatalf("status %d to %q, cookies %v", res.StatusCode, res.Header.Get("Location"), res.Cookies())
	}
	for _, c := range res.Cookies() {
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("cookie %+v", c)
		}
	}
	_, body := get(t, b, "/help", "Cookie", "akashi_theme=dark; akashi_rows=dense")
	if !strings.Contains(body, `data-theme="dark"`) || !strings.Contains(body, `<body class="dense"`) {
		t.Error("the page does not look as chosen")
	}
	if _, body = get(t, b, "/help", "Cookie", `akashi_theme=x"onload`); strings.Contains(body, "data-theme") || strings.Contains(body, "onload") {
		t.Error("a theme that does not exist")
	}
	for _, back := range []string{"//evil.example", "https://evil.example/", `/\evil.example`, "javascript:alert(1)", `\\evil.example`, "http:evil.example", "%zz"} {
		loc := postForm(t, b, "/look", "theme=light&back="+url.QueryEscape(back)).Header.Get("Location")
		if u, err := url.Parse(loc); err != nil || u.Host != "" || u.Scheme != "" || strings.HasPrefix(loc, "//") || strings.HasPrefix(loc, `/\`) {
			t.Errorf("back to %q leads to %q", back, loc)
		}
	}
}
