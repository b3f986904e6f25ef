package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// TestFlushBesideMerge: a flush does not wait for a merge, and does not take the file
// that a merge writes for one that nobody needs.
func TestFlushBesideMerge(t *testing.T) {
	ctx := context.Background()
	s := openTest(t, t.TempDir(), Options{Create: true, FlushRows: -1})
	put(t, s, "FS", 0, 100)
	s.merging.Lock() // as a merge that takes its time
	num := s.beginFile()
	name := filepath.Join(s.dir, fileName(segmentDir, num))
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(name); err != nil {
		t.Errorf("what a merge writes is gone after a flush: %v", err)
	}
	s.endFile(num)
	s.merging.Unlock()
	put(t, s, "FS", 100, 200)
	if err := s.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(name); err == nil {
		t.Error("what a failed merge left is there after a flush")
	}
}

// TestPathsGoWithSegments: parts of the catalogue of one month become one together with
// their segments, and say what they said.
func TestPathsGoWithSegments(t *testing.T) {
	ctx := context.Background()
	s := openTest(t, t.TempDir(), Options{Create: true, FlushRows: -1})
	const pieces = 5
	for n := range pieces {
		var l []record.Record
		for i := range 60 {
			r := testRecord("FS", 1000*n+i)
			r.Class, r.Result = record.ClassUser, record.Success
			r.Path = fmt.Sprintf(`D:\共有\%d\資料%d.txt`, i%3, (n+i)%40)
			switch i {
			case 7: // "" is among the paths
				r.Op, r.Object, r.Path = record.OpLogon, 0, ""
			case 9:
				r.Op, r.NewPath = record.OpRename, fmt.Sprintf(`D:\共有\新\%d.txt`, n)
			}
			l = append(l, r)
		}
		if _, err := s.Append(ctx, &Commit{Server: "FS", Records: l}); err != nil {
			t.Fatal(err)
		}
		if err := s.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	lives := func() string {
		var all string
		for n := range pieces {
			story, err := s.Follow(ctx, "FS", fmt.Sprintf(`D:\共有\新\%d.txt`, n), 0, query.Extent{})
			if err != nil {
				t.Fatal(err)
			}
			all += fmt.Sprint(story.Lives)
		}
		return all
	}
	want := lives()
	parts := len(s.index.paths)
	s.merging.Lock()
	did, err := s.mergeWhole(ctx)
	s.merging.Unlock()
	if err != nil || !did {
		t.Fatalf("merge: %v, %v", did, err)
	}
	if n := len(s.index.paths); parts != pieces || n != 1 {
		t.Fatalf("%d parts of the catalogue became %d, want %d and 1", parts, n, pieces)
	}
	seg, p := s.index.servers["FS"].segments[0], s.index.paths[0]
	if seg.paths != p || seg.seg.Paths().Len() != p.part.Len() || len(p.part.Check()) > 0 {
		t.Errorf("the part has %d paths, the segment %d; damage %v", p.part.Len(), seg.seg.Paths().Len(), p.part.Check())
	}
	if got := lives(); got != want {
		t.Errorf("lives of files changed:\n%s\n%s", want, got)
	}
	report, err := s.check(ctx, nil)
	if err != nil || len(report.Findings) > 0 {
		t.Errorf("check: %v, %v", report.Findings, err)
	}
}
