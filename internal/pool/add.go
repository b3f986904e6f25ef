package pool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/manifest"
)

// AddOptions say which volume is added.
type AddOptions struct {
	Path  string // a folder; "" when S3 is set
	S3    *S3
	Name  string // "" = the last part of the path
	Class int    // 0 = 5
	Quota int64
	// Reserve is how many bytes stay free; < 0 = none, 0 = the usual.
	Reserve int64
	// Join takes a volume over that belongs to another data folder, so that it is
	// written to. Without it such a volume is only read.
	Join bool
	// TakeOver takes it from an akashi that may still be using it.
	TakeOver bool
	ReadOnly bool
}

// Added is what an addition did.
type Added struct {
	Volume  Volume  `json:"volume"`
	Label   Label   `json:"label"`
	Probes  []Probe `json:"probes"` // what the storage guarantees
	Found   int64   `json:"found"`  // objects that were there
	Joined  bool    `json:"joined"` // it was a volume already
	Foreign bool    `json:"foreign"`
}

// RefusedError: the storage does not do what a volume needs.
type RefusedError struct{ Probes []Probe }

func (e *RefusedError) Error() string {
	var l []string
	for _, p := range e.Probes {
		if p.Level == Fails {
			l = append(l, p.What+": "+p.Detail)
		}
	}
	return "the storage cannot be a volume: " + strings.Join(l, "; ")
}

// Add adds a volume. Storage is tried out first; a volume that another data folder
// made is recognised.
func (p *Pool) Add(ctx context.Context, opt AddOptions) (*Added, error) {
	if err := p.init(ctx); err != nil {
		return nil, err
	}
	v, err := p.newVolume(opt)
	if err != nil {
		return nil, err
	}
	d, err := p.openDriver(v)
	if err != nil {
		return nil, err
	}
	defer d.Close() //nolint:errcheck // it is opened again when it is a volume
	out := &Added{Probes: []Probe{}}
	l, err := readLabel(ctx, d)
	if err != nil && !isMissing(err) {
		return nil, &VolumeError{v.Name, err}
	}
	cfg := p.Config()
	if l == nil {
		if err := empty(ctx, d); err != nil {
			return nil, &VolumeError{v.Name, err}
		}
		l = &Label{ID: v.ID, Name: v.Name, Created: v.Added, Pool: ""}
	} else {
		out.Joined = true
		v.ID = l.ID
		if opt.Name == "" {
			v.Name = unused(&cfg, l.Name, l.ID)
		}
		if l.Pool != "" && l.Pool != cfg.ID && !opt.Join {
			v.Foreign, v.State = true, ReadOnly
		}
	}
	if !v.Foreign {
		if out.Probes, err = p.prepare(ctx, d, v, l, opt); err != nil {
			return out, err
		}
	}
	err = p.configure(ctx, func(c *Config) error {
		if o, _ := c.Find(v.Name); o != nil && o.ID != v.ID {
			return &VolumeError{v.Name, ErrName}
		}
		c.Volumes = slices.DeleteFunc(c.Volumes, func(o Volume) bool { return o.ID == v.ID })
		c.Volumes = append(c.Volumes, *v)
		return nil
	})
	if err != nil {
		return out, err
	}
	out.Volume, out.Label, out.Foreign = *v, *l, v.Foreign
	w, err := p.Rescan(ctx, v.ID, nil)
	if err != nil {
		return out, err
	}
	out.Found = w.Found
	return out, nil
}

// TakeOver takes a volume of the pool over that belongs to another data folder, so
// that it is written to; force takes it from an akashi that may still be using it.
func (p *Pool) TakeOver(ctx context.Context, volume string, force bool) error {
	cfg := p.Config()
	v, err := cfg.Find(volume)
	if err != nil {
		return err
	}
	if !v.Foreign {
		return &VolumeError{v.Name, errors.New("no other data folder owns it")}
	}
	opt := AddOptions{Path: v.Path, S3: v.S3, Name: v.Name, Class: v.Class, Quota: v.Quota, Reserve: v.Reserve, Join: true, TakeOver: force}
	if opt.Reserve == 0 {
		opt.Reserve = -1
	}
	_, err = p.Add(ctx, opt)
	return err
}

