package pool

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// staysPlain reports whether an object is never encrypted: the log, by which a volume
// alone proves what lies on it. It has hashes and names of servers, people and days, as
// names of objects have.
func staysPlain(name string) bool { return strings.HasPrefix(name, manifest.LogDir+"/") }

// recipientsOf are the keys that a new object is encrypted for; none = it is not.
func (p *Pool) recipientsOf(name string) []age.Recipient {
	if staysPlain(name) {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.to
}

// EncryptExisting writes objects again that do not lie on their volumes as the settings
// say: plain ones are encrypted, or encrypted ones made plain. The new copy is written
// and read back before the old one is deleted; what is locked keeps both forms until
// its lock ends and the next call. Volumes that are away or only read are left alone.
func (p *Pool) EncryptExisting(ctx context.Context, progress Progress) (*Work, error) {
	if p.opt.ReadOnly {
		return nil, ErrReadOnly
	}
	if err := p.init(ctx); err != nil {
		return nil, err
	}
	p.mu.Lock()
	names := slices.Clone(p.copies.list())
	p.mu.Unlock()
	w := newWork()
	for i, name := range names {
		progress.tell(int64(i), int64(len(names)), name)
		err := p.recode(ctx, name, w)
		if ctx.Err() != nil {
			return w, ctx.Err()
		}
		if err != nil {
			w.Short++
			w.fail(fmt.Errorf("%s: %w", name, err))
		}
	}
	for _, v := range p.byClass() {
		if err := p.sweepForms(ctx, v, w); ctx.Err() != nil {
			return w, ctx.Err()
		} else if err != nil {
			w.fail(err)
		}
	}
	return w, nil
}

// recode writes an object in its right form to the volumes that have the other one.
func (p *Pool) recode(ctx context.Context, name string, w *Work) error {
	o := p.snapshot(name)
	if o == nil || o.deleted != 0 {
		return nil
	}
	to := p.recipientsOf(name)
	var wrong []copyOf
	var right *copyOf
	for i := range o.copies {
		c := &o.copies[i]
		v := p.vol(c.volume)
		switch {
		case c.is != good || v == nil || v.Foreign || v.State == Lost:
		case (c.cipher != seal.Hash{}) == (len(to) > 0):
			right = c
		default:
			wrong = append(wrong, *c)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	s, done, err := p.inForm(ctx, name, right, to)
	if err != nil {
		return err
	}
	defer done()
	for i := range wrong {
		if e := p.rewriteCopy(ctx, s, &wrong[i], w); e != nil {
			err = errors.Join(err, e)
		}
	}
	return err
}

// inForm is an object as it is to lie on volumes: a copy that does, or one made from
// any. All copies of an object are the same bytes. done ends its use.
func (p *Pool) inForm(ctx context.Context, name string, right *copyOf, to []age.Recipient) (s stored, done func(), err error) {
	if right != nil {
		v := p.vol(right.volume)
		r, err := v.d.Open(ctx, right.stored(name), right.place)
		if err == nil {
			if err = checkCopy(ctx, r, right.stored(name), nil); err == nil {
				return stored{name, right.cipher, r, r.Size()}, func() { _ = r.Close() }, nil // it was only read
			}
			_ = r.Close() // it is not used
		}
		return s, nil, &VolumeError{v.Name, err}
	}
	r, err := p.Open(ctx, name)
	if err != nil {
		return s, nil, err
	}
	if len(to) == 0 {
		return stored{name: name, r: r, size: r.Size()}, func() { _ = r.Close() }, nil // it was only read
	}
	enc, err := encrypt(ctx, p.opt.FS, filepath.Join(p.dir, "spool-"+nonce()+tmpEnd), to, name, r, r.Size())
	if err = errors.Join(err, r.Close()); err != nil {
		return s, nil, err
	}
	return stored{name, enc.cipher, enc, enc.size}, func() { _ = enc.discard() }, nil // a temporary file
}

// rewriteCopy puts the right form beside a copy, and deletes that one.
func (p *Pool) rewriteCopy(ctx context.Context, s stored, c *copyOf, w *Work) error {
	v := p.vol(c.volume)
	if v == nil || v.State != Active {
		return &VolumeError{p.nameOf(c.volume), errors.New("the volume is not written to, so its copy stays as it is")}
	}
	if err := p.quickCheck(ctx, v); err != nil {
		return err
	}
	at, err := p.write(ctx, v, s)
	if err != nil {
		return err
	}
	if err := p.note(ctx, fact{Op: opHas, Name: s.name, Volume: v.ID, Bytes: s.size, Cipher: s.cipher, Version: at.Version, Until: at.Until, Time: p.snapshot(s.name).time}); err != nil {
		return err
	}
	w.Copied++
	w.Bytes += s.size
	return p.dropForm(ctx, v, s.name, c.stored(s.name), c.place, w)
}

// dropForm deletes another form of an object.
func (p *Pool) dropForm(ctx context.Context, v *volume, name, storedAs string, at place, w *Work) error {
	err := v.d.Delete(ctx, storedAs, at)
	var locked *lockedError
	if errors.As(err, &locked) {
		w.Left = append(w.Left, Left{Volume: v.Name, Name: storedAs, Until: locked.until, Reason: err.Error()})
		return nil
	}
	if err != nil {
		return &VolumeError{v.Name, fmt.Errorf("delete the other form of %s: %w", name, err)}
	}
	w.Removed++
	return nil
}

// sweepForms deletes forms of objects that an earlier call wrote or left and that do
// not count, once the copy that counts was read whole.
func (p *Pool) sweepForms(ctx context.Context, v *volume, w *Work) error {
	if v.State != Active || v.Foreign {
		return nil
	}
	if err := p.quickCheck(ctx, v); err != nil {
		return err
	}
	var extra []found
	err := v.d.List(ctx, func(f found) error {
		if name, _, ok := parseStored(f.Name); ok {
			o := p.snapshot(name)
			if o == nil || o.deleted != 0 {
				return nil
			}
			if c := o.copyOn(v.ID); c != nil && c.is == good && f.Name != c.stored(name) {
				extra = append(extra, f)
			}
		}
		return nil
	})
	if err != nil {
		return &VolumeError{v.Name, err}
	}
	for _, f := range extra {
		name, _, _ := parseStored(f.Name)
		o := p.snapshot(name)
		c := o.copyOn(v.ID)
		if slices.ContainsFunc(w.Left, func(l Left) bool { return l.Volume == v.Name && l.Name == f.Name }) {
			continue
		}
		if err := p.readCopy(ctx, v, o, c); err != nil {
			return err
		}
		if err := v.claim(ctx, false); err != nil {
			return err
		}
		if err := p.dropForm(ctx, v, name, f.Name, f.place, w); err != nil {
			return err
		}
	}
	return nil
}
