package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/store"
)

// patient runs a workload on a file system on which calls fail. A step that
// fails is tried again, in the end with a store that was opened again after the
// fault was mended.
type patient struct {
	disk  *fsx.Crash
	fs    fsx.FS
	heal  func()
	fired func() bool // a call has failed
	// blind is set when reads can fail: what the store answers then says little.
	blind bool
	s     *store.Store
	w     *work
}

func (p *patient) open() (err error) {
	p.s, err = store.Open(dataDir, options(store.Options{FS: p.fs, Zone: zone()}))
	return err
}

// reopen opens the store until it opens and finds out what it holds.
func (p *patient) reopen(models ...*model) (*model, error) {
	if p.s != nil {
		_ = p.s.Close() // the disk may be dead
	}
	err := p.open()
	if err != nil { // a fault that comes once is over
		err = p.open()
	}
	if err != nil {
		p.heal()
		err = p.open()
	}
	if err != nil {
		return nil, fmt.Errorf("open after the fault: %w", err)
	}
	m, err := p.look(models)
	if err != nil && p.blind && p.fired() {
		p.heal()
		_ = p.s.Close()
		if err := p.open(); err != nil {
			return nil, fmt.Errorf("open after the fault: %w", err)
		}
		return p.look(models)
	}
	return m, err
}

func (p *patient) look(models []*model) (*model, error) {
	if err := damage(p.s, true); err != nil {
		return nil, err
	}
	return oneOf(context.Background(), p.s, models)
}

// do does a step, however often it must be tried.
func (p *patient) do(st step) error {
	ctx := context.Background()
	before, after := p.w.model, p.w.model.after(st)
	for try := range 4 {
		err := st.apply(ctx, p.s)
		if err == nil {
			p.w.done(st)
			return nil
		}
		if errors.Is(err, fsx.ErrInjected) && !p.blind && try == 0 {
			// Nothing of it is to be seen, whether the store goes on or not.
			if _, err := oneOf(ctx, p.s, []*model{before}); err != nil {
				return fmt.Errorf("%s failed, but: %w", st, err)
			}
			continue
		}
		m, rerr := p.reopen(before, after)
		if rerr != nil {
			return fmt.Errorf("%s failed (%w), then: %w", st, err, rerr)
		}
		if m != before {
			p.w.done(st)
			return nil
		}
		if try > 1 {
			p.heal()
		}
	}
	return fmt.Errorf("%s does not get done", st)
}

// run does steps and, at the end and where the fault was, sees that what is
// acknowledged survives a power failure.
func (p *patient) run(steps int) error {
	if _, err := p.reopen(p.w.model); err != nil {
		return err
	}
	seen := false
	sure := func() error {
		if err := reopen(p.disk.Image(0), []*model{p.w.model}, true, 1); err != nil {
			return fmt.Errorf("power fails after the fault: %w", err)
		}
		return nil
	}
	for range steps {
		st := p.w.step()
		if err := p.do(st); err != nil {
			return err
		}
		if p.fired() && !seen {
			seen = true
			if err := sure(); err != nil {
				return fmt.Errorf("after %s: %w", st, err)
			}
		}
	}
	p.heal()
	if _, err := p.reopen(p.w.model); err != nil {
		return err
	}
	ctx := context.Background()
	err := errors.Join(p.w.model.look(ctx, p.s, rand.New(rand.NewPCG(1, 1)), 2), p.s.Close())
	return errors.Join(err, noLitter(p.disk), sure())
}

