package pool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

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
