package seal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/seal"
)

// record writes a journal as earlier versions did, or goes on with it.
func record(t *testing.T, dir string, l ...seal.Entry) {
	t.Helper()
	path := filepath.Join(dir, seal.FileName)
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	var prev seal.Hash
	lines := bytes.SplitAfter(b, []byte("\n"))
	if n := len(lines); n > 1 {
		prev = seal.Sum(bytes.TrimSuffix(lines[n-2], []byte("\n")))
	}
	for i, e := range l {
		text, err := json.Marshal(struct {
			Seq  int       `json:"seq"`
			Prev seal.Hash `json:"prev"`
			seal.Entry
		}{max(len(lines)-1, 0) + i + 1, prev, e})
		if err != nil {
			t.Fatal(err)
		}
		prev, b = seal.Sum(text), append(append(b, text...), '\n')
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestEntriesComeBack(t *testing.T) {
	dir := t.TempDir()
	a := seal.Entry{Kind: seal.KindErasure, Subject: `D:\人事\給与.xlsx`, By: "監査 花子", Ground: "本人の請求\n第 2 条", Time: 5}
	b := seal.Entry{Kind: seal.KindDeletion, Subject: "FS-A 2016-04", By: "x", Time: 6, Hash: seal.Hash{1, 2, 3}}
	record(t, dir, a)
	record(t, dir, b)
	got, err := seal.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]seal.Entry{a, b}, got); d != "" {
		t.Error(d)
	}
}

// TestUnfinishedLineIsNone: what an earlier version had not finished was not acknowledged.
func TestUnfinishedLineIsNone(t *testing.T) {
	dir := t.TempDir()
	a := seal.Entry{Kind: "a", Time: 1}
	record(t, dir, a)
	path := filepath.Join(dir, seal.FileName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n < len(whole); n++ {
		if err := os.WriteFile(path, append(bytes.Clone(whole), whole[:n]...), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := seal.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]seal.Entry{a}, got); d != "" {
			t.Error(d)
		}
	}
}

func TestChangedLinesAreFound(t *testing.T) {
	f := func(name string, change func([]byte) []byte, line int) {
		t.Helper()
		dir := t.TempDir()
		record(t, dir, seal.Entry{Kind: "one"}, seal.Entry{Kind: "two"}, seal.Entry{Kind: "three"})
		path := filepath.Join(dir, seal.FileName)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, change(b), 0o600); err != nil {
			t.Fatal(err)
		}
		var d *seal.DamageError
		if l, err := seal.Read(dir); !errors.As(err, &d) || d.Line != line || len(l) != line-1 {
			t.Errorf("%s: Read gives %d entries and %v, want %d before the damage", name, len(l), err, line-1)
		}
	}
	f("a word", func(b []byte) []byte { return bytes.Replace(b, []byte("one"), []byte("ten"), 1) }, 2)
	f("a line gone", func(b []byte) []byte {
		l := bytes.SplitAfter(b, []byte("\n"))
		return bytes.Join([][]byte{l[0], l[2]}, nil)
	}, 2)
	f("no JSON", func(b []byte) []byte { return append([]byte("x"), b...) }, 1)
}
