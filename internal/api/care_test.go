package api

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/calendar"
	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/state"
)

// careMemory is a folder that is looked after.
type careMemory struct {
	did     []string
	refuse  error
	waiting []care.Term
	bg      care.Background
	cal     calendar.Settings
	folders []string
	lang    string
	by      care.Author
	bad     []care.SettingProblem
}

func (k *careMemory) do(what string) error {
	k.did = append(k.did, what)
	return k.refuse
}

func (k *careMemory) AddHold(_ context.Context, h care.Hold) error {
	return k.do("hold " + h.Case + " " + strings.Join(h.Servers, ",") + " " + h.Query + " " + h.Ground)
}

func (k *careMemory) ReleaseHold(_ context.Context, name, ground string) error {
	return k.do("release " + name + " " + ground)
}

func (k *careMemory) Retention(ctx context.Context) (*care.Retention, error) {
	if !care.SeesAll(account.From(ctx)) {
		return nil, care.ErrRestricted
	}
	return &care.Retention{
		InForce: []care.Term{{Months: 84, By: "bob", Ground: "983205673214", Time: 1e18}}, Waiting: k.waiting,
		Due:     []care.DueMonth{{Server: "FS", Month: "2016-01", Records: 1, Held: []string{"A"}}},
		Classes: []care.ClassMonth{{Class: "background", Server: "FS", Month: "2026-01", Records: 2, Stays: "held", Cases: []string{"A"}}},
		Taken:   []query.Taken{{Class: "background", Server: "FS", First: "2026-01-01", Last: "2026-01-31", Records: 3, Months: 3, ProposedBy: "a", By: "b", Ground: "983205673214", Time: 1e18}},
	}, nil
}

func (k *careMemory) ProposeRetention(_ context.Context, t care.Term) error {
	return k.do("propose " + t.String())
}

func (k *careMemory) ConfirmRetention(_ context.Context, _, ground string) error {
	return k.do("confirm " + ground)
}

func (k *careMemory) Pool(ctx context.Context) (*care.Pool, error) {
	if !care.SeesAll(account.From(ctx)) {
		return nil, care.ErrRestricted
	}
	return &care.Pool{Copies: 1, Free: -1, Days: -1, Volumes: []care.Volume{{ID: "v1", Name: "nas", Place: "/mnt", State: "active", Class: 1}}}, nil
}

func (k *careMemory) AddVolume(_ context.Context, f care.Folder) (*care.Volume, error) {
	return &care.Volume{ID: "v1", Name: "nas", Probes: []care.Told{{Level: "warn", Key: "cli.pool.probe.write.fail", Args: []any{"detail", "x"}}}}, k.do("volume " + f.Path)
}

func (k *careMemory) AddBucket(_ context.Context, b care.Bucket) (*care.Volume, error) {
	return &care.Volume{ID: "v2", Name: "s3"}, k.do("bucket " + b.Place())
}

func (k *careMemory) SetVolume(_ context.Context, c care.VolumeChange) error {
	return k.do("set " + c.String())
}

func (k *careMemory) LoseVolume(_ context.Context, volume string) error {
	return k.do("lose " + volume)
}

func (k *careMemory) Save(_ context.Context, x Saved) (*Saved, error) {
	x.ID, x.Owner, x.Made = 1, "ann", time.Unix(1, 0).UTC()
	return &x, k.do("save " + string(x.Name) + " " + x.Page + " " + string(x.Query))
}

func (k *careMemory) Share(_ context.Context, _ int64, owner string, shared bool) error {
	return k.do("share " + owner)
}

func (k *careMemory) Remove(_ context.Context, _ int64, owner string) error {
	return k.do("remove " + owner)
}

func (k *careMemory) Values() []care.Setting {
	return []care.Setting{{Key: "language", Value: "'ja'", Default: "'ja'"}, {Key: "mail.password", Value: "'geheim'", Default: "''"}, {Key: "my_number.folders", Value: "['D:\\x']", Default: "[]"}}
}

