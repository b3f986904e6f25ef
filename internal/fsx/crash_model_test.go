package fsx

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// tree lists names and contents of a folder.
func tree(t *testing.T, f FS, dir string) (l []string) {
	t.Helper()
	entries, err := f.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.IsDir() {
			l = append(l, e.Name()+"/")
			for _, s := range tree(t, f, path) {
				l = append(l, e.Name()+"/"+s)
			}
			continue
		}
		l = append(l, fmt.Sprintf("%s=%x", e.Name(), content(t, f, path)))
	}
	return l
}

// randomCall makes one call on a few names below dir and says how it went.
func randomCall(r *rand.Rand, f FS, dir string, open map[string]File) string {
	names := []string{"a", "b", "s/a", "s/b", "s", "u/v"}
	one, two := names[r.IntN(len(names))], names[r.IntN(len(names))]
	path := filepath.Join(dir, one)
	say := func(op string, err error) string {
		switch {
		case err == nil:
			return op + " " + one
		case errors.Is(err, fs.ErrNotExist):
			return op + " missing"
		}
		return op + " failed"
	}
	data := make([]byte, r.IntN(1500))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	off := int64(r.IntN(3000))
	h := open[one]
	switch k := r.IntN(9); {
	case h == nil && k < 4:
		flag := os.O_RDWR
		if k > 0 {
			flag |= os.O_CREATE
		}
		if k > 2 {
			flag |= os.O_TRUNC
		}
		h, err := f.OpenFile(path, flag, 0o600)
		if err == nil {
			open[one] = h
		}
		return say("open", err)
	case h != nil && k == 0:
		delete(open, one)
		return say("close", h.Close())
	case h != nil && k == 1:
		_, err := h.WriteAt(data, off)
		return say("write at", err)
	case h != nil && k == 2:
		_, err := h.Write(data)
		return say("write", err)
	case h != nil && k == 3:
		return say("truncate", h.Truncate(off))
	case h != nil && k == 4:
		return say("sync", h.Sync())
	case k == 5:
		return say("mkdir", f.MkdirAll(filepath.Join(dir, "s"), 0o700))
	case k == 6:
		return say("remove", f.Remove(path))
	case k == 7:
		return say("rename", f.Rename(path, filepath.Join(dir, two)))
	case k == 8:
		_ = f.SyncDir(filepath.Join(dir, "s")) // may be a file, or missing
	}
	return ""
}

func TestCrashIsAFileSystem(t *testing.T) {
	for seed := range uint64(60) {
		dir := t.TempDir()
		c := NewCrash()
		if err := c.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		ra, rb := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 1))
		oa, ob := map[string]File{}, map[string]File{}
		for i := range 150 {
			got, want := randomCall(ra, c, dir, oa), randomCall(rb, OS{}, dir, ob)
			if got != want {
				t.Fatalf("seed %d, call %d: %s, the operating system: %s", seed, i, got, want)
			}
		}
		if got, want := tree(t, c, dir), tree(t, OS{}, dir); !slices.Equal(got, want) {
			t.Fatalf("seed %d:\n%.60q\nthe operating system:\n%.60q", seed, got, want)
		}
		if got, want := tree(t, c.Image(1), dir), tree(t, c, dir); !slices.Equal(got, want) {
			t.Errorf("seed %d: the image that keeps all differs", seed)
		}
		for _, f := range ob {
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func syncAll(t *testing.T, c *Crash, dir string) {
	t.Helper()
	entries, err := c.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.IsDir() {
			syncAll(t, c, path)
			continue
		}
		f, err := c.OpenFile(path, os.O_RDWR, 0)
		if err == nil {
			err = errors.Join(f.Sync(), f.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := c.SyncDir(dir); err != nil {
		t.Fatal(err)
	}
}

// TestCrashKeepsWhatWasSynced makes random calls, syncs all and makes more on
// other files: every image holds what was synced.
func TestCrashKeepsWhatWasSynced(t *testing.T) {
	for seed := range uint64(60) {
		c := NewCrash()
		if err := errors.Join(c.MkdirAll("/d/s", 0o700), c.SyncDir("/"), c.SyncDir("/d"), c.MkdirAll("/e", 0o700)); err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(seed, 2))
		open := map[string]File{}
		for range 60 {
			randomCall(r, c, "/d", open)
		}
		syncAll(t, c, "/d")
		want := tree(t, c, "/d")
		more := map[string]File{}
		for range 60 {
			randomCall(r, c, "/e", more)
		}
		for s := range uint64(20) {
			if got := tree(t, c.Image(s), "/d"); !slices.Equal(got, want) {
				t.Fatalf("seed %d, image %d:\n%.60q\nsynced:\n%.60q", seed, s, got, want)
			}
		}
	}
}
