package pool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
)

// moveOff makes sure that a copy is not needed where it is, by a copy on another
// volume of at least that class, and deletes it. Without room nothing changes.
func (p *Pool) moveOff(ctx context.Context, o *object, from *volume, class int, w *Work) error {
	c := o.copyOn(from.ID)
	if c == nil || c.is != good {
		return nil
	}
	have := slices.DeleteFunc(p.counted(o.name), func(id string) bool { return id == from.ID })
	if want := p.Config().Copies; len(have) < want {
		src, err := p.goodCopy(ctx, o)
		if err != nil {
			return err
		}
		defer src.Close()
		queue, err := p.candidates(ctx, o.name, src.Size(), append(slices.Clone(have), from.ID), class)
		if len(queue) == 0 {
			return errors.Join(ErrFull, err)
		}
		n, err := p.spreadTo(ctx, queue, stored{o.name, src.cipher, src, src.Size()}, len(have), want-len(have))
		w.Copied += int64(n)
		w.Bytes += int64(n) * src.Size()
		if n < want-len(have) {
			return err
		}
	} else if err := p.sure(ctx, o, have, want); err != nil {
		return err
	}
	err := p.deleteCopy(ctx, o.name, c)
	var locked *lockedError
	if errors.As(err, &locked) {
		w.Left = append(w.Left, Left{Volume: from.Name, Name: o.name, Until: locked.until, Reason: err.Error()})
		return nil
	}
	if err != nil {
		return &VolumeError{from.Name, err}
	}
	w.Removed++
	return p.note(ctx, fact{Op: opGone, Name: o.name, Volume: from.ID})
}

// sure reads copies whole before another one is deleted.
func (p *Pool) sure(ctx context.Context, o *object, on []string, want int) error {
	n := 0
	for _, id := range on {
		c, v := o.copyOn(id), p.vol(id)
		if c == nil || v == nil || p.quickCheck(ctx, v) != nil {
			continue
		}
		r, err := v.d.Open(ctx, c.stored(o.name), c.place)
		if err == nil {
			err = errors.Join(checkCopy(ctx, r, c.stored(o.name), nil), r.Close())
		}
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			p.suspect(ctx, o.name, c, err)
			continue
		}
		n++
	}
	if n < want {
		return fmt.Errorf("%s: %d of %d other copies can be read", o.name, n, want)
	}
	return nil
}

// onVolume are the names of the objects with a good copy on a volume.
func (p *Pool) onVolume(id string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var l []string
	for _, name := range p.copies.list() {
		if c := p.copies.objects[name].copyOn(id); c != nil && c.is == good {
			l = append(l, name)
		}
	}
	return l
}

// Drain moves everything off a volume. New objects do not go there any more. It can
// be stopped and called again; the volume can be removed when it is empty.
func (p *Pool) Drain(ctx context.Context, which string, progress Progress) (*Work, error) {
	id, err := p.StartDrain(ctx, which)
	if err != nil {
		return nil, err
	}
	return p.drain(ctx, id, progress)
}

// StartDrain only says that a volume is to be drained; Background does it. It tells
// the volume's id.
func (p *Pool) StartDrain(ctx context.Context, which string) (id string, err error) {
	if err := p.init(ctx); err != nil {
		return "", err
	}
	err = p.configure(ctx, func(c *Config) error {
		v, err := c.Find(which)
		if err != nil {
			return err
		}
		if v.Foreign || v.State == Lost {
			return &VolumeError{v.Name, errors.New("what is on it is not the pool's: remove it")}
		}
		if !writable(c, v.ID) {
			return ErrLast
		}
		id, v.State = v.ID, Draining
		return nil
	})
	return id, err
}

// writable tells whether there is an active volume beside this one.
func writable(c *Config, but string) bool {
	return slices.ContainsFunc(c.Volumes, func(v Volume) bool { return v.ID != but && v.State == Active && !v.Foreign })
}

func (p *Pool) drain(ctx context.Context, id string, progress Progress) (*Work, error) {
	w := newWork()
	v := p.vol(id)
	if v == nil {
		return w, ErrAway
	}
	names := p.onVolume(id)
	for i, name := range names {
		progress.tell(int64(i), int64(len(names)), name)
		if err := ctx.Err(); err != nil {
			return w, err
		}
		o := p.snapshot(name)
		if o == nil {
			continue
		}
		if err := p.moveOff(ctx, o, v, Fastest, w); err != nil {
			if ctx.Err() != nil {
				return w, ctx.Err()
			}
			w.Short++
			w.fail(err)
		}
	}
	return w, nil
}

// MarkLost gives a volume up: nothing that lies there counts any more. What has too
// few copies then is made again by CatchUp.
func (p *Pool) MarkLost(ctx context.Context, which string) error {
	if err := p.init(ctx); err != nil {
		return err
	}
	return p.configure(ctx, func(c *Config) error {
		v, err := c.Find(which)
		if err != nil {
			return err
		}
		if !writable(c, v.ID) && !v.Foreign {
			return ErrLast
		}
		v.State = Lost
		return nil
	})
}

