package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/akashi-audit/akashi/internal/seal"
)

// Every record has a leaf that its checkpoint holds; sealed days name the parts.
func TestProofOfARecord(t *testing.T) {
	dir := t.TempDir()
	e := openEngine(t, dir, fakeDeps(16))
	importAll(t, e, fakeFiles(t, 1, 60)...)
	l := records(t, e)
	for i := range l {
		p, err := e.Proof(t.Context(), l[i].ID())
		if err != nil {
			t.Fatal(err)
		}
		if p.Broken != "" || p.Checkpoint == nil || p.Commit == 0 {
			t.Fatalf("record %s: %+v", l[i].ID(), p)
		}
		if p.Leaf >= p.Checkpoint.Size {
			t.Errorf("leaf %d is not in a checkpoint of %d leaves", p.Leaf, p.Checkpoint.Size)
		}
		if p.Day != "" {
			t.Errorf("archived before anything was: %s", p.Day)
		}
	}
	if _, err := e.SealArchive(t.Context(), SealRequest{By: "t", All: true}); err != nil {
		t.Fatal(err)
	}
	p, err := e.Proof(t.Context(), l[0].ID())
	if err != nil || p.Day == "" || len(p.Parts) == 0 || p.Parts[0].Server != l[0].Server {
		t.Errorf("archived: %+v, %v", p, err)
	}
}

// A leaf that was changed behind the program's back is told, not hidden.
func TestProofTellsOfDamage(t *testing.T) {
	dir := t.TempDir()
	e := openEngine(t, dir, fakeDeps(16))
	importAll(t, e, fakeFiles(t, 1, 60)...)
	l := records(t, e)
	p, err := e.Proof(t.Context(), l[0].ID())
	if err != nil || p.Broken != "" {
		t.Fatalf("before: %+v, %v", p, err)
	}
	name := filepath.Join(dir, seal.DirName, seal.LeavesName)
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range b { // all numbers of the leaves are other ones
		if c == '7' {
			b[i] = '8'
		}
	}
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	broken := 0
	for i := range l {
		if p, err := e.Proof(t.Context(), l[i].ID()); err == nil && p.Broken != "" {
			broken++
		}
	}
	if broken == 0 {
		t.Error("no record's seal is broken")
	}
}
