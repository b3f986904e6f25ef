package engine

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/pool"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
	"github.com/akashi-audit/akashi/internal/verify"
)

// pooledFolder is a data folder whose archive lies twice, on three volumes, and the
// folders of those.
func pooledFolder(t *testing.T, e *Engine, names ...string) (dirs map[string]string) {
	t.Helper()
	p, err := e.Pool()
	if err != nil {
		t.Fatal(err)
	}
	dirs = map[string]string{}
	for _, n := range names {
		dirs[n] = filepath.Join(t.TempDir(), n)
		if _, err := p.Add(t.Context(), pool.AddOptions{Path: dirs[n], Name: n, Reserve: -1}); err != nil {
			t.Fatal(err)
		}
	}
	two := 2
	if err := p.Set(t.Context(), pool.Change{Copies: &two}); err != nil {
		t.Fatal(err)
	}
	return dirs
}

func sealAll(t *testing.T, e *Engine) {
	t.Helper()
	if _, err := e.SealArchive(t.Context(), SealRequest{All: true, By: "t"}); err != nil {
		t.Fatal(err)
	}
}

func archived(t *testing.T, e *Engine) []record.Record {
	t.Helper()
	p, err := e.SearchArchive(t.Context(), query.Query{Classes: query.AllClasses(), Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Records {
		p.Records[i].Received = 0
	}
	return p.Records
}

// objectFiles are the files of objects below a folder.
func objectFiles(t *testing.T, dir string) (l []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		rel, rerr := filepath.Rel(dir, path)
		if _, ok := manifest.NameHash(filepath.ToSlash(rel)); err == nil && rerr == nil && ok && !d.IsDir() {
			l = append(l, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// The archive lies on a pool: searches go on when a volume is gone or damaged, what
// was there before the pool stays, moves are sealed, and nothing is told as damage.
func TestArchiveOnAPool(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	paths := fakeFiles(t, 1, 80)
	half := len(paths) / 2
	e := openEngine(t, dir, fakeDeps(16))
	importAll(t, e, paths[:half]...)
	sealAll(t, e)
	before := len(objectFiles(t, filepath.Join(dir, archiveDir)))
	dirs := pooledFolder(t, e, "a", "b")
	p, err := e.Pool()
	if err != nil {
		t.Fatal(err)
	}
	if st, err := p.Status(t.Context()); err != nil || int(st.Objects) != before || st.Short != st.Objects {
		t.Fatalf("%+v, %v, want %d objects", st, err, before)
	}
	importAll(t, e, paths[half:]...)
	sealAll(t, e)
	if _, err := p.Heal(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	want := records(t, e)
	sameRecords(t, "archive", want, archived(t, e))
	if w, err := p.Drain(t.Context(), "archive", nil); err != nil || w.Short > 0 {
		t.Fatalf("%+v, %v", w, err)
	}
	if err := p.Remove(t.Context(), "archive", nil); err != nil {
		t.Fatal(err)
	}
	if l := objectFiles(t, filepath.Join(dir, archiveDir)); len(l) > 0 {
		t.Fatal(l)
	}
	// One volume is damaged everywhere: the other is read.
	for _, name := range objectFiles(t, dirs["a"]) {
		at := filepath.Join(dirs["a"], name)
		b, err := os.ReadFile(at)
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)/2] ^= 1
		if err := os.WriteFile(at, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if r := check(t, dir, verify.Options{}); r.Damage() || r.Sealed != r.Leaves {
		t.Errorf("%+v", r)
	}
	e = openEngine(t, dir, fakeDeps(16))
	sameRecords(t, "one volume is damaged", want, archived(t, e))
	if p, err = e.Pool(); err != nil {
		t.Fatal(err)
	}
	if w, err := p.Heal(t.Context(), nil); err != nil || w.Aside == 0 || len(w.Gone) > 0 {
		t.Fatalf("%+v, %v", w, err)
	}
	if r, err := p.Scrub(t.Context(), pool.ScrubOptions{}); err != nil {
		t.Fatal(err)
	} else if r.Damaged > 0 { // those that no search had read
		if _, err := p.Heal(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range dirs {
		r, err := verify.Volume(t.Context(), d, verify.Options{})
		if err != nil || r.Damage() {
			t.Errorf("%s: %+v, %v", d, r, err)
		}
	}
	// Both are gone: what the store has is still found, and the rest is told.
	for _, d := range dirs {
		if err := os.Rename(d, d+".away"); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = openEngine(t, dir, fakeDeps(16))
	page, err := e.Search(t.Context(), query.Query{Classes: query.AllClasses(), Limit: 1 << 20})
	if err != nil || len(page.Unread) == 0 {
		t.Fatalf("%v, unread %v", err, page)
	}
	if len(page.Records) != len(want) {
		t.Errorf("%d records, want %d", len(page.Records), len(want))
	}
	if _, err := e.SealArchive(t.Context(), SealRequest{By: "t"}); err == nil {
		t.Error("sealed without knowing what is sealed")
	}
	for _, d := range dirs {
		if err := os.Rename(d+".away", d); err != nil {
			t.Fatal(err)
		}
	}
	if made, err := e.SealArchive(t.Context(), SealRequest{By: "t"}); err != nil || len(made) > 0 {
		t.Errorf("%d parts, %v", len(made), err)
	}
	sameRecords(t, "they are back", want, archived(t, e))
}

// Which volumes there are is sealed, once for each change.
func TestVolumesAreSealed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	e := openEngine(t, dir, fakeDeps(16))
	importAll(t, e, fakeFiles(t, 2, 20)...)
	pooledFolder(t, e, "a")
	for range 3 {
		if _, err := e.SealNow(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := seal.OpenLog(nil, dir, seal.LogOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	leaf, ok, err := l.Last(seal.KindVolume)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	var x volumesLeaf
	if err := json.Unmarshal([]byte(leaf.Entry.Subject), &x); err != nil || x.Copies != 2 || len(x.Volumes) != 2 || x.Volumes[1].Name != "a" {
		t.Errorf("%s, %v", leaf.Entry.Subject, err)
	}
	b, err := os.ReadFile(filepath.Join(dir, seal.DirName, seal.LeavesName))
	if err != nil || strings.Count(string(b), `"kind":"volume"`) != 1 || strings.Contains(string(b), `"kind":"outside"`) {
		t.Errorf("%v\n%s", err, b)
	}
}

// A store is lost with its pool's files: a new folder recognises the volumes, reads
// them, with the key where they are encrypted, and gives the same records.
func TestRebuildFromVolumes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(keys, []byte(key.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	e := openEngine(t, dir, fakeDeps(16))
	paths := fakeFiles(t, 4, 60)
	dirs := pooledFolder(t, e, "a", "b")
	importAll(t, e, paths[:len(paths)/2]...)
	sealAll(t, e)
	p, err := e.Pool()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Set(t.Context(), pool.Change{Recipients: &[]string{key.Recipient().String()}, Identity: &keys}); err != nil {
		t.Fatal(err)
	}
	importAll(t, e, paths[len(paths)/2:]...)
	sealAll(t, e)
	want := records(t, e)
	sameRecords(t, "with the key", want, archived(t, e))
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		if r, err := verify.Volume(t.Context(), d, verify.Options{}); err != nil || r.Damage() {
			t.Errorf("%s: %+v, %v", d, r, err)
		}
	}
	if r := check(t, dir, verify.Options{}); r.Damage() {
		t.Errorf("%+v", r)
	}

	fresh := openEngine(t, filepath.Join(t.TempDir(), "n"), fakeDeps(16))
	if p, err = fresh.Pool(); err != nil {
		t.Fatal(err)
	}
	for _, d := range append([]string{filepath.Join(dir, archiveDir)}, dirs["a"], dirs["b"]) {
		a, err := p.Add(t.Context(), pool.AddOptions{Path: d})
		if err != nil || !a.Foreign {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	if _, err := fresh.RebuildFromArchive(t.Context(), FromPool, nil); !errors.Is(err, pool.ErrNoKey) {
		t.Fatal(err)
	}
	if err := p.Set(t.Context(), pool.Change{Identity: &keys}); err != nil {
		t.Fatal(err)
	}
	if _, err := fresh.RebuildFromArchive(t.Context(), FromPool, nil); err != nil {
		t.Fatal(err)
	}
	sameRecords(t, "rebuilt", want, records(t, fresh))
}

// While akashi serve runs, another process changes the pool; serve does the work.
func TestCareWhileServing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	e := openEngine(t, dir, fakeDeps(16))
	importAll(t, e, fakeFiles(t, 5, 40)...)
	sealAll(t, e)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.carePool(ctx, time.Minute, 20*time.Millisecond)
	}()
	defer func() { stop(); <-done }()
	p, err := pool.Open(dir, pool.Options{}) // the other process
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "v")
	if _, err := p.Add(ctx, pool.AddOptions{Path: to, Name: "v", Reserve: -1}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.StartDrain(ctx, "archive"); err != nil {
		t.Fatal(err)
	}
	want := objectFiles(t, filepath.Join(dir, archiveDir))
	for range 1000 {
		if len(objectFiles(t, filepath.Join(dir, archiveDir))) == 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	got := objectFiles(t, to)
	slices.Sort(got)
	if len(objectFiles(t, filepath.Join(dir, archiveDir))) > 0 || len(got) < len(want) {
		t.Fatalf("%d of %d objects were moved", len(got), len(want))
	}
	err = pool.ErrHeld
	for i := 0; errors.Is(err, pool.ErrHeld) && i < 1000; i++ { // the last one may not be written down yet
		time.Sleep(20 * time.Millisecond)
		err = p.Remove(ctx, "archive", nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	sameRecords(t, "moved", records(t, e), archived(t, e))
}
