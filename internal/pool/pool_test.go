package pool

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/fsx"
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

// A volume vanishes in the middle of a write: another one takes the copy, nothing
// half is left under an object's name, and what is owed is done later.
func TestVanishes(t *testing.T) {
	k := newKit(t, 2, "b")
	k.rigs["b"].cut.Store(true)
	name, b := k.put("FS/2026-04-01", 1, 5<<20)
	k.wantOn(name, "archive")
	if s := k.status(); s.Short != 1 || s.ShortBytes != 5<<20 {
		t.Errorf("short %d", s.Short)
	}
	k.rigs["archive"].away.Store(true) // and the other one: nothing can be stored
	n2, b2 := thing("FS/2026-04-02", 2, 100)
	if err := k.p.Put(context.Background(), n2, bytes.NewReader(b2), 100); err == nil {
		t.Fatal("stored nowhere and no error")
	}
	k.rigs["archive"].away.Store(false)
	k.rigs["b"].away.Store(false)
	k.rigs["b"].cut.Store(false)
	w, err := k.p.CatchUp(context.Background(), nil)
	if err != nil || w.Copied != 1 {
		t.Fatalf("%+v, %v", w, err)
	}
	k.wantOn(name, "archive", "b")
	k.rigs["archive"].away.Store(true)
	k.want(name, b)
	if v := k.volume("b"); v.Objects != 1 || v.Away != 0 {
		t.Errorf("%+v", v)
	}
}

// A volume comes back as it was some time ago.
func TestStale(t *testing.T) {
	k := newKit(t, 2, "b")
	old, ob := k.put("FS/2026-04-01", 1, 1000)
	gone, _ := k.put("FS/2026-04-01", 2, 1000)
	saved := filepath.Join(t.TempDir(), "saved")
	if err := os.CopyFS(saved, os.DirFS(k.rigs["b"].dir)); err != nil {
		t.Fatal(err)
	}
	newer, nb := k.put("FS/2026-04-02", 3, 1000)
	k.rigs["b"].away.Store(true)
	if err := k.p.Delete(context.Background(), gone); err == nil {
		t.Fatal("deleted everywhere, though a volume is away")
	} else if l := (*LeftError)(nil); !errors.As(err, &l) || len(l.Left) != 1 || l.Left[0].Volume != "b" || l.Left[0].Since == 0 {
		t.Fatal(err)
	}
	if _, err := k.p.Open(context.Background(), gone); !isMissing(err) {
		t.Fatal(err)
	}
	if err := os.RemoveAll(k.rigs["b"].dir); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(k.rigs["b"].dir, os.DirFS(saved)); err != nil {
		t.Fatal(err)
	}
	k.rigs["b"].away.Store(false)
	k.heal()
	k.wantOn(old, "archive", "b")
	k.wantOn(newer, "archive", "b")
	k.wantOn(gone)
	k.want(old, ob)
	k.want(newer, nb)
	if s := k.status(); s.Objects != 2 || s.Short != 0 || len(s.Left) != 0 {
		t.Errorf("%+v", s)
	}
}

func TestFull(t *testing.T) {
	k := newKit(t, 1, "b")
	one := 1
	k.set(Change{Volume: "b", Class: &one})
	k.rigs["b"].full.Store(true)
	name, _ := k.put("FS/2026-04-01", 1, 1000)
	k.wantOn(name, "archive")
	k.rigs["archive"].full.Store(true)
	n2, b2 := thing("FS/2026-04-02", 2, 100)
	if err := k.p.Put(context.Background(), n2, bytes.NewReader(b2), 100); !errors.Is(err, ErrFull) {
		t.Fatal(err)
	}
	s := k.status()
	if !s.Warn || s.Free != 0 {
		t.Errorf("no warning: %+v", s)
	}
}

// The disk says that it is full in the middle of a write.
func TestFullInTheMiddle(t *testing.T) {
	disk := fsx.NewCrash()
	for _, d := range []string{"/d", "/v"} {
		if err := disk.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	p, err := Open("/d", Options{FS: disk})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if _, err := p.Add(ctx, AddOptions{Path: "/v", Reserve: -1}); err != nil {
		t.Fatal(err)
	}
	disk.SetSpace(20000, 1<<40) // it does not say so before
	name, b := thing("FS/2026-04-01", 1, 50000)
	if err := p.Put(ctx, name, bytes.NewReader(b), int64(len(b))); err == nil {
		t.Fatal("stored")
	}
	disk.SetSpace(-1, -1)
	if err := p.Put(ctx, name, bytes.NewReader(b), int64(len(b))); err != nil {
		t.Fatal(err)
	}
}

// A volume that is slow does not hold up the others, neither writing nor reading.
func TestSlow(t *testing.T) {
	k := newKit(t, 2, "b")
	r := k.rigs["b"]
	began := time.Now()
	r.slow.Store(int64(20 * time.Second))
	defer r.slow.Store(0)
	ctx, stop := context.WithTimeout(context.Background(), 60*time.Second)
	defer stop()
	name, b := thing("FS/2026-04-01", 1, 2<<20)
	done := make(chan error, 1)
	go func() { done <- k.p.Put(ctx, name, bytes.NewReader(b), int64(len(b))) }()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(15 * time.Second):
		t.Fatal("a slow volume holds everything up")
	}
	if d := time.Since(began); d > 10*time.Second {
		t.Errorf("it took %v", d)
	}
	r.slow.Store(0)
	k.heal()
	k.wantOn(name, "archive", "b")
	one := 1
	k.set(Change{Volume: "b", Class: &one}) // read first
	r.slow.Store(int64(5 * time.Second))
	began = time.Now()
	k.want(name, b)
	if d := time.Since(began); d > 4*time.Second {
		t.Errorf("reading took %v", d)
	}
}

