package pool

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/akashi-audit/akashi/internal/pace"
)

// ScrubOptions say what is checked.
type ScrubOptions struct {
	Volume string // name or id; "" = all that can be read
	Rate   int64  // bytes a second; 0 = as fast as it goes
	Anew   bool   // from the beginning, even when an earlier check was stopped
	// For is after how long a volume's check stops, to be gone on with; 0 = never.
	For      time.Duration
	Progress Progress
}

// Scrubbed is what a check found.
type Scrubbed struct {
	Objects int64     `json:"objects"`
	Bytes   int64     `json:"bytes"`
	Damaged int64     `json:"damaged"`
	Missing int64     `json:"missing"`
	Found   int64     `json:"found"`   // objects that nobody remembered
	Cleaned int64     `json:"cleaned"` // files that were never finished
	Bad     []BadCopy `json:"bad"`
	Away    []string  `json:"away"` // volumes that could not be checked
}

// BadCopy is a copy that is not as it should be.
type BadCopy struct {
	Volume string `json:"volume"`
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// scrubSave is after how many bytes a check writes down how far it is.
const scrubSave = 256 << 20

// Scrub reads every copy on a volume and compares it with the hash in its name; the
// key of encrypted objects is not needed. Stopped, it goes on where it was. Nothing
// is repaired: CatchUp does that.
func (p *Pool) Scrub(ctx context.Context, opt ScrubOptions) (*Scrubbed, error) {
	if err := p.init(ctx); err != nil {
		return nil, err
	}
	r := &Scrubbed{Bad: []BadCopy{}, Away: []string{}}
	cfg := p.Config()
	if opt.Volume != "" {
		v, err := cfg.Find(opt.Volume)
		if err != nil {
			return nil, err
		}
		cfg.Volumes = []Volume{*v}
	}
	for i := range cfg.Volumes {
		x := &cfg.Volumes[i]
		v := p.vol(x.ID)
		if x.State == Lost {
			continue
		}
		if v == nil || p.quickCheck(ctx, v) != nil {
			r.Away = append(r.Away, x.Name)
			continue
		}
		if err := p.scrub(ctx, v, opt, r); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (p *Pool) scrub(ctx context.Context, v *volume, opt ScrubOptions, sum *Scrubbed) error {
	s := v.Scrub
	if s.Cursor == "" || opt.Anew {
		s = Scrub{Begun: p.opt.Now().UnixNano(), Ended: s.Ended}
		w := newWork()
		if err := p.rescan(ctx, v, w, nil); err != nil {
			return err
		}
		sum.Found += w.Found
		if f, ok := unwrap(v.d).(*folder); ok && !v.Foreign && v.State != ReadOnly {
			n, err := f.clean(ctx)
			if err != nil {
				return &VolumeError{v.Name, err}
			}
			sum.Cleaned += int64(n)
		}
	}
	save := func(ctx context.Context) error {
		return p.configure(ctx, func(c *Config) error {
			if x := c.volume(v.ID); x != nil {
				x.Scrub = s
			}
			return nil
		})
	}
	limit := pace.NewRate(opt.Rate)
	names := p.expectedOn(v.ID)
	at, done := slices.BinarySearch(names, s.Cursor)
	if done {
		at++
	}
	unsaved, began := int64(0), time.Now()
	for i, name := range names[at:] {
		opt.Progress.tell(int64(at+i), int64(len(names)), v.Name)
		n, err := p.scrubOne(ctx, v, name, limit, &s, sum)
		if err != nil {
			return errors.Join(err, save(context.WithoutCancel(ctx)))
		}
		s.Cursor = name
		if opt.For > 0 && time.Since(began) > opt.For && at+i+1 < len(names) {
			return save(ctx)
		}
		if unsaved += n; unsaved > scrubSave {
			unsaved = 0
			if err := save(ctx); err != nil {
				return err
			}
		}
	}
	s.Cursor, s.Ended = "", p.opt.Now().UnixNano()
	return save(ctx)
}

// expectedOn are the names of objects that a volume should have a copy of.
func (p *Pool) expectedOn(id string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var l []string
	for _, name := range p.copies.list() {
		if c := p.copies.objects[name].copyOn(id); c != nil && c.is != owed {
			l = append(l, name)
		}
	}
	return l
}

// scrubOne checks a copy. A copy that was damaged or missing and is good again is
// written down as such.
func (p *Pool) scrubOne(ctx context.Context, v *volume, name string, limit *pace.Rate, s *Scrub, sum *Scrubbed) (int64, error) {
	o := p.snapshot(name)
	if o == nil {
		return 0, nil
	}
	c := o.copyOn(v.ID)
	if c == nil || c.is == owed {
		return 0, nil
	}
	r, err := v.d.Open(ctx, c.stored(name), c.place)
	n := int64(0)
	if err == nil {
		n = r.Size()
		err = errors.Join(checkCopy(ctx, r, c.stored(name), limit), r.Close())
	}
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	s.Objects++
	s.Bytes += n
	sum.Objects++
	sum.Bytes += n
	if err == nil {
		if c.is != good {
			return n, p.note(ctx, fact{Op: opHas, Name: name, Volume: v.ID, Bytes: n, Cipher: c.cipher, Version: c.Version, Until: c.Until, Time: o.time})
		}
		return n, nil
	}
	if away := p.quickCheck(ctx, v); away != nil { // the volume went, not the object
		p.away(ctx, v, away)
		return n, away
	}
	if isMissing(err) {
		s.Missing++
		sum.Missing++
	} else {
		s.Damaged++
		sum.Damaged++
	}
	sum.Bad = append(sum.Bad, BadCopy{v.Name, name, err.Error()})
	p.suspect(ctx, name, c, err)
	return n, nil
}
