package pool

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// lockRig is a folder that locks: a bucket that tests can make silent.
type lockRig struct {
	driver
	silent bool
	locked map[string]int64
	calls  int
}

func (l *lockRig) Extend(_ context.Context, name string, at place, until int64) (place, error) {
	l.calls++
	if l.silent {
		return at, errors.New("connection refused")
	}
	l.locked[name] = max(l.locked[name], until)
	return place{at.Version, l.locked[name]}, nil
}

// A lock that a silent bucket did not make longer is owed over restarts, is told by
// the status, and is paid by the next care; a copy that is made later follows too.
func TestLocksAreOwed(t *testing.T) {
	k := newKit(t, 1)
	ctx := context.Background()
	l := &lockRig{locked: map[string]int64{}, silent: true}
	inner := k.opt.wrap
	k.opt.Getenv = testEnv
	k.opt.wrap = func(v *Volume, d driver) driver {
		if v.S3 == nil {
			return inner(v, d)
		}
		l.driver = &folder{fs: k.opt.FS, dir: filepath.Join(filepath.Dir(k.dir), "worm")}
		return l
	}
	k.opt.FS = fsx.OS{}
	k.reopen()
	if err := os.Mkdir(filepath.Join(filepath.Dir(k.dir), "worm"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := k.p.Add(ctx, AddOptions{Name: "worm", S3: &S3{Endpoint: "http://127.0.0.1:1", Bucket: "worm", Keys: "env:TEST", LockDays: 1}}); err != nil {
		t.Fatal(err)
	}
	two := 2
	k.set(Change{Copies: &two})
	name, _ := k.put("FS/2026-04-01", 1, 300)
	free, _ := k.put("FS/2026-04-02", 2, 300)
	until := time.Now().Add(365 * day).UnixNano()
	want := func(n string) int64 {
		if n == name {
			return until
		}
		return 0
	}
	x, err := k.p.ExtendLocks(ctx, 7, want)
	if err != nil || x.Copies != 0 || x.Owed != 1 || len(x.Errors) != 1 {
		t.Fatalf("%+v, %v", x, err)
	}
	owed := func(n int64) {
		t.Helper()
		s := k.status()
		if v := k.volume("worm"); s.LocksOwed != n || v.LockOwed != n || (n > 0) != (v.LockTo == until-until%int64(time.Second)) {
			t.Errorf("owed: %d, %+v, want %d", s.LocksOwed, v, n)
		}
	}
	owed(1)
	k.reopen()
	owed(1)
	if at, err := k.p.LockTerms(); err != nil || at != 7 {
		t.Errorf("terms of %d, %v", at, err)
	}
	if err := k.p.change(ctx, func() error { return k.p.copies.write(k.p.copies.facts()) }); err != nil { // as when it is made shorter
		t.Fatal(err)
	}
	k.reopen()
	if at, err := k.p.LockTerms(); err != nil || at != 7 {
		t.Errorf("terms of %d, %v", at, err)
	}
	w, err := k.p.CatchUp(ctx, nil)
	if err != nil || w.LocksOwed != 1 || len(w.Errors) != 1 {
		t.Errorf("%+v, %v", w, err)
	}
	l.silent = false
	if w, err = k.p.CatchUp(ctx, nil); err != nil || w.Locks != 1 || w.LocksOwed != 0 {
		t.Errorf("%+v, %v", w, err)
	}
	owed(0)
	if n := len(l.locked); n != 1 || l.locked[name] != until-until%int64(time.Second) {
		t.Errorf("locked: %v, not %s", l.locked, free)
	}
	calls := l.calls
	if w, err = k.p.CatchUp(ctx, nil); err != nil || w.Locks != 0 || l.calls != calls {
		t.Errorf("again: %+v, %v", w, err)
	}
	// The copy is lost and made again: it follows.
	if err := k.p.note(ctx, fact{Op: opGone, Name: name, Volume: k.volume("worm").ID}); err != nil {
		t.Fatal(err)
	}
	delete(l.locked, name)
	if w, err = k.p.CatchUp(ctx, nil); err != nil || w.Copied != 1 || w.Locks != 1 || l.locked[name] == 0 {
		t.Errorf("a new copy: %+v, %v, %v", w, err, l.locked)
	}
}
