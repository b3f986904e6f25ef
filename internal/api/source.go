package api

import (
	"context"
	"errors"

	"github.com/akashi-audit/akashi/internal/care"
	"github.com/akashi-audit/akashi/internal/event"
	"github.com/akashi-audit/akashi/internal/query"
	"github.com/akashi-audit/akashi/internal/record"
)

// Errors of a Source that are answers of their own.
var (
	ErrNotFound = errors.New("no such record, or none that may be seen")
	// ErrRestricted: it would tell of more than the visitor may see.
	ErrRestricted = care.ErrRestricted
)

// Source is what the API reads. It MUST know what the visitor in ctx may see and
// answer with nothing else, MUST mask Individual Numbers, and MUST be safe for
// concurrent use.
type Source interface {
	Search(ctx context.Context, q query.Query) (*query.Page, error)
	Facets(ctx context.Context, q query.Query) (*query.Facets, error)
	// Mask is a text that a visitor gave as it may be written down.
	Mask(text string) string
	Records
	Places
}

// Records are single records.
type Records interface {
	Record(ctx context.Context, id record.ID) (*record.Record, error)
	// Raw gives the events behind a record, and how many more may not be seen.
	Raw(ctx context.Context, id record.ID) (l []*event.Event, hidden int, err error)
	Versions(ctx context.Context, id record.ID) ([]record.Record, error)
	// Unmasked is a record and its events with all numbers. Right and ground are
	// the caller's.
	Unmasked(ctx context.Context, id record.ID) (*record.Record, []*event.Event, error)
}

// Places are paths and servers.
type Places interface {
	Complete(ctx context.Context, typed string, limit int) ([]Path, error)
	Follow(ctx context.Context, server, path string, at int64) ([]query.Life, error)
	Status(ctx context.Context) (*Status, error)
	// Coverage is the report of a server, which is written as JSON as it is.
	Coverage(ctx context.Context, server string) (any, error)
}

// Path is a path or a folder of the catalogue.
type Path struct {
	Server string `json:"server"`
	Path   Text   `json:"path"` // server-local
	UNC    Text   `json:"unc"`  // below its share, "" = not known
	Folder bool   `json:"folder"`
	Count  uint64 `json:"count"` // records, 0 = not counted
	Last   Time   `json:"last"`
}

// Status is the state of the data folder.
type Status struct {
	Zone      string   `json:"zone"`
	Demo      bool     `json:"demo"`
	Records   int64    `json:"records"`
	RawEvents int64    `json:"raw_events"`
	Imports   int      `json:"imports"` // files
	Damage    int      `json:"damage"`  // damaged places of the data folder
	Importing bool     `json:"importing"`
	Servers   []Server `json:"servers"`
}

// Server is one server.
type Server struct {
	Name      string `json:"name"`
	Records   int64  `json:"records"`
	RawEvents int64  `json:"raw_events"`
	First     Time   `json:"first"`
	Last      Time   `json:"last"`
}

// Time is a time of the store, Unix ns; 0 is null.
type Time int64

// MarshalJSON writes RFC 3339 in UTC, as in records.
func (t Time) MarshalJSON() ([]byte, error) {
	if t == 0 {
		return []byte("null"), nil
	}
	return append(record.AppendTime([]byte{'"'}, int64(t)), '"'), nil
}

// Text is a name that need be no UTF-8; it is written as in records.
type Text string

// MarshalJSON writes a lone surrogate as its escape.
func (t Text) MarshalJSON() ([]byte, error) { return record.AppendString(nil, string(t)), nil }
