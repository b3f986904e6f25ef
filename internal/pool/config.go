package pool

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/akashi-audit/akashi/internal/fsx"
)

// The files of the pool in a data folder.
const (
	DirName    = "pool"
	ConfigName = "pool.json"
	CopiesName = "copies.jsonl"
	LockName   = "pool.lock"
)

// Format is the version of the pool's files and of akashi-volume.json.
const Format = 1

// DefaultPath is the folder of the volume that every data folder begins with.
const DefaultPath = "archive"

// The drivers of volumes.
const (
	DriverFolder = "folder"
	DriverS3     = "s3"
)

// State is what may be done with a volume.
type State string

// The states of a volume.
const (
	Active   State = "active"   // read and written
	ReadOnly State = "readonly" // read; what is there counts as copies
	Draining State = "draining" // read until everything lies elsewhere
	Lost     State = "lost"     // given up; nothing on it counts
)

// The bounds of classes: the fastest storage and the slowest.
const (
	Fastest = 1
	Slowest = 9
)

// Volume is what pool.json says of a volume.
type Volume struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Driver string `json:"driver"`
	// Path is the folder, absolute or relative to the data folder.
	Path  string `json:"path,omitempty"`
	S3    *S3    `json:"s3,omitempty"`
	Class int    `json:"class"` // Fastest … Slowest
	State State  `json:"state"`
	// Foreign: another data folder owns the volume. It is read, never written, and
	// what is there needs no copies here.
	Foreign bool  `json:"foreign,omitempty"`
	Added   int64 `json:"added"` // Unix ns
	// Quota bounds the bytes of objects there; 0 = as many as it holds.
	Quota int64 `json:"quota,omitempty"`
	// Reserve is how many bytes stay free.
	Reserve int64 `json:"reserve,omitempty"`
	// Away is since when the volume could not be reached; 0 = it can.
	Away int64 `json:"away,omitempty"` // Unix ns
	// For says which volume this one takes the place of.
	For   string `json:"for,omitempty"`
	Scrub Scrub  `json:"scrub,omitzero"`
}

// S3 says where a bucket is. The keys are not here: Keys names where they are.
type S3 struct {
	Endpoint string `json:"endpoint"` // https://host[:port]
	Region   string `json:"region,omitempty"`
	Bucket   string `json:"bucket"`
	Prefix   string `json:"prefix,omitempty"` // of all keys, ends in /
	// Keys is env:NAME for the variables NAME_ACCESS_KEY and NAME_SECRET_KEY, or
	// file:PATH for a file with the lines access_key=… and secret_key=….
	Keys string `json:"keys"`
	// LockDays is for how many days each object is locked (Object Lock, compliance
	// mode) from when it is written; 0 = not.
	LockDays int `json:"lock_days,omitempty"`
}

// Scrub is how far the check of a volume is.
type Scrub struct {
	Begun   int64  `json:"begun,omitempty"`  // Unix ns
	Cursor  string `json:"cursor,omitempty"` // last name that was checked; "" = none or all
	Ended   int64  `json:"ended,omitempty"`  // of the last one that came to its end
	Objects int64  `json:"objects,omitempty"`
	Bytes   int64  `json:"bytes,omitempty"`
	Damaged int64  `json:"damaged,omitempty"`
	Missing int64  `json:"missing,omitempty"`
}

// Rule moves objects to slower storage.
type Rule struct {
	Days  int `json:"days"`  // since the day they are of, and since they were last read
	Class int `json:"class"` // at least this slow
}

// Config is the content of pool.json.
type Config struct {
	Format     int    `json:"format"`
	ID         string `json:"id"` // of the pool: which data folder this is
	Generation int64  `json:"generation"`
	Copies     int    `json:"copies"`
	// WarnDays is how many days before it is full the pool warns.
	WarnDays int `json:"warn_days"`
	// Rate is how many bytes a second a scrub reads in the background.
	Rate int64 `json:"scrub_rate"`
	// Asked is when somebody last asked the process that cares for the pool to look
	// through everything, Unix ns.
	Asked int64 `json:"asked,omitempty"`
	// Recipients are age keys for which new objects are encrypted, or "passphrase"
	// alone for the one in Identity; none = they are not encrypted.
	Recipients []string `json:"recipients,omitempty"`
	// Identity is the file of the keys that decrypt; env:NAME names a variable that
	// holds them.
	Identity string   `json:"identity,omitempty"`
	Rules    []Rule   `json:"rules,omitempty"`
	Volumes  []Volume `json:"volumes"`
}

const (
	defaultWarnDays = 60
	defaultRate     = 20 << 20
	defaultReserve  = 256 << 20
)

