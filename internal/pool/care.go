package pool

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Progress is called while long work goes on. It may be nil.
type Progress func(done, all int64, what string)

func (f Progress) tell(done, all int64, what string) {
	if f != nil {
		f(done, all, what)
	}
}

// Work is what a piece of care did.
type Work struct {
	Copied  int64    `json:"copied"` // copies that were made
	Bytes   int64    `json:"bytes"`
	Aside   int64    `json:"aside"`   // damaged copies that were put aside
	Removed int64    `json:"removed"` // copies that were deleted
	Found   int64    `json:"found"`   // copies that nobody remembered
	Short   int64    `json:"short"`   // objects that still have fewer copies than wanted
	Gone    []string `json:"gone"`    // objects of which no good copy can be reached
	Left    []Left   `json:"left"`    // copies that could not be deleted
	Errors  []string `json:"errors"`  // why something was not done, each once
}

func newWork() *Work { return &Work{Gone: []string{}, Left: []Left{}, Errors: []string{}} }

// maxErrors bounds what a Work tells of errors.
const maxErrors = 20

func (w *Work) fail(err error) {
	if s := err.Error(); len(w.Errors) < maxErrors && !slices.Contains(w.Errors, s) {
		w.Errors = append(w.Errors, s)
	}
}

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

// CatchUp does what was owed: volumes that are back are looked through, copies that
// are missing or damaged are made from good ones, deletions are done. Heal is the
// same for everything, with a look through every volume.
func (p *Pool) CatchUp(ctx context.Context, progress Progress) (*Work, error) {
	return p.care(ctx, false, progress)
}

// Heal looks through every volume and makes all copies that are missing.
func (p *Pool) Heal(ctx context.Context, progress Progress) (*Work, error) {
	return p.care(ctx, true, progress)
}

func (p *Pool) care(ctx context.Context, all bool, progress Progress) (*Work, error) {
	if p.opt.ReadOnly {
		return nil, ErrReadOnly
	}
	if err := p.init(ctx); err != nil {
		return nil, err
	}
	w := newWork()
	for _, v := range p.byClass() {
		if v.State == Lost {
			continue
		}
		if err := p.comeBack(ctx, v, all, w, progress); err != nil {
			if ctx.Err() != nil {
				return w, ctx.Err()
			}
			w.fail(err)
		}
	}
	names := p.unwell()
	for i, name := range names {
		progress.tell(int64(i), int64(len(names)), name)
		if err := p.mend(ctx, name, w); err != nil {
			return w, err
		}
	}
	return w, p.change(ctx, p.copies.compact)
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

// unwell are the objects that something is to be done for, by name.
func (p *Pool) unwell() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var l []string
	for name, o := range p.copies.objects {
		if p.wants(o) {
			l = append(l, name)
		}
	}
	slices.Sort(l)
	return l
}

// wants tells whether an object needs care. The caller holds mu.
func (p *Pool) wants(o *object) bool {
	for i := range o.copies {
		if v := p.cfg.volume(o.copies[i].volume); v != nil && v.State != Lost && o.copies[i].is != good {
			return true
		}
	}
	if o.deleted != 0 {
		return false
	}
	n, foreign := p.count(o)
	return n < p.cfg.Copies && !(foreign && len(o.copies) == 1)
}

// count is how many good copies count, and whether a foreign volume has one. The
// caller holds mu.
func (p *Pool) count(o *object) (n int, foreign bool) {
	for i := range o.copies {
		v := p.cfg.volume(o.copies[i].volume)
		if v == nil || o.copies[i].is != good {
			continue
		}
		switch {
		case v.Foreign:
			foreign = true
		case v.State == Active || v.State == ReadOnly:
			n++
		}
	}
	return n, foreign
}

// mend brings an object to the wanted number of good copies. It fails only when
// going on makes no sense.
func (p *Pool) mend(ctx context.Context, name string, w *Work) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	o := p.snapshot(name)
	if o == nil {
		return nil
	}
	left, err := p.payDeletions(ctx, o)
	if err != nil {
		return err
	}
	w.Left = append(w.Left, left...)
	if o.deleted != 0 {
		w.Removed += int64(len(o.copies) - len(left))
		return nil
	}
	p.mu.Lock()
	want := p.cfg.Copies
	n, foreign := p.count(o)
	p.mu.Unlock()
	if n < want && !(foreign && len(o.copies) == 1) {
		if n, err = p.replenish(ctx, o, want, w); err != nil {
			return err
		}
	}
	if n > 0 || foreign {
		if err := p.tidy(ctx, p.snapshot(name), w); err != nil {
			return err
		}
	}
	if n < want && !foreign {
		w.Short++
	}
	return nil
}

