package pool

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/akashi-audit/akashi/internal/pace"
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
	Copied  int64 `json:"copied"` // copies that were made
	Bytes   int64 `json:"bytes"`
	Aside   int64 `json:"aside"`   // damaged copies that were put aside
	Removed int64 `json:"removed"` // copies that were deleted
	Found   int64 `json:"found"`   // copies that nobody remembered
	// Locks are copies that are locked for longer now, LocksOwed those that are to be.
	Locks     int64    `json:"locks,omitempty"`
	LocksOwed int64    `json:"locks_owed,omitempty"`
	Short     int64    `json:"short"`  // objects that still have fewer copies than wanted
	Gone      []string `json:"gone"`   // objects of which no good copy can be reached
	Left      []Left   `json:"left"`   // copies that could not be deleted
	Errors    []string `json:"errors"` // why something was not done, each once
}

func newWork() *Work { return &Work{Gone: []string{}, Left: []Left{}, Errors: []string{}} }

// maxErrors bounds what a Work tells of errors.
const maxErrors = 20

func (w *Work) fail(err error) {
	if s := err.Error(); len(w.Errors) < maxErrors && !slices.Contains(w.Errors, s) {
		w.Errors = append(w.Errors, s)
	}
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
	if err := p.payLocks(ctx, w); err != nil {
		return w, err
	}
	return w, p.change(ctx, p.copies.compact)
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
	return n < p.wantedOf(o.name) && !onlyForeign(o, foreign)
}

// onlyForeign: what lies on another pool's volume alone needs no copies here.
func onlyForeign(o *object, foreign bool) bool { return foreign && len(o.copies) == 1 }

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
	want := p.wantedOf(name)
	n, foreign := p.count(o)
	p.mu.Unlock()
	if n < want && !onlyForeign(o, foreign) {
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
func checkCopy(ctx context.Context, r Reader, stored string, limit *pace.Rate) error {
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

func (w *Work) add(o *Work) {
	w.Copied, w.Bytes, w.Aside, w.Removed, w.Found, w.Short = w.Copied+o.Copied, w.Bytes+o.Bytes, w.Aside+o.Aside, w.Removed+o.Removed, w.Found+o.Found, w.Short+o.Short
	w.Locks, w.LocksOwed = w.Locks+o.Locks, w.LocksOwed+o.LocksOwed
	w.Gone, w.Left = append(w.Gone, o.Gone...), append(w.Left, o.Left...)
	for _, s := range o.Errors {
		w.fail(errors.New(s))
	}
}
