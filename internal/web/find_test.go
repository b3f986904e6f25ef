package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// pathsOf is Paths over the records of a memory.
type pathsOf struct{ m *memory }

func (p pathsOf) Complete(_ context.Context, typed string, limit int) ([]PathHit, error) {
	n := map[string]*PathHit{}
	for i := range p.m.records {
		r := &p.m.records[i]
		if r.Path != "" && strings.Contains(query.Fold(r.Path), query.Fold(typed)) {
			if n[r.Path] == nil {
				n[r.Path] = &PathHit{Server: r.Server, Path: r.Path, Last: r.Time}
			}
			n[r.Path].N++
		}
	}
	var l []PathHit
	for _, h := range n {
		l = append(l, *h)
	}
	slices.SortFunc(l, func(a, b PathHit) int { return strings.Compare(a.Path, b.Path) })
	return l[:min(len(l), limit)], nil
}

func (p pathsOf) Follow(_ context.Context, server, path string, _ int64) ([]query.Life, error) {
	return []query.Life{{Server: server, Path: path}}, nil
}

// seals is Proofs with one answer.
type seals struct{ p *ProofState }

func (s seals) Proof(context.Context, record.ID) (*ProofState, error) { return s.p, nil }

// finder is a site with everything that the searches can have, and the notes
// that were taken.
type finder struct {
	http.Handler
	m     *memory
	shelf *shelf
	notes *[]string
}

func newFinder(t testing.TB, n int, change ...func(*Config)) finder {
	t.Helper()
	f := finder{m: company(n), shelf: &shelf{}, notes: &[]string{}}
	cfg := Config{
		Source: f.m, Paths: pathsOf{f.m}, Saved: f.shelf, Now: testNow, Version: "test",
		Proofs: seals{&ProofState{State: SealFilled, Leaf: 7, Checkpoint: 9, Key: "akashi+0"}},
		Visitor: func(*http.Request) *account.Visitor {
			return &account.Visitor{Name: "t", Rights: account.AllRights &^ account.People}
		},
		Marked: func(p string) bool { return strings.Contains(p, "特定個人情報") },
		Note: func(_ context.Context, action, object, _ string) error {
			*f.notes = append(*f.notes, action+" "+object)
			return nil
		},
	}
	for _, c := range change {
		c(&cfg)
	}
	h, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	f.Handler = h
	return f
}

func (f finder) post(t *testing.T, target string, form url.Values) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w.Result()
}

// Every page and part is clean in both languages, and each key has words.
func TestPartsAreClean(t *testing.T) {
	f := newFinder(t, 2000)
	id := f.m.records[3].ID()
	person := url.QueryEscape(f.m.records[0].User)
	for _, lang := range []string{"ja", "en"} {
		for _, target := range []string{
			"/search/counts?page=/search", "/search/counts?page=/people&path=%E7%B5%A6", "/search/rows?page=/search&at=120&n=50", "/search/tail?page=/search",
			"/paths?typed=%E7%B5%A6", "/paths?typed=onerror", "/people/life?page=/people&file=" + url.QueryEscape(f.m.records[3].Path),
			"/files/tree?page=/files&user=" + person, "/files/tree?page=/files&noise=1&under=D:%5C%E5%85%B1%E6%9C%89", "/files/usual?page=/files&period=7d&user=" + person,
			"/files/usual?page=/files&path=onerror", recordURL(id), "/saved", "/search?cols=user,server,share,session,process,rule,sid,received,dense",
		} {
			res, body := get(t, f, target, "Accept-Language", lang, "HX-Request", "true")
			if res.StatusCode != http.StatusOK {
				t.Errorf("%s %s: status %d", lang, target, res.StatusCode)
			}
			checkHTML(t, lang+" "+target, body)
			if m := regexp.MustCompile(`find\.[a-z_]+[a-z_.0-9]*`).FindString(body); m != "" {
				t.Errorf("%s %s: message key %q has no words", lang, target, m)
			}
		}
	}
}

