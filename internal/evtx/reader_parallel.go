package evtx

import (
	"context"
	"fmt"
	"sync"

	"github.com/akashi-audit/akashi/internal/event"
)

// batch is one chunk decoded by a worker; its slices are reused.
type batch struct {
	recs   []Record
	events []event.Event
	values []event.Value
	res    chunkResult
	err    error
	done   chan struct{}
}

func (b *batch) keep(r *Record) error {
	at := len(b.values)
	b.values = append(b.values, r.Event.Values...)
	b.events = append(b.events, *r.Event)
	b.events[len(b.events)-1].Values = b.values[at:len(b.values):len(b.values)]
	b.recs = append(b.recs, *r)
	return nil
}

// parallel decodes chunks in r.opt.Workers goroutines and yields them in order
// from the caller's goroutine. At most two chunks a worker are in flight.
func (r *Reader) parallel(ctx context.Context, list []chunkInfo, fn func(*Record) error, t *tally) error {
	workers := min(r.opt.Workers, len(list), 64)
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()

	ring := make([]*batch, 2*workers)
	for i := range ring {
		ring[i] = &batch{done: make(chan struct{}, 1)}
	}
	tasks := make(chan int, len(ring))
	for range workers {
		s := r.newScanner(nil)
		s.d.copied = true
		wg.Go(func() { r.work(ctx, s, list, ring, tasks) })
	}
	defer close(tasks)
	sent := 0
	for i := range list {
		for ; sent < len(list) && sent < i+len(ring); sent++ {
			tasks <- sent // never blocks: the channel holds the ring
		}
		b := ring[i%len(ring)]
		select {
		case <-b.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		for j := range b.recs {
			b.recs[j].Event = &b.events[j]
			if err := fn(&b.recs[j]); err != nil {
				t.add(b.res)
				return err
			}
		}
		t.add(b.res)
		if b.err != nil {
			return b.err
		}
	}
	return nil
}

// work decodes the chunks whose numbers come through tasks.
func (r *Reader) work(ctx context.Context, s *scanner, list []chunkInfo, ring []*batch, tasks <-chan int) {
	buf := make([]byte, chunkSize)
	for i := range tasks {
		if ctx.Err() != nil {
			continue
		}
		b := ring[i%len(ring)]
		b.recs, b.events, b.values, b.err = b.recs[:0], b.events[:0], b.values[:0], nil
		ci := list[i]
		b.res = chunkResult{info: ci, head: -1, tail: -1}
		if !ci.zero {
			n, err := readAt(r.r, buf[:ci.size], ci.off)
			if err != nil {
				b.err = fmt.Errorf("read chunk at %d: %w", ci.off, err)
			} else {
				clear(buf[n:])
				ci.size = min(ci.size, n)
				s.emit = b.keep
				_ = s.scan(ci, buf) // keep never fails
				b.res = s.res
			}
		}
		b.done <- struct{}{}
	}
}
