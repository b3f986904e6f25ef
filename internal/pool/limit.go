package pool

import (
	"context"
	"errors"
	"sync"
	"time"
)

// limiter holds a stream to a number of bytes a second. nil does not limit.
type limiter struct {
	rate int64 // bytes a second
	mu   sync.Mutex
	free time.Time // when the next byte may go
}

func newLimiter(rate int64) *limiter {
	if rate <= 0 {
		return nil
	}
	return &limiter{rate: rate}
}

// wait returns when n more bytes may go.
func (l *limiter) wait(ctx context.Context, n int) error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	now := time.Now()
	if l.free.Before(now) {
		l.free = now
	}
	at := l.free
	l.free = l.free.Add(time.Duration(float64(n) / float64(l.rate) * float64(time.Second)))
	l.mu.Unlock()
	return pause(ctx, at.Sub(now))
}

// pause waits d or until the context ends.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

var errSlow = errors.New("it does not answer in time")

// inTime waits for fn, but not longer than d. What comes later goes to late, which
// may be nil.
func inTime[T any](ctx context.Context, d time.Duration, fn func() (T, error), late func(T)) (T, error) {
	type result struct {
		x   T
		err error
	}
	c := make(chan result, 1)
	go func() {
		x, err := fn()
		c <- result{x, err}
	}()
	t := time.NewTimer(d)
	defer t.Stop()
	err := errSlow
	select {
	case r := <-c:
		return r.x, r.err
	case <-t.C:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if late != nil {
		go func() {
			if r := <-c; r.err == nil {
				late(r.x)
			}
		}()
	}
	var none T
	return none, err
}
