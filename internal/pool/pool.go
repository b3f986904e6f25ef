package pool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"time"

	"filippo.io/age"

	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/pace"
)

// Options of Open. The zero value is right for a program.
type Options struct {
	FS       fsx.FS           // of the data folder and of volumes that are folders; nil = the operating system's
	Now      func() time.Time // nil = time.Now
	Log      *slog.Logger     // nil = nobody hears
	Getenv   func(string) string
	ReadOnly bool // nothing is written, not even when an object was last read
	// Patience is how long Put waits for further copies once one is there, and a
	// read for a volume when there is another one; 0 = half a minute and 5 seconds.
	PutPatience, ReadPatience time.Duration
	// Storage, for tests, changes how a volume is opened.
	Storage func(v *Volume, fs fsx.FS) fsx.FS
	// wrap, for tests, stands between the pool and a driver.
	wrap func(v *Volume, d driver) driver
}

// Pool is the open pool of a data folder.
type Pool struct {
	root string // the data folder, absolute
	dir  string // its folder pool
	opt  Options
	host string

	changing sync.Mutex // held by whoever changes pool.json or copies.jsonl; before mu

	mu       sync.Mutex // guards the fields below
	cfg      *Config    // never changed, only replaced
	volumes  map[string]*volume
	copies   *copies
	lookedAt time.Time        // when the files were last read
	reads    map[string]int64 // objects that were read, not written down yet
	to       []age.Recipient  // of cfg.Recipients
	problems map[string]error // volumes that cannot even be opened
	closed   bool
	keys     keys
	keysErr  error // why there are none

	writers sync.WaitGroup // of Put
}

const (
	putPatience  = 30 * time.Second
	readPatience = 5 * time.Second
	// lookAgain is how old what is known of the files may be for reading.
	lookAgain = time.Second
	lockWait  = 30 * time.Second
	// closeWait is how long Close waits for writers that were stopped.
	closeWait = 5 * time.Second
)

