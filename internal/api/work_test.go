package api

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/trail"
)

// keptMemory is one job, one server, one hold and one entry.
type keptMemory struct {
	dir    string // of the file, "" = none
	orders []Order
	filter trail.Filter
	fail   error // of Kept and Holds

	submitted []job.Request
	restored  []RestoreOrder
	during    func(context.Context) // of Submit; nil = nothing
	mu        sync.Mutex            // guards submitted
}

func (k *keptMemory) one() *job.Job {
	return &job.Job{
		ID: "j1", Kind: "export", By: "ann", ByID: 1, Visitor: &account.Visitor{ID: 1, Name: "ann"}, Need: account.See | account.Export, About: "CSV – 983205673214",
		State: job.Done, Created: 1e18, Started: 1e18, Ended: 1e18, Done: 3, All: 3, Unit: "records", Files: []job.File{{Name: "a.csv", Size: 3, SHA256: strings.Repeat("0", 64)}},
		Messages: []job.Message{{Time: 1e18, Level: "info", Key: "job.export.done", Args: []string{"n", "3"}}},
	}
}

func (k *keptMemory) Restore(_ context.Context, _ *account.Visitor, o RestoreOrder) (*job.Job, error) {
	k.restored = append(k.restored, o)
	return &job.Job{ID: "r1", Kind: "restore", State: job.Waiting}, nil
}

func (k *keptMemory) Archived(context.Context) ([]ArchivedDay, error) {
	if k.fail != nil {
		return nil, k.fail
	}
	return []ArchivedDay{{Server: "FS", Day: "2026-11-23", Records: 3, Bytes: 40, Restored: true, Size: 90, Made: 1, By: "ann"}}, nil
}

func (k *keptMemory) Export(_ context.Context, _ *account.Visitor, o Order) (*job.Job, error) {
	k.orders = append(k.orders, o)
	j := k.one()
	j.State, j.Files, j.All = job.Waiting, nil, 0
	return j, nil
}

func (k *keptMemory) Get(_ context.Context, v *account.Visitor, id string) (*job.Job, error) {
	if j := k.one(); id == j.ID && j.Seen(v) {
		return j, nil
	}
	return nil, job.ErrNotFound
}

func (k *keptMemory) List(context.Context, *account.Visitor, bool) ([]*job.Job, error) {
	return []*job.Job{k.one()}, nil
}

func (k *keptMemory) Cancel(ctx context.Context, v *account.Visitor, id string) error {
	_, err := k.Get(ctx, v, id)
	return err
}

func (k *keptMemory) OpenFile(ctx context.Context, v *account.Visitor, id, name string) (*os.File, *job.File, error) {
	j, err := k.Get(ctx, v, id)
	if err == nil {
		err = j.Take(v)
	}
	if err != nil {
		return nil, nil, err
	}
	if name != "a.csv" {
		return nil, nil, job.ErrNotFound
	}
	path := os.DevNull
	if k.dir != "" {
		path = filepath.Join(k.dir, name)
	}
	if err := os.WriteFile(path, []byte("a,b"), 0o600); err != nil { // nothing stays of it without a folder
		return nil, nil, err
	}
	f, err := os.Open(path)
	return f, &j.Files[0], err
}

func (k *keptMemory) Kept(context.Context) (*Kept, error) {
	days := []KeptDay{{Day: "2026-10-31", State: "both"}, {Day: "2026-11-02", State: "store", Records: 3}}
	return &Kept{Records: 3, Sealed: 1e18, Servers: []KeptServer{{Name: "fs.example.jp", First: "2026-10-31", Last: "2026-11-02", Days: days}}}, k.fail
}

func (k *keptMemory) Holds(context.Context) ([]Hold, bool, error) {
	return []Hold{{Case: "A", Servers: []string{}, By: "ann", Ground: "x", Time: 1e18, Released: &Released{By: "bob", Time: 1e18}}, {Case: "B", Servers: []string{"fs"}, From: 1e18}}, false, k.fail
}

