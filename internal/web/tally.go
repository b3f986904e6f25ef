package web

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/query"
)

// Counts take longer than rows: they look at everything that a search finds. So
// they are worked out beside the page, once for all parts of it that show them,
// and a page that they would hold up asks for them again by itself. Those that
// nobody waits for any more, because a reader went on, end.
const (
	tallyWait  = 180 * time.Millisecond // how long a page waits for its counts
	tallyLimit = 150 * time.Second      // how long counting may go on: a search that took too long, and the store alone
	tallyFresh = time.Second            // how long counts of a growing folder are good enough
	tallyKept  = 64
	tallyGrace = 5 * time.Second // how long counts go on that nobody waits for
)

// tallies are the counts that were asked for last.
type tallies struct {
	mu sync.Mutex
	l  []*tally // used last first; guarded by mu
}

// tally is one answer. Its fields are read when done is closed.
type tally struct {
	key     string
	records int64 // of the folder when it was asked for
	at      time.Time
	done    chan struct{}
	value   any
	err     error
	far     advance // told while it runs

	mu      sync.Mutex
	waiting int         // who waits for it; guarded by mu
	dropped bool        // nobody waited, it ends; guarded by mu
	idle    *time.Timer // ends it when nobody has waited for a while
}

// take reports whether an asker can still wait for it, and leaves time to begin.
func (t *tally) take() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.dropped && t.waiting == 0 && !t.ended() {
		t.idle.Reset(tallyGrace)
	}
	return !t.dropped
}

// join counts somebody who waits; the result ends that.
func (t *tally) join() (leave func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting++
	t.idle.Stop()
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.waiting--; t.waiting == 0 {
			t.idle.Reset(tallyGrace)
		}
	}
}

// wait returns whether the tally was ready within d; 0 waits for its end.
func (t *tally) wait(ctx context.Context, d time.Duration) (bool, error) {
	defer t.join()()
	var late <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-t.done:
		return true, t.err
	case <-late:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// abandon ends the tally at once unless somebody waits for it.
func (t *tally) abandon() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiting == 0 && !t.ended() {
		t.idle.Reset(0)
	}
}

// tally returns the answer to a question about the records, which work finds
// when it is not known yet. What one visitor may see another may not: visitors
// with different scopes never share an answer.
func (s *site) tally(rq *request, question string, work func(context.Context) (any, error)) *tally {
	key := tallyKey(rq, question)
	c := &s.tallies
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.IndexFunc(c.l, func(t *tally) bool { return t.key == key }); i >= 0 {
		t := c.l[i]
		c.l = slices.Delete(c.l, i, i+1)
		if !t.ended() && t.take() || t.good(rq) {
			c.l = slices.Insert(c.l, 0, t)
			return t
		}
	}
	t := &tally{key: key, records: rq.status.Records, at: rq.now, done: make(chan struct{})}
	c.l = slices.Insert(c.l, 0, t)
	c.l = c.l[:min(len(c.l), tallyKept)]
	ctx, cancel := context.WithTimeout(context.WithoutCancel(rq.r.Context()), tallyLimit)
	ctx = withAdvance(ctx, &t.far)
	t.idle = time.AfterFunc(tallyGrace, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.waiting == 0 {
			t.dropped = true
			cancel()
		}
	})
	go func() {
		defer close(t.done)
		defer cancel()
		defer t.idle.Stop()
		defer func() {
			if p := recover(); p != nil { // a fault in counting must not end the server
				t.err = fmt.Errorf("count %s: %v", question, p)
			}
		}()
		t.value, t.err = work(ctx)
	}()
	return t
}

// tallyKey is a question with what of the visitor its answer hangs on.
func tallyKey(rq *request, question string) string {
	rights := account.Right(0)
	if rq.who != nil {
		rights = rq.who.Rights
	}
	return fmt.Sprintf("%s\x00%d\x00%s", scopeKey(rq.who), rights, question)
}

// good reports whether the answer is there and holds still.
func (t *tally) good(rq *request) bool {
	return t.ended() && t.err == nil && (t.records == rq.status.Records || rq.now.Sub(t.at) < tallyFresh)
}

// known is the tally of a question when its answer is there already, else nil.
func (s *site) known(rq *request, question string) *tally {
	key := tallyKey(rq, question)
	c := &s.tallies
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.IndexFunc(c.l, func(t *tally) bool { return t.key == key }); i >= 0 && c.l[i].good(rq) {
		return c.l[i]
	}
	return nil
}

// ended reports whether the answer is there.
func (t *tally) ended() bool {
	select {
	case <-t.done:
		return true
	default:
		return false
	}
}

// facets is a tally of one question to the source.
func (s *site) facets(rq *request, q query.Query) *tally {
	q.Cursor, q.Limit = "", 0
	question := fmt.Sprintf("facets %d %d %+v %s", q.Lists, q.Top, q.Lives, q.Text(time.UTC))
	return s.tally(rq, question, func(ctx context.Context) (any, error) { return s.cfg.Source.Facets(ctx, q) })
}
