package pool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"
)

// Left is a copy that could not be deleted yet.
type Left struct {
	Volume string `json:"volume"`
	Name   string `json:"name"`
	// Until is when the storage allows it; 0 = when the volume is back.
	Until  int64  `json:"until,omitempty"` // Unix ns
	Since  int64  `json:"since,omitempty"` // when the deletion was ordered
	Reason string `json:"reason,omitempty"`
}

// LeftError: an object is deleted, but copies of it are still there. They are
// deleted by CatchUp as soon as that is possible, and are in no answer any more.
type LeftError struct {
	Name string
	Left []Left
}

func (e *LeftError) Error() string {
	l := make([]string, len(e.Left))
	for i, x := range e.Left {
		l[i] = "volume " + x.Volume
		if x.Until != 0 {
			l[i] += " until " + time.Unix(0, x.Until).UTC().Format(time.RFC3339)
		} else {
			l[i] += ": " + x.Reason
		}
	}
	return fmt.Sprintf("%s is deleted, but copies stay for now: %s", e.Name, strings.Join(l, "; "))
}

// Delete deletes an object on all volumes. That it is deleted is written down
// first, so it is in no answer any more, whatever becomes of the copies; those that
// cannot be deleted now give a *LeftError. Whether it may be deleted at all is for
// the caller to know.
func (p *Pool) Delete(ctx context.Context, name string) error {
	if err := p.init(ctx); err != nil {
		return err
	}
	if o := p.snapshot(name); o == nil || o.deleted != 0 {
		return fmt.Errorf("delete object %s: %w", name, fs.ErrNotExist)
	}
	if err := p.note(ctx, fact{Op: opDeleted, Name: name, Time: p.opt.Now().UnixNano()}); err != nil {
		return fmt.Errorf("delete object %s: %w", name, err)
	}
	left, err := p.payDeletions(ctx, p.snapshot(name))
	if err != nil {
		return fmt.Errorf("delete object %s: %w", name, err)
	}
	if len(left) > 0 {
		return &LeftError{name, left}
	}
	return nil
}

// Left lists the copies of deleted objects that are still there, by name.
func (p *Pool) Left() ([]Left, error) {
	if err := p.look(true); err != nil {
		return nil, err
	}
	now := p.opt.Now().UnixNano()
	p.mu.Lock()
	defer p.mu.Unlock()
	l := []Left{}
	for _, name := range slices.Sorted(maps.Keys(p.copies.objects)) {
		o := p.copies.objects[name]
		for i := range o.copies {
			if c := &o.copies[i]; c.is == owed {
				l = append(l, p.leftOf(o, c, now))
			}
		}
	}
	return l, nil
}

// leftOf describes a copy that is to be deleted. The caller holds mu.
func (p *Pool) leftOf(o *object, c *copyOf, now int64) Left {
	x := Left{Volume: c.volume, Name: o.name, Since: o.deleted, Until: c.Until}
	if v := p.cfg.volume(c.volume); v != nil {
		x.Volume = v.Name
	}
	if x.Until <= now {
		x.Until = 0
	}
	return x
}

// payDeletions deletes the copies of an object that are to be deleted.
func (p *Pool) payDeletions(ctx context.Context, o *object) (left []Left, err error) {
	if o == nil {
		return nil, nil
	}
	var facts []fact
	for i := range o.copies {
		c := &o.copies[i]
		if c.is != owed {
			continue
		}
		why := p.deleteCopy(ctx, o.name, c)
		if ctx.Err() != nil {
			return left, errors.Join(ctx.Err(), p.note(context.WithoutCancel(ctx), facts...))
		}
		if why == nil {
			facts = append(facts, fact{Op: opGone, Name: o.name, Volume: c.volume})
			continue
		}
		x := Left{Volume: p.nameOf(c.volume), Name: o.name, Since: o.deleted, Reason: why.Error()}
		var locked *lockedError
		if errors.As(why, &locked) {
			x.Until = locked.until
		}
		left = append(left, x)
	}
	return left, p.note(ctx, facts...)
}

// deleteCopy deletes a copy, if the volume is there and ours.
func (p *Pool) deleteCopy(ctx context.Context, name string, c *copyOf) error {
	v := p.vol(c.volume)
	switch {
	case v == nil:
		return ErrAway
	case v.Foreign || v.State == ReadOnly:
		return errors.New("the volume is only read")
	case v.State == Lost:
		return errors.New("the volume is lost")
	}
	if err := p.quickCheck(ctx, v); err != nil {
		return err
	}
	if err := v.claim(ctx, false); err != nil {
		return err
	}
	return v.d.Delete(ctx, c.stored(name), c.place)
}