// fresh is the pool of a data folder that has none yet: one volume, its archive.
func fresh() *Config {
	return &Config{
		Format: Format, ID: nonce(), Copies: 1, WarnDays: defaultWarnDays, Rate: defaultRate,
		Volumes: []Volume{{ID: nonce(), Name: "archive", Driver: DriverFolder, Path: DefaultPath, Class: 5, State: Active, Reserve: defaultReserve}},
	}
}

func (c *Config) volume(id string) *Volume {
	for i := range c.Volumes {
		if c.Volumes[i].ID == id {
			return &c.Volumes[i]
		}
	}
	return nil
}

// Find is the volume with this id or name.
func (c *Config) Find(which string) (*Volume, error) {
	if v := c.volume(which); v != nil {
		return v, nil
	}
	for i := range c.Volumes {
		if c.Volumes[i].Name == which {
			return &c.Volumes[i], nil
		}
	}
	return nil, &VolumeError{Volume: which, Reason: ErrUnknown}
}

// Errors about volumes.
var (
	ErrUnknown  = errors.New("the pool has no such volume")
	ErrName     = errors.New("another volume has this name")
	ErrNotEmpty = errors.New("the folder holds something else: name an empty or a new one")
	ErrHeld     = errors.New("objects lie on this volume and not often enough elsewhere: drain it first, or mark it as lost")
	ErrAway     = errors.New("the volume cannot be reached")
	ErrLast     = errors.New("the pool needs a volume that it can write to")
	ErrInUse    = errors.New("another akashi uses this volume")
	ErrPlain    = errors.New("keys travel unencrypted: http:// is for this machine only, use https://")
)

// VolumeError is an error about one volume.
type VolumeError struct {
	Volume string // its name
	Reason error
}

func (e *VolumeError) Error() string { return fmt.Sprintf("volume %s: %v", e.Volume, e.Reason) }

func (e *VolumeError) Unwrap() error { return e.Reason }

// validate finds what makes a configuration unusable.
func (c *Config) validate() error {
	if c.Format > Format {
		return fmt.Errorf("%s has format %d, this akashi reads up to %d: use the newer akashi that wrote it", ConfigName, c.Format, Format)
	}
	if c.ID == "" || c.Copies < 1 || c.Copies > 9 {
		return fmt.Errorf("%s: want an id and 1 to 9 copies", ConfigName)
	}
	seen := map[string]bool{}
	for i := range c.Volumes {
		v := &c.Volumes[i]
		where := v.Driver == DriverFolder && v.Path != "" || v.Driver == DriverS3 && v.S3 != nil
		state := slices.Contains([]State{Active, ReadOnly, Draining, Lost}, v.State)
		if v.ID == "" || v.Name == "" || !where || !state || v.Class < Fastest || v.Class > Slowest || seen[v.ID] || seen["name "+v.Name] {
			return fmt.Errorf("%s: volume %d (%s) is not right", ConfigName, i+1, v.Name)
		}
		seen[v.ID], seen["name "+v.Name] = true, true
	}
	return nil
}

// Configured reports whether a data folder has a pool. Without one its archive is
// the folder DefaultPath alone.
func Configured(fs fsx.FS, dir string) (bool, error) {
	if fs == nil {
		fs = fsx.OS{}
	}
	f, err := fs.OpenFile(filepath.Join(dir, DirName, ConfigName), os.O_RDONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, f.Close()
}

// Load reads the configuration of a data folder's pool; nil when it has none.
func Load(fs fsx.FS, dir string) (*Config, error) {
	if fs == nil {
		fs = fsx.OS{}
	}
	return readConfig(fs, filepath.Join(dir, DirName))
}

// readConfig reads pool.json; nil when there is none.
func readConfig(fs fsx.FS, dir string) (*Config, error) {
	f, err := fs.OpenFile(filepath.Join(dir, ConfigName), os.O_RDONLY, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", ConfigName, err)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxMeta))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("read %s: %w", ConfigName, err)
	}
	var c Config
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return nil, fmt.Errorf("read %s: %w", ConfigName, err)
	}
	return &c, c.validate()
}

func writeConfig(fs fsx.FS, dir string, c *Config) error {
	c.Generation++
	if err := c.validate(); err != nil {
		return err
	}
	b, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", ConfigName, err)
	}
	err = fsx.WriteAtomic(fs, filepath.Join(dir, ConfigName), 0o600, func(w io.Writer) error {
		_, err := w.Write(append(b, '\n'))
		return err
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", ConfigName, err)
	}
	return nil
}

func (c *Config) clone() *Config {
	out := *c
	out.Volumes, out.Rules, out.Recipients = slices.Clone(c.Volumes), slices.Clone(c.Rules), slices.Clone(c.Recipients)
	return &out
}

// Place is where a volume is, for people.
func (v *Volume) Place() string {
	if v.S3 != nil {
		return "s3://" + strings.TrimSuffix(v.S3.Bucket+"/"+v.S3.Prefix, "/") + " " + v.S3.Endpoint
	}
	return v.Path
}