// Remove takes a volume out of the pool. What lies there stays there. It is refused
// unless there are enough copies elsewhere, which are read whole before.
func (p *Pool) Remove(ctx context.Context, which string, progress Progress) error {
	if err := p.init(ctx); err != nil {
		return err
	}
	cfg := p.Config()
	x, err := cfg.Find(which)
	if err != nil {
		return err
	}
	v := p.vol(x.ID)
	if err := p.dispensable(ctx, x, progress); err != nil {
		return err
	}
	err = p.change(ctx, func() error {
		x := p.cfg.volume(x.ID)
		if x == nil {
			return ErrUnknown
		}
		if !x.Foreign {
			if !writable(p.cfg, x.ID) {
				return ErrLast
			}
			if p.needed(x) { // it was written to meanwhile
				return &VolumeError{x.Name, ErrHeld}
			}
		}
		if err := p.copies.append([]fact{{Op: opForget, Volume: x.ID}}); err != nil {
			return err
		}
		return p.configureLocked(func(c *Config) error {
			c.Volumes = slices.DeleteFunc(c.Volumes, func(y Volume) bool { return y.ID == x.ID })
			return nil
		})
	})
	if err != nil || v == nil || x.Foreign {
		return err
	}
	// A volume that is there is told that nobody writes to it any more.
	if l, err := readLabel(ctx, v.d); err == nil && l != nil && l.ID == x.ID && l.Pool == cfg.ID {
		l.Pool, l.Data = "", ""
		if err := errors.Join(v.release(ctx), writeLabel(ctx, v.d, l)); err != nil {
			p.opt.Log.WarnContext(ctx, "a removed volume still says that it is ours", slog.String("volume", x.Name), slog.Any("err", err))
		}
	}
	return nil
}

// dispensable reads the copies on which a removal relies.
func (p *Pool) dispensable(ctx context.Context, v *Volume, progress Progress) error {
	if v.Foreign {
		return nil
	}
	p.mu.Lock()
	held := p.needed(v)
	names := slices.Clone(p.copies.list())
	p.mu.Unlock()
	if held {
		return &VolumeError{v.Name, ErrHeld}
	}
	want := p.Config().Copies
	if v.State == Lost {
		want = 1
	}
	for i, name := range names {
		progress.tell(int64(i), int64(len(names)), name)
		o := p.snapshot(name)
		if o == nil || o.copyOn(v.ID) == nil {
			continue
		}
		others := slices.DeleteFunc(p.counted(name), func(id string) bool { return id == v.ID })
		if err := p.sure(ctx, o, others, want); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return errors.Join(&VolumeError{v.Name, ErrHeld}, err)
		}
	}
	return nil
}

// needed tells whether an object would have too few copies, or none that anybody
// remembers, without this volume. The caller holds mu.
func (p *Pool) needed(v *Volume) bool {
	for _, o := range p.copies.objects {
		c := o.copyOn(v.ID)
		if c == nil || o.deleted != 0 {
			continue
		}
		n, _ := p.count(o)
		if c.is == good && (v.State == Active || v.State == ReadOnly) {
			n--
		}
		if n < p.cfg.Copies && (v.State != Lost || n < 1) {
			return true
		}
	}
	return false
}

// Replace moves everything from one volume to another, which is active. One that
// does not answer is marked as lost, and its copies are made from others.
func (p *Pool) Replace(ctx context.Context, which, with string, progress Progress) (*Work, error) {
	id, lost, err := p.StartReplace(ctx, which, with)
	if err != nil {
		return nil, err
	}
	if lost {
		return p.CatchUp(ctx, progress)
	}
	return p.drain(ctx, id, progress)
}

// StartReplace only says so; Background does it. It tells the id of the volume that
// is replaced and whether it was given up.
func (p *Pool) StartReplace(ctx context.Context, which, with string) (id string, lost bool, err error) {
	if err := p.init(ctx); err != nil {
		return "", false, err
	}
	cfg := p.Config()
	old, err := cfg.Find(which)
	if err != nil {
		return "", false, err
	}
	to, err := cfg.Find(with)
	if err != nil {
		return "", false, err
	}
	if old.ID == to.ID || to.State != Active || to.Foreign {
		return "", false, &VolumeError{to.Name, errors.New("it cannot take the place of another volume")}
	}
	v := p.vol(old.ID)
	lost = old.State == Lost || v == nil || p.quickCheck(ctx, v) != nil
	if lost {
		err = p.MarkLost(ctx, which)
	} else {
		_, err = p.StartDrain(ctx, which)
	}
	if err != nil {
		return "", false, err
	}
	return old.ID, lost, p.configure(ctx, func(c *Config) error {
		if x := c.volume(to.ID); x != nil {
			x.For = old.ID
		}
		return nil
	})
}

// inPlaceOf are the volumes that take the place of one which has, or had, a copy.
func (p *Pool) inPlaceOf(name string) map[string]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[string]bool{}
	o := p.copies.objects[name]
	if o == nil {
		return out
	}
	for i := range p.cfg.Volumes {
		if v := &p.cfg.Volumes[i]; v.For != "" && o.copyOn(v.For) != nil {
			out[v.ID] = true
		}
	}
	return out
}
