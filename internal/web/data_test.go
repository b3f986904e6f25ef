package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/job"
)

// fakeData is a Data that remembers what was done.
type fakeData struct {
	buckets []Bucket
	changes []string
	did     []string
	terms   Retention
	refuse  error
	noScope bool

	restored []RestoredDay
}

const evil = "<img src=x>\u202e\x01"

func (f *fakeData) Overview(context.Context) (*Overview, error) {
	if f.noScope {
		return nil, ErrRestricted
	}
	o := &Overview{Records: 12, Events: 34, StoreBytes: 1 << 30, Free: 5 << 30, PerDay: 1 << 20, Full: testNow().UnixNano(), ArchiveParts: 2, ArchiveDays: 2, ArchiveBytes: 3 << 20, Error: evil}
	sv := ServerDays{Name: "FS01" + evil, Records: 12, Events: 34, Bytes: 1 << 30, Archived: 2, Gaps: 3}
	for i, s := range []string{DayArchived, DayBoth, DayNone, DayDamaged, DayDeleted, DayStore, DayOpen} {
		d := Day{Day: "2026-11-1" + string(rune('2'+i)), State: s, Records: int64(i), Events: int64(i), Bytes: int64(i) << 20, Gaps: int64(i % 2)}
		if s == DayBoth || s == DayArchived {
			d.Parts, d.Archive, d.Copies = 1, 1<<20, 2
		}
		d.Late = s == DayStore
		sv.Days = append(sv.Days, d)
	}
	o.Servers = []ServerDays{sv, {Name: "empty"}}
	return o, nil
}

func (f *fakeData) Gaps(context.Context, string) (*Gaps, error) {
	return &Gaps{
		At: 1, Channels: []ChannelGaps{{Name: evil, Received: 3, Missing: 2, Silences: 1, Unsure: true, Gaps: []GapSpan{{"2026-11-12T00:00:00Z", "x", 2}}, Silent: []GapSpan{{"a", "b", 7200}}}},
		Notices: []GapNotice{{Kind: "log_cleared", Time: "t", User: evil, Detail: evil}}, More: 4, Audit: []Remedy{{Name: "File System", State: "off", Command: "auditpol /set", SACL: true}},
	}, nil
}

func (f *fakeData) Restored(context.Context, string) ([]RestoredDay, error) { return f.restored, nil }

func (f *fakeData) Holds(context.Context) ([]Hold, bool, error) {
	h := Hold{Case: evil, Servers: []string{"FS01" + evil}, Query: evil, From: 1, By: evil, Ground: evil, Time: 1}
	r := h
	r.Released = &Released{By: evil, Ground: evil, Time: 2}
	return []Hold{h, r}, true, nil
}

func (f *fakeData) AddHold(ctx context.Context, h Hold) error {
	f.did = append(f.did, "hold "+h.Case+" "+strings.Join(h.Servers, ",")+" "+h.Query+" "+h.Ground)
	return f.refuse
}

func (f *fakeData) ReleaseHold(_ context.Context, name, ground string) error {
	f.did = append(f.did, "release "+name+" "+ground)
	return f.refuse
}

func (f *fakeData) Retention(context.Context) (*Retention, error) { return &f.terms, nil }

func (f *fakeData) ProposeRetention(_ context.Context, t Term) error {
	f.did = append(f.did, "propose "+t.Server)
	t.Time = 5
	f.terms.Waiting = append(f.terms.Waiting, t)
	return nil
}

func (f *fakeData) ConfirmRetention(_ context.Context, _, ground string) error {
	f.did = append(f.did, "confirm "+ground)
	return f.refuse
}

func (f *fakeData) Pool(context.Context) (*Pool, error) {
	p := &Pool{Move: []MoveRule{{Days: 30, Class: 7}}, Recipients: []string{"age1" + evil}, Identity: evil, KeyError: evil, Copies: 2, Objects: 3, Bytes: 4, Short: 1, Lost: 1, Free: 1 << 30, Days: 12, Warn: true}
	for _, s := range []string{"active", "readonly", "draining", "lost", "away", "foreign"} {
		p.Volumes = append(p.Volumes, Volume{Name: s + evil, Place: evil, State: s, Problem: evil, Total: 100, Free: 30, Quota: 3 << 29, Damaged: 1, Missing: 1, LockOwed: 2, LockTo: 1})
	}
	return p, nil
}

