package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// memory is a Source over a slice.
type memory struct {
	records []record.Record // newest first
	fail    error
	failAt  int // of Search: the page that fails, 0 = none
	pages   int
	notes   []string
	asked   query.Query
	kept    keptMemory
	care    careMemory
	desk    *account.Desk // nil = none
	once    Once          // nil = none

	noteFails bool
	mu        sync.Mutex // guards notes
}

func (m *memory) Search(_ context.Context, q query.Query) (*query.Page, error) {
	m.asked = q
	if m.pages++; m.fail != nil && (m.failAt == 0 || m.pages == m.failAt) {
		return nil, m.fail
	}
	after, err := query.ParseCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	mt, p := query.NewMatcher(q), &query.Page{}
	for i := range m.records {
		at := query.PositionOf(&m.records[i])
		if !mt.Match(&m.records[i]) || after != nil && at.Compare(after) <= 0 {
			continue
		}
		if len(p.Records) == q.Limit {
			last := query.PositionOf(&p.Records[len(p.Records)-1])
			p.Next = last.Cursor()
			break
		}
		p.Records = append(p.Records, m.records[i])
	}
	return p, nil
}

func (m *memory) Facets(_ context.Context, q query.Query) (*query.Facets, error) {
	m.asked = q
	if m.fail != nil {
		return nil, m.fail
	}
	return &query.Facets{
		Total: 3, First: 1e18, Last: 2e18, People: []query.PersonCount{{User: `C\a`, SID: "S-1", N: 3, Ops: map[record.Op]uint64{record.OpRead: 3}, First: 1e18, Last: 2e18, Clients: []string{"PC"}}},
		Ops: []query.Count{{Value: "read", N: 3}}, Days: []query.DayCount{{Day: "2026-11-22", N: 3}}, Hours: &[7][24]uint64{}, Files: []query.FileCount{{Path: `D:\x`, N: 3, First: 1e18, Last: 2e18}},
	}, nil
}

func (m *memory) Mask(s string) string { return strings.ReplaceAll(s, "983205673214", "************") }

func (m *memory) Record(_ context.Context, id record.ID) (*record.Record, error) {
	for i := range m.records {
		if m.records[i].ID() == id {
			return &m.records[i], nil
		}
	}
	return nil, fmt.Errorf("%w: %s", ErrNotFound, id)
}

func (m *memory) Raw(ctx context.Context, id record.ID) ([]*event.Event, int, error) {
	if _, err := m.Record(ctx, id); err != nil {
		return nil, 0, err
	}
	return []*event.Event{{
		Provider: "P", ID: 4663, RecordID: id.FirstID, Channel: id.Channel, Computer: id.Server, Time: event.FromUnixNano(1e18),
		Schema: event.NewSchema("EventData", []string{"ObjectName"}), Values: []event.Value{event.String(`D:\x`)},
	}}, 2, nil
}

func (m *memory) Versions(context.Context, record.ID) ([]record.Record, error) {
	r := m.records[0]
	r.SupersededBy = 7
	return []record.Record{r}, nil
}

func (m *memory) Unmasked(ctx context.Context, id record.ID) (*record.Record, []*event.Event, error) {
	r, err := m.Record(ctx, id)
	return r, nil, err
}

