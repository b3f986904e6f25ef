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
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/manifest"
)

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
	k.opt.PutPatience, k.opt.ReadPatience = time.Second, time.Second
	k.reopen()
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
	case <-time.After(19 * time.Second): // less than its one call takes
		t.Fatal("a slow volume holds everything up")
	}
	if d := time.Since(began); d > 18*time.Second {
		t.Errorf("it took %v", d)
	}
	r.slow.Store(0)
	k.heal()
	k.wantOn(name, "archive", "b")
	one := 1
	k.set(Change{Volume: "b", Class: &one}) // read first
	r.slow.Store(int64(20 * time.Second))
	began = time.Now()
	k.want(name, b)
	if d := time.Since(began); d > 18*time.Second {
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
