package engine

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/verify"
)

// sealedFolder is a data folder with segments, a log, settings and several
// checkpoints.
func sealedFolder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "d")
	paths := fakeFiles(t, 3, 100)
	d := fakeDeps(40)
	d.flushRows = 60
	for _, p := range paths {
		e, err := open(t.Context(), dir, Options{Create: true}, d)
		if err != nil {
			t.Fatal(err)
		}
		importAll(t, e, p)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func check(t *testing.T, dir string, opt verify.Options) *verify.Report {
	t.Helper()
	r, err := verify.Folder(t.Context(), dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func found(r *verify.Report, file string) bool {
	return slices.ContainsFunc(r.Findings, func(f verify.Finding) bool { return f.File == file && f.State != verify.Note })
}

func TestSealedFolderIsInOrder(t *testing.T) {
	dir := sealedFolder(t)
	settled := openEngine(t, dir, fakeDeps(40)) // else a merge at the next opening is something new to seal
	if err := errors.Join(settled.st.Settle(t.Context()), settled.Close()); err != nil {
		t.Fatal(err)
	}
	r := check(t, dir, verify.Options{})
	if len(r.Findings) > 0 || r.Sealed != r.Leaves || r.Checkpoints < 2 || r.Files < 4 {
		t.Errorf("%+v", r)
	}
	e := openEngine(t, dir, fakeDeps(40)) // reads and changes nothing
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if again := check(t, dir, verify.Options{}); again.Leaves != r.Leaves {
		t.Errorf("opening and closing made %d leaves", again.Leaves-r.Leaves)
	}
}

func TestEachFlippedBitIsNamed(t *testing.T) {
	dir := sealedFolder(t)
	var names []string
	var sizes []int64
	var all int64
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if rel = filepath.ToSlash(rel); rel == "lock" || strings.HasSuffix(rel, ".lock") {
			return nil
		}
		st, err := d.Info()
		if err != nil {
			return err
		}
		names, sizes, all = append(names, rel), append(sizes, st.Size()), all+st.Size()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(5, 6))
	flip := func(name string, at int64) {
		t.Helper()
		path := filepath.Join(dir, filepath.FromSlash(name))
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		bad := bytes.Clone(b)
		bad[at] ^= 1 << rng.IntN(8)
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		r := check(t, dir, verify.Options{})
		if !found(r, name) {
			t.Errorf("%s byte %d changed: %+v", name, at, r.Findings)
		}
		if manifest.FileMode(name) != manifest.FileEdited && !r.Damage() {
			t.Errorf("%s byte %d changed: no damage", name, at)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 200 {
		at := rng.Int64N(all)
		for i, n := range sizes {
			if at < n {
				flip(names[i], at)
				break
			}
			at -= n
		}
	}
	for i, name := range names { // and each file, however small
		flip(name, rng.Int64N(sizes[i]))
	}
}

func TestWhatIsMissingOrTooMuchIsNamed(t *testing.T) {
	dir := sealedFolder(t)
	var victims []string
	for _, pattern := range []string{"segments/*", "raw/*", "log/*", "seal/leaves.jsonl", "seal/checkpoints.txt", "seal/folder/*", "format"} {
		l, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(l) == 0 {
			t.Fatalf("%s: %v %v", pattern, l, err)
		}
		victims = append(victims, l[0])
	}
	for _, path := range victims {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			t.Fatal(err)
		}
		if r := check(t, dir, verify.Options{}); !r.Damage() && !strings.HasSuffix(path, seal.LeavesName) || !found(r, filepath.ToSlash(rel)) {
			t.Errorf("%s removed: %+v", rel, r.Findings)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	extra := filepath.Join(dir, "人事.xlsx")
	if err := os.WriteFile(extra, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := check(t, dir, verify.Options{}); !r.Damage() || !found(r, "人事.xlsx") {
		t.Errorf("a file too much: %+v", r.Findings)
	}
}

// edit changes the lines of a file.
func edit(t *testing.T, path string, change func([][]byte) [][]byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Join(change(bytes.SplitAfter(b, []byte("\n"))), nil), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRemovedLeafAndCheckpoint(t *testing.T) {
	dir := sealedFolder(t)
	path := filepath.Join(dir, seal.DirName, seal.LeavesName)
	keep, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	edit(t, path, func(l [][]byte) [][]byte { return slices.Delete(l, 4, 5) })
	if r := check(t, dir, verify.Options{}); !r.Damage() || !slices.ContainsFunc(r.Findings, func(f verify.Finding) bool { return f.What == "history" || f.What == "leaves_missing" }) {
		t.Errorf("a leaf removed: %+v", r.Findings)
	}
	if err := os.WriteFile(path, keep, 0o600); err != nil {
		t.Fatal(err)
	}
	edit(t, filepath.Join(dir, seal.DirName, seal.CheckpointsName), func(l [][]byte) [][]byte { return l[7:] }) // text of 4, empty, signature, empty
	r := check(t, dir, verify.Options{})
	if !r.Damage() || !slices.ContainsFunc(r.Findings, func(f verify.Finding) bool { return f.What == "checkpoint_missing" && f.Part != "" }) {
		t.Errorf("a checkpoint removed: %+v", r.Findings)
	}
}

// Whoever has the key can write everything anew, so that it is consistent; an
// earlier checkpoint kept elsewhere shows it.
func TestHistoryRewrittenWithTheStolenKey(t *testing.T) {
	dir := sealedFolder(t)
	state, err := Seal(dir)
	if err != nil {
		t.Fatal(err)
	}
	outside := state.Checkpoints[0].Text
	r := check(t, dir, verify.Options{Since: outside, SinceName: "outside.txt"})
	if r.Damage() || len(r.Anchors) != 1 {
		t.Fatalf("the honest folder: %+v", r)
	}
	l, err := seal.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{seal.LeavesName, seal.CheckpointsName, seal.FolderName} {
		if err := os.RemoveAll(filepath.Join(dir, seal.DirName, name)); err != nil {
			t.Fatal(err)
		}
	}
	log, err := seal.OpenLog(nil, dir, seal.LogOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range l {
		if e.Kind == seal.KindFolder || e.Kind == seal.KindKey {
			continue
		}
		if i == 2 {
			e.Subject = "another history"
		}
		if err := log.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	d := fakeDeps(40)
	e := openEngine(t, dir, d)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if r := check(t, dir, verify.Options{}); r.Damage() || len(r.Anchors) != 0 {
		t.Fatalf("the rewritten folder is not self-consistent, so this test shows nothing: %+v", r.Findings)
	}
	r = check(t, dir, verify.Options{Since: outside, SinceName: "outside.txt"})
	if !r.Damage() || !found(r, "outside.txt") {
		t.Errorf("rewritten history is not detected: %+v", r.Findings)
	}
}

func TestClockInThePastIsToldAndNoDamage(t *testing.T) {
	dir := sealedFolder(t)
	d := fakeDeps(40)
	d.now = func() time.Time { return time.Unix(1000, 0) }
	d.rules = 2
	e := openEngine(t, dir, d)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	r := check(t, dir, verify.Options{})
	if r.Damage() || !slices.ContainsFunc(r.Findings, func(f verify.Finding) bool { return f.What == "clock" }) {
		t.Errorf("%+v", r.Findings)
	}
}

// An authority that does not answer stops no import; the stamp is asked for again.
func TestAuthorityDownIsAskedAgain(t *testing.T) {
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer s.Close()
	dir := sealedFolder(t)
	c, err := config.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	c.Seal.Authority = s.URL
	if err := config.Write(dir, c); err != nil {
		t.Fatal(err)
	}
	for n := range int64(2) {
		e := openEngine(t, dir, fakeDeps(40))
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if got := asked.Load(); got != n+1 {
			t.Errorf("after %d closes the authority was asked %d times", n+1, got)
		}
	}
	if r := check(t, dir, verify.Options{}); r.Damage() || len(r.Anchors) > 0 {
		t.Errorf("%+v", r)
	}
	if state, err := Seal(dir); err != nil || !state.NeedsStamp {
		t.Errorf("no stamp is owed, or %v", err)
	}
}
