package pool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// Ready tells whether an object may be deleted for good: as many good copies as wanted
// are there, on volumes that answer and that are ours to write to. until (Unix ns) is
// when its storage lets it go, 0 = now. With read every copy is read and must have its
// hash. The error says what is missing or not right.
func (p *Pool) Ready(ctx context.Context, name string, read bool) (until int64, err error) {
	if err := p.look(false); err != nil {
		return 0, err
	}
	o := p.snapshot(name)
	if o == nil || o.deleted != 0 {
		return 0, fmt.Errorf("object %s: %w", name, fs.ErrNotExist)
	}
	p.mu.Lock()
	n, _ := p.count(o)
	want := p.wantedOf(name)
	p.mu.Unlock()
	if n < want {
		return 0, fmt.Errorf("%s has %d good copies of %d", name, n, want)
	}
	now := p.opt.Now().UnixNano()
	for i := range o.copies {
		c := &o.copies[i]
		v := p.vol(c.volume)
		switch {
		case v == nil:
			return 0, &VolumeError{p.nameOf(c.volume), ErrAway}
		case v.State == Lost: // nothing there counts, nothing there comes back unasked
			continue
		case v.Foreign || v.State == ReadOnly:
			return 0, &VolumeError{v.Name, errors.New("the volume is only read")}
		case c.is != good:
			return 0, &VolumeError{v.Name, fmt.Errorf("its copy of %s is damaged or missing", name)}
		}
		if until = max(until, c.Until); until > now {
			continue
		}
		if err := p.quickCheck(ctx, v); err != nil {
			return 0, err
		}
		if read {
			if err := p.readCopy(ctx, v, o, c); err != nil {
				return 0, err
			}
		}
	}
	if until <= now {
		until = 0
	}
	return until, nil
}

// readCopy reads a copy whole, and writes down when it is not right.
func (p *Pool) readCopy(ctx context.Context, v *volume, o *object, c *copyOf) error {
	r, err := v.d.Open(ctx, c.stored(o.name), c.place)
	if err == nil {
		err = errors.Join(checkCopy(ctx, r, c.stored(o.name), nil), r.Close())
	}
	if err != nil {
		p.suspect(ctx, o.name, c, err)
		return &VolumeError{v.Name, err}
	}
	return nil
}