func (k *careMemory) set(by care.Author, fn func()) ([]care.SettingProblem, error) {
	if k.by = by; k.refuse == nil && len(k.bad) == 0 {
		fn()
	}
	return k.bad, k.refuse
}

func (k *careMemory) Background() care.Background { return k.bg }

func (k *careMemory) SetBackground(_ context.Context, by care.Author, b care.Background) ([]care.SettingProblem, error) {
	return k.set(by, func() { k.bg = b })
}

func (k *careMemory) History(context.Context) ([]care.SettingChange, error) {
	return []care.SettingChange{{By: "ann", Time: 1e18, Added: care.Background{Accounts: []string{"a"}}}}, nil
}
func (k *careMemory) Business() calendar.Settings { return k.cal }

func (k *careMemory) SetBusiness(_ context.Context, by care.Author, c calendar.Settings) ([]care.SettingProblem, error) {
	return k.set(by, func() { k.cal = c })
}
func (k *careMemory) Folders() []string { return k.folders }

func (k *careMemory) SetFolders(_ context.Context, by care.Author, l []string) ([]care.SettingProblem, error) {
	return k.set(by, func() { k.folders = l })
}

func (k *careMemory) FoldersHistory(context.Context) ([]care.FolderChange, error) {
	return []care.FolderChange{{By: "ann", Time: 1e18, Added: []string{"a"}}}, nil
}
func (k *careMemory) Language() string { return k.lang }

func (k *careMemory) SetLanguage(_ context.Context, by care.Author, lang string) error {
	_, err := k.set(by, func() { k.lang = lang })
	return err
}

func (k *careMemory) SealNow(context.Context) error { return k.do("seal") }

func (k *careMemory) seal(context.Context) (*Seal, error) {
	return &Seal{Leaves: 1, Last: 1e18, Points: []Checkpoint{{1e18, 1, "note"}}, Keys: []SealKey{{"1", "x"}}}, nil
}

// Submit takes a job of care.
func (k *keptMemory) Submit(_ context.Context, _ *account.Visitor, q job.Request) (*job.Job, error) {
	k.submitted = append(k.submitted, q)
	j := k.one()
	j.Kind, j.State, j.Files, j.All = q.Kind, job.Waiting, nil, 0
	return j, nil
}

// noSeal takes every leaf.
type noSeal struct{}

func (noSeal) Record(context.Context, seal.Entry) error { return nil }

const testPassword = "four strange words"

