package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/store"
)

// flipFolder is a data folder at rest, with what it holds and where.
type flipFolder struct {
	disk    *fsx.Crash
	model   *model
	commits []flipCommit
	queries []query.Query
}

// checker is what a store has that reads everything, also what no question needs
// as a rule. Without it a flipped byte may lie where nothing looked.
type checker interface {
	Check(context.Context) ([]*store.DamageError, error)
}

// flipCommit is a commit and the bytes of the log that it took.
type flipCommit struct {
	file     string
	from, to int64
	step     step
}

// newFlipFolder makes a folder of plain commits; moved, with everything in segments.
func newFlipFolder(t *testing.T, commits, size int, moved bool) *flipFolder {
	t.Helper()
	ctx := context.Background()
	f := &flipFolder{disk: newDisk(t)}
	opt := options(store.Options{FS: f.disk, Zone: zone()})
	opt.FileSize = 1 << 20
	if x := reflect.ValueOf(&opt).Elem().FieldByName("FlushRows"); x.IsValid() {
		x.SetInt(-1)
	}
	s, err := store.Open(dataDir, opt)
	if err != nil {
		t.Fatal(err)
	}
	w := newWork(11, size)
	for range commits {
		w.n++
		st := w.commit(pick(w.r, []string{"FS-A.example.jp", "FS-B"}))
		if st.late {
			st.late, st.records = false, w.queue[0].records[len(w.queue[0].records):]
		}
		w.queue = nil
		before := f.sizes(t)
		if err := st.apply(ctx, s); err != nil {
			t.Fatal(err)
		}
		w.done(st)
		for path, to := range f.sizes(t) {
			if from := before[path]; to > from {
				f.commits = append(f.commits, flipCommit{path, from, to, st})
			}
		}
	}
	f.model = w.model
	for len(f.queries) < 8 {
		q := randomQuery(w.r, f.model.state().Records)
		if q.Superseded = false; len(find(q, f.model.state())) > 0 {
			f.queries = append(f.queries, q)
		}
	}
	if moved {
		err = errors.Join(step{kind: stepFlush}.apply(ctx, s), step{kind: stepMerge}.apply(ctx, s))
	}
	if err = errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	return f
}

