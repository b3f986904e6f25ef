package store

import (
	"errors"
	"fmt"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/fsx"
	"github.com/akashi-audit/akashi/internal/record"
	"github.com/akashi-audit/akashi/internal/seal"
)

// FormatVersion is the version of the data folder that this program writes. It
// opens this one and every older one.
const FormatVersion = 6

// DefaultLimit is the size of a page when the query names none.
const DefaultLimit = 100

// Options of Open. The zero value opens an existing folder for writing.
type Options struct {
	ReadOnly bool           // open beside a running writer; sees what was committed
	Create   bool           // make the folder's log when it is missing
	Zone     *time.Location // calendar days of Facets; nil = UTC
	FS       fsx.FS         // nil = the operating system's
	FileSize int64          // a log file is followed by the next beyond this size; 0 = 256 MiB
	// FlushRows is how many records the log holds before they move into
	// segments in the background; 0 = 262,144, or 786,432 while they come
	// fast. Below 0 nothing is done in the background: Flush and Settle do it
	// when asked.
	FlushRows int
	// Seal is told of every erasure, deletion and confirmation before it is
	// done; nil = nobody is.
	Seal seal.Recorder
	// Closing is called by Close when nothing in the folder changes any more,
	// before the lock is given up; nil = nothing.
	Closing func() error

	salvage bool // by Repair: make a manifest when both are lost
}

// Errors that callers tell apart.
var (
	// ErrLocked: another process writes to this folder.
	ErrLocked = fsx.ErrLocked
	// ErrNotFound: no record has this id.
	ErrNotFound = errors.New("no such record")
	// ErrNoStore: the folder holds no data folder.
	ErrNoStore = errors.New("not an akashi data folder")
)

// FormatError says that the folder was written by a newer program.
type FormatError struct {
	Dir  string
	Have int // version of the folder
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("data folder %s has format %d, this akashi reads up to %d: use the newer akashi that wrote it", e.Dir, e.Have, FormatVersion)
}

// DamageError says where stored bytes are damaged. What they held is left out
// of every answer; the rest keeps serving.
type DamageError struct {
	File   string // log file, relative to the data folder
	Offset int64
	Size   int64 // bytes concerned, 0 when unknown
	Reason string
	Err    error // why the bytes cannot be read; nil when they are wrong
}

// Unwrap is Err.
func (e *DamageError) Unwrap() error { return e.Err }

func (e *DamageError) Error() string {
	return fmt.Sprintf("damaged data in %s at byte %d: %s", e.File, e.Offset, e.Reason)
}

// Key is an event's place in the merge order of its server: the running time of
// its channel, then channel, generation and record id.
type Key struct {
	Running    event.Filetime
	Channel    string
	Generation uint32
	ID         uint64
}

// SourceDamage is a damaged place of an input file, as its reader reported it.
type SourceDamage struct {
	Chunk  int    `json:"chunk"`
	Offset int64  `json:"offset"`
	Kind   string `json:"kind"`
	Lost   int    `json:"lost"`
}

// Import tells where events came from: one per input file and import.
type Import struct {
	Name       string         `json:"name"` // base name
	Path       string         `json:"path"` // as given and made absolute
	Size       int64          `json:"size"` // bytes
	SHA256     string         `json:"sha256"`
	Importer   string         `json:"importer"`
	Time       int64          `json:"time"` // Unix ns, when the import ended
	Events     int64          `json:"events"`
	Duplicates int64          `json:"duplicates"` // of Events, those that were stored before
	Format     string         `json:"format,omitempty"`
	Error      string         `json:"error,omitempty"`    // why the file was skipped
	Original   string         `json:"original,omitempty"` // kept copy, relative to the data folder
	Damage     []SourceDamage `json:"damage,omitempty"`
}

// Basis is what a conversion went by.
type Basis struct {
	Rules    uint32 `json:"rules"`
	Settings string `json:"settings"`
}

// ServerInfo is what the store holds of one server.
type ServerInfo struct {
	Name string `json:"name"`
	// Superseded counts earlier records that a later conversion replaced.
	Superseded int64 `json:"superseded"`
	// Bases are what the conversion that holds went by, each once; more than
	// one when it was not all made under the same rules and settings.
	Bases   []Basis `json:"bases,omitempty"`
	Records int64   `json:"records"`
	Events  int64   `json:"events"`
	First   int64   `json:"first"` // Unix ns of the oldest record; 0 when there is none
	Last    int64   `json:"last"`  // of the newest
}

// RawGroup is new events of one channel, in record order; Plan made it.
type RawGroup struct {
	Channel string
	Events  []*event.Event
}

// Commit is what becomes durable and visible together.
type Commit struct {
	Server string
	// Raw are new events, as Planner.Plan placed them.
	Raw []RawGroup
	// Late is set when Raw was not given to the converter: the merge key from
	// which on the server's records are out of date.
	Late *Key
	// LateTo, with Late, is the key up to which they are: events behind it stand
	// in the same order as before; nil = not known.
	LateTo *Key
	// Rewind, when set, makes every earlier record, tail and checkpoint of the
	// server void that was committed after commit *Rewind (0 = all). Raw
	// events stay.
	Rewind *uint64
	// Window, when set, places the commit among earlier ones.
	Window  *Window
	Records []record.Record // final
	Tail    []record.Record // replaces the server's tail when SetTail
	SetTail bool
	// Checkpoint is the converter's state after the event at Watermark; nil
	// leaves the previous one.
	Checkpoint []byte
	Watermark  Key
	// Trace is what the converter looked up since its last checkpoint, in
	// ascending order; nil = not known.
	Trace []uint32
	// Facts are what the raw events say about all servers. FactsRead: with
	// this commit all stored events of the server were read for them.
	Facts     []Fact
	FactsRead bool
	// Spread: the facts of commits up to this one are used by all servers.
	Spread   uint64
	Basis    Basis // what the converter went by
	Received int64 // Unix ns, set on every record
	Imports  []Import

	superseded []record.Record // earlier records, by Store.Supersede
	erasures   []Erasure       // by Store.Erase and Store.TakeOut
	schedule   *Schedule       // by Store.ProposeRetention and ConfirmRetention
	step       supersedeStep
	rises      bool // by Append: Records are the oldest first
}
