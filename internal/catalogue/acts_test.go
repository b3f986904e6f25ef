package catalogue

import (
	"context"
	"io"
	"strconv"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/google/go-cmp/cmp"
)

func did(t int64, id uint64, op record.Op, path, to string) record.Record {
	return record.Record{Server: "FS", Channel: "Security", FirstID: id, Time: t, Op: op, Path: path, NewPath: to, Result: record.Success, Object: record.ObjectFile, Class: record.ClassUser}
}

func part(t *testing.T, l ...record.Record) *Part {
	t.Helper()
	b := NewBuilder("FS", time.UTC)
	for i := range l {
		b.Add(&l[i])
	}
	return write(t, b.Write)
}

func TestFollow(t *testing.T) {
	f := func(name string, l Parts, path string, at int64, want ...query.Life) {
		t.Helper()
		for _, merged := range []bool{false, true} {
			if merged {
				l = Parts{write(t, func(w io.Writer) error { return Merge(w, l...) })}
			}
			s, err := l.Follow(context.Background(), path, at, query.Extent{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, s.Lives); diff != "" {
				t.Errorf("%s, merged %v: %s", name, merged, diff)
			}
		}
	}
	life := func(path string, folder bool, from, to int64) query.Life {
		return query.Life{Server: "FS", Path: path, Folder: folder, From: from, To: to}
	}
	tied := Parts{
		part(t, did(5, 1, record.OpRename, `D:\a`, `D:\b`), did(5, 2, record.OpRename, `D:\b`, `D:\c`)),
		part(t, did(5, 3, record.OpRename, `D:\c`, `D:\d`), did(5, 4, record.OpRename, `D:\d`, `D:\e`), did(9, 5, record.OpDelete, `D:\e`, "")),
	}
	f("acts at one time", tied, `D:\e`, 7, life(`D:\a`, false, 0, 5), life(`D:\b`, false, 5, 5), life(`D:\c`, false, 5, 5), life(`D:\d`, false, 5, 5), life(`D:\e`, false, 5, 10))
	young := Parts{part(t, did(5, 1, record.OpRename, `D:\a`, `D:\b`), did(8, 2, record.OpCreate, `D:\b\x`, ""), did(9, 3, record.OpMove, `D:\b\x`, `D:\y`))}
	f("made in a folder after its renaming", young, `D:\y`, 0, life(`D:\b\x`, false, 5, 9), life(`D:\y`, false, 9, 0))
	f("a folder", young, `d:\A`, 1, life(`D:\a`, true, 0, 5), life(`D:\b`, true, 5, 0))
	f("no name is known of it", young, `D:\nowhere`, 3, life(`D:\nowhere`, false, 0, 0))
	again := Parts{part(t, did(1, 1, record.OpWrite, `D:\x`, ""), did(5, 2, record.OpCreate, `D:\X`, ""), did(6, 3, record.OpCreate, `D:\x`, ""), did(7, 4, record.OpRename, `D:\x`, ""))}
	f("made again without a known end", again, `D:\x`, 2, life(`D:\x`, false, 0, 6))
	f("its new name is not known", again, `D:\x`, 6, life(`D:\x`, false, 6, 8))
	denied := did(5, 1, record.OpRename, `D:\a`, `D:\b`)
	denied.Result = record.Denied
	f("what was denied did not happen", Parts{part(t, denied)}, `D:\a`, 9, life(`D:\a`, false, 0, 0))
	cased := Parts{part(t, did(5, 1, record.OpRename, `D:\a`, `D:\A`), did(8, 2, record.OpRename, `D:\A`, `D:\B`))}
	f("a change of case", cased, `D:\b`, 9, life(`D:\a`, false, 0, 5), life(`D:\A`, false, 5, 8), life(`D:\B`, false, 8, 0))
	f("a change of case, looking forward", cased, `D:\a`, 2, life(`D:\a`, false, 0, 5), life(`D:\A`, false, 5, 8), life(`D:\B`, false, 8, 0))
	if _, err := cased.Follow(canceled(), `D:\a`, 2, query.Extent{}); err == nil {
		t.Error("Follow goes on after its end was asked for")
	}
}

func canceled() context.Context {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	return ctx
}

func TestCopies(t *testing.T) {
	l := Parts{part(t,
		did(2, 1, record.OpCopy, `D:\a`, `D:\copy`), did(5, 2, record.OpRename, `D:\a`, `D:\b`),
		did(6, 3, record.OpCopy, `D:\b`, `E:\copy`), did(7, 4, record.OpCopy, `D:\a`, `D:\b2`))}
	s, err := l.Follow(context.Background(), `D:\b`, 9, query.Extent{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Copy{{2, `D:\a`, `D:\copy`}, {6, `D:\b`, `E:\copy`}}, s.Copies); diff != "" {
		t.Error(diff)
	}
	if s, err = l.Follow(context.Background(), `E:\copy`, 9, query.Extent{}); err != nil || len(s.Copies) != 1 || s.Copies[0].From != `D:\b` {
		t.Errorf("a copy's origin: %+v, %v", s, err)
	}
}

// TestManyActsOfOneName goes over the ends of blocks, and to the end of what a
// Story holds.
func TestManyActsOfOneName(t *testing.T) {
	var acts []record.Record
	for i := range 3000 {
		from, to := `D:\a`, `D:\b`
		if i%2 == 1 {
			from, to = to, from
		}
		acts = append(acts, did(int64(10*i+10), uint64(i), record.OpRename, from, to), did(int64(10*i+15), uint64(i), record.OpCopy, to, `D:\c`+strconv.Itoa(i%7)))
	}
	l := Parts{part(t, acts...)}
	for _, at := range []int64{5, 15_005, 30_005} {
		s, err := l.Follow(context.Background(), []string{`D:\a`, `D:\b`}[at/10%2], at, query.Extent{})
		if err != nil || len(s.Lives) != 3001 || s.More != true {
			t.Fatalf("Follow at %d: %d lives, more %v, %v", at, len(s.Lives), s.More, err)
		}
		for i, life := range s.Lives {
			want := query.Life{Server: "FS", Path: []string{`D:\a`, `D:\b`}[i%2], From: int64(10 * i), To: int64(10*i + 10)}
			if i == 3000 {
				want.To = 0
			}
			if life != want {
				t.Fatalf("life %d = %+v, want %+v", i, life, want)
			}
		}
	}
}
