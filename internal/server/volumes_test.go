package server

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/job"
)

func TestVolumes(t *testing.T) {
	k := newKit(t)
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var x *care.VolumeError
	if _, err := k.data.AddVolume(as("ops"), care.Folder{Path: full, Name: "v"}); !errors.As(err, &x) || x.Key != "web.pool.error.notempty" {
		t.Errorf("a folder that holds something: %v", err)
	}
	if _, err := k.data.AddVolume(as("ops"), care.Folder{Path: t.TempDir(), Name: "nas"}); err != nil {
		t.Fatal(err)
	}
	k.done(as("ops"), "archive", care.Request{})
	if j := k.done(as("ops"), "drain", care.Request{Volume: "archive"}); j.State != job.Done {
		t.Errorf("drain: %+v", j)
	}
	if j := k.done(as("ops"), "drain", care.Request{Volume: "nothing"}); j.State != job.Failed || j.Messages[0].Key != "web.pool.error.unknown" {
		t.Errorf("drain of nothing: %+v", j)
	}
	for _, kind := range []string{"heal", "scrub"} {
		if j := k.done(as("ops"), kind, care.Request{}); j.State != job.Done {
			t.Errorf("%s: %+v", kind, j)
		}
	}
	p, err := k.data.Pool(as("ops"))
	if err != nil || len(p.Volumes) != 2 || p.Volumes[0].State != "draining" || p.Volumes[1].Objects == 0 {
		t.Errorf("pool %+v, %v", p, err)
	}
	if d := k.day0(); d.Copies != 1 {
		t.Errorf("day %+v", d)
	}
}

func TestVolumesChange(t *testing.T) {
	k := newKit(t)
	ops := as("ops")
	for _, name := range []string{"one", "two"} {
		if _, err := k.data.AddVolume(ops, care.Folder{Path: t.TempDir(), Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	k.done(ops, "archive", care.Request{})
	state := func(name string) care.Volume {
		t.Helper()
		p, err := k.data.Pool(ops)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(p.Volumes, func(v care.Volume) bool { return v.Name == name })
		if i < 0 {
			return care.Volume{}
		}
		return p.Volumes[i]
	}
	if err := k.data.SetVolume(ops, care.VolumeChange{Volume: "two", Class: 7, State: "readonly"}); err != nil {
		t.Fatal(err)
	}
	if v := state("two"); v.Class != 7 || v.State != "readonly" {
		t.Errorf("%+v", v)
	}
	if err := k.data.SetVolume(ops, care.VolumeChange{Volume: "two", Class: 3, State: "active"}); err != nil {
		t.Fatal(err)
	}
	var x *care.VolumeError
	if err := k.data.SetVolume(ops, care.VolumeChange{Volume: "none", Class: 3, State: "active"}); !errors.As(err, &x) || x.Key != "web.pool.error.unknown" {
		t.Errorf("a volume that is not there: %v", err)
	}
	if j := k.done(ops, "replace", care.Request{Volume: "archive", With: "one"}); j.State != job.Done {
		t.Errorf("replace: %+v", j)
	}
	if v := state("archive"); v.State != "draining" || v.Objects != 0 {
		t.Errorf("after the replacement: %+v", v)
	}
	if j := k.done(ops, "remove", care.Request{Volume: "archive"}); j.State != job.Done || j.Messages[0].Key != "job.remove.done" {
		t.Errorf("remove: %+v", j)
	}
	if v := state("archive"); v.Name != "" {
		t.Errorf("after the removal: %+v", v)
	}
	if j := k.done(ops, "tier", care.Request{}); j.State != job.Done {
		t.Errorf("tier: %+v", j)
	}
	if err := k.data.LoseVolume(ops, "two"); err != nil || state("two").State != "lost" {
		t.Errorf("lost: %v, %+v", err, state("two"))
	}
	if j := k.done(ops, "remove", care.Request{Volume: "one"}); j.State != job.Failed || j.Messages[0].Key != "web.pool.error.held" {
		t.Errorf("removal of the only copies: %+v", j)
	}
	if err := k.data.LoseVolume(ops, "one"); !errors.As(err, &x) || x.Key != "web.pool.error.last" {
		t.Errorf("the last one: %v", err)
	}
	t.Setenv("BUCKETTEST_ACCESS_KEY", "a")
	t.Setenv("BUCKETTEST_SECRET_KEY", "geheim1234")
	for _, keys := range []string{"env:BUCKETTEST", "env:NOTTHERE"} {
		_, err := k.data.AddBucket(ops, care.Bucket{Endpoint: "ftp://127.0.0.1:1", Bucket: "worm", Keys: keys})
		if !errors.As(err, &x) || strings.Contains(fmt.Sprint(x.Args), "geheim") {
			t.Errorf("%s: %v", keys, err)
		}
	}
	narrow := account.With(t.Context(), &account.Visitor{Name: "n", Rights: account.AllRights, Scope: account.Scope{Servers: []string{"x"}}})
	if err := k.data.LoseVolume(narrow, "one"); !errors.Is(err, care.ErrRestricted) {
		t.Errorf("a restricted visitor: %v", err)
	}
}

// TestPoolSettledByTwo: what somebody else settled since is refused by the pool itself,
// under its lock.
func TestPoolSettledByTwo(t *testing.T) {
	k := newKit(t)
	ops := as("ops")
	if _, err := k.data.AddVolume(ops, care.Folder{Path: t.TempDir(), Name: "one"}); err != nil {
		t.Fatal(err)
	}
	now := func() *care.Pool {
		t.Helper()
		p, err := k.data.Pool(ops)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	i := slices.IndexFunc(now().Volumes, func(v care.Volume) bool { return v.Name == "one" })
	rules := care.PoolRules{Copies: 2, WarnDays: 30, Move: []care.MoveRule{{Days: 90, Class: 7}}, Seen: care.Mark(now().Rules())}
	limits := care.VolumeLimits{Volume: "one", Quota: 1 << 40, Reserve: 1 << 30, Seen: care.Mark(now().Volumes[i].Limits())}
	key := care.Encryption{Seen: care.Mark(now().Encryption())}
	for n, want := range []error{nil, care.ErrChanged} {
		if err := k.data.SetPool(ops, rules); !errors.Is(err, want) || (err != nil) != (want != nil) {
			t.Errorf("rules, %d: %v", n, err)
		}
		if err := k.data.LimitVolume(ops, limits); !errors.Is(err, want) || (err != nil) != (want != nil) {
			t.Errorf("limits, %d: %v", n, err)
		}
	}
	if p := now(); p.Copies != 2 || p.Volumes[i].Quota != 1<<40 || p.Volumes[i].Reserve != 1<<30 {
		t.Errorf("%+v", p)
	}
	if err := k.data.EncryptPool(ops, key); err != nil {
		t.Errorf("encryption: %v", err)
	}
	key.Seen = "other"
	if err := k.data.EncryptPool(ops, key); !errors.Is(err, care.ErrChanged) {
		t.Errorf("encryption that nobody saw: %v", err)
	}
}
