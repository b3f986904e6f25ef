package pool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"filippo.io/age"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// smallObject is how large an object is at most that is read and checked whole when
// it is opened.
const smallObject = 1 << 20

func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// List lists the names of objects with a prefix, ascending, those too whose volumes
// are away.
func (p *Pool) List(ctx context.Context, prefix string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := p.look(false); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	names := p.copies.list()
	from, _ := slices.BinarySearch(names, prefix)
	to := from
	for to < len(names) && strings.HasPrefix(names[to], prefix) {
		to++
	}
	return slices.Clone(names[from:to]), nil
}

// Open opens an object, or fails with fs.ErrNotExist. Where a copy cannot be read,
// is slow, or is not what it should be, the others are read instead.
func (p *Pool) Open(ctx context.Context, name string) (Reader, error) {
	return p.OpenSpans(ctx, name, nil)
}

// OpenSpans is Open of an object whose spans are known: each is checked when it is
// first read. Without spans only small objects are checked.
func (p *Pool) OpenSpans(ctx context.Context, name string, spans []manifest.Span) (Reader, error) {
	o := p.snapshot(name)
	if o == nil { // another process may have put it
		if err := p.look(true); err != nil {
			return nil, err
		}
		o = p.snapshot(name)
	} else if err := p.look(false); err != nil {
		return nil, err
	}
	if o == nil || o.deleted != 0 {
		return nil, fmt.Errorf("open object %s: %w", name, fs.ErrNotExist)
	}
	r := &failover{p: p, ctx: ctx, name: name, left: p.inOrder(o)}
	if err := r.next(nil, nil); err != nil {
		return nil, fmt.Errorf("open object %s: %w", name, err)
	}
	p.noteRead(name, o.read)
	if r.size <= smallObject {
		return r.whole()
	}
	return r.checked(spans), nil
}

// inOrder are the copies that can be read, best first.
func (p *Pool) inOrder(o *object) []copyOf {
	var l []copyOf
	for _, is := range []condition{good, missing, bad} { // what is damaged here may be whole there
		for _, v := range p.byClass() {
			if c := o.copyOn(v.ID); c != nil && c.is == is && v.State != Lost {
				l = append(l, *c)
			}
		}
	}
	return l
}

// failover reads an object from one copy, and from the next when that fails.
type failover struct {
	p    *Pool
	ctx  context.Context // of the whole reading, for storage that needs one
	name string
	size int64

	mu     sync.Mutex // guards the fields below
	left   []copyOf   // not tried yet
	now    *openCopy
	all    []*openCopy // to be closed
	last   error
	closed bool
}

// openCopy is an open copy.
type openCopy struct {
	Reader
	copyOf
}

// next goes to the next copy, unless somebody else has left the copy from already.
// why is what was wrong with it. The caller does not hold mu.
func (r *failover) next(from *openCopy, why error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now != from {
		return nil
	}
	if from != nil {
		r.last = errors.Join(r.last, &VolumeError{r.p.nameOf(from.volume), why})
		r.p.suspect(r.ctx, r.name, &from.copyOf, why)
	}
	for len(r.left) > 0 {
		c := r.left[0]
		r.left = r.left[1:]
		o, err := r.p.openCopy(r.ctx, r.name, c)
		if err == nil && from != nil && o.Size() != r.size {
			err = errors.Join(errors.New("it has another size than the other copies"), o.Close())
		}
		if err != nil {
			r.last = errors.Join(r.last, &VolumeError{r.p.nameOf(c.volume), err})
			if isMissing(err) {
				r.p.suspect(r.ctx, r.name, &c, err)
			}
			if errors.Is(err, ErrNoKey) { // the others are not better
				return err
			}
			continue
		}
		if from == nil {
			r.size = o.Size()
		}
		r.now, r.all = o, append(r.all, o)
		return nil
	}
	if r.last == nil {
		return errors.New("all its volumes are lost")
	}
	if r.ctx.Err() != nil {
		return r.ctx.Err()
	}
	return hideMissing(r.last)
}

// hideMissing: an object that is known but cannot be read is not the same as one
// that does not exist.
func hideMissing(err error) error {
	if isMissing(err) {
		return errors.New(err.Error())
	}
	return err
}

