package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/store"
)

// long asks for the long forms of the tests (make test-long).
func long() bool { return os.Getenv("AKASHI_LONG") != "" }

const dataDir = "/srv/data"

// newDisk is a machine with an empty folder for the data folder.
func newDisk(t *testing.T) *fsx.Crash {
	t.Helper()
	c := fsx.NewCrash()
	if err := errors.Join(c.MkdirAll("/srv", 0o700), c.SyncDir("/")); err != nil {
		t.Fatal(err)
	}
	return c
}

// listFiles lists the files below a folder.
func listFiles(fs fsx.FS, dir string) (l []string, err error) {
	entries, err := fs.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if !e.IsDir() {
			l = append(l, path)
			continue
		}
		below, err := listFiles(fs, path)
		if err != nil {
			return nil, err
		}
		l = append(l, below...)
	}
	return l, nil
}

// noLitter reports temporary files.
func noLitter(fs fsx.FS) error {
	l, err := listFiles(fs, dataDir)
	for _, path := range l {
		if strings.Contains(filepath.Base(path), "tmp") {
			err = errors.Join(err, fmt.Errorf("%s was left behind", path))
		}
	}
	return err
}

// damage gives an error for damage that a store tells of. After a power failure
// the end of the log may hold part of a commit that was not acknowledged: it
// looks like one that was and is put aside, with a note.
func damage(s *store.Store, power bool) error {
	for _, d := range s.Damage() {
		if !power || !strings.Contains(d.Reason, "quarantine") {
			return fmt.Errorf("damage: %w", d)
		}
	}
	return nil
}

// oneOf finds the model of those that a store agrees with.
func oneOf(ctx context.Context, s *store.Store, models []*model) (*model, error) {
	got, err := read(ctx, s)
	if err != nil {
		return nil, err
	}
	var diffs []string
	for _, m := range models {
		d := m.state().diff(got)
		if d == "" {
			return m, nil
		}
		diffs = append(diffs, d)
	}
	return nil, fmt.Errorf("the store holds none of %d possible states:\n     %s", len(models), strings.Join(diffs, "\n     or: "))
}

// reopen opens the folder on fs and finds which of the models it holds. Then
// the store must take another commit, close, leave nothing behind, and hold it
// all when it is opened once more.
func reopen(fs fsx.FS, models []*model, power bool, seed uint64) error {
	ctx := context.Background()
	s, err := store.Open(dataDir, options(store.Options{FS: fs, Zone: zone(), FlushRows: -1}))
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	m, err := oneOf(ctx, s, models)
	if err == nil {
		err = damage(s, power)
	}
	r := rand.New(rand.NewPCG(seed, 7))
	if err == nil && seed%4 == 0 {
		err = m.look(ctx, s, r, 2)
	}
	more := step{n: 1_000_000, kind: stepCommit, server: "FS-B", events: []uint64{1 << 20}}
	more.records = append(more.records, oddNames().oddRecord(r, "FS-B", 1<<20, 1))
	if err == nil {
		err = more.apply(ctx, s)
	}
	if err = errors.Join(err, s.Close()); err != nil {
		return err
	}
	if err := noLitter(fs); err != nil {
		return err
	}
	if s, err = store.Open(dataDir, options(store.Options{FS: fs, Zone: zone(), FlushRows: -1})); err != nil {
		return fmt.Errorf("open again: %w", err)
	}
	_, err = oneOf(ctx, s, []*model{m.after(more)})
	return errors.Join(err, damage(s, power), s.Close())
}

// progress is the states that a workload went through, the last one being
// acknowledged or under way.
type progress struct {
	mu    sync.Mutex
	list  []*model
	acked int // index of the last acknowledged state
}

// begin says that a step is under way.
func (p *progress) begin(m *model) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list[:p.acked+1], m)
}

func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.acked++
}

// since gives a function that lists the states that held at some moment between
// the two calls, and the one under way.
func (p *progress) since() func() []*model {
	p.mu.Lock()
	defer p.mu.Unlock()
	from := p.acked
	return func() []*model {
		p.mu.Lock()
		defer p.mu.Unlock()
		return slices.Clone(p.list[from:])
	}
}

