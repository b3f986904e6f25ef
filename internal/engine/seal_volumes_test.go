package engine

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/verify"
)

// A volume alone proves that its days are sealed, and tells of days that were taken
// away; the copy of the log goes on with each sealing.
func TestVolumeAloneProves(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	paths := fakeFiles(t, 1, 60)
	e := openEngine(t, dir, fakeDeps(16))
	importAll(t, e, paths[:len(paths)/2]...)
	sealAll(t, e)
	importAll(t, e, paths[len(paths)/2:]...)
	sealAll(t, e)
	point := e.seal.Checkpoints()[0].Text
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	vol := filepath.Join(dir, archiveDir)
	check := func() *verify.Report {
		t.Helper()
		r, err := verify.Volume(t.Context(), vol, verify.Options{Since: point, SinceName: "kept"})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := check(); len(r.Findings) > 0 || r.Sealed == 0 || r.Leaves != r.Sealed || len(r.Anchors) != 1 {
		t.Fatalf("%+v", r)
	}
	if r, err := verify.Folder(t.Context(), dir, verify.Options{}); err != nil || r.Damage() {
		t.Fatalf("%+v, %v", r, err)
	}
	logs, err := filepath.Glob(filepath.Join(vol, "_log", "*.jsonl"))
	if err != nil || len(logs) < 2 {
		t.Fatalf("%v, %v", logs, err)
	}
	// A day that is taken away with all its files.
	days, err := filepath.Glob(filepath.Join(vol, "*", "2*"))
	if err != nil || len(days) == 0 {
		t.Fatal(days, err)
	}
	if err := os.RemoveAll(days[0]); err != nil {
		t.Fatal(err)
	}
	r := check()
	if !r.Damage() || !slices.ContainsFunc(r.Findings, func(f verify.Finding) bool {
		return f.What == "day_missing" && strings.Contains(days[0], f.Period) && f.Server != ""
	}) {
		t.Errorf("%+v", r.Findings)
	}
}
