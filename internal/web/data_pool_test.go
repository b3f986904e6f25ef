package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/job"
)

func TestPoolPages(t *testing.T) {
	k := newDataKit(t)
	code, body := k.post("/data/pool", "path", `/mnt/"nas" & <x>`, "name", "nas")
	if code != http.StatusOK || len(k.data.did) > 0 {
		t.Fatalf("%d, did %v", code, k.data.did)
	}
	if code, _ := k.again("/data/pool", body); code != http.StatusSeeOther || k.data.did[0] != `volume /mnt/"nas" & <x> nas` {
		t.Errorf("%d, did %v", code, k.data.did)
	}
	k.data.refuse = &VolumeError{Key: "web.pool.error.refused", Args: []any{"volume", evil}, Probes: []Told{{Level: "error", Key: "cli.pool.probe.write.fail", Args: []any{"detail", evil}}}, Err: errors.New("x")}
	if code, _ := k.again("/data/pool", body); code != http.StatusUnprocessableEntity {
		t.Errorf("refused: %d", code)
	}
	if code, _ := k.post("/data/pool", "path", " "); code != http.StatusUnprocessableEntity {
		t.Errorf("without a path: %d", code)
	}
}

// TestVolumesAskFirst: each change is asked first, noted, and done once.
func TestVolumesAskFirst(t *testing.T) {
	k := newDataKit(t)
	bucket := []string{"endpoint", "https://s3.example.jp", "bucket", "worm", "prefix", "/akashi/", "keys", "env:AKASHI_S3", "lock", "30", "name", "S3"}
	for _, c := range []struct {
		target string
		form   []string
		note   string
	}{
		{"/data/pool/bucket", bucket, "volume_add|s3://worm/akashi https://s3.example.jp|"},
		{"/data/pool/set", []string{"volume", "v", "class", "2", "state", "readonly"}, "volume_set|v class 2 readonly|"},
		{"/data/pool/lost", []string{"volume", "v"}, "volume_lost|v|"},
	} {
		k.note = ""
		done := len(k.data.buckets) + len(k.data.changes)
		code, body := k.post(c.target, c.form...)
		if code != http.StatusOK || !strings.Contains(body, `name="sure"`) || k.note != "" || len(k.data.buckets)+len(k.data.changes) != done {
			t.Fatalf("%s: %d, noted %q", c.target, code, k.note)
		}
		if code, _ := k.again(c.target, body); code != http.StatusSeeOther || k.note != c.note || len(k.data.buckets)+len(k.data.changes) != done+1 {
			t.Errorf("%s: %d, noted %q", c.target, code, k.note)
		}
	}
	if b := k.data.buckets[0]; b != (Bucket{Name: "S3", Endpoint: "https://s3.example.jp", Bucket: "worm", Prefix: "akashi", Keys: "env:AKASHI_S3", LockDays: 30}) {
		t.Errorf("%+v", b)
	}
	if strings.Join(k.data.changes, ",") != "v 2 true,lost v" {
		t.Errorf("%v", k.data.changes)
	}
	if code, body := k.post("/data/pool/lost", "volume", "last", "sure", "1"); code != http.StatusUnprocessableEntity || !strings.Contains(body, `role="alert"`) {
		t.Errorf("the last one: %d", code)
	}
	for _, bad := range [][]string{
		{"endpoint", "ftp://x"}, {"endpoint", "https://a:b@x"}, {"endpoint", ""}, {"bucket", ""}, {"bucket", "a/b"}, {"keys", "AKIA:secret"}, {"keys", "env:A B"}, {"keys", "file:relative"}, {"lock", "-1"}, {"lock", "x"}, {"lock", "99999"},
	} {
		n := len(k.data.buckets)
		if code, _ := k.post("/data/pool/bucket", append(append([]string{"sure", "1"}, bucket...), bad...)...); code != http.StatusUnprocessableEntity || len(k.data.buckets) != n {
			t.Errorf("%v: %d", bad, code)
		}
	}
	for _, bad := range [][]string{{"class", "0"}, {"class", "10"}, {"class", "x"}, {"state", "lost"}, {"volume", ""}} {
		if code, _ := k.post("/data/pool/set", append([]string{"sure", "1", "volume", "v", "class", "2", "state", "active"}, bad...)...); code != http.StatusBadRequest {
			t.Errorf("%v: %d", bad, code)
		}
	}
	k.who = &account.Visitor{Name: "r", Rights: account.AllRights, Scope: account.Scope{Servers: []string{"FS01"}}}
	for _, target := range []string{"/data/pool/bucket", "/data/pool/set", "/data/pool/lost"} {
		if code, _ := k.post(target, append([]string{"sure", "1", "volume", "v", "class", "2", "state", "active"}, bucket...)...); code != http.StatusForbidden {
			t.Errorf("%s as a restricted visitor: %d", target, code)
		}
	}
}

