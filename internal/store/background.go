package store

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/segment"
)

// background flushes and merges while the store is used, each in a goroutine of its
// own: a merge of a month takes its time, and the log goes on filling.
type background struct {
	ctx      context.Context
	quit     context.CancelFunc
	due      chan struct{} // capacity 1: the log may be due
	mergeDue chan struct{} // capacity 1: segments may be due
	done     sync.WaitGroup

	mu       sync.Mutex
	ended    *sync.Cond // on mu: a flush or merge has ended
	err      error      // of the last flush
	mergeErr error      // of the last merge
	merging  bool       // there is something to merge, or that is not known yet
}

// start begins the background work of a writing store.
func (s *Store) start() {
	b := &s.back
	b.ctx, b.quit = context.WithCancel(context.Background())
	b.due, b.mergeDue = make(chan struct{}, 1), make(chan struct{}, 1)
	b.ended = sync.NewCond(&b.mu)
	b.done.Go(s.flushes)
	b.done.Go(s.merges)
	wake(b.due)
	wake(b.mergeDue)
}

// flushes flushes whenever it is due.
func (s *Store) flushes() {
	b := &s.back
	var later <-chan time.Time // nil = never
	for {
		select {
		case <-b.ctx.Done():
			return
		case <-b.due:
		case <-later:
		}
		var err error
		if s.flushIn() == 0 {
			err = s.Flush(b.ctx)
		}
		wake(b.mergeDue)
		later = nil
		if d := s.flushIn(); d > 0 && err == nil {
			later = time.After(d)
		}
		b.end(&b.err, err)
		if s.flushIn() == 0 && err == nil { // as much came meanwhile
			wake(b.due)
		}
	}
}

// merges merges until nothing is worth it, whenever there may be something.
func (s *Store) merges() {
	b := &s.back
	for {
		select {
		case <-b.ctx.Done():
			return
		case <-b.mergeDue:
		}
		for did := true; did && b.ctx.Err() == nil; {
			var err error
			did, err = s.mergeNext(b.ctx)
			did = did && err == nil
			b.mu.Lock()
			b.merging = did
			b.mu.Unlock()
			b.end(&b.mergeErr, err)
		}
	}
}

// mergeNext does one merge when one is worth it.
func (s *Store) mergeNext(ctx context.Context) (did bool, err error) {
	s.merging.Lock()
	defer s.merging.Unlock()
	if did, err = s.mergeOnce(ctx, worthwhile); err == nil && !did {
		did, err = s.mergePaths(ctx, false)
	}
	return did, err
}

// end notes how a flush or merge went, and tells who waits for it.
func (b *background) end(at *error, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	*at = err
	b.ended.Broadcast()
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

// behind reports whether merges are so far behind the flushes that an append waits,
// provided that there is something to merge.
func (s *Store) behind() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, sv := range s.index.servers {
		if len(sv.segments) < mergeLate {
			continue
		}
		months := make(map[segment.Month]bool)
		for _, r := range sv.segments {
			months[r.month] = true
		}
		if len(sv.segments)-len(months) >= mergeLate {
			return true
		}
	}
	return false
}

// wake tells the background work that something may be due.
func (s *Store) wake() { wake(s.back.due) }

// wake fills a channel of capacity 1; nil is left alone.
func wake(due chan struct{}) {
	select {
	case due <- struct{}{}:
	default:
	}
}

// wait holds an append back while the log is far ahead of the flushes, or they of the
// merges. When those fail the append goes on: the log takes it as long as there is
// space.
func (s *Store) wait(ctx context.Context) error {
	b := &s.back
	if b.ended == nil || !s.farAhead() && !s.behind() {
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
	for ctx.Err() == nil && b.ctx.Err() == nil && b.err == nil && (s.farAhead() || b.merging && b.mergeErr == nil && s.behind()) {
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
	if err := cmp.Or(s.back.err, s.back.mergeErr); err != nil {
		return fmt.Errorf("move the log into segments: %w", err)
	}
	return nil
}