func (f *fakeData) AddVolume(_ context.Context, v care.Folder) (*Volume, error) {
	f.did = append(f.did, "volume "+v.Path+" "+v.Name)
	if f.refuse != nil {
		return nil, f.refuse
	}
	return &Volume{Name: v.Name}, nil
}

func (f *fakeData) LimitVolume(_ context.Context, x care.VolumeLimits) error {
	f.changes = append(f.changes, fmt.Sprint("limits ", x.Volume, " ", x.Quota, " ", x.Reserve))
	return f.refuse
}

func (f *fakeData) SetPool(_ context.Context, x PoolRules) error {
	f.changes = append(f.changes, fmt.Sprint("rules ", x.Copies, " ", x.WarnDays, " ", x.Move))
	return f.refuse
}

func (f *fakeData) EncryptPool(_ context.Context, x care.Encryption) error {
	f.changes = append(f.changes, fmt.Sprint("encrypt ", x.Recipients, " ", x.Identity))
	return f.refuse
}

func (f *fakeData) TakeVolume(_ context.Context, volume string, force bool) error {
	f.changes = append(f.changes, fmt.Sprint("take ", volume, " ", force))
	return f.refuse
}

// shownPart is a page without the values that only go back to the server.
func shownPart(body string) string {
	return regexp.MustCompile(`<input type="hidden"[^>]*>`).ReplaceAllString(body, "")
}

type dataKit struct {
	t    *testing.T
	h    http.Handler
	data *fakeData
	jobs *fakeJobs
	who  *account.Visitor
	note string
}

func newDataKit(t *testing.T) *dataKit {
	k := &dataKit{t: t, data: &fakeData{}, jobs: &fakeJobs{}, who: &account.Visitor{ID: 7, Name: "t", Rights: account.AllRights}}
	k.h = siteOf(t, func(c *Config) {
		c.Jobs, c.Data = k.jobs, k.data
		c.Visitor = func(*http.Request) *account.Visitor { return k.who }
		c.Note = func(_ context.Context, action, object, ground string) error {
			k.note = action + "|" + object + "|" + ground
			return nil
		}
	})
	return k
}

func (k *dataKit) post(target string, kv ...string) (int, string) {
	k.t.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(kv); i += 2 {
		v.Set(kv[i], kv[i+1])
	}
	res, body := post(k.t, k.h, target, v.Encode())
	checkHTML(k.t, "POST "+target, shownPart(body))
	return res.StatusCode, body
}

// again answers yes on a page that asks, as a browser would, with more fields.
func (k *dataKit) again(target, body string, kv ...string) (int, string) {
	k.t.Helper()
	for _, m := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(body, -1) {
		kv = append(kv, m[1], strings.NewReplacer("&#34;", `"`, "&lt;", "<", "&gt;", ">", "&amp;", "&", "&#39;", "'", "&#43;", "+").Replace(m[2]))
	}
	return k.post(target, kv...)
}

func TestDataPages(t *testing.T) {
	k := newDataKit(t)
	k.data.terms = Retention{
		InForce: []Term{{Months: 84, Year: true, By: evil, Ground: evil}}, Waiting: []Term{{Server: evil, Months: 5, By: "t"}, {By: "u"}},
		Due: []DueMonth{{Server: evil, Month: "2016-04", Records: 1, Archived: true}, {Month: "2016-05", Held: []string{evil}}, {Month: "2016-06"}},
	}
	for _, lang := range []string{"ja", "en"} {
		for _, target := range []string{
			"/data", "/data/server?name=" + url.QueryEscape("FS01"+evil), "/data/server?year=2025&name=" + url.QueryEscape("FS01"+evil), "/data/holds", "/data/retention", "/data/pool",
			"/data?done=hold", "/data/holds?done=<script>",
		} {
			res, body := get(t, k.h, target, "Accept-Language", lang)
			if res.StatusCode != http.StatusOK {
				t.Errorf("%s: status %d", target, res.StatusCode)
			}
			checkHTML(t, lang+" "+target, shownPart(body))
		}
	}
	if res, _ := get(t, k.h, "/data/server?name=nobody"); res.StatusCode != http.StatusNotFound {
		t.Errorf("unknown server: %d", res.StatusCode)
	}
	k.data.noScope = true
	if res, _ := get(t, k.h, "/data"); res.StatusCode != http.StatusOK {
		t.Errorf("restricted overview: %d", res.StatusCode)
	}
	if res, _ := get(t, k.h, "/data/server?name=x"); res.StatusCode != http.StatusForbidden {
		t.Errorf("restricted server: %d", res.StatusCode)
	}
}

