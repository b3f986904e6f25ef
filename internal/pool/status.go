package pool

import (
	"context"
	"math"
	"slices"
	"time"
)

// VolumeStatus is how a volume is.
type VolumeStatus struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Driver   string `json:"driver"`
	Place    string `json:"place"`
	Class    int    `json:"class"`
	State    State  `json:"state"`
	Foreign  bool   `json:"foreign"`
	Online   bool   `json:"online"`
	Problem  string `json:"problem,omitempty"` // why it is not online
	Away     int64  `json:"away,omitempty"`    // since when, Unix ns
	Total    int64  `json:"total"`             // bytes; 0 = the storage does not tell
	Free     int64  `json:"free"`              // bytes that objects may take; -1 = without bound or unknown
	Objects  int64  `json:"objects"`           // good copies
	Bytes    int64  `json:"bytes"`
	Damaged  int64  `json:"damaged"`   // copies
	Missing  int64  `json:"missing"`   // copies that should be there and are not
	Owed     int64  `json:"owed"`      // copies that are to be deleted
	Needed   int64  `json:"needed"`    // copies that must move before it can be removed
	Locked   int64  `json:"locked"`    // copies that the storage does not let go yet
	LockOwed int64  `json:"lock_owed"` // copies whose lock is to be longer and is not yet
	LockTo   int64  `json:"lock_to"`   // the longest of these, Unix ns
	Unlocked int64  `json:"unlocked"`  // when the last of them is free, Unix ns
	Scrub    Scrub  `json:"scrub"`

	device string
}

// Status is how the pool is.
type Status struct {
	Pool        string         `json:"pool"` // its id
	Configured  bool           `json:"configured"`
	Copies      int            `json:"copies"`
	Objects     int64          `json:"objects"`
	Bytes       int64          `json:"bytes"`      // of objects, each once
	LocksOwed   int64          `json:"locks_owed"` // copies whose lock is to be longer and is not yet
	Short       int64          `json:"short"`      // objects with fewer good copies than wanted
	ShortBytes  int64          `json:"short_bytes"`
	Lost        []string       `json:"lost"` // objects without a good copy, up to 100
	LostCount   int64          `json:"lost_count"`
	Left        []Left         `json:"left"`    // copies that are still to be deleted, up to 100
	Free        int64          `json:"free"`    // bytes of objects that still fit, with their copies; -1 = without bound
	PerDay      int64          `json:"per_day"` // growth in the last 30 days, bytes of objects
	Days        float64        `json:"days"`    // until it is full; -1 = not in sight
	WarnDays    int            `json:"warn_days"`
	Warn        bool           `json:"warn"`      // it is full within WarnDays
	Encrypted   bool           `json:"encrypted"` // new objects are
	Broken      int            `json:"broken"`    // lines of copies.jsonl that do not read
	Volumes     []VolumeStatus `json:"volumes"`
	Rules       []Rule         `json:"rules"`
	Recipients  []string       `json:"recipients"`
	IdentityErr string         `json:"identity_error,omitempty"`
}

// growthDays is the time that the forecast goes by.
const growthDays = 30

// maxListed bounds lists of a Status.
const maxListed = 100

// Status tells how the pool is. It reads no objects.
func (p *Pool) Status(ctx context.Context) (*Status, error) {
	if err := p.look(true); err != nil {
		return nil, err
	}
	cfg := p.Config()
	s := &Status{
		Pool: cfg.ID, Configured: cfg.Generation > 0, Copies: cfg.Copies, WarnDays: cfg.WarnDays, Encrypted: len(cfg.Recipients) > 0,
		Lost: []string{}, Left: []Left{}, Volumes: []VolumeStatus{}, Rules: append([]Rule{}, cfg.Rules...), Recipients: append([]string{}, cfg.Recipients...),
	}
	for i := range cfg.Volumes {
		s.Volumes = append(s.Volumes, p.volumeStatus(ctx, &cfg.Volumes[i]))
	}
	p.mu.Lock()
	p.sum(s)
	if p.keysErr != nil {
		s.IdentityErr = p.keysErr.Error()
	}
	p.mu.Unlock()
	p.forecast(s)
	return s, ctx.Err()
}

func (p *Pool) volumeStatus(ctx context.Context, x *Volume) VolumeStatus {
	s := VolumeStatus{
		ID: x.ID, Name: x.Name, Driver: x.Driver, Place: x.Place(), Class: x.Class, State: x.State, Foreign: x.Foreign, Away: x.Away, Scrub: x.Scrub, Free: -1,
	}
	v := p.vol(x.ID)
	if v == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		s.Problem = ErrAway.Error()
		if err := p.problems[x.ID]; err != nil {
			s.Problem = err.Error()
		}
		return s
	}
	err := p.quickCheck(ctx, v)
	if err != nil && p.Config().Generation == 0 { // the archive of a folder without a pool
		err = nil
	}
	if err != nil {
		s.Problem = err.Error()
		return s
	}
	s.Online = true
	if f, ok := unwrap(v.d).(*folder); ok {
		s.device = f.device()
	}
	p.mu.Lock()
	used := p.copies.bytesOn(x.ID)
	p.mu.Unlock()
	type space struct{ free, total int64 }
	told, err := inTime(ctx, p.opt.ReadPatience, func() (space, error) {
		room, err := v.room(ctx, used)
		if err != nil || room >= unbounded/2 {
			return space{-1, 0}, err
		}
		_, all, err := v.d.Space(ctx)
		return space{room, all}, err
	}, nil)
	if err == nil {
		s.Free, s.Total = told.free, told.total
	}
	return s
}

