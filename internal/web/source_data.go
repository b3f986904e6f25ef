package web

import (
	"context"

	"github.com/akashi-audit/akashi/internal/care"
)

// What is done to a folder is package care's.
type (
	Hold          = care.Hold
	Released      = care.Released
	Term          = care.Term
	Retention     = care.Retention
	DueMonth      = care.DueMonth
	KeptMonth     = care.KeptMonth
	MoveRule      = care.MoveRule
	PoolRules     = care.PoolRules
	Pool          = care.Pool
	Volume        = care.Volume
	VolumeError   = care.VolumeError
	Bucket        = care.Bucket
	Told          = care.Told
	CareRequest   = care.Request
	SettingValue  = care.Setting
	SettingChange = care.SettingChange
	FolderChange  = care.FolderChange
	Background    = care.Background

	SettingProblem   = care.SettingProblem
	ReconvertRequest = care.Reconversion
)

// ErrRestricted is what Data returns to a visitor whose scope does not allow it.
var ErrRestricted = care.ErrRestricted

// Data is what the data folder holds and how it is cared for. Everything respects
// the scope of the visitor in ctx; who acts is that visitor. It MUST be safe for
// concurrent use.
type Data interface {
	Overview(ctx context.Context) (*Overview, error)
	// Gaps is the last survey of a server, nil when there is none for what is stored
	// now; a job of kind "coverage" makes it.
	Gaps(ctx context.Context, server string) (*Gaps, error)

	// Restored lists the days of a server that the archive alone has, ascending.
	Restored(ctx context.Context, server string) ([]RestoredDay, error)

	Holds(ctx context.Context) (holds []Hold, damaged bool, err error)
	AddHold(ctx context.Context, h Hold) error
	ReleaseHold(ctx context.Context, name, ground string) error

	Retention(ctx context.Context) (*Retention, error)
	ProposeRetention(ctx context.Context, t Term) error
	// ConfirmRetention puts what waits in force. It MUST refuse what
	// Retention.MayConfirm refuses, seen being the mark of what was looked at.
	ConfirmRetention(ctx context.Context, seen, ground string) error

	Pool(ctx context.Context) (*Pool, error)
	// AddVolume adds a folder. A *VolumeError says why it did not.
	AddVolume(ctx context.Context, f care.Folder) (*Volume, error)
	Volumes
	PoolCare
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
