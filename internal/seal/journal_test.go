package seal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/akashi-audit/akashi/internal/seal"
)

func record(t *testing.T, dir string, l ...seal.Entry) {
	t.Helper()
	j, err := seal.Open(nil, dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range l {
		if err := j.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
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

func TestUnfinishedLineIsCut(t *testing.T) {
	dir := t.TempDir()
	a, b := seal.Entry{Kind: "a", Time: 1}, seal.Entry{Kind: "b", Time: 2}
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
		if n == len(whole)-1 { // looks whole but for its end
			break
		}
	}
	record(t, dir, b)
	got, err := seal.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]seal.Entry{a, b}, got); d != "" {
		t.Error(d)
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
		if _, err := seal.Open(nil, dir); !errors.As(err, &d) || d.Line != line {
			t.Errorf("%s: got %v, want damage in line %d", name, err, line)
		}
		if l, err := seal.Read(dir); !errors.As(err, &d) || len(l) != line-1 {
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
