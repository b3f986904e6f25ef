package server

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
)

// TestChangesThroughTheAPI: a program with a token changes what its rights are for, as
// the pages do: sealed, in the trail, and by two people where two are needed.
func TestChangesThroughTheAPI(t *testing.T) {
	e, at, first := runFirst(t)
	firstAdmin(t, at, first)
	book, err := e.People(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	boss, err := book.Named(t.Context(), "boss")
	if err != nil {
		t.Fatal(err)
	}
	plain, _, err := book.AddToken(t.Context(), boss.ID, "script", account.AllRights&^account.Approve&boss.Rights(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	do := func(method, path, body string, want int, header ...string) (http.Header, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, "http://"+at.Addr+"/api/v1"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+plain)
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var b bytes.Buffer
		if _, err := b.ReadFrom(res.Body); err != nil || res.StatusCode != want {
			t.Errorf("%s %s: %d %s, want %d, %v", method, path, res.StatusCode, &b, want, err)
		}
		return res.Header, b.String()
	}
	if _, body := do("POST", "/holds", `{"case":"事件A","all":true,"ground":"調査"}`, 201, "Sec-Fetch-Site", "cross-site"); !strings.Contains(body, `"by":"boss"`) {
		t.Errorf("hold: %s", body) // a token is no cookie, so no other site's page can borrow it
	}
	do("POST", "/holds/%E4%BA%8B%E4%BB%B6A/release", `{"ground":"済"}`, 200)
	do("POST", "/holds/%E4%BA%8B%E4%BB%B6A/release", `{"ground":"済"}`, 404)
	_, body := do("POST", "/saved", `{"name":"給与","q":"op:read 983205673214"}`, 201)
	var kept struct{ ID json.Number }
	if err := json.Unmarshal([]byte(body), &kept); err != nil || strings.Contains(body, "983205673214") {
		t.Errorf("saved: %s, %v", body, err)
	}
	do("PATCH", "/saved/"+kept.ID.String(), `{"shared":true}`, 204)
	do("DELETE", "/saved/"+kept.ID.String(), "", 204)
	do("DELETE", "/saved/"+kept.ID.String(), "", 404)
	do("POST", "/saved", `{"name":"x","q":"op:nonsense"}`, 400)
	h, _ := do("GET", "/settings/background", "", 200)
	do("PUT", "/settings/background", `{"accounts":["CORP\\svc"],"addresses":[],"processes":[]}`, 200, "If-Match", h.Get("ETag"))
	do("PUT", "/settings/background", `{"accounts":["CORP\\other"],"addresses":[],"processes":[]}`, 412, "If-Match", h.Get("ETag"))
	do("PUT", "/settings/background", `{"accounts":[],"addresses":["host"],"processes":[]}`, 400, "If-Match", "*")
	if _, body := do("GET", "/settings/background/history", "", 200); !strings.Contains(body, `CORP\\svc`) || strings.Contains(body, "other") {
		t.Errorf("history: %s", body)
	}
	do("PUT", "/settings/folders", `{"folders":["特定個人情報"]}`, 200, "If-Match", "*")
	do("PUT", "/settings/language", `{"language":"en"}`, 200, "If-Match", "*")
	h, _ = do("POST", "/retention/proposals", `{"months":84,"ground":"規程"}`, 201)
	do("POST", "/retention/confirmation", `{"ground":"x"}`, 403, "If-Match", h.Get("ETag"))
	do("POST", "/pool/volumes", `{"path":"relative/none"}`, 400)
	if _, body := do("POST", "/pool/volumes", `{"name":"nas","path":"`+t.TempDir()+`"}`, 201); !strings.Contains(body, `"state":"active"`) {
		t.Errorf("volume: %s", body)
	}
	do("PATCH", "/pool/volumes/nas", `{"class":3,"state":"readonly"}`, 200)
	do("POST", "/care", `{"kind":"scrub"}`, 202)
	do("GET", "/seal", "", 200)
	do("POST", "/people", `{"name":"joe","roles":["viewer"],"folders":["D:\\x"]}`, 201)
	do("POST", "/people", `{"name":"max","roles":["officer"]}`, 403)
	if _, body := do("GET", "/people", "", 200); !strings.Contains(body, "joe") || strings.Contains(body, "password\":\"") {
		t.Errorf("people: %s", body)
	}
	got := map[string]int{}
	for _, x := range entries(t, e) {
		if x.Token == "script" {
			got[x.Action]++
		}
	}
	for action, n := range map[string]int{"hold": 1, "hold_release": 2, "save": 1, "saved share": 1, "saved remove": 1, "settings": 4, "retention_propose": 1, "volume_add": 1, "volume_set": 1, "scrub": 1, "people.add": 1} {
		if got[action] != n {
			t.Errorf("%s stands %d times in the trail, want %d: %v", action, got[action], n, got)
		}
	}
}
