package api

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/record"
)

// asking is a request of a test; match is its If-Match, "" = none.
type asking struct{ method, path, body, match string }

func (x asking) header() []string {
	if x.match == "" {
		return nil
	}
	return []string{"If-Match", x.match}
}

func load(t *testing.T) (*openapi3.T, routers.Router) {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return doc, router
}

// TestDocument: every route stands in the document, and every documented one is a
// route. The import is a route of package server.
func TestDocument(t *testing.T) {
	doc, _ := load(t)
	var have, want []string
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			have = append(have, method+" "+path)
		}
	}
	for _, rt := range (&server{}).table() {
		want = append(want, rt.method+" "+rt.path)
	}
	want = append(want, "POST /imports")
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Errorf("the document has %v, the table %v", have, want)
	}
	for _, rt := range (&server{}).table() {
		if rt.method != "POST" {
			continue
		}
		op := doc.Paths.Value(rt.path).Post
		if takes := op.Parameters.GetByInAndName("header", "Idempotency-Key") != nil; takes != (rt.key != noKey) {
			t.Errorf("POST %s takes a key: %t, says the document", rt.path, takes)
		}
	}
	for _, f := range record.Fields() {
		if doc.Components.Schemas["Record"].Value.Properties[f] == nil {
			t.Errorf("the schema of a record lacks %s", f)
		}
	}
}

// TestAnswersFollowDocument asks every documented route and holds the answer to
// its schema.
func TestAnswersFollowDocument(t *testing.T) {
	m := many(5)
	m.desk = newDesk(t)
	m.care.waiting, m.care.lang = waitingTerms(), "ja"
	c := newClient(t, m)
	doc := newDocument(t)
	id := url.PathEscape(m.records[0].ID().String())
	for _, x := range append(changes(), []asking{
		{"GET", "/openapi.yaml", "", ""}, {"GET", "/records", "", ""}, {"GET", "/records?limit=2&q=xlsx&user=tanaka&last=30d&class=all&op=read,write", "", ""}, {"GET", "/records/" + id, "", ""},
		{"GET", "/records/" + id + "/raw", "", ""}, {"GET", "/records/" + id + "/versions", "", ""}, {"POST", "/records/" + id + "/unmask", `{"ground":"調査"}`, ""},
		{"GET", "/facets?top=5", "", ""}, {"GET", "/facets?lists=people,days", "", ""}, {"GET", "/paths?typed=a&limit=3", "", ""}, {"GET", "/follow?server=FS&path=D:%5Cx&at=2026-11-01", "", ""},
		{"GET", "/status", "", ""}, {"GET", "/coverage?server=FS", "", ""},
		{"GET", "/me", "", ""}, {"GET", "/jobs", "", ""}, {"GET", "/jobs?all=yes", "", ""}, {"GET", "/jobs/j1", "", ""}, {"POST", "/jobs/j1/cancel", "", ""}, {"GET", "/jobs/j1/files/a.csv", "", ""},
		{"POST", "/exports?q=xlsx&user=tanaka", `{"format":"csv"}`, ""}, {"GET", "/saved", "", ""}, {"GET", "/servers", "", ""}, {"GET", "/servers/fs/days?from=2026-11-01&to=2026-11-30", "", ""},
		{"GET", "/archive/days", "", ""}, {"POST", "/archive/restore", `{"servers":["FS"],"from":"2026-11-01","to":""}`, ""}, {"POST", "/archive/release", `{}`, ""},
		{"GET", "/holds", "", ""}, {"GET", "/trail?who=ann&from=2026-11-01&to=2026-11-30&limit=2", "", ""}, {"GET", "/jobs/none", "", ""}, {"GET", "/servers/x/days", "", ""},
		{"GET", "/records?q=op:nonsense", "", ""}, {"GET", "/records/x", "", ""}, {"GET", "/coverage?server=secret", "", ""}, {"GET", "/records?nonsense=1", "", ""},
	}...) {
		w := c.do(x.method, Prefix+x.path, x.body, x.header()...)
		doc.check(t, x, w)
	}
	doc.done(t, "/")
}

