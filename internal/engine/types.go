package engine

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/akashi-audit/akashi/internal/store"
)

// Options of Open.
type Options struct {
	ReadOnly bool         // open beside a running writer
	Create   bool         // make the data folder when it is missing
	Demo     bool         // with Create: a demonstration folder, which takes simulated events
	Zone     string       // with Create: the folder's zone, fixed from then on; "" = Asia/Tokyo
	Log      *slog.Logger // nil = no log
	By       string       // who answers for changes that name nobody; "" = akashi
}

// ImportRequest says what to import. Paths are files and folders; all of them
// are one set.
type ImportRequest struct {
	Paths        []string `json:"paths"`
	KeepOriginal bool     `json:"keep_original"`
	Importer     string   `json:"importer"` // who imports, kept with each file
}

// Progress is a moment of a running import.
type Progress struct {
	Phase     string        `json:"phase"` // "scan", "import", "reconvert", "done"
	File      string        `json:"file"`
	Files     int           `json:"files"`
	FilesDone int           `json:"files_done"`
	Bytes     int64         `json:"bytes"`
	BytesDone int64         `json:"bytes_done"`
	Events    int64         `json:"events"`
	AllEvents int64         `json:"all_events"` // of the input; 0 = unknown
	Records   int64         `json:"records"`
	Again     int64         `json:"again"`   // events converted again so far because others came late
	Elapsed   time.Duration `json:"elapsed"` // ns
	Left      time.Duration `json:"left"`    // ns, estimate; 0 = unknown
	Done      bool          `json:"done"`
}

// Summary is the outcome of an import.
type Summary struct {
	Files      []store.Import `json:"files"`
	Events     int64          `json:"events"`     // read
	Duplicates int64          `json:"duplicates"` // of them, stored before
	Records    int64          `json:"records"`    // in the folder now minus before; may be negative when late events joined records
	Skipped    int            `json:"skipped"`    // files that could not be read at all
	Damaged    int            `json:"damaged"`    // files with damage
	Again      []Window       `json:"again,omitempty"`
	Elapsed    time.Duration  `json:"elapsed"` // ns
}

// ReconvertRequest says what to convert again.
type ReconvertRequest struct {
	Server string // "" = all
	DryRun bool   // only tell what would change
}

// Reconverted is the outcome for one server.
type Reconverted struct {
	Server     string `json:"server"`
	Events     int64  `json:"events"`     // replayed
	Before     int64  `json:"before"`     // records
	After      int64  `json:"after"`      // records
	Same       int64  `json:"same"`       // as before
	Changed    int64  `json:"changed"`    // the same act with another content
	Gone       int64  `json:"gone"`       // no longer there
	Added      int64  `json:"added"`      // not there before
	Superseded int64  `json:"superseded"` // kept in their earlier form: Changed + Gone
}

// ReconvertSummary is the outcome of Reconvert.
type ReconvertSummary struct {
	DryRun  bool          `json:"dry_run"`
	Rules   uint32        `json:"rules"` // version
	Servers []Reconverted `json:"servers"`
	Elapsed time.Duration `json:"elapsed"` // ns
}

// Status is what a data folder holds.
type Status struct {
	Dir      string `json:"dir"`
	Zone     string `json:"zone"`
	Language string `json:"language"`
	Listen   string `json:"listen"`
	Demo     bool   `json:"demo"`
	Records  int64  `json:"records"`
	// Superseded counts earlier records that a later conversion replaced.
	Superseded int64 `json:"superseded"`
	// Outdated lists the servers whose records were made, in part at least,
	// under other rules or settings than those of now: Reconvert renews them.
	Outdated  []string             `json:"outdated"`
	RawEvents int64                `json:"raw_events"`
	Bytes     int64                `json:"bytes"` // size of the log
	Servers   []store.ServerInfo   `json:"servers"`
	Imports   []store.Import       `json:"imports"` // newest first
	Damage    []*store.DamageError `json:"damage"`
	Running   *Progress            `json:"running"` // import that runs now, or nil
}

// Location is the folder's zone.
func (s *Status) Location() (*time.Location, error) {
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		return nil, fmt.Errorf("zone of the data folder: %w", err)
	}
	return zone, nil
}

// SimulatedError refuses simulated events in a folder that was not made for a
// demonstration. Nothing was stored.
type SimulatedError struct{ File string }

func (e *SimulatedError) Error() string {
	return fmt.Sprintf("%s holds simulated events and this data folder is not a demonstration: import it into a folder made by akashi demo", e.File)
}
