package server

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/api"
	"github.com/akashi-audit/akashi/internal/saved"
)

// taken is a job as the API tells it.
type taken struct {
	ID, State, About string
	Files            []struct{ Name string }
}

func read(t *testing.T, w *httptest.ResponseRecorder, want int, v any) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), v); err != nil || w.Code != want {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
}

// TestExportThroughTheAPI orders exports as somebody who may see one folder, and
// takes them: nothing else is in them, names of fields are the heads of columns, and
// numbers are masked.
func TestExportThroughTheAPI(t *testing.T) {
	h := newHouse(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); h.jobs.Run(ctx) }()
	defer func() { stop(); <-ended }()
	who := &account.Visitor{ID: 7, Name: "narrow", Rights: account.See | account.Export, Token: "script", Scope: account.Scope{Servers: []string{"FS01"}, Folders: []string{`D:\共有\人事`}}}
	export := func(body string) (name, text string) {
		t.Helper()
		var j taken
		w := h.ask(who, "POST", api.Prefix+"/exports?class=all", body)
		read(t, w, 202, &j)
		at := w.Header().Get("Location")
		for end := time.Now().Add(30 * time.Second); j.State == "waiting" || j.State == "running"; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("the job stays %s", j.State)
			}
			read(t, h.ask(who, "GET", at, ""), 200, &j)
		}
		if j.State != "done" || len(j.Files) != 1 {
			t.Fatalf("%+v", j)
		}
		return j.Files[0].Name, h.ask(who, "GET", at+"/files/"+url.PathEscape(j.Files[0].Name), "").Body.String()
	}
	name, text := export(`{"format":"csv"}`)
	if !strings.HasSuffix(name, ".csv") || !strings.HasPrefix(text, "\ufeffid,time,") || strings.Count(text, "doc0") < 20 || leaked.MatchString(text) || strings.Contains(text, myNumber) {
		t.Errorf("%s: %.400s", name, text)
	}
	if _, text = export(`{"format":"csv","language":"ja"}`); strings.HasPrefix(text, "\ufeffid,") || !strings.Contains(text, "日時") {
		t.Errorf("%.200s", text)
	}
	var me struct{ Folders []string }
	if read(t, h.ask(who, "GET", api.Prefix+"/me", ""), 200, &me); len(me.Folders) != 1 {
		t.Errorf("folders %q", me.Folders)
	}
}

func TestKeptThroughTheAPI(t *testing.T) {
	h := newHouse(t)
	db, err := h.e.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []saved.Search{
		{Owner: "narrow", Name: "own " + myNumber, URL: "/search?user=tanaka&path=" + myNumber, Made: time.Now()}, {Owner: "all", Name: "other", URL: "/files?user=sato", Made: time.Now()},
	} {
		if err := saved.New(db, nil).Add(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	part := &account.Visitor{ID: 7, Name: "narrow", Rights: account.AllRights, Scope: account.Scope{Servers: []string{"FS01"}}}
	var k struct {
		Records int64
		Servers []struct {
			Name, First, Last string
			Records           int64
		}
	}
	if read(t, h.ask(part, "GET", api.Prefix+"/servers", ""), 200, &k); len(k.Servers) != 1 || k.Servers[0].Name != "FS01.example.jp" || k.Servers[0].First != "2026-11-01" || k.Servers[0].Records != k.Records {
		t.Errorf("%+v", k)
	}
	var d struct{ Days []api.KeptDay }
	if read(t, h.ask(part, "GET", api.Prefix+"/servers/FS01/days?from=2026-11-02&to=2026-11-03", ""), 200, &d); len(d.Days) != 2 || d.Days[0].Day != "2026-11-02" || d.Days[0].Records == 0 {
		t.Errorf("%+v", d)
	}
	if w := h.ask(part, "GET", api.Prefix+"/servers/FS02/days", ""); w.Code != 404 {
		t.Errorf("another server: %d", w.Code)
	}
	var s struct{ Saved []api.Saved }
	if read(t, h.ask(part, "GET", api.Prefix+"/saved", ""), 200, &s); len(s.Saved) != 1 || s.Saved[0].Page != "/search" || !strings.Contains(string(s.Saved[0].Query), "user:tanaka") || strings.Contains(string(s.Saved[0].Name+s.Saved[0].Query), myNumber) {
		t.Errorf("%+v", s)
	}
	if w := h.ask(part, "GET", api.Prefix+"/holds", ""); w.Code != 403 {
		t.Errorf("holds of a restricted visitor: %d", w.Code)
	}
	all := &account.Visitor{ID: 1, Name: "all", Rights: account.AllRights}
	var x struct{ Holds []api.Hold }
	if read(t, h.ask(all, "GET", api.Prefix+"/holds", ""), 200, &x); x.Holds == nil {
		t.Error("holds are null")
	}
	var tr struct {
		Entries []struct{ Who, Action string }
	}
	read(t, h.ask(part, "GET", api.Prefix+"/trail", ""), 200, &tr)
	for _, e := range tr.Entries {
		if e.Who != "narrow" {
			t.Errorf("entry of %s", e.Who)
		}
	}
}
