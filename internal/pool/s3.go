package pool

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// s3 keeps objects in a bucket. Each is written as a version and read by its id:
// whoever overwrites or deletes a key makes a new version, and ours stays.
type s3 struct {
	cfg  S3
	core minio.Core
	now  func() time.Time
	wait func(ctx context.Context, try int) error // before a further try
}

const (
	s3Tries    = 6
	s3FirstGap = 200 * time.Millisecond
	s3MostGap  = 10 * time.Second
	s3PartSize = 32 << 20
	// s3Answer is how long an answer may take to begin.
	s3Answer = time.Minute
	// metaHash is the name of the metadata with the hash of an object, for people.
	metaHash = "akashi-sha256"
)

func newS3(cfg *S3, getenv func(string) string, now func() time.Time) (*s3, error) {
	if err := checkEndpoint(cfg.Endpoint); err != nil {
		return nil, err
	}
	u, err := url.Parse(cfg.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("endpoint: %w", err)
	}
	access, secret, err := readKeys(cfg.Keys, getenv)
	if err != nil {
		return nil, err
	}
	tr, err := minio.DefaultTransport(u.Scheme == "https")
	if err != nil {
		return nil, err
	}
	tr.ResponseHeaderTimeout = s3Answer
	region := cfg.Region
	if region == "" {
		region = "us-east-1"
	}
	core, err := minio.NewCore(u.Host, &minio.Options{
		Creds: credentials.NewStaticV4(access, secret, ""), Secure: u.Scheme == "https", Region: region, Transport: tr,
		MaxRetries: 1, // tries are counted here, where it is known what may be done twice
	})
	if err != nil {
		return nil, err
	}
	return &s3{cfg: *cfg, core: *core, now: now, wait: backOff}, nil
}

// readKeys gets the keys of a bucket from where Keys says.
func readKeys(from string, getenv func(string) string) (access, secret string, err error) {
	kind, at, _ := strings.Cut(from, ":")
	switch kind {
	case "env":
		access, secret = getenv(at+"_ACCESS_KEY"), getenv(at+"_SECRET_KEY")
	case "file":
		b, err := os.ReadFile(at)
		if err != nil {
			return "", "", fmt.Errorf("keys of the bucket: %w", err)
		}
		for line := range strings.Lines(string(b)) {
			key, value, _ := strings.Cut(line, "=")
			switch strings.ToLower(strings.TrimSpace(key)) {
			case "access_key":
				access = strings.TrimSpace(value)
			case "secret_key":
				secret = strings.TrimSpace(value)
			}
		}
	default:
		return "", "", fmt.Errorf("keys of the bucket: %q: want env:NAME or file:PATH", from)
	}
	if access == "" || secret == "" {
		return "", "", fmt.Errorf("keys of the bucket: %s has no access key or no secret key", from)
	}
	return access, secret, nil
}

func (s *s3) key(name string) string { return s.cfg.Prefix + name }

// versions lists what there is of one key, newest first, delete markers too.
func (s *s3) versions(ctx context.Context, key string) (l []minio.ObjectInfo, err error) {
	err = s.try(ctx, func() error {
		l = l[:0]
		ctx, stop := context.WithCancel(ctx) // the listing ends with this
		defer stop()
		for o := range s.core.Client.ListObjects(ctx, s.cfg.Bucket, minio.ListObjectsOptions{Prefix: key, Recursive: true, WithVersions: true}) {
			if o.Err != nil {
				return o.Err
			}
			if o.Key == key {
				l = append(l, o)
			}
		}
		return nil
	})
	return l, err
}

// existing is a version of a key that has the bytes that its name says.
func (s *s3) existing(ctx context.Context, name string, size int64) (place, bool, error) {
	l, err := s.versions(ctx, s.key(name))
	if err != nil {
		return place{}, false, err
	}
	for _, o := range l {
		if o.IsDeleteMarker || o.Size != size {
			continue
		}
		at, err := s.readBack(ctx, name, o.VersionID)
		var damage *damageError
		if errors.As(err, &damage) || isMissing(err) {
			continue
		}
		return at, err == nil, err
	}
	return place{}, false, nil
}

