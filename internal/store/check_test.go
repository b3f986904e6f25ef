package store

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/query"
)

// flip turns over bytes in the middle of the newest file that matches.
func flip(t *testing.T, dir, pattern string, at float64) string {
	t.Helper()
	l, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(l) == 0 {
		t.Fatalf("no file %s: %v", pattern, err)
	}
	b, err := os.ReadFile(l[len(l)-1])
	if err != nil {
		t.Fatal(err)
	}
	from := int(at * float64(len(b)))
	for i := range b[from:min(len(b), from+8)] {
		b[from+i] ^= 0x5a
	}
	if err := os.WriteFile(l[len(l)-1], b, 0o600); err != nil {
		t.Fatal(err)
	}
	name, err := filepath.Rel(dir, l[len(l)-1])
	if err != nil {
		t.Fatal(err)
	}
	return filepath.ToSlash(name)
}

// careFolder makes a folder with segments, packs, kept blocks, a catalogue and
// commits in the log.
func careFolder(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	s, err := Open(dir, Options{Create: true, FlushRows: -1})
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "fs", 1, 800)
	if err := s.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, s, "fs", 900, 1000)
	put(t, s, "fs", 1000, 1100)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestCheckOfAWholeFolder(t *testing.T) {
	r, err := Check(t.Context(), careFolder(t), CheckOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Findings) > 0 || r.Commits != 2 || r.Events != 999 || r.Records < 999 {
		t.Errorf("got %+v", r)
	}
}

func TestCheckAndRepair(t *testing.T) {
	q := query.Query{Classes: query.AllClasses(), Limit: 5000}
	f := func(name, pattern string, at float64, in string, atLeast int) {
		t.Helper()
		dir := careFolder(t)
		file := flip(t, dir, pattern, at)
		r, err := Check(t.Context(), dir, CheckOptions{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(r.Findings) == 0 {
			t.Fatalf("%s: nothing found", name)
		}
		if x := r.Findings[0]; x.In != in || x.File != file || x.Reason == "" || x.Remedy == "" {
			t.Errorf("%s: found %+v in %s", name, x, file)
		}
		by := &sealed{}
		rep, err := Repair(t.Context(), dir, Options{Seal: by}, "x", 1)
		if err != nil {
			t.Fatalf("%s: repair: %v", name, err)
		}
		if len(by.list) != 1 {
			t.Errorf("%s: sealed %+v", name, by.list)
		}
		r, err = Check(t.Context(), dir, CheckOptions{})
		if err == nil {
			r.Findings = slices.DeleteFunc(r.Findings, func(f Finding) bool { return strings.Contains(f.Reason, quarantineDir+"/") })
		}
		if err != nil || len(r.Findings) > 0 {
			t.Errorf("%s: after repair %+v, %v", name, r, err)
		}
		s := openTest(t, dir, Options{FlushRows: -1})
		if n := len(all(t, s, q)); n < atLeast {
			t.Errorf("%s: %d records are left, want %d; %+v", name, n, atLeast, rep)
		}
	}
	const whole = 1000 // 999 and the tail
	f("one manifest", "manifest-a", 0.5, InManifest, whole)
	f("the other manifest", "manifest-b", 0.5, InManifest, whole)
	f("segment, rows", "segments/*", 0.2, InSegment, 200)
	f("pack", "raw/*", 0.3, InRaw, whole)
	f("catalogue", "paths/*", 0.3, InPaths, whole)
	f("kept blocks", "keep/*", 0.95, InKeep, whole) // a checkpoint
	f("log, a block", "log/*", 0.3, InLog, 899)
	f("log, the last frame", "log/*", 0.8, InLog, 900) // stays named while it is in quarantine
}

func TestRepairWithoutManifests(t *testing.T) {
	q := query.Query{Classes: query.AllClasses(), Limit: 5000}
	f := func(name string, harm func(path string) error) {
		t.Helper()
		dir := careFolder(t)
		for _, m := range manifestNames {
			if err := harm(filepath.Join(dir, m)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), "akashi store repair") {
			t.Errorf("%s: opening gives %v", name, err)
		}
		r, err := Check(t.Context(), dir, CheckOptions{})
		if err != nil || len(r.Findings) != 1 || r.Findings[0].In != InManifests {
			t.Errorf("%s: check gives %+v, %v", name, r, err)
		}
		rep, err := Repair(t.Context(), dir, Options{}, "x", 1)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !rep.Manifest || !slices.Equal(rep.Servers, []string{"fs"}) {
			t.Errorf("%s: %+v", name, rep)
		}
		s := openTest(t, dir, Options{FlushRows: -1})
		if n := len(all(t, s, q)); n != 1000 {
			t.Errorf("%s: %d records", name, n)
		}
		in, err := s.Info()
		if err != nil || in.Events != 999 {
			t.Errorf("%s: %d events, %v", name, in.Events, err)
		}
	}
	f("damaged", func(path string) error {
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(path, bytes.ToUpper(b), 0o600)
	})
	f("gone", os.Remove)
}

func TestCheckFollowsTheChain(t *testing.T) {
	dir := careFolder(t)
	l, err := filepath.Glob(filepath.Join(dir, "log", "*"))
	if err != nil || len(l) != 1 {
		t.Fatal(l, err)
	}
	b, err := os.ReadFile(l[0])
	if err != nil {
		t.Fatal(err)
	}
	h, ok := parseHeader(b[len(fileMagic):])
	if !ok {
		t.Fatal("no frame")
	}
	// The first of two commits is cut out: every checksum still holds.
	cut := append(bytes.Clone(b[:len(fileMagic)]), b[int64(len(fileMagic))+h.size():]...)
	if err := os.WriteFile(l[0], cut, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Check(t.Context(), dir, CheckOptions{})
	if err != nil || len(r.Findings) != 1 || r.Findings[0].In != InChain {
		t.Errorf("got %+v, %v", r, err)
	}
}