func (k *keptMemory) Saved(context.Context) ([]Saved, error) {
	return []Saved{{ID: 1, Name: "x", Owner: "ann", Page: "/search", Query: "op:read", Made: time.Unix(1, 0).UTC()}}, nil
}

func (k *keptMemory) Read(_ context.Context, f trail.Filter) (*trail.Page, error) {
	k.filter = f
	if f.Cursor == "x" {
		return nil, trail.ErrCursor
	}
	return &trail.Page{Lines: []trail.Line{{Entry: trail.Entry{Time: time.Unix(1, 0), Who: "ann", Action: "search", Object: "x", Result: trail.OK}, Sealed: true}}, Next: "n"}, nil
}

func TestExportOrders(t *testing.T) {
	m := many(1)
	c := newClient(t, m)
	f := func(url, body string, status int) {
		t.Helper()
		if w := c.do("POST", Prefix+"/exports"+url, body); w.Code != status {
			t.Errorf("%s %s: %d %s, want %d", url, body, w.Code, w.Body, status)
		}
	}
	for body, status := range map[string]int{
		``: 400, `{}`: 400, `{"format":"exe"}`: 400, `{"format":"csv","more":1}`: 400, `{"kind":"evidence"}`: 400, `{"kind":"evidence","case":"A","format":"csv"}`: 400,
		`{"kind":"import","format":"csv"}`: 400, `{"format":"csv","unmask":true}`: 400, `{"format":"csv","language":"fr"}`: 400, `[`: 400,
		`{"kind":"evidence","case":"` + strings.Repeat("x", 201) + `"}`: 400,
	} {
		f("", body, status)
	}
	f("?users=x", `{"format":"csv"}`, 400)
	if len(m.kept.orders)+len(m.notes) > 0 {
		t.Fatalf("orders %v, notes %v", m.kept.orders, m.notes)
	}
	f("?q=983205673214&user=tanaka", `{"format":"xlsx","language":"ja","entity":true}`, 202)
	f("", `{"kind":"evidence","case":"A","unmask":true,"ground":"調査 983205673214"}`, 202)
	if l := m.kept.orders; len(l) != 2 || l[0].Query.Users[0] != "tanaka" || l[0].Lang != "ja" || !l[0].Entity || strings.Contains(l[0].Text, "983205673214") ||
		l[0].Need != account.See|account.Export || l[1].Case != "A" || l[1].Need != account.See|account.Export|account.Unmask {
		t.Errorf("orders %+v", l)
	}
	if l := m.notes; len(l) != 2 || !strings.HasPrefix(l[0], "export xlsx: ************") || l[1] != "export evidence A:  調査 ************" {
		t.Errorf("notes %q", l)
	}
	c.v = &account.Visitor{ID: 1, Name: "ann", Token: "script", Rights: account.See | account.Export}
	f("", `{"format":"csv","unmask":true,"ground":"x"}`, 403)
	c.v.Rights = account.See
	f("", `{"format":"csv"}`, 403)
	if len(m.kept.orders) != 2 {
		t.Errorf("a token took more than it may: %+v", m.kept.orders[2:])
	}
}

