package pace_test

import (
	"context"
	"errors"
	"testing"

	"github.com/akashi-audit/akashi/internal/pace"
)

func TestYield(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	if err := pace.Yield(ctx); err != nil {
		t.Errorf("without a pace: %v", err)
	}
	calls, stop := 0, errors.New("stop")
	with := pace.With(ctx, func(context.Context) error {
		calls++
		if calls > 1 {
			return stop
		}
		return nil
	})
	inner := context.WithoutCancel(with)
	if err := pace.Yield(inner); err != nil || calls != 1 {
		t.Errorf("first: %v, %d calls", err, calls)
	}
	if err := pace.Yield(inner); !errors.Is(err, stop) {
		t.Errorf("second: %v", err)
	}
	cancel()
	if err := pace.Yield(with); !errors.Is(err, context.Canceled) || calls != 2 {
		t.Errorf("after the end: %v, %d calls", err, calls)
	}
}
