package pool

import (
	"context"
	"log/slog"
	"time"

	"github.com/akashi-audit/akashi/internal/pace"
)

// Ask asks the process that cares for the pool to look through everything now.
func (p *Pool) Ask(ctx context.Context) error {
	if err := p.init(ctx); err != nil {
		return err
	}
	return p.configure(ctx, func(c *Config) error {
		c.Asked = p.opt.Now().UnixNano()
		return nil
	})
}

// Background does what is owed, moves what is to be moved, and checks volumes that
// were not checked for long: every so often, and soon after somebody changed the
// pool. After each round it calls after. It ends with the context.
func (p *Pool) Background(ctx context.Context, every, soon time.Duration, after func(*Work)) {
	asked := p.Config().Asked
	for {
		cfg := p.Config()
		w, more, err := p.round(ctx, cfg.Asked > asked)
		if ctx.Err() != nil {
			return
		}
		asked = cfg.Asked
		if err != nil {
			p.opt.Log.WarnContext(ctx, "care for the pool", slog.Any("err", err))
		}
		if w != nil {
			after(w)
		}
		if more && err == nil {
			continue
		}
		done := p.Config().Generation
		for waited := time.Duration(0); waited < every; waited += soon {
			if pace.Pause(ctx, soon) != nil {
				return
			}
			if err := p.look(true); err == nil && p.Config().Generation != done {
				break
			}
		}
	}
}

// scrubEvery is how old the check of a volume may be; scrubSlice is how long a check
// goes on before what else is to be done has its turn.
const (
	scrubEvery = 30 * day
	scrubSlice = 5 * time.Minute
)

// round does everything once. It tells whether a check is to be gone on with.
func (p *Pool) round(ctx context.Context, all bool) (w *Work, more bool, err error) {
	if w, err = p.care(ctx, all, nil); err != nil {
		return w, false, err
	}
	w.add(p.tier(ctx, nil))
	cfg := p.Config()
	for i := range cfg.Volumes {
		v := &cfg.Volumes[i]
		if v.State == Draining {
			d, err := p.drain(ctx, v.ID, nil)
			if w.add(d); err != nil {
				return w, false, err
			}
		}
		last := time.Unix(0, max(v.Scrub.Ended, v.Added))
		if v.State == Lost || v.Away != 0 || v.Scrub.Cursor == "" && p.opt.Now().Sub(last) < scrubEvery {
			continue
		}
		r, err := p.Scrub(ctx, ScrubOptions{Volume: v.ID, Rate: cfg.Rate, For: scrubSlice})
		if err != nil {
			return w, false, err
		}
		more = more || r.Objects > 0
	}
	return w, more, p.noteReads(ctx)
}
