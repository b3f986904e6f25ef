package pool

import (
	"context"
	"errors"
	"time"
)

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
