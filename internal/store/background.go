package store

import (
	"context"
	"fmt"
	"sync"
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
		for {
			select {
			case <-b.ctx.Done():
				return
			case <-b.due:
			}
			err := s.round(b.ctx)
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
	if s.flushDue(1) {
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
		if s.flushDue(1) {
			s.wake()
			return nil
		}
	}
}

// flushDue reports whether the log holds enough for so many flushes.
func (s *Store) flushDue(times int) bool {
	rows := s.opt.FlushRows
	if rows == 0 {
		rows = flushRows
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var bytes int64
	for _, l := range s.files {
		bytes += l.end
	}
	return s.index.logRows >= times*rows || bytes >= int64(times)*flushBytes
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
	if b.ended == nil || !s.flushDue(flushAhead) {
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
	for ctx.Err() == nil && b.ctx.Err() == nil && b.err == nil && s.flushDue(flushAhead) {
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
