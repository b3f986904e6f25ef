package trail

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// fakeSeal keeps leaves in memory.
type fakeSeal struct {
	mu   sync.Mutex
	l    []seal.Entry
	fail error
}

func (s *fakeSeal) Record(_ context.Context, e seal.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	s.l = append(s.l, e)
	return nil
}

func (s *fakeSeal) Last(string) (seal.Leaf, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.l) == 0 {
		return seal.Leaf{}, false, nil
	}
	return seal.Leaf{Entry: s.l[len(s.l)-1]}, true, nil
}

func (s *fakeSeal) leaves() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.l)
}

// check compares every leaf with the files, and that their ranges have no gap.
func (s *fakeSeal) check(t *testing.T, dir string) (sealed int64) {
	t.Helper()
	ends := map[string]int64{}
	for _, e := range s.l {
		var r manifest.TrailRange
		if err := json.Unmarshal([]byte(e.Subject), &r); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(r.File)))
		if err != nil {
			t.Fatal(err)
		}
		if r.From != ends[r.File] || r.To > int64(len(b)) || seal.Hash(sha256.Sum256(b[r.From:r.To])) != e.Hash {
			t.Errorf("leaf %s does not hold (%d bytes, expected from %d)", e.Subject, len(b), ends[r.File])
		}
		if n := strings.Count(string(b[r.From:r.To]), "\n"); n != r.Entries {
			t.Errorf("leaf %s: the range has %d lines", e.Subject, n)
		}
		sealed += r.To - ends[r.File]
		ends[r.File] = r.To
	}
	return sealed
}

