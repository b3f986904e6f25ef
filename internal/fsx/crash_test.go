package fsx

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// content is what a file holds, "-" when it is missing.
func content(t *testing.T, fs FS, path string) string {
	t.Helper()
	f, err := fs.OpenFile(path, os.O_RDONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		return "-"
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func writeText(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

// newText is longer than a sector, so that it can be torn.
var newText = strings.Repeat("new ", 300)

// careless is WriteAtomic without one of its steps.
func careless(c FS, path string, sync, syncDir, rename bool) error {
	tmp := path
	if rename {
		tmp += ".tmp"
	}
	f, err := c.OpenFile(tmp, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, newText)
	if sync && err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if rename {
		if err := c.Rename(tmp, path); err != nil {
			return err
		}
	}
	if syncDir {
		return c.SyncDir(filepath.Dir(path))
	}
	return nil
}

// crashes runs a writer over "old", stops it at every call and looks at many
// images. It lists what is wrong with them, each once.
func crashes(t *testing.T, write func(FS, string) error) (wrong []string) {
	t.Helper()
	add := func(s string) {
		if !slices.Contains(wrong, s) {
			wrong = append(wrong, s)
		}
	}
	const dir, path = "/d", "/d/f"
	for n := 1; ; n++ {
		c := NewCrash()
		err := errors.Join(c.MkdirAll(dir, 0o700), c.SyncDir("/"), WriteAtomic(c, path, 0o600, writeText("old")))
		if err != nil {
			t.Fatal(err)
		}
		c.StopAt(n)
		err = write(c, path)
		if stopped := errors.Is(err, ErrStopped); err != nil && !stopped {
			t.Fatal(err)
		}
		for seed := range uint64(200) {
			switch got := content(t, c.Image(seed), path); {
			case got != "old" && got != newText:
				add("neither old nor new")
			case err == nil && got == "old":
				add("lost after success")
			}
		}
		if err == nil {
			return wrong
		}
	}
}

func TestCrashFindsCarelessWriters(t *testing.T) {
	f := func(name string, write func(FS, string) error, want ...string) {
		t.Helper()
		if got := crashes(t, write); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	f("WriteAtomic", func(c FS, path string) error { return WriteAtomic(c, path, 0o600, writeText(newText)) })
	f("no sync before the rename", func(c FS, path string) error { return careless(c, path, false, true, true) }, "neither old nor new")
	f("no SyncDir", func(c FS, path string) error { return careless(c, path, true, false, true) }, "lost after success")
	f("in place", func(c FS, path string) error { return careless(c, path, true, true, false) }, "neither old nor new")
	f("nothing at all", func(c FS, path string) error { return careless(c, path, false, false, true) }, "neither old nor new", "lost after success")
}

func TestCrashNewFolderNeedsItsParentSynced(t *testing.T) {
	c := NewCrash()
	if err := errors.Join(c.MkdirAll("/a/b", 0o700), WriteAtomic(c, "/a/b/f", 0o600, writeText("x"))); err != nil {
		t.Fatal(err)
	}
	if got := content(t, c.Image(0), "/a/b/f"); got != "-" {
		t.Errorf("in a folder that nobody synced: %q", got)
	}
	if err := errors.Join(c.SyncDir("/"), c.SyncDir("/a")); err != nil {
		t.Fatal(err)
	}
	if got := content(t, c.Image(0), "/a/b/f"); got != "x" {
		t.Errorf("after the folders were synced: %q", got)
	}
}

func TestClearUnfinished(t *testing.T) {
	c := NewCrash()
	c.StopAt(4) // before the rename
	err := errors.Join(c.MkdirAll("/d", 0o700), WriteAtomic(c, "/d/f", 0o600, writeText("x")))
	im := c.Image(1)
	if got := content(t, im, "/d/f.tmp"); got != "x" || !errors.Is(err, ErrStopped) {
		t.Fatalf("cut short: %q, %v", got, err)
	}
	if err := errors.Join(WriteAtomic(im, "/d/g", 0o600, writeText("y")), im.MkdirAll("/d/e.tmp", 0o700), ClearUnfinished(im, "/d"), ClearUnfinished(im, "/none")); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, im, "/d"); !slices.Equal(got, []string{"e.tmp/", "g=79"}) {
		t.Errorf("left: %q", got)
	}
}

func TestMakeDirIsSure(t *testing.T) {
	c := NewCrash()
	if err := MakeDir(c, "/a/b/c", 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Image(0).ReadDir("/a/b/c"); err != nil {
		t.Errorf("made at once: %v", err)
	}
	if err := errors.Join(c.MkdirAll("/d", 0o700), MakeDir(c, "/d", 0o700)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Image(0).ReadDir("/d"); err != nil {
		t.Errorf("made by somebody who was killed: %v", err)
	}
}

// TestCrashImagesVary shows that the images of one moment are what a disk can
// hold: prefixes, holes, old sizes, names without data.
func TestCrashImagesVary(t *testing.T) {
	c := NewCrash()
	f, err := c.OpenFile("/f", os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		err = errors.Join(f.Sync(), c.SyncDir("/"))
	}
	a, b := bytes.Repeat([]byte{'a'}, 2*sector), bytes.Repeat([]byte{'b'}, 2*sector)
	if err == nil {
		_, err = f.Write(a)
	}
	if err == nil {
		_, err = f.Write(b)
	}
	if err == nil {
		err = c.Rename("/f", "/g")
	}
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	all := string(a) + string(b)
	for seed := range uint64(2000) {
		im := c.Image(seed)
		x, y := content(t, im, "/f"), content(t, im, "/g")
		name := "old"
		switch {
		case x != "-" && y != "-":
			name = "both"
		case x == "-" && y == "-":
			seen["none"]++
			continue
		case y != "-":
			x, name = y, "new"
		}
		seen[name]++
		switch {
		case x == "":
			seen[name+" empty"]++
		case x == all:
			seen[name+" whole"]++
		case strings.HasPrefix(all, x) && len(x)%sector != 0:
			seen["torn"]++
		case strings.HasPrefix(all, x):
			seen["torn at a sector"]++
		case len(x) == len(all) && strings.HasSuffix(x, string(b)):
			seen["later without earlier"]++
		case len(x) == len(all) && strings.Trim(x, "\x00") == "":
			seen["zeros"]++
		}
		if again := content(t, c.Image(seed), "/g"); again != y {
			t.Fatalf("seed %d gave two images", seed)
		}
		if fork := content(t, c.Fork().Image(seed), "/g"); fork != y {
			t.Fatalf("seed %d gave another image of a fork", seed)
		}
	}
	for _, k := range []string{"old", "new", "both", "none", "old empty", "new empty", "old whole", "new whole", "torn", "torn at a sector", "later without earlier", "zeros"} {
		if seen[k] == 0 {
			t.Errorf("no image with %q: %v", k, seen)
		}
	}
}

func TestCrashFailedSyncLosesWrites(t *testing.T) {
	c := NewCrash()
	f, err := c.OpenFile("/f", os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		_, err = f.Write(bytes.Repeat([]byte{'a'}, sector))
	}
	if err != nil {
		t.Fatal(err)
	}
	f.(interface{ LoseWrites() }).LoseWrites()
	if _, err = f.Write(bytes.Repeat([]byte{'b'}, sector)); err == nil {
		err = errors.Join(f.Sync(), c.SyncDir("/"))
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := content(t, c.Image(0), "/f"); got != strings.Repeat("\x00", sector)+strings.Repeat("b", sector) {
		t.Errorf("after a failed sync and a good one: %.20q… of %d bytes", got, len(got))
	}
	if got := content(t, c, "/f"); got[0] != 'a' {
		t.Errorf("programs see %.20q", got)
	}
}

func TestCrashSpaceStopLock(t *testing.T) {
	c := NewCrash()
	c.SetSpace(1000, -1)
	f, err := c.OpenFile("/f", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	n, err := f.Write(make([]byte, 1200))
	if n != 1000 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("write on a full disk: %d, %v", n, err)
	}
	if err := f.Truncate(400); err != nil {
		t.Error(err)
	}
	if n, err := c.Free("/"); n != 600 || err != nil {
		t.Errorf("Free = %d, %v", n, err)
	}
	if err := c.Remove("/f"); err != nil || c.Used() != 400 {
		t.Errorf("removed while open: %d bytes used, %v", c.Used(), err)
	}
	if err := f.Close(); err != nil || c.Used() != 0 {
		t.Errorf("removed and closed: %d bytes used, %v", c.Used(), err)
	}
	l, err := c.TryLock("/lock")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.TryLock("/lock"); !errors.Is(err, ErrLocked) {
		t.Errorf("second lock: %v", err)
	}
	c.StopAt(2)
	if err := c.MkdirAll("/a/b/c", 0o700); !errors.Is(err, ErrStopped) {
		t.Errorf("stopped in MkdirAll: %v", err)
	}
	if _, err := c.ReadDir("/"); !errors.Is(err, ErrStopped) {
		t.Errorf("after the stop: %v", err)
	}
	if err := l.Unlock(); err != nil {
		t.Error(err)
	}
	if _, err := c.Image(1).TryLock("/lock"); err != nil {
		t.Errorf("lock after switching on again: %v", err)
	}
	if _, err := c.Image(1).ReadDir("/a/b"); err != nil {
		t.Errorf("the call at which it stopped is kept by seed 1: %v", err)
	}
}
