package pool

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/akashi-audit/akashi/internal/manifest"
)

// Label is the content of akashi-volume.json: what a volume says of itself.
type Label struct {
	Format  int    `json:"format"`
	ID      string `json:"id"`
	Name    string `json:"name"`
	Created int64  `json:"created"` // Unix ns
	// Pool is the id of the pool that writes it, "" when none does any more.
	Pool string `json:"pool,omitempty"`
	// Data is where that pool's data folder was, for people.
	Data string `json:"data,omitempty"`
}

// readLabel reads what a volume says of itself; nil when it says nothing.
func readLabel(ctx context.Context, d driver) (*Label, error) {
	b, err := d.Read(ctx, manifest.VolumeName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var l Label
	if err := json.Unmarshal(b, &l); err != nil {
		return nil, fmt.Errorf("read %s: %w", manifest.VolumeName, err)
	}
	if l.Format > Format {
		return nil, fmt.Errorf("%s has format %d, this akashi reads up to %d: use the newer akashi that wrote it", manifest.VolumeName, l.Format, Format)
	}
	return &l, nil
}

func writeLabel(ctx context.Context, d driver, l *Label) error {
	l.Format = Format
	b, err := json.MarshalIndent(l, "", " ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", manifest.VolumeName, err)
	}
	return d.Write(ctx, manifest.VolumeName, append(b, '\n'))
}

// leaseName is the file that says which data folder writes to a volume now.
const leaseName = "akashi-lease" + lockEnd

// leaseTerm is for how long a lease holds that nobody renews.
const leaseTerm = 10 * time.Minute

// lease is the content of that file.
type lease struct {
	Pool  string `json:"pool"`
	Host  string `json:"host"`
	Data  string `json:"data"`
	Mark  string `json:"mark"`
	Until int64  `json:"until"` // Unix ns, by the clock of Host
}

// LeaseError: another akashi writes to the volume.
type LeaseError struct {
	Volume, Host, Data string
	Until              int64 // Unix ns
}

func (e *LeaseError) Error() string {
	return fmt.Sprintf("volume %s is in use by another akashi (%s, %s), at least until %s",
		e.Volume, e.Host, e.Data, time.Unix(0, e.Until).UTC().Format(time.RFC3339))
}

func (e *LeaseError) Unwrap() error { return ErrInUse }

// volume is an open volume.
type volume struct {
	Volume
	d           driver
	pool        string
	host        string
	data        string
	now         func() time.Time
	*leaseState // shared by all configurations of the volume
}

// leaseState is what is known of an open volume.
type leaseState struct {
	mu     sync.Mutex // guards the fields below
	held   int64      // our lease holds until then, Unix ns
	mark   string     // of the lease that we wrote; "" = another process of the data folder did
	seenAt time.Time  // when the label was last read
	seen   error
}

// freshFor is for how long an S3 volume that was there is taken to be there still.
const freshFor = 30 * time.Second

// check tells whether the storage is there and is this volume: the place where a
// disk was mounted is a folder too.
func (v *volume) check(ctx context.Context) error {
	v.mu.Lock()
	if v.Driver == DriverS3 && v.seen == nil && !v.seenAt.IsZero() && time.Since(v.seenAt) < freshFor {
		v.mu.Unlock()
		return nil
	}
	v.mu.Unlock()
	l, err := readLabel(ctx, v.d)
	switch {
	case err == nil && l == nil, err == nil && l.ID != v.ID:
		err = errNoVolume
	case err == nil && !v.Foreign && l.Pool != v.pool:
		err = fmt.Errorf("%w: another data folder took it over (%s)", ErrInUse, l.Data)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.seenAt, v.seen = time.Now(), err
	if err != nil {
		return &VolumeError{v.Name, errors.Join(ErrAway, err)}
	}
	return nil
}

// quickCheck is check of a volume that may hang.
func (p *Pool) quickCheck(ctx context.Context, v *volume) error {
	_, err := inTime(ctx, p.opt.ReadPatience, func() (bool, error) { return true, v.check(ctx) }, nil)
	if errors.Is(err, errSlow) {
		return &VolumeError{v.Name, errors.Join(ErrAway, err)}
	}
	return err
}

// claim takes or renews the lease. take takes it from whoever has it.
func (v *volume) claim(ctx context.Context, take bool) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now().UnixNano()
	if !take && now < v.held-int64(leaseTerm)/2 && now > v.held-int64(leaseTerm)-int64(time.Minute) {
		return nil
	}
	have, err := v.readLease(ctx)
	if err != nil {
		return err
	}
	if have != nil && !v.ours(have) && now < have.Until && !take {
		return &LeaseError{v.Name, have.Host, have.Data, have.Until}
	}
	if have != nil && v.ours(have) && now < have.Until-int64(leaseTerm)/2 {
		v.held = have.Until
		return nil
	}
	mine := lease{v.pool, v.host, v.data, nonce(), now + int64(leaseTerm)}
	b, err := json.Marshal(mine)
	if err != nil {
		return err
	}
	if err := v.d.Write(ctx, leaseName, append(b, '\n')); err != nil {
		return err
	}
	// Somebody else may have done the same at this moment: who wrote last has it.
	if have, err = v.readLease(ctx); err != nil {
		return err
	}
	if have == nil || !v.ours(have) {
		return &VolumeError{v.Name, ErrInUse}
	}
	v.held, v.mark = mine.Until, mine.Mark
	return nil
}

// ours: processes of one data folder on one machine agree by its own lock.
func (v *volume) ours(l *lease) bool { return l.Pool == v.pool && l.Host == v.host && l.Data == v.data }

func (v *volume) readLease(ctx context.Context) (*lease, error) {
	b, err := v.d.Read(ctx, leaseName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var l lease
	if json.Unmarshal(bytes.TrimSpace(b), &l) != nil {
		return nil, nil // cut short by a machine that stopped
	}
	return &l, nil
}

// release gives the lease back.
func (v *volume) release(ctx context.Context) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	mark := v.mark
	v.held, v.mark = 0, ""
	if mark == "" {
		return nil
	}
	have, err := v.readLease(ctx)
	if err != nil || have == nil || have.Mark != mark {
		return err
	}
	return v.d.Remove(ctx, leaseName)
}

// room is how many bytes of objects still fit, given what is there already.
// Storage without a bound has unbounded.
func (v *volume) room(ctx context.Context, used int64) (int64, error) {
	free, _, err := v.d.Space(ctx)
	if err != nil {
		return 0, err
	}
	if v.Driver == DriverFolder {
		free -= v.Reserve
	}
	if v.Quota > 0 {
		free = min(free, v.Quota-used)
	}
	return max(free, 0), nil
}