// Days that the archive alone has are said on the server's page, and a job for them is
// asked about, noted and started.
func TestRestorePage(t *testing.T) {
	k := newDataKit(t)
	name := "FS01" + evil
	page := "/data/server?name=" + url.QueryEscape(name)
	if _, body := get(t, k.h, page); strings.Contains(body, "/data/restore") {
		t.Error("there is nothing to restore, and it is offered")
	}
	k.data.restored = []RestoredDay{{Day: "2026-11-09", Records: 1}, {Day: "2026-11-12", Records: 2, Restored: true, Size: 5}, {Day: "2026-11-13", Stale: true, Size: 7}}
	for _, lang := range []string{"ja", "en"} {
		_, body := get(t, k.h, page, "Accept-Language", lang)
		checkHTML(t, lang+" "+page, shownPart(body))
		for _, w := range []string{`action="/data/restore"`, `value="2026-11-09"`, `value="2026-11-13"`, `name="what" value="release_days"`} {
			if !strings.Contains(body, w) {
				t.Errorf("%s: no %s", lang, w)
			}
		}
	}
	for _, what := range []string{"restore", "release_days"} {
		fields := []string{"what", what, "server", name, "from", "2026-11-09", "to", "2026-11-15"}
		code, body := k.post("/data/restore", fields...)
		if code != http.StatusOK || k.jobs.last.Kind != "" {
			t.Fatalf("%s begins without a question: %d", what, code)
		}
		if code, _ = k.again("/data/restore", body); code != http.StatusSeeOther {
			t.Fatalf("%s: %d", what, code)
		}
		q := k.jobs.last
		if q.Kind != what {
			t.Fatalf("%s: %+v", what, q)
		}
		if x, ok := q.Params.(RestoreRequest); !ok || len(x.Servers) != 1 || x.Servers[0] != name || x.From != "2026-11-09" || x.To != "2026-11-15" {
			t.Errorf("%s: %+v", what, q.Params)
		}
		if !strings.HasPrefix(k.note, what+"|"+name) {
			t.Errorf("%s: note %q", what, k.note)
		}
		k.jobs.last = job.Request{}
	}
	for want, fields := range map[int][]string{
		http.StatusBadRequest:          {"what", "expire", "server", name, "from", "2026-11-09", "to", "2026-11-15"},
		http.StatusUnprocessableEntity: {"what", "restore", "server", name, "from", "2026-11-12", "to", "2026-11-09", "sure", "1"},
	} {
		if code, _ := k.post("/data/restore", fields...); code != want {
			t.Errorf("%v: %d, want %d", fields, code, want)
		}
	}
	k.who = &account.Visitor{ID: 7, Name: "t", Rights: account.AllRights, Scope: account.Scope{Servers: []string{"x"}}}
	if code, _ := k.post("/data/restore", "what", "restore", "server", name, "from", "2026-11-09", "to", "2026-11-15"); code != http.StatusForbidden {
		t.Errorf("who is restricted: %d", code)
	}
}
