package pool

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Tier moves what is old, and was not read for as long, to slower volumes, as the
// rules say.
func (p *Pool) Tier(ctx context.Context, progress Progress) (*Work, error) {
	if p.opt.ReadOnly {
		return nil, ErrReadOnly
	}
	if err := p.init(ctx); err != nil {
		return nil, err
	}
	if err := p.noteReads(ctx); err != nil {
		return nil, err
	}
	w := p.tier(ctx, progress)
	return w, ctx.Err()
}

func (p *Pool) tier(ctx context.Context, progress Progress) *Work {
	w := newWork()
	cfg := p.Config()
	if len(cfg.Rules) == 0 {
		return w
	}
	p.mu.Lock()
	names := slices.Clone(p.copies.list())
	p.mu.Unlock()
	for i, name := range names {
		progress.tell(int64(i), int64(len(names)), name)
		o := p.snapshot(name)
		if o == nil || ctx.Err() != nil {
			continue
		}
		class := p.classFor(o, cfg.Rules)
		for j := range o.copies {
			v := p.vol(o.copies[j].volume)
			if v == nil || v.State != Active || v.Foreign || v.Class >= class || o.copies[j].is != good {
				continue
			}
			if err := p.moveDown(ctx, p.snapshot(name), v, class, w); err != nil && ctx.Err() == nil {
				w.Short++
				w.fail(err)
			}
		}
	}
	return w
}

// moveDown moves a copy to a volume of at least this class.
func (p *Pool) moveDown(ctx context.Context, o *object, v *volume, class int, w *Work) error {
	if o == nil {
		return nil
	}
	return p.moveOff(ctx, o, v, class, w)
}

// classFor is how slow a volume may be for an object, by its age and last reading.
func (p *Pool) classFor(o *object, rules []Rule) int {
	since := max(dayOf(o), o.read)
	days := int((p.opt.Now().UnixNano() - since) / int64(day))
	class := Fastest
	for _, r := range rules {
		if days >= r.Days {
			class = max(class, r.Class)
		}
	}
	return class
}

// dayOf is when an object's age begins: the day that its name tells
// (server/2026-11-23/…), else when it came.
func dayOf(o *object) int64 {
	if l := strings.Split(o.name, "/"); len(l) == 3 {
		if t, err := time.Parse(time.DateOnly, l[1]); err == nil {
			return t.UnixNano()
		}
	}
	return o.time
}
