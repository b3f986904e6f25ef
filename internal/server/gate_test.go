package server

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/pace"
)

func testGate() gateConfig {
	return gateConfig{
		quick: 4, long: 1, quickOf: 2, slice: 200 * time.Millisecond, rest: 40 * time.Millisecond, quantum: 10 * time.Millisecond,
		most: 2 * time.Minute, waiting: 2 * time.Millisecond,
	}
}

// works is a search that takes so long, in pieces of two milliseconds.
func works(long time.Duration, seen func(working int)) func(context.Context) error {
	return func(ctx context.Context) error {
		for done := time.Duration(0); done < long; done += 2 * time.Millisecond {
			if err := pace.Yield(ctx); err != nil {
				return err
			}
			if seen != nil {
				seen(1)
			}
			time.Sleep(2 * time.Millisecond)
			if seen != nil {
				seen(-1)
			}
		}
		return nil
	}
}

func person(ctx context.Context, id int64) context.Context {
	return account.With(ctx, &account.Visitor{ID: id})
}

// TestQuickBesideLong: a quick search beside many long ones takes little more than
// alone, and of the long ones few work at a time.
func TestQuickBesideLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(testGate())
		var long sync.WaitGroup
		var working, most, late atomic.Int32
		begun := time.Now()
		for i := range 12 {
			long.Go(func() {
				err := g.run(person(t.Context(), int64(i/4)), works(4*time.Second, func(n int) {
					w := working.Add(int32(n))
					if time.Since(begun) > 5*time.Second {
						late.Store(max(late.Load(), w))
					}
					most.Store(max(most.Load(), w))
				}))
				if err != nil {
					t.Errorf("long search: %v", err)
				}
			})
		}
		time.Sleep(5 * time.Second) // all have left the quick lane
		for range 20 {
			from := time.Now()
			if err := g.run(person(t.Context(), 99), works(20*time.Millisecond, nil)); err != nil {
				t.Fatal(err)
			}
			if d := time.Since(from); d > 30*time.Millisecond {
				t.Errorf("a search of 20 ms took %v beside long ones", d)
			}
			time.Sleep(10 * time.Millisecond)
		}
		long.Wait()
		if most.Load() > 4+1 || late.Load() > 1 {
			t.Errorf("%d searches worked at once, %d of them long ones", most.Load(), late.Load())
		}
		if d := time.Since(begun); d > 60*time.Second {
			t.Errorf("12 long searches of 4 s took %v", d)
		}
	})
}

// TestLongGoOn: quick searches without end do not stop a long one.
func TestLongGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(testGate())
		ctx, stop := context.WithCancel(t.Context())
		var quick sync.WaitGroup
		for i := range 4 {
			quick.Go(func() {
				for ctx.Err() == nil {
					_ = g.run(person(ctx, int64(10+i)), works(50*time.Millisecond, nil))
				}
			})
		}
		from := time.Now()
		if err := g.run(person(ctx, 1), works(time.Second, nil)); err != nil {
			t.Error(err)
		}
		if d := time.Since(from); d > 10*time.Second {
			t.Errorf("a search of 1 s took %v", d)
		}
		stop()
		quick.Wait()
	})
}

// TestOneVisitorDoesNotFill: the long searches of one person leave room for another
// person's, which comes before the rest of the first one's.
func TestOneVisitorDoesNotFill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testGate()
		cfg.long = 2
		g := newGate(cfg)
		var all sync.WaitGroup
		begun := time.Now()
		for range 6 {
			all.Go(func() { _ = g.run(person(t.Context(), 1), works(2*time.Second, nil)) })
		}
		time.Sleep(time.Second)
		from := time.Now()
		if err := g.run(person(t.Context(), 2), works(2*time.Second, nil)); err != nil {
			t.Error(err)
		}
		if d := time.Since(from); d > 4*time.Second {
			t.Errorf("the other person's search of 2 s took %v", d)
		}
		all.Wait()
		if d := time.Since(begun); d < 10*time.Second {
			t.Errorf("six long searches of one person ended after %v: more than one ran", d)
		}
	})
}

func TestGateEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testGate()
		cfg.most = 3 * time.Second
		g := newGate(cfg)
		if err := g.run(person(t.Context(), 1), works(time.Minute, nil)); !errors.Is(err, pace.ErrTooLong) {
			t.Errorf("a search without end: %v", err)
		}
		var w sync.WaitGroup
		w.Go(func() { _ = g.run(person(t.Context(), 1), works(time.Minute, nil)) })
		time.Sleep(time.Second)
		if err := g.run(person(t.Context(), 2), works(2500*time.Millisecond, nil)); err != nil && !errors.Is(err, pace.ErrBusy) && !errors.Is(err, pace.ErrTooLong) {
			t.Errorf("one that waited: %v", err)
		}
		ctx, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		if err := g.run(person(ctx, 3), works(time.Minute, nil)); !errors.Is(err, context.Canceled) {
			t.Errorf("one whose asker left: %v", err)
		}
		want := errors.New("broken")
		if err := g.run(person(t.Context(), 4), func(context.Context) error { return want }); !errors.Is(err, want) {
			t.Errorf("one that failed: %v", err)
		}
		w.Wait()
		if len(g.who) > 0 || len(g.quick)+len(g.long) > 0 || g.brief.Load() != 0 {
			t.Errorf("places are held at rest: %d visitors, %d, %d, %d", len(g.who), len(g.quick), len(g.long), g.brief.Load())
		}
	})
}

// Work aside rests while a quick search runs, and goes on all the same.
func TestGateAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(defaultGate())
		ctx := g.aside(t.Context())
		steps := func() time.Duration {
			begun := time.Now()
			for range 3 {
				if err := pace.Yield(ctx); err != nil {
					t.Fatal(err)
				}
				time.Sleep(g.cfg.quantum)
			}
			return time.Since(begun)
		}
		if d := steps(); d != 3*g.cfg.quantum {
			t.Errorf("alone it takes %v", d)
		}
		g.brief.Add(1)
		if d := steps(); d < 3*g.cfg.rest || d > 4*(g.cfg.rest+g.cfg.quantum) {
			t.Errorf("beside a quick search it takes %v", d)
		}
		g.brief.Add(-1)
	})
}