// sizes are the sizes of the files, by path in the folder.
func (f *flipFolder) sizes(t *testing.T) map[string]int64 {
	t.Helper()
	l, err := listFiles(f.disk, dataDir)
	if err != nil {
		t.Fatal(err)
	}
	sizes := make(map[string]int64)
	for _, path := range l {
		h, err := f.disk.OpenFile(path, os.O_RDONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		st, err := h.Stat()
		if err = errors.Join(err, h.Close()); err != nil {
			t.Fatal(err)
		}
		rel, err := filepath.Rel(dataDir, path)
		if err != nil {
			t.Fatal(err)
		}
		sizes[filepath.ToSlash(rel)] = st.Size()
	}
	return sizes
}

// flip is a copy of the folder with bits of one byte turned over.
func (f *flipFolder) flip(path string, off int64, bits byte) (*fsx.Crash, error) {
	c := f.disk.Image(1)
	h, err := c.OpenFile(filepath.Join(dataDir, filepath.FromSlash(path)), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	b := make([]byte, 1)
	if _, err = h.ReadAt(b, off); err == nil {
		b[0] ^= bits
		_, err = h.WriteAt(b, off)
	}
	return c, errors.Join(err, h.Sync(), h.Close())
}

// located reports whether one of the errors names the place.
func located(l []*store.DamageError, file string, off int64) bool {
	return slices.ContainsFunc(l, func(d *store.DamageError) bool {
		return d.File == file && d.Offset <= off && (d.Size == 0 || off < d.Offset+d.Size)
	})
}

// check opens a damaged copy: the damage is found and located, nothing that is
// served is wrong, and what the damage does not touch is served.
func (f *flipFolder) check(c *fsx.Crash, file string, off int64, goOn bool) error {
	opt := store.Options{FS: c, Zone: zone()}
	// A reader takes the end of the log for a commit that is being written.
	if end := f.commits[len(f.commits)-1]; !goOn && (file != end.file || off < end.from) {
		opt.ReadOnly = true
	}
	s, err := store.Open(dataDir, opt)
	if err != nil {
		var newer *store.FormatError
		v := &survey{}
		if file == "format" && (errors.As(err, &newer) || v.note(err) == nil && located(v.damage, file, off)) {
			return nil
		}
		return fmt.Errorf("open: %w", err)
	}
	v, err := f.survey(s)
	_, checks := any(s).(checker)
	unused := f.unused(file, off) || !checks && err == nil && len(v.damage) == 0 && len(v.records) == len(f.model.state().Records) && !strings.HasSuffix(file, ".akl")
	if err == nil && !located(v.damage, file, off) && !unused {
		err = fmt.Errorf("not found, or not where it is: %v", v.damage)
	}
	if err == nil {
		err = f.served(v, file, off)
	}
	if err == nil && goOn {
		// A merge must not lose more than the damage did; it may refuse.
		_ = step{kind: stepMerge}.apply(context.Background(), s)
		more := step{n: 1_000_000, kind: stepCommit, server: "FS-B", events: []uint64{1 << 20}}
		if err = more.apply(context.Background(), s); err == nil {
			if err = s.Close(); err == nil {
				s, err = store.Open(dataDir, opt)
			}
			if err != nil {
				return err
			}
			again, serr := f.survey(s)
			if err = serr; err == nil && len(again.records) < len(v.records) {
				err = fmt.Errorf("%d records, %d when opened again", len(v.records), len(again.records))
			}
			if err == nil && !located(again.damage, file, off) && !unused && f.still(c, file) {
				err = fmt.Errorf("forgotten when opened again: %v", again.damage)
			}
		}
	}
	return errors.Join(err, s.Close())
}

// still reports whether a file of the log is where it was; other files can have
// been written anew without the damage.
func (f *flipFolder) still(c *fsx.Crash, file string) bool {
	l, err := listFiles(c, dataDir)
	return err == nil && strings.HasSuffix(file, ".akl") && slices.Contains(l, filepath.Join(dataDir, filepath.FromSlash(file)))
}

// lastTails are the commits whose tails hold, by server.
func (f *flipFolder) lastTails() map[string]int {
	last := make(map[string]int)
	for i, c := range f.commits {
		if c.step.setTail {
			last[c.step.server] = i
		}
	}
	return last
}

// unused reports whether a place of the log may be in a tail that a later commit
// replaced: nothing reads it any more.
func (f *flipFolder) unused(file string, off int64) bool {
	last := f.lastTails()
	return slices.ContainsFunc(f.commits, func(c flipCommit) bool {
		return c.file == file && c.from <= off && off < c.to && c.step.setTail && f.commits[last[c.step.server]].step.n != c.step.n
	})
}

// served checks what is served: nothing wrong, nothing missing that was not in
// the damaged commit, or of another server than the one of the damaged file.
func (f *flipFolder) served(v *survey, file string, off int64) error {
	got := make(map[record.ID]*record.Record)
	for i := range v.records {
		got[v.records[i].ID()] = &v.records[i]
	}
	if len(got) != len(v.records) {
		return errors.New("a record is served twice")
	}
	inLog := strings.HasSuffix(file, ".akl")
	losers := make(map[string]bool)
	last := f.lastTails()
	for i, c := range f.commits {
		hit := c.file == file && c.from <= off && off < c.to
		want := clone(c.step.records)
		if at, ok := last[c.step.server]; ok && at == i {
			want = append(want, clone(c.step.tail)...)
		}
		for _, w := range want {
			w.Received = received(c.step.n)
			r := got[w.ID()]
			switch {
			case r != nil && !reflect.DeepEqual(*r, w):
				return fmt.Errorf("record %s changed", w.ID())
			case r == nil && inLog && !hit:
				return fmt.Errorf("record %s of %s is missing, though the damage is elsewhere", w.ID(), c.step)
			case r == nil:
				losers[c.step.server] = true
			}
			delete(got, w.ID())
		}
		for _, id := range c.step.events {
			if _, have := slices.BinarySearch(v.events[c.step.server], id); !have && inLog && !hit {
				return fmt.Errorf("event %d of %s is missing, though the damage is elsewhere", id, c.step)
			}
		}
	}
	if len(losers) > 1 && !inLog {
		return fmt.Errorf("records of %d servers are missing", len(losers))
	}
	for id, r := range got { // an earlier tail is served when the last is damaged
		if r.Ordinal < 1000 {
			return fmt.Errorf("record %s was never stored so", id)
		}
	}
	return nil
}

// TestMissingFiles takes files of a folder away, one at a time: that is told, and
// the rest is served.
func TestMissingFiles(t *testing.T) {
	if !complete {
		t.Skip("no files beside the log")
	}
	f := newFlipFolder(t, 8, 6, true)
	for file := range f.sizes(t) {
		if file == "lock" || file == "format" {
			continue
		}
		c := f.disk.Image(1)
		if err := c.Remove(filepath.Join(dataDir, filepath.FromSlash(file))); err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(dataDir, store.Options{FS: c, Zone: zone(), FlushRows: -1})
		if err != nil {
			t.Errorf("without %s: open: %v", file, err)
			continue
		}
		v, err := f.survey(s)
		if err == nil {
			err = f.served(v, file, 0)
		}
		told := v != nil && slices.ContainsFunc(v.damage, func(d *store.DamageError) bool { return d.File == file })
		if spare := strings.HasPrefix(file, "manifest"); err == nil && !told && !spare {
			err = errors.New("nothing is told")
		}
		if err = errors.Join(err, s.Close()); err != nil {
			t.Errorf("without %s: %v", file, err)
		}
	}
}

// TestFlippedBytes turns over bits of the files of a folder, byte by byte.
func TestFlippedBytes(t *testing.T) {
	commits, size, stride := 5, 5, int64(7)
	if long() {
		commits, size, stride = 12, 20, 1
	}
	for _, moved := range []bool{false, true} {
		if moved && !complete {
			continue
		}
		if moved && !long() { // there is more to open
			stride = 47
		}
		f, every := newFlipFolder(t, commits, size, moved), stride
		for file, n := range f.sizes(t) {
			if file == "lock" {
				continue
			}
			part := int64(flipPart)
			if n > 64<<10 {
				part = n
			}
			for from := int64(0); from < n; from += part {
				t.Run(fmt.Sprintf("%s from %d, moved %v", file, from, moved), func(t *testing.T) {
					t.Parallel()
					f.flipAll(t, file, n, from, min(from+part, n), every)
				})
			}
		}
	}
}

// flipPart is how many bytes of a file are gone through one after the other; its parts are
// gone through side by side.
const flipPart = 5 << 10

// flipAll turns over a bit in every so many bytes of a file of n bytes, from one to before
// another.
func (f *flipFolder) flipAll(t *testing.T, file string, n, from, to, stride int64) {
	r := rand.New(rand.NewPCG(5, uint64(n+from)))
	flips, bad := 0, 0
	for off := from; off < to && bad < 3; off += stride {
		at := off
		if n > 64<<10 { // 10,000 bits anywhere
			if at = r.Int64N(n); flips == 10000 {
				break
			}
		}
		flips++
		c, err := f.flip(file, at, 1<<r.IntN(8))
		if err == nil {
			err = f.check(c, file, at, flips%5 == 0)
		}
		if err != nil {
			bad++
			t.Errorf("%s, byte %d of %d: %v", file, at, n, err)
		}
	}
	t.Logf("%s: %d to %d of %d bytes, %d turned over", file, from, to, n, flips)
}
