package pool

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/pace"
	"github.com/akashi-audit/akashi/internal/seal"
)

// thing is an object for tests: its name and bytes.
func thing(dir string, n, size int) (string, []byte) {
	r := rand.NewPCG(uint64(n), uint64(size))
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(r.Uint64())
	}
	return fmt.Sprintf("%s/%04d.records.%x.parquet", dir, n, sha256.Sum256(b)), b
}

// kit is a pool with volumes that tests can spoil.
type kit struct {
	t    *testing.T
	dir  string
	p    *Pool
	opt  Options
	rigs map[string]*rig // by name of the volume
}

// rig stands between the pool and a volume.
type rig struct {
	driver
	dir   string
	away  atomic.Bool  // nothing is there, as when a disk is pulled out
	full  atomic.Bool  // nothing fits
	slow  atomic.Int64 // every call takes so many ns
	wrong atomic.Bool  // reading gives other bytes
	cut   atomic.Bool  // the next Put is cut off in the middle and the volume is away then
	puts  atomic.Int64
}

var errGone = errors.New("input/output error")

func (r *rig) inner() driver { return r.driver }

func (r *rig) ok(ctx context.Context) error {
	if err := pace.Pause(ctx, time.Duration(r.slow.Load())); err != nil {
		return err
	}
	if r.away.Load() {
		return errGone
	}
	return nil
}

func (r *rig) Put(ctx context.Context, name string, src io.ReaderAt, size int64) (place, error) {
	r.puts.Add(1)
	if err := r.ok(ctx); err != nil {
		return place{}, err
	}
	if r.full.Load() {
		return place{}, fs.ErrInvalid
	}
	if r.cut.Load() {
		return r.driver.Put(ctx, name, &cutReader{src, size / 2, func() { r.away.Store(true) }}, size)
	}
	return r.driver.Put(ctx, name, src, size)
}

// cutReader fails behind half of an object.
type cutReader struct {
	io.ReaderAt
	at   int64
	then func()
}

type wrongReader struct {
	Reader
	r *rig
}

func (r *rig) Open(ctx context.Context, name string, at place) (Reader, error) {
	if err := r.ok(ctx); err != nil {
		return nil, err
	}
	x, err := r.driver.Open(ctx, name, at)
	if err != nil {
		return nil, err
	}
	return &wrongReader{x, r}, nil
}

func (r *rig) List(ctx context.Context, fn func(found) error) error {
	if err := r.ok(ctx); err != nil {
		return err
	}
	return r.driver.List(ctx, fn)
}

func (r *rig) Delete(ctx context.Context, name string, at place) error {
	if err := r.ok(ctx); err != nil {
		return err
	}
	return r.driver.Delete(ctx, name, at)
}

func (r *rig) Aside(ctx context.Context, name string, at place) error {
	if err := r.ok(ctx); err != nil {
		return err
	}
	return r.driver.Aside(ctx, name, at)
}

func (r *rig) Space(ctx context.Context) (int64, int64, error) {
	if err := r.ok(ctx); err != nil {
		return 0, 0, err
	}
	if r.full.Load() {
		return 0, 1 << 30, nil
	}
	return r.driver.Space(ctx)
}

func (r *rig) Read(ctx context.Context, name string) ([]byte, error) {
	if err := r.ok(ctx); err != nil {
		return nil, err
	}
	return r.driver.Read(ctx, name)
}

func (r *rig) Write(ctx context.Context, name string, b []byte) error {
	if err := r.ok(ctx); err != nil {
		return err
	}
	return r.driver.Write(ctx, name, b)
}

