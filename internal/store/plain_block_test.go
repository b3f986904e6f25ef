package store

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/akashi-audit/akashi/internal/query"
)

// TestPlainBlock: a full block stands in the log as it is, is read as any other,
// and a byte that changed in it is found.
func TestPlainBlock(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	s := openTest(t, dir, Options{Create: true, FlushRows: -1})
	if _, err := s.Append(ctx, &Commit{Server: "FS-A", Records: aheadRecords("FS-A", 0, 5000)}); err != nil {
		t.Fatal(err)
	}
	// A frame behind it: a last one that is wrong was never acknowledged.
	if _, err := s.Append(ctx, &Commit{Server: "FS-A", Records: aheadRecords("FS-A", 5000, 1)}); err != nil {
		t.Fatal(err)
	}
	count := func(s *Store) int {
		t.Helper()
		f, err := s.Facets(ctx, query.Query{Classes: query.AllClasses()})
		if err != nil {
			t.Fatal(err)
		}
		return int(f.Total)
	}
	if n := count(s); n != 5001 {
		t.Fatalf("%d records, want 5001", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, logDir, "000001.akl")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b, []byte("資料12.xlsx")) // nothing else has it so: it is packed there
	if at < 0 {
		t.Fatal("no name stands in the log as it is")
	}
	b[at+3] ^= 1
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, dir, Options{FlushRows: -1})
	if n := count(s); n != 5001-4096 {
		t.Errorf("%d records beside the damage, want %d", n, 5001-4096)
	}
	if len(s.Damage()) != 1 {
		t.Errorf("damage: %v", s.Damage())
	}
}