// readBack reads a version whole and tells where it is.
func (s *s3) readBack(ctx context.Context, name, version string) (place, error) {
	r, err := s.open(ctx, name, version)
	if err != nil {
		return place{}, err
	}
	if err := checkCopy(ctx, r, name, nil); err != nil {
		return place{}, fmt.Errorf("read back: %w", err)
	}
	return place{r.version, r.until}, nil
}

// Put writes a version. After a try whose answer was lost it looks first whether the
// version is there.
func (s *s3) Put(ctx context.Context, name string, r io.ReaderAt, size int64) (place, error) {
	for n := 0; ; n++ {
		at, ok, err := s.existing(ctx, name, size)
		if err == nil && ok {
			return at, nil
		}
		if err == nil {
			at, err = s.upload(ctx, name, r, size)
		}
		if err == nil {
			return at, nil
		}
		if n+1 == s3Tries || !again(ctx, err) {
			return place{}, err
		}
		if err := s.wait(ctx, n); err != nil {
			return place{}, err
		}
	}
}

func (s *s3) upload(ctx context.Context, name string, r io.ReaderAt, size int64) (place, error) {
	sum := storedHash(name)
	opt := minio.PutObjectOptions{
		ContentType: "application/octet-stream", SendContentMd5: true, PartSize: s3PartSize, NumThreads: 1,
		UserMetadata: map[string]string{metaHash: hex.EncodeToString(sum[:])},
	}
	if s.cfg.LockDays > 0 {
		opt.Mode, opt.RetainUntilDate = minio.Compliance, s.now().UTC().Add(time.Duration(s.cfg.LockDays)*day).Truncate(time.Second)
	}
	info, err := s.core.Client.PutObject(ctx, s.cfg.Bucket, s.key(name), io.NewSectionReader(r, 0, size), size, opt)
	if err != nil {
		return place{}, s3Error(err)
	}
	at, err := s.readBack(ctx, name, info.VersionID)
	if err == nil && s.cfg.LockDays > 0 && at.Until == 0 {
		err = errors.New("the bucket took the object and did not lock it: is Object Lock on?")
	}
	return at, err
}

