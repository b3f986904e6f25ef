package store

import (
	"context"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestCompleteScale prints the CPU time that completion takes. It runs when
// AKASHI_COMPLETE is the folder of a large store.
func TestCompleteScale(t *testing.T) {
	dir := os.Getenv("AKASHI_COMPLETE")
	if dir == "" {
		t.Skip("AKASHI_COMPLETE is not set")
	}
	s, err := Open(dir, Options{ReadOnly: true, Zone: time.FixedZone("JST", 9*3600)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	paths := 0
	for _, p := range s.index.paths {
		paths += p.part.Len()
	}
	t.Logf("%d parts, %d paths", len(s.index.paths), paths)
	all, err := s.Complete(context.Background(), "", 3, query.Extent{})
	if err != nil || len(all) == 0 {
		t.Fatal(err, all)
	}
	root := all[0].Path
	deep, err := s.Complete(context.Background(), root+`\`, 20, query.Extent{})
	if err != nil {
		t.Fatal(err)
	}
	scope := query.Extent{Folders: []string{deep[0].Path}}
	for _, typed := range []string{"", root, root + `\`, deep[0].Path, "見積", "人事", "a", ".xlsx", "2025", "議事録", "ｍｉｎ", "ない名前です", `\\`} {
		for _, x := range []query.Extent{{}, scope} {
			var best, worst time.Duration
			var l []PathHit
			for range 5 {
				from := cpu()
				if l, err = s.Complete(context.Background(), typed, 20, x); err != nil {
					t.Fatal(err)
				}
				d := cpu() - from
				if best == 0 || d < best {
					best = d
				}
				worst = max(worst, d)
			}
			timed, first := 0, PathHit{}
			for _, h := range l {
				if h.Last != 0 {
					timed++
				}
			}
			if len(l) > 0 {
				first = l[0]
			}
			t.Logf("%-28q %d folders of scope: %d hits, %d with a time, %v to %v; %+v", typed, len(x.Folders), len(l), timed, best, worst, first)
		}
	}
}

// TestCompleteForms asks for paths in the forms in which people type them, first
// from the log and then from the catalogue.
func TestCompleteForms(t *testing.T) {
	ctx := t.Context()
	s, err := Open(t.TempDir(), Options{Create: true, FlushRows: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.completeTime = time.Minute // times of hits must not hang on what else runs
	var l []record.Record
	add := func(path, share string, root, n int) {
		for range n {
			i := len(l)
			l = append(l, record.Record{Server: "FS01.example.jp", Channel: "Security", FirstID: uint64(i + 1), Time: int64(i+1) * 1e9, EndTime: int64(i+1) * 1e9, Op: record.OpRead, Object: record.ObjectFile,
				Class: record.ClassUser, Count: 1, Path: path, Share: share, ShareRoot: uint32(root)})
		}
	}
	root := len(`D:\共有\人事`)
	add(`D:\共有\人事\給与\給与明細１１月.xlsx`, `\\FS01\人事`, root, 5)
	add(`D:\共有\人事\給与\一覧.xlsx`, `\\FS01\人事`, root, 3)
	add(`D:\共有\人事課\メモ.txt`, "", 0, 2)
	add(`D:\共有\営業\見積.xlsx`, "", 0, 9)
	add(`D:\共有\営業\給与の相談.docx`, "", 0, 1)
	if _, err := s.Append(ctx, &Commit{Server: "FS01.example.jp", Records: l[:10]}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(ctx, &Commit{Server: "FS01.example.jp", Tail: l[10:], SetTail: true}); err != nil {
		t.Fatal(err)
	}
	type hit struct {
		path string
		n    uint64
	}
	f := func(typed string, want ...hit) {
		t.Helper()
		got, err := s.Complete(ctx, typed, 3, query.Extent{})
		if err != nil {
			t.Fatal(err)
		}
		var short []hit
		for _, h := range got {
			short = append(short, hit{h.Path, h.N})
			if h.Last == 0 {
				t.Errorf("%q: %q has no time", typed, h.Path)
			}
		}
		if !slices.Equal(short, want) {
			t.Errorf("%q: %v, want %v", typed, short, want)
		}
	}
	look := func() {
		t.Helper()
		salary, slip, list := hit{`D:\共有\人事\給与`, 8}, hit{`D:\共有\人事\給与\給与明細１１月.xlsx`, 5}, hit{`D:\共有\人事\給与\一覧.xlsx`, 3}
		f("給与", salary, hit{`D:\共有\営業\給与の相談.docx`, 1}, slip)
		f("明細11", slip)
		f("明細１１", slip)
		f(`人事`, hit{`D:\共有\人事`, 8}, hit{`D:\共有\人事課`, 2}, slip)
		f(`d:/共有/人事`, hit{`D:\共有\人事`, 8}, hit{`D:\共有\人事課`, 2}, slip)
		f(`D:\共有\人事\`, salary, slip, list)
		f(`\\fs01\人`, hit{`D:\共有\人事`, 8}, slip, list)
		f(`\\FS01\人事\給`, salary, slip, list)
		f(`01\人事\給与\一`, list)
		f(`ＸＬＳＸ`, hit{`D:\共有\営業\見積.xlsx`, 9}, slip, list)
		f(`\\fs01\総務`)
	}
	look()
	if err := s.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	look()
	if _, err := s.Append(ctx, &Commit{Server: "FS01.example.jp", Records: l[10:], SetTail: true}); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	look()
}
