package pool

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

func TestDefault(t *testing.T) {
	dir := t.TempDir()
	p, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if l, err := p.List(ctx, ""); err != nil || len(l) > 0 {
		t.Fatal(l, err)
	}
	s, err := p.Status(ctx)
	if err != nil || s.Configured || len(s.Volumes) != 1 || !s.Volumes[0].Online {
		t.Fatalf("%+v, %v", s, err)
	}
	if _, err := os.Stat(filepath.Join(dir, DirName)); !isMissing(err) {
		t.Fatal("reading made something", err)
	}
	name, b := thing("FS 01/2026-04-01", 1, 5000)
	if _, err := p.Open(ctx, name); !isMissing(err) {
		t.Fatal(err)
	}
	for range 2 { // the second time nothing happens
		if err := p.Put(ctx, name, bytes.NewReader(b), int64(len(b))); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Put(ctx, name+"x", bytes.NewReader(b), int64(len(b))); err != nil { // another kind of file
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, DefaultPath, name))
	if err != nil || !bytes.Equal(got, b) {
		t.Fatal("not in the archive as it is", err)
	}
	if l, err := p.List(ctx, "FS"); err != nil || len(l) != 2 || l[0] != name {
		t.Fatal(l, err)
	}
	if err := p.Close(ctx); err != nil {
		t.Fatal(err)
	}
	l, err := os.ReadDir(filepath.Join(dir, DefaultPath))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range l { // the lease was given back
		if strings.HasSuffix(e.Name(), lockEnd) || strings.HasSuffix(e.Name(), tmpEnd) {
			t.Errorf("%s is left", e.Name())
		}
	}
}

func TestNames(t *testing.T) {
	good, _ := thing("FS/2026-04-01", 1, 1)
	f := func(ok bool, name string) {
		t.Helper()
		if _, err := checkName(name); (err == nil) != ok {
			t.Errorf("checkName(%q) = %v", name, err)
		}
	}
	hex := strings.Repeat("ab", 32)
	f(true, good)
	f(true, "_originals/"+hex+".evtx")
	f(true, "%/2026-04-01/0001.day."+hex+".json")
	for _, name := range []string{
		"", "x", "../" + good, "/" + good, "a/../" + good, "a\\b." + hex + ".x", good + ".tmp", good + "." + hex + ".age", "_quarantine/x." + hex + ".y",
		"x." + hex[1:] + ".y", manifest.VolumeName, leaseName, "c:" + good,
	} {
		f(false, name)
	}
	h := seal.Hash(sha256.Sum256([]byte("x")))
	s := storedName(good, h)
	if n, c, ok := parseStored(s); !ok || n != good || c != h {
		t.Errorf("parseStored(%q) = %q %x %v", s, n, c, ok)
	}
	if storedHash(s) != h {
		t.Error("the stored name does not carry the hash of the stored bytes")
	}
	if _, _, ok := parseStored("x.age"); ok {
		t.Error("x.age is no object")
	}
}

func TestWrongBytes(t *testing.T) {
	k := newKit(t, 1)
	name, b := thing("FS/2026-04-01", 1, 5000)
	b[7] ^= 1
	err := k.p.Put(context.Background(), name, bytes.NewReader(b), int64(len(b)))
	var d *damageError
	if !errors.As(err, &d) {
		t.Fatal(err)
	}
	if l := k.on(name); len(l) > 0 {
		t.Fatal(l)
	}
}

func TestCopies(t *testing.T) {
	k := newKit(t, 2, "fast", "slow")
	one, nine := 1, 9
	k.set(Change{Volume: "fast", Class: &one})
	k.set(Change{Volume: "slow", Class: &nine})
	name, b := k.put("FS/2026-04-01", 1, 3<<20)
	k.wantOn(name, "archive", "fast")
	k.want(name, b)
	// What belongs together lies together, even when something faster comes.
	k.add("faster", AddOptions{Class: 1})
	next, _ := k.put("FS/2026-04-01", 2, 100)
	k.wantOn(next, "archive", "fast")
	k.reopen()
	k.want(name, b)
	if s := k.status(); s.Objects != 2 || s.Short != 0 || s.Bytes != 3<<20+100 {
		t.Errorf("%+v", s)
	}
}

