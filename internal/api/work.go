package api

import (
	"context"
	"os"
	"time"

	"github.com/akashi-audit/akashi/internal/account"
	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/export"
	"github.com/akashi-audit/akashi/internal/job"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/trail"
)

// Jobs is the work in the background; a job.Runner but for Export. It MUST let a
// visitor see and take nothing but what job.Job.Seen and Take allow.
type Jobs interface {
	// Export starts a job that takes records out. Rights and grounds are the
	// caller's; what is taken is what the visitor may see.
	Export(ctx context.Context, v *account.Visitor, o Order) (*job.Job, error)
	// Restore starts a job that restores or releases archived days.
	Restore(ctx context.Context, v *account.Visitor, o RestoreOrder) (*job.Job, error)
	Get(ctx context.Context, v *account.Visitor, id string) (*job.Job, error)
	List(ctx context.Context, v *account.Visitor, all bool) ([]*job.Job, error)
	Cancel(ctx context.Context, v *account.Visitor, id string) error
	Submit(ctx context.Context, v *account.Visitor, q job.Request) (*job.Job, error)
	OpenFile(ctx context.Context, v *account.Visitor, id, name string) (*os.File, *job.File, error)
}

// Order is an export or an evidence bundle that is asked for.
type Order struct {
	Kind   string // export, evidence
	Query  query.Query
	Text   string // Query in the text language, masked
	Format export.Format
	Entity bool   // what Shift_JIS does not have becomes &#xHHHH;
	Lang   string // of column names and words; "" = the names of fields and values
	Unmask bool
	Ground string
	Case   string // of evidence
	Need   account.Right
}

// Keeping is what the folder keeps and how. Each method answers with ErrRestricted
// where the visitor in ctx may not see it.
type Keeping interface {
	Kept(ctx context.Context) (*Kept, error)
	Holds(ctx context.Context) (l []Hold, damaged bool, err error)
	Saved(ctx context.Context) ([]Saved, error)
	// Archived lists the days of the archive, by day and server.
	Archived(ctx context.Context) ([]ArchivedDay, error)
}

// Care is the care for the folder, of whose terms and volumes it tells, too. Each method
// answers with care.ErrRestricted where the visitor in ctx may not see everything, and
// with what package care refuses.
type Care interface {
	AddHold(ctx context.Context, h care.Hold) error
	ReleaseHold(ctx context.Context, name, ground string) error
	Retention(ctx context.Context) (*care.Retention, error)
	ProposeRetention(ctx context.Context, t care.Term) error
	ConfirmRetention(ctx context.Context, seen, ground string) error
	Pool(ctx context.Context) (*care.Pool, error)
	AddVolume(ctx context.Context, f care.Folder) (*care.Volume, error)
	AddBucket(ctx context.Context, b care.Bucket) (*care.Volume, error)
	SetVolume(ctx context.Context, c care.VolumeChange) error
	LoseVolume(ctx context.Context, volume string) error
	PoolCare
}

// PoolCare is what is settled of the volumes; see care.PoolRules. Of an author who says
// what he saw, what somebody else changed since is care.ErrChanged.
type PoolCare interface {
	LimitVolume(ctx context.Context, x care.VolumeLimits) error
	SetPool(ctx context.Context, x care.PoolRules) error
	EncryptPool(ctx context.Context, x care.Encryption) error
	TakeVolume(ctx context.Context, volume string, force bool) error
}

// Saves keeps searches. Owners are log-in names; the owner "" may change those of all.
type Saves interface {
	// Save keeps a search of the visitor in ctx, and returns it as it is kept. A
	// *care.Fault says what cannot be kept.
	Save(ctx context.Context, x Saved) (*Saved, error)
	Share(ctx context.Context, id int64, owner string, shared bool) error
	Remove(ctx context.Context, id int64, owner string) error
}

// Trail is what people did in akashi; trail.Log, the one in use.
type Trail interface {
	Read(ctx context.Context, f trail.Filter) (*trail.Page, error)
}

// Kept is the servers and days of the folder.
type Kept struct {
	Records      int64        `json:"records"`
	RawEvents    int64        `json:"raw_events"`
	StoreBytes   int64        `json:"store_bytes"` // 0 for those who see some servers only
	ArchiveParts int          `json:"archive_parts"`
	ArchiveDays  int          `json:"archive_days"`
	ArchiveBytes int64        `json:"archive_bytes"`
	Damage       int          `json:"damage"`
	Sealed       Time         `json:"sealed"` // the archive, last
	Servers      []KeptServer `json:"servers"`
}

// KeptServer is one server.
type KeptServer struct {
	Name      string    `json:"name"`
	Records   int64     `json:"records"`
	RawEvents int64     `json:"raw_events"`
	Bytes     int64     `json:"bytes"` // of the store
	First     string    `json:"first"` // day, "" = none
	Last      string    `json:"last"`
	Archived  int       `json:"archived_days"`
	Gaps      int64     `json:"gaps"` // records that tell of lost events
	Days      []KeptDay `json:"-"`    // ascending
}

// KeptDay is one day of a server.
type KeptDay struct {
	Day          string `json:"day"` // 2026-11-23
	State        string `json:"state"`
	Records      int64  `json:"records"`
	RawEvents    int64  `json:"raw_events"`
	Bytes        int64  `json:"bytes"`
	Gaps         int64  `json:"gaps"`
	ArchiveParts int    `json:"archive_parts"`
	ArchiveBytes int64  `json:"archive_bytes"`
	Copies       int    `json:"copies"` // of each object at least
	Late         bool   `json:"late"`   // the archive lacks what came later
}

// Hold is a legal hold.
type Hold struct {
	Case     string    `json:"case"`
	Servers  []string  `json:"servers"` // empty = all
	Query    Text      `json:"query"`
	From     Time      `json:"from"`
	To       Time      `json:"to"`
	By       string    `json:"by"`
	Ground   Text      `json:"ground"`
	Time     Time      `json:"time"`
	Released *Released `json:"released"` // null = in force
}

// Released is how a hold ended.
type Released struct {
	By     string `json:"by"`
	Ground Text   `json:"ground"`
	Time   Time   `json:"time"`
}

// Saved is a search that the visitor keeps, or that another shares.
type Saved struct {
	ID     int64     `json:"id"`
	Name   Text      `json:"name"`
	Owner  string    `json:"owner"`
	Shared bool      `json:"shared"`
	Page   string    `json:"page"` // /search, /people, /files
	Query  Text      `json:"q"`    // as /records takes it
	Made   time.Time `json:"made"`
}
