package account

import (
	"errors"
	"log/slog"
	"testing"
	"time"
)

// throttle is that of a start on the world's database.
func (w *world) throttle() *throttle {
	return &throttle{now: w.clock.now, db: w.db, log: slog.New(slog.DiscardHandler), m: map[string]*tries{}}
}

// TestFailuresSurvive: what was counted before a restart counts after it, and is over as
// it would have been.
func TestFailuresSurvive(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	x, n := w.throttle(), limit{"n:ann", 3}
	for range 3 {
		if err := x.begin(ctx, n); err != nil {
			t.Fatal(err)
		}
	}
	var wait *WaitError
	if err := w.throttle().begin(ctx, n); !errors.As(err, &wait) || wait.Wait > lockFirst+time.Second {
		t.Fatalf("after a restart: %v", err)
	}
	w.clock.add(wait.Wait)
	x = w.throttle()
	if err := x.begin(ctx, n); err != nil {
		t.Fatalf("after the wait: %v", err)
	}
	if err := w.throttle().begin(ctx, n); !errors.As(err, &wait) || wait.Wait <= lockFirst {
		t.Errorf("the wait grows over restarts: %v", err)
	}
	x.succeed(ctx, n)
	if err := w.throttle().begin(ctx, n); err != nil {
		t.Errorf("after a good log-in: %v", err)
	}
	for range 40 { // as often as anybody tries: never longer than lockMax
		x = w.throttle()
		if err := x.begin(ctx, n); errors.As(err, &wait) {
			if wait.Wait > lockMax+time.Second {
				t.Fatalf("waits %s", wait.Wait)
			}
			w.clock.add(wait.Wait)
		}
	}
	w.clock.add(lockForget + time.Second)
	if err := w.throttle().begin(ctx, n, limit{"a:1", 9}); err != nil {
		t.Errorf("after an hour: %v", err)
	}
	var rows int
	if err := w.db.QueryRowContext(ctx, "SELECT count(*) FROM tries").Scan(&rows); err != nil || rows != 2 {
		t.Errorf("%d rows, %v", rows, err)
	}
}

// TestClockWasWrong: a clock that ran ahead when failures were counted locks nobody out
// until then.
func TestClockWasWrong(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.clock.add(10 * 365 * 24 * time.Hour)
	x, n := w.throttle(), limit{"n:ann", 1}
	if err := x.begin(ctx, n); err != nil {
		t.Fatal(err)
	}
	w.clock.add(-10 * 365 * 24 * time.Hour)
	for name, x := range map[string]*throttle{"the same process": x, "after a restart": w.throttle()} {
		var wait *WaitError
		if err := x.begin(ctx, n); !errors.As(err, &wait) || wait.Wait > lockMax {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.clock.add(lockMax + time.Second)
	if err := x.begin(ctx, n); err != nil {
		t.Errorf("after the longest wait: %v", err)
	}
}

// TestFailuresAreBounded: the table does not grow without end, and tells nobody what was
// typed as a name.
func TestFailuresAreBounded(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	now := w.clock.now().Unix()
	if _, err := w.db.ExecContext(ctx, "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i < ?) INSERT INTO tries SELECT 'k'||i, 1, ?-(i % 100), 0 FROM c", maxTries+3000, now); err != nil {
		t.Fatal(err)
	}
	x := w.throttle()
	for _, name := range []string{"n:hunter2", "n:b"} {
		if err := x.begin(ctx, limit{name, 5}); err != nil {
			t.Fatal(err)
		}
	}
	var rows, plain int
	if err := w.db.QueryRowContext(ctx, "SELECT count(*), sum(key LIKE '%hunter2%') FROM tries").Scan(&rows, &plain); err != nil || rows > maxTries || plain > 0 {
		t.Errorf("%d rows, %d of them plain, %v", rows, plain, err)
	}
}

// TestResetForgetsFailures also at the command line of a server that does not run.
func TestResetForgetsFailures(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	p := w.add(t, "Boss", Admin)
	x := w.throttle()
	for _, k := range append(resetKeys(p.ID, p.Name), "a:1") {
		if err := x.begin(ctx, limit{k, 1}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Run(ctx, Command{Act: "reset", Name: "boss", By: "root"}); err != nil {
		t.Fatal(err)
	}
	x = w.throttle()
	for _, k := range resetKeys(p.ID, p.Name) {
		if err := x.begin(ctx, limit{k, 1}); err != nil {
			t.Errorf("%s: %v", k, err)
		}
	}
	if err := x.begin(ctx, limit{"a:1", 1}); err == nil {
		t.Error("the address is forgotten too")
	}
}
