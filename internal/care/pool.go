package care

import (
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// The bounds of volumes.
const (
	FastestClass = 1
	SlowestClass = 9
	maxLockDays  = 36_500
)

// VolumeError is a reason why a volume was not changed: a key of the catalogue with
// pairs of name and value, and what was tried out.
type VolumeError struct {
	Key    string
	Args   []any
	Probes []Told
	Err    error
}

func (e *VolumeError) Error() string { return e.Key }

// Unwrap is the cause.
func (e *VolumeError) Unwrap() error { return e.Err }

// Told is a sentence of the catalogue with pairs of name and value, and how grave
// it is: info, warn, error.
type Told struct {
	Level string
	Key   string
	Args  []any
}

// Pool is the volumes of the archive.
type Pool struct {
	Copies   int
	Objects  int64
	Bytes    int64
	Short    int64 // objects with too few copies
	Lost     int64 // objects without a good copy
	Free     int64 // -1 = without bound
	PerDay   int64
	Days     float64 // until it is full; -1 = not in sight
	WarnDays int
	Warn     bool
	Volumes  []Volume
	Move     []MoveRule
	// Recipients are what new objects are encrypted for; Identity is where the keys
	// are, KeyError why they are not.
	Recipients         []string
	Identity, KeyError string
}

// Volume is a place of the archive.
type Volume struct {
	ID, Name, Place, State string
	Class                  int
	Online                 bool
	Problem                string
	Quota, Reserve         int64 // bytes; 0 = none
	Total, Free            int64 // bytes; Total 0 and Free -1 = unknown
	Objects, Bytes         int64
	Damaged, Missing       int64
	LockOwed, LockTo       int64 // copies whose lock is to be longer, and until when, Unix ns
	Checked                int64 // end of the last check, Unix ns; 0 = never
	Probes                 []Told
}

// Folder is a folder that becomes a volume.
type Folder struct{ Path, Name string }

// Check refuses what is no folder. Where a server works nobody knows, so that a path
// must be a whole one.
func (f *Folder) Check() error {
	switch {
	case f.Path == "":
		return missing("path", "web.pool.needs_path")
	case len(f.Path) > 4096 || strings.ContainsRune(f.Path, 0) || !filepath.IsAbs(f.Path):
		return wrong("path", "web.pool.needs_path")
	case len(f.Name) > 100:
		return wrong("name", "web.pool.needs_path")
	}
	return nil
}

// Bucket is a place of S3 that becomes a volume.
type Bucket struct {
	Name, Endpoint, Region, Bucket, Prefix string
	// Keys is env:NAME for the variables NAME_ACCESS_KEY and NAME_SECRET_KEY of the
	// server, or file:PATH of a file with the lines access_key= and secret_key=. The
	// keys themselves come through no page.
	Keys     string
	LockDays int // each object cannot be deleted for so long; 0 = it can
}

// Check refuses what is no bucket.
func (b *Bucket) Check() error {
	b.Prefix = strings.Trim(b.Prefix, "/")
	u, err := url.Parse(b.Endpoint)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || len(b.Endpoint) > 500:
		return wrong("endpoint", "web.vol.needs_endpoint")
	case b.Bucket == "" || len(b.Bucket) > 63 || strings.ContainsAny(b.Bucket, `/\ `):
		return wrong("bucket", "web.vol.needs_bucket")
	case len(b.Name) > 100:
		return wrong("name", "web.data.bad_form")
	case len(b.Prefix) > 500:
		return wrong("prefix", "web.data.bad_form")
	case len(b.Region) > 60:
		return wrong("region", "web.data.bad_form")
	case !KeysNamed(b.Keys):
		return wrong("keys", "web.vol.needs_keys")
	case b.LockDays < 0 || b.LockDays > maxLockDays:
		return wrong("lock_days", "web.vol.bad_lock")
	}
	return nil
}

// KeysNamed reports whether s says where keys are, and is none itself.
func KeysNamed(s string) bool {
	if path, ok := strings.CutPrefix(s, "file:"); ok {
		return filepath.IsAbs(path) && len(s) < 4096
	}
	return regexp.MustCompile(`^env:[A-Za-z_][A-Za-z0-9_]{0,99}$`).MatchString(s)
}

// Place is the bucket as people read it.
func (b *Bucket) Place() string {
	if b.Prefix != "" {
		return "s3://" + b.Bucket + "/" + b.Prefix
	}
	return "s3://" + b.Bucket
}

// VolumeChange is how a volume is used from now on.
type VolumeChange struct {
	Volume string
	Class  int
	State  string // active, readonly
}

// Check refuses what no volume can be.
func (c *VolumeChange) Check() error {
	switch {
	case c.Volume == "":
		return missing("volume", "web.data.bad_form")
	case c.Class < FastestClass || c.Class > SlowestClass:
		return wrong("class", "web.data.bad_form")
	case c.State != "active" && c.State != "readonly":
		return wrong("state", "web.data.bad_form")
	}
	return nil
}

// String names the change for the trail.
func (c *VolumeChange) String() string {
	return c.Volume + " class " + strconv.Itoa(c.Class) + " " + c.State
}
