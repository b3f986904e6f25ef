package store

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// background flushes and merges while the store is used.
type background struct {
	ctx  context.Context
	quit context.CancelFunc
	due  chan struct{} // capacity 1
	done sync.WaitGroup

	mu    sync.Mutex
	ended *sync.Cond // on mu: a round of work has ended
	err   error      // of the last round
}

// start begins the background work of a writing store.
func (s *Store) start() {
	b := &s.back
	b.ctx, b.quit = context.WithCancel(context.Background())
	b.due = make(chan struct{}, 1)
	b.ended = sync.NewCond(&b.mu)
	b.done.Add(1)
	go func() {
		defer b.done.Done()
		var later <-chan time.Time // nil = never
		for {
			select {
			case <-b.ctx.Done():
				return
			case <-b.due:
			case <-later:
			}
			err := s.round(b.ctx)
			later = nil
			if d := s.flushIn(); d > 0 && err == nil {
				later = time.After(d)
			}
			b.mu.Lock()
			b.err = err
			b.ended.Broadcast()
			b.mu.Unlock()
		}
	}()
	s.wake()
}

// stop ends the background work; what is half done is done again later.
func (s *Store) stop() {
	if s.back.quit == nil {
		return
	}
	s.back.quit()
	s.back.done.Wait()
	s.back.mu.Lock()
	s.back.ended.Broadcast()
	s.back.mu.Unlock()
}

// round flushes when it is due, and merges until nothing is worth it.
func (s *Store) round(ctx context.Context) error {
	s.work.Lock()
	defer s.work.Unlock()
	if s.flushIn() == 0 {
		if err := s.flush(ctx); err != nil {
			return err
		}
	}
	for {
		did, err := s.mergeOnce(ctx, worthwhile)
		if err == nil && !did {
			did, err = s.mergePaths(ctx, false)
		}
		if err != nil || !did {
			return err
		}
		if s.flushIn() == 0 {
			s.wake()
			return nil
		}
	}
}

// flushIn is how long it is until what the log holds is flushed: 0 = now, below
// 0 = it does not hold enough.
func (s *Store) flushIn() time.Duration {
	s.mu.RLock()
	defer s.mu.RUnlock()
	rows := s.opt.FlushRows
	if rows == 0 {
		rows = flushRows
	}
	if s.filesBytes() >= flushBytes {
		return 0
	}
	if s.index.logRows < rows {
		return -1
	}
	since := time.Since(s.flushed)
	if s.opt.FlushRows != 0 || s.index.logRows >= flushMany || since >= flushFast {
		return 0
	}
	return flushFast - since
}

// filesBytes is the size of the log. The caller holds mu.
func (s *Store) filesBytes() (n int64) {
	for _, l := range s.files {
		n += l.end
	}
	return n
}

// farAhead reports whether the log is so far ahead of the flushes that an append
// waits.
func (s *Store) farAhead() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	rows := flushAhead * s.opt.FlushRows
	if rows == 0 {
		rows = manyAhead * flushMany
	}
	return s.index.logRows >= rows || s.filesBytes() >= flushAhead*flushBytes
}

// wake tells the background work that something may be due.
func (s *Store) wake() {
	if s.back.due == nil {
		return
	}
	select {
	case s.back.due <- struct{}{}:
	default:
	}
}

// wait holds an append back while the log is far ahead of the flushes. When
// they fail the append goes on: the log takes it as long as there is space.
func (s *Store) wait(ctx context.Context) error {
	b := &s.back
	if b.ended == nil || !s.farAhead() {
		return nil
	}
	stop := context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.ended.Broadcast()
	})
	defer stop()
	s.wake()
	b.mu.Lock()
	defer b.mu.Unlock()
	for ctx.Err() == nil && b.ctx.Err() == nil && b.err == nil && s.farAhead() {
		b.ended.Wait()
		s.wake()
	}
	return ctx.Err()
}

// Background returns the error of the last flush or merge in the background,
// nil when it went well.
func (s *Store) Background() error {
	if s.back.ended == nil {
		return nil
	}
	s.back.mu.Lock()
	defer s.back.mu.Unlock()
	if s.back.err != nil {
		return fmt.Errorf("move the log into segments: %w", s.back.err)
	}
	return nil
}
