package trail

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// How entries that come again and again are merged.
const (
	mergeFor  = time.Minute
	maxMerges = 1000
)

// merge is an entry that came again since it was written.
type merge struct {
	n    int64
	last time.Time
}

// NoteMerged notes an entry the first time, and what comes again within a minute as
// one entry with its count and the time of the last: nobody fills the trail by failing
// to log in.
func (l *Log) NoteMerged(ctx context.Context, e Entry) error {
	now := l.opt.Now()
	e.Time, e.Count = time.Time{}, 0
	key := e
	l.mu.Lock()
	if m := l.merged[key]; m != nil {
		m.n++
		m.last = now
		l.mu.Unlock()
		return nil
	}
	full := len(l.merged) >= maxMerges
	if !full && !l.closed {
		l.merged[key] = &merge{}
		time.AfterFunc(mergeFor, func() {
			if err := l.unmerge(context.WithoutCancel(ctx), key); err != nil {
				l.opt.Log.Error("note in the trail", slog.Any("error", err))
			}
		})
	}
	l.mu.Unlock()
	e.Time = now
	return l.Note(ctx, e)
}

// unmerge writes what came again.
func (l *Log) unmerge(ctx context.Context, e Entry) error {
	l.mu.Lock()
	m := l.merged[e]
	delete(l.merged, e)
	closed := l.closed
	l.mu.Unlock()
	if m == nil || m.n == 0 || closed {
		return nil
	}
	e.Time, e.Count = m.last, m.n
	return l.Note(ctx, e)
}

// flush writes everything that came again.
func (l *Log) flush(ctx context.Context) error {
	l.mu.Lock()
	var all []Entry
	for e := range l.merged {
		all = append(all, e)
	}
	l.mu.Unlock()
	var errs []error
	for _, e := range all {
		errs = append(errs, l.unmerge(ctx, e))
	}
	return errors.Join(errs...)
}