// Open opens the pool of the data folder dir. One that has none yet has one volume,
// its archive; the first change writes that down.
func Open(dir string, opt Options) (*Pool, error) {
	root, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if opt.FS == nil {
		opt.FS = fsx.OS{}
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Getenv == nil {
		opt.Getenv = os.Getenv
	}
	if opt.PutPatience == 0 {
		opt.PutPatience = putPatience
	}
	if opt.ReadPatience == 0 {
		opt.ReadPatience = readPatience
	}
	host, _ := os.Hostname() // "" where there is none
	p := &Pool{
		root: root, dir: filepath.Join(root, DirName), opt: opt, host: host, volumes: map[string]*volume{},
		reads: map[string]int64{}, problems: map[string]error{},
	}
	p.copies = newCopies(opt.FS, p.dir)
	if err := p.look(true); err != nil {
		return nil, errors.Join(err, p.closeVolumes())
	}
	return p, nil
}

// look reads what other processes have written. Unless it must, it does so only
// once a second.
func (p *Pool) look(must bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !must && time.Since(p.lookedAt) < lookAgain {
		return nil
	}
	return p.lookLocked(false)
}

func (p *Pool) lookLocked(repair bool) error {
	cfg, err := readConfig(p.opt.FS, p.dir)
	if err != nil {
		return err
	}
	switch {
	case cfg == nil && p.cfg == nil:
		cfg = fresh()
	case cfg == nil:
		cfg = p.cfg
	}
	if err := p.copies.refresh(repair); err != nil {
		return err
	}
	p.lookedAt = time.Now()
	return p.follow(cfg)
}

// follow opens and closes volumes as the configuration says. The caller holds mu.
func (p *Pool) follow(cfg *Config) error {
	if p.cfg != nil && p.cfg.Generation == cfg.Generation && p.cfg.ID == cfg.ID {
		return nil
	}
	if p.cfg == nil || p.cfg.Identity != cfg.Identity {
		// Without keys everything but reading encrypted objects goes on.
		p.keys, p.keysErr = readIdentities(cfg.Identity, p.opt.Getenv)
	}
	to, err := parseRecipients(cfg.Recipients, p.keys)
	if err != nil && (cfg.Recipients[0] != ByPassphrase || !p.opt.ReadOnly) {
		return err
	}
	old := p.volumes
	p.volumes, p.cfg, p.to = make(map[string]*volume, len(cfg.Volumes)), cfg, to
	clear(p.problems)
	for i := range cfg.Volumes {
		v := cfg.Volumes[i]
		if o := old[v.ID]; o != nil && o.Driver == v.Driver && o.Path == v.Path && reflect.DeepEqual(o.S3, v.S3) {
			p.volumes[v.ID] = o.with(v)
			delete(old, v.ID)
			continue
		}
		d, err := p.openDriver(&v)
		if err != nil {
			p.problems[v.ID] = err
			continue
		}
		p.volumes[v.ID] = &volume{Volume: v, d: d, pool: cfg.ID, host: p.host, data: p.root, now: p.opt.Now, leaseState: &leaseState{}}
	}
	for _, o := range old {
		_ = o.d.Close() // it was only read
	}
	return nil
}

// with is the same open volume under a new configuration.
func (v *volume) with(cfg Volume) *volume {
	out := *v
	out.Volume = cfg
	return &out
}

func (p *Pool) openDriver(v *Volume) (driver, error) {
	var d driver
	switch v.Driver {
	case DriverS3:
		s, err := newS3(v.S3, p.opt.Getenv, p.opt.Now)
		if err != nil {
			return nil, &VolumeError{v.Name, err}
		}
		d = s
	default:
		at := v.Path
		if !filepath.IsAbs(at) {
			at = filepath.Join(p.root, filepath.FromSlash(at))
		}
		fs := p.opt.FS
		if p.opt.Storage != nil {
			fs = p.opt.Storage(v, fs)
		}
		d = &folder{fs: fs, dir: at}
	}
	if p.opt.wrap != nil {
		d = p.opt.wrap(v, d)
	}
	return d, nil
}

func (p *Pool) closeVolumes() (err error) {
	for _, v := range p.volumes {
		err = errors.Join(err, v.d.Close())
	}
	return err
}

// Close writes down what was read, and gives volumes back.
func (p *Pool) Close(ctx context.Context) error {
	p.mu.Lock()
	done := p.closed
	p.closed = true
	l := slices.Collect(maps.Values(p.volumes))
	p.mu.Unlock()
	if done {
		return nil
	}
	_, _ = inTime(ctx, closeWait, func() (bool, error) { p.writers.Wait(); return true, nil }, nil) // a volume may hang for ever
	var err error
	if !p.opt.ReadOnly {
		err = p.noteReads(ctx)
		for _, v := range l {
			if r := v.release(ctx); r != nil {
				p.opt.Log.WarnContext(ctx, "a volume was not given back; it is free when its lease ends", slog.String("volume", v.Name), slog.Any("err", r))
			}
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return errors.Join(err, p.closeVolumes())
}

// ErrReadOnly is the error of a change in a pool that was opened for reading.
var ErrReadOnly = errors.New("the pool is open for reading only")

// change runs fn with the files of the pool locked and read anew.
func (p *Pool) change(ctx context.Context, fn func() error) error {
	if p.opt.ReadOnly {
		return ErrReadOnly
	}
	p.changing.Lock()
	defer p.changing.Unlock()
	if _, err := p.opt.FS.ReadDir(p.dir); errors.Is(err, fs.ErrNotExist) {
		if err := fsx.MakeDir(p.opt.FS, p.dir, 0o700); err != nil {
			return fmt.Errorf("make the folder of the pool: %w", err)
		}
	}
	lock, err := p.lock(ctx)
	if err != nil {
		return err
	}
	defer lock.Unlock() //nolint:errcheck // nothing is behind it
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.lookLocked(true); err != nil {
		return err
	}
	return fn()
}

// lock takes pool.lock; others hold it for moments.
func (p *Pool) lock(ctx context.Context) (*fsx.Lock, error) {
	for end := time.Now().Add(lockWait); ; {
		l, err := p.opt.FS.TryLock(filepath.Join(p.dir, LockName))
		if err == nil {
			return l, nil
		}
		if !errors.Is(err, fsx.ErrLocked) || time.Now().After(end) {
			return nil, fmt.Errorf("lock the pool: %w", err)
		}
		if err := pace.Pause(ctx, 5*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// configure changes pool.json.
func (p *Pool) configure(ctx context.Context, fn func(*Config) error) error {
	return p.change(ctx, func() error { return p.configureLocked(fn) })
}

// configureLocked does so within change.
func (p *Pool) configureLocked(fn func(*Config) error) error {
	c := p.cfg.clone()
	if err := fn(c); err != nil {
		return err
	}
	if err := writeConfig(p.opt.FS, p.dir, c); err != nil {
		return err
	}
	return p.follow(c)
}

// note writes facts down.
func (p *Pool) note(ctx context.Context, l ...fact) error {
	if len(l) == 0 {
		return nil
	}
	return p.change(ctx, func() error { return p.copies.append(l) })
}

// Config is what pool.json says.
func (p *Pool) Config() Config {
	p.mu.Lock()
	defer p.mu.Unlock()
	return *p.cfg.clone()
}

// vol is an open volume; nil when there is none with this id.
func (p *Pool) vol(id string) *volume {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.volumes[id]
}

// byClass are the open volumes, fastest first, each class by the order in which
// they were added.
func (p *Pool) byClass() []*volume {
	p.mu.Lock()
	defer p.mu.Unlock()
	var l []*volume
	for i := range p.cfg.Volumes {
		if v := p.volumes[p.cfg.Volumes[i].ID]; v != nil {
			l = append(l, v)
		}
	}
	slices.SortStableFunc(l, func(a, b *volume) int { return a.Class - b.Class })
	return l
}

// snapshot is a copy of what is known of an object; nil when there is none.
func (p *Pool) snapshot(name string) *object {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.copies.objects[name]
	if o == nil {
		return nil
	}
	out := *o
	out.copies = slices.Clone(o.copies)
	return &out
}
