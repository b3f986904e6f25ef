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
	Records   int64         `json:"records"`
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
	Elapsed    time.Duration  `json:"elapsed"`    // ns
}

// Status is what a data folder holds.
type Status struct {
	Dir       string               `json:"dir"`
	Zone      string               `json:"zone"`
	Language  string               `json:"language"`
	Listen    string               `json:"listen"`
	Demo      bool                 `json:"demo"`
	Records   int64                `json:"records"`
	RawEvents int64                `json:"raw_events"`
	Bytes     int64                `json:"bytes"` // size of the log
	Servers   []store.ServerInfo   `json:"servers"`
	Imports   []store.Import       `json:"imports"` // newest first
	Damage    []*store.DamageError `json:"damage"`
	Running   *Progress            `json:"running"` // import that runs now, or nil
}

// SimulatedError refuses simulated events in a folder that was not made for a
// demonstration. Nothing was stored.
type SimulatedError struct{ File string }

func (e *SimulatedError) Error() string {
	return fmt.Sprintf("%s holds simulated events and this data folder is not a demonstration: import it into a folder made by akashi demo", e.File)
}
