package pool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/manifest"
	"github.com/akashi-audit/akashi/internal/seal"
)

// errClosed: a writer asks for bytes of a Put that has returned.
var errClosed = errors.New("the writing of this object is over")

// source lends the bytes of a Put to writers, which may be slower than it.
type source struct {
	mu sync.RWMutex // held for writing by close only
	r  io.ReaderAt  // nil when Put has returned
}

func (s *source) ReadAt(b []byte, off int64) (int, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.r == nil {
		return 0, errClosed
	}
	return s.r.ReadAt(b, off)
}

func (s *source) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.r = nil
}

// stored is what a Put writes to volumes.
type stored struct {
	name   string // of the object
	cipher seal.Hash
	r      io.ReaderAt
	size   int64
}

// Put stores an object, of which Config.Copies copies are wanted, or one on every
// volume (see wanted). It returns when
// they were written and read back, or when at least one was and the others are slow
// or have no volume; CatchUp makes these later. An object that is there already is
// left alone.
func (p *Pool) Put(ctx context.Context, name string, r io.ReaderAt, size int64) error {
	if _, err := checkName(name); err != nil {
		return err
	}
	if p.opt.ReadOnly {
		return fmt.Errorf("put %s: %w", name, ErrReadOnly)
	}
	if err := p.init(ctx); err != nil {
		return err
	}
	if err := p.put(ctx, name, r, size); err != nil {
		return fmt.Errorf("put %s: %w", name, err)
	}
	return nil
}

func (p *Pool) put(ctx context.Context, name string, r io.ReaderAt, size int64) error {
	have, facts := p.present(ctx, name)
	if err := p.note(ctx, facts...); err != nil {
		return err
	}
	want := p.wanted(name)
	if len(have) >= want {
		return nil
	}
	src := &source{r: r}
	defer src.close()
	s := stored{name: name, r: src, size: size}
	if to := p.recipientsOf(name); len(to) > 0 {
		enc, err := encrypt(ctx, p.opt.FS, filepath.Join(p.dir, "spool-"+nonce()+tmpEnd), to, name, src, size)
		if err != nil {
			return err
		}
		defer enc.discard() //nolint:errcheck // a temporary file
		plain := src
		src = &source{r: enc}
		defer src.close()
		plain.close()
		s = stored{name, enc.cipher, src, enc.size}
	}
	n, err := p.spread(ctx, s, have, want-len(have))
	if n+len(have) > 0 {
		if err != nil && n+len(have) < want {
			p.opt.Log.WarnContext(ctx, "an object has fewer copies than wanted; they are made later", slog.String("object", name), slog.Any("err", err))
		}
		return ctx.Err()
	}
	return errors.Join(err, ctx.Err())
}

// wanted is how many copies of an object are wanted: Config.Copies, and of what
// tells which records are erased, and of the log, one on every volume: a volume alone
// brings nothing back and proves what lies on it.
func (p *Pool) wanted(name string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.wantedOf(name)
}

// wantedOf does so when the caller holds mu.
func (p *Pool) wantedOf(name string) int {
	want := p.cfg.Copies
	if !strings.HasPrefix(name, manifest.ErasuresDir+"/") && !strings.HasPrefix(name, manifest.LogDir+"/") {
		return want
	}
	n := 0
	for i := range p.cfg.Volumes {
		if v := &p.cfg.Volumes[i]; v.State == Active && !v.Foreign {
			n++
		}
	}
	return max(want, n)
}

// present are the volumes that surely have a copy, and what was found to be other
// than remembered.
func (p *Pool) present(ctx context.Context, name string) (have []string, facts []fact) {
	o := p.snapshot(name)
	if o == nil || o.deleted != 0 {
		return nil, nil
	}
	for i := range o.copies {
		c := &o.copies[i]
		v := p.vol(c.volume)
		if c.is != good || v == nil || v.State == Lost || v.State == Draining || p.quickCheck(ctx, v) != nil {
			continue
		}
		if f := p.stat(ctx, v, name, c); f != nil {
			facts = append(facts, *f)
		} else {
			have = append(have, c.volume)
		}
	}
	return have, facts
}

