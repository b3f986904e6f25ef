package server

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/api"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

// secret is in everything that the restricted visitor of these tests may not see;
// myNumber, in one of its forms, in names that everybody sees.
const (
	secret   = "S3cr3t"
	myNumber = "983205673214"
)

// house is a data folder with hostile names, served to whoever asks.
type house struct {
	t      *testing.T
	e      *engine.Engine
	pages  http.Handler
	api    http.Handler
	jobs   *job.Runner
	ids    []string // of records that name something secret
	shown  []string // of others
	cursor string   // of somebody who sees everything
}

// odd are pieces of names that break out of whatever does not expect them.
var odd = []string{`<img src=x onerror=alert(1)>`, `"'&`, "\u202e", "\u200b", `${7*7}`, `%2e%2e`, `=cmd|'`, "'; --", "𠮷", "e\u0301", "＜ｓ＞", "+", "#?&=", "\xed\xa0\x80"}

func newHouse(t *testing.T) *house {
	t.Helper()
	ctx, dir := t.Context(), t.TempDir()
	zone := time.FixedZone("JST", 9*3600)
	e, err := engine.Open(ctx, dir, engine.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(dir, store.Options{Zone: zone, FlushRows: -1})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t}
	rnd := rand.New(rand.NewPCG(6, 6))
	tokens := 0
	hidden := func() string { tokens++; return fmt.Sprintf("%s%04d", secret, tokens) }
	mess := func(s string) string { return odd[rnd.IntN(len(odd))] + s + odd[rnd.IntN(len(odd))] }
	numbers := []string{myNumber, "９８３２０５６７３２１４", "9832-0567-3214", "９８３２－０５６７－３２１４", "9832 0567　3214"}
	for _, server := range []string{"FS01.example.jp", "FS02.example.jp", secret + "9999.example.jp"} {
		var l []record.Record
		var raw []*event.Event
		for i := range 160 {
			id := uint64(2*i + 1)
			at := time.Date(2026, 11, 1+i/8, 9, i%8*7, 0, 0, zone).UnixNano()
			r := record.Record{
				Server: server, Channel: "Security", FirstID: id, Time: at, EndTime: at, Source: "windows", User: `CORP\` + []string{"tanaka", "sato", "ito"}[i%3], SID: "S-1-5-21-1-2-3-" + fmt.Sprint(1100+i%3),
				ClientIP: "192.0.2.7", ClientName: "PC-7", Op: record.Ops()[rnd.IntN(8)], Object: record.ObjectFile, Result: record.Success, Count: 1, Confidence: record.Certain, Rule: "W-READ-1",
				Class: record.ClassUser, RawIDs: []uint64{id, id + 1}, RulesVersion: 1, Path: `D:\共有\人事\` + mess(fmt.Sprintf("doc%03d", i)), Process: `C:\Windows\explorer.exe`,
				Share: `\\FS01\人事`, ShareRoot: uint32(len(`D:\共有\人事`)),
			}
			names := [2]string{r.Path, r.Path}
			closed := server != "FS01.example.jp"
			switch i % 8 {
			case 0: // elsewhere
				r.Path, r.Share, r.ShareRoot = `D:\共有\`+mess(hidden())+`\`+mess(hidden()), "", 0
				r.User, r.ClientName = `CORP\`+mess(hidden()), hidden()
				names[0], names[1], closed = r.Path, r.Path, true
			case 1: // out of the folder
				r.Op, r.NewPath = record.OpMove, `D:\共有\`+mess(hidden())
				closed = true
			case 2: // events that say more than the record
				names[1] = []string{`D:\共有\`, `\Device\HarddiskVolume4\共有\`, `\??\D:\`, `\\FS01\総務\`, `総務\`, `cmd /c type D:\総務\`}[i/8%6] + mess(hidden())
			case 3: // details that say more than the record
				r.Set("target", `D:\総務\`+mess(hidden()))
				r.Set("temporary_file", `\\FS02\x\`+hidden())
			case 4: // numbers
				r.Path = `D:\共有\人事\` + mess(numbers[i/8%5]) + `\` + numbers[(i/8+1)%5] + ".pdf"
				names[0], names[1] = r.Path, r.Path
				r.Set("comment", "no. "+numbers[i/8%5])
				r.User = `CORP\` + numbers[i/8%2]
				r.ClientName = "PC-" + numbers[2]
			case 5:
				r.Op, r.NewPath = record.OpRename, `D:\共有\人事\`+mess(fmt.Sprintf("new%03d", i))
			}
			if i%40 == 13 { // of another class, without a path
				r.Path, r.NewPath, r.Share, r.ShareRoot, r.Object, r.Op, r.ClientName = "", "", "", 0, record.ObjectSession, record.OpLogon, hidden()
				r.Detail, names, closed = nil, [2]string{}, true
			}
			for k := range uint64(2) {
				raw = append(raw, &event.Event{
					Provider: "Microsoft-Windows-Security-Auditing", ID: 4663, Time: event.FromUnixNano(at), RecordID: id + k, Channel: "Security", Computer: server,
					Schema: event.NewSchema("EventData", []string{"ObjectName", "ProcessName", "SubjectUserName"}),
					Values: []event.Value{event.String(names[k]), event.String(r.Process), event.String("CORP\\tanaka")},
				})
			}
			if closed {
				h.ids = append(h.ids, r.ID().String())
			} else {
				h.shown = append(h.shown, r.ID().String())
			}
			l = append(l, r)
		}
		p, err := s.Planner(server).Plan(ctx, raw)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Append(ctx, &store.Commit{
			Server: server, Raw: p.Raw, Records: l, Received: 1.79e18, Checkpoint: []byte("x"), Watermark: p.Keys[len(p.Keys)-1], SetTail: true,
			Imports: []store.Import{{Name: hidden() + " " + numbers[tokens%5] + ".evtx", Path: "/in/" + hidden(), Importer: hidden(), Error: hidden(), Damage: []store.SourceDamage{{Kind: hidden(), Lost: 3}}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if server == "FS01.example.jp" {
			if err := s.Flush(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	all, err := s.Search(ctx, query.Query{Limit: 40})
	if err != nil {
		t.Fatal(err)
	}
	h.cursor = all.Next
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	h.serve(dir)
	return h
}

func (h *house) serve(dir string) {
	t := h.t
	t.Helper()
	e, err := engine.Open(t.Context(), dir, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	beside := &errands{ctx: ctx}
	v, err := prepare(ctx, Config{Engine: e, Listen: "127.0.0.1:0", Log: slog.New(slog.NewTextHandler(t.Output(), nil))}, beside)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		beside.wg.Wait()
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	d, err := newDoor(ctx, v.cfg, true, false, "1")
	if err != nil {
		t.Fatal(err)
	}
	if h.pages, err = v.newPages(d); err != nil {
		t.Fatal(err)
	}
	c := v.apiConfig(d)
	c.Rate, c.Burst = 1e6, 1e6
	h.e, h.api, h.jobs = e, api.New(c), v.jobs
}

// ask asks as a visitor.
func (h *house) ask(who *account.Visitor, method, path, body string, header ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	r := httptest.NewRequestWithContext(account.With(h.t.Context(), who), method, path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	if strings.HasPrefix(path, api.Prefix) {
		h.api.ServeHTTP(w, r)
	} else {
		h.pages.ServeHTTP(w, r)
	}
	return w
}

// forms are an answer and what a reader can make of it.
func forms(w *httptest.ResponseRecorder) []string {
	var b strings.Builder
	for k, l := range w.Header() {
		if k != "Content-Security-Policy" {
			b.WriteString(k + ": " + strings.Join(l, " ") + "\n")
		}
	}
	l := []string{b.String() + w.Body.String()}
	l = append(l, html.UnescapeString(l[0]))
	for _, s := range slices.Clone(l) {
		if u, err := url.QueryUnescape(regexp.MustCompile(`%(?:[^0-9A-Fa-f]|.[^0-9A-Fa-f])`).ReplaceAllString(s, "%25$0")); err == nil {
			l = append(l, u)
		}
		l = append(l, regexp.MustCompile(`\\u[0-9a-f]{4}`).ReplaceAllStringFunc(s, func(x string) string {
			var out string
			_ = json.Unmarshal([]byte(`"`+x+`"`), &out)
			return out
		}))
	}
	for _, s := range slices.Clone(l) {
		l = append(l, norm.NFKC.String(s))
	}
	return l
}

// crawl asks every page that can be reached, and every route of the API, and calls
// look for each answer. It returns how many there were.
func (h *house) crawl(who *account.Visitor, look func(path string, w *httptest.ResponseRecorder)) (n int) {
	var todo []string
	add := func(paths ...string) { todo = append(todo, paths...) }
	add("/", "/status-line", "/data", "/people", "/files", "/search", "/search.csv", "/jobs", "/exports/new?page=/search", "/kit", "/nonsense", "/approvals", "/coverage", "/coverage?server=FS01", "/coverage?server=FS02.example.jp", "/data/holds", "/data/pool", "/data/retention",
		"/data/server", "/data/server?server=FS02.example.jp", "/data/server?server="+secret+"9999.example.jp", "/help", "/latest", "/settings", "/settings/calendar", "/settings/display", "/settings/file",
		"/settings/filters", "/settings/import", "/settings/keys", "/settings/keys/checkpoint", "/settings/people", "/settings/retention", "/trail", "/search?noise=1&network=1", "/search?superseded=1",
		"/search?q=class:all", "/search.csv?q=class:all", "/people?path=doc", "/people?folder="+url.QueryEscape(`D:\共有`), "/people?folder="+url.QueryEscape(`\\FS01\人事`), "/files?user=tanaka", "/search?cursor="+h.cursor,
		"/search?path="+secret, "/people?path="+secret, "/files?user="+secret, "/search?q="+url.QueryEscape("-path:"+secret), "/search?q="+url.QueryEscape("path:*"+secret+"*"), "/search?server="+secret)
	for _, x := range []string{"me", "jobs", "jobs?all=yes", "saved", "servers", "servers/FS01/days", "servers/FS02/days", "servers/" + secret + "9999.example.jp/days", "holds", "trail", "trail?who=all", "trail?text=" + secret} {
		add(api.Prefix + "/" + x)
	}
	for _, id := range append(slices.Clone(h.ids[:40]), h.shown...) {
		id = url.PathEscape(id)
		add("/records/"+id, "/records/"+id+"?raw=all")
		for _, x := range []string{"", "/raw", "/versions"} {
			add(api.Prefix + "/records/" + id + x)
		}
	}
	for _, q := range []string{"", "?q=class:all", "?q=superseded:yes", "?path=" + secret, "?q=-" + secret, "?folder=" + url.QueryEscape(`D:\`), "?server=" + secret} {
		add(api.Prefix+"/records"+q, api.Prefix+"/facets"+q)
	}
	add(api.Prefix+"/records?limit=1000&class=all", api.Prefix+"/records?cursor="+h.cursor, api.Prefix+"/facets?class=all&top=1000&lists=people,ops,results,clients,servers,folders,paths,files,days,hours", api.Prefix+"/status",
		api.Prefix+"/coverage?server=FS01", api.Prefix+"/coverage?server=FS02", api.Prefix+"/coverage?server="+secret+"9999.example.jp")
	for _, typed := range []string{"", `D:\`, `D:\共有`, `\\FS01`, `\\`, secret, "doc", "9832", "０", "人事", "<", "総務"} {
		add(api.Prefix + "/paths?limit=100&typed=" + url.QueryEscape(typed))
	}
	for _, p := range []string{`D:\共有`, `D:\共有\人事`, `\\FS01\人事`, `D:\総務`} {
		add(api.Prefix + "/follow?server=FS01.example.jp&path=" + url.QueryEscape(p))
	}
	links := regexp.MustCompile(`(?:href|action|hx-get)="(/[^"]*)"`)
	seen := map[string]bool{}
	for len(todo) > 0 && n < 580 {
		path := todo[0]
		todo = todo[1:]
		if seen[path] || strings.HasPrefix(path, "/static/") {
			continue
		}
		seen[path] = true
		header := []string{"Accept-Language", []string{"ja", "en"}[n%2]}
		if strings.HasPrefix(path, api.Prefix+"/records?") && n%2 == 0 && !strings.Contains(path, "limit") {
			header = append(header, "Accept", "application/x-ndjson")
		}
		w := h.ask(who, "GET", path, "", header...)
		n++
		if w.Code >= 500 {
			h.t.Errorf("%s: %d %.300s", path, w.Code, w.Body)
		}
		look(path, w)
		if to := w.Header().Get("Location"); to != "" {
			add(to)
		}
		if len(todo) < 2000 && strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			for _, m := range links.FindAllStringSubmatch(w.Body.String(), -1) {
				add(html.UnescapeString(m[1]))
			}
		}
	}
	return n
}

