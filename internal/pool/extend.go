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
	Copies int      `json:"copies"` // that are locked for longer now
	Errors []string `json:"errors"` // why some are not, each once
}

// ExtendLocks locks the copies on volumes with Object Lock for longer, where until
// (Unix ns, 0 = no wish) is later than what the storage has. A lock is never made
// shorter, which compliance mode does not allow. Done again it changes nothing.
func (p *Pool) ExtendLocks(ctx context.Context, until func(name string) int64) (*Extended, error) {
	if p.opt.ReadOnly {
		return nil, ErrReadOnly
	}
	if err := p.init(ctx); err != nil {
		return nil, err
	}
	w := newWork()
	out := &Extended{}
	p.mu.Lock()
	names := slices.Clone(p.copies.list())
	p.mu.Unlock()
	for _, name := range names {
		want := until(name)
		o := p.snapshot(name)
		if o == nil || o.deleted != 0 || want == 0 {
			continue
		}
		for i := range o.copies {
			if err := ctx.Err(); err != nil {
				return out, err
			}
			done, err := p.extend(ctx, o, &o.copies[i], want)
			if err != nil {
				w.fail(fmt.Errorf("%s: %w", name, err))
			} else if done {
				out.Copies++
			}
		}
	}
	out.Errors = w.Errors
	return out, nil
}

func (p *Pool) extend(ctx context.Context, o *object, c *copyOf, want int64) (bool, error) {
	v := p.vol(c.volume)
	if v == nil || v.Foreign || v.State == Lost || c.is != good || v.S3 == nil || v.S3.LockDays == 0 {
		return false, nil
	}
	if err := p.quickCheck(ctx, v); err != nil {
		return false, err
	}
	at, err := v.d.Extend(ctx, c.stored(o.name), c.place, want)
	if err != nil {
		return false, &VolumeError{v.Name, err}
	}
	if at.Until == c.Until {
		return false, nil
	}
	return true, p.note(ctx, fact{Op: opHas, Name: o.name, Volume: c.volume, Bytes: c.bytes, Cipher: c.cipher, Version: at.Version, Until: at.Until, Time: o.time})
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
