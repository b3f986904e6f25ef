package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/engine"
	"github.com/akashi-audit/akashi/internal/export"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/web"
)

// kit is a data folder with one imported log, its care and its jobs.
type kit struct {
	t    *testing.T
	e    *engine.Engine
	data *dataSource
	jobs *job.Runner
	name string // of the server
	day  string
}

func newKit(t *testing.T) *kit {
	t.Helper()
	e, err := engine.Open(t.Context(), t.TempDir(), engine.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "Security.evtx")
	writeLog(t, log)
	if _, err := e.Import(t.Context(), engine.ImportRequest{Paths: []string{log}, Importer: "t"}, nil); err != nil {
		t.Fatal(err)
	}
	conf := e.Config()
	zone, err := conf.Location()
	if err != nil {
		t.Fatal(err)
	}
	k := &kit{t: t, e: e, data: newData(e, zone)}
	if k.jobs, err = newJobs(t.Context(), Config{Engine: e}, k.data); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); k.jobs.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-ended
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	o, err := k.data.Overview(as("ops"))
	if err != nil || len(o.Servers) != 1 || len(o.Servers[0].Days) == 0 {
		t.Fatalf("overview %+v, %v", o, err)
	}
	k.name, k.day = o.Servers[0].Name, o.Servers[0].Days[0].Day
	return k
}

// as is a context of a visitor who may everything.
func as(name string, change ...func(*account.Visitor)) context.Context {
	v := &account.Visitor{ID: int64(len(name)), Name: name, Rights: account.AllRights}
	for _, c := range change {
		c(v)
	}
	return account.With(context.Background(), v)
}

func only(s account.Scope) func(*account.Visitor) { return func(v *account.Visitor) { v.Scope = s } }

// done runs a job to its end.
func (k *kit) done(ctx context.Context, kind string, params any) *job.Job {
	k.t.Helper()
	v := account.From(ctx)
	j, err := k.jobs.Submit(ctx, v, job.Request{Kind: kind, Params: params, About: "x", Need: account.See})
	if err != nil {
		k.t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); !j.State.Ended(); time.Sleep(5 * time.Millisecond) {
		if j, err = k.jobs.Get(ctx, v, j.ID); err != nil || time.Now().After(end) {
			k.t.Fatalf("job %s: %+v, %v", kind, j, err)
		}
	}
	return j
}

