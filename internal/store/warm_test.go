package store

import (
	"fmt"
	"testing"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// TestWarmPaths: what a first completion reads of the catalogue was read before.
func TestWarmPaths(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	var l []record.Record
	for i := range 3000 {
		l = append(l, record.Record{Server: "FS01", Channel: "Security", FirstID: uint64(i + 1), Time: int64(i+1) * 1e9, EndTime: int64(i+1) * 1e9, Op: record.OpRead,
			Object: record.ObjectFile, Class: record.ClassUser, Count: 1, Path: fmt.Sprintf(`D:\共有\部%02d\見積%04d.xlsx`, i%40, i)})
	}
	if _, err := s.Append(t.Context(), &Commit{Server: "FS01", Records: l}); err != nil {
		t.Fatal(err)
	}
	if err := s.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// reads are those of a completion in a store that was just opened.
	reads := func(warm bool) int {
		disk := fsx.NewFault(fsx.OS{}, -1)
		disk.Ops = fsx.OpRead
		s, err := Open(dir, Options{ReadOnly: true, FS: disk})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if warm {
			s.WarmPaths(t.Context())
		}
		before := disk.Calls()
		hits, err := s.Complete(t.Context(), "積12", 10, query.Extent{})
		if err != nil || len(hits) == 0 {
			t.Fatal(hits, err)
		}
		return disk.Calls() - before
	}
	cold, warm := reads(false), reads(true)
	t.Logf("%d reads, %d after WarmPaths", cold, warm)
	if warm >= cold {
		t.Errorf("a first completion reads %d times, %d times after WarmPaths", cold, warm)
	}
}
