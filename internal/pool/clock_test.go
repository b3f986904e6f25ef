package pool

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// In the background volumes are checked every month, and what is found is mended.
func TestBackground(t *testing.T) {
	k := newKit(t, 2, "b")
	name, _ := k.put("FS/2026-04-01", 1, 2000)
	at := filepath.Join(k.rigs["b"].dir, name)
	flip(t, at, 5)
	var now atomic.Int64
	now.Store(time.Now().UnixNano())
	k.opt.Now = func() time.Time { return time.Unix(0, now.Load()) }
	k.reopen()
	ctx, stop := context.WithCancel(context.Background())
	rounds := make(chan *Work)
	done := make(chan struct{})
	go func() {
		defer close(done)
		k.p.Background(ctx, time.Hour, time.Millisecond, func(w *Work) {
			select {
			case rounds <- w:
			case <-ctx.Done():
			}
		})
	}()
	if w := <-rounds; w.Copied != 0 {
		t.Errorf("%+v", w)
	}
	now.Add(31 * int64(day))
	if err := k.p.Ask(ctx); err != nil {
		t.Fatal(err)
	}
	for copied := int64(0); copied == 0; {
		select {
		case w := <-rounds:
			copied = w.Copied
		case <-time.After(20 * time.Second):
			t.Fatal("nothing is mended")
		}
	}
	stop()
	<-done
	k.wantOn(name, "archive", "b")
}

// oldClock is a disk whose clock stands a year in the past.
type oldClock struct{ fsx.FS }

func (o oldClock) OpenFile(name string, flag int, perm os.FileMode) (fsx.File, error) {
	f, err := o.FS.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return oldFile{f}, nil
}

type oldFile struct{ fsx.File }

func (o oldFile) Stat() (os.FileInfo, error) {
	st, err := o.File.Stat()
	return oldInfo{st}, err
}

type oldInfo struct{ os.FileInfo }

func (o oldInfo) ModTime() time.Time { return o.FileInfo.ModTime().Add(-365 * day) }

func (o oldClock) ReadDir(dir string) ([]os.DirEntry, error) {
	l, err := o.FS.ReadDir(dir)
	for i := range l {
		l[i] = oldEntry{l[i]}
	}
	return l, err
}

type oldEntry struct{ os.DirEntry }

func (o oldEntry) Info() (os.FileInfo, error) {
	st, err := o.DirEntry.Info()
	return oldInfo{st}, err
}

// A volume's clock, and then ours, stands in the past: it is told, and nothing that
// is being written is taken for old.
func TestClockInThePast(t *testing.T) {
	k := newKit(t, 1)
	k.opt.Storage = func(v *Volume, fs fsx.FS) fsx.FS {
		if v.Name == "b" {
			return oldClock{fs}
		}
		return fs
	}
	k.reopen()
	ctx := context.Background()
	a := k.add("b", AddOptions{Class: 1})
	if i := slices.IndexFunc(a.Probes, func(p Probe) bool { return p.What == ProbeClock }); i < 0 || a.Probes[i].Level != Warns {
		t.Errorf("the clock is not told: %+v", a.Probes)
	}
	name, b := k.put("FS/2026-04-01", 1, 100)
	k.wantOn(name, "b")
	writing := filepath.Join(k.rigs["b"].dir, name+".abc"+tmpEnd)
	if err := os.WriteFile(writing, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := k.p.Scrub(ctx, ScrubOptions{}); err != nil || r.Cleaned != 0 || r.Damaged+r.Missing > 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	old := time.Now().Add(-2 * day)
	if err := os.Chtimes(writing, old, old); err != nil {
		t.Fatal(err)
	}
	if r, err := k.p.Scrub(ctx, ScrubOptions{}); err != nil || r.Cleaned != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	// Our own clock falls back by a year: everything goes on.
	k.opt.Now = func() time.Time { return time.Now().Add(-365 * day) }
	k.reopen()
	n2, b2 := k.put("FS/2026-04-02", 2, 100)
	k.heal()
	k.want(name, b)
	k.want(n2, b2)
	if s := k.status(); s.Objects != 2 || s.LostCount != 0 || s.PerDay < 0 {
		t.Errorf("%+v", s)
	}
}
