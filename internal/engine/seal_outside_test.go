package engine

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/akashi-audit/akashi/internal/config"
	"github.com/akashi-audit/akashi/internal/seal"
)

// What was done to a closed folder stands in the log before the next sealing.
func TestOutsideChangesAreWrittenDown(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	e := openEngine(t, dir, fakeDeps(50))
	if _, err := e.Import(t.Context(), ImportRequest{Paths: fakeFiles(t, 3, 40), KeepOriginal: true, Importer: "t"}, nil); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = openEngine(t, dir, fakeDeps(50))
	if _, ok, err := e.seal.Last(seal.KindOutside); ok || err != nil {
		t.Errorf("nothing was changed, but there is an entry: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}

	kept, err := filepath.Glob(filepath.Join(dir, "originals", "*"))
	if err != nil || len(kept) == 0 {
		t.Fatalf("originals %v, %v", kept, err)
	}
	if err := os.Remove(kept[0]); err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(dir, config.FileName) // has a leaf of its own
	b, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(conf, append(b, "# a remark\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // told once
		e = openEngine(t, dir, fakeDeps(50))
		last, ok, err := e.seal.Last(seal.KindOutside)
		if err != nil || !ok {
			t.Fatalf("no entry about the changed file: %v", err)
		}
		var leaf outsideLeaf
		if err := json.Unmarshal([]byte(last.Entry.Subject), &leaf); err != nil {
			t.Fatal(err)
		}
		if want := "originals/" + filepath.Base(kept[0]); leaf.Files != 1 || !slices.Equal(leaf.First, []string{want}) {
			t.Errorf("changed outside: %+v, want %s", leaf, want)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