// crashes runs a workload of some steps on a machine and calls look in the
// middle of every changing call. right, called after the images were made, lists
// the states that are right if the power fails there.
func crashes(t *testing.T, seed uint64, steps, flushRows int, look func(c *fsx.Crash, call int, right func() []*model)) {
	t.Helper()
	ctx := context.Background()
	c := newDisk(t)
	w := newWork(seed, 6)
	p := &progress{list: []*model{w.model}}
	writes := 0
	c.Watch(func(call int, op fsx.Op) {
		// Most calls write parts of files that nothing names yet: a few of them
		// will do.
		if op == fsx.OpWrite && !long() {
			if writes++; writes%8 != 0 {
				return
			}
		}
		look(c, call, p.since())
	})
	s, err := store.Open(dataDir, options(store.Options{FS: c, Zone: zone(), FlushRows: flushRows}))
	if err != nil {
		t.Fatal(err)
	}
	for i := range steps {
		st := w.step()
		p.begin(w.model.after(st))
		if err := st.apply(ctx, s); err != nil {
			t.Fatalf("%s: %v", st, err)
		}
		w.model = p.list[len(p.list)-1]
		p.done()
		if i%10 == 9 { // and in the middle of closing and opening
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if s, err = store.Open(dataDir, options(store.Options{FS: c, Zone: zone(), FlushRows: flushRows})); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := oneOf(ctx, s, []*model{w.model}); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestPowerFailure stops the machine at the calls of a workload. Whatever the
// disk then holds of what was not synced, every acknowledged commit is there
// once, and the one under way wholly or not at all.
func TestPowerFailure(t *testing.T) {
	runs, steps, stride, images := uint64(3), 32, 3, 2
	if long() {
		runs, steps, stride, images = 6, 40, 1, 8
	}
	for run := range runs {
		t.Run(fmt.Sprint(run), func(t *testing.T) {
			t.Parallel()
			looked, flushRows := 0, -1
			if run%3 == 2 { // flushes and merges in the background, at their own time
				flushRows = 60
			}
			crashes(t, run, steps, flushRows, func(c *fsx.Crash, call int, right func() []*model) {
				if call%stride != 0 || t.Failed() {
					return
				}
				for i := range images {
					seed := uint64(i) // the four plain ways first
					if i > 3 || images < 4 {
						seed = uint64(call*images + i)
					}
					looked++
					im := c.Image(seed)
					if err := reopen(im, right(), true, seed); err != nil {
						t.Errorf("run %d, power fails at call %d, image %d: %v", run, call, seed, err)
					}
				}
			})
			t.Logf("run %d: %d images", run, looked)
		})
	}
}

// TestPowerFailureTwice has the power fail again while the store clears up.
func TestPowerFailureTwice(t *testing.T) {
	stride, images := 17, uint64(3)
	if long() {
		stride, images = 3, 12
	}
	crashes(t, 100, 30, -1, func(c *fsx.Crash, call int, right func() []*model) {
		if call%stride != 0 || t.Failed() {
			return
		}
		for i := range images {
			first := c.Image(uint64(call) + i)
			first.Watch(func(again int, _ fsx.Op) {
				if t.Failed() {
					return
				}
				seed := uint64(call+again) * (i + 3)
				if err := reopen(first.Image(seed), right(), true, seed); err != nil {
					t.Errorf("power fails at call %d, image %d, and at call %d of the opening, image %d: %v", call, uint64(call)+i, again, seed, err)
				}
			})
			s, err := store.Open(dataDir, options(store.Options{FS: first, Zone: zone(), FlushRows: -1}))
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestProcessDies has only the process die: all that it wrote is there, though
// not all on disk. What the next process finds must survive a power failure as
// soon as it has opened the folder.
func TestProcessDies(t *testing.T) {
	stride := 3
	if long() {
		stride = 1
	}
	crashes(t, 200, 30, -1, func(c *fsx.Crash, call int, right func() []*model) {
		if call%stride != 0 || t.Failed() {
			return
		}
		machine := c.Fork()
		s, err := store.Open(dataDir, options(store.Options{FS: machine, Zone: zone(), FlushRows: -1}))
		var found *model
		if err == nil {
			found, err = oneOf(context.Background(), s, right())
			err = errors.Join(err, damage(s, false))
			for seed := uint64(0); seed < 3 && err == nil; seed++ {
				err = reopen(machine.Image(seed), []*model{found}, true, seed)
			}
			err = errors.Join(err, s.Close())
		}
		if err == nil {
			err = reopen(machine, []*model{found}, false, uint64(call))
		}
		if err != nil {
			t.Errorf("the process dies at call %d: %v", call, err)
		}
	})
}