func TestJobsOfOthers(t *testing.T) {
	m := many(1)
	m.kept.dir = t.TempDir()
	c := newClient(t, m)
	f := func(path string, status int) string {
		t.Helper()
		w := c.do("GET", Prefix+path, "")
		if w.Code != status {
			t.Errorf("%s: %d %s, want %d", path, w.Code, w.Body, status)
		}
		return w.Body.String()
	}
	if b := f("/jobs/j1/files/a.csv", 200); b != "a,b" || len(m.notes) != 1 || !strings.HasPrefix(m.notes[0], "download j1 a.csv 0000") {
		t.Errorf("%q, notes %q", b, m.notes)
	}
	if b := f("/jobs/j1", 200); strings.Contains(b, "983205673214") || !strings.Contains(b, `"take":""`) {
		t.Error(b)
	}
	f("/jobs/j1/files/b.csv", 404)
	c.v = &account.Visitor{ID: 1, Name: "ann", Token: "script", Rights: account.See} // the token may not export
	if b := f("/jobs/j1", 200); !strings.Contains(b, `"take":"not_yours"`) {
		t.Error(b)
	}
	f("/jobs/j1/files/a.csv", 403)
	f("/jobs?all=yes", 403)
	f("/jobs?all=1", 400)
	c.v = &account.Visitor{ID: 2, Name: "bob", Rights: account.AllRights}
	f("/jobs/j1", 200)
	f("/jobs/j1/files/a.csv", 403)
	c.v.Scope.Folders = []string{`D:\x`} // what others asked for can name what he may not see
	f("/jobs/j1", 404)
	f("/jobs?all=yes", 403)
	c.v = &account.Visitor{ID: 1, Name: "ann", Rights: account.AllRights, Scope: account.Scope{Servers: []string{"fs"}}}
	f("/jobs/j1/files/a.csv", 403)
}

func TestTrailOfARestrictedVisitor(t *testing.T) {
	m := many(1)
	c := newClient(t, m)
	c.v.Scope.Folders = []string{`D:\x`}
	if w := c.do("GET", Prefix+"/trail?who=bob", ""); w.Code != 200 || m.kept.filter.Who != "ann" {
		t.Errorf("%d, filter %+v", w.Code, m.kept.filter)
	}
	if len(m.notes) != 1 || m.notes[0] != "trail who: ann" {
		t.Errorf("notes %q", m.notes)
	}
	c.do("GET", Prefix+"/trail?cursor=n", "")
	if len(m.notes) != 1 {
		t.Errorf("reading on is noted: %q", m.notes)
	}
	if w := c.do("GET", Prefix+"/trail?cursor=x", ""); w.Code != 400 {
		t.Errorf("a cursor that is none: %d", w.Code)
	}
	zone := time.FixedZone("JST", 9*3600)
	c.do("GET", Prefix+"/trail?from=2026-11-01&to=2026-11-02", "")
	if f := m.kept.filter; !f.From.Equal(time.Date(2026, 11, 1, 0, 0, 0, 0, zone)) || !f.To.Equal(time.Date(2026, 11, 3, 0, 0, 0, 0, zone)) {
		t.Errorf("from %v to %v", f.From, f.To)
	}
	for _, bad := range []string{"from=x", "limit=501", "who2=x", "to=2026-11-02+op:read"} {
		if w := c.do("GET", Prefix+"/trail?"+bad, ""); w.Code != 400 {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
}

func TestKeepingRestricted(t *testing.T) {
	m := many(1)
	m.kept.fail = ErrRestricted
	c := newClient(t, m)
	for _, path := range []string{"/servers", "/servers/fs/days", "/holds", "/archive/days"} {
		if w := c.do("GET", Prefix+path, ""); w.Code != 403 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	m.kept.fail = nil
	w := c.do("GET", Prefix+"/servers/FS/days?from=2026-11-01", "")
	var v struct {
		Server string
		Days   []KeptDay
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || v.Server != "fs.example.jp" || len(v.Days) != 1 || v.Days[0].Day != "2026-11-02" {
		t.Errorf("%v %s", err, w.Body)
	}
	c.v = &account.Visitor{ID: 1, Name: "ann", Token: "script", Rights: account.See | account.Trail}
	var me struct {
		Token  string
		Rights []string
	}
	if err := json.Unmarshal(c.do("GET", Prefix+"/me", "").Body.Bytes(), &me); err != nil || me.Token != "script" || !slices.Equal(me.Rights, c.v.Rights.Names()) {
		t.Errorf("%+v", me)
	}
	bare := &client{t: t, h: New(Config{Source: m}), v: everybody()}
	if w := bare.do("GET", Prefix+"/jobs", ""); w.Code != 404 {
		t.Errorf("jobs where there are none: %d", w.Code)
	}
}
