package web

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// ErrNotFound is what Source returns for an unknown record.
var ErrNotFound = errors.New("no such record")

// HiddenEvents is the error of Raw beside the events that it gives: so many more
// are behind the record, and name what the visitor may not see.
type HiddenEvents struct{ N int }

func (e *HiddenEvents) Error() string {
	return fmt.Sprintf("%d events name what may not be seen", e.N)
}

// Source is what the pages read. It knows what the visitor in ctx may see and
// answers with nothing else. It MUST be safe for concurrent use, and Record
// and Raw MUST return an error that is ErrNotFound for an unknown record.
type Source interface {
	Search(ctx context.Context, q query.Query) (*query.Page, error)
	Facets(ctx context.Context, q query.Query) (*query.Facets, error)
	// ArchivedSlots counts by time what only the archive holds: slot i from bounds[i] up
	// to bounds[i+1], Unix ns. pace.ErrTooLong is an archive that is too much to read.
	ArchivedSlots(ctx context.Context, q query.Query, bounds []int64) ([]query.Slot, error)
	Record(ctx context.Context, id record.ID) (*record.Record, error)
	// Raw gives the events behind a record. With some that are hidden the error is
	// a *HiddenEvents and the others are there.
	Raw(ctx context.Context, id record.ID) ([]*event.Event, error)
	// Versions are the earlier records with this id that a later conversion
	// replaced, newest first.
	Versions(ctx context.Context, id record.ID) ([]record.Record, error)
	Status(ctx context.Context) (*Status, error)
}

// Status says what the data folder holds.
type Status struct {
	Dir       string         // data folder, shown where a command needs it
	Zone      *time.Location // days and times of the pages; nil = UTC
	Demo      bool           // records are made up
	Records   int64
	RawEvents int64
	Servers   []Server
	Imports   []Import  // newest first
	Damage    []Damage  // damaged places in the data folder itself
	Running   *Progress // import that runs now, or nil
	// Outdated are the servers whose records were made under other rules or
	// settings than those of now.
	Outdated []string
}

// Server is one server with records. First and Last are Unix ns, 0 when it has
// none.
type Server struct {
	Name        string
	Records     int64
	Events      int64
	First, Last int64
}

// Damage is a damaged place in the data folder.
type Damage struct {
	File   string // relative to the folder
	Offset int64
	Reason string
}

// Import is one imported file.
type Import struct {
	Name     string
	Folder   string // the name of the folder it lay in
	Size     int64  // bytes
	SHA256   string
	Importer string
	Time     int64 // Unix ns
	Events   int64
	Error    string // why it was skipped, ""
	Damage   int    // damaged places
	Lost     int    // events known to be lost there
}

// Progress is a moment of a running import.
type Progress struct {
	Files, FilesDone int
	Bytes, BytesDone int64
	Events, Records  int64
	Left             time.Duration // estimate; 0 = unknown
}

// Rule is a conversion rule in words.
type Rule struct {
	ID, Source string
	Certain    bool // at best; a record of the rule may still be inferred
	Words
	Can, Cannot, Better Words // what it proves, what not, what would make it certain
}

// Words is one text in both languages.
type Words struct{ Ja, En string }

// in is the text in the language of a page.
func (w Words) in(lang string) string {
	if lang == "en" {
		return w.En
	}
	return w.Ja
}
