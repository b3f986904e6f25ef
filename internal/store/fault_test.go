package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// commitMany appends n small commits, one record each, and returns which were
// acknowledged.
func commitMany(s *Store, from, n int) (acked []uint64) {
	for i := from; i < from+n; i++ {
		if tryPutOne(s, i) == nil {
			acked = append(acked, uint64(i))
		}
	}
	return acked
}

func tryPutOne(s *Store, i int) error {
	r := testRecord("S", i)
	r.Class = record.ClassUser
	_, err := s.Append(context.Background(), &Commit{Server: "S", Records: []record.Record{r}})
	return err
}

// held lists the first ids of the records in the folder.
func held(t *testing.T, dir string) []uint64 {
	t.Helper()
	s, err := Open(dir, Options{Create: true, FileSize: 700})
	if err != nil {
		t.Fatalf("open again: %v", err)
	}
	defer s.Close()
	if d := s.Damage(); len(d) > 0 {
		t.Errorf("damage after a fault: %v", d[0])
	}
	var l []uint64
	for _, r := range all(t, s, query.Query{}) {
		l = append(l, r.FirstID)
	}
	slices.Sort(l)
	return l
}

// TestEveryFault makes the n-th changing call fail, for n = 1 …: after opening
// again exactly the acknowledged commits are there.
func TestEveryFault(t *testing.T) {
	for _, sticky := range []bool{false, true} {
		for n := 0; ; n++ {
			dir := filepath.Join(t.TempDir(), "d")
			fs := fsx.NewFault(fsx.OS{}, n)
			fs.Sticky = sticky
			var acked []uint64
			tried := 0
			if s, err := Open(dir, Options{Create: true, FS: fs, FileSize: 700}); err == nil {
				acked = commitMany(s, 0, 6)
				tried = 6
				_ = s.Close() // the disk may be dead
			}
			if !sticky && tried > 0 { // and goes on after opening again
				s, err := Open(dir, Options{Create: true, FS: fs, FileSize: 700})
				if err == nil {
					acked = append(acked, commitMany(s, 6, 4)...)
					_ = s.Close()
				}
			}
			got := held(t, dir)
			if !sticky && !slices.Equal(got, acked) {
				t.Errorf("fault %d: held %v, acknowledged %v", n, got, acked)
			}
			// On a dead disk the commit whose sync failed cannot be taken back:
			// at most that one may be there too.
			if sticky && (len(got) > len(acked)+1 || !slices.Equal(got[:min(len(got), len(acked))], acked)) {
				t.Errorf("dead disk from call %d: held %v, acknowledged %v", n, got, acked)
			}
			if n >= fs.Calls() {
				break
			}
		}
	}
}

func TestFullDisk(t *testing.T) {
	fs := fsx.NewFault(fsx.OS{}, -1)
	s := openTest(t, t.TempDir(), Options{Create: true, FS: fs})
	if err := tryPutOne(s, 1); err != nil {
		t.Fatal(err)
	}
	fs.FreeBytes = reserve
	var se *SpaceError
	if err := tryPutOne(s, 2); !errors.As(err, &se) {
		t.Errorf("commit on a full disk: %v, want a SpaceError", err)
	}
	fs.FreeBytes = 0
	if err := tryPutOne(s, 3); err != nil {
		t.Errorf("commit after space was freed: %v", err)
	}
	if n := len(all(t, s, query.Query{})); n != 2 {
		t.Errorf("%d records, want 2", n)
	}
}

// TestCutAnywhere cuts the log at every length: what lies wholly before the cut
// is served, and the store goes on.
func TestCutAnywhere(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{Create: true})
	var ends []int64
	for i := range 3 {
		if err := tryPutOne(s, i); err != nil {
			t.Fatal(err)
		}
		in, err := s.Info()
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, in.Bytes)
	}
	path := filepath.Join(logDir, logName(1))
	whole, err := os.ReadFile(filepath.Join(dir, path))
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(whole) + 1 {
		if n%7 != 0 && !slices.Contains(ends, int64(n)) && !slices.Contains(ends, int64(n+1)) {
			continue
		}
		d := copyFolder(t, dir, path, whole[:n])
		want := 0
		for _, e := range ends {
			if e <= int64(n) {
				want++
			}
		}
		if got := held(t, d); len(got) != want {
			t.Errorf("cut to %d bytes: %d records, want %d", n, len(got), want)
		}
		s, err := Open(d, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(tryPutOne(s, 9), s.Close()); err != nil {
			t.Errorf("cut to %d bytes: go on: %v", n, err)
		}
		if got := held(t, d); len(got) != want+1 {
			t.Errorf("cut to %d bytes, one more commit: %d records, want %d", n, len(got), want+1)
		}
	}
}

// copyFolder makes a folder like dir whose log is b.
func copyFolder(t *testing.T, dir, log string, b []byte) string {
	t.Helper()
	d := filepath.Join(t.TempDir(), "copy")
	format, err := os.ReadFile(filepath.Join(dir, formatName))
	err = errors.Join(err, os.MkdirAll(filepath.Join(d, logDir), 0o700),
		os.WriteFile(filepath.Join(d, formatName), format, 0o600), os.WriteFile(filepath.Join(d, log), b, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestFlipEveryByte damages each byte of a log of four commits: it is found and
// located, the other commits are served, and the store goes on.
func TestFlipEveryByte(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{Create: true})
	for i := range 4 {
		if err := tryPutOne(s, i); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(logDir, logName(1))
	whole, err := os.ReadFile(filepath.Join(dir, path))
	if err != nil {
		t.Fatal(err)
	}
	step := 3
	if os.Getenv("AKASHI_LONG") != "" {
		step = 1
	}
	for n := 0; n < len(whole); n += step {
		b := slices.Clone(whole)
		b[n] ^= 0x10
		d := copyFolder(t, dir, path, b)
		s, err := Open(d, Options{})
		if err != nil {
			t.Fatalf("byte %d: %v", n, err)
		}
		got := len(all(t, s, query.Query{}))
		damage := s.Damage()
		// Two bytes of the header of the last frame can make it look cut short;
		// no single flip can.
		if len(damage) == 0 || got < 3 {
			t.Errorf("byte %d: %d of 4 records, damage %v", n, got, damage)
		}
		if err := errors.Join(tryPutOne(s, 9), s.Close()); err != nil {
			t.Errorf("byte %d: go on: %v", n, err)
		}
		if s, err = Open(d, Options{}); err != nil {
			t.Fatalf("byte %d: open again: %v", n, err)
		}
		if now := len(all(t, s, query.Query{})); now != got+1 {
			t.Errorf("byte %d: %d records after one more, want %d", n, now, got+1)
		}
		if len(s.Damage()) == 0 {
			t.Errorf("byte %d: damage was forgotten", n)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestCommitsOfManyFiles(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{Create: true, FileSize: 1000})
	acked := commitMany(s, 0, 40)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := held(t, dir); !slices.Equal(got, acked) || len(acked) != 40 {
		t.Errorf("held %v, acknowledged %v", got, acked)
	}
	if l, err := filepath.Glob(filepath.Join(dir, logDir, "*.akl")); err != nil || len(l) < 5 {
		t.Errorf("log files: %v, %v", l, err)
	}
}