func TestCareAsksFirst(t *testing.T) {
	for _, what := range []string{"archive", "verify", "check", "expire", "heal", "scrub", "drain", "coverage", "remove", "replace", "tier"} {
		k := newDataKit(t)
		k.data.terms.InForce = []Term{{Months: 1}}
		with := ""
		if what == "replace" {
			with = "w"
		}
		code, body := k.post("/data/care", "what", what, "server", "FS01", "volume", "v", "with", with)
		if code != http.StatusOK || k.jobs.last.Kind != "" || !strings.Contains(body, `name="sure"`) {
			t.Fatalf("%s: %d, started %q", what, code, k.jobs.last.Kind)
		}
		if code, _ := k.again("/data/care", body); code != http.StatusSeeOther || k.jobs.last.Kind != what || !strings.HasPrefix(k.note, what+"|") {
			t.Errorf("%s: %d, started %q, noted %q", what, code, k.jobs.last.Kind, k.note)
		}
	}
	k := newDataKit(t)
	for _, c := range [][]string{{"what", "rm"}, {"what", "drain"}, {"what", "remove"}, {"what", "replace", "volume", "v"}, {"what", "drain", "volume", "v", "with", "w"}, {"what", "coverage"}, {}} {
		if code, _ := k.post("/data/care", c...); code != http.StatusBadRequest {
			t.Errorf("%v: %d", c, code)
		}
	}
	if code, _ := k.post("/data/care", "what", "expire", "sure", "1"); code == http.StatusSeeOther && len(k.data.terms.InForce) > 0 {
		t.Error("deletion without a term")
	}
	k.who = &account.Visitor{Name: "r", Rights: account.AllRights, Scope: account.Scope{Servers: []string{"FS01"}}}
	if code, _ := k.post("/data/care", "what", "verify", "sure", "1"); code != http.StatusForbidden {
		t.Errorf("restricted visitor: %d", code)
	}
	k.who = &account.Visitor{Name: "v", Rights: account.See}
	for _, target := range []string{"/data/care", "/data/holds", "/data/holds/release", "/data/retention", "/data/retention/confirm", "/data/pool", "/data/pool/bucket", "/data/pool/set", "/data/pool/lost"} {
		if code, _ := k.post(target, "what", "verify", "sure", "1", "case", "c", "ground", "g", "path", "/x"); code != http.StatusForbidden {
			t.Errorf("%s without the right: %d", target, code)
		}
	}
	if len(k.data.did) > 0 {
		t.Errorf("did %v", k.data.did)
	}
}