var leaked = regexp.MustCompile(`(?i)` + secret + `\d`)

// TestInvisibleLeaksNowhere reads every page and answer as somebody who may see one
// folder of one server, by its local and by its UNC name.
func TestInvisibleLeaksNowhere(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/", "/search", "/people?path=doc", "/files?user=tanaka", "/search?path=" + secret + "0001", "/records/" + url.PathEscape(h.ids[0]), "/trail"} { // what is remembered of others
		if w := h.ask(&account.Visitor{ID: 1, Name: "all", Rights: account.AllRights}, "GET", path, ""); w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	for _, folder := range []string{`D:\共有\人事`, `\\fs01\人事`} {
		who := &account.Visitor{ID: 7, Name: "narrow", Rights: account.AllRights, Scope: account.Scope{Servers: []string{"FS01"}, Folders: []string{folder}}}
		docs, events := 0, 0
		n := h.crawl(who, func(path string, w *httptest.ResponseRecorder) {
			for _, s := range forms(w) {
				if strings.Contains(path, secret) { // what was typed comes back
					u, _ := url.QueryUnescape(path)
					s = strings.ReplaceAll(s, u, "")
				}
				if m := leaked.FindStringIndex(s); m != nil && !(strings.Contains(path, secret+"9999") && strings.Contains(s[m[0]:], secret+"9999")) {
					t.Errorf("%s as %s names what may not be seen: …%q…", path, folder, s[max(0, m[0]-120):min(len(s), m[1]+40)])
					break
				}
			}
			docs += strings.Count(w.Body.String(), "doc0")
			events += strings.Count(w.Body.String(), "4663")
		})
		if t.Failed() {
			return
		}
		if n < 400 || docs < 200 || events < 100 {
			t.Errorf("%d answers with %d names and %d events: the test sees little", n, docs, events)
		}
	}
	found := 0
	h.crawl(&account.Visitor{ID: 1, Name: "all", Rights: account.AllRights}, func(_ string, w *httptest.ResponseRecorder) {
		if leaked.MatchString(w.Body.String()) {
			found++
		}
	})
	if found < 100 {
		t.Errorf("who sees everything finds a secret in %d answers: the test looks for nothing", found)
	}
}