// replenish makes copies from a good one and tells how many there are then.
func (p *Pool) replenish(ctx context.Context, o *object, want int, w *Work) (int, error) {
	from, err := p.goodCopy(ctx, o)
	if err != nil {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		w.Gone = append(w.Gone, o.name)
		w.fail(fmt.Errorf("%s: %w", o.name, err))
		return 0, nil
	}
	defer from.Close()
	if err := p.tidy(ctx, p.snapshot(o.name), w); err != nil {
		return 0, err
	}
	have := p.counted(o.name)
	n, err := p.spread(ctx, stored{o.name, from.cipher, from, from.Size()}, have, want-len(have))
	w.Copied += int64(n)
	w.Bytes += int64(n) * from.Size()
	if err != nil {
		if ctx.Err() != nil {
			return n, ctx.Err()
		}
		w.fail(err)
	}
	return len(have) + n, nil
}

// counted are the volumes whose copy counts.
func (p *Pool) counted(name string) (l []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.copies.objects[name]
	if o == nil {
		return nil
	}
	for i := range o.copies {
		v := p.cfg.volume(o.copies[i].volume)
		if v != nil && o.copies[i].is == good && !v.Foreign && (v.State == Active || v.State == ReadOnly) {
			l = append(l, v.ID)
		}
	}
	return l
}

// goodCopy opens a copy as it is stored, having read it whole. What was wrong with
// others is written down.
func (p *Pool) goodCopy(ctx context.Context, o *object) (*openCopy, error) {
	var errs error
	for _, c := range p.inOrder(o) {
		v := p.vol(c.volume)
		if err := p.quickCheck(ctx, v); err != nil {
			errs = errors.Join(errs, err)
			continue
		}
		r, err := v.d.Open(ctx, c.stored(o.name), c.place)
		if err == nil {
			if err = checkCopy(ctx, r, c.stored(o.name), nil); err == nil {
				return &openCopy{r, c}, nil
			}
			_ = r.Close() // it is not used
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		p.suspect(ctx, o.name, &c, err)
		errs = errors.Join(errs, &VolumeError{v.Name, err})
	}
	if errs == nil {
		errs = errors.New("all its volumes are lost")
	}
	return nil, hideMissing(errs)
}

// checkCopy reads a copy whole.
func checkCopy(ctx context.Context, r Reader, stored string, limit *limiter) error {
	got, err := hashReader(ctx, r, r.Size(), limit)
	if want := storedHash(stored); err == nil && got != want {
		err = &damageError{stored, want, got}
	}
	return err
}

// tidy puts damaged copies aside and forgets what is not there, now that enough
// others are. Copies on volumes that are away stay remembered. The last good copy of
// an object is never touched here, because only copies that are not good are.
func (p *Pool) tidy(ctx context.Context, o *object, w *Work) error {
	var facts []fact
	for i := range o.copies {
		c := &o.copies[i]
		v := p.vol(c.volume)
		if c.is == good || c.is == owed || v == nil || v.Foreign || v.State == Lost {
			continue
		}
		if c.is == bad && v.State == ReadOnly || p.quickCheck(ctx, v) != nil {
			continue
		}
		if c.is == bad {
			err := v.claim(ctx, false)
			if err == nil {
				err = v.d.Aside(ctx, c.stored(o.name), c.place)
			}
			if err != nil {
				w.fail(&VolumeError{v.Name, err})
				continue
			}
			w.Aside++
		}
		facts = append(facts, fact{Op: opGone, Name: o.name, Volume: c.volume})
	}
	return p.note(ctx, facts...)
}

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
			p.opt.Log.WarnContext(ctx, "a removed volume still says that it is ours", "volume", x.Name, "err", err)
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
			p.opt.Log.WarnContext(ctx, "care for the pool", "err", err)
		}
		if w != nil {
			after(w)
		}
		if more && err == nil {
			continue
		}
		done := p.Config().Generation
		for waited := time.Duration(0); waited < every; waited += soon {
			if pause(ctx, soon) != nil {
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

func (w *Work) add(o *Work) {
	w.Copied, w.Bytes, w.Aside, w.Removed, w.Found, w.Short = w.Copied+o.Copied, w.Bytes+o.Bytes, w.Aside+o.Aside, w.Removed+o.Removed, w.Found+o.Found, w.Short+o.Short
	w.Gone, w.Left = append(w.Gone, o.Gone...), append(w.Left, o.Left...)
	for _, s := range o.Errors {
		w.fail(errors.New(s))
	}
}
