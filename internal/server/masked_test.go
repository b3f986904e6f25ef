package server

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/api"
	"github.com/akashi-audit/akashi/internal/record"
)

// TestNumbersAreMasked reads every page and answer as somebody with every right and
// finds no Individual Number; what is shown in its place can be asked for again.
func TestNumbersAreMasked(t *testing.T) {
	h := newHouse(t)
	who := &account.Visitor{ID: 1, Name: "all", Rights: account.AllRights}
	parts := regexp.MustCompile(`[-_. \x{3000}\x{30fb}\x{30fc}\x{2010}-\x{2015}\x{2212}]`)
	stars := 0
	n := h.crawl(who, func(path string, w *httptest.ResponseRecorder) {
		for _, s := range forms(w) {
			if s = parts.ReplaceAllString(s, ""); strings.Contains(s, myNumber) {
				at := strings.Index(s, myNumber)
				t.Errorf("%s has a number: …%q…", path, s[max(0, at-120):at+12])
				break
			}
		}
		stars += strings.Count(w.Body.String(), "****")
	})
	if n < 400 || stars < 400 {
		t.Errorf("%d answers, %d stars: the test sees little", n, stars)
	}
	var paths struct{ Paths []api.Path }
	w := h.ask(who, "GET", api.Prefix+"/facets?lists=paths&top=1000&server=FS01", "")
	var f struct{ Paths []struct{ Value string } }
	if err := json.Unmarshal(w.Body.Bytes(), &f); err != nil {
		t.Fatal(err, paths)
	}
	asked := 0
	for _, p := range f.Paths {
		if !strings.Contains(p.Value, "**") || strings.ContainsRune(p.Value, '\ufffd') { // half of a character is in no URL
			continue
		}
		asked++
		w := h.ask(who, "GET", api.Prefix+"/records?server=FS01&file="+url.QueryEscape(p.Value), "")
		var v struct{ Records []record.Record }
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || len(v.Records) == 0 || v.Records[0].Path != p.Value {
			t.Errorf("%q: %d records, %v", p.Value, len(v.Records), err)
		}
	}
	if asked < 12 {
		t.Errorf("%d masked paths", asked)
	}
	for typed, want := range map[string]string{myNumber: "/search?path=", "９８３２－０５６７－３２１４": "/search?path="} { // goes into no address
		w := h.ask(who, "GET", "/search?path="+url.QueryEscape(typed), "")
		to := w.Header().Get("Location")
		if w.Code != 303 || !strings.HasPrefix(to, want) || strings.Contains(to, "9832") {
			t.Errorf("typed %q: %d to %q", typed, w.Code, to)
		}
		if w = h.ask(who, "GET", to, ""); w.Code != 200 || !strings.Contains(w.Body.String(), "****") && !strings.Contains(w.Body.String(), "＊＊＊＊") {
			t.Errorf("%s: %d", to, w.Code)
		}
	}
}

// TestUnmask shows one record with its numbers, for a ground and a right.
func TestUnmask(t *testing.T) {
	h := newHouse(t)
	id := ""
	for _, x := range h.shown {
		if strings.HasSuffix(x, ":9:0") { // the fifth of FS01
			id = url.PathEscape(x)
		}
	}
	who := &account.Visitor{ID: 1, Name: "all", Rights: account.AllRights}
	w := h.ask(who, "GET", "/records/"+id, "")
	if w.Code != 200 || !strings.Contains(w.Body.String(), `action="/records/`) || strings.Contains(w.Body.String(), myNumber) {
		t.Fatalf("record page: %d", w.Code)
	}
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	w = h.ask(who, "POST", "/records/"+id+"/unmask", "ground="+url.QueryEscape("照会に答えるため"), form...)
	if w.Code != 200 || !strings.Contains(w.Body.String(), myNumber) || !strings.Contains(w.Body.String(), "照会に答えるため") {
		t.Errorf("unmasked: %d", w.Code)
	}
	if w = h.ask(who, "POST", "/records/"+id+"/unmask", "ground=+", form...); w.Code != 400 || strings.Contains(w.Body.String(), myNumber) {
		t.Errorf("without a ground: %d", w.Code)
	}
	no := &account.Visitor{ID: 2, Name: "no", Rights: account.AllRights &^ account.Unmask}
	if w = h.ask(no, "POST", "/records/"+id+"/unmask", "ground=x", form...); w.Code != 403 {
		t.Errorf("without the right: %d", w.Code)
	}
	if w = h.ask(no, "GET", "/records/"+id, ""); strings.Contains(w.Body.String(), "/unmask") {
		t.Error("who may not unmask is offered it")
	}
}
