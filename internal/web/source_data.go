package web

import (
	"context"
	"errors"

	"github.com/akashi-audit/akashi/internal/account"
)

// ErrRestricted is what Data returns to a visitor whose scope does not allow what
// concerns all servers, or counts of folders that are not seen.
var ErrRestricted = errors.New("the visitor is restricted")

// Data is what the data folder holds and how it is cared for. Everything respects
// the scope of the visitor in ctx; who acts is that visitor. It MUST be safe for
// concurrent use.
type Data interface {
	Overview(ctx context.Context) (*Overview, error)
	// Gaps is the last survey of a server, nil when there is none for what is stored
	// now; a job of kind "coverage" makes it.
	Gaps(ctx context.Context, server string) (*Gaps, error)

	Holds(ctx context.Context) (holds []Hold, damaged bool, err error)
	AddHold(ctx context.Context, h Hold) error
	ReleaseHold(ctx context.Context, name, ground string) error

	Retention(ctx context.Context) (*Retention, error)
	ProposeRetention(ctx context.Context, t Term) error
	// ConfirmRetention puts what waits in force. It MUST refuse with ErrOwnProposal
	// whoever proposed any of it.
	ConfirmRetention(ctx context.Context, ground string) error

	Pool(ctx context.Context) (*Pool, error)
	// AddVolume adds a folder. A *VolumeError says why it did not.
	AddVolume(ctx context.Context, path, name string) (*Volume, error)
	Volumes
	PoolCare
}

// ErrOwnProposal refuses the confirmation of a term by whoever proposed it.
var ErrOwnProposal = errors.New("nobody confirms a proposal of his own")

// VolumeError is a reason why a volume was not added: a key of the catalogue with
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

// The states of a day.
const (
	DayOpen     = "open"     // not over, or not all in the archive yet
	DayStore    = "store"    // in the store alone
	DayBoth     = "both"     // in the store, and wholly in the archive
	DayArchived = "archived" // in the archive alone
	DayNone     = "none"     // nothing between days that have something
	DayDamaged  = "damaged"
	DayDeleted  = "deleted" // by retention, and not in the archive
)

// Overview is what the folder holds by server and day.
type Overview struct {
	Servers      []ServerDays
	Records      int64 // of the store
	Events       int64
	StoreBytes   int64
	Free         int64 // bytes of the store's volume
	PerDay       int64 // growth in bytes
	Full         int64 // when the store's volume is full, Unix ns; 0 = not in sight
	ArchiveParts int
	ArchiveDays  int
	ArchiveBytes int64
	Damage       int // damaged places of the store
	Error        string
	Checked      int64 // when the archive was sealed last, Unix ns; 0 = never
}

// ServerDays is one server by day.
type ServerDays struct {
	Name                   string
	Days                   []Day // ascending, without holes
	Records, Events, Bytes int64
	Archived               int // days wholly in the archive
	Gaps                   int64
}

// Day is one day of a server.
type Day struct {
	Day     string // 2026-11-23
	State   string
	Records int64
	Events  int64
	Bytes   int64 // of the store
	Gaps    int64 // records that tell of lost events
	Parts   int   // of the archive
	Archive int64 // bytes there
	Copies  int   // of each object at least; 0 = not archived
	Late    bool  // the archive lacks what came after it was sealed
}

// Gaps is how complete the logs of a server are.
type Gaps struct {
	Server   string
	At       int64 // when it was found, Unix ns
	Complete bool
	Channels []ChannelGaps
	Notices  []GapNotice
	More     int // notices beyond the list
	Audit    []Remedy
}

// ChannelGaps is one channel.
type ChannelGaps struct {
	Name        string
	First, Last string // RFC 3339
	Received    uint64
	Missing     uint64
	Holes       int // runs of missing ids
	Silences    int
	Longest     int64 // seconds of the longest silence
	Unsure      bool  // the log was filtered, or has too few events to tell
	Gaps        []GapSpan
	Silent      []GapSpan
}

// GapSpan is a stretch that is missing or silent.
type GapSpan struct {
	From, To string // RFC 3339
	N        uint64 // events, or seconds of silence
}

// GapNotice is an event that bears on completeness.
type GapNotice struct {
	Kind, Time, User, Detail string
}

// Remedy is an audit subcategory that is off or unseen, and what to run.
type Remedy struct {
	Name, State, Command string
	SACL                 bool
}

// Hold is a legal hold.
type Hold struct {
	Case     string
	Servers  []string
	Query    string
	From, To int64 // Unix ns, 0 = no bound
	By       string
	Ground   string
	Time     int64
	Released *Released
}

// Released is how a hold ended.
type Released struct {
	By, Ground string
	Time       int64
}

// Term is how long records stay.
type Term struct {
	Class  string // "" = the store, "archive" = archived days, "originals" = kept input files, "marked" = what tells of specific personal information, at least
	Server string // "" = all
	Months int    // 0 = for ever
	Year   bool   // and the rest of the calendar year
	By     string
	Ground string
	Time   int64
}

// Retention is the terms and what they would delete.
type Retention struct {
	InForce []Term
	Waiting []Term
	Due     []DueMonth
	Kept    []KeptMonth // of the archive and of kept files
}

// DueMonth is a month of a server that is past its term.
type DueMonth struct {
	Server, Month  string
	Records, Bytes int64
	Events         int64
	Archived       bool
	Held           []string // cases
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

// CareRequest is the parameters of the jobs of kind archive, verify, check,
// coverage, expire, expire_kept, heal, scrub, drain, remove, replace and tier.
type CareRequest struct {
	Server string `json:"server,omitempty"`
	Volume string `json:"volume,omitempty"`
	With   string `json:"with,omitempty"` // the volume that takes the place
	Lang   string `json:"lang"`
}

// seesAll reports whether the visitor of ctx sees everything.
func seesAll(v *account.Visitor) bool { return v != nil && v.Scope.All() }
