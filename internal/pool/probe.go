package pool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// Level is how good it is what storage does.
type Level string

// The levels.
const (
	Does  Level = "ok"
	Warns Level = "warn"
	Fails Level = "fail"
	Notes Level = "note"
)

// Probe is something that was tried out with a storage.
type Probe struct {
	What   string `json:"what"`
	Level  Level  `json:"level"`
	Detail string `json:"detail,omitempty"`
}

// What is tried out.
const (
	ProbeKind    = "kind"    // which file system it says it is
	ProbeWrite   = "write"   // bytes come back after a sync
	ProbeSync    = "sync"    // names are made durable
	ProbeRename  = "rename"  // a file replaces another in one step
	ProbeCreate  = "create"  // of two that make a file one fails
	ProbeLock    = "lock"    // locks hold
	ProbeNames   = "names"   // Japanese names come back as they were
	ProbeLong    = "long"    // names of 240 bytes, paths of 600
	ProbeCase    = "case"    // A and a are two names
	ProbeSpace   = "space"   // free space is told
	ProbeDisk    = "disk"    // no other volume is on the same disk
	ProbeClock   = "clock"   // its clock agrees with ours
	ProbeVersion = "version" // S3: versions are kept
	ProbeObject  = "object"  // S3: Object Lock
)

// kindProbe says which file system it is. What lies in memory comes back after a sync
// and is gone with the power: no trial shows that.
func kindProbe(kind string) Probe {
	if kind == "tmpfs" {
		return Probe{ProbeKind, Warns, kind}
	}
	return Probe{ProbeKind, Notes, kind}
}

// probe tries out what a volume needs.
func probe(ctx context.Context, d driver, now time.Time) []Probe {
	switch d := unwrap(d).(type) {
	case *folder:
		return d.probe(ctx, now)
	case *s3:
		return d.probe(ctx)
	}
	return []Probe{}
}

// maxSkew is how far the clocks of storage may be away.
const maxSkew = 2 * time.Minute

func (f *folder) probe(ctx context.Context, now time.Time) (l []Probe) {
	dir := filepath.Join(f.dir, "akashi-probe-"+nonce())
	add := func(what string, level Level, err error) bool {
		p := Probe{What: what, Level: Does}
		if err != nil {
			p.Level, p.Detail = level, err.Error()
		}
		l = append(l, p)
		return err == nil
	}
	if _, ok := f.fs.(fsx.OS); ok {
		l = append(l, kindProbe(fsx.Kind(f.dir)))
	}
	if err := f.fs.MkdirAll(dir, 0o700); !add(ProbeWrite, Fails, err) {
		return l
	}
	l = l[:len(l)-1]
	defer f.removeAll(dir)
	mtime, err := f.probeWrite(filepath.Join(dir, "a"), "one")
	if !add(ProbeWrite, Fails, err) {
		return l
	}
	add(ProbeSync, Warns, f.fs.SyncDir(dir))
	add(ProbeRename, Fails, f.probeRename(dir))
	add(ProbeCreate, Warns, f.probeCreate(dir))
	add(ProbeLock, Warns, f.probeLock(filepath.Join(dir, "l.lock")))
	add(ProbeNames, Fails, f.probeNames(dir))
	add(ProbeLong, Fails, f.probeLong(dir))
	add(ProbeCase, Notes, f.probeCase(dir))
	free, _, err := f.Space(ctx)
	if add(ProbeSpace, Warns, err) {
		l[len(l)-1].Detail = fmt.Sprint(free)
	}
	skew := mtime.Sub(now)
	err = nil
	if skew < -maxSkew || skew > maxSkew {
		err = fmt.Errorf("%v", skew.Round(time.Second))
	}
	add(ProbeClock, Warns, err)
	return l
}

func (f *folder) removeAll(dir string) {
	list, err := f.fs.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range list {
		at := filepath.Join(dir, e.Name())
		if e.IsDir() {
			f.removeAll(at)
		} else {
			_ = f.fs.Remove(at) // leftovers of a probe harm nobody
		}
	}
	_ = f.fs.Remove(dir)
}

// probeWrite writes, syncs and reads back, and tells the storage's time.
func (f *folder) probeWrite(path, text string) (time.Time, error) {
	h, err := f.fs.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return time.Time{}, err
	}
	b := bytes.Repeat([]byte(text), 50000)
	_, err = h.Write(b)
	err = errors.Join(err, h.Sync())
	st, serr := h.Stat()
	if err = errors.Join(err, serr, h.Close()); err != nil {
		return time.Time{}, err
	}
	got, err := f.readAll(path)
	if err == nil && !bytes.Equal(got, b) {
		err = errors.New("other bytes came back")
	}
	return st.ModTime(), err
}

func (f *folder) readAll(path string) ([]byte, error) {
	h, err := f.fs.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(h)
	return b.Bytes(), err
}

func (f *folder) probeRename(dir string) error {
	if _, err := f.probeWrite(filepath.Join(dir, "b"), "two"); err != nil {
		return err
	}
	if err := f.fs.Rename(filepath.Join(dir, "b"), filepath.Join(dir, "a")); err != nil {
		return err
	}
	b, err := f.readAll(filepath.Join(dir, "a"))
	if err == nil && !bytes.HasPrefix(b, []byte("two")) {
		err = errors.New("the old file is still there")
	}
	if _, gone := f.readAll(filepath.Join(dir, "b")); err == nil && !isMissing(gone) {
		err = errors.New("the old name is still there")
	}
	return err
}

func (f *folder) probeCreate(dir string) error {
	path := filepath.Join(dir, "x")
	for i := range 2 {
		h, err := f.fs.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			err = h.Close()
		}
		if i == 0 && err != nil {
			return err
		}
		if i == 1 && !errors.Is(err, fs.ErrExist) {
			return errors.New("a file could be made twice")
		}
	}
	return nil
}

func (f *folder) probeLock(path string) error {
	a, err := f.fs.TryLock(path)
	if err != nil {
		return err
	}
	defer a.Unlock() //nolint:errcheck // the file is removed
	b, err := f.fs.TryLock(path)
	if err == nil {
		return errors.Join(errors.New("a lock could be taken twice"), b.Unlock())
	}
	if !errors.Is(err, fsx.ErrLocked) {
		return err
	}
	return nil
}

// comesBack makes a file and sees that its folder lists it by that very name.
func (f *folder) comesBack(dir, name string) error {
	h, err := f.fs.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := h.Close(); err != nil {
		return err
	}
	l, err := f.fs.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range l {
		if e.Name() == name {
			return nil
		}
	}
	return fmt.Errorf("%q is listed by another name", name)
}

func (f *folder) probeNames(dir string) error {
	for _, name := range []string{"財務サーバー01が.テスト", "%E3%81%82 %2F.x", "ＦＳ－①"} {
		if err := f.comesBack(dir, name); err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) probeLong(dir string) error {
	if err := f.comesBack(dir, strings.Repeat("n", 240)); err != nil {
		return err
	}
	deep := filepath.Join(dir, strings.Repeat("d", 180), strings.Repeat("e", 180))
	if err := f.fs.MkdirAll(deep, 0o700); err != nil {
		return err
	}
	return f.comesBack(deep, strings.Repeat("f", 180))
}

func (f *folder) probeCase(dir string) error {
	if err := f.comesBack(dir, "CaSe"); err != nil {
		return err
	}
	h, err := f.fs.OpenFile(filepath.Join(dir, "cAsE"), os.O_RDONLY, 0)
	if err == nil {
		return errors.Join(errors.New("the case of letters makes no difference"), h.Close())
	}
	return nil
}