func (m *memory) Complete(_ context.Context, typed string, limit int) ([]Path, error) {
	return []Path{{Server: "FS", Path: Text(`D:\` + typed), Folder: true, Count: uint64(limit), Last: 1e18}, {Server: "FS", Path: `D:\x`}}, nil
}

func (m *memory) Follow(_ context.Context, server, path string, at int64) ([]query.Life, error) {
	return []query.Life{{Server: server, Path: path, To: at}}, nil
}

func (m *memory) Status(context.Context) (*Status, error) {
	return &Status{Zone: "Asia/Tokyo", Records: 3, Servers: []Server{{Name: "FS", Records: 3, First: 1e18}}}, nil
}

func (m *memory) Coverage(_ context.Context, server string) (any, error) {
	if server == "secret" {
		return nil, ErrRestricted
	}
	return map[string]any{"server": server, "complete": true, "channels": []any{}, "notices": []any{}, "notice_count": 0, "subcategories": []any{}}, nil
}

func (m *memory) note(_ context.Context, action, object, ground string) error {
	if m.noteFails {
		return m.fail
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.notes = append(m.notes, strings.TrimSpace(action+" "+object+" "+ground))
	return nil
}

func many(n int) *memory {
	m := &memory{}
	for i := range n {
		r := record.Record{
			Server: "FS01.example.jp", Channel: "Microsoft-Windows-SMBServer/Security", FirstID: uint64(n - i), Time: int64(1.7e18) - int64(i)*1e9, EndTime: int64(1.7e18) - int64(i)*1e9,
			Received: 1.7e18, Source: "windows", User: `CORP\tanaka`, Op: record.OpRead, Path: `D:\共有\` + strconv.Itoa(i) + ".xlsx", Object: record.ObjectFile, Result: record.Success,
			Count: 1, Confidence: record.Certain, Rule: "X1", Class: record.ClassUser, RulesVersion: 1, RawIDs: []uint64{uint64(n - i)},
		}
		r.Set("reason", "\xed\xa0\x80<&>")
		m.records = append(m.records, r)
	}
	return m
}

func everybody() *account.Visitor {
	return &account.Visitor{ID: 1, Name: "ann", Rights: account.AllRights}
}

type client struct {
	t   *testing.T
	h   http.Handler
	v   *account.Visitor
	ctx context.Context // of requests; nil = that of the test
}

func newClient(t *testing.T, m *memory) *client {
	t.Helper()
	h := New(Config{
		Source: m, Once: m.once, Jobs: &m.kept, Keeping: &m.kept, Trail: &m.kept, Care: &m.care, Saves: &m.care, Settings: &m.care, Seal: m.care.seal, Desk: m.desk,
		Zone: time.FixedZone("JST", 9*3600), Note: m.note, Rate: 1e6, Burst: 1e6, Now: func() time.Time { return time.Unix(1.7e9, 0) },
	})
	return &client{t: t, h: h, v: everybody()}
}

func (c *client) do(method, path, body string, header ...string) *httptest.ResponseRecorder {
	c.t.Helper()
	ctx := c.ctx
	if ctx == nil {
		ctx = c.t.Context()
	}
	r := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.v != nil {
		r = r.WithContext(account.With(r.Context(), c.v))
	}
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, r)
	return w
}

func TestPages(t *testing.T) {
	c := newClient(t, many(25))
	cursor, n := "", 0
	for page := 0; ; page++ {
		w := c.do("GET", Prefix+"/records?limit=10&cursor="+url.QueryEscape(cursor), "")
		var v struct {
			Records []record.Record
			Next    string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			t.Fatal(err, w.Body)
		}
		n += len(v.Records)
		if cursor = v.Next; cursor == "" {
			if page != 2 || n != 25 {
				t.Errorf("%d records in %d pages", n, page+1)
			}
			break
		}
	}
}

func TestParameters(t *testing.T) {
	m := many(1)
	c := newClient(t, m)
	f := func(q, text string) {
		t.Helper()
		if w := c.do("GET", Prefix+"/records?"+q, ""); w.Code != 200 {
			t.Errorf("%s: %d %s", q, w.Code, w.Body)
			return
		}
		m.asked.Limit = 0
		if got := m.asked.Text(time.FixedZone("JST", 9*3600)); got != text {
			t.Errorf("%s means %q, want %q", q, got, text)
		}
	}
	f("user=CORP%5Ctanaka&user=sato&path=a&path=b", `a b user:CORP\tanaka,sato`)
	f("op=read,%E5%89%8A%E9%99%A4&result=denied", `op:read,delete result:denied`)
	f("day=2026-11-22&sort=oldest&superseded=yes&class=all", `class:all day:2026-11-22 superseded:yes sort:oldest`)
	f("q=user:tanaka+op:read&user=sato", `user:sato,tanaka op:read`)
	f("file=D:%5Ca+%22b%22,c&process=", `file:"D:\a ""b"",c"`)
	bad := func(q, parameter string, status int) *Problem {
		t.Helper()
		w := c.do("GET", Prefix+q, "", "Accept-Language", "en")
		var p Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != status || p.Status != status || p.Parameter != parameter || p.Title == "" || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", q, w.Code, w.Body)
		}
		return &p
	}
	bad("/records?users=x", "users", 400)
	bad("/records?op=nonsense", "op", 400)
	bad("/records?last=30d+user:x", "last", 400)
	bad("/records?limit=0", "limit", 400)
	bad("/records?limit=1001", "limit", 400)
	bad("/records?cursor=x", "cursor", 400)
	bad("/facets?lists=people,nonsense", "lists", 400)
	bad("/facets?cursor=x", "cursor", 400)
	bad("/follow?server=x", "path", 400)
	bad("/coverage", "server", 400)
	bad("/paths?limit=101", "limit", 400)
	bad("/nonsense", "", 404)
	p := bad("/records?q=%E7%B5%A6%E4%B8%8E+op:nonsense", "q", 400)
	if p.Type != "akashi:problem:syntax" || p.Text != "給与 op:nonsense" || p.Offset == nil || *p.Offset != 6 || *p.Length != 8 || !strings.Contains(p.Detail, "nonsense") {
		t.Errorf("syntax: %+v", p)
	}
	if w := c.do("DELETE", Prefix+"/records", ""); w.Code != 405 {
		t.Errorf("DELETE: %d", w.Code)
	}
}

func TestEnds(t *testing.T) {
	m := many(1)
	c := newClient(t, m)
	for err, want := range map[error]int{pace.ErrBusy: 503, pace.ErrTooLong: 503, context.DeadlineExceeded: 503, errors.New("/srv/secret"): 500} {
		m.fail = err
		w := c.do("GET", Prefix+"/facets", "")
		if w.Code != want || strings.Contains(w.Body.String(), "secret") || (w.Header().Get("Retry-After") != "") != (want == 503) {
			t.Errorf("%v: %d %s", err, w.Code, w.Body)
		}
	}
}

// TestRate: a visitor who asks too fast is told when to come again, and others are
// not held up.
func TestRate(t *testing.T) {
	m, now := many(1), time.Unix(1.7e9, 0)
	c := &client{t: t, h: New(Config{Source: m, Rate: 2, Burst: 3, Now: func() time.Time { return now }}), v: everybody()}
	codes := func(n int) (l []int) {
		for range n {
			l = append(l, c.do("GET", Prefix+"/status", "").Code)
		}
		return l
	}
	if l := codes(5); !slices.Equal(l, []int{200, 200, 200, 429, 429}) {
		t.Errorf("codes %v", l)
	}
	w := c.do("GET", Prefix+"/status", "")
	if w.Header().Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
	}
	c.v = &account.Visitor{ID: 2, Name: "bob", Rights: account.See}
	if l := codes(1); l[0] != 200 {
		t.Errorf("another visitor: %v", l)
	}
	c.v = &account.Visitor{ID: 1, Name: "ann", Token: "script", Rights: account.See}
	if l := codes(1); l[0] != 429 {
		t.Errorf("a token of the same person: %v", l)
	}
	now = now.Add(time.Second)
	if l := codes(3); !slices.Equal(l, []int{200, 200, 429}) {
		t.Errorf("a second later: %v", l)
	}
}

func TestUnmask(t *testing.T) {
	m := many(1)
	m.records[0].Path = `D:\983205673214.pdf`
	c := newClient(t, m)
	path := Prefix + "/records/" + url.PathEscape(m.records[0].ID().String()) + "/unmask"
	for _, body := range []string{``, `{}`, `{"ground":""}`, `{"ground":"x","more":1}`, `{"ground":"` + strings.Repeat("x", 3000) + `"}`} {
		if w := c.do("POST", path, body); w.Code != 400 {
			t.Errorf("%.40s: %d", body, w.Code)
		}
	}
	if len(m.notes) > 0 {
		t.Errorf("notes %v", m.notes)
	}
	w := c.do("POST", path, `{"ground":"請求 983205673214 の調査"}`)
	if w.Code != 200 || !strings.Contains(w.Body.String(), "983205673214") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if len(m.notes) != 1 || !regexp.MustCompile(`^unmask FS01.* 請求 \*{12} の調査$`).MatchString(m.notes[0]) {
		t.Errorf("notes %q", m.notes)
	}
	if w := c.do("POST", Prefix+"/records/FS:Security:0:99:0/unmask", `{"ground":"x"}`); w.Code != 404 || len(m.notes) != 1 {
		t.Errorf("a record that is not there: %d, notes %q", w.Code, m.notes)
	}
}