// A volume returns other bytes: the reader gets the right ones all the same.
func TestReturnsWrongBytes(t *testing.T) {
	k := newKit(t, 2, "b")
	one := 1
	k.set(Change{Volume: "b", Class: &one})
	small, sb := k.put("FS/2026-04-01", 1, 1000)
	large, lb := k.put("FS/2026-04-01", 2, 3<<20)
	k.rigs["b"].wrong.Store(true)
	k.want(small, sb)
	var spans []manifest.Span
	for off := int64(0); off < int64(len(lb)); off += 100_000 {
		n := min(100_000, int64(len(lb))-off)
		spans = append(spans, manifest.Span{Offset: off, Size: n, SHA256: sha256.Sum256(lb[off : off+n]), What: fmt.Sprint(off)})
	}
	r, err := k.p.OpenSpans(context.Background(), large, spans)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for range 200 {
		off := rand.IntN(len(lb))
		b := make([]byte, rand.IntN(300_000))
		n, err := r.ReadAt(b, int64(off))
		if want := min(len(b), len(lb)-off); n != want || err != nil && !errors.Is(err, io.EOF) || !bytes.Equal(b[:n], lb[off:off+n]) {
			t.Fatalf("ReadAt(%d, %d) = %d, %v", len(b), off, n, err)
		}
	}
	if v := k.volume("b"); v.Damaged != 2 {
		t.Errorf("damaged %d, want 2", v.Damaged)
	}
	k.rigs["b"].wrong.Store(false)
	k.heal()
	k.wantOn(small, "archive", "b")
	if v := k.volume("b"); v.Damaged != 0 || v.Objects != 2 {
		t.Errorf("%+v", v)
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

func TestDrainAndRemove(t *testing.T) {
	k := newKit(t, 1, "b", "c")
	ctx := context.Background()
	bodies := map[string][]byte{}
	for i := range 12 {
		n, b := k.put(fmt.Sprintf("FS/2026-04-%02d", i+1), i, 3000)
		bodies[n] = b
	}
	if err := k.p.Remove(ctx, k.on(firstKey(bodies))[0], nil); !errors.Is(err, ErrHeld) {
		t.Fatal(err)
	}
	for _, v := range []string{"archive", "b"} {
		w, err := k.p.Drain(ctx, v, nil)
		if err != nil || w.Short > 0 {
			t.Fatalf("%+v, %v", w, err)
		}
		if err := k.p.Remove(ctx, v, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := k.p.Drain(ctx, "c", nil); !errors.Is(err, ErrLast) {
		t.Fatal(err)
	}
	for n, b := range bodies {
		k.wantOn(n, "c")
		k.want(n, b)
	}
	if v := k.status().Volumes; len(v) != 1 {
		t.Fatalf("%+v", v)
	}
	// The removed volume is taken again, and is as good as new.
	if a := k.add("b", AddOptions{}); !a.Joined || a.Foreign || a.Found != 0 {
		t.Errorf("%+v", a)
	}
}

func TestLostAndReplace(t *testing.T) {
	k := newKit(t, 2, "b")
	ctx := context.Background()
	bodies := map[string][]byte{}
	for i := range 8 {
		n, b := k.put(fmt.Sprintf("FS/2026-04-%02d", i+1), i, 3000)
		bodies[n] = b
	}
	k.rigs["b"].away.Store(true) // the disk dies
	k.add("c", AddOptions{})
	w, err := k.p.Replace(ctx, "b", "c", nil)
	if err != nil || w.Copied != 8 {
		t.Fatalf("%+v, %v", w, err)
	}
	for n, b := range bodies {
		k.want(n, b)
		if _, err := os.Stat(filepath.Join(k.rigs["c"].dir, n)); err != nil {
			t.Error(err)
		}
	}
	if err := k.p.Remove(ctx, "b", nil); err != nil {
		t.Fatal(err)
	}
	// A volume that works is replaced by moving.
	k.add("d", AddOptions{Class: 9})
	if w, err = k.p.Replace(ctx, "archive", "d", nil); err != nil || w.Short > 0 {
		t.Fatalf("%+v, %v", w, err)
	}
	for n := range bodies {
		k.wantOn(n, "b", "c", "d")
	}
}

func TestTier(t *testing.T) {
	now := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
	k := &kit{}
	*k = *newKit(t, 1, "slow")
	k.opt.Now = func() time.Time { return now }
	k.reopen()
	one, nine := 1, 9
	k.set(Change{Volume: "archive", Class: &one})
	k.set(Change{Volume: "slow", Class: &nine, Rules: &[]Rule{{Days: 90, Class: 7}}})
	old, ob := k.put("FS/2026-04-01", 1, 1000)
	young, _ := k.put("FS/2026-11-20", 2, 1000)
	read, _ := k.put("FS/2026-04-02", 3, 1000)
	if _, err := k.get(read); err != nil {
		t.Fatal(err)
	}
	k.wantOn(old, "archive")
	w, err := k.p.Tier(context.Background(), nil)
	if err != nil || w.Copied != 1 || w.Removed != 1 {
		t.Fatalf("%+v, %v", w, err)
	}
	k.wantOn(old, "slow")
	k.wantOn(young, "archive")
	k.wantOn(read, "archive")
	k.want(old, ob)
	now = now.Add(100 * 24 * time.Hour)
	if w, err = k.p.Tier(context.Background(), nil); err != nil || w.Copied != 2 {
		// old was read just now by this test, the two others are due
		t.Fatalf("%+v, %v", w, err)
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