// newKit makes a data folder with a pool of the archive and further folders.
func newKit(t *testing.T, copies int, names ...string) *kit {
	t.Helper()
	k := &kit{t: t, dir: filepath.Join(t.TempDir(), "data"), rigs: map[string]*rig{}}
	k.opt = Options{PutPatience: time.Minute, ReadPatience: time.Minute} // a machine can stand still for seconds
	k.opt.wrap = func(v *Volume, d driver) driver {
		if r := k.rigs[v.Name]; r != nil {
			r.driver = d
			return r
		}
		r := &rig{driver: d, dir: v.Path}
		if !filepath.IsAbs(r.dir) {
			r.dir = filepath.Join(k.dir, r.dir)
		}
		k.rigs[v.Name] = r
		return r
	}
	if err := os.Mkdir(k.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	k.open()
	for _, n := range names {
		k.add(n, AddOptions{})
	}
	k.set(Change{Copies: &copies})
	return k
}

func (k *kit) open() {
	k.t.Helper()
	p, err := Open(k.dir, k.opt)
	if err != nil {
		k.t.Fatal(err)
	}
	k.p = p
	k.t.Cleanup(func() { _ = p.Close(context.Background()) }) // may be closed already
}

func (k *kit) reopen() {
	k.t.Helper()
	if err := k.p.Close(context.Background()); err != nil {
		k.t.Fatal(err)
	}
	k.open()
}

func (k *kit) add(name string, opt AddOptions) *Added {
	k.t.Helper()
	opt.Name, opt.Path = name, filepath.Join(filepath.Dir(k.dir), name)
	if opt.Reserve == 0 {
		opt.Reserve = -1
	}
	a, err := k.p.Add(context.Background(), opt)
	if err != nil {
		k.t.Fatal(err)
	}
	return a
}

func (k *kit) set(x Change) {
	k.t.Helper()
	if err := k.p.Set(context.Background(), x); err != nil {
		k.t.Fatal(err)
	}
}

func (k *kit) put(dir string, n, size int) (string, []byte) {
	k.t.Helper()
	name, b := thing(dir, n, size)
	if err := k.p.Put(context.Background(), name, bytes.NewReader(b), int64(size)); err != nil {
		k.t.Fatal(err)
	}
	return name, b
}

func (k *kit) get(name string) ([]byte, error) {
	r, err := k.p.Open(context.Background(), name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
}

func (k *kit) want(name string, b []byte) {
	k.t.Helper()
	got, err := k.get(name)
	if err != nil || !bytes.Equal(got, b) {
		k.t.Errorf("%s: %d bytes, %v, want %d", name, len(got), err, len(b))
	}
}

func (k *kit) status() *Status {
	k.t.Helper()
	s, err := k.p.Status(context.Background())
	if err != nil {
		k.t.Fatal(err)
	}
	return s
}

func (k *kit) volume(name string) VolumeStatus {
	k.t.Helper()
	for _, v := range k.status().Volumes {
		if v.Name == name {
			return v
		}
	}
	k.t.Fatalf("no volume %s", name)
	return VolumeStatus{}
}

func (k *kit) heal() *Work {
	k.t.Helper()
	w, err := k.p.Heal(context.Background(), nil)
	if err != nil {
		k.t.Fatal(err)
	}
	return w
}

// on are the volumes on whose disk a whole copy lies, by name.
func (k *kit) on(name string) (l []string) {
	for v, r := range k.rigs {
		if b, err := os.ReadFile(filepath.Join(r.dir, filepath.FromSlash(name))); err == nil {
			h, _ := manifest.NameHash(name)
			if seal.Hash(sha256.Sum256(b)) == h {
				l = append(l, v)
			}
		}
	}
	slices.Sort(l)
	return l
}

func (k *kit) wantOn(name string, want ...string) {
	k.t.Helper()
	if got := k.on(name); !slices.Equal(got, want) {
		k.t.Errorf("%s lies on %v, want %v", name, got, want)
	}
}

// flip changes one bit of a file.
func flip(t *testing.T, path string, at int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[at] ^= 4
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func firstKey(m map[string][]byte) string {
	for k := range m {
		return k
	}
	return ""
}

func (c *cutReader) ReadAt(b []byte, off int64) (int, error) {
	if off+int64(len(b)) > c.at {
		c.then()
		return 0, errGone
	}
	return c.ReaderAt.ReadAt(b, off)
}

func (w *wrongReader) ReadAt(b []byte, off int64) (int, error) {
	if w.r.away.Load() {
		return 0, errGone
	}
	if d := w.r.slow.Load(); d > 0 {
		time.Sleep(time.Duration(d))
	}
	n, err := w.Reader.ReadAt(b, off)
	if w.r.wrong.Load() && n > 0 {
		b[n/2] ^= 1
	}
	return n, err
}