// TestHiddenIDs: records that may not be seen are no records, and hidden events are
// counted.
func TestHiddenIDs(t *testing.T) {
	h := newHouse(t)
	who := &account.Visitor{ID: 7, Name: "narrow", Rights: account.AllRights, Scope: account.Scope{Servers: []string{"FS01"}, Folders: []string{`D:\共有\人事`}}}
	for _, id := range h.ids {
		id = url.PathEscape(id)
		for _, path := range []string{"/records/" + id, api.Prefix + "/records/" + id, api.Prefix + "/records/" + id + "/raw", api.Prefix + "/records/" + id + "/versions"} {
			if w := h.ask(who, "GET", path, ""); w.Code != 404 {
				t.Errorf("%s: %d", path, w.Code)
			}
		}
		if w := h.ask(who, "POST", api.Prefix+"/records/"+id+"/unmask", `{"ground":"x"}`); w.Code != 404 {
			t.Errorf("unmask of %s: %d", id, w.Code)
		}
	}
	hidden := 0
	for _, id := range h.shown {
		w := h.ask(who, "GET", api.Prefix+"/records/"+url.PathEscape(id)+"/raw", "")
		var v struct {
			Events []any
			Hidden int
		}
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || w.Code != 200 || len(v.Events)+v.Hidden != 2 || len(v.Events) < 1 {
			t.Errorf("%s: %d %s", id, w.Code, w.Body)
		}
		hidden += v.Hidden
	}
	if hidden != 20 {
		t.Errorf("%d hidden events, want 20", hidden)
	}
	var st api.Status
	w := h.ask(who, "GET", api.Prefix+"/status", "")
	if err := json.Unmarshal([]byte(regexp.MustCompile(`"(first|last)":"[^"]*"`).ReplaceAllString(w.Body.String(), `"$1":0`)), &st); err != nil {
		t.Fatal(err, w.Body)
	}
	if st.Records != int64(len(h.shown)) || len(st.Servers) != 1 || st.Servers[0].Name != "FS01.example.jp" || st.Imports != 0 || st.RawEvents != 0 {
		t.Errorf("status %+v, want %d records", st, len(h.shown))
	}
}
