package archive

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// indexText is what stands in the file of the index.
func indexText(t *testing.T, fs fsx.FS) string {
	t.Helper()
	f, err := fs.OpenFile("/d/"+IndexName, os.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	return string(b)
}

// What is remembered of many days is written a few times, not once for each day, and a
// file that a power cut left, or that an older akashi wrote, is read as far as it goes.
func TestIndexGrowsByLines(t *testing.T) {
	fs := fsx.NewCrash()
	if err := fs.MkdirAll("/d", 0o700); err != nil {
		t.Fatal(err)
	}
	a := openTest(t, fs, nil)
	const days = 4000
	written, last := 0, ""
	for n := range days {
		c := index{Recorded: []string{fmt.Sprintf("FS1/%05d", n)}, Marks: map[string]string{fmt.Sprintf("FS1\x00%05d", n%100): fmt.Sprint(n)}}
		if err := a.remember(c); err != nil {
			t.Fatal(err)
		}
		if n%50 == 0 || n == days-1 { // by steps: else the test is what it forbids
			now := indexText(t, fs)
			if !strings.HasPrefix(now, last) {
				written += len(now)
			} else {
				written += len(now) - len(last)
			}
			last = now
		}
	}
	if all := len(last); written > 4*all {
		t.Errorf("%d bytes were written for %d", written, all)
	}
	b := openTest(t, fs, nil)
	if d := cmp.Diff(a.state.index, b.state.index); d != "" {
		t.Errorf("read again (-had +has):\n%s", d)
	}
	for _, cut := range []int{1, 7, len(last) / 2} {
		var s indexFile
		s.index = newIndex()
		s.read([]byte(last[:len(last)-cut]))
		if n := len(s.Recorded); s.whole || n == 0 || n > days-1 {
			t.Errorf("without the last %d bytes: %d names, and a line could follow: %v", cut, n, s.whole)
		}
	}
	old, err := json.Marshal(&a.state.index)
	if err != nil {
		t.Fatal(err)
	}
	s := indexFile{index: newIndex()}
	if s.read(append(old, '\n')); !s.whole || s.lines != 1 {
		t.Errorf("a file of one line: %d lines, whole: %v", s.lines, s.whole)
	}
	if d := cmp.Diff(a.state.index, s.index); d != "" {
		t.Errorf("a file of one line (-had +has):\n%s", d)
	}
}

// A change after a line that is cut short is not lost behind it, and neither is one
// after the file went.
func TestIndexAfterACut(t *testing.T) {
	for _, harm := range []func(fs fsx.FS) error{
		func(fs fsx.FS) error { return fs.Remove("/d/" + IndexName) },
		func(fs fsx.FS) error {
			f, err := fs.OpenFile("/d/"+IndexName, os.O_RDWR|os.O_APPEND, 0)
			if err != nil {
				return err
			}
			if _, err := f.Write([]byte(`{"recorded":["FS1/`)); err != nil {
				return err
			}
			return f.Close()
		},
	} {
		fs := fsx.NewCrash()
		if err := fs.MkdirAll("/d", 0o700); err != nil {
			t.Fatal(err)
		}
		a := openTest(t, fs, nil)
		for _, n := range []string{"one", "two"} {
			if err := a.remember(index{Recorded: []string{n}}); err != nil {
				t.Fatal(err)
			}
		}
		if err := harm(fs); err != nil {
			t.Fatal(err)
		}
		b := openTest(t, fs, nil)
		had := len(b.state.Recorded)
		if err := b.remember(index{Recorded: []string{"three"}}); err != nil {
			t.Fatal(err)
		}
		if c := openTest(t, fs, nil); len(c.state.Recorded) != had+1 || c.state.Recorded[had] != "three" && c.state.Recorded[1] != "three" {
			t.Errorf("after %d names: %q", had, c.state.Recorded)
		}
		if err := a.remember(index{Recorded: []string{"four"}}); err != nil { // of the process that knew the file before
			t.Error(err)
		}
	}
}
