package pool

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
)

// Longer retention makes the locks of a bucket longer, once; nothing makes them
// shorter, and a version of ours below a delete
// marker is locked for longer too.
func TestLocksAreExtended(t *testing.T) {
	t.Run("versitygw", func(t *testing.T) { extended(t, versity.start(t)) })
	t.Run("minio", func(t *testing.T) {
		if os.Getenv("AKASHI_LONG") == "" {
			t.Skip("long form only (AKASHI_LONG=1)")
		}
		extended(t, minioServer.start(t))
	})
}

func extended(t *testing.T, addr string) {
	c := bucket(t, addr, "worm")
	k := newKit(t, 2)
	ctx := context.Background()
	k.opt.Getenv = testEnv
	k.reopen()
	if _, err := k.p.Add(ctx, AddOptions{Name: "s3", S3: &S3{Endpoint: "http://" + addr, Bucket: "worm", Prefix: "akashi", Keys: "env:TEST", LockDays: 10}}); err != nil {
		t.Fatal(err)
	}
	name, b := k.put("FS/2026-04-01", 1, 3000)
	other, _ := k.put("DC/2026-04-01", 2, 300)
	under, _ := k.put("PC/2026-04-01", 3, 300)
	if err := c.RemoveObject(ctx, "worm", "akashi/"+under, minio.RemoveObjectOptions{}); err != nil { // our version is under a delete marker
		t.Fatal(err)
	}
	locked := func(name string) int64 {
		t.Helper()
		err := k.p.vol(k.volume("s3").ID).d.Delete(ctx, name, place{})
		var l *lockedError
		if !errors.As(err, &l) {
			t.Fatalf("%s is not locked: %v", name, err)
		}
		return l.until
	}
	before := locked(other)
	year := time.Now().Add(365 * day).Truncate(time.Second).UnixNano()
	want := func(n string) int64 {
		if n != other {
			return year
		}
		return 0
	}
	x, err := k.p.ExtendLocks(ctx, 0, want)
	if err != nil || x.Copies != 2 || len(x.Errors) > 0 {
		t.Fatalf("%+v, %v", x, err)
	}
	if got := locked(name); got != year {
		t.Errorf("locked until %v, want %v", time.Unix(0, got), time.Unix(0, year))
	}
	if got := locked(other); got != before {
		t.Errorf("another object is locked until %v, was %v", got, before)
	}
	if x, err := k.p.ExtendLocks(ctx, 0, want); err != nil || x.Copies != 0 || len(x.Errors) > 0 {
		t.Errorf("done again: %+v, %v", x, err)
	}
	soon := func(string) int64 { return time.Now().Add(day).UnixNano() }
	if x, err := k.p.ExtendLocks(ctx, 0, soon); err != nil || x.Copies != 0 || locked(name) != year || locked(other) != before {
		t.Errorf("a shorter term: %+v, %v", x, err)
	}
	k.reopen() // it is remembered
	for _, n := range []string{name, under} {
		if l := k.p.snapshot(n).copies; !slices.ContainsFunc(l, func(c copyOf) bool { return c.Until == year }) {
			t.Errorf("the pool remembers %+v", l)
		}
	}
	k.want(name, b)
}
