package pool

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/manifest"
)

// A volume describes itself: another data folder recognises it, reads it, and takes
// it over only when told so; the first one notices.
func TestForeign(t *testing.T) {
	k := newKit(t, 2, "b")
	ctx := context.Background()
	name, body := k.put("FS/2026-04-01", 1, 5000)
	other := &kit{t: t, dir: t.TempDir(), rigs: map[string]*rig{}, opt: Options{}}
	other.open()
	path := k.rigs["b"].dir
	a, err := other.p.Add(ctx, AddOptions{Path: path})
	if err != nil || !a.Foreign || a.Found != 1 || a.Label.Name != "b" || !strings.Contains(a.Label.Data, k.dir) {
		t.Fatalf("%+v, %v", a, err)
	}
	other.want(name, body)
	if w, err := other.p.CatchUp(ctx, nil); err != nil || w.Copied != 0 {
		t.Fatalf("what is foreign was copied: %+v, %v", w, err)
	}
	// Taking it over while the first one uses it is refused.
	var lease *LeaseError
	if _, err = other.p.Add(ctx, AddOptions{Path: path, Join: true}); !errors.As(err, &lease) || lease.Data != k.dir {
		t.Fatal(err)
	}
	if a, err = other.p.Add(ctx, AddOptions{Path: path, Join: true, TakeOver: true}); err != nil || a.Foreign {
		t.Fatalf("%+v, %v", a, err)
	}
	n2, b2 := k.put("FS/2026-04-02", 2, 100) // goes on with one volume
	k.wantOn(n2, "archive")
	k.want(n2, b2)
	if v := k.volume("b"); v.Online || !strings.Contains(v.Problem, other.dir) {
		t.Errorf("%+v", v)
	}
	k.want(name, body)
}

// Two copies of one data folder use the same volumes: the second is refused until
// the lease of the first has ended.
func TestLease(t *testing.T) {
	k := newKit(t, 1, "b")
	k.put("FS/2026-04-01", 1, 100)
	other := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(other, os.DirFS(k.dir)); err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	p, err := Open(other, Options{Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	quota := int64(1)
	if err := p.Set(ctx, Change{Volume: "archive", Quota: &quota}); err != nil { // its archive is another one
		t.Fatal(err)
	}
	if err := k.p.vol(k.volume("b").ID).claim(ctx, false); err != nil {
		t.Fatal(err)
	}
	name, b := thing("FS/2026-04-02", 2, 100)
	err = p.Put(ctx, name, bytes.NewReader(b), 100)
	var lease *LeaseError
	if !errors.As(err, &lease) || lease.Data != k.dir || lease.Volume != "b" {
		t.Fatal(err)
	}
	at = at.Add(2 * leaseTerm)
	if err := p.Put(ctx, name, bytes.NewReader(b), 100); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(ctx); err != nil {
		t.Fatal(err)
	}
}

// Several processes of one data folder see what the others do.
func TestTwoProcesses(t *testing.T) {
	k := newKit(t, 1)
	ctx := context.Background()
	second, err := Open(k.dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	name, body := k.put("FS/2026-04-01", 1, 100)
	r, err := second.Open(ctx, name)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
	if err != nil || !bytes.Equal(got, body) {
		t.Fatal(err)
	}
	if _, err := second.Add(ctx, AddOptions{Path: filepath.Join(filepath.Dir(k.dir), "n"), Reserve: -1}); err != nil {
		t.Fatal(err)
	}
	w, err := k.p.Drain(ctx, "archive", nil)
	if err != nil || w.Removed != 1 {
		t.Fatalf("%+v, %v", w, err)
	}
	if l, err := second.List(ctx, ""); err != nil || len(l) != 1 {
		t.Fatal(l, err)
	}
	if err := second.Close(ctx); err != nil {
		t.Fatal(err)
	}
}

// The files of the pool are lost: everything comes back from the volumes.
func TestForgotten(t *testing.T) {
	k := newKit(t, 2, "b")
	ctx := context.Background()
	name, body := k.put("FS/2026-04-01", 1, 100)
	if err := k.p.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(k.dir, DirName)); err != nil {
		t.Fatal(err)
	}
	k.open()
	k.add("b", AddOptions{}) // no Join: the archive knows which pool this is
	k.want(name, body)
	if v := k.volume("b"); v.Objects != 1 || v.Foreign || v.State != Active {
		t.Errorf("%+v", v)
	}
	// Only what is remembered of copies is lost, or damaged.
	at := filepath.Join(k.dir, DirName, CopiesName)
	b, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	for _, spoiled := range [][]byte{nil, b[:len(b)-20], bytes.ReplaceAll(b, []byte(`"op":"has"`), []byte(`"op:"has"`))} {
		if err := k.p.Close(ctx); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, spoiled, 0o600); err != nil {
			t.Fatal(err)
		}
		k.open()
		k.heal()
		k.want(name, body)
		if s := k.status(); s.Objects != 1 || s.Broken != 0 || s.Short != 0 {
			t.Errorf("%+v", s)
		}
	}
}

func TestRefusals(t *testing.T) {
	k := newKit(t, 1)
	ctx := context.Background()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "letter.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := k.p.Add(ctx, AddOptions{Path: dir}); !errors.Is(err, ErrNotEmpty) {
		t.Error(err)
	}
	if _, err := k.p.Add(ctx, AddOptions{Path: filepath.Dir(k.dir)}); err == nil {
		t.Error("a folder around the data folder")
	}
	for _, endpoint := range []string{"http://s3.example.com", "https://a:b@s3.example.com", "ftp://x", "s3.example.com"} {
		if _, err := k.p.Add(ctx, AddOptions{S3: &S3{Endpoint: endpoint, Bucket: "b", Keys: "env:X"}}); err == nil {
			t.Errorf("%s is taken", endpoint)
		}
	}
	if err := k.p.MarkLost(ctx, "archive"); !errors.Is(err, ErrLast) {
		t.Error(err)
	}
	if err := k.p.Remove(ctx, "nobody", nil); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	ro, err := Open(k.dir, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	name, b := thing("FS/2026-04-01", 1, 10)
	if err := ro.Put(ctx, name, bytes.NewReader(b), 10); !errors.Is(err, ErrReadOnly) {
		t.Error(err)
	}
}

func TestProbes(t *testing.T) {
	k := newKit(t, 1)
	a := k.add("b", AddOptions{})
	got := map[string]Level{}
	for _, x := range a.Probes {
		got[x.What] = x.Level
	}
	for _, what := range []string{ProbeWrite, ProbeSync, ProbeRename, ProbeCreate, ProbeLock, ProbeNames, ProbeLong, ProbeSpace, ProbeClock} {
		if got[what] != Does {
			t.Errorf("%s: %q", what, got[what])
		}
	}
	l, err := os.ReadDir(k.rigs["b"].dir)
	if err != nil || len(l) != 1 || l[0].Name() != manifest.VolumeName {
		t.Errorf("left over: %v %v", l, err)
	}
}
