package pool

import (
	"context"
	"maps"
	"slices"
)

// Rescan lists a volume and takes over what nobody remembers, and writes down what
// is not there. It reads no bytes of objects. which is a volume's name or id.
func (p *Pool) Rescan(ctx context.Context, which string, progress Progress) (*Work, error) {
	if err := p.look(true); err != nil {
		return nil, err
	}
	cfg := p.Config()
	x, err := cfg.Find(which)
	if err != nil {
		return nil, err
	}
	v := p.vol(x.ID)
	if v == nil {
		return nil, &VolumeError{x.Name, ErrAway}
	}
	w := newWork()
	return w, p.rescan(ctx, v, w, progress)
}

func (p *Pool) rescan(ctx context.Context, v *volume, w *Work, progress Progress) error {
	if err := p.quickCheck(ctx, v); err != nil {
		return err
	}
	began := p.opt.Now().UnixNano()
	seen := map[string][]found{}
	err := v.d.List(ctx, func(f found) error {
		if name, _, ok := parseStored(f.Name); ok {
			seen[name] = append(seen[name], f)
			progress.tell(int64(len(seen)), 0, v.Name)
		}
		return nil
	})
	if err != nil {
		return &VolumeError{v.Name, err}
	}
	p.mu.Lock()
	var facts []fact
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		l := p.compare(v.ID, name, seen[name])
		if len(l) > 0 && l[0].Op == opHas {
			w.Found++
		}
		facts = append(facts, l...)
	}
	for name, o := range p.copies.objects {
		c := o.copyOn(v.ID)
		if c == nil || seen[name] != nil || o.time >= began { // what was written meanwhile may not be in the listing
			continue
		}
		switch c.is {
		case owed:
			facts = append(facts, fact{Op: opGone, Name: name, Volume: v.ID})
		case good, bad:
			facts = append(facts, fact{Op: opMissing, Name: name, Volume: v.ID})
		}
	}
	p.mu.Unlock()
	return p.note(ctx, facts...)
}

// compare is what a listing tells of an object that is not remembered. The caller
// holds mu.
func (p *Pool) compare(volume, name string, l []found) []fact {
	o := p.copies.objects[name]
	var c *copyOf
	if o != nil {
		c = o.copyOn(volume)
	}
	at := len(l) - 1
	if c != nil {
		for i := range l {
			if l[i].Name == c.stored(name) && l[i].Version == c.Version {
				at = i
				if c.is == good && c.bytes != l[i].Size {
					return []fact{{Op: opBad, Name: name, Volume: volume}}
				}
				if c.is != missing {
					return nil
				}
			}
		}
	}
	f := &l[at]
	_, cipher, _ := parseStored(f.Name)
	facts := []fact{{Op: opHas, Name: name, Volume: volume, Bytes: f.Size, Cipher: cipher, Version: f.Version, Until: f.Until, Time: f.Time}}
	if o != nil && o.deleted != 0 { // it must not come back
		facts = append(facts, fact{Op: opDeleted, Name: name, Time: o.deleted})
	}
	return facts
}

// comeBack notes whether a volume is there, and looks through it when it was away.
func (p *Pool) comeBack(ctx context.Context, v *volume, all bool, w *Work, progress Progress) error {
	if err := p.quickCheck(ctx, v); err != nil {
		p.away(ctx, v, err)
		return err
	}
	if v.Away == 0 && !all {
		return nil
	}
	if err := p.rescan(ctx, v, w, progress); err != nil {
		return err
	}
	if v.Away == 0 {
		return nil
	}
	return p.configure(ctx, func(c *Config) error {
		if x := c.volume(v.ID); x != nil {
			x.Away = 0
		}
		return nil
	})
}