func (k *kit) read(ctx context.Context, j *job.Job, name string) []byte {
	k.t.Helper()
	f, _, err := k.jobs.OpenFile(ctx, account.From(ctx), j.ID, name)
	if err != nil {
		k.t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err = errors.Join(err, f.Close()); err != nil {
		k.t.Fatal(err)
	}
	return b
}

func (k *kit) day0() web.Day {
	k.t.Helper()
	o, err := k.data.Overview(as("ops"))
	if err != nil {
		k.t.Fatal(err)
	}
	for _, d := range o.Servers[0].Days {
		if d.Day == k.day {
			return d
		}
	}
	k.t.Fatalf("no day %s", k.day)
	return web.Day{}
}

func TestOverviewKeepsToTheScope(t *testing.T) {
	k := newKit(t)
	for _, c := range []struct {
		scope   account.Scope
		servers int
		err     error
	}{
		{account.Scope{}, 1, nil},
		{account.Scope{Servers: []string{strings.ToUpper(k.name)}}, 1, nil},
		{account.Scope{Servers: []string{"elsewhere"}}, 0, nil},
		{account.Scope{Folders: []string{`D:\x`}}, 0, care.ErrRestricted},
	} {
		ctx := as("r", only(c.scope))
		o, err := k.data.Overview(ctx)
		if !errors.Is(err, c.err) || err == nil && (len(o.Servers) != c.servers || c.servers == 0 && o.Records+o.Events+o.StoreBytes+o.ArchiveBytes > 0) {
			t.Errorf("%+v: %+v, %v", c.scope, o, err)
		}
		_, gaps := k.data.Gaps(ctx, k.name)
		if seen := gaps == nil; seen != (c.servers == 1) {
			t.Errorf("%+v: gaps %v", c.scope, gaps)
		}
		if c.scope.All() {
			continue
		}
		_, _, e1 := k.data.Holds(ctx)
		_, e2 := k.data.Retention(ctx)
		_, e3 := k.data.Pool(ctx)
		_, e4 := k.data.AddVolume(ctx, care.Folder{Path: t.TempDir(), Name: "x"})
		for i, err := range []error{e1, e2, e3, e4, k.data.AddHold(ctx, care.Hold{Case: "c", Ground: "g"}), k.data.ReleaseHold(ctx, "c", "g"), k.data.ProposeRetention(ctx, care.Term{Months: 1}), k.data.ConfirmRetention(ctx, "", "g")} {
			if !errors.Is(err, care.ErrRestricted) {
				t.Errorf("%+v: care %d: %v", c.scope, i, err)
			}
		}
	}
	if _, err := k.data.Overview(t.Context()); !errors.Is(err, care.ErrRestricted) {
		t.Errorf("nobody: %v", err)
	}
}

func TestArchiveAndCare(t *testing.T) {
	k := newKit(t)
	if d := k.day0(); d.State != web.DayStore || d.Records == 0 || d.Parts != 0 {
		t.Errorf("before: %+v", d)
	}
	if j := k.done(as("ops"), "archive", care.Request{}); j.State != job.Done || j.Messages[0].Key != "job.archive.done" {
		t.Fatalf("archive: %+v", j)
	}
	if d := k.day0(); d.State != web.DayBoth || d.Parts != 1 || d.Copies != 1 || d.Archive == 0 || d.Late {
		t.Errorf("after: %+v", d)
	}
	if j := k.done(as("ops"), "archive", care.Request{}); j.Messages[0].Key != "job.archive.none" {
		t.Errorf("again: %+v", j)
	}
	j := k.done(as("ops"), "verify", care.Request{Lang: "ja"})
	if j.State != job.Done || j.Messages[0].Key != "job.verify.good" || len(j.Files) != 2 || !bytes.Contains(k.read(as("ops"), j, "verify.txt"), []byte("封印")) {
		t.Errorf("verify: %+v", j)
	}
	if j := k.done(as("ops"), "check", care.Request{}); j.State != job.Done || j.Messages[0].Key != "job.check.good" {
		t.Errorf("check: %+v", j)
	}
	if g, err := k.data.Gaps(as("ops"), k.name); g != nil || err != nil {
		t.Errorf("gaps before the survey: %+v, %v", g, err)
	}
	if j := k.done(as("ops"), "coverage", care.Request{Server: k.name}); j.State != job.Done || len(j.Files) != 1 {
		t.Errorf("coverage: %+v", j)
	}
	if g, err := k.data.Gaps(as("ops"), k.name); err != nil || g == nil || len(g.Channels) != 1 || g.Channels[0].Received == 0 {
		t.Errorf("gaps: %+v, %v", g, err)
	}
	if j := k.done(as("r", only(account.Scope{Servers: []string{"other"}})), "coverage", care.Request{Server: k.name}); j.State != job.Failed {
		t.Errorf("coverage out of scope: %+v", j)
	}
	if j := k.done(as("ops"), "expire", care.Request{}); j.State != job.Failed || j.Messages[0].Key != "web.retention.none" {
		t.Errorf("expire without a term: %+v", j)
	}
}

// The term of one month deletes the old log once two people said so; the archive
// answers from then on.
func TestRetentionByTwoPeople(t *testing.T) {
	k := newKit(t)
	if err := k.data.ProposeRetention(as("admin"), care.Term{Months: 1}); err != nil {
		t.Fatal(err)
	}
	r, err := k.data.Retention(as("officer"))
	if err != nil {
		t.Fatal(err)
	}
	if err := k.data.ConfirmRetention(as("ADMIN"), r.Mark(), "g"); !errors.Is(err, care.ErrOwnProposal) {
		t.Errorf("own proposal: %v", err)
	}
	if err := k.data.ConfirmRetention(as("officer"), "something else", "規程"); !errors.Is(err, care.ErrChanged) {
		t.Errorf("what was not seen: %v", err)
	}
	if err := k.data.ConfirmRetention(as("officer"), r.Mark(), "規程"); err != nil {
		t.Fatal(err)
	}
	r, err = k.data.Retention(as("ops"))
	if err != nil || len(r.InForce) != 1 || len(r.Waiting) != 0 || len(r.Due) == 0 || r.InForce[0].By != "officer" {
		t.Fatalf("retention %+v, %v", r, err)
	}
	if err := k.data.AddHold(as("officer"), care.Hold{Case: "c", Ground: "g", Servers: []string{k.name}}); err != nil {
		t.Fatal(err)
	}
	j := k.done(as("admin"), "expire", care.Request{})
	if j.State != job.Done || k.day0().State != web.DayBoth {
		t.Fatalf("expire of what is held: %+v, %+v", j, k.day0())
	}
	if err := k.data.ReleaseHold(as("officer"), "nothing", "g"); !errors.Is(err, care.ErrNotFound) {
		t.Errorf("release of no case: %v", err)
	}
	if err := k.data.ReleaseHold(as("officer"), "c", "over"); err != nil {
		t.Fatal(err)
	}
	if j = k.done(as("admin"), "expire", care.Request{}); j.State != job.Done {
		t.Fatalf("expire: %+v", j)
	}
	k.data.at = time.Time{} // the minute is over
	if d := k.day0(); d.State != web.DayArchived || d.Records == 0 {
		t.Errorf("after: %+v", d)
	}
	// An export finds the archived records.
	j = k.done(as("admin"), "export", web.ExportRequest{Format: export.NDJSON, Zone: "Asia/Tokyo", Lang: "ja", Query: query.Query{Classes: record.Classes()}})
	if j.State != job.Done || len(k.read(as("admin"), j, j.Files[0].Name)) == 0 {
		t.Errorf("export from the archive: %+v", j)
	}
	k.restores(t)
}

// restores restores the days that the archive alone has, and releases them.
func (k *kit) restores(t *testing.T) {
	t.Helper()
	total := func() uint64 {
		f, err := k.e.Facets(t.Context(), query.Query{Classes: record.Classes(), Servers: []string{k.name}})
		if err != nil {
			t.Fatal(err)
		}
		return f.Total
	}
	before := total()
	l, err := k.data.Restored(as("admin"), k.name)
	if err != nil || len(l) == 0 || l[0].Restored {
		t.Fatalf("days: %+v, %v", l, err)
	}
	if j := k.done(as("admin", only(account.Scope{Servers: []string{k.name}})), "restore", web.RestoreRequest{}); j.State != job.Failed {
		t.Errorf("a restricted visitor restores: %+v", j)
	}
	j := k.done(as("admin"), "restore", web.RestoreRequest{Servers: []string{k.name}, From: l[0].Day, To: l[len(l)-1].Day})
	if j.State != job.Done || j.Messages[0].Key != "job.restore.done" {
		t.Fatalf("restore: %+v", j)
	}
	if now, err := k.data.Restored(as("admin"), k.name); err != nil || len(now) != len(l) || !now[0].Restored || now[0].Size == 0 {
		t.Errorf("restored: %+v, %v", now, err)
	}
	if n := total(); n != before || n == 0 {
		t.Errorf("%d records counted, %d before", n, before)
	}
	if j = k.done(as("admin"), "release_days", web.RestoreRequest{}); j.State != job.Done || j.Messages[0].Key != "job.release.done" {
		t.Errorf("release: %+v", j)
	}
	if n := total(); n != before {
		t.Errorf("%d records counted, %d before", n, before)
	}
}

func TestExportIsSealed(t *testing.T) {
	k := newKit(t)
	x := web.ExportRequest{Format: export.CSV, Zone: "Asia/Tokyo", Lang: "ja", Text: "op:logon", Query: query.Query{Ops: []record.Op{record.OpLogon}}, Unmask: true, Ground: "監査"}
	j := k.done(as("rev"), "export", x)
	if j.State != job.Done || len(j.Files) != 1 || !bytes.HasPrefix(k.read(as("rev"), j, j.Files[0].Name), []byte("\ufeff")) {
		t.Fatalf("job %+v", j)
	}
	l, err := seal.Read(k.e.Dir())
	if err != nil {
		t.Fatal(err)
	}
	kinds := ""
	for _, e := range l {
		if e.Kind == seal.KindExport || e.Kind == seal.KindUnmask {
			kinds += e.Kind + " "
			if b, _ := e.Hash.MarshalText(); string(b) != j.Files[0].SHA256 || e.By != "rev" || e.Ground != "監査" || !strings.Contains(e.Subject, `"query":"op:logon"`) {
				t.Errorf("leaf %+v", e)
			}
		}
	}
	if kinds != "export unmask " {
		t.Errorf("leaves %q", kinds)
	}
	// A restricted visitor's file holds what that visitor sees.
	for server, want := range map[string]string{k.name: "2", "elsewhere": "0"} {
		x.Unmask = false
		j := k.done(as("r", only(account.Scope{Servers: []string{server}})), "export", x)
		if j.State != job.Done || j.Messages[0].Args[1] != want {
			t.Errorf("export within %s: %+v", server, j)
		}
	}
	if j := k.done(as("rev"), "evidence", web.ExportRequest{Case: "c", Zone: "Asia/Tokyo", Query: x.Query}); j.State != job.Done || !strings.HasSuffix(j.Files[0].Name, ".zip") {
		t.Errorf("evidence: %+v", j)
	}
	if j := k.done(as("r", only(account.Scope{Servers: []string{k.name}})), "evidence", web.ExportRequest{Case: "c", Zone: "Asia/Tokyo"}); j.State != job.Done {
		t.Errorf("evidence of a restricted visitor: %+v", j)
	}
	if j := k.done(as("rev"), "evidence", web.ExportRequest{Case: "c", Zone: "Asia/Tokyo", Query: query.Query{Users: []string{"nobody"}}}); j.State != job.Failed || j.Messages[0].Key != "job.evidence.none" {
		t.Errorf("evidence of nothing: %+v", j)
	}
}