// newDesk is a desk with ann (1, administrator), bob (2, officer) and eve (3, viewer).
func newDesk(t *testing.T) *account.Desk {
	t.Helper()
	db, err := state.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	book, err := account.Open(db, account.Options{Seal: noSeal{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []account.NewPerson{
		{Name: "ann", Roles: []account.Role{account.Admin}}, {Name: "bob", Roles: []account.Role{account.Officer}}, {Name: "eve", Roles: []account.Role{account.Viewer}},
	} {
		n.Password = testPassword
		if _, err := book.Add(t.Context(), account.Actor{Name: "t"}, n); err != nil {
			t.Fatal(err)
		}
	}
	return account.NewDesk(book, account.DeskOptions{})
}

// changes asks every route that changes something, in an order in which each can be
// answered well.
func changes() []asking {
	return []asking{
		{"POST", "/saved", `{"name":"x","q":"op:read","shared":true}`, ""}, {"PATCH", "/saved/1", `{"shared":false}`, ""}, {"DELETE", "/saved/1", "", ""},
		{"POST", "/holds", `{"case":"B","servers":["fs"],"q":"op:read","from":"2026-01-01","to":"2026-02-01","ground":"調査"}`, ""}, {"POST", "/holds/B/release", `{"ground":"済"}`, ""},
		{"GET", "/retention", "", ""}, {"POST", "/retention/proposals", `{"months":84,"year":true,"ground":"規程"}`, ""},
		{"POST", "/retention/proposals", `{"months":3,"class":"background","server":"fs"}`, ""},
		{"POST", "/care", `{"kind":"verify"}`, ""}, {"POST", "/care", `{"kind":"nonsense"}`, ""}, {"POST", "/reconversions", `{"dry_run":true}`, ""},
		{"GET", "/pool", "", ""}, {"POST", "/pool/volumes", `{"path":"/mnt","name":"nas"}`, ""},
		{"POST", "/pool/volumes", `{"name":"s3","bucket":{"endpoint":"https://s3.example","bucket":"b","keys":"env:X","lock_days":1}}`, ""},
		{"PATCH", "/pool/volumes/nas", `{"class":2,"state":"readonly"}`, ""}, {"POST", "/pool/volumes/nas/lost", "", ""},
		{"GET", "/settings", "", ""}, {"GET", "/settings/background", "", ""}, {"GET", "/settings/background/history", "", ""}, {"GET", "/settings/calendar", "", ""},
		{"PUT", "/settings/background", `{"accounts":["CORP\\svc"],"addresses":[],"processes":[]}`, "*"},
		{"PUT", "/settings/calendar", `{"public_holidays":true,"year_end":"","closed":[],"worked":[],"hours":{"mon":"08:30-18:00","tue":"","wed":"","thu":"","fri":"","sat":"","sun":""}}`, "*"},
		{"GET", "/settings/folders", "", ""}, {"GET", "/settings/folders/history", "", ""}, {"PUT", "/settings/folders", `{"folders":["特定個人情報"]}`, "*"},
		{"GET", "/settings/language", "", ""}, {"PUT", "/settings/language", `{"language":"en"}`, "*"}, {"PUT", "/settings/language", `{"language":"ja"}`, ""},
		{"GET", "/seal", "", ""}, {"POST", "/seal/checkpoints", "", ""},
		{"POST", "/me/tokens", `{"name":"script","rights":["see","people"],"days":7}`, ""}, {"GET", "/me/tokens", "", ""}, {"DELETE", "/me/tokens/1", "", ""},
		{"GET", "/people", "", ""}, {"POST", "/people", `{"name":"joe","roles":["viewer"],"servers":["fs"]}`, ""}, {"GET", "/people/3", "", ""}, {"PATCH", "/people/3", `{"shown":"E"}`, ""},
		{"PUT", "/people/3/grant", `{"roles":["reviewer"],"servers":[],"folders":["D:\\x"],"ground":"異動"}`, "*"},
		{"PUT", "/people/3/grant", `{"roles":["officer"],"servers":[],"folders":[],"ground":"異動"}`, "*"}, {"GET", "/proposals", "", ""},
		{"POST", "/proposals/1/decision", `{"decision":"rejected"}`, ""}, {"POST", "/proposals/1/decision", `{"decision":"approved"}`, ""},
		{"POST", "/people/3/disable", `{"ground":"退職"}`, ""}, {"POST", "/people/3/enable", `{}`, ""}, {"POST", "/people/3/reset", `{"second_factor":true}`, ""},
		{"GET", "/people/1/tokens", "", ""}, {"DELETE", "/people/1/tokens/1", "", ""}, {"GET", "/people/99", "", ""}, {"DELETE", "/me/tokens/99", "", ""},
		{"POST", "/retention/confirmation", `{"ground":"規程"}`, `"` + care.Mark((&care.Retention{Waiting: waitingTerms()}).Mark()) + `"`},
	}
}

func waitingTerms() []care.Term { return []care.Term{{Months: 84, By: "bob", Time: 5}} }

// problemOf reads a problem.
func problemOf(t *testing.T, b []byte) *Problem {
	t.Helper()
	var p Problem
	if err := json.Unmarshal(b, &p); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	p.Code = strings.TrimPrefix(p.Type, "akashi:problem:")
	return &p
}

// TestChangesRefused: what pages refuse the API refuses too, and names the field.
func TestChangesRefused(t *testing.T) {
	m := many(1)
	m.desk = newDesk(t)
	c := newClient(t, m)
	f := func(x asking, status int, code, field string) {
		t.Helper()
		m.notes, m.care.did = nil, nil
		w := c.do(x.method, Prefix+x.path, x.body, append(x.header(), "Accept-Language", "ja")...)
		p := problemOf(t, w.Body.Bytes())
		if w.Code != status || p.Code != code || p.Parameter != field || strings.HasPrefix(p.Title, "api.") {
			t.Errorf("%+v: %d %s, want %d %s %s", x, w.Code, w.Body, status, code, field)
		}
		if len(m.notes)+len(m.care.did) > 0 {
			t.Errorf("%+v: noted %v, did %v", x, m.notes, m.care.did)
		}
	}
	f(asking{"POST", "/holds", `{"case":"A","servers":["fs"]}`, ""}, 400, "missing", "ground")
	f(asking{"POST", "/holds", `{"case":"A","servers":["fs"],"ground":" "}`, ""}, 400, "missing", "ground")
	f(asking{"POST", "/holds", `{"case":"A","ground":"x"}`, ""}, 400, "missing", "all")
	f(asking{"POST", "/holds", `{"case":"A","ground":"x","q":"op:nonsense"}`, ""}, 400, "value", "q")
	f(asking{"POST", "/holds", `{"case":"A","ground":"x","all":true,"from":"2026-02-01","to":"2026-01-01"}`, ""}, 400, "value", "to")
	f(asking{"POST", "/holds", `{"case":"A","ground":"x","all":true,"from":"soon"}`, ""}, 400, "value", "from")
	f(asking{"POST", "/holds", `{"case":"` + strings.Repeat("x", 201) + `","ground":"x","all":true}`, ""}, 400, "value", "case")
	f(asking{"POST", "/holds", `{"case":7,"ground":"x"}`, ""}, 400, "value", "case")
	f(asking{"POST", "/holds", `{"case":"A","ground":"x","al":true}`, ""}, 400, "parameter", "al")
	f(asking{"POST", "/holds", `["A"]`, ""}, 400, "body", "")
	f(asking{"POST", "/holds?x=1", `{"case":"A"}`, ""}, 400, "parameter", "x")
	f(asking{"POST", "/retention/proposals", `{"months":1201}`, ""}, 400, "value", "months")
	f(asking{"POST", "/retention/proposals", `{"months":0,"year":true}`, ""}, 400, "value", "year")
	f(asking{"POST", "/retention/proposals", `{"months":3,"class":"user"}`, ""}, 400, "value", "class")
	f(asking{"POST", "/retention/proposals", `{"months":1201,"class":"background"}`, ""}, 400, "value", "months")
	f(asking{"POST", "/care", `{"kind":"drain"}`, ""}, 400, "missing", "volume")
	f(asking{"POST", "/care", `{"kind":"replace","volume":"a"}`, ""}, 400, "missing", "with")
	f(asking{"POST", "/care", `{"kind":"import"}`, ""}, 400, "value", "kind")
	f(asking{"POST", "/pool/volumes", `{"name":"x"}`, ""}, 400, "missing", "path")
	f(asking{"POST", "/pool/volumes", `{"bucket":{"endpoint":"ftp://x","bucket":"b","keys":"env:X"}}`, ""}, 400, "value", "endpoint")
	f(asking{"POST", "/pool/volumes", `{"bucket":{"endpoint":"https://x","bucket":"b","keys":"AKIA123"}}`, ""}, 400, "value", "keys")
	f(asking{"POST", "/pool/volumes", `{"bucket":{"endpoint":"https://x","bucket":"b","keys":"env:X"},"path":"/x"}`, ""}, 400, "value", "path")
	f(asking{"PATCH", "/pool/volumes/nas", `{"class":10,"state":"active"}`, ""}, 400, "value", "class")
	f(asking{"PUT", "/settings/language", `{"language":"fr"}`, "*"}, 400, "value", "language")
	f(asking{"PUT", "/settings/background", `{"accounts":[]}`, "*"}, 400, "missing", "addresses")
	f(asking{"PUT", "/settings/background", `{"accounts":["a"],"addresses":[],"processes":[]}`, ""}, 428, "if_match", "")
	f(asking{"PUT", "/settings/background", `{"accounts":["a"],"addresses":[],"processes":[]}`, `"other"`}, 412, "changed", "")
	f(asking{"POST", "/people", `{"name":"a b","roles":["viewer"]}`, ""}, 400, "value", "name")
	f(asking{"POST", "/people", `{"name":"eve","roles":["viewer"]}`, ""}, 409, "taken", "name")
	f(asking{"POST", "/people", `{"name":"joe","roles":["king"]}`, ""}, 400, "value", "roles")
	f(asking{"POST", "/people", `{"name":"joe","roles":["viewer"],"folders":["x"]}`, ""}, 400, "value", "scope")
	f(asking{"POST", "/people", `{"name":"joe","roles":["officer"]}`, ""}, 409, "needs_other", "roles")
	f(asking{"PUT", "/people/1/grant", `{"roles":["viewer"],"servers":[],"folders":[]}`, "*"}, 403, "own", "")
	f(asking{"PUT", "/people/3/grant", `{"roles":["viewer"],"servers":[],"folders":[]}`, ""}, 428, "if_match", "")
	f(asking{"PUT", "/people/3/grant", `{"roles":["viewer"],"servers":[],"folders":[]}`, `"other"`}, 412, "changed", "")
	f(asking{"POST", "/people/1/disable", `{}`, ""}, 403, "own", "")
	f(asking{"POST", "/people/77/disable", `{}`, ""}, 404, "not_there", "")
	f(asking{"POST", "/me/tokens", `{"name":"x","rights":["approve"],"days":7}`, ""}, 400, "value", "rights")
	f(asking{"POST", "/me/tokens", `{"name":"x","rights":["all"],"days":7}`, ""}, 400, "value", "rights[0]")
	f(asking{"POST", "/me/tokens", `{"name":"x","rights":["see"],"days":400}`, ""}, 400, "value", "rights")
	f(asking{"POST", "/proposals/9/decision", `{"decision":"approved"}`, ""}, 404, "not_there", "")
	f(asking{"POST", "/proposals/9/decision", `{"decision":"yes"}`, ""}, 400, "value", "decision")
	f(asking{"POST", "/retention/confirmation", `{"ground":"x"}`, ""}, 428, "if_match", "")
	f(asking{"POST", "/retention/confirmation", `{"ground":"x"}`, `"x"`}, 409, "no_proposal", "")
	m.care.waiting = waitingTerms()
	f(asking{"POST", "/retention/confirmation", `{"ground":"x"}`, `"x"`}, 412, "changed", "")
	f(asking{"POST", "/retention/confirmation", `{"ground":"x"}`, "*"}, 412, "changed", "")
	m.care.waiting[0].By = "ANN"
	mark := (&care.Retention{Waiting: m.care.waiting}).Mark()
	f(asking{"POST", "/retention/confirmation", `{"ground":"x"}`, `"` + care.Mark(mark) + `"`}, 403, "own", "")
	f(asking{"POST", "/people/3/enable", "", ""}, 415, "media", "")
	c.v.Scope.Servers = []string{"fs"}
	for _, x := range changes() {
		p, _, _ := strings.Cut(strings.TrimPrefix(x.path, "/"), "/")
		if x.method == "GET" && x.path != "/settings/folders" || !slices.Contains([]string{"holds", "retention", "pool"}, p) && !strings.Contains(x.path, "folders") {
			continue
		}
		f(x, 403, "restricted", "")
	}
	f(asking{"POST", "/care", `{"kind":"expire"}`, ""}, 403, "restricted", "")
}

// TestTokensChangeLess: a token does what its rights are for, and nothing that only a
// person may do.
func TestTokensChangeLess(t *testing.T) {
	m := many(1)
	m.desk = newDesk(t)
	c := newClient(t, m)
	c.v = &account.Visitor{ID: 1, Name: "ann", Token: "script", Rights: account.AllRights &^ account.Approve}
	for _, x := range []struct {
		asking
		status int
	}{
		{asking{"POST", "/people", `{"name":"joe","roles":["viewer"]}`, ""}, 201}, {asking{"POST", "/people", `{"name":"max","roles":["admin"]}`, ""}, 403},
		{asking{"PUT", "/people/3/grant", `{"roles":["reviewer"],"servers":[],"folders":[]}`, "*"}, 200},
		{asking{"PUT", "/people/3/grant", `{"roles":["admin"],"servers":[],"folders":[]}`, "*"}, 403},
		{asking{"PUT", "/people/3/grant", `{"roles":["officer"],"servers":[],"folders":[]}`, "*"}, 403},
		{asking{"POST", "/people/3/disable", `{}`, ""}, 200}, {asking{"POST", "/people/3/reset", `{}`, ""}, 403},
		{asking{"GET", "/me/tokens", "", ""}, 403}, {asking{"POST", "/me/tokens", `{"name":"x","rights":["see"],"days":7}`, ""}, 403},
		{asking{"POST", "/retention/confirmation", `{"ground":"x"}`, "*"}, 403}, {asking{"POST", "/retention/proposals", `{"months":7}`, ""}, 201},
	} {
		if w := c.do(x.method, Prefix+x.path, x.body, x.header()...); w.Code != x.status {
			t.Errorf("%+v: %d %s, want %d", x.asking, w.Code, w.Body, x.status)
		}
	}
}

// TestSettingsByTwo: of two who saw the same, the second is told that it changed.
func TestSettingsByTwo(t *testing.T) {
	m := many(1)
	c := newClient(t, m)
	etag := c.do("GET", Prefix+"/settings/background", "").Header().Get("ETag")
	put := func(body, match string) int {
		return c.do("PUT", Prefix+"/settings/background", body, "If-Match", match).Code
	}
	if got := put(`{"accounts":["a"],"addresses":[],"processes":[]}`, etag); got != 200 || m.care.by.Name != "ann" || `"`+m.care.by.Seen+`"` != etag {
		t.Errorf("first: %d, %+v", got, m.care.by)
	}
	if got := put(`{"accounts":["b"],"addresses":[],"processes":[]}`, etag); got != 412 || m.care.bg.Accounts[0] != "a" {
		t.Errorf("second: %d", got)
	}
	m.notes = nil
	if got := put(`{"accounts":["a"],"addresses":[],"processes":[]}`, "*"); got != 200 || len(m.notes) > 0 {
		t.Errorf("the same again: %d, %v", got, m.notes)
	}
	m.care.refuse = care.ErrBusy
	if got := put(`{"accounts":["b"],"addresses":[],"processes":[]}`, "*"); got != 409 {
		t.Errorf("during an import: %d", got)
	}
	m.care.refuse, m.care.bad = nil, []care.SettingProblem{{Key: "background.accounts", Index: 1}}
	w := c.do("PUT", Prefix+"/settings/background", `{"accounts":["b","c*"],"addresses":[],"processes":[]}`, "If-Match", "*", "Accept-Language", "ja")
	if p := problemOf(t, w.Body.Bytes()); w.Code != 400 || p.Parameter != "accounts[1]" || !strings.Contains(p.Detail, "c*") {
		t.Errorf("a bad entry: %d %s", w.Code, w.Body)
	}
}

// TestSecretsStay: values of settings that nobody may see are told to nobody.
func TestSecretsStay(t *testing.T) {
	c := newClient(t, many(1))
	if w := c.do("GET", Prefix+"/settings", ""); strings.Contains(w.Body.String(), "geheim") || !strings.Contains(w.Body.String(), `D:`) {
		t.Errorf("%s", w.Body)
	}
	c.v.Scope.Folders = []string{`D:\y`}
	if w := c.do("GET", Prefix+"/settings", ""); strings.Contains(w.Body.String(), `D:`) {
		t.Errorf("%s", w.Body)
	}
	if w := c.do("GET", Prefix+"/retention", ""); w.Code != 403 {
		t.Errorf("%d", w.Code)
	}
}