// stat looks whether a copy is there, without reading it; nil when it is. A volume
// that does not answer tells nothing.
func (p *Pool) stat(ctx context.Context, v *volume, name string, c *copyOf) *fact {
	r, err := v.d.Open(ctx, c.stored(name), c.place)
	if isMissing(err) {
		return &fact{Op: opMissing, Name: name, Volume: v.ID}
	}
	if err != nil {
		return nil
	}
	defer r.Close()
	if r.Size() != c.bytes {
		return &fact{Op: opBad, Name: name, Volume: v.ID}
	}
	return nil
}

// outcome is how the writing of one copy ended.
type outcome struct {
	v   *volume
	at  place
	err error
}

// spread writes up to want copies to volumes that are not in have, several at once,
// and goes on with other volumes where that fails. It tells how many were written;
// an error says why there are not more. One is waited for, the others for a while.
func (p *Pool) spread(ctx context.Context, s stored, have []string, want int) (n int, err error) {
	queue, err := p.candidates(ctx, s.name, s.size, have, Fastest)
	if len(queue) == 0 {
		return 0, errors.Join(ErrFull, err)
	}
	return p.spreadTo(ctx, queue, s, len(have), want)
}

// spreadTo does so with these volumes; have is how many others have a copy.
func (p *Pool) spreadTo(ctx context.Context, queue []*volume, s stored, have, want int) (n int, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop() // of writers that are too slow
	results := make(chan outcome, len(queue))
	running := 0
	start := func() {
		v := queue[0]
		queue = queue[1:]
		running++
		p.writers.Add(1)
		go func() {
			defer p.writers.Done()
			at, err := p.write(ctx, v, s)
			results <- outcome{v, at, err}
		}()
	}
	for running < want && len(queue) > 0 {
		start()
	}
	slow := time.NewTimer(p.patience(s.size))
	defer slow.Stop()
	for n < want && running > 0 {
		select {
		case o := <-results:
			running--
			if o.err != nil {
				err = errors.Join(err, o.err)
				if len(queue) > 0 {
					start()
				}
				continue
			}
			if e := p.note(ctx, fact{Op: opHas, Name: s.name, Volume: o.v.ID, Bytes: s.size, Cipher: s.cipher,
				Version: o.at.Version, Until: o.at.Until, Time: p.opt.Now().UnixNano()}); e != nil {
				return n, e // an object that is not remembered is not stored
			}
			n++
		case <-slow.C:
			switch {
			case n+have > 0:
				return n, errors.Join(err, errors.New("a volume is too slow"))
			case len(queue) > 0:
				start() // perhaps another one is faster
			}
			slow.Reset(p.patience(s.size))
		case <-ctx.Done():
			return n, errors.Join(err, ctx.Err())
		}
	}
	if n < want && err == nil {
		err = errors.New("there are not enough volumes")
	}
	return n, err
}

// patience is how long writing may take: the storage gets a megabyte a second.
func (p *Pool) patience(size int64) time.Duration {
	return p.opt.PutPatience + time.Duration(size)*time.Second>>20
}

// write makes one copy. The volume must be itself before and after: where a disk
// was pulled out there may be a folder still.
func (p *Pool) write(ctx context.Context, v *volume, s stored) (place, error) {
	if err := v.claim(ctx, false); err != nil {
		return place{}, err
	}
	at, err := v.d.Put(ctx, storedName(s.name, s.cipher), s.r, s.size)
	if err == nil {
		err = v.check(ctx)
	}
	if err != nil {
		return place{}, &VolumeError{v.Name, err}
	}
	return at, nil
}

