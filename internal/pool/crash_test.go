package pool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// errand is a piece of work on a pool, and what it must leave.
type errand struct {
	kept map[string][]byte // acknowledged
	gone map[string]bool   // acknowledged deletions
	open map[string]bool   // under way: there or not
}

func newErrand() *errand {
	return &errand{map[string][]byte{}, map[string]bool{}, map[string]bool{}}
}

// run does some of everything that changes files. It stops at the first error.
func (e *errand) run(fs fsx.FS) error {
	ctx := context.Background()
	for _, d := range []string{"/d", "/v1", "/v2", "/v3"} {
		if err := fs.MkdirAll(d, 0o700); err != nil {
			return err
		}
	}
	if err := fs.SyncDir("/"); err != nil {
		return err
	}
	p, err := Open("/d", Options{FS: fs, PutPatience: time.Minute, ReadPatience: time.Minute})
	if err != nil {
		return err
	}
	put := func(i int) error {
		name, b := thing(fmt.Sprintf("FS/2026-04-%02d", i), i, 3000)
		e.open[name] = true
		if err := p.Put(ctx, name, bytes.NewReader(b), int64(len(b))); err != nil {
			return err
		}
		e.kept[name] = b
		delete(e.open, name)
		return nil
	}
	steps := []func() error{
		func() error { return put(1) },
		func() error { _, err := p.Add(ctx, AddOptions{Path: "/v1", Reserve: -1, Class: 1}); return err },
		func() error { return p.Set(ctx, Change{Copies: ptr(2)}) },
		func() error { return put(2) },
		func() error { _, err := p.Heal(ctx, nil); return err },
		func() error { _, err := p.Add(ctx, AddOptions{Path: "/v2", Reserve: -1, Class: 9}); return err },
		func() error { return put(3) },
		func() error {
			name, _ := thing("FS/2026-04-02", 2, 3000)
			e.open[name] = true
			delete(e.kept, name)
			err := p.Delete(ctx, name)
			var left *LeftError // it is deleted, whatever is left
			e.gone[name] = err == nil || errors.As(err, &left)
			return err
		},
		func() error { return p.Set(ctx, Change{Rules: &[]Rule{{Days: 1, Class: 8}}}) },
		func() error { _, err := p.Tier(ctx, nil); return err },
		func() error { _, err := p.Scrub(ctx, ScrubOptions{}); return err },
		func() error { _, err := p.Drain(ctx, "v1", nil); return err },
		func() error { return p.Remove(ctx, "v1", nil) },
		func() error { return put(4) },
		func() error { return p.Close(ctx) },
	}
	for i, s := range steps {
		if err := s(); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	return nil
}

func ptr[T any](x T) *T { return &x }

// holds opens the pool as it was left, and sees that nothing acknowledged is gone,
// then that it can be healed and used.
func (e *errand) holds(fs fsx.FS) error {
	ctx := context.Background()
	p, err := Open("/d", Options{FS: fs, PutPatience: time.Minute, ReadPatience: time.Minute})
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	look := func() error {
		for name, b := range e.kept {
			r, err := p.Open(ctx, name)
			if err != nil {
				return err
			}
			got, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
			if err = errors.Join(err, r.Close()); err != nil || !bytes.Equal(got, b) {
				return fmt.Errorf("%s: %d bytes, %w", name, len(got), err)
			}
		}
		for name, gone := range e.gone {
			if !gone {
				continue
			}
			if _, err := p.Open(ctx, name); !isMissing(err) {
				return fmt.Errorf("%s was deleted: %w", name, err)
			}
		}
		l, err := p.List(ctx, "")
		if err != nil {
			return err
		}
		if len(l) < len(e.kept) || len(l) > len(e.kept)+len(e.open) {
			return fmt.Errorf("%d names, want %d and perhaps %d more", len(l), len(e.kept), len(e.open))
		}
		return nil
	}
	if err := look(); err != nil {
		return err
	}
	w, err := p.Heal(ctx, nil)
	if err != nil {
		return fmt.Errorf("heal: %w", err)
	}
	if len(w.Gone) > 0 || len(w.Errors) > 0 {
		return fmt.Errorf("heal: %+v", w)
	}
	if err := look(); err != nil {
		return fmt.Errorf("after healing: %w", err)
	}
	r, err := p.Scrub(ctx, ScrubOptions{Anew: true})
	if err != nil || r.Damaged+r.Missing > 0 {
		return fmt.Errorf("scrub: %+v, %w", r, err)
	}
	name, b := thing("FS/2026-05-01", 99, 100)
	if err := p.Put(ctx, name, bytes.NewReader(b), 100); err != nil {
		return err
	}
	return p.Close(ctx)
}

func calls(t *testing.T) int {
	t.Helper()
	c := fsx.NewCrash()
	e := newErrand()
	if err := e.run(c); err != nil {
		t.Fatal(err)
	}
	if err := e.holds(c.Fork()); err != nil {
		t.Fatal(err)
	}
	return c.Calls()
}

func every() int {
	if os.Getenv("AKASHI_LONG") != "" {
		return 1
	}
	return 3
}

// The power fails at any call that changes something.
func TestPowerFailure(t *testing.T) {
	all := calls(t)
	t.Logf("%d calls", all)
	for n := 1; n <= all; n += every() {
		c := fsx.NewCrash()
		c.StopAt(n)
		e := newErrand()
		_ = e.run(c) // nil when it stopped in the last step, which only tells of it
		for i, now := range []fsx.FS{c.Fork(), c.Image(0), c.Image(uint64(n)), c.Image(uint64(n) + 1000)} {
			if err := e.holds(now); err != nil {
				t.Fatalf("power fails at call %d, image %d: %v", n, i, err)
			}
		}
	}
}

// Any call that changes something fails, once or for ever until the disk is mended.
func TestCallFails(t *testing.T) {
	all := calls(t)
	for n := 0; n < all; n += every() {
		for _, sticky := range []bool{false, true} {
			c := fsx.NewCrash()
			f := fsx.NewFault(c, n)
			f.Sticky = sticky
			e := newErrand()
			err := e.run(f)
			var refused *RefusedError
			var left *LeftError
			if err != nil && !errors.As(err, &left) && !errors.Is(err, fsx.ErrInjected) && !errors.As(err, &refused) && !errors.Is(err, ErrFull) && !errors.Is(err, ErrAway) && !errors.Is(err, ErrHeld) {
				t.Fatalf("call %d: %v", n, err)
			}
			f.Heal()
			for i, now := range []fsx.FS{c, c.Image(0)} {
				if err := e.holds(now); err != nil {
					t.Fatalf("call %d fails (%v), sticky %v, image %d: %v", n, err, sticky, i, err)
				}
			}
		}
	}
}
