package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// TestCountsThatNobodyWaitsFor end after a while, and are counted anew for who asks
// again; those with somebody who waits go on.
func TestCountsThatNobodyWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &site{}
		rq := &request{r: httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/search", nil), status: &Status{}, now: time.Now()}
		began := 0
		count := func(ctx context.Context) (any, error) {
			began++
			select {
			case <-time.After(time.Minute):
				return began, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		first := s.tally(rq, "q", count)
		if ok, err := first.wait(t.Context(), tallyWait); ok || err != nil {
			t.Fatalf("ready at once: %v, %v", ok, err)
		}
		time.Sleep(tallyGrace - time.Second)
		if again := s.tally(rq, "q", count); again != first {
			t.Fatal("the page's own parts count again")
		}
		time.Sleep(tallyGrace + time.Second)
		synctest.Wait()
		if !first.ended() || !errors.Is(first.err, context.Canceled) {
			t.Fatalf("counts go on without an asker: %v", first.err)
		}
		second := s.tally(rq, "q", count)
		if second == first {
			t.Fatal("counts that were ended are answered")
		}
		if ok, err := second.wait(t.Context(), 0); !ok || err != nil || second.value != 2 {
			t.Fatalf("who waits: %v, %v, %v", ok, err, second.value)
		}
		time.Sleep(time.Hour)
		if s.tally(rq, "q", count).ended() != true || began != 2 {
			t.Errorf("counts are not kept: counted %d times", began)
		}
	})
}