// candidates are the volumes that can take an object, best first: those that take
// the place of another one that has it, those that have others of its folder, so
// that what belongs together lies together, then the fastest class, then the most
// room. Classes faster than class are left out.
func (p *Pool) candidates(ctx context.Context, name string, size int64, not []string, class int) ([]*volume, error) {
	siblings, used := p.around(name)
	instead := p.inPlaceOf(name)
	type scored struct {
		*volume
		near int
		room int64
	}
	var asked []*volume
	for _, v := range p.byClass() {
		if v.State == Active && !v.Foreign && v.Class >= class && !slices.Contains(not, v.ID) {
			asked = append(asked, v)
		}
	}
	rooms, faults := p.rooms(ctx, asked, used)
	var l []scored
	var errs error
	for i, v := range asked {
		switch {
		case faults[i] != nil:
			errs = errors.Join(errs, faults[i])
		case rooms[i] < size:
			errs = errors.Join(errs, &VolumeError{v.Name, ErrFull})
		default:
			near := min(siblings[v.ID], 1)
			if instead[v.ID] {
				near = 2
			}
			l = append(l, scored{v, near, rooms[i]})
		}
	}
	slices.SortStableFunc(l, func(a, b scored) int {
		return cmp.Or(b.near-a.near, a.Class-b.Class, cmp.Compare(b.room, a.room))
	})
	out := make([]*volume, len(l))
	for i := range l {
		out[i] = l[i].volume
	}
	return out, errs
}

// rooms asks volumes at once how much fits; what does not answer in time has a fault.
func (p *Pool) rooms(ctx context.Context, l []*volume, used map[string]int64) (rooms []int64, faults []error) {
	rooms, faults = make([]int64, len(l)), make([]error, len(l))
	var wg sync.WaitGroup
	for i, v := range l {
		wg.Go(func() {
			room, err := inTime(ctx, p.opt.ReadPatience, func() (int64, error) {
				if err := v.check(ctx); err != nil {
					return 0, err
				}
				return v.room(ctx, used[v.ID])
			}, nil)
			var named *VolumeError
			if err != nil && !errors.As(err, &named) {
				err = &VolumeError{v.Name, err}
			}
			rooms[i], faults[i] = room, err
		})
	}
	wg.Wait()
	for i, v := range l {
		if faults[i] != nil && ctx.Err() == nil {
			p.away(ctx, v, faults[i])
		}
	}
	return rooms, faults
}

// around counts, by volume, the good copies of objects in the same folder, and the
// bytes of all.
func (p *Pool) around(name string) (siblings map[string]int, used map[string]int64) {
	siblings, used = map[string]int{}, map[string]int64{}
	dir := dirOf(name) + "/"
	p.mu.Lock()
	defer p.mu.Unlock()
	names := p.copies.list()
	at, _ := slices.BinarySearch(names, dir)
	for _, n := range names[at:] {
		if len(n) < len(dir) || n[:len(dir)] != dir {
			break
		}
		o := p.copies.objects[n]
		for i := range o.copies {
			if o.copies[i].is == good {
				siblings[o.copies[i].volume]++
			}
		}
	}
	for i := range p.cfg.Volumes {
		if v := &p.cfg.Volumes[i]; v.Quota > 0 {
			used[v.ID] = p.copies.bytesOn(v.ID)
		}
	}
	return siblings, used
}

// bytesOn is how many bytes lie on a volume as far as is known.
func (c *copies) bytesOn(volume string) (n int64) {
	for _, o := range c.objects {
		for i := range o.copies {
			if x := &o.copies[i]; x.volume == volume && x.is != missing {
				n += x.bytes
			}
		}
	}
	return n
}

// away writes down that a volume does not answer, once.
func (p *Pool) away(ctx context.Context, v *volume, reason error) {
	if p.opt.ReadOnly || v.Away != 0 {
		return
	}
	p.opt.Log.WarnContext(ctx, "a volume does not answer", slog.String("volume", v.Name), slog.Any("err", reason))
	err := p.configure(ctx, func(c *Config) error {
		if x := c.volume(v.ID); x != nil && x.Away == 0 {
			x.Away = p.opt.Now().UnixNano()
		}
		return nil
	})
	if err != nil {
		p.opt.Log.WarnContext(ctx, "write down that a volume is away", slog.Any("err", err))
	}
}
