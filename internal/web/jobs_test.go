package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/i18n"
	"github.com/akashi-audit/akashi/internal/job"
)

// fakeJobs has one job, of the person "t".
type fakeJobs struct {
	job  job.Job
	last job.Request
	file string
}

func (f *fakeJobs) Submit(_ context.Context, v *account.Visitor, q job.Request) (*job.Job, error) {
	b, err := json.Marshal(q.Params)
	f.last = q
	f.job = job.Job{ID: "abc", Kind: q.Kind, By: v.Name, ByID: v.ID, Visitor: v, Params: b, State: job.Waiting, About: q.About, Words: q.Words, Need: q.Need}
	return &f.job, err
}

func (f *fakeJobs) Get(_ context.Context, v *account.Visitor, id string) (*job.Job, error) {
	if id != f.job.ID || !f.job.Seen(v) {
		return nil, job.ErrNotFound
	}
	j := f.job
	return &j, nil
}

func (f *fakeJobs) List(_ context.Context, v *account.Visitor, all bool) ([]*job.Job, error) {
	if all && !v.May(account.Manage) {
		return nil, job.ErrRight
	}
	j := f.job
	return []*job.Job{&j}, nil
}

func (f *fakeJobs) Cancel(ctx context.Context, v *account.Visitor, id string) error {
	_, err := f.Get(ctx, v, id)
	f.job.State = job.Cancelled
	return err
}

func (f *fakeJobs) OpenFile(ctx context.Context, v *account.Visitor, id, name string) (*os.File, *job.File, error) {
	j, err := f.Get(ctx, v, id)
	if err != nil {
		return nil, nil, err
	}
	if err := j.Take(v); err != nil {
		return nil, nil, err
	}
	x, err := os.Open(f.file)
	return x, &job.File{Name: name, SHA256: "00"}, err
}

// siteOf is a site with everything that a test wants to set.
func siteOf(t *testing.T, change func(*Config)) http.Handler {
	t.Helper()
	cfg := Config{
		Source: company(200), Now: testNow, Version: "test",
		Visitor: func(*http.Request) *account.Visitor {
			return &account.Visitor{ID: 7, Name: "t", Rights: account.AllRights}
		},
	}
	change(&cfg)
	h, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func post(t *testing.T, h http.Handler, target, body string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), w.Body.String()
}

func TestJobPages(t *testing.T) {
	f := &fakeJobs{file: filepath.Join(t.TempDir(), "x")}
	if err := os.WriteFile(f.file, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	who := &account.Visitor{ID: 7, Name: "t", Rights: account.AllRights}
	noted := ""
	h := siteOf(t, func(c *Config) {
		c.Jobs = f
		c.Visitor = func(*http.Request) *account.Visitor { return who }
		c.Note = func(_ context.Context, action, object, _ string) error {
			noted += action + " " + object + "\n"
			return nil
		}
	})
	now := testNow().UnixNano()
	for _, state := range []job.State{job.Waiting, job.Running, job.Done, job.Failed, job.Cancelled, job.Interrupted} {
		f.job = job.Job{
			ID: "abc", Kind: "export", ByID: 7, By: "t", Visitor: who, State: state, About: "path:<img src=x>\u202e", Created: now - 9e9, Started: now - 9e9,
			Done: 1000, All: 4000, Unit: "records", Need: account.Export, Attempt: 2, Detail: "boom", Messages: []job.Message{{Time: now, Level: "warn", Key: "job.again"}},
		}
		if state.Ended() {
			f.job.Ended, f.job.Until = now, now+1
			f.job.Files = []job.File{{Name: "a\u202e<img src=x>.csv", Size: 5, SHA256: strings.Repeat("0", 64)}}
		}
		for _, lang := range []string{"ja", "en"} {
			for _, target := range []string{"/jobs", "/jobs?all=1", "/jobs/abc"} {
				res, body := get(t, h, target, "Accept-Language", lang)
				if res.StatusCode != http.StatusOK {
					t.Errorf("%s %s: status %d", state, target, res.StatusCode)
				}
				checkHTML(t, lang+" "+target+" "+string(state), body)
				if polls := strings.Contains(body, "every "); polls == state.Ended() {
					t.Errorf("%s %s: asks again: %v", state, target, polls)
				}
			}
		}
	}
	res, body := get(t, h, "/jobs/abc/files/%E8%A8%98%E9%8C%B2%22%0d%0aX-Evil%3a1.csv")
	cd := res.Header.Get("Content-Disposition")
	if res.StatusCode != http.StatusOK || body != "content" || res.Header.Get("X-Evil") != "" || !strings.HasPrefix(cd, "attachment; filename*=utf-8''") {
		t.Errorf("download: %d %q %q", res.StatusCode, cd, body)
	}
	if !strings.HasPrefix(noted, "download abc ") {
		t.Errorf("noted %q", noted)
	}
	who = &account.Visitor{ID: 7, Name: "t", Rights: account.See}
	if res, _ := get(t, h, "/jobs/abc/files/a.csv"); res.StatusCode != http.StatusForbidden {
		t.Errorf("without the right: %d", res.StatusCode)
	}
	if res, _ := get(t, h, "/jobs?all=1"); res.StatusCode != http.StatusForbidden {
		t.Errorf("all jobs without the right: %d", res.StatusCode)
	}
	who = &account.Visitor{ID: 8, Name: "u", Rights: account.See | account.Export}
	for _, target := range []string{"/jobs/abc", "/jobs/abc/files/a.csv", "/jobs/no"} {
		if res, _ := get(t, h, target); res.StatusCode != http.StatusNotFound {
			t.Errorf("somebody else at %s: %d", target, res.StatusCode)
		}
	}
	who = &account.Visitor{ID: 7, Name: "t", Rights: account.See}
	if res, _ := post(t, h, "/jobs/abc/cancel", ""); res.StatusCode != http.StatusSeeOther || f.job.State != job.Cancelled {
		t.Errorf("cancel: %d, %s", res.StatusCode, f.job.State)
	}
}

// Every key of the files of this area is used, by itself or with an end that
// code adds.
func TestAreaWords(t *testing.T) {
	var text strings.Builder
	for _, pattern := range []string{"*.go", "templates/*.html", "../care/*.go", "../job/*.go", "../export/*.go", "../server/*.go", "../cli/*.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			b, err := os.ReadFile(n)
			if err != nil {
				t.Fatal(err)
			}
			text.Write(b)
		}
	}
	code := text.String()
	for _, area := range []string{"jobs", "export", "data"} {
		b, err := os.ReadFile("../i18n/" + area + "_en.json")
		if err != nil {
			continue
		}
		var m map[string]string
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		for k := range m {
			stem := k[:strings.LastIndexByte(k, '.')+1]
			if !strings.Contains(code, `"`+k+`"`) && !strings.Contains(code, `"`+stem+`"`) {
				t.Errorf("%s is used nowhere", k)
			}
			if !i18n.For("ja").Has(k) {
				t.Errorf("%s has no Japanese", k)
			}
		}
	}
}