// ownAlone are the routes that TestOwnAccount asks: they need a session.
func ownAlone() []string { return []string{"/me/second-factor", "/me/password"} }

// described holds answers to the document.
type described struct {
	doc    *openapi3.T
	router routers.Router
	asked  map[string]bool // answered well
}

func newDocument(t *testing.T) *described {
	t.Helper()
	doc, router := load(t)
	return &described{doc, router, map[string]bool{}}
}

// check holds an answer to its schema.
func (d *described) check(t *testing.T, x asking, w *httptest.ResponseRecorder) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), x.method, Prefix+x.path, strings.NewReader(x.body))
	r.Header.Set("Content-Type", "application/json")
	if x.match != "" {
		r.Header.Set("If-Match", x.match)
	}
	rt, params, err := d.router.FindRoute(r)
	if err != nil {
		t.Errorf("%s %s is not documented: %v", x.method, x.path, err)
		return
	}
	d.asked[x.method+" "+rt.Path] = d.asked[x.method+" "+rt.Path] || w.Code/100 == 2
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: rt, Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
	if w.Code/100 == 2 {
		if err := openapi3filter.ValidateRequest(t.Context(), in); err != nil {
			t.Errorf("%s %s: %v", x.method, x.path, err)
		}
	}
	kind, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
	res := rt.Operation.Responses.Status(w.Code)
	if res == nil {
		res = rt.Operation.Responses.Default()
	}
	media := res.Value.Content.Get(kind)
	if w.Code == 204 && w.Body.Len() == 0 {
		return
	}
	if media == nil {
		t.Errorf("%s %s answers %d as %s, which is not documented", x.method, x.path, w.Code, kind)
		return
	}
	if !strings.HasSuffix(kind, "json") {
		return
	}
	var v any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Errorf("%s %s: %v in %s", x.method, x.path, err, w.Body)
		return
	}
	if err := media.Schema.Value.VisitJSON(v, openapi3.MultiErrors()); err != nil {
		t.Errorf("%s %s: %v", x.method, x.path, err)
	}
}

// done complains of routes below the prefixes that were not answered well; those of
// ownAlone have a test of their own.
func (d *described) done(t *testing.T, prefixes ...string) {
	t.Helper()
	below := func(path string, l []string) bool {
		return slices.ContainsFunc(l, func(p string) bool { return strings.HasPrefix(path, p) })
	}
	for path, item := range d.doc.Paths.Map() {
		for method := range item.Operations() {
			if path == "/imports" || !below(path, prefixes) || len(prefixes) == 1 && below(path, ownAlone()) {
				continue
			}
			if !d.asked[method+" "+path] {
				t.Errorf("%s %s was not answered well", method, path)
			}
		}
	}
}

// TestRights asks every route as nobody, and as people who lack each right.
func TestRights(t *testing.T) {
	m := many(1)
	c := newClient(t, m)
	id := url.PathEscape(m.records[0].ID().String())
	for _, rt := range (&server{}).table() {
		path := Prefix + strings.NewReplacer("{id}", id, "{name}", "x", "{case}", "x", "{volume}", "x", "{token}", "1").Replace(rt.path)
		c.v = nil
		if w := c.do(rt.method, path, ""); (w.Code == 401) == rt.open {
			t.Errorf("nobody gets %d at %s", w.Code, path)
		}
		for bit := account.Right(1); bit <= account.People; bit <<= 1 {
			c.v = &account.Visitor{Rights: account.AllRights &^ bit}
			if w := c.do(rt.method, path, ""); (w.Code == 403) != (!rt.open && rt.need&bit != 0) {
				t.Errorf("without right %d: %d at %s", bit, w.Code, path)
			}
		}
	}
	c.v = &account.Visitor{Rights: account.See}
	if w := c.do("GET", Prefix+"/records", "", "Accept", ndjson); w.Code != 403 {
		t.Errorf("a stream without the right to export: %d", w.Code)
	}
}

func TestDocumentIsServed(t *testing.T) {
	c := newClient(t, many(1))
	c.v = nil
	w := c.do("GET", Prefix+"/openapi.yaml", "")
	b, err := io.ReadAll(w.Body)
	if err != nil || !bytes.Equal(b, document) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}
