package store

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/record"
)

// TestAhead writes the same commits to two folders. One flushes what it took in
// as it was appended, the other is opened anew before and reads the log: their
// files are the same to the byte.
func TestAhead(t *testing.T) {
	ctx := context.Background()
	for name, rewind := range map[string]bool{"plain": false, "rewind": true} {
		t.Run(name, func(t *testing.T) {
			var files [2][][]byte
			for i := range files {
				dir := t.TempDir()
				s := openTest(t, dir, Options{Create: true, FlushRows: -1})
				for n := range 6 {
					for _, server := range []string{"FS-A", "FS-B"} {
						c := &Commit{Server: server, Received: int64(n + 1), Records: aheadRecords(server, 5000*n, 5000)}
						if rewind && n == 3 && server == "FS-A" {
							to := uint64(3)
							c.Rewind = &to
						}
						if _, err := s.Append(ctx, c); err != nil {
							t.Fatal(err)
						}
					}
				}
				if i == 1 {
					if err := s.Close(); err != nil {
						t.Fatal(err)
					}
					s = openTest(t, dir, Options{FlushRows: -1})
				}
				for server, want := range map[string]bool{"FS-A": i == 0 && !rewind, "FS-B": i == 0} {
					a := s.ahead[server]
					if got := a != nil && slices.Equal(a.blocks, s.index.servers[server].records); got != want {
						t.Errorf("folder %d: records of %s are ready: %v, want %v", i, server, got, want)
					}
				}
				if err := s.Flush(ctx); err != nil {
					t.Fatal(err)
				}
				if len(s.ahead) > 0 || s.aheadSize != 0 || s.aheadOff {
					t.Errorf("folder %d: after the flush %d servers, %d bytes are ready, off %v", i, len(s.ahead), s.aheadSize, s.aheadOff)
				}
				files[i] = written(t, dir)
			}
			if !slices.EqualFunc(files[0], files[1], bytes.Equal) {
				t.Errorf("%d files from memory and %d from the log differ", len(files[0]), len(files[1]))
			}
		})
	}
}

// TestAheadBound: beyond its bound nothing is ready, and nothing is lost.
func TestAheadBound(t *testing.T) {
	ctx := context.Background()
	s := openTest(t, t.TempDir(), Options{Create: true, FlushRows: -1})
	if _, err := s.Append(ctx, &Commit{Server: "FS-A", Records: aheadRecords("FS-A", 0, 3000)}); err != nil {
		t.Fatal(err)
	}
	s.aheadSize += aheadBytes
	for n := 1; n < 3; n++ {
		if _, err := s.Append(ctx, &Commit{Server: "FS-A", Records: aheadRecords("FS-A", 3000*n, 3000)}); err != nil {
			t.Fatal(err)
		}
		if len(s.ahead) > 0 || !s.aheadOff || s.aheadSize != 0 {
			t.Fatalf("%d servers are ready, off %v", len(s.ahead), s.aheadOff)
		}
	}
	if err := s.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if rows := s.index.servers["FS-A"].rowsInSegments(); rows != 9000 {
		t.Errorf("%d rows, want 9000", rows)
	}
}

// aheadRecords are n records of two months, some of which rename and delete.
func aheadRecords(server string, from, n int) []record.Record {
	l := make([]record.Record, n)
	for i := range l {
		r := testRecord(server, from+i)
		r.Time += int64(i%2) * 31 * 86400e9
		r.EndTime = r.Time
		switch i % 5 {
		case 1:
			r.Op, r.NewPath = record.OpRename, r.Path+".old"
		case 2:
			r.Op = record.OpDelete
		}
		r.Result = record.Success
		l[i] = r
	}
	return l
}

// written are the segments and parts of the catalogue of a folder.
func written(t *testing.T, dir string) (l [][]byte) {
	t.Helper()
	for _, sub := range []string{segmentDir, pathDir} {
		names, err := filepath.Glob(filepath.Join(dir, sub, "*"))
		if err != nil || len(names) < 2 {
			t.Fatalf("%d files in %s, %v", len(names), sub, err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			l = append(l, b)
		}
	}
	return l
}

// TestAheadOfAFailedAppend: what was taken ahead of a commit that the log did not take is
// forgotten, and the flush has what the log has.
func TestAheadOfAFailedAppend(t *testing.T) {
	ctx := context.Background()
	disk := fsx.NewFault(fsx.OS{}, -1)
	s := openTest(t, t.TempDir(), Options{Create: true, FlushRows: -1, FS: disk})
	put := func(n int) error {
		_, err := s.Append(ctx, &Commit{Server: "FS-A", Records: aheadRecords("FS-A", 5000*n, 5000)})
		return err
	}
	for n := range 3 {
		disk.FreeBytes = 0
		if n == 1 {
			disk.FreeBytes = 1 // the disk is full
		}
		var full *SpaceError
		if err := put(n); (n == 1) != errors.As(err, &full) || n != 1 && err != nil {
			t.Fatalf("commit %d: %v", n, err)
		}
		if got := len(s.ahead); n == 1 && got != 0 || s.aheadSize < 0 {
			t.Errorf("after commit %d records of %d servers are ready, %d bytes", n, got, s.aheadSize)
		}
	}
	if err := s.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if rows := s.index.servers["FS-A"].rowsInSegments(); rows != 10_000 {
		t.Errorf("%d rows in segments, want 10,000", rows)
	}
}

// rowsInSegments are the rows of all segments.
func (sv *serverIndex) rowsInSegments() (rows int64) {
	for _, r := range sv.segments {
		rows += r.meta.Rows
	}
	return rows
}