func TestHoldPages(t *testing.T) {
	k := newDataKit(t)
	ask := []string{"case", "案件 1", "server", "FS01", "query", `user:CORP\tanaka`, "reason", "訴訟"}
	code, body := k.post("/data/holds", ask...)
	if code != http.StatusOK || len(k.data.did) > 0 {
		t.Fatalf("%d, did %v", code, k.data.did)
	}
	if code, _ := k.again("/data/holds", body); code != http.StatusSeeOther || len(k.data.did) != 1 || k.data.did[0] != `hold 案件 1 FS01 user:CORP\tanaka 訴訟` || k.note != "hold|案件 1|訴訟" {
		t.Errorf("%d, did %v, noted %q", code, k.data.did, k.note)
	}
	for _, c := range [][]string{
		{"case", "", "server", "F", "reason", "g"}, {"case", "c", "server", "F"}, {"case", "c", "reason", "g"}, {"case", "c", "reason", "g", "query", `"`},
		{"case", "c", "reason", "g", "all", "1", "from", "yesterday"}, {"case", "c", "reason", "g", "all", "1", "from", "2026-02-01", "to", "2026-01-01"},
	} {
		if code, _ := k.post("/data/holds", append(c, "sure", "1")...); code != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d", c, code)
		}
	}
	code, body = k.post("/data/holds/release", "case", "案件 1")
	if code != http.StatusOK || len(k.data.did) != 1 {
		t.Fatalf("%d, did %v", code, k.data.did)
	}
	if code, _ := k.again("/data/holds/release", body, "ground", " "); code != http.StatusUnprocessableEntity {
		t.Errorf("without a ground: %d", code)
	}
	if code, _ := k.again("/data/holds/release", body, "ground", "和解"); code != http.StatusSeeOther || k.data.did[1] != "release 案件 1 和解" {
		t.Errorf("%d, did %v", code, k.data.did)
	}
	k.data.refuse = care.ErrNotFound
	if code, _ := k.again("/data/holds/release", body, "ground", "x"); code != http.StatusNotFound {
		t.Errorf("no such case: %d", code)
	}
}

func TestRetentionByTwo(t *testing.T) {
	k := newDataKit(t)
	code, body := k.post("/data/retention", "n", "7", "unit", "y", "reason", "規程")
	if code != http.StatusOK || len(k.data.did) > 0 {
		t.Fatalf("%d, did %v", code, k.data.did)
	}
	if code, _ := k.again("/data/retention", body); code != http.StatusSeeOther || k.data.terms.Waiting[0].Months != 84 || k.data.terms.Waiting[0].Ground != "規程" {
		t.Errorf("%d, %+v", code, k.data.terms)
	}
	k.data.terms.Waiting[0].By = "T" // the same person
	if code, _ := k.post("/data/retention/confirm", "sure", "1", "ground", "x"); code != http.StatusForbidden {
		t.Errorf("own proposal: %d", code)
	}
	k.who = &account.Visitor{Name: "officer", Rights: account.See | account.Approve}
	code, body = k.post("/data/retention/confirm")
	if code != http.StatusOK || len(k.data.did) != 1 {
		t.Fatalf("%d, did %v", code, k.data.did)
	}
	k.data.terms.Waiting[0].Months = 1
	if code, _ := k.again("/data/retention/confirm", body, "ground", "承認"); code != http.StatusUnprocessableEntity {
		t.Errorf("what waits changed: %d", code)
	}
	k.data.terms.Waiting[0].Months = 84
	if code, _ := k.again("/data/retention/confirm", body, "ground", ""); code != http.StatusUnprocessableEntity {
		t.Errorf("without a ground: %d", code)
	}
	if code, _ := k.again("/data/retention/confirm", body, "ground", "承認"); code != http.StatusSeeOther || k.data.did[1] != "confirm 承認" {
		t.Errorf("%d, did %v", code, k.data.did)
	}
	k.who = &account.Visitor{Name: "admin", Rights: account.AllRights}
	for _, c := range [][]string{{"n", "0", "unit", "y"}, {"n", "x", "unit", "m"}, {"n", "101", "unit", "y"}, {"n", "-1", "unit", "m"}} {
		if code, _ := k.post("/data/retention", append(c, "sure", "1")...); code != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d", c, code)
		}
	}
	k.data.terms.Waiting = nil
	if code, _ := k.post("/data/retention/confirm"); code != http.StatusConflict {
		t.Errorf("nothing waits: %d", code)
	}
}

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

func (f *fakeData) AddBucket(ctx context.Context, b Bucket) (*Volume, error) {
	f.buckets = append(f.buckets, b)
	return f.AddVolume(ctx, care.Folder{Path: "s3://" + b.Bucket, Name: b.Name})
}

func (f *fakeData) SetVolume(_ context.Context, c care.VolumeChange) error {
	f.changes = append(f.changes, fmt.Sprint(c.Volume, " ", c.Class, " ", c.State == "readonly"))
	return nil
}

func (f *fakeData) LoseVolume(_ context.Context, volume string) error {
	f.changes = append(f.changes, "lost "+volume)
	if volume == "last" {
		return &VolumeError{Key: "web.pool.error.last"}
	}
	return nil
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
