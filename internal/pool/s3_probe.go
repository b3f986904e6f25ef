package pool

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// probe tries out a bucket.
func (s *s3) probe(ctx context.Context) (l []Probe) {
	add := func(what string, level Level, err error) bool {
		p := Probe{What: what, Level: Does}
		if err != nil {
			p.Level, p.Detail = level, err.Error()
		}
		l = append(l, p)
		return err == nil
	}
	there := false
	err := s.try(ctx, func() (err error) {
		there, err = s.core.BucketExists(ctx, s.cfg.Bucket)
		return err
	})
	if err == nil && !there {
		err = fmt.Errorf("there is no bucket %s", s.cfg.Bucket)
	}
	if err != nil {
		add(ProbeWrite, Fails, err)
		return l
	}
	v, err := s.core.GetBucketVersioning(ctx, s.cfg.Bucket)
	if err == nil && !v.Enabled() {
		err = errors.New("versions are off: whoever overwrites an object destroys it")
	}
	versions := add(ProbeVersion, Warns, err)
	mode, _, _, _, err := s.core.GetObjectLockConfig(ctx, s.cfg.Bucket)
	if err == nil && mode != "Enabled" {
		err = errors.New("off")
	}
	level := Notes
	if s.cfg.LockDays > 0 {
		level = Fails
	}
	if err != nil {
		err = fmt.Errorf("Object Lock: %w", err) //nolint:staticcheck // a proper name
	}
	add(ProbeObject, level, err)
	name := "akashi-probe-財務-" + nonce() + ".json"
	took, err := s.probeObject(ctx, name, versions)
	add(ProbeWrite, Fails, err)
	if skew := took.Sub(s.now()); err == nil && (skew > maxSkew || skew < -maxSkew) {
		add(ProbeClock, Warns, fmt.Errorf("%v", skew.Round(time.Second)))
	}
	return l
}

// probeObject writes, reads and deletes a small file, and tells the server's time.
func (s *s3) probeObject(ctx context.Context, name string, versions bool) (time.Time, error) {
	for _, text := range []string{"one", "two"} {
		if err := s.Write(ctx, name, []byte(text)); err != nil {
			return time.Time{}, err
		}
		b, err := s.Read(ctx, name)
		if err != nil {
			return time.Time{}, err
		}
		if string(b) != text {
			return time.Time{}, errors.New("other bytes came back")
		}
	}
	l, err := s.versions(ctx, s.key(name))
	if err == nil && (len(l) == 0 || versions && l[0].VersionID == "") {
		err = errors.New("the object is not in the list of versions")
	}
	if err != nil {
		return time.Time{}, err
	}
	return l[0].LastModified, s.Remove(ctx, name)
}