// prepare tries the storage out and labels it as ours.
func (p *Pool) prepare(ctx context.Context, d driver, v *Volume, l *Label, opt AddOptions) ([]Probe, error) {
	if err := makeFolder(d); err != nil {
		return nil, &VolumeError{v.Name, err}
	}
	probes := probe(ctx, d, p.opt.Now())
	if slices.ContainsFunc(probes, func(x Probe) bool { return x.Level == Fails }) {
		return probes, &RefusedError{probes}
	}
	cfg := p.Config()
	if x := p.sameDisk(d, v.ID); x != "" {
		probes = append(probes, Probe{ProbeDisk, Warns, x})
	}
	open := &volume{Volume: *v, d: d, pool: cfg.ID, host: p.host, data: p.root, now: p.opt.Now, leaseState: &leaseState{}}
	if err := open.claim(ctx, opt.TakeOver); err != nil {
		return probes, err
	}
	l.Pool, l.Data, l.Name = cfg.ID, p.host+":"+p.root, v.Name
	if err := writeLabel(ctx, d, l); err != nil {
		return probes, &VolumeError{v.Name, err}
	}
	return probes, open.release(ctx)
}

// sameDisk is the name of another volume on the same disk: both die together.
func (p *Pool) sameDisk(d driver, id string) string {
	f, ok := unwrap(d).(*folder)
	if !ok || f.device() == "" {
		return ""
	}
	for _, v := range p.byClass() {
		if o, ok := unwrap(v.d).(*folder); ok && v.ID != id && v.State != Lost && o.device() == f.device() {
			return v.Name
		}
	}
	return ""
}

// newVolume is what the options say.
func (p *Pool) newVolume(opt AddOptions) (*Volume, error) {
	v := &Volume{ID: nonce(), Name: opt.Name, Class: opt.Class, State: Active, Added: p.opt.Now().UnixNano(), Quota: opt.Quota, Reserve: opt.Reserve}
	if v.Class == 0 {
		v.Class = 5
	}
	if v.Class < Fastest || v.Class > Slowest {
		return nil, fmt.Errorf("class %d: want %d (fast) to %d (slow)", v.Class, Fastest, Slowest)
	}
	if opt.ReadOnly {
		v.State = ReadOnly
	}
	switch {
	case v.Reserve < 0:
		v.Reserve = 0
	case v.Reserve == 0:
		v.Reserve = defaultReserve
	}
	base := ""
	if opt.S3 != nil {
		s := *opt.S3
		if err := checkEndpoint(s.Endpoint); err != nil {
			return nil, err
		}
		if s.Prefix = strings.Trim(s.Prefix, "/"); s.Prefix != "" {
			s.Prefix += "/"
		}
		v.Driver, v.S3, base = DriverS3, &s, s.Bucket
	} else {
		at, err := filepath.Abs(opt.Path)
		if err != nil {
			return nil, err
		}
		v.Driver, v.Path, base = DriverFolder, at, filepath.Base(at)
		if rel, err := filepath.Rel(p.root, at); err == nil && filepath.ToSlash(rel) == DefaultPath {
			v.Path = DefaultPath // it moves with the data folder
		}
		if at == p.root || strings.HasPrefix(p.root, at+string(filepath.Separator)) {
			return nil, &VolumeError{at, errors.New("the data folder lies in it")}
		}
	}
	if v.Name == "" {
		cfg := p.Config()
		v.Name = unused(&cfg, base, v.ID)
	}
	return v, nil
}