// One bit changes, one object is removed by hand: a scrub names both, healing makes
// them again and keeps the damaged bytes.
func TestScrubAndHeal(t *testing.T) {
	k := newKit(t, 2, "b")
	ctx := context.Background()
	var names []string
	for i := range 10 {
		n, _ := k.put("FS/2026-04-01", i, 2000+i)
		names = append(names, n)
	}
	flip(t, filepath.Join(k.rigs["b"].dir, names[3]), 17)
	if err := os.Remove(filepath.Join(k.rigs["b"].dir, names[5])); err != nil {
		t.Fatal(err)
	}
	r, err := k.p.Scrub(ctx, ScrubOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Objects != 20 || r.Damaged != 1 || r.Missing != 1 || len(r.Bad) != 2 {
		t.Fatalf("%+v", r)
	}
	w := k.heal()
	if w.Copied != 2 || w.Aside != 1 || len(w.Gone) > 0 {
		t.Fatalf("%+v", w)
	}
	k.wantOn(names[3], "archive", "b")
	k.wantOn(names[5], "archive", "b")
	aside, err := filepath.Glob(filepath.Join(k.rigs["b"].dir, manifest.QuarantineDir, "FS/2026-04-01/*.bad"))
	if err != nil || len(aside) != 1 {
		t.Fatal(aside, err)
	}
	if r, err = k.p.Scrub(ctx, ScrubOptions{}); err != nil || r.Damaged+r.Missing+r.Found != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
}

// The last copy is damaged: it is told, and stays where it is.
func TestLastCopyStays(t *testing.T) {
	k := newKit(t, 1, "b")
	name, _ := k.put("FS/2026-04-01", 1, 2000)
	at := filepath.Join(k.rigs[k.on(name)[0]].dir, name)
	flip(t, at, 5)
	if _, err := k.p.Scrub(context.Background(), ScrubOptions{}); err != nil {
		t.Fatal(err)
	}
	w := k.heal()
	if w.Aside != 0 || len(w.Gone) != 1 {
		t.Fatalf("%+v", w)
	}
	if _, err := os.Stat(at); err != nil {
		t.Fatal(err)
	}
	if _, err := k.get(name); err == nil || isMissing(err) {
		t.Fatal(err)
	}
	if s := k.status(); s.LostCount != 1 {
		t.Errorf("lost %d", s.LostCount)
	}
	flip(t, at, 5) // somebody mends it by hand
	if _, err := k.p.Scrub(context.Background(), ScrubOptions{}); err != nil {
		t.Fatal(err)
	}
	if s := k.status(); s.LostCount != 0 {
		t.Errorf("lost %d", s.LostCount)
	}
}

func TestForecast(t *testing.T) {
	f := func(want int64, n int, free ...int64) {
		t.Helper()
		if got := fits(free, n); got != want {
			t.Errorf("fits(%v, %d) = %d, want %d", free, n, got, want)
		}
	}
	f(60, 1, 10, 20, 30)
	f(30, 2, 10, 20, 30)
	f(10, 2, 10, 1000)
	f(10, 3, 10, 20, 30)
	f(0, 2, 100)
	f(0, 1)
	f(500, 2, 500, unbounded)

	k := newKit(t, 1)
	now := time.Now()
	k.opt.Now = func() time.Time { return now }
	k.reopen()
	quota := int64(100_000)
	k.set(Change{Volume: "archive", Quota: &quota})
	for i := range 10 {
		k.put("FS/2026-04-01", i, 1000)
		now = now.Add(24 * time.Hour)
	}
	s := k.status()
	if s.PerDay != 1000 || s.Free != 90_000 || s.Days != 90 || s.Warn {
		t.Errorf("%d a day, %d free, %v days, %v", s.PerDay, s.Free, s.Days, s.Warn)
	}
	hundred := 100
	k.set(Change{WarnDays: &hundred})
	if s = k.status(); !s.Warn || s.Full(now).Before(now.Add(80*24*time.Hour)) {
		t.Errorf("no warning: %+v", s)
	}
}

// BenchmarkPut is what two copies of an object cost.
func BenchmarkPut(b *testing.B) {
	dir := b.TempDir()
	p, err := Open(filepath.Join(dir, "d"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o700); err != nil {
		b.Fatal(err)
	}
	if _, err := p.Add(ctx, AddOptions{Path: filepath.Join(dir, "v")}); err != nil {
		b.Fatal(err)
	}
	two, size := 2, 1<<20
	if err := p.Set(ctx, Change{Copies: &two}); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(size))
	i := 0
	for b.Loop() {
		b.StopTimer()
		name, body := thing(fmt.Sprintf("FS/2026-04-%02d", i%28+1), i, size)
		i++
		b.StartTimer()
		if err := p.Put(ctx, name, bytes.NewReader(body), int64(size)); err != nil {
			b.Fatal(err)
		}
	}
	if err := p.Close(ctx); err != nil {
		b.Fatal(err)
	}
}
