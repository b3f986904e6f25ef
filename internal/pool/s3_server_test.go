package pool

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
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
	for range 1200 { // a minute: MinIO takes ten seconds on a machine with other work
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