// unused is a name that no other volume has.
func unused(c *Config, name, id string) string {
	if o, _ := c.Find(name); o == nil || o.ID == id {
		return name
	}
	for i := 2; ; i++ {
		n := fmt.Sprintf("%s-%d", name, i)
		if o, _ := c.Find(n); o == nil || o.ID == id {
			return n
		}
	}
}

// checkEndpoint refuses to send keys over an open line.
func checkEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.Path != "" && u.Path != "/" || u.RawQuery != "" {
		return fmt.Errorf("endpoint %q: want https://host or https://host:port", endpoint)
	}
	if u.User != nil {
		return errors.New("endpoint: keys do not belong into the address, name where they are with --keys")
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return ErrPlain
	}
	return nil
}

// empty refuses a folder in which something else lies. Objects may: the volume may
// have lost its label.
func empty(ctx context.Context, d driver) error {
	f, ok := unwrap(d).(*folder)
	if !ok {
		return nil
	}
	if _, err := f.fs.ReadDir(f.dir); isMissing(err) {
		return nil
	}
	return f.walk(ctx, "", func(name string, _ fs.DirEntry) error {
		if _, _, ok := parseStored(name); ok || strings.HasSuffix(name, tmpEnd) || strings.HasSuffix(name, lockEnd) || name == manifest.VolumeName {
			return nil
		}
		return ErrNotEmpty
	})
}

// Change is what can be changed of the pool and of a volume; nil fields stay.
type Change struct {
	Copies     *int
	WarnDays   *int
	Rate       *int64
	Recipients *[]string
	Identity   *string
	Rules      *[]Rule
	Volume     string // the volume that the rest is about
	Name       *string
	Class      *int
	Quota      *int64
	Reserve    *int64
	State      *State // Active or ReadOnly
	// Agree refuses the change when what is there now is not what somebody has seen; nil =
	// whatever is there.
	Agree func(*Config) error
}

// Set changes the pool or a volume.
func (p *Pool) Set(ctx context.Context, x Change) error {
	p.mu.Lock()
	k := p.keys
	p.mu.Unlock()
	if x.Identity != nil {
		var err error
		if k, err = readIdentities(*x.Identity, p.opt.Getenv); err != nil {
			return err
		}
	}
	if x.Recipients != nil {
		if _, err := parseRecipients(*x.Recipients, k); err != nil {
			return err
		}
	}
	if err := p.init(ctx); err != nil {
		return err
	}
	return p.configure(ctx, func(c *Config) error {
		if x.Agree != nil {
			if err := x.Agree(c); err != nil {
				return err
			}
		}
		set(&c.Copies, x.Copies)
		set(&c.WarnDays, x.WarnDays)
		set(&c.Rate, x.Rate)
		set(&c.Recipients, x.Recipients)
		set(&c.Identity, x.Identity)
		set(&c.Rules, x.Rules)
		if x.Volume == "" {
			return nil
		}
		v, err := c.Find(x.Volume)
		if err != nil {
			return err
		}
		if x.Name != nil {
			if o, _ := c.Find(*x.Name); o != nil && o.ID != v.ID {
				return &VolumeError{*x.Name, ErrName}
			}
		}
		set(&v.Name, x.Name)
		set(&v.Class, x.Class)
		set(&v.Quota, x.Quota)
		set(&v.Reserve, x.Reserve)
		if x.State == nil {
			return nil
		}
		switch {
		case v.Foreign:
			return &VolumeError{v.Name, errors.New("another data folder owns it: add it again with --join")}
		case *x.State != Active && *x.State != ReadOnly:
			return fmt.Errorf("state %q: want %s or %s", *x.State, Active, ReadOnly)
		case *x.State == ReadOnly && !writable(c, v.ID):
			return ErrLast
		}
		if v.State == Lost {
			v.Away = p.opt.Now().UnixNano() // it is looked through before anything counts on it
		}
		v.State = *x.State
		return nil
	})
}

func set[T any](at, to *T) {
	if to != nil {
		*at = *to
	}
}
