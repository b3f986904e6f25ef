package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

// shelf answers from a list of records, newest first, and keeps what was asked.
type shelf struct {
	records []record.Record
	facets  query.Facets
	asked   []query.Query
	after   func(pages int) // called after each page
	lives   []query.Life
	follow  []any
}

func (s *shelf) Search(ctx context.Context, q query.Query) (*query.Page, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.asked = append(s.asked, q)
	from, _ := strconv.Atoi(q.Cursor)
	m, page := query.NewMatcher(q), &query.Page{}
	for i := from; i < len(s.records); i++ {
		if !m.Match(&s.records[i]) {
			continue
		}
		if len(page.Records) == q.Limit {
			page.Next = strconv.Itoa(i)
			break
		}
		page.Records = append(page.Records, s.records[i])
	}
	q.Trace.Rows(len(s.records), len(page.Records))
	if s.after != nil {
		s.after(len(s.asked))
	}
	return page, nil
}

func (s *shelf) Facets(_ context.Context, q query.Query) (*query.Facets, error) {
	s.asked = append(s.asked, q)
	return &s.facets, nil
}

func (s *shelf) Follow(_ context.Context, server, path string, at int64) ([]query.Life, error) {
	s.follow = []any{server, path, at}
	return s.lives, nil
}

func fullShelf(n int) *shelf {
	s := &shelf{}
	for i := range n {
		s.records = append(s.records, record.Record{Server: "FS-A.example.jp", Channel: "Security", FirstID: uint64(i), Time: int64(n-i) * 1e9,
			User: `CORP\tanaka`, Op: record.OpRead, Object: record.ObjectFile, Result: record.Success, Confidence: record.Certain, Class: record.ClassUser,
			Path: `D:\共有\` + strconv.Itoa(i) + ".txt"})
	}
	return s
}

// runFake runs a search of in and returns what it prints.
func runFake(t *testing.T, ctx context.Context, in finder, lang string, o searchOptions) (stdout, stderr string, found bool, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	a := &app{Env: Env{Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "" }}, p: i18n.For(lang)}
	if o.Format == "" {
		o.Format = "table"
	}
	if o.Limit == 0 {
		o.Limit = 100
	}
	zone := time.FixedZone("JST", 9*3600)
	s := &search{app: a, o: o, in: in, zone: zone}
	if s.q, err = a.query(o, query.Clock{Now: time.Unix(1e6, 0), Zone: zone}); err != nil {
		t.Fatal(err)
	}
	found, err = s.run(ctx)
	return out.String(), errs.String(), found, err
}

func TestAllStreamsEveryPage(t *testing.T) {
	s := fullShelf(2500)
	for _, format := range []string{"jsonl", "json", "csv", "table"} {
		s.asked = nil
		out, errs, found, err := runFake(t, context.Background(), s, "en", searchOptions{All: true, Format: format})
		if err != nil || !found || errs != "" || strings.Count(out, ".txt") != 2500 || len(s.asked) != 3 {
			t.Errorf("%s: %d records in %d pages, found %v, %q, %v", format, strings.Count(out, ".txt"), len(s.asked), found, errs, err)
		}
		var l []map[string]any
		if format == "json" && (json.Unmarshal([]byte(out), &l) != nil || len(l) != 2500) {
			t.Errorf("json array of %d records", len(l))
		}
	}
	out, errs, _, err := runFake(t, context.Background(), s, "en", searchOptions{Text: "limit:1200", Oldest: true})
	if err != nil || strings.Count(out, ".txt") != 1200 || !strings.Contains(errs, "the oldest 1,200") || !s.asked[len(s.asked)-1].Oldest {
		t.Errorf("limit of the text: %d records, %q, %v", strings.Count(out, ".txt"), errs, err)
	}
}

func TestInterruptedSearchIsWhole(t *testing.T) {
	s := fullShelf(2500)
	ctx, stop := context.WithCancel(context.Background())
	s.after = func(pages int) {
		if pages == 2 {
			stop()
		}
	}
	out, errs, _, err := runFake(t, ctx, s, "en", searchOptions{All: true, Format: "json"})
	var x *exit
	var l []map[string]any
	if !errors.As(err, &x) || x.code != exitInterrupted || json.Unmarshal([]byte(out), &l) != nil || len(l) != 2000 || !strings.Contains(errs, "2,000") {
		t.Errorf("%d records, %q, %v", len(l), errs, err)
	}
}

func TestFlagsAndTextAddUp(t *testing.T) {
	a := &app{p: i18n.For("en")}
	q, err := a.query(searchOptions{Users: []string{"sato"}, Ops: []string{"read"}, Sessions: []string{"0x1"}, Objects: []string{"file"},
		Confidences: []string{"推定"}, Processes: []string{"x.exe"}, Rules: []string{"r"}, Class: "all", From: "2026-10-01", To: "2026-10-31",
		Text: `user:tanaka op:delete session:2 process:y.exe -rule:q to:2026-10-10`, Limit: 100}, query.Clock{})
	want := `user:sato,tanaka op:read,delete object:file confidence:inferred process:x.exe,y.exe rule:r session:0x1,0x2 class:all -rule:q from:2026-10-01 to:2026-10-10`
	if got := q.Text(nil); err != nil || got != want {
		t.Errorf("query %s, %v; want %s", got, err, want)
	}
}

func TestTermsBehind(t *testing.T) {
	a := &app{Env: Env{Getenv: func(string) string { return "" }}, p: i18n.For("en")}
	f := func(in, want string) {
		t.Helper()
		if got := strings.Join(termsBehind(a.newRoot(), strings.Fields(in)), " "); got != want {
			t.Errorf("termsBehind(%q) = %q, want %q", in, got, want)
		}
	}
	f("search --data d -class:background x --limit 5", "search --data d x --limit 5 -- -class:background")
	f("search -h", "search -h")
	f("search --data d -x -- -y", "search --data d -- -y -x")
	f("search --user -x --count -y", "search --user -x --count -- -y")
	f("--lang ja search -旧", "--lang ja search -- -旧")
	f("import -q", "import -q")
}

func facetSample() query.Facets {
	f := query.Facets{
		Total: 1234, First: 1e9, Last: 2e9, PeopleMore: 3,
		People: []query.PersonCount{{User: `CORP\田中`, SID: "S-1", N: 1200, Ops: map[record.Op]uint64{record.OpRead: 1100, record.OpDelete: 100}, Denied: 7, First: 1e9, Last: 2e9,
			Clients: []string{"PC-1", "PC-2"}}, {SID: "S-2", N: 34}},
		Ops:   []query.Count{{Value: "read", N: 1134}, {Value: "delete", N: 100}},
		Days:  []query.DayCount{{Day: "1970-01-01", N: 1234, Denied: 7}},
		Files: []query.FileCount{{Path: "D:\\a\u202e", N: 5, First: 1e9, Last: 2e9}},
	}
	f.Hours = &[7][24]uint64{4: {9: 1234}}
	return f
}

func TestFacets(t *testing.T) {
	s := &shelf{facets: facetSample()}
	f := func(lang, want string, o searchOptions) {
		t.Helper()
		out, _, _, err := runFake(t, context.Background(), s, lang, o)
		if d := cmp.Diff(want, out); err != nil || d != "" {
			t.Errorf("%+v: %v (-want +got):\n%s", o, err, d)
		}
	}
	f("ja", `記録 1,234 件、1970-01-01 09:00:01 ～ 1970-01-01 09:00:02（JST）

人
  利用者      件数  拒否・失敗  最初（JST）          最後（JST）
  CORP\田中  1,200           7  1970-01-01 09:00:01  1970-01-01 09:00:02
  S-2           34           0
  ほか 3 件。--limit で増やせます

操作
   件数  値
  1,134  読取
    100  削除
`, searchOptions{Facets: "people,ops"})
	f("en", `1234
`, searchOptions{Count: true})
	f("en", `user,sid,records,denied,first,last,clients,ops
CORP\田中,S-1,1200,7,1970-01-01T00:00:01Z,1970-01-01T00:00:02Z,PC-1 PC-2,"{""read"":1100,""delete"":100}"
,S-2,34,0,,,,{}
`, searchOptions{People: true, Format: "csv"})
	f("en", "{\"records\":5,\"first\":\"1970-01-01T00:00:01Z\",\"last\":\"1970-01-01T00:00:02Z\",\"path\":\"D:\\\\a\u202e\"}\n", searchOptions{Files: true, Format: "jsonl"})
	out, _, _, _ := runFake(t, context.Background(), s, "en", searchOptions{Facets: "hours"})
	if !strings.Contains(out, "\n  Thu     0    0    0    0    0    0    0    0    0 1234 ") || strings.Index(out, "Mon") > strings.Index(out, "Sun") {
		t.Errorf("hours:\n%s", out)
	}
	out, _, _, _ = runFake(t, context.Background(), s, "en", searchOptions{Facets: "all,files", Format: "json"})
	var back struct {
		Total      int
		People     []struct{ Ops map[string]int }
		PeopleMore int `json:"people_more"`
		Hours      [7][24]int
		Files      []struct{ Path string }
	}
	if err := json.Unmarshal([]byte(out), &back); err != nil || back.Total != 1234 || back.People[0].Ops["delete"] != 100 || back.PeopleMore != 3 ||
		back.Hours[4][9] != 1234 || back.Files[0].Path != "D:\\a\u202e" {
		t.Errorf("json %s: %v", out, err)
	}
	q := s.asked[len(s.asked)-1]
	if !q.Lists.Has(query.ListFiles) || !q.Lists.Has(query.ListPeople) || q.Top != 10 || q.Limit != 0 {
		t.Errorf("asked for %+v", q)
	}
}

func TestExplainTellsHow(t *testing.T) {
	_, errs, _, err := runFake(t, context.Background(), fullShelf(3), "en", searchOptions{Explain: true, Text: "-user:sato"})
	if err != nil || !strings.Contains(errs, "searched for: -user:sato") || !strings.Contains(errs, "3 rows compared, 3 matched") {
		t.Errorf("%q, %v", errs, err)
	}
	a := &app{p: i18n.For("ja")}
	for _, r := range []query.SkipReason{query.SkipServer, query.SkipTime, query.SkipState, query.SkipPath, query.SkipValue, query.SkipEnough} {
		if key := "cli.trace.skip." + string(r); !a.p.Has(key) {
			t.Errorf("no words for %s", key)
		}
	}
	for _, n := range []query.PhaseName{query.PhasePaths, query.PhasePlan, query.PhaseRead, query.PhaseMatch, query.PhaseCount, query.PhaseResult} {
		if key := "cli.trace.phase." + string(n); !a.p.Has(key) {
			t.Errorf("no words for %s", key)
		}
	}
}

func TestFollow(t *testing.T) {
	lives := []query.Life{{Server: "FS-A.example.jp", Path: `D:\old.txt`, To: 5e9}, {Server: "FS-A.example.jp", Path: `D:\new.txt`, From: 5e9}}
	status := &engine.Status{Servers: []store.ServerInfo{{Name: "FS-A.example.jp"}, {Name: "FS-B.example.jp"}}}
	var errs bytes.Buffer
	f := func(text, server string, in any) *search {
		t.Helper()
		a := &app{Env: Env{Stderr: &errs}, p: i18n.For("en")}
		s := &search{app: a, zone: time.UTC, in: &shelf{}}
		if sh, ok := in.(*shelf); ok {
			s.in = sh
		}
		var err error
		if s.q, err = query.Parse(text, query.Clock{}); err != nil {
			t.Fatal(err)
		}
		err = s.follow(context.Background(), in, status)
		if sh, ok := in.(*shelf); server != "" && (err != nil || !ok || sh.follow[0] != server) {
			t.Errorf("%s: asked for %v, %v; want server %s", text, sh.follow, err, server)
		} else if server == "" && err == nil {
			t.Errorf("%s: no error", text)
		}
		return s
	}
	sh := &shelf{lives: lives, records: []record.Record{
		{Server: "FS-A.example.jp", Path: `D:\new.txt`, Time: 8e9, Class: record.ClassBackground},
		{Server: "FS-A.example.jp", Path: `D:\other.txt`, Time: 9e9, Class: record.ClassUser},
	}}
	s := f(`file:D:\new.txt server:fs-a user:x`, "FS-A.example.jp", sh)
	if d := cmp.Diff(lives, s.q.Lives); d != "" || len(s.q.Files) != 0 || len(s.q.Users) != 1 || !slices.Equal(sh.follow[1:], []any{`D:\new.txt`, int64(8e9)}) {
		t.Errorf("query %+v, asked %v, lives (-want +got):\n%s", s.q, sh.follow, d)
	}
	if !strings.Contains(errs.String(), `… – 1970-01-01 00:00:05  D:\old.txt`) {
		t.Errorf("names: %s", errs.String())
	}
	f(`file:\\FS-B\share\a.txt to:1970-01-01T00:00:07`, "FS-B.example.jp", sh)
	if sh.follow[2] != int64(7e9) {
		t.Errorf("asked at %v", sh.follow[2])
	}
	f(`file:D:\a`, "", sh)
	f(`file:D:\a,D:\b server:fs-a`, "", sh)
	f(`file:D:\a folder:D:\b server:fs-a`, "", sh)
	if s := f(`folder:D:\a server:fs-a`, "FS-A.example.jp", sh); len(s.q.Folders) != 0 || len(s.q.Lives) != 2 || sh.follow[2] != int64(0) {
		t.Errorf("a folder: %+v, asked %v", s.q, sh.follow)
	}
	sh.facets.Servers = []query.Count{{Value: "FS-B.example.jp", N: 3}}
	f(`file:D:\a`, "FS-B.example.jp", sh) // the only one with records of it
	f(`file:D:\a server:fs-a`, "", struct{}{})
	if s := f(`file:D:\a server:fs-a`, "FS-A.example.jp", &shelf{}); len(s.q.Files) != 1 {
		t.Error("a path without chain is not searched")
	}
}
