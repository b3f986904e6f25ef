package pool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// s3Server is a kind of server that tests start.
type s3Server struct {
	name, module, version, package_ string
	command                         func(bin, addr, dir string) *exec.Cmd
}

const (
	testAccess = "akashitest"
	testSecret = "akashitest-secret"
)

var versity = s3Server{
	"versitygw", "github.com/versity/versitygw", "v1.8.0", "cmd/versitygw",
	func(bin, addr, dir string) *exec.Cmd {
		c := exec.Command(bin, "--port", addr, "posix", "--versioning-dir", filepath.Join(dir, "versions"), filepath.Join(dir, "data"))
		c.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+testAccess, "ROOT_SECRET_KEY="+testSecret)
		return c
	},
}

// minioServer is a test tool only: it is neither linked nor shipped.
var minioServer = s3Server{
	"minio", "github.com/minio/minio", "v0.0.0-20260212201848-7aac2a2c5b7c", "",
	func(bin, addr, dir string) *exec.Cmd {
		c := exec.Command(bin, "server", "--address", addr, filepath.Join(dir, "data"))
		c.Env = append(os.Environ(), "MINIO_ROOT_USER="+testAccess, "MINIO_ROOT_PASSWORD="+testSecret,
			"MINIO_BROWSER=off", "MINIO_UPDATE=off", "MINIO_CALLHOME_ENABLE=off")
		return c
	},
}

// tool is the path of a server's program, which is built once and kept.
func (s *s3Server) tool(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("AKASHI_TOOLS")
	if dir == "" {
		out, err := exec.Command("go", "env", "GOCACHE").Output()
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(filepath.Dir(strings.TrimSpace(string(out))), "akashi-tools")
	}
	bin := filepath.Join(dir, s.name)
	if _, err := os.Stat(bin); err == nil {
		return bin
	}
	build := exec.Command("go", "install", strings.TrimSuffix(s.module+"/"+s.package_, "/")+"@"+s.version)
	build.Env = append(os.Environ(), "GOBIN="+dir, "CGO_ENABLED=0")
	build.Dir = os.TempDir() // outside this module
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("LEFT OUT: %s cannot be built, the S3 driver is not tested against it: %v\n%s", s.name, err, out)
	}
	return bin
}

// start runs the server until the test ends and returns its address.
func (s *s3Server) start(t *testing.T) string {
	t.Helper()
	bin := s.tool(t)
	dir := t.TempDir()
	for _, d := range []string{"data", "versions"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	c := s.command(bin, addr, dir)
	log := &bytes.Buffer{}
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill() // only this one
		_ = c.Wait()
	})
	for range 200 {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return addr
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s does not start:\n%s", s.name, log)
	return ""
}

// bucket makes one with Object Lock.
func bucket(t *testing.T, addr, name string) *minio.Client {
	t.Helper()
	c, err := minio.New(addr, &minio.Options{Creds: credentials.NewStaticV4(testAccess, testSecret, ""), Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	var last error
	for range 100 { // it may still be starting
		if last = c.MakeBucket(context.Background(), name, minio.MakeBucketOptions{ObjectLocking: true}); last == nil {
			return c
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal(last)
	return nil
}

func testEnv(k string) string {
	return map[string]string{"TEST_ACCESS_KEY": testAccess, "TEST_SECRET_KEY": testSecret}[k]
}

func openS3(t *testing.T, addr, bucket string, lockDays int) *s3 {
	t.Helper()
	s, err := newS3(&S3{Endpoint: "http://" + addr, Bucket: bucket, Prefix: "保管/", Keys: "env:TEST", LockDays: lockDays}, testEnv, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	s.wait = func(ctx context.Context, _ int) error { return ctx.Err() }
	return s
}

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

// faulty is a proxy before an S3 server.
type faulty struct {
	mu     sync.Mutex
	plan   []string // what happens to the next requests: "", "500", "503", "slow", "cut", "lose"
	only   string   // method that is meant; "" = any
	counts map[string]int
}

func (f *faulty) next(r *http.Request) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts[r.Method]++
	if len(f.plan) == 0 || f.only != "" && f.only != r.Method {
		return ""
	}
	x := f.plan[0]
	f.plan = f.plan[1:]
	return x
}

func (f *faulty) set(only string, plan ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.only, f.plan, f.counts = only, plan, map[string]int{}
}

func (f *faulty) count(method string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts[method]
}

const s3Fault = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>test</Message></Error>`

func startFaulty(t *testing.T, addr string) (*faulty, string) {
	t.Helper()
	f := &faulty{counts: map[string]int{}}
	to := &url.URL{Scheme: "http", Host: addr}
	drop := func(w http.ResponseWriter) {
		if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
			c.Close()
		}
	}
	// The host in the signature is that of the proxy; the server is asked by it.
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
	}}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch f.next(r) {
		case "500":
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprintf(w, s3Fault, "InternalError")
		case "503":
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintf(w, s3Fault, "ServiceUnavailable")
		case "slow":
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintf(w, s3Fault, "SlowDown")
		case "cut": // before the server sees it
			drop(w)
		case "lose": // the server does it, the answer is lost
			rec := &discard{h: http.Header{}}
			proxy.ServeHTTP(rec, r)
			drop(w)
		case "half": // the answer ends in the middle
			proxy.ServeHTTP(&halfWriter{ResponseWriter: w}, r)
		case "403":
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, s3Fault, "AccessDenied")
		default:
			proxy.ServeHTTP(w, r)
		}
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { srv.Close() })
	return f, l.Addr().String()
}

type discard struct {
	h http.Header
}

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

type halfWriter struct {
	http.ResponseWriter
	n int
}

func (h *halfWriter) Write(b []byte) (int, error) {
	if h.n += len(b); h.n > 200 {
		panic(http.ErrAbortHandler)
	}
	return h.ResponseWriter.Write(b)
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