// TestEveryCallFails makes the n-th call of each kind fail, once or from then
// on: the store says so or goes on, and holds every acknowledged commit once.
func TestEveryCallFails(t *testing.T) {
	all, none := func(n int) int { return n }, func(int) int { return 0 }
	for _, k := range []struct {
		name  string
		ops   fsx.Op
		short func(int) int
	}{
		{"open", fsx.OpOpen, nil},
		{"half a write", fsx.OpWrite, nil},
		{"write nothing", fsx.OpWrite, none},
		{"write all but fail", fsx.OpWrite, all},
		{"sync", fsx.OpSync, nil},
		{"truncate", fsx.OpTruncate, nil},
		{"rename", fsx.OpRename, nil},
		{"remove", fsx.OpRemove, nil},
		{"mkdir", fsx.OpMkdir, nil},
		{"sync folder", fsx.OpSyncDir, nil},
		{"write and cut back", fsx.OpWrite | fsx.OpTruncate, nil},
		{"sync and cut back", fsx.OpSync | fsx.OpTruncate, nil},
		{"any change", fsx.Changes, nil},
		{"open to read", fsx.OpOpenRead, nil},
		{"read", fsx.OpRead, nil},
		{"list folder", fsx.OpReadDir, nil},
	} {
		t.Run(k.name, func(t *testing.T) {
			runs := 0
			defer func() { t.Logf("%d runs", runs) }()
			for _, sticky := range []bool{false, true} {
				for n := 0; ; n++ {
					if !long() && n > 5 && n%7 != 0 {
						continue
					}
					disk := newDisk(t)
					f := fsx.NewFault(disk, n)
					f.Ops, f.Sticky, f.Short = k.ops, sticky, k.short
					p := &patient{disk: disk, fs: f, heal: f.Heal, fired: f.Fired, w: newWork(uint64(n%3), 6), blind: k.ops&(fsx.OpOpenRead|fsx.OpRead|fsx.OpReadDir) != 0}
					runs++
					if err := p.run(16); err != nil {
						t.Errorf("call %d fails, for good %v: %v", n, sticky, err)
					}
					if !f.Fired() || t.Failed() || !long() && n > 60 {
						break
					}
				}
			}
		})
	}
}

// TestDiskFull lets every step run out of space somewhere, now and then. When
// there is space again the store goes on.
func TestDiskFull(t *testing.T) {
	ctx := context.Background()
	seeds := uint64(6)
	if long() {
		seeds = 200
	}
	full := 0
	for seed := range seeds {
		disk := newDisk(t)
		r := rand.New(rand.NewPCG(seed, 3))
		p := &patient{disk: disk, fs: disk, heal: func() { disk.SetSpace(-1, -1) }, w: newWork(seed, 6)}
		if err := p.open(); err != nil {
			t.Fatal(err)
		}
		for range 40 {
			st := p.w.step()
			disk.SetSpace(disk.Used()+r.Int64N(4000), 1<<40) // somebody else fills the disk
			err := st.apply(ctx, p.s)
			if err != nil {
				if full++; !errors.Is(err, syscall.ENOSPC) {
					t.Fatalf("seed %d, %s on a full disk: %v", seed, st, err)
				}
				if _, err := oneOf(ctx, p.s, []*model{p.w.model}); err != nil {
					t.Fatalf("seed %d, %s on a full disk: %v", seed, st, err)
				}
				if err := reopen(disk.Image(seed), []*model{p.w.model, p.w.model.after(st)}, true, seed); err != nil && !errors.Is(err, syscall.ENOSPC) {
					t.Fatalf("seed %d, power fails after %s on a full disk: %v", seed, st, err)
				}
				disk.SetSpace(-1, -1)
				if err := st.apply(ctx, p.s); err != nil {
					t.Fatalf("seed %d, %s, when there is space again: %v", seed, st, err)
				}
			}
			p.w.done(st)
			disk.SetSpace(-1, -1)
		}
		if _, err := p.reopen(p.w.model); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if err := p.s.Close(); err != nil {
			t.Error(err)
		}
	}
	if full < int(seeds) {
		t.Errorf("the disk was full %d times only", full)
	}
}

// TestDiskNearlyFull has Free tell: commits are refused before anything fails.
func TestDiskNearlyFull(t *testing.T) {
	ctx := context.Background()
	disk := newDisk(t)
	p := &patient{disk: disk, fs: disk, heal: func() {}, w: newWork(1, 6)}
	var err error // without background work, which changes files at its own time
	if p.s, err = store.Open(dataDir, options(store.Options{FS: disk, Zone: zone(), FlushRows: -1})); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		st := p.w.commit("FS-B")
		st.n, p.w.n = i+1, i+1
		if i%3 == 1 {
			disk.SetSpace(-1, 1<<20)
			calls := disk.Calls()
			var space *store.SpaceError
			if err := st.apply(ctx, p.s); !errors.As(err, &space) {
				t.Fatalf("%s on a disk that is nearly full: %v", st, err)
			}
			if _, err := oneOf(ctx, p.s, []*model{p.w.model}); err != nil {
				t.Fatal(err)
			}
			if n := disk.Calls() - calls; n > 0 {
				t.Errorf("%s was refused after %d changing calls", st, n)
			}
			disk.SetSpace(-1, -1)
		}
		if err := st.apply(ctx, p.s); err != nil {
			t.Fatalf("%s: %v", st, err)
		}
		p.w.done(st)
		p.w.queue = nil
	}
	if _, err := p.reopen(p.w.model); err != nil {
		t.Error(err)
	}
	if err := p.s.Close(); err != nil {
		t.Error(err)
	}
}