// The keys of the searches: used ones have words, and none is without use.
func TestFindWords(t *testing.T) {
	made := []string{ // put together in code or templates
		"find.around.", "find.col.", "find.path.", "find.seal.", "find.usual.", "find.weekday.", "find.unit.",
	}
	used := map[string]bool{}
	for _, pattern := range []string{"*.go", "templates/*.html"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			b, err := os.ReadFile(n)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`"(find\.[a-z0-9_.]+)"`).FindAllStringSubmatch(string(b), -1) {
				used[m[1]] = !strings.HasSuffix(n, "_test.go") || used[m[1]]
			}
		}
	}
	p := i18n.For("en")
	for k, really := range used {
		if really && !strings.HasSuffix(k, ".") && !p.Has(k) && k != "find.usual" && k != "find.seal.says_" {
			t.Errorf("no words for %s", k)
		}
	}
	b, err := os.ReadFile("../i18n/find_en.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^ *"(find\.[^"]+)":`).FindAllStringSubmatch(string(b), -1) {
		if !used[m[1]] && !slices.ContainsFunc(made, func(p string) bool { return strings.HasPrefix(m[1], p) }) {
			t.Errorf("%s is used nowhere", m[1])
		}
	}
	for _, k := range columns() {
		if !p.Has("find.col." + k) {
			t.Errorf("no words for column %s", k)
		}
	}
}

// What people search and open is noted once; parts, further pages and polls are
// no new search.
func TestWhatIsNoted(t *testing.T) {
	f := newFinder(t, 500)
	id := f.m.records[0].ID()
	for _, target := range []string{
		"/search?op=read", "/search?cursor=100&op=read", "/search/counts?page=/search&op=read", "/search/rows?page=/search&op=read&at=5&n=5",
		"/search/tail?page=/search&op=read", "/paths?typed=a", "/files", "/files?user=sato.takeshi", "/files/tree?page=/files&user=sato.takeshi",
		recordURL(id), "/records/FS01:Security:0:999999:0",
	} {
		get(t, f, target)
	}
	want := []string{"search search op:read", "search files user:sato.takeshi", "record " + id.String()}
	if !slices.Equal(*f.notes, want) {
		t.Errorf("noted %q, want %q", *f.notes, want)
	}
	g := newFinder(t, 50, func(c *Config) {
		c.Note = func(context.Context, string, string, string) error { return errors.New("the trail is full") }
	})
	if res, body := get(t, g, "/search?op=read"); res.StatusCode != http.StatusInternalServerError || strings.Contains(body, "data-row") {
		t.Errorf("what cannot be noted is shown: status %d", res.StatusCode)
	}
}

// One visitor's counts are not given to another who may see less.
func TestTalliesKeepVisitorsApart(t *testing.T) {
	who := &account.Visitor{Name: "a", Rights: account.AllRights}
	f := newFinder(t, 300, func(c *Config) { c.Visitor = func(*http.Request) *account.Visitor { return who } })
	_, all := get(t, f, "/search?wait=1")
	who = &account.Visitor{Name: "b", Rights: account.AllRights, Scope: account.Scope{Folders: []string{`D:\共有\総務`}}}
	f.m.records = f.m.records[:20] // what the source gives this visitor
	_, less := get(t, f, "/search?wait=1")
	total := regexp.MustCompile(`data-total="(\d+)"`)
	if a, b := total.FindString(all), total.FindString(less); a == "" || a == b {
		t.Errorf("both see %q and %q", a, b)
	}
}

// Several files and folders are one condition; taking one off leaves the others.
func TestSeveralPaths(t *testing.T) {
	fm := formOf("/people", "file", `D:\a`, "also", `D:\b`, "also", `D:\a`, "also", `D:\c`)
	if got := decoded(fm.url()); got != `/people?also=D:\b&also=D:\c&file=D:\a` {
		t.Errorf("address %s", got)
	}
	if q := fm.query(); len(q.Files) != 0 || !slices.Equal(q.Folders, []string{`D:\a`, `D:\b`, `D:\c`}) {
		t.Errorf("query %+v", q)
	}
	fm.drop(`D:\a`)
	if fm.Folder != `D:\b` || !slices.Equal(fm.Also, []string{`D:\c`}) || fm.File != "" {
		t.Errorf("after the first: %+v", fm)
	}
	if got := formOf("/search", "also", `D:\x`); got.Folder != `D:\x` || len(got.Also) != 0 {
		t.Errorf("one alone: %+v", got)
	}
}

func TestColumns(t *testing.T) {
	f := newFinder(t, 50)
	res, body := get(t, f, "/search?cols=server,user,nonsense")
	if res.StatusCode == http.StatusSeeOther {
		res, body = get(t, f, res.Header.Get("Location"))
	}
	cookie := res.Header.Get("Set-Cookie")
	if !strings.Contains(cookie, "time.user.file.server") || !strings.Contains(body, "c-server") || strings.Contains(body, `"c-res"`) {
		t.Errorf("cookie %q", cookie)
	}
	_, body = get(t, f, "/search", "Cookie", strings.SplitN(cookie, ";", 2)[0])
	if !strings.Contains(body, "c-server") || strings.Contains(body, `class="c-res"`) {
		t.Error("the choice is not remembered")
	}
	_, body = get(t, f, "/search", "Cookie", "akashi_columns=<x>.\"")
	if !strings.Contains(body, "c-res") {
		t.Error("a cookie of nonsense hides columns")
	}
}

// Bars follow the range: minutes, hours, days, weeks, months; their sum is the
// total.
func TestSlots(t *testing.T) {
	f := newFinder(t, 3000)
	s := &site{cfg: Config{Source: f.m}}
	try := func(from, to, unit string) {
		t.Helper()
		fm := formOf("/search", "from", from, "to", to)
		q := fm.query()
		c, err := s.count(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		l, got, err := s.slots(t.Context(), q, c, tokyo(), testNow())
		if err != nil {
			t.Fatal(err)
		}
		var n, denied uint64
		for _, x := range l {
			n, denied = n+x.N, denied+x.Denied
		}
		if got != unit || n != c.Total || len(l) > 140 {
			t.Errorf("%s to %s: %d bars of %s with %d records, want %s with %d", from, to, len(l), got, n, unit, c.Total)
		}
	}
	try("2026-11-20T09:00", "2026-11-20T11:00", "find.unit.minutes")
	try("2026-11-20", "2026-11-20", "find.unit.hours")
	try("2026-11-17", "2026-11-20", "find.unit.hours")
	try("2026-11-01", "2026-11-20", "find.unit.days")
	try("2026-01-01", "2026-12-20", "find.unit.weeks")
	try("2020-01-01", "2026-12-20", "find.unit.months")

	// The same of days that only the archive holds, a part of one among them.
	f.m.archivedTo = time.Date(2026, 11, 20, 10, 0, 0, 0, tokyo()).UnixNano()
	try("2026-11-20T09:00", "2026-11-20T11:00", "find.unit.minutes")
	try("2026-11-20", "2026-11-20", "find.unit.hours")
	try("2026-11-17", "2026-11-20", "find.unit.hours")
	try("2026-11-01", "2026-11-20", "find.unit.days")
	f.m.archiveFails = pace.ErrTooLong
	try("2026-11-17", "2026-11-20", unitCoarse)
	h := siteOf(t, func(c *Config) { c.Source = f.m })
	if _, body := get(t, h, "/search?from=2026-11-17&to=2026-11-20&wait=1", "Accept-Language", "ja"); !strings.Contains(body, "戻すと、細かく示せます") {
		t.Error("the page does not say why the bars are days")
	}
}
