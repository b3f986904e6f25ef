package server

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/pace"
)

// gate shares the machine among searches, so that a long one starves nobody. Each
// begins in the quick lane. One that is not done after a slice of time leaves it
// and waits for a place among the long ones, of which few run at once and one of
// each visitor; these rest while quick ones run, but for a quantum now and then.
// A search that has no end in time is ended.
type gate struct {
	cfg   gateConfig
	quick chan struct{} // places of the quick lane
	long  chan struct{} // places among the long ones
	brief atomic.Int32  // quick ones that run

	mu   sync.Mutex // guards who
	who  map[string]*lane
	ends error // cause of a search that took too long
}

// gateConfig is the measures of a gate.
type gateConfig struct {
	quick, long   int           // places
	quickOf       int           // places of the quick lane for one visitor
	slice         time.Duration // in the quick lane
	rest, quantum time.Duration // of a long one while quick ones run: so long it waits, and then works
	most          time.Duration // for a whole search
	waiting       time.Duration // between looks at the quick lane
}

// defaultGate fits the machine.
func defaultGate() gateConfig {
	n := runtime.GOMAXPROCS(0)
	return gateConfig{
		quick: 2 * n, long: max(1, n/2), quickOf: max(2, n), slice: 200 * time.Millisecond, rest: 40 * time.Millisecond, quantum: 10 * time.Millisecond,
		most: 2 * time.Minute, waiting: 2 * time.Millisecond,
	}
}

// lane is the places of one visitor.
type lane struct {
	quick, long chan struct{}
	users       int // searches that hold the lane; guarded by gate.mu
}

func newGate(cfg gateConfig) *gate {
	return &gate{
		cfg: cfg, quick: make(chan struct{}, cfg.quick), long: make(chan struct{}, cfg.long), who: make(map[string]*lane),
		ends: fmt.Errorf("%w: more than %v", pace.ErrTooLong, cfg.most),
	}
}

// visitorKey tells visitors apart; the tokens of a person are that person.
func visitorKey(ctx context.Context) string {
	if v := account.From(ctx); v != nil {
		return fmt.Sprint(v.ID, " ", v.Name)
	}
	return ""
}

func (g *gate) enter(key string) *lane {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.who[key]
	if l == nil {
		l = &lane{quick: make(chan struct{}, g.cfg.quickOf), long: make(chan struct{}, 1)}
		g.who[key] = l
	}
	l.users++
	return l
}

func (g *gate) leave(key string, l *lane) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if l.users--; l.users == 0 {
		delete(g.who, key)
	}
}

// take waits for places in both, the visitor's own first.
func take(ctx context.Context, own, all chan struct{}) error {
	select {
	case own <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case all <- struct{}{}:
		return nil
	case <-ctx.Done():
		<-own
		return ctx.Err()
	}
}

// run does a search of the visitor in ctx. Its errors are pace.ErrTooLong and
// pace.ErrBusy beside those of fn.
func (g *gate) run(ctx context.Context, fn func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, g.cfg.most, g.ends)
	defer cancel()
	key := visitorKey(ctx)
	l := g.enter(key)
	defer g.leave(key, l)
	if err := take(ctx, l.quick, g.quick); err != nil {
		return g.explain(ctx, err, true)
	}
	g.brief.Add(1)
	p := &pacer{g: g, lane: l, begun: time.Now()}
	defer p.release()
	err := fn(pace.With(ctx, p.yield))
	return g.explain(ctx, err, p.waits.Load())
}

// explain tells a search that was ended from one that failed.
func (g *gate) explain(ctx context.Context, err error, waited bool) error {
	if err == nil || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(context.Cause(ctx), pace.ErrTooLong) {
		return err
	}
	if waited {
		return fmt.Errorf("%w: %w", pace.ErrBusy, err)
	}
	return context.Cause(ctx)
}

// short does what is never long, and lets long searches rest meanwhile.
func (g *gate) short(fn func() error) error {
	g.brief.Add(1)
	defer g.brief.Add(-1)
	return fn()
}

// aside is the context of work that is no search and takes no place among them: it
// rests while quick ones run, but for a quantum now and then.
func (g *gate) aside(ctx context.Context) context.Context {
	p := &pacer{g: g, begun: time.Now(), gone: true}
	p.grown.Store(true)
	return pace.With(ctx, p.yield)
}

// pacer is one search on its way.
type pacer struct {
	g     *gate
	lane  *lane
	begun time.Time

	waits atomic.Bool  // waits for a place among the long ones
	grown atomic.Bool  // is a long one
	works atomic.Int64 // Unix ns until which a long one works without rest

	mu   sync.Mutex // held while it changes the lane
	gone bool       // holds no place; guarded by mu
}

// yield is called between the pieces of the search, by any of its goroutines.
func (p *pacer) yield(ctx context.Context) error {
	if !p.grown.Load() {
		if time.Since(p.begun) < p.g.cfg.slice {
			return nil
		}
		if err := p.grow(ctx); err != nil {
			return err
		}
	}
	if time.Now().UnixNano() < p.works.Load() {
		return nil
	}
	for end := time.Now().Add(p.g.cfg.rest); p.g.brief.Load() > 0 && time.Now().Before(end); {
		t := time.NewTimer(p.g.cfg.waiting)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
	}
	p.works.Store(time.Now().Add(p.g.cfg.quantum).UnixNano())
	return nil
}

// grow moves the search from the quick lane to the long ones.
func (p *pacer) grow(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.grown.Load() || p.gone {
		return ctx.Err()
	}
	p.g.brief.Add(-1)
	<-p.g.quick
	<-p.lane.quick
	p.gone = true
	p.waits.Store(true)
	if err := take(ctx, p.lane.long, p.g.long); err != nil {
		return err
	}
	p.waits.Store(false)
	p.gone = false
	p.grown.Store(true)
	return nil
}

// release gives the places back.
func (p *pacer) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.gone:
	case p.grown.Load():
		<-p.g.long
		<-p.lane.long
	default:
		p.g.brief.Add(-1)
		<-p.g.quick
		<-p.lane.quick
	}
	p.gone = true
}

// searched is run for what has a result.
func searched[T any](ctx context.Context, g *gate, fn func(context.Context) (T, error)) (out T, err error) {
	err = g.run(ctx, func(ctx context.Context) error {
		var err error
		out, err = fn(ctx)
		return err
	})
	return out, err
}
