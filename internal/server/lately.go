package server

import (
	"context"
	"sync"
	"time"
)

// errands run beside the answers, and end with the server.
type errands struct {
	ctx context.Context
	wg  sync.WaitGroup
}

func (e *errands) run(fn func(ctx context.Context)) {
	if e.ctx.Err() == nil {
		e.wg.Go(func() { fn(e.ctx) })
	}
}

// lately keeps a value that takes long to find out. Whoever asks gets what was
// found last; when that is of an earlier version it is found out again beside,
// but not more often than ten times in as long as it takes.
type lately[T any] struct {
	find func(ctx context.Context) (T, error)

	mu      sync.Mutex
	value   T
	known   bool
	version string
	next    time.Time     // not before then again
	busy    chan struct{} // closed when the search that runs ends; nil = none runs
	err     error         // of the last search
}

// get waits up to patience for a value, if there is none yet.
func (l *lately[T]) get(ctx context.Context, e *errands, version string, patience time.Duration) (v T, known bool, err error) {
	l.mu.Lock()
	if !(l.known && l.version == version) && l.busy == nil && !time.Now().Before(l.next) {
		l.busy = make(chan struct{})
		busy := l.busy
		e.run(func(ctx context.Context) { l.refresh(ctx, version, busy) })
	}
	busy, known := l.busy, l.known
	l.mu.Unlock()
	if !known && busy != nil && patience > 0 {
		t := time.NewTimer(patience)
		defer t.Stop()
		select {
		case <-busy:
		case <-t.C:
		case <-ctx.Done():
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.value, l.known, l.err
}

func (l *lately[T]) refresh(ctx context.Context, version string, busy chan struct{}) {
	began := time.Now()
	v, err := l.find(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	defer close(busy)
	l.busy, l.err, l.next = nil, err, time.Now().Add(10*time.Since(began))
	if err == nil {
		l.value, l.known, l.version = v, true, version
	}
}

// put takes a value that was known before.
func (l *lately[T]) put(v T, version string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.value, l.known, l.version = v, true, version
}
