package pace

import (
	"context"
	"sync"
	"time"
)

// Rate holds a stream to a number of bytes a second. nil does not hold it.
type Rate struct {
	rate int64 // bytes a second
	mu   sync.Mutex
	free time.Time // when the next byte may go
}

// NewRate is a Rate of bytes a second; nil for none, 0 or less.
func NewRate(bytes int64) *Rate {
	if bytes <= 0 {
		return nil
	}
	return &Rate{rate: bytes}
}

// Wait returns when n more bytes may go, or with the error of a context that ends before.
func (r *Rate) Wait(ctx context.Context, n int) error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	now := time.Now()
	if r.free.Before(now) {
		r.free = now
	}
	at := r.free
	r.free = r.free.Add(time.Duration(float64(n) / float64(r.rate) * float64(time.Second)))
	r.mu.Unlock()
	return Pause(ctx, at.Sub(now))
}

// Pause waits d or until the context ends, whose error it returns.
func Pause(ctx context.Context, d time.Duration) error {
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
