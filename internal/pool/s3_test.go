package pool

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// conformance is what every driver must do.
func conformance(t *testing.T, d driver) {
	ctx := context.Background()
	name, b := thing("FS 01%E3/財務 +&=/2026-04-01", 1, 5<<20)
	name2, b2 := thing("FS/2026-04-01", 2, 0)
	if _, err := d.Open(ctx, name, place{}); !isMissing(err) {
		t.Fatalf("open of nothing: %v", err)
	}
	at, err := d.Put(ctx, name, bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	again, err := d.Put(ctx, name, bytes.NewReader(b), int64(len(b)))
	if err != nil || again.Version != at.Version {
		t.Fatalf("the same again: %+v, %+v, %v", at, again, err)
	}
	at2, err := d.Put(ctx, name2, bytes.NewReader(b2), 0)
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.Open(ctx, name, at)
	if err != nil || r.Size() != int64(len(b)) {
		t.Fatal(err)
	}
	got, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
	if err != nil || !bytes.Equal(got, b) {
		t.Fatal(len(got), err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 20 {
				off := (i*7919 + j*104729) % len(b)
				p := make([]byte, 70000)
				n, err := r.ReadAt(p, int64(off))
				if want := min(len(p), len(b)-off); n != want || (err != nil) != (want < len(p)) || !bytes.Equal(p[:n], b[off:off+n]) {
					t.Errorf("ReadAt(%d) = %d, %v", off, n, err)
				}
			}
		})
	}
	wg.Wait()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	var names []string
	err = d.List(ctx, func(f found) error {
		names = append(names, f.Name)
		if f.Name == name && (f.Size != int64(len(b)) || f.Version != at.Version || time.Since(time.Unix(0, f.Time)) > time.Hour) {
			t.Errorf("%+v", f)
		}
		return nil
	})
	slices.Sort(names)
	if err != nil || !slices.Equal(names, []string{name, name2}) {
		t.Fatal(names, err)
	}
	if free, _, err := d.Space(ctx); err != nil || free <= 0 {
		t.Fatal(free, err)
	}
	for _, text := range []string{"one", "two"} {
		if err := d.Write(ctx, "akashi-x.json", []byte(text)); err != nil {
			t.Fatal(err)
		}
		if b, err := d.Read(ctx, "akashi-x.json"); err != nil || string(b) != text {
			t.Fatal(string(b), err)
		}
	}
	for range 2 {
		if err := d.Remove(ctx, "akashi-x.json"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Read(ctx, "akashi-x.json"); !isMissing(err) {
		t.Fatal(err)
	}
	if err := d.Aside(ctx, name2, at2); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := d.Delete(ctx, name, at); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Open(ctx, name, at); !isMissing(err) {
		t.Fatal(err)
	}
	bad, c := thing("FS/2026-04-01", 3, 100)
	c[0] ^= 1
	if _, err := d.Put(ctx, bad, bytes.NewReader(c), 100); err == nil {
		t.Fatal("wrong bytes were taken")
	}
	stopped, stop := context.WithCancel(ctx)
	stop()
	if _, err := d.Put(stopped, name, bytes.NewReader(b), int64(len(b))); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestDrivers(t *testing.T) {
	t.Run("folder", func(t *testing.T) {
		d, err := (&Pool{root: t.TempDir(), opt: Options{FS: fsx.OS{}}}).openDriver(&Volume{Driver: DriverFolder, Path: "v"})
		if err != nil {
			t.Fatal(err)
		}
		if err := makeFolder(d); err != nil {
			t.Fatal(err)
		}
		conformance(t, d)
	})
	t.Run("s3 versitygw", func(t *testing.T) {
		addr := versity.start(t)
		bucket(t, addr, "plain")
		conformance(t, openS3(t, addr, "plain", 0))
	})
	t.Run("s3 minio", func(t *testing.T) {
		if os.Getenv("AKASHI_LONG") == "" {
			t.Skip("long form only (AKASHI_LONG=1)")
		}
		addr := minioServer.start(t)
		bucket(t, addr, "plain")
		conformance(t, openS3(t, addr, "plain", 0))
		locked(t, addr)
	})
}

func TestObjectLock(t *testing.T) {
	locked(t, versity.start(t))
}

// locked: what compliance mode promises, and what it does not: a plain delete or
// overwrite of the key goes through, and the version is still ours.
func locked(t *testing.T, addr string) {
	c := bucket(t, addr, "worm")
	s := openS3(t, addr, "worm", 30)
	ctx := context.Background()
	for _, p := range s.probe(ctx) {
		if p.Level == Fails || p.Level == Warns || p.What == ProbeObject && p.Level != Does {
			t.Errorf("%+v", p)
		}
	}
	name, b := thing("FS/2026-04-01", 1, 1000)
	at, err := s.Put(ctx, name, bytes.NewReader(b), 1000)
	if err != nil {
		t.Fatal(err)
	}
	if d := time.Until(time.Unix(0, at.Until)); d < 29*day || d > 31*day {
		t.Fatalf("locked for %v", d)
	}
	key := "保管/" + name
	if _, err := c.PutObject(ctx, "worm", key, strings.NewReader("forged"), 6, minio.PutObjectOptions{SendContentMd5: true}); err != nil {
		t.Fatal(err)
	}
	if err := c.RemoveObject(ctx, "worm", key, minio.RemoveObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	r, err := s.Open(ctx, name, at)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size())); err != nil || !bytes.Equal(got, b) {
		t.Fatal("the version is not what it was", err)
	}
	if again, err := s.Put(ctx, name, bytes.NewReader(b), 1000); err != nil || again.Version != at.Version {
		t.Fatalf("%+v, want %+v, %v", again, at, err)
	}
	var l *lockedError
	if err := s.Delete(ctx, name, at); !errors.As(err, &l) || l.until != at.Until {
		t.Fatalf("%v, want locked until %d", err, at.Until)
	}
	// Listed without what anybody else wrote over it, when the pool looks.
	n := 0
	if err := s.List(ctx, func(f found) error { n++; return nil }); err != nil || n == 0 {
		t.Fatal(n, err)
	}
}

// A pool with a locked bucket: deletion says until when copies stay.
func TestPoolOnS3(t *testing.T) {
	addr := versity.start(t)
	c := bucket(t, addr, "worm")
	k := newKit(t, 2)
	ctx := context.Background()
	k.opt.Getenv = testEnv
	k.reopen()
	a, err := k.p.Add(ctx, AddOptions{Name: "s3", S3: &S3{Endpoint: "http://" + addr, Bucket: "worm", Prefix: "akashi", Keys: "env:TEST", LockDays: 10}})
	if err != nil {
		t.Fatal(err)
	}
	if a.Volume.Place() != "s3://worm/akashi http://"+addr {
		t.Error(a.Volume.Place())
	}
	name, b := k.put("FS/2026-04-01", 1, 3<<20)
	name2, b2 := k.put("財務/2026-04-01", 2, 300)
	k.rigs["archive"].away.Store(true)
	k.want(name, b)
	k.want(name2, b2)
	k.rigs["archive"].away.Store(false)
	conf, err := os.ReadFile(filepath.Join(k.dir, DirName, ConfigName))
	if err != nil || bytes.Contains(conf, []byte(testSecret)) || bytes.Contains(conf, []byte(testAccess+`"`)) {
		t.Fatal("keys in the configuration", err)
	}
	// Somebody deletes and overwrites through another program: nothing is lost.
	if err := c.RemoveObject(ctx, "worm", "akashi/"+name, minio.RemoveObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.PutObject(ctx, "worm", "akashi/"+name2, strings.NewReader("forged"), 6, minio.PutObjectOptions{SendContentMd5: true}); err != nil {
		t.Fatal(err)
	}
	sum, err := k.p.Scrub(ctx, ScrubOptions{Volume: "s3"})
	if err != nil || sum.Objects != 2 || sum.Damaged+sum.Missing != 0 {
		t.Fatalf("%+v, %v", sum, err)
	}
	k.rigs["archive"].away.Store(true)
	k.want(name2, b2)
	k.rigs["archive"].away.Store(false)
	err = k.p.Delete(ctx, name)
	var left *LeftError
	if !errors.As(err, &left) || len(left.Left) != 1 || left.Left[0].Until < time.Now().Add(9*day).UnixNano() {
		t.Fatal(err)
	}
	if l, err := k.p.List(ctx, ""); err != nil || len(l) != 1 {
		t.Fatal(l, err)
	}
	if s := k.status(); len(s.Left) != 1 || s.Left[0].Until == 0 {
		t.Errorf("%+v", s.Left)
	}
	if w := k.heal(); len(w.Left) != 1 || len(w.Errors) > 0 {
		t.Errorf("%+v", w)
	}
	// Without what the pool remembers the bucket tells it all; the forged version
	// is seen through.
	if err := k.p.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(k.dir, DirName, CopiesName)); err != nil {
		t.Fatal(err)
	}
	k.open()
	k.heal()
	if _, err := k.p.Scrub(ctx, ScrubOptions{}); err != nil {
		t.Fatal(err)
	}
	k.heal()
	k.want(name2, b2)
}

// The server answers 500, 503 and SlowDown, breaks connections, and loses an answer
// after it has done what it was asked for: the object is there once.
func TestS3Faults(t *testing.T) {
	f, addr := startFaulty(t, versity.start(t))
	c := bucket(t, addr, "faults")
	s := openS3(t, addr, "faults", 1)
	ctx := context.Background()
	versions := func(name string) (n int) {
		for o := range c.ListObjects(ctx, "faults", minio.ListObjectsOptions{Prefix: "保管/" + name, WithVersions: true, Recursive: true}) {
			if o.Err != nil {
				t.Fatal(o.Err)
			}
			n++
		}
		return n
	}
	i := 0
	put := func(only string, plan ...string) error {
		i++
		name, b := thing("FS/2026-04-01", i, 100_000)
		f.set(only, plan...)
		at, err := s.Put(ctx, name, bytes.NewReader(b), int64(len(b)))
		f.set("")
		if err != nil {
			return err
		}
		if n := versions(name); n != 1 {
			t.Errorf("%s %v: %d versions, want 1", only, plan, n)
		}
		r, err := s.Open(ctx, name, at)
		if err != nil {
			return err
		}
		if got, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size())); err != nil || !bytes.Equal(got, b) {
			t.Errorf("%s %v: other bytes, %v", only, plan, err)
		}
		return nil
	}
	for _, only := range []string{http.MethodPut, http.MethodGet, http.MethodHead, ""} {
		for _, what := range []string{"500", "503", "slow", "cut", "lose"} {
			if err := put(only, what); err != nil {
				t.Errorf("%s %s: %v", only, what, err)
			}
			if err := put(only, "503", what, "slow"); err != nil {
				t.Errorf("%s 503 %s slow: %v", only, what, err)
			}
		}
	}
	if err := put(http.MethodGet, "", "half"); err != nil {
		t.Error(err)
	}
	if err := put(http.MethodPut, slices.Repeat([]string{"503"}, 100)...); err == nil {
		t.Error("a server that never works")
	}
	f.set(http.MethodPut, slices.Repeat([]string{"403"}, 10)...)
	name, b := thing("FS/2026-04-01", 0, 100)
	if _, err := s.Put(ctx, name, bytes.NewReader(b), 100); err == nil || f.count(http.MethodPut) != 1 {
		t.Errorf("refused, and asked %d times: %v", f.count(http.MethodPut), err)
	}
}

// The waits between tries grow and have a bound.
func TestBackOff(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	began := time.Now()
	if err := backOff(ctx, 0); err != nil || time.Since(began) < s3FirstGap/2 {
		t.Error(err, time.Since(began))
	}
	stop()
	if err := backOff(ctx, 30); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestKeys(t *testing.T) {
	at := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(at, []byte("# bucket\naccess_key = a\nSECRET_KEY=b=c\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a, s, err := readKeys("file:"+at, nil)
	if err != nil || a != "a" || s != "b=c" {
		t.Error(a, s, err)
	}
	for _, from := range []string{"", "env:NONE", "file:/nowhere", "secret"} {
		if _, _, err := readKeys(from, testEnv); err == nil {
			t.Errorf("%q is taken", from)
		}
	}
}
