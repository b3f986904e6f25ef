package store

import (
	"bytes"
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

// TestSettleWidensTheCatalogue: the last merge of a server makes its part of the catalogue
// one with those of other months, beside the rows; the file is that of a merge afterwards.
func TestSettleWidensTheCatalogue(t *testing.T) {
	ctx := context.Background()
	var files [2][]byte
	for i := range files {
		dir := t.TempDir()
		s := openTest(t, dir, Options{Create: true, FlushRows: -1})
		for n := range 6 { // three flushes in each of two months
			l := aheadRecords("FS", 500*n, 500)
			for k := range l {
				l[k].Path = fmt.Sprintf(`D:\共有\%d\資料%d.txt`, k%3, (n+k)%70)
				l[k].Time = base + int64(500*n+k)*1e9 + int64(n/3)*31*86400e9
				l[k].EndTime = l[k].Time
			}
			l[7].Op, l[7].Object, l[7].Path, l[7].NewPath = record.OpLogon, 0, "", "" // "" is among the paths
			if _, err := s.Append(ctx, &Commit{Server: "FS", Received: int64(n + 1), Records: l}); err != nil {
				t.Fatal(err)
			}
			if err := s.Flush(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if i == 0 {
			if err := s.Settle(ctx); err != nil {
				t.Fatal(err)
			}
		} else {
			s.merging.Lock()
			for _, g := range s.groups() {
				if err := s.mergeGroup(ctx, g, g.list); err != nil {
					t.Fatal(err)
				}
			}
			if n := len(s.index.paths); n != 2 {
				t.Fatalf("%d parts of the catalogue, want one of each month", n)
			}
			if did, err := s.mergePaths(ctx, true); err != nil || !did {
				t.Fatal(did, err)
			}
			if err := s.forget(); err != nil {
				t.Fatal(err)
			}
			s.merging.Unlock()
		}
		if n, m := len(s.index.paths), len(s.index.servers["FS"].segments); n != 1 || m != 2 {
			t.Fatalf("%d parts of the catalogue and %d segments, want 1 and 2", n, m)
		}
		p := s.index.paths[0]
		var err error
		if files[i], err = os.ReadFile(filepath.Join(dir, fileName(pathDir, p.num))); err != nil {
			t.Fatal(err)
		}
		if l, err := s.fileNumbers(pathDir); err != nil || len(l) != 1 || len(s.making) > 0 {
			t.Errorf("files of the catalogue %v, %v; in the making %v", l, err, s.making)
		}
		report, err := s.check(ctx, nil)
		if err != nil || len(report.Findings) > 0 {
			t.Errorf("check: %v, %v", report.Findings, err)
		}
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Errorf("parts of %d and %d bytes differ", len(files[0]), len(files[1]))
	}
}