func (s *s3) Open(ctx context.Context, name string, at place) (Reader, error) {
	r, err := s.open(ctx, name, at.Version)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (s *s3) open(ctx context.Context, name, version string) (*s3Reader, error) {
	var info minio.ObjectInfo
	err := s.try(ctx, func() (err error) {
		info, err = s.core.StatObject(ctx, s.cfg.Bucket, s.key(name), minio.StatObjectOptions{VersionID: version})
		return err
	})
	if err != nil {
		return nil, err
	}
	return &s3Reader{s: s, ctx: ctx, name: name, version: info.VersionID, size: info.Size, until: retainUntil(&info)}, nil
}

// retainUntil is until when a version is locked. The header of the object is asked,
// because versitygw answers the call for it in a form of its own.
func retainUntil(info *minio.ObjectInfo) int64 {
	t, err := time.Parse(time.RFC3339, info.Metadata.Get("X-Amz-Object-Lock-Retain-Until-Date"))
	if err != nil {
		return 0
	}
	return t.UnixNano()
}

func (s *s3) List(ctx context.Context, fn func(found) error) error {
	// Newest versions come first; what comes last wins, so each key is turned round.
	var same []found
	flush := func() error {
		for _, f := range slices.Backward(same) {
			if err := fn(f); err != nil {
				return err
			}
		}
		same = same[:0]
		return nil
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for o := range s.core.Client.ListObjects(ctx, s.cfg.Bucket, minio.ListObjectsOptions{Prefix: s.cfg.Prefix, Recursive: true, WithVersions: true}) {
		if o.Err != nil {
			return s3Error(o.Err)
		}
		name := strings.TrimPrefix(o.Key, s.cfg.Prefix)
		if _, _, ok := parseStored(name); !ok || o.IsDeleteMarker {
			continue
		}
		if len(same) > 0 && same[0].Name != name {
			if err := flush(); err != nil {
				return err
			}
		}
		f := found{Name: name, Size: o.Size, Time: o.LastModified.UnixNano(), place: place{Version: o.VersionID}}
		if s.cfg.LockDays > 0 { // a guess that is not too early; a deletion asks the server
			f.Until = o.LastModified.Add(time.Duration(s.cfg.LockDays) * day).UnixNano()
		}
		same = append(same, f)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return flush()
}

// Delete removes every version of a name and its delete markers.
func (s *s3) Delete(ctx context.Context, name string, _ place) error {
	return s.remove(ctx, name, "")
}

// remove removes all versions but one.
func (s *s3) remove(ctx context.Context, name, but string) error {
	l, err := s.versions(ctx, s.key(name))
	if err != nil {
		return err
	}
	var locked *lockedError
	for _, o := range l {
		if but != "" && o.VersionID == but {
			continue
		}
		err := s.try(ctx, func() error {
			return s.core.RemoveObject(ctx, s.cfg.Bucket, o.Key, minio.RemoveObjectOptions{VersionID: o.VersionID})
		})
		if err == nil || isMissing(err) {
			continue
		}
		x, lerr := s.lockOf(ctx, name, o.VersionID, err)
		if lerr != nil {
			return lerr
		}
		if locked == nil || x.until > locked.until {
			locked = x
		}
	}
	if locked != nil {
		return locked
	}
	return nil
}

// lockOf tells whether a version was not deleted because it is locked.
func (s *s3) lockOf(ctx context.Context, name, version string, why error) (*lockedError, error) {
	r, err := s.open(ctx, name, version)
	if err == nil && r.until > 0 {
		return &lockedError{r.until}, nil
	}
	if text := strings.ToLower(why.Error()); strings.Contains(text, "worm") || strings.Contains(text, "object lock") {
		return &lockedError{}, nil
	}
	return nil, why
}

// Aside leaves a damaged version where it is: the good one is another version.
func (s *s3) Aside(context.Context, string, place) error { return nil }

func (s *s3) Space(ctx context.Context) (free, total int64, err error) {
	return unbounded, 0, ctx.Err()
}

func (s *s3) Read(ctx context.Context, name string) (b []byte, err error) {
	err = s.try(ctx, func() error {
		r, _, _, err := s.core.GetObject(ctx, s.cfg.Bucket, s.key(name), minio.GetObjectOptions{})
		if err != nil {
			return err
		}
		b, err = io.ReadAll(io.LimitReader(r, maxMeta))
		return errors.Join(err, r.Close())
	})
	return b, err
}

// Write writes a small file and removes what it said before.
func (s *s3) Write(ctx context.Context, name string, b []byte) error {
	version := ""
	err := s.try(ctx, func() error {
		info, err := s.core.Client.PutObject(ctx, s.cfg.Bucket, s.key(name), bytes.NewReader(b), int64(len(b)),
			minio.PutObjectOptions{ContentType: "application/json", SendContentMd5: true, DisableMultipart: true})
		version = info.VersionID
		return err
	})
	if err != nil || version == "" {
		return err
	}
	err = s.remove(ctx, name, version)
	var locked *lockedError
	if errors.As(err, &locked) { // the bucket locks everything
		return nil
	}
	return err
}

func (s *s3) Remove(ctx context.Context, name string) error {
	err := s.remove(ctx, name, "")
	var locked *lockedError
	if errors.As(err, &locked) { // a delete marker hides it
		return s.try(ctx, func() error {
			return s.core.RemoveObject(ctx, s.cfg.Bucket, s.key(name), minio.RemoveObjectOptions{})
		})
	}
	return err
}

func (s *s3) Close() error { return nil }