func open(t *testing.T, dir string, s *fakeSeal, now func() time.Time) *Log {
	t.Helper()
	l, err := Open(t.Context(), dir, Options{Seal: s, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func at(s string) func() time.Time {
	return func() time.Time {
		x, err := time.Parse(time.RFC3339, s)
		if err != nil {
			panic(err)
		}
		return x
	}
}

func note(t *testing.T, l *Log, action, object string) {
	t.Helper()
	if err := l.Note(t.Context(), Entry{Who: "yamada", Action: action, Object: object, Result: OK}); err != nil {
		t.Fatal(err)
	}
}

func TestSealing(t *testing.T) {
	dir, s := t.TempDir(), &fakeSeal{}
	l := open(t, dir, s, at("2026-11-30T10:00:00Z"))
	for i := range sealEntries - 1 {
		note(t, l, "search", fmt.Sprint(i))
	}
	if s.leaves() != 0 {
		t.Errorf("%d leaves before the batch is full", s.leaves())
	}
	note(t, l, "search", "last of the batch")
	if s.leaves() != 1 {
		t.Errorf("%d leaves after %d entries, want 1", s.leaves(), sealEntries)
	}
	note(t, l, "record", "r")
	note(t, l, "people.add", "sato") // urgent: takes the one before with it
	if s.leaves() != 2 {
		t.Errorf("%d leaves after an urgent entry, want 2", s.leaves())
	}
	l.opt.Now = at("2026-12-01T00:00:00Z")
	note(t, l, "search", "before the month ends")
	l.opt.Now = at("2026-11-30T23:59:59Z") // the clock went back: the month does not
	note(t, l, "search", "clock went back")
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	files, err := Files(dir)
	if err != nil || len(files) != 2 || files[1] != "trail/2026-12.jsonl" {
		t.Fatalf("files %v, %v", files, err)
	}
	total := int64(0)
	for _, f := range files {
		st, err := os.Stat(filepath.Join(dir, f))
		if err != nil {
			t.Fatal(err)
		}
		total += st.Size()
	}
	if got := s.check(t, dir); got != total {
		t.Errorf("%d bytes sealed of %d", got, total)
	}
	if err := l.Note(t.Context(), Entry{Action: "x"}); err == nil {
		t.Error("a closed trail took an entry")
	}
}

func TestSealedAfterAWhile(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := &fakeSeal{}
		l := open(t, dir, s, time.Now)
		note(t, l, "search", "x")
		time.Sleep(sealAfter - time.Second)
		synctest.Wait()
		if s.leaves() != 0 {
			t.Error("sealed early")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if s.leaves() != 1 {
			t.Errorf("%d leaves after %s, want 1", s.leaves(), sealAfter)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.check(t, dir)
	})
}

func TestMergedFailures(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := &fakeSeal{}
		l := open(t, dir, s, time.Now)
		e := Entry{Who: "yamada", From: "192.0.2.1", Action: "login", Object: "password", Result: Failed}
		for range 100 {
			if err := l.NoteMerged(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
		p, err := l.Read(t.Context(), Filter{})
		if err != nil || len(p.Lines) != 1 || p.Lines[0].Count != 0 {
			t.Errorf("at once: %+v, %v", p, err)
		}
		time.Sleep(mergeFor + time.Second)
		synctest.Wait()
		if p, err = l.Read(t.Context(), Filter{}); err != nil || len(p.Lines) != 2 || p.Lines[0].Count != 99 {
			t.Errorf("after a minute: %+v, %v", p, err)
		}
		if err := l.NoteMerged(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		if err := l.NoteMerged(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		l = open(t, dir, s, time.Now)
		if p, err = l.Read(t.Context(), Filter{}); err != nil || len(p.Lines) != 4 || p.Lines[0].Count != 1 {
			t.Errorf("after closing: %+v, %v", p, err)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// TestGoesOn opens a trail that a killed process left, that lost its end, and that is
// gone.
func TestGoesOn(t *testing.T) {
	dir, s := t.TempDir(), &fakeSeal{}
	now := at("2026-11-27T10:00:00Z")
	l := open(t, dir, s, now)
	note(t, l, "export", "sealed")
	note(t, l, "search", "not sealed")
	name := filepath.Join(dir, "trail", "2026-11.jsonl")
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"time":"2026-11-27T10:00:01Z","who":"never ack`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	// Without Close, as if the process had been killed.
	l2 := open(t, dir, s, now)
	b, err := os.ReadFile(name)
	if err != nil || strings.Contains(string(b), "never ack") || !strings.Contains(string(b), "not sealed") {
		t.Errorf("after the kill: %s, %v", b, err)
	}
	if got := s.check(t, dir); got != int64(len(b)) {
		t.Errorf("%d of %d bytes are sealed at the next start", got, len(b))
	}
	if err := l2.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, 10); err != nil {
		t.Fatal(err)
	}
	l3 := open(t, dir, s, now)
	note(t, l3, "search", "goes on")
	if err := l3.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	files, err := Files(dir)
	if st, serr := os.Stat(name); err != nil || serr != nil || len(files) != 2 || files[1] != "trail/2026-11.2.jsonl" || st.Size() != 10 {
		t.Errorf("after losing its end: %v, %v", files, err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "trail")); err != nil {
		t.Fatal(err)
	}
	l4 := open(t, dir, s, now)
	note(t, l4, "search", "from nothing")
	if err := l4.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if files, err = Files(dir); err != nil || len(files) != 1 || files[0] != "trail/2026-11.3.jsonl" {
		t.Errorf("after losing the folder: %v, %v", files, err)
	}
}

func TestWhatCannotBeWrittenIsNotNoted(t *testing.T) {
	dir, s := t.TempDir(), &fakeSeal{}
	fs := fsx.NewFault(fsx.OS{}, 1)
	fs.Ops = fsx.OpSync
	l, err := Open(t.Context(), dir, Options{FS: fs, Seal: s})
	if err != nil {
		t.Fatal(err)
	}
	note(t, l, "search", "first")
	if err := l.Note(t.Context(), Entry{Action: "search", Object: "lost"}); err == nil {
		t.Error("an entry that is not on disk was acknowledged")
	}
	if err := l.Note(t.Context(), Entry{Action: "search"}); err == nil {
		t.Error("the trail goes on after a sync that failed")
	}
}

func TestUrgentFailsWithTheSeal(t *testing.T) {
	dir, s := t.TempDir(), &fakeSeal{fail: os.ErrPermission}
	l := open(t, dir, s, time.Now)
	note(t, l, "search", "needs no leaf yet")
	if err := l.Note(t.Context(), Entry{Action: "unmask"}); err == nil {
		t.Error("an urgent entry without its leaf was acknowledged")
	}
	s.fail = nil
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.check(t, dir)
}

func TestConcurrentNotes(t *testing.T) {
	dir, s := t.TempDir(), &fakeSeal{}
	l := open(t, dir, s, time.Now)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 40 {
				action := "search"
				if i%10 == 0 {
					action = "export"
				}
				if err := l.Note(t.Context(), Entry{Who: fmt.Sprint(g), Action: action, Result: OK}); err != nil {
					t.Error(err)
				}
				if _, err := l.Read(t.Context(), Filter{Limit: 5}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, monthOf(time.Now()).String()))
	if err != nil || strings.Count(string(b), "\n") != 320 {
		t.Errorf("%d entries, %v", strings.Count(string(b), "\n"), err)
	}
	if got := s.check(t, dir); got != int64(len(b)) {
		t.Errorf("%d of %d bytes sealed", got, len(b))
	}
}