// openCopy opens a copy, decrypted.
func (p *Pool) openCopy(ctx context.Context, name string, c copyOf) (*openCopy, error) {
	v := p.vol(c.volume)
	if v == nil {
		return nil, ErrAway
	}
	if c.cipher != (seal.Hash{}) && len(p.identities()) == 0 {
		p.mu.Lock()
		defer p.mu.Unlock()
		return nil, errors.Join(ErrNoKey, p.keysErr)
	}
	r, err := inTime(ctx, p.opt.ReadPatience, func() (Reader, error) { return v.d.Open(ctx, c.stored(name), c.place) }, closeLate)
	if isMissing(err) { // or the whole volume is
		if away := p.quickCheck(ctx, v); away != nil {
			return nil, away
		}
	}
	if err == nil && c.cipher != (seal.Hash{}) {
		plain, e := decrypt(r, p.identities())
		if e != nil {
			return nil, errors.Join(e, r.Close())
		}
		r = plain
	}
	if err != nil {
		return nil, err
	}
	return &openCopy{r, c}, nil
}

// closeLate closes what was opened too late.
func closeLate(r Reader) { _ = r.Close() }

func (r *failover) current() (*openCopy, int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, 0, fs.ErrClosed
	}
	return r.now, len(r.left), nil
}

// read reads b at off from the copies in turn. check, when not nil, says what is
// wrong with what came.
func (r *failover) read(b []byte, off int64, check func([]byte) error) error {
	for {
		o, others, err := r.current()
		if err != nil {
			return err
		}
		err = r.readFrom(o, b, off, others > 0)
		if err == nil && check != nil {
			err = check(b)
		}
		if err == nil {
			return nil
		}
		if ctx := r.ctx.Err(); ctx != nil {
			return ctx
		}
		if err := r.next(o, err); err != nil {
			return err
		}
	}
}

// readFrom reads from one copy; when there are others, it does not wait for ever.
func (r *failover) readFrom(o *openCopy, b []byte, off int64, others bool) error {
	full := func(b []byte) error {
		n, err := o.ReadAt(b, off)
		if n == len(b) {
			return nil
		}
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	if !others {
		return full(b)
	}
	own, err := inTime(r.ctx, r.p.opt.ReadPatience, func() ([]byte, error) {
		own := make([]byte, len(b)) // b is the caller's again when this is given up
		return own, full(own)
	}, nil)
	copy(b, own)
	return err
}

func (r *failover) Size() int64 { return r.size }

func (r *failover) ReadAt(b []byte, off int64) (int, error) {
	n, end := clip(b, off, r.size)
	if n == 0 {
		return 0, end
	}
	if err := r.read(b[:n], off, nil); err != nil {
		return 0, fmt.Errorf("read object %s: %w", r.name, err)
	}
	return n, end
}

// clip is how much of b lies within size from off on, and io.EOF when that is not
// all of it.
func clip(b []byte, off, size int64) (int, error) {
	if off < 0 {
		return 0, fs.ErrInvalid
	}
	if n := size - off; n < int64(len(b)) {
		return int(max(n, 0)), io.EOF
	}
	return len(b), nil
}

func (r *failover) Close() (err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for _, o := range r.all {
		err = errors.Join(err, o.Close())
	}
	r.all = nil
	return err
}

func (p *Pool) identities() []age.Identity {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys.ids
}

// nameOf is a volume's name for people.
func (p *Pool) nameOf(id string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if v := p.cfg.volume(id); v != nil {
		return v.Name
	}
	return id
}

// suspect writes down that a copy could not be read as it should be. A volume that
// did not answer, or is slow, says nothing of the copy.
func (p *Pool) suspect(ctx context.Context, name string, c *copyOf, why error) {
	var damage *damageError
	op := ""
	switch {
	case isMissing(why):
		op = opMissing
	case errors.As(why, &damage), errors.Is(why, io.ErrUnexpectedEOF), strings.Contains(why.Error(), "failed to decrypt"):
		op = opBad
	}
	p.opt.Log.WarnContext(ctx, "a copy of an object cannot be read", slog.String("object", name), slog.String("volume", p.nameOf(c.volume)), slog.Any("err", why))
	if op == "" || c.is != good || p.opt.ReadOnly {
		return
	}
	if err := p.note(context.WithoutCancel(ctx), fact{Op: op, Name: name, Volume: c.volume}); err != nil {
		p.opt.Log.WarnContext(ctx, "write down a damaged copy", slog.Any("err", err))
	}
}

const day = 24 * time.Hour

// noteRead remembers that an object was read today.
func (p *Pool) noteRead(name string, before int64) {
	now := p.opt.Now().UnixNano()
	if p.opt.ReadOnly || now-before < int64(day) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reads[name] = now
}

// noteReads writes down what was read.
func (p *Pool) noteReads(ctx context.Context) error {
	p.mu.Lock()
	l := make([]fact, 0, len(p.reads))
	for name, t := range p.reads {
		l = append(l, fact{Op: opRead, Name: name, Time: t})
	}
	clear(p.reads)
	p.mu.Unlock()
	return p.note(ctx, l...)
}
