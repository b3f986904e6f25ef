package pool

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/minio/minio-go/v7"
)

// Extended is what ExtendLocks did.
type Extended struct {
	Copies int64    `json:"copies"` // that are locked for longer now
	Owed   int64    `json:"owed"`   // that are not yet; care for the pool goes on with them
	Errors []string `json:"errors"` // why some are not, each once
}

// ExtendLocks locks the copies on volumes with Object Lock for longer, where until
// (Unix ns, 0 = no wish) is later than what the storage has. What is wished is written
// down first, together with terms, the time (Unix ns, 0 = none) of the terms of
// retention that it follows: what is not reached now is done by CatchUp and Heal, and
// so are copies that are made later. A lock is never made shorter, which compliance
// mode does not allow. Done again it changes nothing.
func (p *Pool) ExtendLocks(ctx context.Context, terms int64, until func(name string) int64) (*Extended, error) {
	if p.opt.ReadOnly {
		return nil, ErrReadOnly
	}
	if err := p.init(ctx); err != nil {
		return nil, err
	}
	if err := p.change(ctx, func() error { return p.copies.append(p.wishes(terms, until)) }); err != nil {
		return nil, fmt.Errorf("write down which locks are to be longer: %w", err)
	}
	w := newWork()
	err := p.payLocks(ctx, w)
	return &Extended{Copies: w.Locks, Owed: w.LocksOwed, Errors: w.Errors}, err
}

// LockTerms is the time of the terms of retention that locks follow, Unix ns; 0 = none.
func (p *Pool) LockTerms() (int64, error) {
	if err := p.look(true); err != nil {
		return 0, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.copies.terms, nil
}

// wishes are the facts that say which locks are to be longer. A pool without a volume
// that locks needs none of objects. The caller holds mu.
func (p *Pool) wishes(terms int64, until func(name string) int64) (l []fact) {
	if terms > p.copies.terms {
		l = append(l, fact{Op: opTerms, Time: terms})
	}
	if !slices.ContainsFunc(p.cfg.Volumes, func(v Volume) bool { return locks(&v) }) {
		return l
	}
	for _, name := range p.copies.list() {
		want := until(name)
		want -= want % int64(time.Second) // storage has whole seconds
		if want > p.copies.objects[name].lock {
			l = append(l, fact{Op: opLock, Name: name, Until: want})
		}
	}
	return l
}

// locks reports whether copies on a volume are locked and ours to lock.
func locks(v *Volume) bool {
	return v.S3 != nil && v.S3.LockDays > 0 && !v.Foreign && v.State != Lost
}

// owesLock reports whether a copy is to be locked for longer than it is.
func owesLock(o *object, c *copyOf, v *Volume, now int64) bool {
	return c.is == good && o.deleted == 0 && o.lock > now && c.Until < o.lock && v != nil && locks(v)
}

// lockFailures is how many copies in a row a volume may refuse before the others have
// to wait for the next time.
const lockFailures = 3

// payLocks makes the locks longer that are to be longer. It fails only when going on
// makes no sense.
func (p *Pool) payLocks(ctx context.Context, w *Work) error {
	for _, v := range p.byClass() {
		if !locks(&v.Volume) {
			continue
		}
		names := p.unlocked(v.ID)
		if len(names) == 0 {
			continue
		}
		if err := p.quickCheck(ctx, v); err != nil {
			w.LocksOwed += int64(len(names))
			w.fail(fmt.Errorf("locks of %d objects are not longer yet: %w", len(names), err))
			continue
		}
		failed := 0
		for i, name := range names {
			if err := ctx.Err(); err != nil {
				return err
			}
			o := p.snapshot(name)
			if o == nil {
				continue
			}
			err := p.extend(ctx, v, o)
			if err == nil {
				w.Locks++
				failed = 0
				continue
			}
			w.LocksOwed++
			w.fail(fmt.Errorf("the lock of %s is not longer yet: %w", name, err))
			if failed++; failed == lockFailures {
				w.LocksOwed += int64(len(names) - i - 1)
				break
			}
		}
	}
	return ctx.Err()
}

// unlocked are the objects of which the copy on a volume is to be locked for longer,
// by name.
func (p *Pool) unlocked(volume string) (l []string) {
	now := p.opt.Now().UnixNano()
	p.mu.Lock()
	defer p.mu.Unlock()
	v := p.cfg.volume(volume)
	for name, o := range p.copies.objects {
		if o.lock == 0 {
			continue
		}
		if c := o.copyOn(volume); c != nil && owesLock(o, c, v, now) {
			l = append(l, name)
		}
	}
	slices.Sort(l)
	return l
}

// extend locks the copy of an object on a volume as long as it is to be.
func (p *Pool) extend(ctx context.Context, v *volume, o *object) error {
	c := o.copyOn(v.ID)
	if c == nil {
		return nil
	}
	at, err := v.d.Extend(ctx, c.stored(o.name), c.place, o.lock)
	if err != nil {
		return &VolumeError{v.Name, err}
	}
	return p.note(ctx, fact{Op: opHas, Name: o.name, Volume: c.volume, Bytes: c.bytes, Cipher: c.cipher, Version: at.Version, Until: at.Until, Time: o.time})
}

// Extend asks the server what it has first: what is remembered can be a guess.
func (s *s3) Extend(ctx context.Context, name string, at place, until int64) (place, error) {
	r, err := s.open(ctx, name, at.Version)
	if err != nil {
		return at, err
	}
	until -= until % int64(time.Second) // headers have whole seconds
	have := r.until
	if have == 0 {
		have = at.Until
	}
	if have >= until {
		return place{r.version, have}, nil
	}
	mode, t := minio.Compliance, time.Unix(0, until).UTC()
	err = s.try(ctx, func() error {
		return s.core.PutObjectRetention(ctx, s.cfg.Bucket, s.key(name), minio.PutObjectRetentionOptions{Mode: &mode, RetainUntilDate: &t, VersionID: r.version})
	})
	if err != nil {
		return at, err
	}
	if r, err = s.open(ctx, name, r.version); err != nil {
		return at, err
	}
	if r.until != 0 && r.until < until { // versitygw tells nothing of a version that is not the newest
		return at, fmt.Errorf("the bucket took the longer lock and still has %s", time.Unix(0, r.until).UTC().Format(time.RFC3339))
	}
	return place{r.version, max(r.until, until)}, nil
}

// Extend does nothing: a folder locks nothing.
func (f *folder) Extend(_ context.Context, _ string, at place, _ int64) (place, error) {
	return at, nil
}