// sum adds up the objects. The caller holds mu.
func (p *Pool) sum(s *Status) {
	at := map[string]*VolumeStatus{}
	for i := range s.Volumes {
		at[s.Volumes[i].ID] = &s.Volumes[i]
	}
	now := p.opt.Now().UnixNano()
	since := now - growthDays*int64(day)
	oldest, recent := now, int64(0)
	s.Broken = p.copies.broken
	for name, o := range p.copies.objects {
		size := int64(0)
		n, foreign := p.count(o)
		for i := range o.copies {
			c := &o.copies[i]
			size = max(size, c.bytes)
			if v := at[c.volume]; v != nil {
				p.sumCopy(s, v, o, c, n, now)
			}
		}
		if o.deleted != 0 {
			continue
		}
		s.Objects++
		s.Bytes += size
		oldest = min(oldest, o.time)
		if o.time >= since {
			recent += size
		}
		if n < p.wantedOf(name) && !onlyForeign(o, foreign) {
			s.Short++
			s.ShortBytes += size
		}
		if n == 0 && !foreign && !p.draining(o) {
			if s.LostCount++; len(s.Lost) < maxListed {
				s.Lost = append(s.Lost, name)
			}
		}
	}
	slices.Sort(s.Lost)
	// A young pool grows by what it has in the days that it is there.
	days := min(growthDays, max(1, float64(now-oldest)/float64(day)))
	s.PerDay = int64(float64(recent) / days)
}

func (p *Pool) sumCopy(s *Status, v *VolumeStatus, o *object, c *copyOf, counted int, now int64) {
	switch c.is {
	case good:
		v.Objects++
		v.Bytes += c.bytes
		if c.Until > now {
			v.Locked++
			v.Unlocked = max(v.Unlocked, c.Until)
		}
		if owesLock(o, c, p.cfg.volume(c.volume), now) {
			v.LockOwed++
			v.LockTo = max(v.LockTo, o.lock)
			s.LocksOwed++
		}
		if counts := v.State == Active || v.State == ReadOnly; !v.Foreign && (counts && counted-1 < s.Copies || !counts && counted < s.Copies) {
			v.Needed++
		}
	case bad:
		v.Damaged++
	case missing:
		v.Missing++
	case owed:
		v.Owed++
		if len(s.Left) < maxListed {
			s.Left = append(s.Left, p.leftOf(o, c, now))
		}
	}
}

// draining tells whether a good copy is on a volume that is being drained. The
// caller holds mu.
func (p *Pool) draining(o *object) bool {
	return slices.ContainsFunc(o.copies, func(c copyOf) bool {
		v := p.cfg.volume(c.volume)
		return v != nil && v.State == Draining && c.is == good
	})
}

// forecast tells how much fits and for how long. Volumes on one disk share its room.
func (p *Pool) forecast(s *Status) {
	var free []int64
	sharers := map[string]int64{}
	for i := range s.Volumes {
		if v := &s.Volumes[i]; v.State == Active && !v.Foreign && v.Online {
			sharers[v.device]++
		}
	}
	for i := range s.Volumes {
		v := &s.Volumes[i]
		switch {
		case v.State != Active || v.Foreign || !v.Online:
		case v.Free < 0:
			free = append(free, unbounded)
		case v.device != "":
			free = append(free, v.Free/sharers[v.device])
		default:
			free = append(free, v.Free)
		}
	}
	s.Free, s.Days = fits(free, s.Copies), -1
	if s.Free >= unbounded/2 {
		s.Free = -1
		return
	}
	if s.PerDay > 0 {
		s.Days = math.Floor(float64(s.Free)/float64(s.PerDay)*10) / 10
		s.Warn = s.Days < float64(s.WarnDays)
	} else {
		s.Warn = s.Free == 0
	}
}

// unbounded is the room of storage without a bound.
const unbounded = int64(1) << 60

// fits is how many bytes fit with n copies of each on different volumes: the most x
// for which the volumes hold n·x, of which none takes more than x.
func fits(free []int64, n int) int64 {
	if len(free) < n {
		return 0
	}
	lo, hi := int64(0), unbounded
	for lo < hi {
		x := lo + (hi-lo+1)/2
		sum := 0.0
		for _, f := range free {
			sum += float64(min(f, x))
		}
		if sum >= float64(n)*float64(x) {
			lo = x
		} else {
			hi = x - 1
		}
	}
	return lo
}

// Full is when the pool is full at the growth of now; zero when that is not in sight.
func (s *Status) Full(now time.Time) time.Time {
	if s.Days < 0 || s.Days > 100*365 {
		return time.Time{}
	}
	return now.Add(time.Duration(s.Days * float64(day)))
}
