package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func lines(t *testing.T, w *httptest.ResponseRecorder) (records int, last map[string]any) {
	t.Helper()
	l := strings.Split(strings.TrimSuffix(w.Body.String(), "\n"), "\n")
	for i, s := range l {
		var v map[string]any
		if err := json.Unmarshal([]byte(s), &v); err != nil {
			t.Fatalf("line %d: %v in %q", i, err, s)
		}
		if i == len(l)-1 {
			return i, v
		}
		if v["path"] != fmt.Sprintf(`D:\共有\%d.xlsx`, i) {
			t.Fatalf("line %d has %v", i, v["path"])
		}
	}
	return 0, nil
}

func TestStream(t *testing.T) {
	m := many(2500)
	c := newClient(t, m)
	w := c.do("GET", Prefix+"/records?q=xlsx", "", "Accept", "application/x-ndjson; q=1")
	if n, last := lines(t, w); n != 2500 || last["end"] != true || last["count"] != 2500.0 || w.Header().Get("Content-Type") != ndjson {
		t.Errorf("%d lines and %v", n, last)
	}
	if !slices.ContainsFunc(m.notes, func(s string) bool { return strings.HasPrefix(s, "export ndjson xlsx") }) {
		t.Errorf("notes %v", m.notes)
	}
	if n, last := lines(t, c.do("GET", Prefix+"/records?limit=1700", "", "Accept", ndjson)); n != 1700 || last["count"] != 1700.0 {
		t.Errorf("with a limit: %d lines and %v", n, last)
	}
	m.fail, m.failAt, m.pages = errors.New("/secret/place"), 2, 0
	w = c.do("GET", Prefix+"/records", "", "Accept", ndjson)
	n, last := lines(t, w)
	e, _ := last["error"].(map[string]any)
	if n != firstPage || e["status"] != 500.0 || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("a stream that breaks: %d lines and %v", n, last)
	}
	m.failAt, m.pages = 1, 0
	if w = c.do("GET", Prefix+"/records", "", "Accept", ndjson); w.Code != 500 {
		t.Errorf("a stream that breaks at once: %d", w.Code)
	}
}
